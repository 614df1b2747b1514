"""Blob storage that is read ahead: small blobs are fetched before their turn comes, some of them at once."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from mlmon.core.errors import MlmonError
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo, Chunk, CollectedRoot, ServiceName
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Blobs

_AT_ONCE: Final = 32
_SMALL: Final = 256 * 1024  # twice as many as are fetched at once may be held: 16 MB

_Came = tuple[BlobInfo, list[Chunk] | MlmonError]


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """The same `Blobs`, for one thread that reads known blobs from their beginning, and in their order.

    Anything else is read as ever. What a blob's reading raises is raised when its turn comes.
    """

    blobs: Blobs
    _coming: Iterator[_Came]
    _expected: set[tuple[str, str]]
    _flow: Flow

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
        came = None if start else self._came(blob)
        if isinstance(came, MlmonError):
            raise came
        yield from self.blobs.read(blob, start=start, flow=flow or self._flow) if came is None else came

    def _came(self, blob: BlobInfo) -> Sequence[Chunk] | MlmonError | None:
        if _key(blob) not in self._expected:
            return None
        for one, came in self._coming:
            self._expected.discard(_key(one))
            if one == blob:
                return came
        return None


@contextmanager
def reading_ahead(blobs: Blobs, wanted: Sequence[BlobInfo]) -> Generator[Blobs, None, None]:
    """Blobs from which `wanted` are read one after the other."""
    if all(blobs.address(container).startswith("file:") for container in {one.container for one in wanted}):
        yield blobs  # a disk answers at once, and threads would take longer to ask it
        return
    small = [one for one in wanted if one.size <= _SMALL]
    flow = Flow(parallel=_AT_ONCE)

    def fetched(blob: BlobInfo) -> _Came:
        try:
            return blob, [*blobs.read(blob, flow=flow)]
        except MlmonError as error:
            return blob, error

    with closing(map_bounded(fetched, small, workers=_AT_ONCE, stop=flow.stop, only_reads=True)) as coming:
        yield ReadAhead(blobs, coming, {_key(one) for one in small}, flow)


def _key(blob: BlobInfo) -> tuple[str, str]:
    return blob.container, blob.name
