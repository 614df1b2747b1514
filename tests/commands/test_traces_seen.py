"""Traces as a person sees them; the screens of test_screens.py are of the rows that are kept here."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

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


def screen(runner: Runner, command: str, *, width: int = 80, **environ: str) -> str:
    made = replace(runner, width=width, environ={**runner.environ, **environ})
    outcome = made(command, terminal=True)
    assert outcome.code == 0, outcome.err
    return outcome.out


DEMO = """\
id            time                 level  input                 output
mntd0onfq36i  2026-11-19 17:53:56  info   [[54.0, 1.0, 27.2,    [105.01, 85.94,
                                          83.0, 204.0, 109.0,   157.94, 279.52,
                                          82.0, 2.0, 4.1744,    163.45]
                                          1…
mntczzeux11e  2026-11-19 17:34:18  info   [[46.0, 2.0, 45.2,    [283.66, 179.18,
                                          108.0, 211.0, 137.0,  169.11, 173.82,
                                          44.0, 5.0, 5.0106,…   133.73]
"""
ONE = """\
id: mntcfkp408ty
time: 2026-11-19 08:03:00
level: info
marks: corrected
payload.Input: [7]
payload.Prediction: [0.5]
payload.Request Id: r-1
payload.Client Request Id: 
payload.Models: ["m:1"]
customDimensions.Container Id: host
cloud_RoleName: churn-v2/blue
"""  # noqa: W291 - a value that is empty


def test_a_printed_object_has_a_column_for_each_part(demo: Runner) -> None:
    assert screen(demo, "traces --where input --limit 2") == DEMO


def test_one_trace_in_full(churn: Runner) -> None:
    add(churn, *ROWS[:3], data("[7]"))
    assert screen(churn, "traces churn-v2 --show mntcfkp408ty") == ONE
    assert screen(churn, "traces churn-v2 --show mntcfkp408ty", LC_ALL="C") == ONE
    coloured = screen(churn, "traces churn-v2 --show mntcfkp408ty", NO_COLOR="")
    assert coloured == "".join(f"\x1b[1m{line.replace(':', chr(27) + '[0m:', 1)}\n" for line in ONE.splitlines())


def test_nothing_in_a_trace_acts_on_the_terminal(churn: Runner) -> None:
    add(churn, HOSTILE)
    assert screen(churn, "traces churn-v2", width=120) == (
        "id            time                 level  \\x1b[2Jkey        \\u202egpj.exe  line\\nbreak\n"
        "mntcfgu802nw  2026-11-19 08:00:00  error  \\x1b]0;title\\x07  \\u2066x        a\\r\\nb\n"
    )
    assert screen(churn, "traces churn-v2 --show mntcfgu802nw") == (
        "id: mntcfgu802nw\n"
        "time: 2026-11-19 08:00:00\n"
        "level: error\n"
        "payload.\\x1b[2Jkey: \\x1b]0;title\\x07\n"
        "payload.\\u202egpj.exe: \\u2066x\n"
        "payload.line\\nbreak: a\\r\\nb\n"
        "cloud_RoleName: churn-v2/blue\n"
    )
    for output in ("json", "jsonl", "csv", "md", "table"):
        shown = screen(churn, f"traces churn-v2 -o {output}")
        assert not {"\x1b", "\x07", "\u202e", "\u2066", "\r"}.intersection(shown), output


def test_a_printed_line_cannot_drive_the_terminal(churn: Runner) -> None:
    (churn.folder / "rows.json").write_text('{"data": [[1]]}')
    script = (churn.folder / "v2.py").read_text()
    (churn.folder / "v2.py").write_text(script.replace("print(json", 'print("\\x1b[2Jgone"); print(json'))
    churn("invoke churn-v2 --data rows.json")
    for terminal in (True, False):
        shown = churn("traces churn-v2 --where gone -o table", terminal=terminal)
        assert shown.out.splitlines()[1].endswith("\\x1b[2Jgone")
        assert churn("traces churn-v2 --where gone --raw -o table", terminal=terminal).out == "\x1b[2Jgone\n"
