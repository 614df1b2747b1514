"""Streams that are a terminal or a pipe as a test likes, and what came out of them."""

from __future__ import annotations

import io
from dataclasses import dataclass

from mlmon.core.errors import ExitCode
from mlmon.output.results import Format, Result
from mlmon.output.show import show
from mlmon.output.terminal import Terminal


class Screen(io.TextIOWrapper):
    """A stream over memory that says whether it is a terminal."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8", typed: str = "") -> None:
        self.memory = io.BytesIO(typed.encode(encoding))
        self.tty = tty
        super().__init__(self.memory, encoding=encoding, newline="")

    def isatty(self) -> bool:
        return self.tty

    @property
    def seen(self) -> str:
        self.flush()
        return self.memory.getvalue().decode(self.encoding)


@dataclass(frozen=True)
class Shown:
    out: str
    err: str
    code: ExitCode


@dataclass(frozen=True)
class Desk:
    """A terminal and the streams behind it."""

    terminal: Terminal
    out: Screen
    err: Screen


def desk(
    *,
    tty: bool = True,
    err_tty: bool | None = None,
    in_tty: bool | None = None,
    typed: str = "",
    width: int = 80,
    encoding: str = "utf-8",
    environ: dict[str, str] | None = None,
    clock: object = None,
) -> Desk:
    out = Screen(tty=tty, encoding=encoding)
    err = Screen(tty=tty if err_tty is None else err_tty, encoding=encoding)
    stdin = Screen(tty=tty if in_tty is None else in_tty, encoding=encoding, typed=typed)
    more = {"clock": clock} if clock is not None else {}
    made = Terminal.of(
        stdin, out, err, {"TERM": "xterm", "NO_COLOR": "1"} if environ is None else environ, width=width, **more
    )
    return Desk(made, out, err)


def shown(result: Result, form: str, *, raw: bool = False, **how: object) -> Shown:
    """Print a result in a fresh place. Without more words: 80 columns, UTF-8, no colour."""
    place = desk(**how)
    code = show(result, format=Format(form), terminal=place.terminal, raw=raw)
    return Shown(place.out.seen, place.err.seen, code)
