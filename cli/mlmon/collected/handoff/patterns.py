"""Which files a selection means, as few patterns as say exactly that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import unquote, urlsplit

from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.model import BlobInfo, Generation
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
    in `ending` where there are several. `series` is the part of the folder above its date."""

    series: str
    folder: str
    levels: int
    name: str = ""
    ending: str = ""

    def glob(self, escape: Callable[[str], str]) -> str:
        """The pattern for a tool that knows `*`; `escape` writes a name so that nothing in it is a pattern."""
        last = escape(self.name) if self.name else f"*{escape(self.ending)}"
        return f"{escape(self.folder)}{'*/' * self.levels}{last}"

    def matches(self, path: str) -> bool:
        """Whether a blob's name is meant."""
        if not path.startswith(self.folder):
            return False
        *levels, file = path[len(self.folder) :].split("/")
        return len(levels) == self.levels and (file == self.name if self.name else file.endswith(self.ending))


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
    def endpoint(self) -> str:
        """The blob endpoint: the URL of the account, without a `/` at its end."""
        return self.address.rpartition("/")[0]

    @property
    def account(self) -> str:
        """The account's name, which stands in the host, or below the address of an emulator's."""
        return urlsplit(self.endpoint).path.strip("/") or self.host.partition(".")[0]

    @property
    def container(self) -> str:
        return unquote(self.address.rpartition("/")[2])

    @property
    def folder(self) -> str:
        """The container's folder, of an embedded workspace, with `/` between its levels."""
        path = unquote(urlsplit(self.address).path)
        return path[1:] if self.is_windows else path

    @property
    def is_windows(self) -> bool:
        """Whether the folder stands on a drive that has a letter."""
        return re.match(r"file:///[A-Za-z]:", self.address) is not None


def sources(
    selected: Iterable[CollectedBlob],
    between: TimeRange | None,
    *,
    address: Callable[[str], str],
    others: Iterable[BlobInfo] = (),
) -> list[Source]:
    """The files of a selection, collection by collection.

    A month that the range holds wholly is one pattern, so that what is collected in it later is found too; otherwise
    it is a pattern for each day, or for each folder of a day that the range cuts through. `others` are blobs that
    stand in between and are not meant: a pattern that would find one of them is written out folder by folder, and in
    the end file by file.
    """
    found: dict[tuple[str, str], list[CollectedBlob]] = {}
    for one in selected:
        found.setdefault((one.collection, one.blob.container), []).append(one)
    strays = list(others)
    return [
        Source(
            collection,
            blobs[0].service.generation,
            address(container),
            tuple(_patterns(blobs, between, [stray.name for stray in strays if stray.container == container])),
        )
        for (collection, container), blobs in sorted(found.items())
    ]


def _patterns(blobs: Sequence[CollectedBlob], between: TimeRange | None, strays: Sequence[str]) -> list[Pattern]:
    paths = []
    for one in blobs:
        folders = one.blob.name.split("/")[:-1]
        depth = next((levels for length, levels in _DEPTHS if one.end - one.start <= length), 1)
        series = "".join(f"{folder}/" for folder in folders[: len(folders) - depth])
        paths.append(_Path(one.blob.name, series, depth - _kept_levels(one, depth, between)))
    return sorted(_covering(paths, strays))


@dataclass(frozen=True, slots=True)
class _Path:
    """A blob's name, the part of it above the date, and how many of the folders above the file need not be said."""

    name: str
    series: str
    free: int


def _covering(paths: Sequence[_Path], strays: Sequence[str]) -> Iterator[Pattern]:
    """Patterns that find all these paths and none of the strays."""
    together: dict[tuple[str, str, int], list[_Path]] = {}
    for path in paths:
        folder = path.name.rsplit("/", path.free + 1)[0] + "/"
        together.setdefault((path.series, folder, path.free), []).append(path)
    for (series, folder, free), alike in together.items():
        names = {path.name.rpartition("/")[2] for path in alike}
        patterns = [Pattern(series, folder, free, *last) for last in _lasts(names)]
        if not any(pattern.matches(stray) for stray in strays for pattern in patterns):
            yield from patterns
        elif free:
            yield from _covering([replace(path, free=free - 1) for path in alike], strays)
        else:
            yield from (Pattern(series, folder, 0, name) for name in names)


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


def _lasts(names: set[str]) -> list[tuple[str, str]]:
    """The names of files as few (name, ending)."""
    # what begins with a dot is hidden from `*` in some tools and not in others; what begins with _ Spark passes over
    if any(name.startswith((".", "_")) for name in names):
        return [(name, "") for name in names]
    endings = {re.sub(r"^[^.]*", "", name) for name in names}
    # v1 calls the file after its collection, v2 after the instance that wrote it
    if len(names) == 1 and endings != {".jsonl"}:
        return [(names.pop(), "")]
    return [("", endings.pop() if len(endings) == 1 else "")]
