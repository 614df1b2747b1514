"""A range of time as listings: the fewest that hold all of its blobs, and as little else as can be.

Below a series (a v1 designation or a v2 collection) stand the years. A year, month or day wholly inside the range is
one listing; one that is partly inside is looked into, down to hours. Files stand beside folders too: looking into a
level tells both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import chain, islice, takewhile
from typing import Final

from mlmon.collected.selecting.layout import stretch
from mlmon.core.model import BlobInfo, CollectedRoot, Generation
from mlmon.core.ports import Blobs
from mlmon.core.timerange import TimeRange

PAGE: Final = 5000
"""The most blobs that a blob store lists at once."""
_HOUR: Final = 4  # levels down to an hour; minutes are never worth a request each


@dataclass(frozen=True, slots=True)
class Listing:
    """What is to be listed: names below `prefix` (which ends in `/`), from `start_from` on where that is given."""

    root: CollectedRoot
    prefix: str
    start_from: str = ""


Step = Listing | BlobInfo
"""Something to list, or a blob that was met on the way to finding that out."""


def cover(
    blobs: Blobs, root: CollectedRoot, series: str, between: TimeRange, *, now: datetime | None = None
) -> Iterator[Step]:
    """The steps that find every blob of a range below a series, each once, in the order of names.

    `series` is the prefix right above the years. What is found still has to be compared with the range. With `now`, a
    range that does not end before it is taken to have no end: nothing is collected in the future.
    """
    if now is not None and between.end >= now:
        return _onwards(blobs, root, series, between.start)
    return _Walk(blobs, root, between).steps(series)


def _onwards(blobs: Blobs, root: CollectedRoot, series: str, start: datetime) -> Iterator[Step]:
    """One listing from the first day on.

    It begins at that day as it is written with zeros. No spelling of a later day comes before it: years have four
    digits; a number below ten with its zero comes before the same and all greater ones in either spelling ("03" < "04"
    < "10" < "3"), and from ten on there is but one spelling. Hours would not do: a day's own files may be called
    anything. So may the files that stand in the year or the month itself, which only v2 has: those whose names come
    before that day are looked for where they stand. Months and days before the first one that are written without
    their zero come after it and are listed for nothing; no collector of today writes them.
    """
    year = f"{series}{start.year:04}/"
    month = f"{year}{start.month:02}/"
    first = f"{month}{start.day:02}/"
    if root.generation is Generation.V2:
        levels = [
            takewhile(lambda item: name_of(item) < first, blobs.children(root.container, level))
            for level in (year, month)
        ]
        yield from (item for item in merge(*levels, key=name_of) if isinstance(item, BlobInfo))
    yield Listing(root, series, first)


class _Walk:
    """Going down the dates of one range."""

    def __init__(self, blobs: Blobs, root: CollectedRoot, between: TimeRange) -> None:
        self._blobs = blobs
        self._root = root
        self._between = between

    def steps(self, series: str) -> Iterator[Step]:
        year = f"{self._between.start.year:04}"
        if (self._between.end - timedelta.resolution).year == self._between.start.year:
            # there is but one way to write a year, so nobody need be asked which there are
            return self._folder(f"{series}{year}/", (year,))
        return self._below(series, ())

    def _below(self, prefix: str, above: tuple[str, ...]) -> Iterator[Step]:
        if only := self._only(above):
            return chain.from_iterable(self._folder(f"{prefix}{each}/", (*above, each)) for each in only)
        return self._looked_into(prefix, above)

    def _only(self, above: tuple[str, ...]) -> Sequence[str]:
        """The spellings of the one month or day that is wanted below a year or month, where looking for the one that
        is there would cost as much. v2 has to be looked into all the same, for files beside its folders."""
        whole = stretch(above) if self._root.generation is Generation.V1 and len(above) in {1, 2} else None
        if whole is None:
            return ()
        first = max(self._between.start, whole.start)
        last = min(self._between.end, whole.end) - timedelta.resolution
        number = first.month if len(above) == 1 else first.day
        if number != (last.month if len(above) == 1 else last.day):
            return ()
        spelled = sorted({f"{number:02}", str(number)})
        named = stretch((*above, spelled[0]))
        return spelled if len(spelled) == 1 or (named and self._holds(named)) else ()

    def _looked_into(self, prefix: str, above: tuple[str, ...]) -> Iterator[Step]:
        items = self._blobs.children(self._root.container, prefix)
        known = list(islice(items, PAGE))
        last = self._last_run(known, above) if len(known) < PAGE else PAGE
        for item in chain(known[:last], items):
            if isinstance(item, BlobInfo):
                yield item
            else:
                yield from self._folder(item, (*above, last_level(item)))
        if last < len(known):
            yield Listing(self._root, prefix, name_of(known[last]))

    def _last_run(self, known: list[str | BlobInfo], above: tuple[str, ...]) -> int:
        """Where the folders begin with which the level ends and which are all inside the range: one listing from the
        first of them on holds them all. There is none of fewer than two."""
        found, first = 0, len(known)
        for at in range(len(known) - 1, -1, -1):
            item = known[at]
            if isinstance(item, str):
                named = stretch((*above, last_level(item)))
                if named is None or not self._holds(named):
                    break
                found, first = found + 1, at
        return first if found > 1 else len(known)

    def _folder(self, prefix: str, parts: tuple[str, ...]) -> Iterator[Step]:
        named = stretch(parts)
        if named is None or not self._between.overlaps(named.start, named.end):
            return
        if len(parts) == _HOUR or self._holds(named):
            yield Listing(self._root, prefix)
        else:
            yield from self._below(prefix, parts)

    def _holds(self, named: TimeRange) -> bool:
        return self._between.start <= named.start and named.end <= self._between.end


def name_of(item: str | BlobInfo) -> str:
    """What a level's items are sorted by."""
    return item if isinstance(item, str) else item.name


def last_level(prefix: str) -> str:
    """The last level of a prefix that ends in `/`."""
    return prefix[:-1].rpartition("/")[2]
