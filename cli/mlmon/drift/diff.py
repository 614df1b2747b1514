"""What differs between two tables: columns that came, went or are of another type, and every column's figures.

How far apart two columns are is a number from 0 (alike) to 1 (nothing in common): the statistic of Kolmogorov and
Smirnov for numbers, the Jensen-Shannon distance for categories. Nothing is said about chance: that is drift's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final

import numpy as np

from mlmon.drift import distances
from mlmon.drift.checking import profile_of
from mlmon.drift.counted import by_category
from mlmon.drift.result import Kind
from mlmon.drift.summary import Categories, Numbers, Summary


class Change(StrEnum):
    """What became of a column, the worst first."""

    REMOVED = "removed"
    ADDED = "added"
    TYPE = "type changed"
    VALUES = "values changed"
    NONE = "same"


@dataclass(frozen=True, slots=True)
class Statistic:
    """One figure of a column in both tables, None where a table does not have it.

    `unit` is what makes changes of different statistics comparable: the old standard deviation of values, 1 of shares.
    """

    name: str
    old: float | None
    new: float | None
    unit: float = 0.0

    @property
    def change(self) -> float | None:
        """The relative change: 0.5 is half as much again. None where there is nothing that it could be relative to."""
        if self.old is None or self.new is None:
            return None
        if self.old == self.new:
            return 0.0
        return self.new / abs(self.old) - self.old / abs(self.old) if self.old else None

    @property
    def size(self) -> float:
        """How many units it changed by: infinitely many where there is no unit."""
        if self.old is None or self.new is None or self.old == self.new:
            return 0.0
        return abs(self.new / self.unit - self.old / self.unit) if self.unit else inf


@dataclass(frozen=True, slots=True)
class ColumnDiff:
    """A column in both tables. `distance` is None where its values cannot be compared."""

    name: str
    change: Change
    old_kind: Kind | None
    new_kind: Kind | None
    distance: float | None
    statistics: tuple[Statistic, ...]

    @property
    def worst(self) -> Statistic | None:
        """The statistic that changed most, None where none did."""
        changed = [one for one in self.statistics if one.size]
        return max(changed, key=lambda one: one.size, default=None)


@dataclass(frozen=True, slots=True)
class Profiled:
    """A table as its kinds and summaries."""

    rows: int
    kinds: Mapping[str, Kind]
    summaries: Mapping[str, Summary]


def diff(old: Profiled, new: Profiled) -> tuple[ColumnDiff, ...]:
    """Every column of both tables: those that came, went or changed their type first, then by distance."""
    names = [*old.summaries, *(name for name in new.summaries if name not in old.summaries)]
    found = [_column(name, old, new) for name in names]
    order = list(Change)
    return tuple(sorted(found, key=lambda one: (order.index(one.change), -(one.distance or 0.0), -_worst_size(one))))


def _worst_size(one: ColumnDiff) -> float:
    return one.worst.size if one.worst else 0.0


def _column(name: str, old: Profiled, new: Profiled) -> ColumnDiff:
    before, after = old.summaries.get(name), new.summaries.get(name)
    kinds = old.kinds.get(name), new.kinds.get(name)
    statistics = tuple(_statistics(before, after))
    distance = None
    if before is None or after is None:
        change = Change.ADDED if before is None else Change.REMOVED
    elif kinds[0] != kinds[1]:
        change = Change.TYPE
    else:
        distance = _distance(before, after)
        change = Change.VALUES if distance or any(one.size for one in statistics) else Change.NONE
    return ColumnDiff(name, change, *kinds, distance, statistics)


def _distance(old: Summary, new: Summary) -> float | None:
    if not (old.count and new.count):
        return None
    match old, new:
        case Numbers(), Numbers():
            return distances.kolmogorov_smirnov(old, new).value
        case Categories(), Categories():
            return distances.jensen_shannon(old, new).value
    return None


_SHARES: Final = (
    "missing_share",
    "failed_share",
    "new_categories_share",
    "gone_categories_share",
    "most_frequent_share",
)
"""Shares of all rows. NaN is missing, and so is null; what failed is infinite or of another type."""
_PLACES: Final = ("mean", "minimum", "first_quartile", "median", "third_quartile", "maximum")
_QUARTILES: Final = {"first_quartile": 0.25, "median": 0.5, "third_quartile": 0.75}


def _statistics(old: Summary | None, new: Summary | None) -> Iterator[Statistic]:
    """The statistics that at least one side has."""
    before, after = (_figures(each) if each is not None else {} for each in (old, new))
    match old, new:
        case Categories(), Categories():
            before, after = before | _categories(new, old, "gone", "new"), after | _categories(old, new, "new", "gone")
    deviation = before.get("standard_deviation") or 0.0
    for name in dict.fromkeys([*before, *after]):
        unit = 1.0 if name in _SHARES else deviation if name in _PLACES else abs(before.get(name, 0.0))
        yield Statistic(name, before.get(name), after.get(name), unit)


def _figures(summary: Summary) -> dict[str, float]:
    quality, profile = summary.quality, profile_of(summary)
    found: dict[str, float | None] = {}
    if quality.rows:
        found["missing_share"] = (quality.nulls + quality.nans) / quality.rows
        found["failed_share"] = (quality.failures + quality.infinities) / quality.rows
    found["distinct"] = profile.distinct
    if isinstance(summary, Numbers):
        found |= {"mean": profile.mean, "standard_deviation": profile.deviation, "minimum": profile.least}
        found |= {name: _quantile(summary, share) for name, share in _QUARTILES.items() if summary.count}
        found["maximum"] = profile.greatest
    elif summary.count:
        found["most_frequent_share"] = float(summary.counts.max()) / quality.rows
    return {name: float(value) for name, value in found.items() if value is not None}


def _categories(other: Categories, one: Categories, own: str, others: str) -> dict[str, float]:
    """The share of a table's rows whose category the other table has not; of what only the other has it has none."""
    counted = by_category(other, one)
    alone = float(counted.target[counted.baseline == 0].sum()) / max(one.quality.rows, 1)
    return {f"{own}_categories_share": alone, f"{others}_categories_share": 0.0}


def _quantile(numbers: Numbers, share: float) -> float:
    """The value that at least such a share of the values is not above."""
    until = np.cumsum(numbers.counts)
    return float(numbers.means[int(np.searchsorted(until, share * numbers.count))])
