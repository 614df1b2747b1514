"""Whole screens as people see them, in a real terminal: 80 and 120 columns, in ASCII, and with colour.

What is seen is kept in `screens/`. `WRITE_SCREENS=1 pytest tests/commands/test_screens.py` writes it anew, to be looked
at before it is committed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from commands.test_logs import V1, V2
from commands.test_metrics import history, kept
from commands.test_traces import add
from commands.test_traces_seen import ROWS
from mlmon.core.model import ServiceName
from mlmon.local.logs import log_path
from running import Runner
from tmuxed import Tmux, tmux

SCREENS: Final = Path(__file__).parent / "screens"


@dataclass(frozen=True)
class Look:
    """A terminal, and what a person has set in it."""

    columns: int
    environ: dict[str, str] = field(default_factory=dict)


PLAIN: Final = {"NO_COLOR": "1"}
LOOKS: Final = {
    "80": Look(80, PLAIN),
    "120": Look(120, PLAIN),
    "ascii": Look(80, {"LC_ALL": "C", **PLAIN}),
    "colour": Look(80),
}


@pytest.fixture
def terminal() -> Iterator[Tmux]:
    with tempfile.TemporaryDirectory(prefix="tmux-") as short, tmux(Path(short)) as made:
        yield made


@pytest.fixture
def busy(churn: Runner) -> Path:
    """A v1 and a v2 service with a log each; the one has had a day of requests, the other traces of all shapes."""
    for name, container, text in (("churn", "scoring", V1), ("churn-v2/blue", "inference-server", V2)):
        log = log_path(churn.folder, ServiceName.parse(name), container)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)
    add(churn, *ROWS)
    return kept(churn, history()).folder


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("logs", "logs --all -H slow -H ^Zero -H Encountered"),
        ("traces", "traces churn-v2"),
        ("metrics", "metrics churn"),
    ],
)
def test_what_people_see_of_a_service(busy: Path, terminal: Tmux, name: str, command: str) -> None:
    look(terminal, busy, name, command)


@pytest.mark.parametrize(
    ("name", "command"),
    [("request-well", "request latest"), ("request-failed", "request latest-failed diabetes-v2/blue")],
)
def test_what_people_see_of_a_request(demo: Runner, terminal: Tmux, name: str, command: str) -> None:
    look(terminal, demo.folder, name, command)


def look(terminal: Tmux, folder: Path, name: str, command: str) -> None:
    """Compare a command's screens with those that are kept."""
    windows = {look: terminal.open(command, folder, each.environ, columns=each.columns) for look, each in LOOKS.items()}
    found = {look: terminal.seen(window) for look, window in windows.items()}
    assert {look: each.code for look, each in found.items()} == dict.fromkeys(LOOKS, 0)
    screens = {look: each.screen for look, each in found.items()}
    if os.environ.get("WRITE_SCREENS"):
        for look_, screen in screens.items():
            path_of(name, look_).write_text(screen, encoding="utf-8")
    assert screens == {look: path_of(name, look).read_text("utf-8") for look in LOOKS}
    assert screens["ascii"].isascii()
    assert re.sub(r"\x1b\[[0-9;]*m|\x0e|\x0f", "", screens["colour"]) == screens["80"] != screens["colour"]


def path_of(name: str, look: str) -> Path:
    return SCREENS / f"{name}-{look}.txt"
