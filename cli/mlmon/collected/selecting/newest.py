"""The newest collected data of a service, found by its path with as few listings as can be.

A collection of v2 is looked at with three listings: its years, the months of the last one, and that month. A v1
service is one listing as long as a page of it holds everything; only a larger one is gone down level by level.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice
from typing import Final

from mlmon.collected.selecting.covering import PAGE
from mlmon.collected.selecting.layout import CollectedBlob, Place, Reader
from mlmon.collected.selecting.selection import designations
from mlmon.core.model import BlobInfo, CollectedRoot, Generation, ServiceName
from mlmon.core.ports import Blobs

_MONTHS: Final = 2  # levels of folders below a v2 collection's root before the listing is flat
_DAYS: Final = 3


def newest(blobs: Blobs, service: ServiceName) -> CollectedBlob | None:
    """The blob whose path says the latest time, over all collections; None when nothing was ever collected.

    Raises:
        NotFound: no such service.
    """
    found = [_newest_below(blobs, root, service) for root in blobs.roots(service)]
    return max((one for one in found if one), key=_when, default=None)


def _newest_below(blobs: Blobs, root: CollectedRoot, service: ServiceName) -> CollectedBlob | None:
    search = _Search(blobs, root, service)
    if root.generation is Generation.V2:
        return search.latest(root.prefix, levels=_MONTHS)
    first = list(islice(blobs.list(root.container, root.prefix), PAGE))
    if len(first) < PAGE:
        return search.best(first)
    found = [search.latest(series, levels=_DAYS) for series in designations(blobs, root)]
    return max((one for one in found if one), key=_when, default=None)


class _Search:
    """The latest of what stands below one root."""

    def __init__(self, blobs: Blobs, root: CollectedRoot, service: ServiceName) -> None:
        self._blobs = blobs
        self._root = root
        self._service = service

    def latest(self, prefix: str, *, levels: int) -> CollectedBlob | None:
        """Go down the latest date folder first, so many levels; one that holds no collected data is passed over."""
        for _, same in groupby(self._dated(prefix) if levels else (), key=_number):
            found = [self.latest(child, levels=levels - 1) for child in same]
            if latest := max((one for one in found if one), key=_when, default=None):
                return latest
        return self.best(self._blobs.list(self._root.container, prefix))

    def best(self, listed: Iterator[BlobInfo] | list[BlobInfo]) -> CollectedBlob | None:
        """The latest of these blobs."""
        reader = Reader(self._root, self._service)
        placed = ((blob, reader.place(blob)) for blob in listed)
        dated = (reader.collected(blob, place) for blob, place in placed if isinstance(place, Place))
        return max(dated, key=_when, default=None)

    def _dated(self, prefix: str) -> list[str]:
        """The folders one level below that a date can stand in, the latest first."""
        children = self._blobs.children(self._root.container, prefix)
        dated = (child for child in children if isinstance(child, str) and _number(child) >= 0)
        return sorted(dated, key=_number, reverse=True)


def _when(one: CollectedBlob) -> tuple[object, str]:
    return one.start, one.blob.name


def _number(prefix: str) -> int:
    """`…/2026/3/` and `…/2026/03/` are both 3; a folder that is no number is -1."""
    last = prefix[:-1].rpartition("/")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) <= len("2026") else -1
