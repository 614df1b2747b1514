"""Which times stand below a chart: round ones, as many as there is room for, in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_GAP: Final = 3
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)  # a Monday, so that steps of weeks begin on one, as Kusto's do


@dataclass(frozen=True, slots=True)
class Tick:
    """A label below the column it begins at, and what is said of it one line further down, "" where that is known."""

    column: int
    label: str
    below: str


@dataclass(frozen=True, slots=True)
class _Step:
    length: timedelta
    months: int = 0

    def number(self, moment: datetime) -> int:
        """How many whole steps lie before this moment."""
        if self.months:
            return (moment.year * 12 + moment.month - 1) // self.months
        return (moment - _FIRST) // self.length

    @property
    def label(self) -> slice:
        """The part of an ISO time that tells one step from the next."""
        if self.months:
            return slice(0, 4) if self.months >= 12 else slice(0, 7)
        if self.length >= timedelta(days=1):
            return slice(5, 10)
        return slice(11, 16) if self.length >= timedelta(minutes=1) else slice(11, 19)

    @property
    def below(self) -> slice:
        """The part that is said once, until it changes: the day of a time, the year of a day."""
        if self.months:
            return slice(0, 0)
        return slice(0, 4) if self.length >= timedelta(days=1) else slice(0, 10)


_STEPS: Final = (
    *(_Step(timedelta(seconds=seconds)) for seconds in (1, 2, 5, 10, 15, 30)),
    *(_Step(timedelta(minutes=minutes)) for minutes in (1, 2, 5, 10, 15, 30)),
    *(_Step(timedelta(hours=hours)) for hours in (1, 2, 3, 6, 12)),
    *(_Step(timedelta(days=days)) for days in (1, 2, 7, 14)),
    *(_Step(timedelta(days=30 * months), months) for months in (1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 6000)),
)


def ticks(columns: Sequence[datetime], *, cell: int, room: int) -> list[Tick]:
    """Labels for columns that begin at these times and are `cell` wide each; none reaches past `room` cells."""
    moments = [moment.astimezone(UTC) for moment in columns]
    step = _step(moments, cell)
    found, said = list[Tick](), ""
    end, end_below = -_GAP, -_GAP
    for at in _marked(moments, step):
        iso = moments[at].replace(tzinfo=None).isoformat(timespec="seconds")
        label, below, column = iso[step.label], iso[step.below], at * cell
        if column < end + _GAP or column + len(label) > room:
            continue
        shown = "" if below == said else below if not said or len(below) == len("2026") else below[5:]
        if shown and (column < end_below + 1 or column + len(shown) > room):
            shown = ""  # it is said below the next label
        found.append(Tick(column, label, shown))
        end = column + len(label)
        if shown:
            said, end_below = below, column + len(shown)
    return found


def _step(moments: Sequence[datetime], cell: int) -> _Step:
    """The shortest step whose labels do not touch."""
    if len(moments) < 2:
        return _Step(timedelta(minutes=1))
    every = (moments[-1] - moments[0]) / (len(moments) - 1)
    for step in _STEPS:
        if every and step.length * cell / every >= step.label.stop - step.label.start + _GAP:
            return step
    return _STEPS[-1]


def _marked(moments: Sequence[datetime], step: _Step) -> list[int]:
    """The first column of each step; the first of all only where a step begins there, or where no other is."""
    number = [step.number(moment) for moment in moments]
    marked = [at for at in range(1, len(number)) if number[at] != number[at - 1]]
    first = moments[0]
    begins = first == _FIRST or step.number(first - timedelta.resolution) != number[0]
    return [0, *marked] if begins or not marked else marked
