"""What every test of a command uses: `mlmon("pull --month 3")` runs it through main() in a folder of its own."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mlmon.main import main
from mlmon.session import World

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


class Stream(io.StringIO):
    """A stream that may claim to be a terminal."""

    def __init__(self, text: str = "", *, terminal: bool = False) -> None:
        super().__init__(text)
        self.terminal = terminal
        self.bytes = io.BytesIO()

    def isatty(self) -> bool:
        return self.terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]  # StringIO has none; a real stream says what it takes
        return "utf-8"

    @property
    def buffer(self) -> io.BytesIO:
        return self.bytes


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    code: int
    out: str
    err: str
    data: bytes = b""

    @property
    def json(self) -> Any:
        """Its stdout as JSON."""
        return json.loads(self.out)

    @property
    def jsonl(self) -> list[Any]:
        """Its stdout as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Runner:
    """mlmon in one folder, at one moment, with an environment that holds nothing but what a test put there."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    now: datetime = NOW
    width: int = 80

    def __call__(self, command: str | Sequence[str], *, stdin: str = "", terminal: bool = False) -> Outcome:
        argv = shlex.split(command) if isinstance(command, str) else list(command)
        streams = (Stream(stdin, terminal=terminal), Stream(terminal=terminal), Stream(terminal=terminal))
        environ = {"HOME": str(self.folder / "no-home"), "COLUMNS": str(self.width), "NO_COLOR": "1", **self.environ}
        world = World(*streams, environ, self.folder, lambda: self.now, main)
        code = main(argv, world)
        return Outcome(code, streams[1].getvalue(), streams[2].getvalue(), streams[1].bytes.getvalue())

    def at(self, folder: Path, **environ: str) -> Runner:
        """The same run somewhere else."""
        return replace(self, folder=folder, environ={**self.environ, **environ})


@pytest.fixture
def mlmon(tmp_path: Path) -> Runner:
    """mlmon in an empty folder."""
    return Runner(tmp_path)


Make = Callable[..., Runner]
