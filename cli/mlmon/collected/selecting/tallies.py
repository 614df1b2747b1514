"""How much was collected: counts and bytes of selected blobs, by whatever one wants to tell apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from mlmon.collected.selecting.layout import CollectedBlob

K = TypeVar("K")


@dataclass(slots=True)
class Tally:
    """Blobs counted together. `days` are the UTC days on which their stretches begin."""

    count: int = 0
    bytes: int = 0
    days: set[date] = field(default_factory=set)

    def add(self, one: CollectedBlob) -> None:
        self.count += 1
        self.bytes += one.blob.size
        self.days.add(one.day)


def tallied(selected: Iterable[CollectedBlob], keys: Callable[[CollectedBlob], Iterable[K]]) -> dict[K, Tally]:
    """A tally for each key; a blob counts for all of its keys. Nothing of the blobs is held."""
    found: dict[K, Tally] = {}
    for one in selected:
        for key in keys(one):
            tally = found.get(key)
            if tally is None:
                tally = found[key] = Tally()
            tally.add(one)
    return found


def levels(one: CollectedBlob) -> Iterator[tuple[str, ...]]:
    """The levels a blob is below, the widest first: service, then model and version where its path tells them, then
    collection."""
    whole = (str(one.service), *((one.model, one.model_version) if one.model else ()), one.collection)
    return (whole[:depth] for depth in range(1, len(whole) + 1))


def bytes_by_day(selected: Iterable[CollectedBlob]) -> dict[str, dict[date, int]]:
    """For each collection the bytes of each UTC day that its blobs tell of; one that tells of more days is shared out
    evenly."""
    found: dict[str, dict[date, int]] = {}
    for one in selected:
        days = found.setdefault(one.collection, {})
        told = _days(one)
        for day in told:
            days[day] = days.get(day, 0) + one.blob.size // len(told)
    return found


def _days(one: CollectedBlob) -> list[date]:
    """Every day of a blob's stretch."""
    count = max(1, (one.end - one.start) // timedelta(days=1))
    return [one.day + timedelta(days=later) for later in range(count)]
