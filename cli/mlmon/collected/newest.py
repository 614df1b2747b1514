"""The newest collected data of a service, found by its path, without listing what is older."""

from __future__ import annotations

from mlmon.collected.layout import CollectedBlob, Selection, designations, parse
from mlmon.core.model import CollectedRoot, Generation, ServiceName
from mlmon.core.ports import Blobs


def newest(blobs: Blobs, service: ServiceName) -> CollectedBlob | None:
    """The blob whose path says the latest time, over all collections; None when nothing was ever collected.

    Raises:
        NotFound: no such service.
    """
    found: list[CollectedBlob] = []
    for root in blobs.roots(service):
        v1 = root.generation is Generation.V1
        for series in designations(blobs, root, Selection()) if v1 else [root.prefix]:
            latest = _latest(blobs, root, service, series)
            found += [latest] if latest else []
    return max(found, key=lambda one: (one.start, one.blob.name), default=None)


def _latest(blobs: Blobs, root: CollectedRoot, service: ServiceName, prefix: str) -> CollectedBlob | None:
    """Go down the latest date folder first; one that holds no collected data is passed over."""
    for child in sorted(blobs.children(root.container, prefix), key=_as_number, reverse=True):
        if latest := _latest(blobs, root, service, child):
            return latest
    dated = [parse(root, service, blob) for blob in blobs.list(root.container, prefix)]
    return max((one for one in dated if one), key=lambda one: (one.start, one.blob.name), default=None)


def _as_number(prefix: str) -> int:
    """`…/2026/3/` and `…/2026/03/` are both 3; a folder that is no number comes after all that are."""
    last = prefix[:-1].rpartition("/")[2]
    return int(last) if last.isascii() and last.isdigit() else -1
