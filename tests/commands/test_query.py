"""`mlmon query`: variables, saved queries, files and charts."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from running import Runner

OWN = ["exceptions-by-type", "failures", "payload-sizes", "requests-by-hour", "slowest"]


def rows(folder: Path, table: str, *written: dict[str, object]) -> None:
    """Rows of telemetry, as the embedded workspace keeps them."""
    path = folder / "telemetry" / table / "2026-11-20.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"timestamp": "2026-11-20T09:30:00.000000Z", **row}) for row in written]
    path.write_text("".join(f"{line}\n" for line in lines))


# variables


def test_a_value_is_given_by_name(churn: Runner) -> None:
    """Typed as it reads, as text in quotes, and never as KQL."""
    query = ["query", "print a, b, c, d", "--var", "a=5", "--var", "b=90s", "--var", 'c="7d"', "--var", "d=1); drop //"]
    assert churn(query).jsonl == [{"print_0": 5, "print_1": 90.0, "print_2": "7d", "print_3": "1); drop //"}]


def test_a_value_takes_the_place_of_a_let_in_a_file(churn: Runner) -> None:
    (churn.folder / "q.kql").write_text("let n = 1;\nprint n")
    assert churn("query -f q.kql").jsonl == [{"print_0": 1}]
    assert churn("query -f q.kql --var n=2").jsonl == [{"print_0": 2}]
    wrong = churn("query -f q.kql --var n=x")
    assert (wrong.code, wrong.err) == (
        2,
        """\
error: the variable 'n' is a whole number in the query, and 'x' is none
hint: the query itself says: let n = 1;
""",
    )


def test_an_error_is_placed_in_the_query_that_was_written(churn: Runner) -> None:
    alone = churn(["query", "traces\n| where nonsense == 1"])
    given = churn(["query", "traces\n| where nonsense == 1", "--var", "a=1", "--var", "b=2"])
    assert alone.err.startswith("error: line 2, column 9: ")
    assert given.err == alone.err


@pytest.mark.parametrize("folder", ["", "sub/sub"])
def test_the_query_with_its_values_is_printed_for_the_portal(churn: Runner, folder: str) -> None:
    (churn.folder / folder).mkdir(parents=True, exist_ok=True)
    here = churn.at(churn.folder / folder)
    printed = here(["query", "traces | where message has word", "--var", 'word=say "hi"', "--print-kql"])
    assert printed.out == 'let word = "say \\"hi\\"";\ntraces | where message has word\n'
    ranged = here("query 'print 1' --since 2026-11-01 --print-kql")
    assert ranged.out == "// time range: 2026-11-01 to 2026-11-20 10:30:00, UTC\nprint 1\n"


# saved queries


def test_a_query_is_saved_listed_run_and_deleted(churn: Runner) -> None:
    path = churn.folder / "queries" / "how-many.kql"
    saved = churn(
        ["query", "// Requests at all\nlet n = 1;\nrequests | summarize c = count() + n", "--save", "how-many"]
    )
    assert (saved.code, saved.out, saved.err) == (
        0,
        f"saved in {path}; mlmon query --saved how-many runs it\n",
        "",
    )
    assert path.read_text() == "// Requests at all\nlet n = 1;\nrequests | summarize c = count() + n\n"
    listed = churn("query --list -o json").json
    assert [row["name"] for row in listed] == sorted([*OWN, "how-many"])
    assert listed[2] == {
        "name": "how-many",
        "description": "Requests at all",
        "variables": "n=1",
        "source": str(path),
    }
    assert churn("query --saved how-many --var n=41").jsonl == [{"c": 41}]
    assert churn("query --saved how-many --print-kql").out == path.read_text()
    deleted = churn("query --delete how-many --yes")
    assert (deleted.code, deleted.out) == (0, f"deleted {path}\n")
    assert churn("query --saved how-many").code == 5


def test_values_become_the_defaults_of_what_is_saved(churn: Runner) -> None:
    churn(["query", "print n", "--var", "n=7d", "--save", "n"])
    assert (churn.folder / "queries" / "n.kql").read_text() == "let n = 7d;\nprint n\n"


def test_a_saved_query_is_replaced_after_a_yes_only(churn: Runner) -> None:
    path = churn.folder / "queries" / "a.kql"
    churn("query 'print 1' --save a")
    unasked = churn("query 'print 2' --save a")
    assert (unasked.code, unasked.err) == (
        2,
        f"error: replace the saved query a ({path}): nobody is there to be asked\nhint: --yes does it\n",
    )
    declined = churn("query 'print 2' --save a", stdin="n\n", terminal=True)
    assert (declined.code, declined.err) == (
        1,
        f"replace the saved query a ({path})? [y/N] error: nothing changed\n",
    )
    kept = churn("query --delete a", stdin="n\n", terminal=True)
    assert (kept.code, path.read_text()) == (1, "print 1\n")
    assert churn("query 'print 1' --save a").out == f"a is saved so already in {path}\n"
    assert churn("query 'print 2' --save a", stdin="y\n", terminal=True).code == 0
    assert path.read_text() == "print 2\n"
    assert churn("query 'print 3' --save a --yes").code == 0
    assert path.read_text() == "print 3\n"


@pytest.mark.parametrize("name", ["../a", "a/b", "A", "con", "", "a.kql", "\x1b[2J"])
@pytest.mark.parametrize("how", ["--save", "--saved", "--delete"])
def test_a_name_leads_nowhere_else(churn: Runner, name: str, how: str) -> None:
    outcome = churn(["query", *(["print 1"] if how == "--save" else []), how, name])
    assert outcome.code == 2
    assert "\x1b" not in outcome.err
    assert not (churn.folder / "queries").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("'print 1' -f q.kql", "a query and --file cannot be combined"),
        ("'print 1' --saved failures", "a query and --saved cannot be combined"),
        ("--list --delete a", "--list and --delete cannot be combined"),
        ("--saved failures --save mine", "--save and --saved cannot be combined"),
        ("--save mine", "say one query"),
        ("", "say one query"),
        ("'' --save mine", "the query is empty"),
        ("--print-kql", "say one query"),
    ],
)
def test_one_thing_is_asked_at_a_time(churn: Runner, words: str, message: str) -> None:
    outcome = churn(f"query {words}")
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, f"error: {message}")


def test_the_list_as_people_see_it(mlmon: Runner) -> None:
    """Anywhere, also where there is no workspace."""
    assert (
        mlmon("query --list", terminal=True).out
        == """\
name                description                     variables           source
exceptions-by-type  Exceptions by type              since=7d            mlmon
failures            The newest 50 failed requests   since=7d            mlmon
payload-sizes       Lengths of payloads in traces   since=7d            mlmon
requests-by-hour    Requests, failures and latency  since=2d, every=1h  mlmon
slowest             The slowest 20 requests         since=7d            mlmon
"""
    )


def test_each_of_mlmons_own_runs_on_the_demo(demo: Runner) -> None:
    for name in OWN:
        outcome = demo(f"query --saved {name} --var since=30d")
        assert outcome.code == 0
        assert outcome.jsonl, name
        ranged = demo(f"query --saved {name} --since 2026-10-21 --until 2026-11-20")
        assert ranged.jsonl, name
    by_hour = demo("query --saved requests-by-hour --var since=2d").err
    assert by_hour == "requests-by-hour with since=2d, every=1h: --var changes it\n"


def test_failures_of_the_demo_are_all_of_them(demo: Runner) -> None:
    kql = "requests | where timestamp > ago(60d) and success == false | summarize by id"
    failed = {row["id"] for row in demo(["query", kql]).jsonl}
    assert {row["requestId"] for row in demo("query --saved failures --var since=60d").jsonl} == failed
    assert failed


def test_names_are_completed_with_what_they_are(churn: Runner) -> None:
    churn(["query", "// What I ask every day\nprint 1", "--save", "daily"])
    assert churn("__complete queries").out.splitlines()[:2] == [
        "daily\tWhat I ask every day",
        "exceptions-by-type\tExceptions by type",
    ]


# formats


def test_a_file_has_the_types_of_the_query(churn: Runner) -> None:
    """Also where a column has no value today, and where all dynamic cells happen to be numbers."""
    kql = """print at = datetime(2026-03-01T12:00:00.123456Z), took = 1500ms, whole = dynamic({"a": [1, "x"]}),
    number = dynamic(5), n = 5, x = 1, y = todouble(2), b = true, s = "text", no = long(null), never = datetime(null),
    span = timespan(null), nothing = dynamic(null), unreal = real(null), unsure = bool(null)"""
    table = pq.read_table(io.BytesIO(churn(["query", kql, "-o", "parquet"]).data))
    assert {field.name: field.type for field in table.schema} == {
        "at": pa.timestamp("us", tz="UTC"),
        "took": pa.float64(),
        "whole": pa.string(),
        "number": pa.string(),
        "n": pa.int64(),
        "x": pa.int64(),
        "y": pa.float64(),
        "b": pa.bool_(),
        "s": pa.string(),
        "no": pa.int64(),
        "never": pa.timestamp("us", tz="UTC"),
        "span": pa.float64(),
        "nothing": pa.string(),
        "unreal": pa.float64(),
        "unsure": pa.bool_(),
    }
    [row] = table.to_pylist()
    assert row["at"] == datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    assert (row["took"], row["whole"], row["number"]) == (1.5, '{"a": [1, "x"]}', "5")
    assert [row[name] for name in ("no", "never", "span", "nothing", "unreal", "unsure")] == [None] * 6


def test_an_empty_answer_is_a_file_with_its_columns(churn: Runner) -> None:
    table = pq.read_table(io.BytesIO(churn(["query", "traces | project timestamp, itemCount", "-o", "parquet"]).data))
    assert [(field.name, field.type) for field in table.schema] == [
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("itemCount", pa.int64()),
    ]


@pytest.mark.parametrize(
    ("form", "out"),
    [
        ("json", '[\n  {\n    "name": "a",\n    "n": 2\n  },\n  {\n    "name": "b",\n    "n": 1\n  }\n]\n'),
        ("jsonl", '{"name": "a", "n": 2}\n{"name": "b", "n": 1}\n'),
        ("csv", "name,n\r\na,2\r\nb,1\r\n"),
        ("tsv", "name\tn\na\t2\nb\t1\n"),
        ("md", "| name | n |\n| --- | ---: |\n| a | 2 |\n| b | 1 |\n"),
        ("table", "name  n\na     2\nb     1\n"),
    ],
)
def test_no_format_that_was_asked_for_is_drawn(churn: Runner, form: str, out: str) -> None:
    rows(churn.folder, "requests", {"name": "a"}, {"name": "b"}, {"name": "a"})
    kql = "requests | summarize n=count() by name | order by n desc | render barchart"
    for terminal in (True, False):
        outcome = churn(["query", kql, "-o", form], terminal=terminal)
        assert [line.rstrip() for line in outcome.out.splitlines()] == out.splitlines()


# charts


def test_bars_are_drawn_on_a_terminal(churn: Runner) -> None:
    rows(churn.folder, "requests", {"name": "a"}, {"name": "b"}, {"name": "a"}, {"name": "\x1b[2Jc\u202ed"})
    kql = "requests | summarize ['n\\u001b[1m']=count() by name | order by name asc | render barchart"
    expected = """\
n\\x1b[1m
\\x1b[2Jc\\u202ed  ██████████████████████████████  1
a                ████████████████████████████████████████████████████████████  2
b                ██████████████████████████████  1
"""
    assert churn(["query", kql], terminal=True).out == expected
    assert churn.at(churn.folder, LC_ALL="C")(["query", kql], terminal=True).out == expected.replace("█", "#")
    assert len(churn(["query", kql]).jsonl) == 3


def test_a_timechart_is_drawn_on_a_terminal(churn: Runner) -> None:
    """Where there is no row, nothing is drawn: a query gives no row for an hour without requests."""
    at = "2026-11-20T{:02}:10:00.000000Z".format
    rows(churn.folder, "requests", *({"timestamp": at(hour), "name": "a"} for hour in (1, 2, 2, 2, 4)))
    drawn = churn(["query", "requests | summarize n=count() by bin(timestamp, 1h) | render timechart"], terminal=True)
    assert (
        drawn.out
        == """\
n
  3 │        ████████
    │        ████████
    │        ████████
  2 │        ████████
    │        ████████
    │        ████████
  1 │████████████████        ████████
    │████████████████        ████████
    │████████████████        ████████
  0 └┬───────┬───────┬┄┄┄┄┄┄┄┬───────
UTC  01:00   02:00   03:00   04:00
     2026-11-20
█ n, up to 3   ┄ no value
"""
    )


def test_what_cannot_be_drawn_is_a_table_with_a_note(churn: Runner) -> None:
    rows(churn.folder, "requests", {"name": "a"})
    drawn = churn(["query", "requests | project name | render treemap"], terminal=True)
    assert drawn.out.split() == ["name", "a"]
    assert drawn.err == ("time range: all there is\na treemap cannot be drawn on a terminal: this is its table\n")


def test_column_names_and_cells_cannot_drive_a_terminal(churn: Runner) -> None:
    rows(churn.folder, "traces", {"message": "\x1b]0;title\x07"})
    kql = "traces | project ['\\u001b[31mred\\u202e'] = message"
    shown = churn(["query", kql], terminal=True)
    assert [line.rstrip() for line in shown.out.splitlines()] == ["\\x1b[31mred\\u202e", "\\x1b]0;title\\x07"]
    saved = churn(["query", "// \x1b[2J\u202e gone\nprint 1", "--save", "mean"])
    assert saved.code == 0
    assert "\\x1b[2J\\u202e gone" in churn("query --list", terminal=True).out


def test_nobody_at_a_terminal_is_told_what_to_say(churn: Runner) -> None:
    outcome = churn("query")
    assert (outcome.code, outcome.err) == (
        2,
        "error: say one query\nhint: mlmon query 'traces | take 10', or -f FILE, or - for stdin, or --saved NAME\n",
    )


# Ctrl-C


def test_ctrl_c_ends_a_query_that_would_take_minutes(churn: Runner) -> None:
    rows(churn.folder, "requests", *({"name": f"POST /score {number}"} for number in range(1000)))
    crossed = "requests | extend k=1" + 2 * " | join kind=inner (requests | extend k=1) on k"
    process = subprocess.Popen(
        [sys.executable, "-m", "mlmon", "query", f"{crossed} | summarize max(strlen(strcat(name, timestamp)))"],
        cwd=churn.folder,
        env={"HOME": str(churn.folder), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(1.5)  # it says nothing before it has an answer; still starting, it ends in the same way
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "error: interrupted\n")
        assert process.returncode == 130
    finally:
        process.kill()
