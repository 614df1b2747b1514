"""Listing and downloading collected data of the demo."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from collected.files import tree
from running import Runner


def blobs_of(demo: Runner, service: str, *, first: date, end: date) -> dict[str, bytes]:
    """Names and bytes, found by looking into the workspace folder."""
    found = {}
    for container in (demo.folder / "blobs").iterdir():
        for path in container.rglob("*"):
            name = path.relative_to(container).as_posix()
            parts = name.split("/")
            at = next((n for n, part in enumerate(parts) if len(part) == 4 and part.isdigit()), 0)
            if path.is_file() and f"/{service}/" in f"/{name}" and first <= date(*map(int, parts[at : at + 3])) < end:
                found[name] = path.read_bytes()
    return found


@pytest.mark.parametrize("service", ["diabetes", "diabetes-v2/blue"])
def test_a_month_is_downloaded_byte_for_byte_under_its_own_paths(demo: Runner, tmp_path: Path, service: str) -> None:
    outcome = demo(f"pull {service} --month 3 --to-dir {tmp_path / 'X'} -o json")
    expected = blobs_of(demo, service, first=date(2026, 3, 1), end=date(2026, 4, 1))
    assert outcome.code == 0
    assert tree(tmp_path / "X") == expected
    assert {(one["path"], one["bytes"]) for one in outcome.json} == {
        (name, len(data)) for name, data in expected.items()
    }
    assert {one["day"] for one in outcome.json} == {str(date(2026, 3, 1) + timedelta(n)) for n in range(31)}
    first, last = map(json.loads, outcome.err.splitlines())
    assert first == {"level": "info", "message": "time range: 2026-03-01 to 2026-04-01, UTC"}
    assert last["message"].startswith(f"fetched {len(expected)} files, ")


def test_from_and_to_are_half_open(demo: Runner, tmp_path: Path) -> None:
    outcome = demo(f"pull --from 2026-02-27 --to 2026-03-02 --to-dir {tmp_path / 'X'} -o jsonl")
    assert sorted({one["day"] for one in outcome.jsonl}) == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert tree(tmp_path / "X") == blobs_of(demo, "diabetes", first=date(2026, 2, 27), end=date(2026, 3, 2))


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("--month 2026-02", 28),
        ("--day yesterday", 1),
        ("--day 2026-03-01", 1),
        ("--since 7d", 7),  # the day it reaches into, and six more; today has none yet
        ("--since 2026-11-17 --until yesterday", 2),
        ("--to 2025-11-01", 12),
        ("", 396),
    ],
)
def test_every_way_to_say_when(demo: Runner, said: str, days: int) -> None:
    listed = demo(f"ls {said} -o json").json
    assert listed["days"] == days
    assert listed["count"] == len(listed["blobs"]) == 2 * days
    assert listed["total_bytes"] == sum(one["bytes"] for one in listed["blobs"])


def test_what_a_listing_says_of_a_blob(demo: Runner) -> None:
    listed = demo("ls --day 2026-03-01 --collection model_inputs -o json").json
    [blob] = listed.pop("blobs")
    path = "00000000-0000-0000-0000-000000000000/local/mlmon-demo/diabetes/diabetes/1/inputs/2026/03/01/inputs.csv"
    assert blob.pop("last_modified")
    assert blob == {
        "path": path,
        "bytes": (demo.folder / "blobs" / "modeldata" / path).stat().st_size,
        "day": "2026-03-01",
        "collection": "inputs",
        "service": "diabetes",
        "model": "diabetes",
        "model_version": "1",
    }
    assert listed == {
        "schema_version": 1,
        "service": "diabetes",
        "count": 1,
        "total_bytes": blob["bytes"],
        "days": 1,
    }


def test_a_listing_on_a_terminal(demo: Runner) -> None:
    outcome = demo("ls diabetes-v2 --from 2026-03-01 --to 2026-03-02", terminal=True)
    lines = outcome.out.splitlines()
    assert lines[0] == "service: diabetes-v2/blue"
    assert lines[5] == "below modelDataCollector/diabetes-v2/blue/"
    assert lines[7].split() == ["when", "collection", "bytes", "path"]
    assert lines[8].startswith("2026-03-01 ")
    assert outcome.err == "time range: 2026-03-01 to 2026-03-02, UTC\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_listing_says_once_what_all_paths_begin_with(demo: Runner, *, terminal: bool) -> None:
    words = "ls diabetes --from 2026-10-31 --to 2026-11-02"
    machine = demo(f"{words} -o json").json["blobs"]
    outcome = demo(f"{words} -o table", terminal=terminal)
    root = "00000000-0000-0000-0000-000000000000/local/mlmon-demo/diabetes/diabetes/1/"
    _, caption, table, *_ = outcome.out.split("\n\n")
    assert caption == f"below {root}"
    rows = [line.split() for line in table.splitlines()]
    assert rows[0] == ["when", "collection", "bytes", "path"]
    assert [f"{root}{row[-1]}" for row in rows[1:]] == [one["path"] for one in machine]
    assert "left out" not in outcome.err


def test_a_narrow_listing_has_the_path_and_not_the_collection_that_is_in_it(demo: Runner) -> None:
    narrow = Runner(demo.folder, width=40)
    outcome = narrow("ls diabetes --day 2026-10-31 --collection inputs", terminal=True)
    lines = outcome.out.splitlines()
    assert lines[7].split() == ["when", "bytes", "path"]
    assert "".join(line[20:].strip() for line in lines[8:]) == "inputs.csv"
    assert outcome.err.splitlines()[2:] == ["left out to fit 40 columns: collection", "  (-o json has them)"]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_listing_with_a_calendar_breaks_no_line_of_it(demo: Runner, width: int) -> None:
    outcome = Runner(demo.folder, width=width)("ls diabetes --month 10 --collection inputs", terminal=True)
    assert max(map(len, outcome.out.partition("\n\ninputs\n")[2].splitlines())) <= width


def collected(churn: Runner, sizes: dict[str, int], *, designation: str = "inputs") -> None:
    """Files of the model `churn` 1, by day."""
    churn("invoke --data rows.json")
    series = next((churn.folder / "blobs").glob("modeldata/*/*/*/churn/*/*/inputs")).parent / designation
    for day, size in sizes.items():
        path = series / day.replace("-", "/") / "x.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)


def test_a_table_ends_in_a_calendar_of_each_collection(churn: Runner) -> None:
    collected(churn, {"2026-10-30": 1000, "2026-10-31": 250, "2026-11-03": 750})
    collected(churn, {"2026-11-02": 500}, designation="predictions")
    plain = churn.at(churn.folder, LC_ALL="C")
    for terminal in (True, False):
        outcome = plain("ls churn --from 2026-10-30 --to 2026-11-04 -o table", terminal=terminal)
        assert outcome.out.split("\n\n", 3)[3] == (
            "inputs\n"
            "         1   5    10   15   20   25   30\n"
            "2026-10                               #-    2 of 2 days  1.2 kB\n"
            "2026-11  ..*                                1 of 3 days  750 B\n"
            "\n"
            "predictions\n"
            "         1   5    10   15   20   25   30\n"
            "2026-10                               ..    0 of 2 days  0 B\n"
            "2026-11  .+.                                1 of 3 days  500 B\n"
            "\n"
            ". none   -+*# bytes of a day, up to 1.0 kB\n"
        )


def test_a_calendar_without_a_range_goes_on_to_today(churn: Runner) -> None:
    collected(churn, {"2026-08-30": 1000})
    for path in (churn.folder / "blobs").rglob("2026/11"):
        path.rename(path.parent.parent / "set aside")
    for words in ("", "--to 2026-11-20", "--to now"):
        lines = churn(f"ls churn {words} -o table").out.splitlines()
        assert lines[lines.index("inputs") + 2 :][:2] == [
            "2026-08                               #.    1 of 2 days  1.0 kB",
            "2026-09 to 2026-11  nothing",
        ]


def test_a_file_of_a_whole_month_fills_its_days(churn: Runner) -> None:
    churn("invoke churn-v2 --data rows.json")
    root = next((churn.folder / "blobs").glob("*/modelDataCollector/churn-v2/blue/model_inputs"))
    path = root / "2026" / "9" / "all.jsonl"
    path.parent.mkdir()
    path.write_bytes(b"x" * 3000)
    lines = churn("ls churn-v2 --from 2026-09-16 --to 2026-10-02 --collection inputs -o table").out.splitlines()
    assert lines[-5:-2] == [
        "         1   5    10   15   20   25   30",
        "2026-09                 ###############   15 of 15 days  1.5 kB",
        "2026-10  .                                   0 of 1 day  0 B",
    ]


def test_blobs_are_counted_by_day_month_or_collection(churn: Runner) -> None:
    collected(churn, {"2026-09-30": 10, "2026-10-01": 20, "2026-10-02": 3})
    collected(churn, {"2026-10-02": 500}, designation="predictions")
    span = "--from 2026-09-01 --to 2026-11-01"
    assert churn(f"ls churn {span} --by day -o csv").out.splitlines() == [
        "day,count,bytes",
        "2026-09-30,1,10",
        "2026-10-01,1,20",
        "2026-10-02,2,503",
    ]
    assert churn(f"ls churn {span} --by collection -o jsonl").jsonl == [
        {"collection": "inputs", "count": 3, "bytes": 33, "days": 3},
        {"collection": "predictions", "count": 1, "bytes": 500, "days": 1},
    ]
    assert churn(f"ls churn {span} --by month -o json").json == {
        "schema_version": 1,
        "service": "churn",
        "count": 4,
        "total_bytes": 533,
        "days": 3,
        "groups": [
            {"month": "2026-09", "count": 1, "bytes": 10, "days": 1},
            {"month": "2026-10", "count": 3, "bytes": 523, "days": 2},
        ],
    }
    assert churn(f"ls churn {span} --by month").out == (
        "service: churn\ncount: 4\ntotal: 533 B\ndays: 3\n\n"
        "month    count  bytes  days\n"
        "2026-09      1   10 B     1\n"
        "2026-10      3  523 B     2\n"
    )


def test_du_sums_up_every_level(churn: Runner) -> None:
    collected(churn, {"2026-10-01": 20, "2026-10-02": 3})
    collected(churn, {"2026-10-02": 500}, designation="predictions")
    assert churn("ls churn --month 10 --du").out == (
        "service: churn\ncount: 3\ntotal: 523 B\ndays: 2\n\n"
        "name                       level       count  bytes  days\n"
        "churn                      service         3  523 B     2\n"
        "churn/churn                model           3  523 B     2\n"
        "churn/churn/1              version         3  523 B     2\n"
        "churn/churn/1/inputs       collection      2   23 B     2\n"
        "churn/churn/1/predictions  collection      1  500 B     1\n"
    )
    churn("invoke churn-v2 --data rows.json")
    levels = churn("ls churn-v2 --du -o json").json["levels"]
    assert [(one["name"], one["level"], one["count"]) for one in levels] == [
        ("churn-v2/blue", "service", 2),
        ("churn-v2/blue/model_inputs", "collection", 1),
        ("churn-v2/blue/model_outputs", "collection", 1),
    ]


@pytest.mark.parametrize("words", ["--du", "--by day", ""])
def test_counts_of_nothing_say_so_as_a_listing_does(churn: Runner, words: str) -> None:
    outcome = churn(f"ls churn --month 3 --collection inptus {words} -o json")
    assert (outcome.code, outcome.json["count"], outcome.json["total_bytes"], outcome.json["days"]) == (0, 0, 0, 0)
    said = [json.loads(line)["message"] for line in outcome.err.splitlines()]
    assert said[-2:] == [
        "churn has no collection 'inptus'; it has: none yet",
        "no collected blobs of churn match",
    ]


def test_two_ways_to_count_are_one_too_many(churn: Runner) -> None:
    outcome = churn("ls churn --du --by day")
    assert (outcome.code, outcome.err) == (2, "error: --by and --du cannot be combined\nhint: choose one of them\n")


def test_a_model_and_its_version_narrow(demo: Runner) -> None:
    assert demo("ls --month 3 --model diabetes --model-version 1 -o json").json["count"] == 62
    assert demo("ls --month 3 --model-version 2 -o json").json["count"] == 0
    assert demo("ls --month 3 --model other -o json").json["count"] == 0


@pytest.mark.parametrize(
    ("said", "warning"),
    [
        ("--model diabetse", "diabetes has no model 'diabetse'; did you mean 'diabetes'?"),
        ("--model x", "diabetes has no model 'x'; it has: diabetes"),
        ("--model-version 7", "diabetes has no version '7' of any model; it has: 1"),
        ("--model diabetes --model-version 7", "diabetes has no version '7' of the model 'diabetes'; it has: 1"),
    ],
)
@pytest.mark.parametrize("command", ["ls", "pull", "handoff duckdb"])
def test_a_model_or_version_that_is_not_there_is_said_with_what_is(
    demo: Runner, command: str, said: str, warning: str
) -> None:
    outcome = demo(f"{command} diabetes --month 3 {said}".replace("pull", "pull --dry-run"))
    assert outcome.code == 0
    assert outcome.err == (
        f"time range: 2026-03-01 to 2026-04-01, UTC\nwarning: {warning}\nno collected blobs of diabetes match\n"
    )


def test_a_model_that_is_there_is_not_said_to_be_missing(demo: Runner) -> None:
    outcome = demo("ls diabetes --to 2020-01-01 --model diabetes --model-version 1")
    assert outcome.err == "time range: up to 2020-01-01, UTC\nno collected blobs of diabetes match\n"


def test_a_collection_that_is_not_there_is_said_with_what_is(demo: Runner) -> None:
    outcome = demo("ls --month 3 --collection input")
    assert outcome.code == 0
    assert outcome.err == (
        "time range: 2026-03-01 to 2026-04-01, UTC\n"
        "warning: diabetes has no collection 'input'; did you mean 'inputs'?\n"
        "no collected blobs of diabetes match\n"
    )


def test_a_collection_s_name_cannot_say_lines_of_its_own(churn: Runner) -> None:
    churn("invoke --data rows.json")
    series = next((churn.folder / "blobs").glob("modeldata/*/*/*/churn/*/*/inputs")).parent
    (series / "x%0Aerror: no").mkdir()
    (series / "x%0Aerror: no" / "x").touch()
    outcome = churn("ls churn --month 3 --collection zzz")
    assert "churn has no collection 'zzz'; it has: inputs, predictions, x\\nerror: no\n" in outcome.err


def test_people_get_the_totals(demo: Runner, tmp_path: Path) -> None:
    outcome = demo(f"pull --day 2026-03-01 --to-dir {tmp_path / 'X'}")
    size = sum(len(data) for data in tree(tmp_path / "X").values())
    assert outcome.out == f"fetched 2 files, {size / 1000:.1f} kB, 1 day into {tmp_path / 'X'}\n"
    again = demo(f"pull --day 2026-03-01 --to-dir {tmp_path / 'X'}")
    assert again.out == f"nothing to fetch: 2 unchanged in {tmp_path / 'X'}\n"
    next(path for path in (tmp_path / "X").rglob("predictions.csv")).unlink()
    dry = demo(f"pull --day 2026-03-01 --to-dir {tmp_path / 'X'} --dry-run")
    assert dry.out.startswith("would fetch 1 file, ")
    assert dry.out.endswith(f" 1 day, 1 unchanged into {tmp_path / 'X'}\n")


def test_a_dry_run_fetches_nothing(demo: Runner, tmp_path: Path) -> None:
    outcome = demo(f"pull --month 3 --to-dir {tmp_path / 'X'} --dry-run -o jsonl")
    assert {one["status"] for one in outcome.jsonl} == {"planned"}
    assert len(outcome.jsonl) == 62
    assert not (tmp_path / "X").exists()
    assert demo(f"pull --month 3 --to-dir {tmp_path / 'X'} --dry-run").out.startswith("would fetch 62 files, ")


def test_nothing_found_is_no_failure_and_makes_no_folder(demo: Runner, tmp_path: Path) -> None:
    outcome = demo(f"pull --to 2020-01-01 --to-dir {tmp_path / 'X'} -o json")
    assert (outcome.code, outcome.json) == (0, [])
    assert not (tmp_path / "X").exists()


def test_a_pull_of_nothing_says_why_as_a_listing_does(churn: Runner) -> None:
    churn("disable-collection churn --yes")
    why = (
        "time range: 2026-11-20 to 2026-11-21, UTC\n"
        "collection is off; mlmon enable-collection churn switches it on\n"
        "no collected blobs of churn match\n"
    )
    listed, pulled = churn("ls churn --day today"), churn("pull churn --day today")
    assert (listed.code, listed.err) == (0, why)
    assert (pulled.code, pulled.out) == (0, f"nothing to fetch in {churn.folder / 'modeldata'}\n")
    assert pulled.err.startswith(f"{why}took ")


def test_a_file_that_is_there_is_replaced(demo: Runner, tmp_path: Path) -> None:
    demo(f"pull --day 2026-03-01 --to-dir {tmp_path / 'X'}")
    before = tree(tmp_path / "X")
    for name in before:
        (tmp_path / "X" / name).write_text("old")
    demo(f"pull --day 2026-03-01 --to-dir {tmp_path / 'X'}")
    assert tree(tmp_path / "X") == before


@pytest.fixture
def hostile(churn: Runner) -> Runner:
    """A service whose storage holds blobs with names that must not become files."""
    churn("invoke --data rows.json")
    churn("invoke churn-v2 --data rows.json")
    folder = next((churn.folder / "blobs").glob("modeldata/*/*/*/churn/*/*/inputs/2026/11/20"))
    for name in ("%2E%2E", "CON.csv", "a%5Cb.csv", "nul%00.csv", "trailing.", "ok.csv"):
        (folder / name).write_text("x")
    return churn


def test_names_that_cannot_be_files_are_set_aside_by_name_and_the_rest_is_fetched(
    hostile: Runner, tmp_path: Path
) -> None:
    outcome = hostile(f"pull --day today --to-dir {tmp_path / 'X' / 'Y'} -o jsonl")
    assert outcome.code == 7
    by_status: dict[str, list[str]] = {}
    for one in outcome.jsonl:
        by_status.setdefault(one["status"], []).append(one["path"].rpartition("/")[2])
    assert by_status == {
        "fetched": ["inputs.csv", "ok.csv", "predictions.csv"],
        "set aside": ["..", "CON.csv", "a\\b.csv", "nul\0.csv", "trailing."],
    }
    assert sorted(name.rpartition("/")[2] for name in tree(tmp_path / "X" / "Y")) == [
        "inputs.csv",
        "ok.csv",
        "predictions.csv",
    ]
    people = hostile(f"pull --day today --to-dir {tmp_path / 'Z'}")
    assert people.code == 7
    assert people.out.endswith(f"1 day into {tmp_path / 'Z'}; 5 set aside\n")
    assert "nul\\x00.csv: it has a control character\n" in people.err


FORMATS = ["table", "json", "jsonl", "csv", "tsv", "md", "parquet"]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    "command",
    ["ls --day 2026-03-01", "status", "traces --limit 2", "query requests|take(2)", "logs -n 3", "status --settings"],
)
def test_every_command_has_every_format(demo: Runner, command: str, format_: str) -> None:
    words = command.replace("requests|take(2)", "'requests | take 2'")
    outcome = demo(f"{words} -o {format_}")
    assert outcome.code == 0, outcome.err
    assert outcome.data
    match format_:
        case "json":
            json.loads(outcome.out)
        case "jsonl":
            assert all(isinstance(one, dict) for one in outcome.jsonl)
        case "csv":
            rows = list(csv.reader(io.StringIO(outcome.out, newline="")))
            assert len({len(row) for row in rows}) == 1
        case "tsv":
            assert len({line.count("\t") for line in outcome.out.splitlines()}) == 1
        case "parquet":
            assert outcome.data[:4] == outcome.data[-4:] == b"PAR1"


def test_what_was_passed_over_is_counted_and_named_by_debug(churn: Runner) -> None:
    churn("invoke --data rows.json")
    folder = next((churn.folder / "blobs").glob("modeldata/*/*/*/churn/*/*/inputs/2026/11/20"))
    (folder / "aml_telemetry.csv").write_text("x")
    assert churn("ls --day today -o json").json["count"] == 2
    (folder / "22/33/44").mkdir(parents=True)
    for number in range(2):
        (folder / "22/33/44" / f"{number}.csv").write_text("x")
    assert churn("ls --day today").err.splitlines()[-1] == (
        "passed over 3: 2 with too long or too short a date in the path, 1 telemetry of the collector itself;"
        " --debug names them"
    )
    name = (folder / "aml_telemetry.csv").relative_to(churn.folder / "blobs" / "modeldata")
    said = churn("ls --day today --debug").err
    assert f"debug: passed over: {name}: it is telemetry of the collector itself\n" in said


@pytest.mark.parametrize("inner", ["%2E%2E/evil.csv", "%2E%2E/%2E%2E/%2E%2E/evil.csv", "12/%2E%2E/evil.csv"])
def test_a_name_that_climbs_out_of_its_day_is_set_aside_too(churn: Runner, tmp_path: Path, inner: str) -> None:
    churn("invoke --data rows.json")
    folder = next((churn.folder / "blobs").glob("modeldata/*/*/*/churn/*/*/inputs/2026/11/20"))
    (folder / inner).parent.mkdir(parents=True)
    (folder / inner).write_text("x")
    for command, fetched in ((f"pull --day today --to-dir {tmp_path / 'a' / 'b'}", True), ("pull --dry-run", False)):
        outcome = churn(f"{command} -o jsonl")
        assert outcome.code == 7
        [aside] = [one for one in outcome.jsonl if one["status"] == "set aside"]
        assert aside["path"].endswith("/evil.csv")
        assert "/../" in aside["path"]
        assert (tmp_path / "a").exists() is True or not fetched
    assert not list(tmp_path.joinpath("a").rglob("evil.csv"))


def test_the_model_of_a_v2_deployment_cannot_be_asked_for(churn: Runner) -> None:
    outcome = churn("ls churn-v2 --model churn")
    assert (outcome.code, outcome.err.splitlines()[-2:]) == (
        2,
        [
            "error: churn-v2/blue is a v2 deployment, whose collected data does not tell the model",
            "hint: leave --model and --model-version out",
        ],
    )
