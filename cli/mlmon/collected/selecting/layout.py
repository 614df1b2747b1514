"""The path grammar: what the path of a collected blob says.

v1, below the service's root:     `model/version/designation/yyyy/mm/dd[/HH]/file`
v2, below each collection's root: `yyyy[/MM[/dd[/HH[/mm]]]]/file`

The depth of v2 follows the collector's rolling rate, see
https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data. Numbers may be
padded or not, and files may be called anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from mlmon.core.model import COLLECTION_OF_DESIGNATION, BlobInfo, CollectedRoot, Generation, ServiceName
from mlmon.core.timerange import TimeRange

_TELEMETRY: Final = "aml_telemetry.csv"
_SERIES_LEVELS: Final = {Generation.V1: 3, Generation.V2: 0}  # model, version and designation
_DATE_LEVELS: Final = {Generation.V1: range(3, 5), Generation.V2: range(1, 6)}
_FIRST: Final = (1, 1, 1, 0, 0)
_LENGTHS: Final = {3: timedelta(days=1), 4: timedelta(hours=1), 5: timedelta(minutes=1)}
_YEAR: Final = re.compile(r"[0-9]{4}")
_NUMBER: Final = re.compile(r"[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class CollectedBlob:
    """One file the collector wrote, and what its path says about it.

    `[start, end)` is the stretch of UTC time the path names: mostly a day, an hour or a minute.
    `model` and `model_version` are "" in v2, whose paths do not tell. `collection` is spelled as in
    storage: a v1 designation or a v2 collection.
    """

    blob: BlobInfo
    service: ServiceName
    collection: str
    model: str
    model_version: str
    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        """The UTC day on which the stretch begins."""
        return self.start.date()

    @property
    def stretch(self) -> str:
        """When the stretch begins, in words: a day for a day or more, else the time of day too."""
        begins = self.start.isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")
        return begins if self.end - self.start < timedelta(days=1) else begins.removesuffix(" 00:00")


class Reason(StrEnum):
    """Why a blob is no collected data: what is said of one, "it ..."."""

    OUTSIDE = "stands outside the service's folder"
    MARKER = "is a folder marker"
    TELEMETRY = "is telemetry of the collector itself"
    NO_SERIES = "has no model, version and designation in its path"
    NO_DATE = "has no date in its path"
    DEPTH = "has too long or too short a date in its path"
    IMPOSSIBLE = "has something in the date's place that is no date"

    @property
    def counted(self) -> str:
        """What is said behind a number of such blobs."""
        return _COUNTED[self]


_COUNTED: Final = {
    Reason.OUTSIDE: "outside the service's folder",
    Reason.MARKER: "that mark a folder",
    Reason.TELEMETRY: "telemetry of the collector itself",
    Reason.NO_SERIES: "with no model, version and designation in the path",
    Reason.NO_DATE: "with no date in the path",
    Reason.DEPTH: "with too long or too short a date in the path",
    Reason.IMPOSSIBLE: "with something in the date's place that is no date",
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a folder says of the files directly in it."""

    collection: str
    model: str
    model_version: str
    between: TimeRange


class Reader:
    """Reads the paths of the blobs below one root. The blobs of a folder come one after another, so the latest folder
    is kept."""

    def __init__(self, root: CollectedRoot, service: ServiceName) -> None:
        self._root = root
        self._service = service
        self._folder: str | None = None
        self._place: Place | Reason = Reason.OUTSIDE

    def place(self, blob: BlobInfo) -> Place | Reason:
        """What the path of a blob says, or why it is no collected data."""
        folder, _, file = blob.name.rpartition("/")
        if blob.container != self._root.container or not blob.name.startswith(self._root.prefix):
            return Reason.OUTSIDE
        if not file:
            return Reason.MARKER
        if file.casefold() == _TELEMETRY:
            return Reason.TELEMETRY
        if folder != self._folder:
            self._folder, self._place = folder, _place(self._root, folder)
        return self._place

    def collected(self, blob: BlobInfo, place: Place) -> CollectedBlob:
        """The blob that stands at a place."""
        return CollectedBlob(
            blob,
            self._service,
            place.collection,
            model=place.model,
            model_version=place.model_version,
            start=place.between.start,
            end=place.between.end,
        )


def same_collection(one: str, other: str) -> bool:
    """Whether two names mean the same collection, in any case and across the generations."""
    return _fold(one) == _fold(other)


def name_in(generation: Generation, collection: str) -> str:
    """What a collection is called in a generation: `inputs` in v1 is `model_inputs` in v2."""
    folded = _fold(collection)
    if generation is Generation.V2:
        return folded if folded in COLLECTION_OF_DESIGNATION.values() else collection
    names = {theirs: ours for ours, theirs in COLLECTION_OF_DESIGNATION.items()}
    return names.get(folded, collection)


def _fold(collection: str) -> str:
    folded = collection.casefold()
    return COLLECTION_OF_DESIGNATION.get(folded, folded)


def _place(root: CollectedRoot, folder: str) -> Place | Reason:
    """What a folder below a root says; `folder` has no `/` at its end."""
    below = folder[len(root.prefix) :]
    folders = below.split("/") if below else []
    above = _SERIES_LEVELS[root.generation]
    series, dates = folders[:above], tuple(folders[above:])
    if len(series) < above or not all(series):
        return Reason.NO_SERIES
    if not dates:
        return Reason.NO_DATE
    if len(dates) not in _DATE_LEVELS[root.generation]:
        return Reason.DEPTH
    between = stretch(dates)
    if between is None:
        return Reason.IMPOSSIBLE
    model, version, collection = series or ("", "", root.collection)
    return Place(collection, model, version, between)


@lru_cache(maxsize=4096)  # a service's collections have the same dates
def stretch(parts: tuple[str, ...]) -> TimeRange | None:
    """The time that year, month, day, hour and minute folders name, or None when it does not exist."""
    if not _YEAR.fullmatch(parts[0]) or not all(_NUMBER.fullmatch(part) for part in parts[1:]):
        return None
    year, month, day, hour, minute = (*map(int, parts), *_FIRST[len(parts) :])
    try:
        start = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    return TimeRange(start, _end(start, levels=len(parts)))


def _end(start: datetime, *, levels: int) -> datetime:
    try:
        if levels == 1:
            return start.replace(year=start.year + 1)
        if levels == 2:
            return (start + timedelta(days=31)).replace(day=1)
        return start + _LENGTHS[levels]
    except (ValueError, OverflowError):
        # what follows the year 9999 cannot be written
        return datetime.max.replace(tzinfo=UTC)
