"""Traces as a person sees them: whole screens, wide and narrow, with colour, without, and in ASCII."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from commands.test_traces import add, data
from running import Runner

PRINTED = json.dumps({"input": [[31.25, 2.5, 17.0], [64.0, 0.0, 1.5]], "output": [33.75, 64.0], "who": "José"})
ROWS: list[dict[str, Any]] = [
    {"message": PRINTED, "severityLevel": 1},
    {"message": "the model is warm", "severityLevel": 0},
    {"message": "a long warning about nothing in particular that takes more room than a line has", "severityLevel": 2},
    data("[" + ", ".join(["0.5"] * 3000) + "]"),
    {"message": "no level at all"},
]
HOSTILE = {
    "message": json.dumps({"\x1b[2Jkey": "\x1b]0;title\x07", "\u202egpj.exe": "\u2066x", "line\nbreak": "a\r\nb"}),
    "severityLevel": 3,
}


@pytest.fixture
def seen(churn: Runner) -> Runner:
    add(churn, *ROWS)
    return churn


def screen(runner: Runner, command: str, *, width: int = 80, **environ: str) -> str:
    made = replace(runner, width=width, environ={**runner.environ, **environ})
    outcome = made(command, terminal=True)
    assert outcome.code == 0, outcome.err
    return outcome.out
