"""Blob storage whose reads are counted while they go on: a large blob takes minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo, Chunk, CollectedRoot, ServiceName
from mlmon.core.ports import Blobs


@dataclass(frozen=True, slots=True)
class Metered:
    """The same `Blobs`; `on_bytes` is told of each piece that was read, from the thread that reads."""

    blobs: Blobs
    on_bytes: Callable[[int], None]

    def roots(self, name: ServiceName) -> Sequence[CollectedRoot]:
        return self.blobs.roots(name)

    def children(self, container: str, prefix: str) -> Iterator[str | BlobInfo]:
        return self.blobs.children(container, prefix)

    def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:
        return self.blobs.list(container, prefix, start_from=start_from)

    def address(self, container: str) -> str:
        return self.blobs.address(container)

    def asset(self, name: str) -> Sequence[BlobInfo]:
        return self.blobs.asset(name)

    def read(self, blob: BlobInfo, *, start: int = 0, flow: Flow | None = None) -> Iterator[Chunk]:
        for piece in self.blobs.read(blob, start=start, flow=flow):
            self.on_bytes(len(piece))
            yield piece
