"""The collected data of one service, day by day, as sides of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from mlmon.collected.selecting.layout import CollectedBlob, Reason, name_in
from mlmon.collected.selecting.newest import newest
from mlmon.collected.selecting.selection import Selection, in_time, select
from mlmon.commands.driftengine import Engine, Work
from mlmon.commands.joining import Asides
from mlmon.commands.selecting import Skipped, explain_nothing, listing
from mlmon.core.errors import ExitCode
from mlmon.core.model import BlobInfo, Service
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange, day_range, day_start
from mlmon.drift.cache import Cache
from mlmon.drift.comparing import Data
from mlmon.drift.days import Days, Reading, read_days, with_values
from mlmon.drift.result import Kind
from mlmon.session import Session


@dataclass(slots=True)
class Source:
    """The collected data of one service, read by day."""

    session: Session
    workspace: Workspace
    found: Service
    on: str
    rows: int = 0
    """So many rows of a day are sampled."""
    collection: str = ""
    code: ExitCode = ExitCode.DONE
    engine: Engine | None = None
    """What reads the data in place of this process."""

    def read(
        self,
        between: TimeRange | None,
        kinds: dict[str, Kind] | None,
        *,
        adjust: Callable[[dict[str, Kind]], dict[str, Kind]] = lambda kinds: kinds,
    ) -> Days:
        """The days of a range; without `kinds` they are found out."""
        if self.engine and kinds is not None:
            days, code = self.engine.read(self.session, self.work(between, kinds))
            self.code = max(self.code, code)
            return days
        selected = self._selected(between, [])
        asides = Asides(self.session)
        total = sum(one.blob.size for one in selected)
        with self.session.terminal.progress(f"Reading {self.found.name}", total=total, unit="bytes") as bar:
            reading = Reading(
                self.workspace.blobs,
                self.session.now,
                asides,
                lambda one: bar.advance(one.blob.size, item=one.blob.name),
            )
            days = read_days(
                reading,
                selected,
                kinds,
                between=between,
                cache=Cache(self.session.settings.state),
                most=self.rows,
                adjust=adjust,
            )
        asides.say()
        self.code = max(self.code, asides.exit_code)
        return days

    def work(self, between: TimeRange | None, kinds: dict[str, Kind]) -> Work:
        """What the engine has to do for a range."""
        strays: list[BlobInfo] = []
        selected = self._selected(between, strays)
        return Work(self.workspace, self.found, selected, strays, kinds, between, self.rows)

    def newest(self) -> date | None:
        """The day of the newest data of any collection; None where nothing was ever collected."""
        latest = newest(self.workspace.blobs, self.found.name)
        return latest.day if latest else None

    def _selected(self, between: TimeRange | None, strays: list[BlobInfo]) -> list[CollectedBlob]:
        skipped = Skipped(self.session)

        def skip(blob: BlobInfo, reason: Reason) -> None:
            skipped(blob, reason)
            if self.engine:  # it reads by wildcard, which must not mean these
                strays.append(blob)

        selected: list[CollectedBlob] = []
        with listing(self.session, self.found):
            for name in _COLLECTIONS[self.on]:
                wanted = Selection(between, (name,))
                found = select(self.workspace.blobs, self.found.name, wanted, on_skip=skip, now=self.session.now)
                if selected := in_time(found):
                    break
        skipped.say()
        if selected:
            self.collection = selected[0].collection
        else:
            self.collection = self.collection or name_in(self.found.generation, self.on)
            explain_nothing(self.session, self.workspace, self.found, Selection(between))
        return selected


_COLLECTIONS: Final = {"inputs": ("inputs", "request"), "predictions": ("predictions", "response")}
"""What is read: the second where a service has nothing of the first."""


def part_of(days: Days, between: TimeRange, name: str, *, rows: int) -> Data:
    """The days of a range as a side."""
    return data_of(name, days, [day for day in days.by_day if day_start(day) in between], between, rows=rows)


def data_of(name: str, days: Days, chosen: Sequence[date], between: TimeRange | None, *, rows: int) -> Data:
    """Some days as a side, with so many of their rows."""
    sampled = days.sample(chosen, most=rows) if rows else None
    return Data(name, with_values(days.summaries(chosen)), between, sampled.columns if sampled else None)


def told_range(days: Days, asked: TimeRange | None, now: datetime) -> TimeRange | None:
    """The whole days that a report is about: those asked for that have begun, from the first one that there can be."""
    known = [*days.by_day]
    if asked is None:
        return TimeRange(day_start(known[0]), day_range(known[-1]).end) if known else None
    first = day_start(known[0]) if asked.start.year == 1 and known else asked.start
    last = min(asked.end, day_range(now.date()).end)
    return TimeRange(first, last) if first < last else asked
