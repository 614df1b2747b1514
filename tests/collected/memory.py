"""Blob storage in memory: a whole `Blobs`, which also counts what is asked of it and can fail on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zlib import crc32

from mlmon.core.errors import NotFound
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo, CollectedRoot, Generation, ServiceName

V1 = ServiceName("churn")
V2 = ServiceName("fraud", "blue")
MODELDATA = CollectedRoot("modeldata", "1a2b/rg/ws/churn/", Generation.V1)
INPUTS = CollectedRoot(
    "azureml-blobstore", "modelDataCollector/fraud/blue/model_inputs/", Generation.V2, "model_inputs"
)
OUTPUTS = CollectedRoot(
    "azureml-blobstore", "modelDataCollector/fraud/blue/model_outputs/", Generation.V2, "model_outputs"
)


@dataclass
class MemoryBlobs:
    """Blobs by (container, name). `reads` replaces the bytes of a name by whatever its function yields."""

    service_roots: dict[ServiceName, tuple[CollectedRoot, ...]] = field(
        default_factory=lambda: {V1: (MODELDATA,), V2: (INPUTS, OUTPUTS)}
    )
    stored: dict[tuple[str, str], bytes] = field(default_factory=dict)
    reads: dict[str, Callable[[], Iterator[bytes]]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    lineage: str = ""
    fetched: int = 0

    def put(self, root: CollectedRoot, *paths: str, content: bytes = b"row\n") -> MemoryBlobs:
        """Store blobs below a root."""
        self.stored.update({(root.container, root.prefix + path): content for path in paths})
        return self

    def info(self, container: str, name: str) -> BlobInfo:
        """A blob as a listing shows it."""
        content = self.stored[container, name]
        return BlobInfo(
            container,
            name,
            len(content),
            f'"{crc32(content):x}"',
            datetime(2026, 3, 1, tzinfo=UTC),
            lineage=self.lineage,
        )

    def roots(self, name: ServiceName) -> Sequence[CollectedRoot]:
        if name not in self.service_roots:
            raise NotFound(f"No service named {str(name)!r}")
        return self.service_roots[name]

    def children(self, container: str, prefix: str) -> Iterator[str | BlobInfo]:
        assert not prefix or prefix.endswith("/")
        self.calls.append(("children", prefix))
        below = (name[len(prefix) :] for where, name in self.stored if where == container and name.startswith(prefix))
        found = {prefix + rest.partition("/")[0] + rest.partition("/")[1] for rest in below}
        for name in sorted(found):
            yield name if name.endswith("/") and name != prefix else self.info(container, name)

    def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:
        # a root may be the whole container, and a blob that was read may be looked at again
        known = not prefix or ("read", prefix) in self.calls
        assert known or prefix.endswith("/"), "a prefix without its slash finds the neighbours too"
        assert not start_from or start_from.startswith(prefix)
        self.calls.append(("list", start_from or prefix))
        for where, name in sorted(self.stored):
            if where == container and name.startswith(prefix) and name >= start_from:
                yield self.info(where, name)

    def address(self, container: str) -> str:
        return f"https://account.blob.core.windows.net/{container}"

    def asset(self, name: str) -> Sequence[BlobInfo]:
        return [self.info(where, path) for where, path in sorted(self.stored) if where == name]

    def read(self, blob: BlobInfo, *, start: int = 0, flow: Flow | None = None) -> Iterator[bytes]:
        self.calls.append(("read", blob.name))
        if blob.name in self.reads:
            yield from self.reads[blob.name]()
            return
        content = self.stored.get((blob.container, blob.name))
        if content is None:
            raise NotFound(f"the blob {blob.name!r} is gone")
        self.fetched += blob.size - start
        for begin in range(start, min(blob.size, len(content)), 7):
            yield content[begin : min(begin + 7, blob.size)]
