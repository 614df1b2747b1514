"""The container log, as a person reads it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from mlmon.core.model import ServiceName
from mlmon.local.logs import log_path
from running import NOW, Runner

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202etxt\rhidden"


@pytest.fixture
def logged(churn: Runner) -> Runner:
    """A service whose log has ten lines, a minute apart, the last of them a minute ago."""
    lines = [f"{NOW - timedelta(minutes=10 - n):%Y-%m-%d %H:%M:%S},000 | root | INFO | line {n}" for n in range(10)]
    log = log_of(churn)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("\n".join(lines) + "\n")
    return churn


def log_of(churn: Runner) -> Path:
    churn("invoke --data rows.json")
    [log] = (churn.folder / "logs" / "churn").glob("*.log")
    return log


def shown(outcome_text: str) -> list[int]:
    return [int(line[-1]) for line in outcome_text.splitlines()]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ("", list(range(10))),
        ("-n 3", [7, 8, 9]),
        ("-n 0", []),
        ("--since 3m30s", [7, 8, 9]),
        ("--since 5m --until 3m", [5, 6]),
        ("--since 5m -n 1", [9]),
        ("-i 'line [13]' -i 5", [1, 3, 5]),
        ("-i line -e '[0-7]$'", [8, 9]),
        ("-i 'line [0-5]' -n 2", [4, 5]),
        ("churn --since 2026-11-20T10:28", [8, 9]),
    ],
)
def test_which_lines_come(logged: Runner, options: str, lines: list[int]) -> None:
    assert shown(logged(f"logs {options}").out) == lines


def test_records_are_rows_in_json(logged: Runner) -> None:
    assert logged("logs -n 1 -o jsonl").jsonl == [
        {
            "type": "record",
            "time": "2026-11-20T10:29:00Z",
            "level": "info",
            "service": "churn",
            "container": "scoring",
            "logger": "root",
            "message": "line 9",
            "request_id": None,
            "pid": None,
            "line": "2026-11-20 10:29:00,000 | root | INFO | line 9",
            "at_most": None,
            "reason": None,
        }
    ]


def test_a_service_that_never_logged_says_so(churn: Runner) -> None:
    outcome = churn("logs churn-v2")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "no lines in the log of churn-v2/blue\n")


def test_what_would_drive_the_terminal_is_shown_and_raw_only_when_asked(churn: Runner) -> None:
    log_of(churn).write_text(HOSTILE + "\n", newline="")
    for terminal in (True, False):
        assert churn("logs", terminal=terminal).out == "\\x1b]0;owned\\x07\\x1b[2J\\u202etxt\\rhidden\n"
        assert churn("logs --raw", terminal=terminal).out == HOSTILE + "\n"


def test_a_wrong_expression_is_a_usage_error(logged: Runner) -> None:
    outcome = logged("logs -i '(' ")
    assert outcome.code == 2
    assert outcome.err == (
        "error: '(' is not a regular expression: missing ), unterminated subpattern\nhint: escape it with \\\n"
    )


@pytest.mark.parametrize("words", ["-i '(a+)+$'", "--all -e '(a|a)*$'", "-H '(.*)*=$'"])
def test_an_expression_that_would_take_for_ever_is_ended(churn: Runner, words: str) -> None:
    log_of(churn).write_text("a" * 60 + "b\n")
    churn.environ = {"NO_COLOR": "", "TERM": "xterm"}
    outcome = churn(f"logs {words}", terminal=True)
    assert (outcome.code, outcome.out) == (2, "")
    assert re.sub(r"\x1b\[[\d;]*m", "", outcome.err) == (
        "error: a regular expression takes too long for a text of 61 characters\n"
        "hint: one repeat inside another, like (a+)+, may be why: write it with one, or\n  more exactly\n"
    )


def test_another_container(churn: Runner) -> None:
    outcome = churn("logs churn-v2 --container storage-initialiser")
    assert outcome.code == 5
    assert "storage-initializer" in outcome.err


V1 = """\
2026-11-20 10:20:00,000 | root | INFO | up
{"input": [1], "output": 2}
2026-11-20 10:25:00,000 | root | ERROR | Encountered Exception: Traceback (most recent call last):
  File "score.py", line 3, in run
ZeroDivisionError: division by zero
"""
V2 = """\
2026-11-20 10:21:00,000 I [73] azmlinfsrv - Users's init has completed successfully
2026-11-20 10:24:00,000 W [73] azmlinfsrv - slow
2026-11-20 10:26:00,000 D [73] azmlinfsrv - \x1b[2J\u202edone
"""


@pytest.fixture
def two(churn: Runner) -> Runner:
    """Two services that log at the same time."""
    for name, container, text in (("churn", "scoring", V1), ("churn-v2/blue", "inference-server", V2)):
        log = log_path(churn.folder, ServiceName.parse(name), container)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)
    return churn


MERGED = """\
churn         | 2026-11-20 10:20:00,000 | root | INFO | up
churn         | {"input": [1], "output": 2}
churn-v2/blue | 2026-11-20 10:21:00,000 I [73] azmlinfsrv - Users's init has completed successfully
churn-v2/blue | 2026-11-20 10:24:00,000 W [73] azmlinfsrv - slow
churn         | 2026-11-20 10:25:00,000 | root | ERROR | Encountered Exception: Traceback (most recent call last):
churn         |   File "score.py", line 3, in run
churn         | ZeroDivisionError: division by zero
churn-v2/blue | 2026-11-20 10:26:00,000 D [73] azmlinfsrv - \\x1b[2J\\u202edone
"""
V1_COLOUR, V2_COLOUR = "\x1b[96m", "\x1b[34m"
COLOURED = """\
{v1}churn         |{off} 2026-11-20 10:20:00,000 | root | INFO | up
{v1}churn         |{off} {{"input": [1], "output": 2}}
{v2}churn-v2/blue |{off} 2026-11-20 10:21:00,000 I [73] azmlinfsrv - Users's init has completed successfully
{v2}churn-v2/blue |{off} {warning}2026-11-20 10:24:00,000 W [73] azmlinfsrv - {off}{mark}slow{off}
{v1}churn         |{off} {error}2026-11-20 10:25:00,000 | root | ERROR | {off}\
{mark}Encountered{off}{error} Exception: Traceback (most recent call last):{off}
{v1}churn         |{off} {error}  File "score.py", line 3, in run{off}
{v1}churn         |{off} {mark}Zero{off}{error}DivisionError: division by zero{off}
{v2}churn-v2/blue |{off} {dim}2026-11-20 10:26:00,000 D [73] azmlinfsrv - \\x1b[2J\\u202edone{off}
""".format(
    v1=V1_COLOUR, v2=V2_COLOUR, off="\x1b[0m", mark="\x1b[7m", error="\x1b[1;31m", warning="\x1b[33m", dim="\x1b[2m"
)
HIGHLIGHT = "-H slow -H '^Zero' -H Encountered"


@pytest.mark.parametrize("words", ["churn-v2 churn", "--all", "churn churn-v2/blue churn"])
def test_several_services_are_merged_by_time_and_say_whose_each_line_is(two: Runner, words: str) -> None:
    for terminal in (True, False):
        assert two(f"logs {words} {HIGHLIGHT}", terminal=terminal).out == MERGED


def test_on_a_terminal_names_levels_and_what_is_highlighted_have_a_colour(two: Runner) -> None:
    two.environ = {"NO_COLOR": "", "TERM": "xterm"}
    assert two(f"logs churn churn-v2 {HIGHLIGHT}", terminal=True).out == COLOURED
    assert two(f"logs --all {HIGHLIGHT} --no-color", terminal=True).out == MERGED
    assert two(f"logs --all {HIGHLIGHT}", terminal=False).out == MERGED
    assert two("logs -n 1", terminal=True).out.startswith("\x1b[1;31m2026-11-20 10:25")


def test_a_name_that_is_longer_than_a_third_of_the_screen_is_whole(two: Runner) -> None:
    two.width = 30
    assert two("logs --all -n 1", terminal=True).out.splitlines()[-1].startswith("churn-v2/blue | 2026")
    assert two("logs --all -n 1", terminal=True).out.startswith("churn      | 2026")
    assert two("logs --all -n 1").out.startswith("churn         | 2026")


def test_what_is_drawn_keeps_to_ascii_where_the_terminal_does(two: Runner, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("a\n")
    (tmp_path / "two").write_text("b\n")
    words = f"logs --replay {tmp_path / 'one'} {tmp_path / 'two'}"
    assert two(words, terminal=True).out == "a\n… gap: lines may be missing\nb\n"
    assert two(words).out == "a\n... gap: lines may be missing\nb\n"
    two.environ = {"LC_ALL": "C"}
    assert two(words, terminal=True).out == "a\n... gap: lines may be missing\nb\n"
    two.environ = {"NO_COLOR": "", "TERM": "xterm"}
    assert two(words, terminal=True).out == "a\n\x1b[33m… gap: lines may be missing\x1b[0m\nb\n"


def test_the_last_are_those_of_each_service_and_a_traceback_counts_once(two: Runner) -> None:
    assert two("logs churn churn-v2 -n 1 -o jsonl").jsonl == [
        {
            "type": "record",
            "time": "2026-11-20T10:25:00Z",
            "level": "error",
            "service": "churn",
            "container": "scoring",
            "logger": "root",
            "message": "Encountered Exception: Traceback (most recent call last):\n"
            '  File "score.py", line 3, in run\nZeroDivisionError: division by zero',
            "request_id": None,
            "pid": None,
            "line": "".join(V1.splitlines(keepends=True)[2:]).rstrip("\n"),
            "at_most": None,
            "reason": None,
        },
        {
            "type": "record",
            "time": "2026-11-20T10:26:00Z",
            "level": "debug",
            "service": "churn-v2/blue",
            "container": "inference-server",
            "logger": "azmlinfsrv",
            "message": "\x1b[2J\u202edone",
            "request_id": None,
            "pid": "73",
            "line": "2026-11-20 10:26:00,000 D [73] azmlinfsrv - \x1b[2J\u202edone",
            "at_most": None,
            "reason": None,
        },
    ]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ("--level warning", [2, 3, 4]),
        ("--level ERR", [2, 3, 4]),
        ("--level info", [0, 2, 3, 4]),
        ("--level critical", []),
        ("-i '^Zero'", [2, 3, 4]),
        ("-e division", [0, 1]),
        ("--since 6m", [2, 3, 4]),
        ("--until 6m", [0, 1]),
        ("-n 1 --raw", [4]),
        ("-i Zero -n 2 --raw", [3, 4]),
    ],
)
def test_a_filter_takes_or_leaves_a_whole_record(two: Runner, options: str, lines: list[int]) -> None:
    every = V1.splitlines(keepends=True)
    assert two(f"logs {options}").out == "".join(every[line] for line in lines)


def test_raw_is_the_log_byte_for_byte(two: Runner) -> None:
    for terminal in (True, False):
        two.environ = {"NO_COLOR": "", "TERM": "xterm"}
        assert two("logs churn-v2 --raw -H slow", terminal=terminal).data == V2.encode()
    assert two("logs --all --raw -n 1").out == V1.splitlines()[-1] + "\n" + V2.splitlines()[-1] + "\n"


def test_bytes_that_are_no_utf_8_are_seen_and_are_exact_when_raw(churn: Runner) -> None:
    data = bytes(range(256)).replace(b"\n", b"") + b"\n"
    log_of(churn).write_bytes(data)
    assert churn("logs --raw").data == data
    assert churn("logs -i '\x41\x42'").out.endswith("\\udcfe\\udcff\n")
    assert churn("logs -o jsonl").jsonl[0]["line"].endswith("\ufffd")


def test_one_of_several_logs_that_cannot_be_read_is_said_and_the_others_are_shown(two: Runner) -> None:
    outcome = two("logs --all --container storage-initializer")
    assert (outcome.code, outcome.out) == (7, "")
    assert outcome.err == (
        "warning: churn: churn has no container 'storage-initializer'\n"
        "hint: its containers are scoring\n"
        "no lines in the logs of churn, churn-v2/blue\n"
    )
    outcome = two("logs churn churn --container init")
    assert (outcome.code, outcome.err.splitlines()[0]) == (5, "error: churn has no container 'init'")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("--all churn", "--all and a service cannot be combined"),
        ("-f --until 1h", "logs takes --until without --follow (--for ends it)"),
        ("--for 1h", "logs takes --follow with --for"),
        ("-f --for 0s", "the duration '0s' is no time at all"),
        ("--replay", "logs takes --replay with the files that snapshots were saved in"),
        ("--replay x -n 1", "logs takes --replay without --follow, --all, --tail and --container"),
        ("--level loud", "'loud' is not a level"),
        ("-H '('", "'(' is not a regular expression: missing ), unterminated subpattern"),
    ],
)
def test_what_does_not_go_together_is_refused(two: Runner, words: str, error: str) -> None:
    outcome = two(f"logs {words}")
    assert (outcome.code, outcome.out, outcome.err.splitlines()[0]) == (2, "", f"error: {error}")


def test_the_line_ends_of_windows_are_no_part_of_what_is_shown_or_looked_for(churn: Runner) -> None:
    log_of(churn).write_bytes(b"one\r\n2026-11-20 10:25:00,000 | root | ERROR | two\r\n10%\r 20%\r\n")
    assert churn("logs").out == "one\n2026-11-20 10:25:00,000 | root | ERROR | two\n10%\\r 20%\n"
    assert churn("logs -i one$").out == "one\n"
    assert [row["message"] for row in churn("logs -o jsonl -i two$").jsonl] == ["two"]
    assert churn("logs -n 2 --raw").data.endswith(b"two\r\n10%\r 20%\r\n")


def test_saved_snapshots_show_what_following_would_have(two: Runner, tmp_path: Path) -> None:
    failed = "2026-11-20 10:25:00,000 E [73] azmlinfsrv - failed"
    status = "Instance status:\nSystemSetup: Succeeded\n\nContainer logs:\n"
    snapshots = [
        f"{status}one\ntwo\n",
        f"{status}one\ntwo\n{failed}\nTraceback (most recent call last):\n",
        f'{failed}\nTraceback (most recent call last):\n  File "s.py", line 1, in f\nKeyError: 1\nthree\r\n',
        f"four\n{failed}\n",  # more may belong to it, but nothing comes
    ]
    files = [tmp_path / f"saved {number}" for number in range(len(snapshots))]
    for file, text in zip(files, snapshots, strict=True):
        file.write_bytes(text.encode())
    words = ["logs", "--replay", *map(str, files)]
    record = f'{failed}\nTraceback (most recent call last):\n  File "s.py", line 1, in f\nKeyError: 1\n'
    outcome = two(words)
    assert outcome.out == f"one\ntwo\n{record}three\n... gap: lines may be missing\nfour\n{failed}\n"
    assert (outcome.code, outcome.err) == (0, "Instance status:\nSystemSetup: Succeeded\n\nContainer logs:\n")
    assert two([*words, "--level", "error", "-q"]).out == f"{record}... gap: lines may be missing\n{failed}\n"
    raw = two([*words, "--raw", "-q"])
    assert raw.out == f"one\ntwo\n{record}three\r\nfour\n{failed}\n"
    assert raw.err == "warning: gap: lines may be missing\n"
    assert [(row["type"], row["message"], row["reason"]) for row in two([*words, "-qo", "jsonl"]).jsonl][-3:] == [
        ("gap", "lines may be missing", "no overlap"),
        ("record", "four", None),
        ("record", "failed", None),
    ]
    missing = two("logs --replay nowhere")
    assert (missing.code, missing.out) == (5, "")


def test_of_a_status_that_changes_only_what_is_new_is_said(two: Runner, tmp_path: Path) -> None:
    for name, state in (("one", "InProgress"), ("two", "Succeeded"), ("three", "Succeeded")):
        text = f"Instance status:\nSystemSetup: Succeeded\nUserContainerStart: {state}\n\nContainer logs:\n{name}\n"
        (tmp_path / name).write_text(text)
    outcome = two(["logs", "--replay", *(str(tmp_path / name) for name in ("one", "two", "three"))])
    assert outcome.err == (
        "Instance status:\nSystemSetup: Succeeded\nUserContainerStart: InProgress\n\nContainer logs:\n"
        "UserContainerStart: Succeeded\n"
    )


def test_what_can_never_be_followed_is_an_error(two: Runner) -> None:
    outcome = two("logs -f --container init")
    assert (outcome.code, outcome.out, outcome.err) == (
        5,
        "",
        "error: churn has no container 'init'\nhint: its containers are scoring\n",
    )
