"""Where collected data stands: the path grammar, and which blobs a selection means.

v1, below the service's root:     `model/version/designation/yyyy/mm/dd[/HH]/file`
v2, below each collection's root: `yyyy[/MM[/dd[/HH[/mm]]]]/file`

The depth of v2 follows the collector's rolling rate, see
https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data. Numbers may be
padded or not, and files may be called anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from mlmon.core.model import COLLECTION_OF_DESIGNATION, BlobInfo, CollectedRoot, Generation, ServiceName
from mlmon.core.ports import Blobs
from mlmon.core.timerange import TimeRange

OnSkip = Callable[[BlobInfo, str], None]
"""Told of every blob that was seen and is not collected data, with the reason."""

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


@dataclass(frozen=True, slots=True)
class Selection:
    """Which collected blobs are meant; what is left empty does not narrow.

    A collection matches in any case, and by its name in the other generation: `inputs` is
    `model_inputs` and `predictions` is `model_outputs`. Models and versions match exactly.
    """

    between: TimeRange | None = None
    collections: tuple[str, ...] = ()
    model: str = ""
    model_version: str = ""


def parse(root: CollectedRoot, service: ServiceName, blob: BlobInfo) -> CollectedBlob | None:
    """What a blob below `root` is, or None when its path is not that of collected data."""
    found = _read(root, service, blob)
    return found if isinstance(found, CollectedBlob) else None


def prefixes(
    root_prefix: str,
    between: TimeRange,
    *,
    generation: Generation,
    children: Callable[[str], Iterable[str]],
) -> Iterator[str]:
    """The fewest existing date prefixes, each ending in `/`, that hold every blob of a range.

    `root_prefix` stands right above the years; `children` gives the prefixes one level below one.
    A year or month inside the range is one prefix. Of one that is partly inside, only what
    overlaps is looked into, and the blobs found there still have to be compared with the range.

    v1 goes down to days. v2 stops at months, because a month may hold files of its own beside its
    days and a prefix is the only way to find them. A year of v2 is a prefix when it has no months;
    files of its own beside months are found only with the whole year.
    """
    return _cover(root_prefix, (), between, generation, children)


def select(
    blobs: Blobs, service: ServiceName, selection: Selection, *, on_skip: OnSkip | None = None
) -> Iterator[CollectedBlob]:
    """The blobs of a service that a selection means, each once, in order of (start, name).

    With a range, a blob is in it when their stretches overlap, and only date prefixes are listed;
    without one every root is listed once. Everything is listed before the first blob comes.

    Raises:
        NotFound: no such service.
    """
    found: dict[tuple[str, str], CollectedBlob] = {}
    for root in blobs.roots(service):
        for prefix in _listed(blobs, root, selection):
            for blob in blobs.list(root.container, prefix):
                collected = _read(root, service, blob)
                if isinstance(collected, str):
                    if on_skip:
                        on_skip(blob, collected)
                elif _means(selection, collected):
                    found.setdefault((blob.container, blob.name), collected)
    yield from sorted(found.values(), key=lambda collected: (collected.start, collected.blob.name))


def collections(blobs: Blobs, service: ServiceName) -> list[str]:
    """The names of a service's collections or designations, sorted, as they are spelled in storage.

    Raises:
        NotFound: no such service.
    """
    names: set[str] = set()
    for root in blobs.roots(service):
        if root.generation is Generation.V2:
            names.add(root.collection)
        else:
            names.update(_last(prefix) for prefix in designations(blobs, root, Selection()))
    return sorted(names)


def same_collection(one: str, other: str) -> bool:
    """Whether two names mean the same collection, in any case and across the generations."""
    return _fold(one) == _fold(other)


def _fold(collection: str) -> str:
    folded = collection.casefold()
    return COLLECTION_OF_DESIGNATION.get(folded, folded)


def _read(root: CollectedRoot, service: ServiceName, blob: BlobInfo) -> CollectedBlob | str:
    """The collected blob, or the reason why it is none."""
    if blob.container != root.container or not blob.name.startswith(root.prefix):
        return "stands outside the service's folder"
    *folders, file = blob.name[len(root.prefix) :].split("/")
    above = _SERIES_LEVELS[root.generation]
    series, dates = folders[:above], tuple(folders[above:])
    if reason := _unfit_file(file) or _unfit_folders(root.generation, series=series, dates=dates):
        return reason
    between = _stretch(dates)
    if between is None:
        return f"has {'/'.join(dates)!r} in its path, which is no date"
    model, version, collection = series or ("", "", root.collection)
    return CollectedBlob(
        blob=blob,
        service=service,
        collection=collection,
        model=model,
        model_version=version,
        start=between.start,
        end=between.end,
    )


def _unfit_file(file: str) -> str:
    if not file:
        return "is a folder marker"
    return "is telemetry of the collector itself" if file.casefold() == _TELEMETRY else ""


def _unfit_folders(generation: Generation, *, series: list[str], dates: tuple[str, ...]) -> str:
    if len(series) < _SERIES_LEVELS[generation] or not all(series):
        return "has no model, version and designation in its path"
    if len(dates) not in _DATE_LEVELS[generation]:
        return "has too long or too short a date in its path" if dates else "has no date in its path"
    return ""


@lru_cache(maxsize=4096)  # the blobs of a folder come one after another
def _stretch(parts: tuple[str, ...]) -> TimeRange | None:
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


def _means(selection: Selection, collected: CollectedBlob) -> bool:
    return (
        (not selection.between or selection.between.overlaps(collected.start, collected.end))
        and _means_collection(selection, collected.collection)
        and selection.model in {"", collected.model}
        and selection.model_version in {"", collected.model_version}
    )


def _means_collection(selection: Selection, name: str) -> bool:
    return not selection.collections or any(same_collection(name, wanted) for wanted in selection.collections)


def _listed(blobs: Blobs, root: CollectedRoot, selection: Selection) -> Iterator[str]:
    """The prefixes below a root to list for a selection."""
    if root.generation is Generation.V2 and not _means_collection(selection, root.collection):
        return
    if selection.between is None:
        yield f"{root.prefix}{selection.model}/" if selection.model else root.prefix
        return
    for series in designations(blobs, root, selection) if root.generation is Generation.V1 else [root.prefix]:
        yield from prefixes(
            series,
            selection.between,
            generation=root.generation,
            children=lambda prefix: blobs.children(root.container, prefix),
        )


def designations(blobs: Blobs, root: CollectedRoot, selection: Selection) -> Iterator[str]:
    """The prefixes of the v1 designations that a selection means, one below each model and version."""
    for model in _level(blobs, root, prefix=root.prefix, only=selection.model):
        for version in _level(blobs, root, prefix=model, only=selection.model_version):
            for designation in blobs.children(root.container, version):
                if _means_collection(selection, _last(designation)):
                    yield designation


def _level(blobs: Blobs, root: CollectedRoot, *, prefix: str, only: str) -> Iterable[str]:
    """The prefixes one level below, or the only one wanted."""
    return [f"{prefix}{only}/"] if only else blobs.children(root.container, prefix)


def _cover(
    prefix: str,
    above: tuple[str, ...],
    between: TimeRange,
    generation: Generation,
    children: Callable[[str], Iterable[str]],
) -> Iterator[str]:
    """`prefixes`, below the year and month folders `above`."""
    finest = _DATE_LEVELS[generation].start if generation is Generation.V1 else 2
    dated = [(child, parts, _stretch(parts)) for child in children(prefix) for parts in [(*above, _last(child))]]
    if generation is Generation.V2 and above and not any(stretch for _, _, stretch in dated):
        yield prefix
    for child, parts, stretch in dated:
        if stretch is None or not between.overlaps(stretch.start, stretch.end):
            continue
        inside = between.start <= stretch.start and stretch.end <= between.end
        if inside or len(parts) == finest:
            yield child
        else:
            yield from _cover(child, parts, between, generation, children)


def _last(prefix: str) -> str:
    """The last level of a prefix that ends in `/`."""
    return prefix[:-1].rpartition("/")[2]
