"""The process as a whole: pipes that close, Ctrl-C, what start-up loads."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from running import Runner

MLMON = [sys.executable, "-m", "mlmon"]


def start(folder: Path, *argv: str, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MLMON, *argv],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,  # type: ignore[call-overload]  # whatever Popen takes
    )


@pytest.mark.parametrize("format_", ["table", "jsonl", "csv"])
def test_a_reader_that_goes_away_is_no_error(demo: Runner, format_: str) -> None:
    """`mlmon ls | head -1`"""
    with start(demo.folder, "ls", "-o", format_, "--quiet") as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert (process.returncode, said) == (0, "")


def test_a_full_device_is_an_error_with_a_hint(demo: Runner) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a path of ours
        done = subprocess.run(
            [*MLMON, "ls"], cwd=demo.folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        "error: the output cannot be written: No space left on device",
        "hint: see whether its device is full",
    ]


def test_closed_streams_are_no_traceback(demo: Runner) -> None:
    def sh(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", line, "bash", *MLMON], cwd=demo.folder, capture_output=True, text=True, check=False
        )

    closed = sh('"$@" status >&-')
    assert (closed.returncode, closed.stderr) == (
        1,
        "error: the output stream is closed\nhint: redirect it to a file, or to /dev/null\n",
    )
    assert sh('"$@" status 2>&-').returncode == 0
    assert sh('"$@" nothing >&- 2>&-').returncode == 2
    assert sh('"$@" --help | head -1').stderr == ""
    assert sh('"$@" nothing 2>/dev/full').returncode == 2
    assert sh('mkdir gone; cd gone; rmdir ../gone; "$@" --version').stdout.startswith("mlmon ")
    assert sh('mkdir gone; cd gone; rmdir ../gone; "$@" status --workspace ./x').returncode == 5


@pytest.mark.parametrize(
    "line",
    [
        "dataset diabetes-v2/blue --day 2026-03-02 -o csv",
        "query 'requests | count' -o json",
        "drift diabetes --baseline data/diabetes.csv --day 2026-03-02 -o json",
        "diff data/diabetes.csv data/diabetes.csv -o json",
    ],
)
def test_no_library_has_a_last_word_when_a_command_ends(demo: Runner, line: str) -> None:
    process = start(demo.folder, *shlex.split(line))
    out, err = process.communicate()
    assert (process.returncode, bool(out)) == (0, True)
    assert "leak" not in err


def test_ctrl_c_ends_a_long_query_with_130(demo: Runner) -> None:
    """The cross join of a table with itself three times over would take hours."""
    itself = "| join kind=inner (traces | extend k=1) on k"
    kql = f"traces | extend k=1 {itself} {itself} | count"
    with start(demo.folder, "query", kql) as process:
        time.sleep(3)
        assert process.poll() is None, "the query was meant to take long"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("error: interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_a_dataset_that_is_ended_leaves_no_rows_behind(churn: Runner, tmp_path: Path, number: signal.Signals) -> None:
    folder = churn.folder / "blobs/modeldata/00000000-0000-0000-0000-000000000000/local/ws/churn/churn/1"
    for kind in ("inputs", "predictions"):
        (folder / kind / "2026/03/01").mkdir(parents=True)
        rows = "".join(f"2026-03-01T08:00:00,c{n},r{n},{n}\n" for n in range(300_000))
        (folder / kind / "2026/03/01/data.csv").write_text(f"$Timestamp,$CorrelationId,$RequestId,{kind}\n{rows}")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environ = {**os.environ, "NO_COLOR": "1", "TMPDIR": str(temporary)}
    command = [*MLMON, "dataset", "churn", "--month", "2026-03", "-o", "jsonl", "-q"]
    # nobody reads the rows, so that it cannot be done before the signal comes
    with subprocess.Popen(
        command, cwd=churn.folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list(temporary.glob("mlmon-*/rows.duckdb")) and process.poll() is None:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    said = {"code": "interrupted", "message": "interrupted", "hint": "", "exit_code": 128 + number}
    assert json.loads(err) == said  # a script that reads the error reads the same number
    assert list(temporary.iterdir()) == []


def test_ctrl_c_in_the_middle_of_making_a_demo_leaves_nothing(tmp_path: Path) -> None:
    with start(tmp_path, "demo") as process:
        while not list(tmp_path.glob(".mlmon-demo-*/new/telemetry")) and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


LOADED = """
import sys
from mlmon.main import entry
sys.argv[0] = "mlmon"
try:
    entry()
finally:
    heavy = {"azure", "duckdb", "duckdb_kql", "numpy", "rich", "pydantic", "waitress", "tomlkit"}
    print(*sorted(heavy & {name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded(folder: Path, *argv: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["--version", "__complete services"])
def test_what_every_tab_and_script_pays_for_loads_nothing_heavy(demo: Runner, command: str) -> None:
    """A module that start-up loads is paid for by every run: rich 25 ms, numpy 80, duckdb 100, azure 100 to 1 500."""
    assert loaded(demo.folder, *command.split()) == set()


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("status -o json", set()),
        ("ls --month 3 -o json", set()),
        ("logs -n 1", set()),
        ("enable-collection", set()),
        ("traces -o json", {"duckdb", "duckdb_kql"}),
        ("use diabetes", {"tomlkit"}),
    ],
)
def test_a_local_command_loads_no_azure_and_only_what_it_needs(demo: Runner, command: str, allowed: set[str]) -> None:
    """Azure's packages cost more than everything else together, and nothing here talks to Azure."""
    assert loaded(demo.folder, *command.split()) <= allowed


def test_a_fault_of_mlmon_itself_is_a_sentence_and_debug_gives_the_place(
    mlmon: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> datetime:
        raise RuntimeError("the clock has stopped")

    broken_clock = replace(mlmon, clock=broken)
    outcome = broken_clock("ls --since 1d")
    assert (outcome.code, outcome.out, outcome.err) == (
        1,
        "",
        (
            "error: mlmon has a fault (RuntimeError: the clock has stopped)\n"
            "hint: please report it, with what --debug adds\n"
        ),
    )
    assert capsys.readouterr().err == ""
    assert broken_clock("ls --since 1d --debug").code == 1
    assert 'raise RuntimeError("the clock has stopped")' in capsys.readouterr().err


def test_debug_says_what_was_decided_and_why(churn: Runner) -> None:
    path = churn.folder / "mlmon.toml"
    assert (
        churn("traces --debug").err
        == f"""\
debug: workspace: {churn.folder} (from {path})
debug: service: churn (from {path})
debug: query:
traces
| where cloud_RoleName == "churn" or tostring(customDimensions["Service Name"]) == "churn"
    or cloud_RoleName in ("azmlinfsrv", "gunicorn") and isempty(tostring(customDimensions["Service Name"]))
        and cloud_RoleInstance in ((
            requests
            | where cloud_RoleName in ("azmlinfsrv", "gunicorn") and isnotempty(cloud_RoleInstance)
            | where tostring(customDimensions["Service Name"]) == "churn"
            | distinct cloud_RoleInstance))
| order by timestamp desc
| take 10
time range: all there is
no traces match
"""
    )


@pytest.mark.parametrize("unread", ["closed pipe", "full device"])
def test_notes_that_nobody_can_read_do_not_stop_the_work(demo: Runner, unread: str) -> None:
    """The note on the time range comes before the data, and must not take it along."""
    reading, writing = os.pipe()
    os.close(reading)
    if unread == "full device":
        os.close(writing)
        writing = os.open("/dev/full", os.O_WRONLY)
    try:
        done = subprocess.run(
            [*MLMON, "ls", "--day", "2026-03-01", "-o", "jsonl"],
            cwd=demo.folder,
            stdout=subprocess.PIPE,
            stderr=writing,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("command", ["init", "query", "serve"])
def test_help_is_broken_where_the_screen_ends_and_nowhere_else(command: str, width: int) -> None:
    done = subprocess.run(
        [*MLMON, command, "--help"],
        env={**os.environ, "COLUMNS": str(width), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    said, _, examples = done.stdout.partition("Examples:")
    lines = [line.strip() for line in said.splitlines()]
    paragraphs = [list(group) for filled, group in itertools.groupby(lines, key=bool) if filled]
    assert len(paragraphs) >= 3  # the usage, the summary, and what is to be known
    for paragraph in paragraphs:
        assert paragraph == textwrap.wrap(" ".join(paragraph), width - 2)
    first = next(line for line in examples.splitlines() if line.strip())
    assert first.startswith(f"   mlmon {command} ")
