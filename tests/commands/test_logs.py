"""The container log, as a person reads it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

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


def test_another_container(churn: Runner) -> None:
    outcome = churn("logs churn-v2 --container storage-initialiser")
    assert outcome.code == 5
    assert "storage-initializer" in outcome.err
