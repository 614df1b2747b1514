"""What the path of one blob says, read by itself."""

from __future__ import annotations

from mlmon.collected.selecting.layout import CollectedBlob, Place, Reader
from mlmon.core.model import BlobInfo, CollectedRoot, ServiceName


def parse(root: CollectedRoot, service: ServiceName, blob: BlobInfo) -> CollectedBlob | None:
    """What a blob below `root` is, or None when its path is not that of collected data."""
    reader = Reader(root, service)
    place = reader.place(blob)
    return reader.collected(blob, place) if isinstance(place, Place) else None
