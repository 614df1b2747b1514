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

from mlmon.collected.pulling.fetching import Overwrite
from mlmon.collected.pulling.folder import Unwritable
from mlmon.collected.pulling.outcomes import Ended, Failed, Fetched, Kept, SetAside, Status
from mlmon.collected.pulling.planning import Plan
from mlmon.collected.pulling.transfer import Step
from mlmon.commands.naming import TO_DELETE, Missed, status_of
from mlmon.commands.selecting import still_written
from mlmon.core.errors import ExitCode, Failure, Interrupted, MlmonError
from mlmon.output.cells import human_bytes, human_duration
from mlmon.output.terminal import Terminal

if TYPE_CHECKING:
    from mlmon.output.progress import Progress

_FRESH: Final = ("fetched", "resumed", "planned")
_THERE: Final = ("resumed", "unchanged")
_NOT_THERE: Final = ("failed", "set aside", "deleted", TO_DELETE, "kept")
_REDRAWN: Final = 0.1
"""Seconds between two looks at the numbers."""
_MEASURED: Final = 0.5
"""Seconds after which there is a rate to speak of."""


@dataclass(slots=True)
class Tally:
    """What has become of blobs so far, in numbers. `bytes` are those that were fetched, on `days`; of `replaced` files
    what stood there before is lost, and of `held` ones a last line is still being written."""

    counts: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    days: set[date] = field(default_factory=set)
    replaced: int = 0
    held: int = 0

    def add(self, result: Ended) -> None:
        """Count what became of a blob."""
        fresh = isinstance(result, Fetched) and result.status is not Status.UNCHANGED
        self.count(
            status_of(result),
            size=result.came if isinstance(result, Fetched) else 0,
            day=result.day if isinstance(result, Fetched) and fresh else None,
        )
        if isinstance(result, Fetched):
            self.replaced += bool(result.replaced)
            self.held += result.held

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

    def said(self, verb: str, to_dir: Path | None = None) -> str:
        """`fetched 12 files, 3.4 MB, 2 days, 5 unchanged into DIR; 1 failed`, or that there was nothing to fetch."""
        fresh = sum(self.counts[status] for status in _FRESH)
        if not fresh:
            nothing = "fetched nothing" if self.counts["failed"] else "nothing to fetch"
            others = ", ".join([*self._counted(_THERE), *self._counted(_NOT_THERE)])
            return nothing + (f": {others}" if others else "") + (f" in {to_dir}" if to_dir else "")
        files, days = "" if fresh == 1 else "s", "" if len(self.days) == 1 else "s"
        said = f"{fresh} file{files}, {human_bytes(self.bytes)}, {len(self.days)} day{days}"
        there = ", ".join([said, *self._counted(_THERE)]) + (f" into {to_dir}" if to_dir else "")
        return f"{verb} " + "; ".join([there, *filter(None, [", ".join(self._counted(_NOT_THERE))])])

    def _counted(self, statuses: tuple[str, ...]) -> Iterator[str]:
        return (f"{self.counts[status]} {status}" for status in statuses if self.counts[status])

    def say_notable(self, terminal: Terminal) -> None:
        """Say what somebody may not expect of files that came."""
        if self.replaced:
            files, they = ("file", "it") if self.replaced == 1 else ("files", "them")
            terminal.note(
                f"{self.replaced} {files} that pull did not write, or somebody had changed, made way for blobs",
                level="warning",
                hint=f"--overwrite never keeps {they}, and any other file that is there",
            )
        if self.held:
            terminal.note(still_written(self.held))


class Watched:
    """What people see of a pull that goes on: progress, and by name whatever did not come.

    `streamed` says that the rows themselves are seen coming: a bar would be taken away and drawn again for each.
    """

    def __init__(
        self,
        terminal: Terminal,
        plan: Plan,
        *,
        streamed: bool = False,
        overwrite: Overwrite = Overwrite.CHANGED,
    ) -> None:
        self.tally: Final = Tally()
        self._overwrite = overwrite
        self._over = False
        self._unread = False
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

    def say_time(self, said: str = "") -> None:
        """Say how long it took, its listing included, after what was `said`. It is no part of the answer, which is the
        same each time."""
        took = self._terminal.clock() - self._began
        rate = f", {human_bytes(int(self.tally.bytes / took))}/s" if took >= _MEASURED and self.tally.bytes else ""
        self._terminal.note(f"{said}{'; ' if said else ''}took {human_duration(took)}{rate}")

    def unread(self) -> MlmonError | None:
        """What is wrong where nobody has read the rows to their end; None where all was well before."""
        if self._over and not self.tally.missed:
            return None
        if self._over:
            return Incomplete(f"{self.tally.missed} did not come, and nobody read which", hint="see the lines above")
        self._unread = True
        return Incomplete(
            f"stopped, as nobody reads its rows any more: {self.tally.said('fetched')}", hint=self._overwrite.again
        )

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
            self._over = True
        except (Interrupted, Unwritable):
            raise  # it says itself how many files are whole
        except (GeneratorExit, MlmonError):
            # an error, or whoever reads the rows has gone, or was interrupted between two of them
            if self.tally.counts and not self._unread:
                self._terminal.note(f"stopped: {self.tally.said('fetched')}; {self._overwrite.again}")
            raise
        finally:
            self._missed.say_rest()
            self.tally.say_notable(self._terminal)

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
                if isinstance(step.result, Failed | SetAside | Kept):
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


class Incomplete(Failure):
    """Not all came, and whoever read the rows cannot know."""

    exit_code = ExitCode.PARTIAL
