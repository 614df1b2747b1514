"""A pull while it goes on: what is seen of it, and what is said in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from mlmon.collected.outcomes import Deleted, Ended, Failed, Fetched, Planned, SetAside, Status, Target
from mlmon.collected.planning import Plan
from mlmon.collected.transfer import Step
from mlmon.commands.selecting import BLOB, blob_row
from mlmon.core.errors import ExitCode, Interrupted, MlmonError
from mlmon.core.model import Service
from mlmon.output.cells import human_bytes, human_duration
from mlmon.output.controls import neutral
from mlmon.output.results import Field, Row
from mlmon.output.terminal import Terminal

if TYPE_CHECKING:
    from mlmon.output.progress import Progress

FIELDS: Final = (*BLOB, Field("status"), Field("reason", optional=True))
_NAMED: Final = 50
"""So many that did not come are named as warnings; when storage is away, it is everything."""
TO_DELETE: Final = "to be deleted"
"""The status, in a dry run, of a file whose blob is gone."""
_FRESH: Final = ("fetched", "resumed", "planned")
_OTHERS: Final = ("resumed", "unchanged", "deleted", TO_DELETE, "failed", "set aside")
_REDRAWN: Final = 0.1
"""Seconds between two looks at the numbers."""
_MEASURED: Final = 0.5
"""Seconds after which there is a rate to speak of."""


@dataclass(slots=True)
class Tally:
    """What has become of blobs so far, in numbers. `bytes` are those that were fetched, on `days`."""

    counts: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    days: set[date] = field(default_factory=set)

    def add(self, result: Ended) -> None:
        """Count what became of a blob."""
        fresh = isinstance(result, Fetched) and result.status is not Status.UNCHANGED
        self.count(
            status_of(result),
            size=result.came if isinstance(result, Fetched) else 0,
            day=result.day if isinstance(result, Fetched) and fresh else None,
        )

    def count(self, status: str, *, size: int, day: date | None) -> None:
        """Count one with this status, and bytes and a day that were (or would be) fetched with it."""
        self.counts[status] += 1
        self.bytes += size
        if day:
            self.days.add(day)

    @property
    def missed(self) -> int:
        """How many did not come."""
        return self.counts["failed"] + self.counts["set aside"]

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.PARTIAL if self.missed else ExitCode.DONE

    def said(self, verb: str) -> str:
        """`fetched 12 files, 3.4 MB, 2 days, 5 unchanged`, and whatever else there was."""
        fresh = sum(self.counts[status] for status in _FRESH)
        files, days = "" if fresh == 1 else "s", "" if len(self.days) == 1 else "s"
        said = f"{verb} {fresh} file{files}, {human_bytes(self.bytes)}, {len(self.days)} day{days}"
        return said + "".join(f", {self.counts[status]} {status}" for status in _OTHERS if self.counts[status])


class Watched:
    """What people see of a pull that goes on: progress, and by name whatever did not come.

    `streamed` says that the rows themselves are seen coming: a bar would be taken away and drawn again for each.
    """

    def __init__(self, terminal: Terminal, plan: Plan, *, streamed: bool = False) -> None:
        self.tally: Final = Tally()
        self._terminal = terminal
        self._missed = Missed(terminal)
        self._plan = plan
        self._streamed = streamed
        self._began = terminal.clock()
        self._lock = Lock()
        self._bar: Progress | None = None
        self._shown = self._began
        self._flowing = self._began  # when the first bytes had come: a listing may have taken long
        self._first = 0
        self._fetched = 0
        self._passed = 0  # fetched or there already
        self._advanced = 0
        self._expected = False

    def say_time(self) -> None:
        """Say how long it took, its listing included, where anything was fetched. It is no part of the answer, which is
        the same each time."""
        if self.tally.days:
            took = self._terminal.clock() - self._began
            rate = f", {human_bytes(int(self.tally.bytes / took))}/s" if took >= _MEASURED else ""
            self._terminal.note(f"took {human_duration(took)}{rate}")

    def came(self, size: int) -> None:
        """Hear of bytes that were fetched. Safe from any thread."""
        with self._lock:
            if not self._fetched:
                self._flowing, self._first = self._terminal.clock(), size
            self._fetched += size
            self._passed += size
        self._show()

    def over(self, steps: Generator[Step, None, None]) -> Iterator[Step]:
        """The steps again, watched."""
        try:
            with self._progress(), closing(steps):
                yield from self._watched(steps)
        except Interrupted:
            raise  # it says itself how many files are whole
        except (GeneratorExit, MlmonError):
            # an error, or whoever reads the rows has gone, or was interrupted between two of them
            if self.tally.counts:
                self._terminal.note(f"stopped: {self.tally.said('fetched')}; the same command again fetches the rest")
            raise
        finally:
            self._missed.say_rest()

    @contextmanager
    def _progress(self) -> Iterator[None]:
        if self._streamed:
            yield
            return
        from mlmon.output.progress import ticking  # why here: every command would pay for it

        terminal = self._terminal
        clock = ticking(_Passing(self._show), seconds=False, moving=terminal.stderr.moving)
        with terminal.progress("Pulling", total=None, unit="bytes") as self._bar, clock:
            yield
        self._bar = None

    def _watched(self, steps: Generator[Step, None, None]) -> Iterator[Step]:
        try:
            for step in steps:
                self.tally.add(step.result)
                if isinstance(step.result, Failed | SetAside):
                    self._missed.name(step.result)
                if isinstance(step.result, Fetched):
                    with self._lock:
                        self._passed += step.result.saved
                self._show()
                yield step
        except KeyboardInterrupt as interrupt:
            steps.throw(interrupt)  # it says how many files are whole

    def _show(self) -> None:
        """Move the bar, now and then: there may be thousands of files in a second."""
        with self._lock:
            now, bar = self._terminal.clock(), self._bar
            if bar is None or now - self._shown < _REDRAWN:
                return
            self._shown = now
            if not self._expected and self._plan.listed:
                self._expected = True
                bar.expect(self._plan.bytes)
            more, self._advanced = self._passed - self._advanced, self._passed
            said = ", ".join(self._measures(now - self._flowing))
        bar.advance(more, item=said)

    def _measures(self, seconds: float) -> Iterator[str]:
        """What matters most comes last: it is the end that a narrow terminal shows."""
        rate = (self._fetched - self._first) / seconds if seconds >= _MEASURED else 0
        if rate:
            yield f"{human_bytes(int(rate))}/s"
        done = self.tally.counts.total() - self.tally.counts["deleted"]
        total = self._plan.count + self._plan.set_aside
        if done or self._expected or self._fetched:
            yield f"{done} of {total}{'' if self._expected else '+'} files"
        else:
            yield f"{total} files listed so far"
        if rate and self._expected:
            left = round(max(0, self._plan.bytes - self._passed) / rate)
            yield f"{human_duration(left) if left else '0s'} left"


@dataclass(frozen=True, slots=True)
class _Passing:
    """A progress that is nothing but the passing of time, so that a pull which waits is seen to."""

    show: Callable[[], None]

    def advance(self, n: int, *, item: str = "") -> None:  # noqa: ARG002 - Progress has them
        self.show()

    def expect(self, total: int) -> None:
        pass


class Missed:
    """Says by name which blobs did not come, as long as they are few."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._count = 0
        self._hinted: set[str] = set()

    def name(self, result: Failed | SetAside) -> None:
        """Say of one blob why it did not come, and what to do about it where that was not said before."""
        self._count += 1
        # why a name is set aside follows the name; why a blob failed is a sentence of its own
        reason, hint = (result.reason, result.hint) if isinstance(result, Failed) else (f"it {result.reason}", "")
        said = f"{status_of(result)}: {neutral(result.name)}: {reason}"
        if self._count > _NAMED:
            self._terminal.note(said, level="debug")
            return
        self._terminal.note(said, level="warning", hint="" if hint in self._hinted else hint)
        self._hinted.add(hint)

    def say_rest(self) -> None:
        """Count what was not named."""
        if self._count > _NAMED:
            self._terminal.note(
                f"{self._count - _NAMED} more failed or were set aside, {self._count} in all; -o jsonl has them all",
                level="warning",
            )


def status_of(result: Ended) -> str:
    """What became of a blob, in a word or two."""
    match result:
        case Fetched():
            return result.status.value
        case Failed():
            return "failed"
        case SetAside():
            return "set aside"
        case Deleted():
            return "deleted"


def row_of(service: Service, step: Step) -> Row:
    """A file, for scripts: what is known of its blob, and what became of it."""
    result = step.result
    size = {"bytes": result.bytes} if isinstance(result, Fetched | Deleted) else {}
    reason = result.reason if isinstance(result, Failed | SetAside) else None
    return {**_described(service, step.target, result), **size, "status": status_of(result), "reason": reason}


def planned_row(service: Service, planned: Planned, status: str) -> Row:
    """A file that is not fetched yet, for scripts."""
    target = planned if isinstance(planned, Target) else None
    reason = planned.reason if isinstance(planned, SetAside) else None
    return {**_described(service, target, planned), "status": status, "reason": reason}


def _described(service: Service, target: Target | None, blob: Ended | Planned) -> Row:
    if target:
        return blob_row(target.collected)
    return {"path": blob.name if isinstance(blob, SetAside) else "", "service": str(service.name)}


def summary(said: str, to_dir: Path) -> str:
    """The one line for people."""
    return f"{said} into {to_dir}"
