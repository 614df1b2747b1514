"""Which blobs a selection means, as a stream: hundreds of thousands pass, and few are held."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, islice
from typing import Final, TypeVar

from mlmon.collected.selecting.covering import PAGE, Listing, cover, last_level
from mlmon.collected.selecting.layout import CollectedBlob, Place, Reader, Reason, same_collection
from mlmon.core.model import BlobInfo, CollectedRoot, Generation, ServiceName
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Blobs
from mlmon.core.timerange import TimeRange

T = TypeVar("T")
R = TypeVar("R")

OnSkip = Callable[[BlobInfo, Reason], None]
"""Told of every blob that was seen and is not collected data, with the reason."""

_AT_ONCE: Final = 4  # listings; twice as many pages are held at most, some 20 MB
_STEPS: Final = 64


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

    def means_collection(self, name: str) -> bool:
        """Whether the collection is one of those that are meant."""
        return not self.collections or any(same_collection(name, wanted) for wanted in self.collections)

    def means(self, place: Place) -> bool:
        """Whether the files of a folder are meant. A range means those whose stretch overlaps it."""
        return (
            (not self.between or self.between.overlaps(place.between.start, place.between.end))
            and self.means_collection(place.collection)
            and self.model in {"", place.model}
            and self.model_version in {"", place.model_version}
        )


def select(
    blobs: Blobs,
    service: ServiceName,
    selection: Selection,
    *,
    on_skip: OnSkip | None = None,
    now: datetime | None = None,
) -> Generator[CollectedBlob, None, None]:
    """The blobs of a service that a selection means, each once, as they are listed.

    They come series by series (a v2 collection; a v1 model, version and designation), roots in the order of
    `Blobs.roots`, and by name in each: whoever needs the order of time sorts what it keeps. A few listings run ahead of
    the blob that is handed out, in threads, so what is held does not grow with the number of blobs. `on_skip` is called
    in the caller's thread. Wrap the call in `contextlib.closing` where the loop may end early.

    With a range only the dates that it touches are listed, and without one each root is, or what of it the collections,
    model and version leave. `now` makes a range that reaches to the present cheaper; it changes nothing that is found.

    Raises:
        NotFound: no such service.
    """
    skip = on_skip or _ignore
    steps = _steps(blobs, _series(blobs, _roots(blobs, service, selection), selection), selection, now=now)
    for step, found in _ahead(partial(_found, blobs), _batched(steps), first=PAGE):
        yield from _meant(Reader(step.root, service), found, selection, on_skip=skip)


def in_time(selected: Iterable[CollectedBlob]) -> list[CollectedBlob]:
    """All of them, in the order of (start, name)."""
    return sorted(selected, key=lambda one: (one.start, one.blob.name))


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
            names.update(last_level(prefix) for prefix in designations(blobs, root))
    return sorted(names)


def designations(blobs: Blobs, root: CollectedRoot) -> Iterator[str]:
    """The prefixes of a v1 root's designations, one below each model and version."""
    return (each for each in _designations(blobs, root, Selection()) if isinstance(each, str))


def _meant(
    reader: Reader, found: Iterable[BlobInfo], selection: Selection, *, on_skip: OnSkip
) -> Iterator[CollectedBlob]:
    judged: Place | None = None
    meant = False
    for blob in found:
        place = reader.place(blob)
        if isinstance(place, Reason):
            on_skip(blob, place)
            continue
        if place is not judged:  # a folder's files are all meant, or none of them
            judged, meant = place, selection.means(place)
        if meant:
            yield reader.collected(blob, place)


def _ignore(blob: BlobInfo, reason: Reason) -> None:
    pass


def _roots(blobs: Blobs, service: ServiceName, selection: Selection) -> Iterator[CollectedRoot]:
    """The roots to look below, each place once. No blob can be read below two of them: where one stands below the
    other, what is a date for the one is none for the other, because a year has four digits and nothing else has."""
    seen: set[tuple[str, str]] = set()
    for root in blobs.roots(service):
        meant = root.generation is Generation.V1 or selection.means_collection(root.collection)
        if meant and (root.container, root.prefix) not in seen:
            seen.add((root.container, root.prefix))
            yield root


@dataclass(frozen=True, slots=True)
class _Series:
    """A prefix of one root below which everything is wanted that the range means."""

    root: CollectedRoot
    prefix: str


@dataclass(frozen=True, slots=True)
class _Met:
    """Blobs that were met while looking for what to list."""

    root: CollectedRoot
    blobs: list[BlobInfo]


def _series(blobs: Blobs, roots: Iterable[CollectedRoot], selection: Selection) -> Iterator[_Series | _Met]:
    for root in roots:
        if root.generation is Generation.V2:
            yield _Series(root, root.prefix)
        elif selection.between or selection.collections or (selection.model_version and not selection.model):
            for each in _designations(blobs, root, selection):
                yield _Series(root, each) if isinstance(each, str) else _Met(root, [each])
        else:
            levels = [level for level in (selection.model, selection.model_version) if level]
            yield _Series(root, root.prefix + "".join(f"{level}/" for level in levels))


def _designations(blobs: Blobs, root: CollectedRoot, selection: Selection) -> Iterator[str | BlobInfo]:
    """The prefixes of the designations that a selection means, and the blobs that stand above them."""
    found: Iterator[str | BlobInfo] = iter([root.prefix])
    for only in (selection.model, selection.model_version, ""):
        found = _next_level(blobs, root, found, only=only)
    return (each for each in found if isinstance(each, BlobInfo) or selection.means_collection(last_level(each)))


def _next_level(
    blobs: Blobs, root: CollectedRoot, found: Iterable[str | BlobInfo], *, only: str
) -> Iterator[str | BlobInfo]:
    """What stands below each prefix, or the only prefix wanted there; a blob stays."""

    def below(above: str | BlobInfo) -> Iterator[str | BlobInfo]:
        if isinstance(above, BlobInfo):
            return iter([above])
        return iter([f"{above}{only}/"]) if only else blobs.children(root.container, above)

    for _, items in _ahead(below, found, first=PAGE):
        yield from items


def _steps(
    blobs: Blobs, series: Iterable[_Series | _Met], selection: Selection, *, now: datetime | None
) -> Iterator[Listing | _Met]:
    """What is to be listed for each series."""

    def steps(one: _Series | _Met) -> Iterator[Listing | _Met]:
        if isinstance(one, _Met):
            return iter([one])
        if selection.between is None:
            return iter([Listing(one.root, one.prefix)])
        found = cover(blobs, one.root, one.prefix, selection.between, now=now)
        return (step if isinstance(step, Listing) else _Met(one.root, [step]) for step in found)

    for _, found in _ahead(steps, series, first=_STEPS):
        yield from found


def _batched(steps: Iterable[Listing | _Met]) -> Iterator[Listing | _Met]:
    """The same; blobs that were met one after another are one batch."""
    met: _Met | None = None
    for step in steps:
        if met and isinstance(step, _Met) and step.root is met.root and len(met.blobs) < PAGE:
            met.blobs.extend(step.blobs)
            continue
        if met:
            yield met
        met = step if isinstance(step, _Met) else None
        if isinstance(step, Listing):
            yield step
    if met:
        yield met


def _found(blobs: Blobs, step: Listing | _Met) -> Iterator[BlobInfo]:
    if isinstance(step, _Met):
        return iter(step.blobs)
    return blobs.list(step.root.container, step.prefix, start_from=step.start_from)


def _ahead(
    begin: Callable[[T], Iterator[R]], items: Iterable[T], *, first: int
) -> Generator[tuple[T, Iterator[R]], None, None]:
    """Each item with what `begin` finds for it, in the items' order. The `first` few are had in threads, a few items
    ahead; the rest comes as it is taken, which has to be before the next item is."""

    def head(item: T) -> tuple[T, list[R], Iterator[R]]:
        found = begin(item)
        return item, list(islice(found, first)), found

    with closing(map_bounded(head, items, workers=_AT_ONCE, only_reads=True)) as heads:
        for item, known, rest in heads:
            yield item, chain(known, rest)
