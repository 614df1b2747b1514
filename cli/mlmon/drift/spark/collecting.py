"""Collected data in Spark's workers: read as `drift/days.py` reads them on one machine, by the same code.

A v2 line is read wherever it is; a line that is there twice goes to the same worker, which drops one. A v1 delivery
that is there twice is known by its rows, so that all files of a day go to one worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import unquote

from mlmon.collected.records import Aside
from mlmon.collected.selecting.layout import CollectedBlob, Place, Reader
from mlmon.core.errors import NotFound, Unavailable
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo, Chunk, CollectedRoot, Generation, ServiceName
from mlmon.core.timerange import TimeRange
from mlmon.drift.days import Reading, read_days
from mlmon.drift.result import Kind
from mlmon.drift.spark.packing import Rows

_AT_ONCE: Final = 64 << 20  # bytes that are summarized together


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker has to know: whose files these are, and how they are to be read.

    `base` is the path of the container, with a `/` at its end, `address` its URL.
    """

    service: ServiceName
    roots: tuple[CollectedRoot, ...]
    base: str
    address: str
    kinds: Mapping[str, Kind]
    between: TimeRange | None
    now: datetime
    most: int = 0
    at_once: int = _AT_ONCE

    @property
    def is_v1(self) -> bool:
        return self.roots[0].generation is Generation.V1


def summarized(batches: Iterable[Any], task: Task) -> Iterator[Any]:
    """The summaries of batches of (`path`, `content`): the lines of v2, or whole files of v1, ordered by their day."""
    held = _Held(task)
    for batch in batches:
        for path, content in zip(*(batch.column(at).to_pylist() for at in range(2)), strict=True):
            if held.full(path):
                yield held.emptied().batch()
            held.add(path, content)
    yield held.emptied().batch()


@dataclass(slots=True)
class _Held:
    """Files, or lines of files, that are to be summarized together."""

    task: Task
    contents: dict[str, list[bytes]] = field(default_factory=dict)
    sources: dict[str, CollectedBlob] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)
    strange: Rows = field(default_factory=Rows)
    size: int = 0

    def full(self, path: str) -> bool:
        """Whether what is held has to be summarized before more is added. A day of v1 stays together."""
        if self.size < self.task.at_once:
            return False
        following = self._source(path)
        return not (self.task.is_v1 and following and any(one.day == following.day for one in self.sources.values()))

    def add(self, path: str, content: bytes) -> None:
        source = self._source(path)
        if source is None:
            self.strange.leave_out(f"{path}: it is no collected data")
            return
        if not self.task.is_v1:
            text = content.rstrip(b"\r\n")
            mark = blake2b(source.day.isoformat().encode() + text, digest_size=16).digest()
            if not text or mark in self.seen:
                return
            self.seen.add(mark)
            content += b"\n"
        self.sources[source.blob.name] = source
        self.contents.setdefault(source.blob.name, []).append(content)
        self.size += len(content)

    def emptied(self) -> Rows:
        """The summaries of what was held, which is let go."""
        rows, self.strange = self.strange, Rows()
        asides: list[Aside] = []
        blobs = Held(self.task, {name: b"".join(parts) for name, parts in self.contents.items()})
        reading = Reading(blobs, self.task.now, asides.append)
        found = read_days(
            reading,
            [*self.sources.values()],
            self.task.kinds,
            between=self.task.between,
            most=self.task.most,
        )
        for day, one in found.by_day.items():
            rows.add_day(day, one)
        for each in asides:
            # which line is the last of a file is not known here, and the last may still be written to
            if not (each.growing or (not self.task.is_v1 and each.source.end > self.task.now)):
                rows.leave_out(f"{each.source.blob.name}: it {each.reason}")
        self.contents.clear()
        self.sources.clear()
        self.size = 0
        return rows

    def _source(self, path: str) -> CollectedBlob | None:
        name = name_of(path, self.task.base)
        if name in self.sources:
            return self.sources[name]
        for root in self.task.roots:
            blob = BlobInfo(root.container, name, 0, "", datetime(1970, 1, 1, tzinfo=UTC))
            reader = Reader(root, self.task.service)
            if isinstance(place := reader.place(blob), Place):
                return reader.collected(blob, place)
        return None


def name_of(path: str, base: str) -> str:
    """The name of a blob, of the address that Spark has for it: scheme, authority, and the path as a URL writes it.

    What stands in a datastore of Azure Machine Learning may be called by that, long or short:
    https://learn.microsoft.com/azure/machine-learning/how-to-access-data-interactive
    """
    scheme, found, below = path.partition("://")
    if found and scheme == "azureml":
        return unquote(below.partition("/paths/")[2])
    authority_and_path = below if found else path.partition(":")[2]
    whole = "/" + unquote(authority_and_path.partition("/")[2])
    return whole.removeprefix(base)


def base_of(uri: str) -> str:
    """What `name_of` needs to know of a container that Spark opens at this address: its path, a `/` at its end."""
    scheme, found, below = uri.partition("://")
    if found and scheme == "azureml":
        return "/"  # by whatever address Spark has for its files, the datastore's own path is none of it
    path = unquote(below.partition("/")[2] if found else uri).strip("/")
    return f"/{path}/" if path else "/"


@dataclass(frozen=True, slots=True)
class Held:
    """Blobs whose content Spark has read already. Nothing else can be looked up from here."""

    task: Task
    contents: Mapping[str, bytes]

    def read(self, blob: BlobInfo, *, start: int = 0, flow: Flow | None = None) -> Iterator[Chunk]:  # noqa: ARG002 - the port's
        if blob.name not in self.contents:
            raise NotFound("it is not among what Spark has read")
        yield self.contents[blob.name][start:]

    def address(self, container: str) -> str:  # noqa: ARG002 - there is one
        return self.task.address

    def roots(self, name: ServiceName) -> Sequence[CollectedRoot]:  # noqa: ARG002 - there is one
        return self.task.roots

    def children(self, container: str, prefix: str) -> Iterator[str | BlobInfo]:  # noqa: ARG002 - as list
        raise _elsewhere()

    def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:  # noqa: ARG002 - nothing is listed
        raise _elsewhere()

    def asset(self, name: str) -> Sequence[BlobInfo]:  # noqa: ARG002 - as list
        raise _elsewhere()


def _elsewhere() -> Unavailable:
    # what a line that was too large points to; without an engine it is followed
    return Unavailable("Spark reads no data but those of the files", hint="leave --engine out")
