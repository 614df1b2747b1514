"""What a service did over time: as charts, as rows, over a folder and over Azure."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from azured import local_azure, runner
from emulators.azure import LocalAzure
from emulators.loganalytics import throttled
from emulators.telemetry import as_inference_server
from running import NOW, Runner

SCREENS = Path(__file__).parent / "screens"
ZEROS = {"requests": 0, "failed": 0, "dependencies": 0, "dependency_failed": 0, "exceptions": 0}


def at(minutes: float) -> str:
    """So many minutes before the tests' moment."""
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def request(minutes: float, took: float = 12.0, code: str = "200", **more: Any) -> dict[str, Any]:
    success = str(int(code) < 400)
    return {"timestamp": at(minutes), "cloud_RoleName": "churn", "duration": took, "resultCode": code, **more} | {
        "success": success
    }


def history() -> dict[str, list[dict[str, Any]]]:
    """A day of a service: a wave of requests that slows down, some that fail, and a silence."""
    dice = random.Random(7)
    tables: dict[str, list[dict[str, Any]]] = {"requests": [], "dependencies": [], "exceptions": []}
    for interval in range(48):
        minutes = 1440 - 30 * interval - 1
        many = 0 if 20 < interval < 26 else round(20 + 18 * math.sin(interval / 7))
        for _ in range(many):
            failed = dice.random() < 0.06
            took = round(15 + 10 * math.sin(interval / 7) + dice.expovariate(1 / 12), 1)
            moment = minutes - dice.uniform(0, 28)
            tables["requests"].append(request(moment, took, "500" if failed else "200"))
            if failed:
                kind = dice.choice(["ValueError", "ValueError", "builtins.ZeroDivisionError"])
                tables["exceptions"].append({"timestamp": at(moment), "cloud_RoleName": "churn", "type": kind})
        if interval % 4 == 0 and many:
            call = {"timestamp": at(minutes), "cloud_RoleName": "churn", "duration": 3.5, "success": "True"}
            tables["dependencies"].append({**call, "target": "store"})
    return tables


def kept(mlmon: Runner, tables: dict[str, list[dict[str, Any]]]) -> Runner:
    """The rows in the folder's own telemetry, where `invoke` would have written them."""
    for table, rows in tables.items():
        for row in sorted(rows, key=lambda row: str(row["timestamp"])):
            path = mlmon.folder / "telemetry" / table / f"{row['timestamp'][:10]}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
    return mlmon


@pytest.fixture
def busy(churn: Runner) -> Runner:
    return kept(churn, history())


# screens


def test_off_a_terminal_a_table_is_what_a_terminal_has_in_ascii(busy: Runner) -> None:
    """What a terminal has is in `test_screens.py`."""
    busy.environ = {"LC_ALL": "C"}
    assert busy("metrics -o table").out == busy("metrics", terminal=True).out


def test_types_of_exceptions_on_a_terminal(busy: Runner) -> None:
    outcome = busy("metrics --by exception", terminal=True)
    assert outcome.out == (SCREENS / "metrics-exceptions.txt").read_text("utf-8")


def test_names_from_outside_do_nothing_to_a_terminal(churn: Runner) -> None:
    kinds = ["\x1b[2J\x1b]0;owned\x07", "\u202etxt.exe", "a\r\nb", "日本語" * 30, ""]
    rows = [{"timestamp": at(5), "cloud_RoleName": "churn", "type": kind} for kind in kinds for _ in "ab"]
    kept(churn, {"exceptions": rows})
    for command in ("metrics", "metrics --by exception"):
        outcome = churn(command, terminal=True)
        assert outcome.code == 0
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", outcome.out)
        assert r"\x1b[2J" in outcome.out
        assert "(no type)" in outcome.out
    assert {row["type"] for row in churn("metrics --by exception").jsonl} == set(kinds)


def test_of_many_types_the_most_frequent_are_drawn_and_all_are_rows(churn: Runner) -> None:
    rows = [
        {"timestamp": at(5), "cloud_RoleName": "churn", "type": f"E{number:02}"}
        for number in range(30)
        for _ in range(31 - number)
    ]
    kept(churn, {"exceptions": rows})
    drawn = churn("metrics --since 1h -o table").out.split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in drawn[1:-1]] == [f"E{number:02}" for number in range(10)]
    assert drawn[-1].startswith("20 other types  ")
    assert drawn[-1].endswith("  230")
    assert len(churn("metrics --since 1h -o json").json["exception_types"]) == 30


# rows


def test_programs_get_a_row_for_each_interval_and_the_totals_in_json(churn: Runner) -> None:
    kept(
        churn,
        {
            "requests": [request(100, 10.0), request(99, 30.0, "500", itemCount=3), request(20, 8.5)],
            "dependencies": [{"timestamp": at(20), "cloud_RoleName": "churn", "duration": 2.0, "success": "False"}],
            "exceptions": [{"timestamp": at(99), "cloud_RoleName": "churn", "type": "ValueError", "itemCount": 3}],
        },
    )
    nothing = {
        **ZEROS,
        **dict.fromkeys(("failure_rate", "p50_ms", "p95_ms", "p99_ms", "dependency_failure_rate")),
        **dict.fromkeys(("dependency_p50_ms", "dependency_p95_ms", "dependency_p99_ms")),
    }
    slow = {"requests": 4, "failed": 3, "failure_rate": 0.75, "p50_ms": 30.0, "p95_ms": 30.0, "p99_ms": 30.0}
    called = {
        "dependencies": 1,
        "dependency_failed": 1,
        "dependency_failure_rate": 1.0,
        "dependency_p50_ms": 2.0,
        "dependency_p95_ms": 2.0,
        "dependency_p99_ms": 2.0,
    }
    quick = {"requests": 1, "failure_rate": 0.0, "p50_ms": 8.5, "p95_ms": 8.5, "p99_ms": 8.5}
    rows = [
        {"time": "2026-11-20T08:00:00Z", **nothing, **slow, "exceptions": 3},
        {"time": "2026-11-20T09:00:00Z", **nothing},
        {"time": "2026-11-20T10:00:00Z", **nothing, **quick, **called},
    ]
    assert churn("metrics --since 2h --every 1h").jsonl == rows
    document = churn("metrics --since 2h --every 1h -o json").json
    assert list(document)[:5] == ["schema_version", "service", "from", "to", "every_seconds"]
    assert document == {
        "schema_version": 1,
        "service": "churn",
        "from": "2026-11-20T08:30:00Z",
        "to": "2026-11-20T10:30:00.000001Z",
        "every_seconds": 3600.0,
        "requests": 5,
        "failed": 3,
        "failure_rate": 0.6,
        "p50_ms": 30.0,
        "p95_ms": 30.0,
        "p99_ms": 30.0,
        **called,
        "exceptions": 3,
        "exception_types": [
            {
                "type": "ValueError",
                "exceptions": 3,
                "first": "2026-11-20T08:51:00Z",
                "last": "2026-11-20T08:51:00Z",
            }
        ],
        "intervals": rows,
    }
    header, *lines = churn("metrics --since 2h --every 1h -o csv").out.splitlines()
    assert header == (
        "time,requests,failed,failure_rate,p50_ms,p95_ms,p99_ms,dependencies,dependency_failed,"
        "dependency_failure_rate,dependency_p50_ms,dependency_p95_ms,dependency_p99_ms,exceptions"
    )
    assert lines[1] == "2026-11-20T09:00:00Z,0,0,,,,,0,0,,,,,0"
    assert churn("metrics --since 2h --every 1h -o parquet").data[:4] == b"PAR1"
    assert churn("metrics --by exception --since 2h").jsonl == document["exception_types"]


def test_without_words_it_is_the_last_day_in_half_hours_and_an_end_alone_the_day_before_it(busy: Runner) -> None:
    rows = busy("metrics").jsonl
    assert (rows[0]["time"], rows[-1]["time"], len(rows)) == ("2026-11-19T10:30:00Z", "2026-11-20T10:30:00Z", 49)
    before = busy("metrics --to 2026-11-20T02:00").jsonl
    assert (before[0]["time"], before[-1]["time"]) == ("2026-11-19T02:00:00Z", "2026-11-20T01:30:00Z")
    ahead = busy("metrics --from 2026-11-20T09:00 --to 2026-12-01 --every 30m").jsonl
    assert [row["time"][11:16] for row in ahead] == ["09:00", "09:30", "10:00", "10:30"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--every 0s", "--every '0s' is less than a second"),
        ("--every 10ms", "--every '10ms' is less than a second"),
        ("--every soon", "'soon' is not a duration"),
        ("--every 1s", "the range has 86401 intervals of this length, and 10000 is the most"),
        ("--by day", "'day' is not something to count by"),
        ("--watch --by exception", "--watch draws what happens over time, and --by exception does not"),
        ("--watch --interval 0s", "--interval '0s' is less than a second"),
        (
            "--watch",
            "--watch draws one page over the other, and that needs a terminal and no other format than a table",
        ),
        ("--from tomorrow", "'tomorrow' is not a date or time"),
        ("--from 2027-01-01", "the range begins in the future (2027-01-01)"),
    ],
)
def test_what_cannot_be_meant_is_refused(churn: Runner, words: str, message: str) -> None:
    outcome = churn(f"metrics {words}")
    assert (outcome.code, outcome.out) == (2, "")
    said = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert said == [f"error: {message}"]


def test_watching_is_refused_where_the_terminal_cannot_be_drawn_over(churn: Runner) -> None:
    assert churn("metrics --watch -o json", terminal=True).code == 2
    churn.environ = {"TERM": "dumb"}
    assert churn("metrics --watch", terminal=True).code == 2


def test_a_service_without_telemetry_is_a_note_and_no_failure(churn: Runner) -> None:
    note = "no telemetry of churn in this range\n"
    outcome = churn("metrics", terminal=True)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.endswith(note)
    rows = churn("metrics").jsonl
    assert len(rows) == 49
    assert all({key: row[key] for key in ZEROS} == ZEROS and row["p50_ms"] is None for row in rows)
    exceptions = churn("metrics --by exception")
    assert (exceptions.code, exceptions.out) == (0, "")
    assert exceptions.err.endswith("no exceptions of churn in this range\n")


def test_a_switch_that_is_off_is_said_with_the_next_command(churn: Runner) -> None:
    churn("disable-insights churn --yes")
    off = "warning: Application Insights is off for churn, so that it sends no telemetry{}\n"
    off += "hint: mlmon enable-insights churn\n"
    outcome = churn("metrics", terminal=True)
    assert outcome.code == 0
    assert outcome.err.endswith(off.format(""))
    kept(churn, {"requests": [request(5)]})
    assert churn("metrics", terminal=True).err.endswith(off.format(";\n  what is here is from before"))


# over Azure


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    with local_azure(tmp_path / "azure") as made:
        made.add_deployment("ep1", "blue", appInsightsEnabled=True)
        made.webservices.add("svc", appInsightsEnabled=True)
        yield made


@pytest.fixture
def mlmon(azure: LocalAzure, tmp_path: Path) -> Runner:
    azure.log_analytics.clock = lambda: NOW
    return runner(azure, tmp_path / "folder")


def rows_of_v2(number: int, *, failed: bool, server: str) -> dict[str, Any]:
    """A request as a version of the inference server sends it."""
    code, took = ("500", 40.0) if failed else ("200", 10.0 + number)
    row = request(5 * number, took, code, name="POST /score")
    bag = {"Service Name": "ep1-blue", "resultCode": code, "duration": f"00:00:00.{took:03.0f}", "name": "POST /score"}
    row |= {"cloud_RoleName": "unknown_service", "customDimensions": {**bag, "success": str(not failed)}}
    wrong = as_inference_server(row)
    return {**wrong, "duration": took, "name": ""} if server == "1.3.4" else wrong


@pytest.mark.parametrize("scope", ["component", "workspace"])
@pytest.mark.parametrize("server", ["1.3.4", "1.5.1"])
def test_ten_requests_of_either_server_three_failing_are_just_that(
    azure: LocalAzure, mlmon: Runner, scope: str, server: str
) -> None:
    azure.telemetry.extend("requests", [rows_of_v2(n, failed=n in (2, 5, 8), server=server) for n in range(10)])
    azure.telemetry.add("requests", request(3))  # another service's
    wrong = mlmon(["query", "requests | where success == false | count", "-o", "json"]).json
    assert wrong == [{"Count": 0}]
    azure.requests.clear()
    outcome = mlmon(f"metrics ep1/blue --scope {scope} -o json")
    assert outcome.code == 0
    found = outcome.json
    assert {key: found[key] for key in ("requests", "failed", "p50_ms", "p95_ms", "p99_ms")} == {
        "requests": 10,
        "failed": 3,
        "p50_ms": 16.0,
        "p95_ms": 40.0,
        "p99_ms": 40.0,
    }
    assert json.loads(outcome.err.splitlines()[-1])["message"] == (
        "10 rows are corrected: success, code, duration or name were wrong, and are those in customDimensions"
    )
    assert len(azure.requests.of("logs", "POST")) == 3


def test_a_web_service_of_v1_is_found_by_its_role(azure: LocalAzure, mlmon: Runner) -> None:
    azure.telemetry.extend("requests", [request(5, cloud_RoleName="svc") | {"cloud_RoleName": "svc"}, request(6)])
    assert mlmon("metrics svc -o json").json["requests"] == 1
    azure.requests.clear()
    assert mlmon("metrics svc --by exception").out == ""
    assert len(azure.requests.of("logs", "POST")) == 1


def test_an_answer_that_is_not_whole_is_said_and_is_exit_code_7(azure: LocalAzure, mlmon: Runner) -> None:
    azure.telemetry.extend("requests", [request(n, cloud_RoleName="svc") | {"cloud_RoleName": "svc"} for n in (5, 600)])
    with azure.log_analytics.partial("One of the nodes was stopped."):
        outcome = mlmon("metrics svc -o jsonl")
    assert outcome.code == 7
    assert [json.loads(line) for line in outcome.err.splitlines()[1:]] == [
        {
            "level": "warning",
            "message": "the answer is not complete: One of the nodes was stopped; "
            "try again, or narrow it with --since and --until, summarize, or take fewer rows",
        }
    ]


def test_a_service_that_does_not_answer_fails_with_what_to_do(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.fault(throttled(90), plane="logs"):
        outcome = mlmon("metrics svc")
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err.endswith("error: could not query telemetry: Azure throttles\nhint: try again in 90 s\n")
