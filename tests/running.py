"""mlmon in a test: `mlmon("pull --month 3")` runs it through main(), with streams, clock and environment of its own."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlmon.main import main
from mlmon.session import World

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


class Stream(io.TextIOWrapper):
    """A real text stream over memory that may claim to be a terminal."""

    def __init__(self, text: str = "", *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(text.encode()), encoding="utf-8", newline="")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    @property
    def written(self) -> bytes:
        """Everything that reached it."""
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined,no-any-return]  # it is the BytesIO from above


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    code: int
    data: bytes
    err: str

    @property
    def out(self) -> str:
        """Its stdout as text."""
        return self.data.decode()

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
    clock: Callable[[], datetime] | None = None

    def __call__(self, command: str | Sequence[str], *, stdin: str = "", terminal: bool = False) -> Outcome:
        argv = shlex.split(command) if isinstance(command, str) else list(command)
        streams = (Stream(stdin, terminal=terminal), Stream(terminal=terminal), Stream(terminal=terminal))
        environ = {"HOME": str(self.folder / "no-home"), "COLUMNS": str(self.width), "NO_COLOR": "1", **self.environ}
        world = World(*streams, environ, self.folder, self.clock or (lambda: self.now), main)
        code = main(argv, world)
        return Outcome(code, streams[1].written, streams[2].written.decode())

    def at(self, folder: Path, **environ: str) -> Runner:
        """The same run somewhere else."""
        return replace(self, folder=folder, environ={**self.environ, **environ})
