"""Which files a selection means, as few patterns as say exactly that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

from mlmon.collected.layout import CollectedBlob
from mlmon.core.model import Generation
from mlmon.core.timerange import TimeRange

_DEPTHS: Final = (
    (timedelta(minutes=1), 5),
    (timedelta(hours=1), 4),
    (timedelta(days=1), 3),
    (timedelta(days=31), 2),
)
_MONTH: Final = 2
_DAY: Final = 3


@dataclass(frozen=True, slots=True, order=True)
class Pattern:
    """Files of one container: those `levels` folders below `folder` (which ends in `/`) whose name is `name`, or ends
    in `ending` where there are several."""

    folder: str
    levels: int
    name: str = ""
    ending: str = ""

    def glob(self, escape: Callable[[str], str]) -> str:
        """The pattern for a tool that knows `*`; `escape` writes a name so that nothing in it is a pattern."""
        last = escape(self.name) if self.name else f"*{escape(self.ending)}"
        return f"{escape(self.folder)}{'*/' * self.levels}{last}"


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one collection in one container. `address` is the container's URL."""

    collection: str
    generation: Generation
    address: str
    patterns: tuple[Pattern, ...]

    @property
    def is_local(self) -> bool:
        return self.address.startswith("file:")

    @property
    def host(self) -> str:
        """The blob endpoint's host, without the name of a container."""
        return urlsplit(self.address).netloc

    @property
    def container(self) -> str:
        return unquote(self.address.rpartition("/")[2])

    @property
    def folder(self) -> str:
        """The container's folder, of an embedded workspace."""
        return unquote(urlsplit(self.address).path)


def sources(
    selected: Iterable[CollectedBlob], between: TimeRange | None, *, address: Callable[[str], str]
) -> list[Source]:
    """The files of a selection, collection by collection.

    A month that the range holds wholly is one pattern, so that what is collected in it later is found too; otherwise
    it is a pattern for each day, or for each folder of a day that the range cuts through.
    """
    found: dict[tuple[str, str], list[CollectedBlob]] = {}
    for one in selected:
        found.setdefault((one.collection, one.blob.container), []).append(one)
    return [
        Source(collection, blobs[0].service.generation, address(container), tuple(_patterns(blobs, between)))
        for (collection, container), blobs in sorted(found.items())
    ]


def _patterns(blobs: Sequence[CollectedBlob], between: TimeRange | None) -> list[Pattern]:
    files: dict[tuple[str, int], set[str]] = {}
    for one in blobs:
        *folders, file = one.blob.name.split("/")
        depth = next((levels for length, levels in _DEPTHS if one.end - one.start <= length), 1)
        kept = _kept_levels(one, depth, between)
        above = folders[: len(folders) - depth + kept]
        files.setdefault(("/".join(above) + "/", depth - kept), set()).add(file)
    return sorted(_named(folder, levels, names) for (folder, levels), names in files.items())


def _kept_levels(one: CollectedBlob, depth: int, between: TimeRange | None) -> int:
    """How many levels of the date have to be said."""
    if depth < _MONTH:
        return depth
    month = one.start.replace(day=1, hour=0, minute=0)
    past_month = (month + timedelta(days=32)).replace(day=1) if month.year < 9999 else one.end
    if between is None or (between.start <= month and past_month <= between.end):
        return _MONTH
    day = datetime(one.start.year, one.start.month, one.start.day, tzinfo=UTC)
    if depth >= _DAY and between.start <= day and day + timedelta(days=1) <= between.end:
        return _DAY
    return depth


def _named(folder: str, levels: int, names: set[str]) -> Pattern:
    if len(names) == 1:
        # v1 calls the file after its collection, v2 after the instance that wrote it
        [name] = names
        return (
            Pattern(folder, levels, name=name)
            if not name.endswith(".jsonl")
            else Pattern(folder, levels, ending=".jsonl")
        )
    endings = {re.sub(r"^[^.]*", "", name) for name in names}
    return Pattern(folder, levels, ending=endings.pop() if len(endings) == 1 else "")
