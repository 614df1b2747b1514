"""Progress: a bar that moves on a terminal, and a plain line now and then elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Event, RLock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal, Protocol

from mlmon.output.cells import human_bytes
from mlmon.output.controls import neutral
from mlmon.output.streams import Stream

if TYPE_CHECKING:
    from rich import progress as rich_progress

Unit = Literal["files", "bytes", "days", "services", "seconds"]

SHOW_AFTER: Final = 1.0
"""Seconds of work before a bar appears."""

SAY_EVERY: Final = 5.0
"""Seconds between plain lines."""

_ECHO: Final = 3
"""Columns kept free: what a terminal writes for Ctrl-C must not break the line, which could then not be erased."""
_BAR: Final = 20
_SHORT_BAR: Final = 8
_SHORTEST_BAR: Final = 3
_LEAST: Final = 12
_MEASURE: Final = re.compile(r"\d[\w.]*\+?(?: [\w+/]+)+")
_COUNTED: Final = re.compile(r"\d+ (?:of .*|files .*)")


class Progress(Protocol):
    """Work going on."""

    def advance(self, n: int, *, item: str = "") -> None:
        """`n` more units are done; `item` names what is being worked on, or holds measures (`3 of 10 files, 5s left`).

        Where there is little room a name loses its beginning; of measures whole ones go. Safe from any thread.
        """

    def expect(self, total: int) -> None:
        """How many units there are in all, where that was not known at first. Safe from any thread."""


class Bar(Progress, Protocol):
    """Progress that may be drawn on the screen."""

    def aside(self) -> AbstractContextManager[None]:
        """Off the screen while something else is written to it."""

    def close(self) -> None:
        """The work is over."""


class Speaker(Protocol):
    """As much of a terminal as progress needs."""

    @property
    def stderr(self) -> Stream: ...
    @property
    def width(self) -> int: ...
    @property
    def quiet(self) -> bool: ...
    @property
    def clock(self) -> Callable[[], float]: ...
    def note(self, message: str) -> None: ...


def measured(terminal: Speaker, label: str, *, total: int | None, unit: Unit) -> Bar:
    """The progress that suits the terminal."""
    if terminal.stderr.moving and not terminal.quiet:
        return _MovingBar(terminal, label, total=total, unit=unit)
    return _PlainLines(terminal, label, total=total, unit=unit)


class _PlainLines:
    """A note every few seconds. A quiet terminal drops notes by itself."""

    def __init__(self, terminal: Speaker, label: str, *, total: int | None, unit: Unit) -> None:
        self._terminal = terminal
        self._label = label
        self._total = total
        self._unit: Unit = unit
        self._done = 0
        self._said = terminal.clock()
        self._lock = RLock()

    def advance(self, n: int, *, item: str = "") -> None:
        with self._lock:
            self._done += n
            now = self._terminal.clock()
            if now - self._said >= SAY_EVERY:
                self._said = now
                colon = "," if self._unit == "seconds" else ":"
                lead = f"{self._label}{colon} {_amount(self._done, self._total, self._unit)}"
                self._terminal.note(f"{lead}, {item}" if item else lead)

    def expect(self, total: int) -> None:
        self._total = total

    def aside(self) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        """The last line said is the last there is."""


class _MovingBar:
    """Rich's bar, made when the work has lasted long enough to be worth one."""

    def __init__(self, terminal: Speaker, label: str, *, total: int | None, unit: Unit) -> None:
        self._terminal = terminal
        self._label = label
        self._total = total
        self._unit: Unit = unit
        self._done = 0
        self._began = terminal.clock()
        self._lock = RLock()
        self._drawn: rich_progress.Progress | None = None
        self._cells = _BAR  # it never gets longer again, so that it does not flicker
        self._column: rich_progress.BarColumn

    def advance(self, n: int, *, item: str = "") -> None:
        with self._lock:
            self._done += n
            if self._drawn is None:
                if self._terminal.clock() - self._began < SHOW_AFTER:
                    return
                self._drawn = self._draw()
                self._drawn.start()
            self._move(self._drawn, item)

    def expect(self, total: int) -> None:
        with self._lock:
            self._total = total
            if self._drawn is not None:
                self._drawn.update(self._drawn.task_ids[0], total=total)

    def _move(self, drawn: rich_progress.Progress, item: str) -> None:
        label, self._cells, said = self._line(self._terminal.stderr.shown(neutral(item)))
        self._column.bar_width = self._cells
        drawn.update(drawn.task_ids[0], description=label, completed=self._done, said=said)

    def _line(self, item: str) -> tuple[str, int, str]:
        """The label, the length of the bar and what stands behind it: the bar gets shorter first, then measures go,
        then the label is cut. A number is either whole or not there."""
        label = self._terminal.stderr.shown(neutral(self._label))
        short = min(len(label), _LEAST)
        ways = self._ways(item, room=self._width - len(label) - _SHORT_BAR - len("   "))
        last = [*ways, f"{100 * self._done // self._total}%" if self._total else "", ""]
        rungs = ((len(label), _SHORT_BAR, ways), (short, _SHORT_BAR, ways), (short, _SHORTEST_BAR, last))
        for least, bar, said in ((least, bar, said) for least, bar, those in rungs for said in those):
            room = self._width - len("  ") - len(said)
            if room - least >= bar:
                cells = min(self._cells, max(bar, room - len(label)))
                return self._cut(label, room - cells), cells, said
        return "", 1, ""

    def _ways(self, item: str, *, room: int) -> list[str]:
        """What may stand behind the bar, the fullest first; an item that is a name is cut to the room there is."""
        amount = _amount(self._done, self._total, self._unit)
        parts = item.split(", ")
        if not all(_MEASURE.fullmatch(part) for part in parts):
            room -= len(amount)
            named = item if len(item) <= room else self._mark + item[len(item) - room + len(self._mark) :]
            return [f"{amount} {named}", amount] if item and (room >= _LEAST or named == item) else [amount]
        # what is counted says most, and stays; the others go from the left, as the most telling comes last
        counted = [part for part in parts if _COUNTED.fullmatch(part)]
        ways = [parts]
        while others := [part for part in ways[-1] if part not in counted]:
            ways.append([part for part in ways[-1] if part != others[0]])
        alone = ", ".join(counted) or amount
        return [*(" ".join(filter(None, (amount, ", ".join(kept)))) for kept in ways), alone]

    @property
    def _width(self) -> int:
        return max(1, self._terminal.width - _ECHO)

    @property
    def _mark(self) -> str:
        return self._terminal.stderr.ellipsis

    def _cut(self, label: str, room: int) -> str:
        return label if len(label) <= room else f"{label[: room - len(self._mark)]}{self._mark}"

    @contextmanager
    def aside(self) -> Iterator[None]:
        with self._lock:
            drawn = self._drawn
            if drawn is None:
                yield
                return
            drawn.stop()
            try:
                yield
            finally:
                drawn.start()

    def close(self) -> None:
        with self._lock:
            if self._drawn is not None:
                self._drawn.stop()
                self._drawn = None
            self._began = float("inf")  # a thread that comes too late draws nothing

    def _draw(self) -> rich_progress.Progress:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        stream = self._terminal.stderr

        class Ascii(Console):
            """Draws as where the encoding has no more than ASCII."""

            encoding = property(lambda _: "ascii")  # rich asks for it to choose its signs

        self._column = BarColumn(bar_width=self._cells)
        drawn = Progress(
            TextColumn("{task.description}", markup=False),
            self._column,
            TextColumn("{task.fields[said]}", markup=False),
            console=(Ascii if stream.plain else Console)(
                file=stream.file,
                force_terminal=True,
                color_system="standard" if stream.colour else None,
                width=self._width,
                legacy_windows=False,
            ),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        drawn.add_task("", total=self._total, said="")
        return drawn


def _amount(done: int, total: int | None, unit: Unit) -> str:
    if unit == "bytes":
        return human_bytes(done) if total is None else f"{human_bytes(done)} of {human_bytes(total)}"
    if unit == "seconds":
        return f"{done} s"
    counted = unit.removesuffix("s") if (done if total is None else total) == 1 else unit
    return f"{done} {counted}" if total is None else f"{done} of {total} {counted}"


@contextmanager
def ticking(progress: Progress, *, seconds: bool, moving: bool) -> Iterator[None]:
    """Let progress show that time passes while something is waited for: as its amount (`seconds`), or beside it.

    Off a moving terminal it is said ever more rarely, and in the end once a minute.
    """
    began = monotonic()
    over = Event()

    def tick() -> None:
        told, pause = 0, _REDRAWN if moving else SAY_EVERY
        while not over.wait(pause):
            past = int(monotonic() - began)
            progress.advance(past - told if seconds else 0, item="" if seconds else f"{past} s")
            told = past
            pause = pause if moving else min(2 * pause, _RAREST)

    clock = Thread(target=tick, name="mlmon-clock", daemon=True)
    clock.start()
    try:
        yield
    finally:
        over.set()
        clock.join()


_REDRAWN: Final = 0.5
_RAREST: Final = 60.0
