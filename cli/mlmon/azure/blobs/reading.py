"""The bytes of blobs: by obstore where it can, else by azure's own client."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NoReturn

from mlmon.azure.blobs.bulk import Bulk, Silent
from mlmon.azure.blobs.storage import ONE_GET, Storage
from mlmon.azure.rest.misread import unreadable
from mlmon.azure.rest.wire import Wire
from mlmon.core.errors import Failure, NotFound, Replaced, Unavailable
from mlmon.core.flow import MEMORY, Flow
from mlmon.core.model import BlobInfo, Chunk
from mlmon.core.parallel import Crew, Job

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

_UNSPOKEN: Final = {".", ".."}
_SHARE: Final = 4
"""One blob may have a quarter of the flow's places: the rest is left to other blobs."""
_AHEAD: Final = MEMORY // 2
"""And half of its bytes."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a blob, which one request asks for."""

    blob: BlobInfo
    start: int
    length: int


class Reading:
    """`core.ports.Blobs.read` over a storage plane. Several threads may read at once."""

    def __init__(self, wire: Wire, storage: Storage) -> None:
        self._storage = storage
        self._bulk = Bulk(wire, storage)
        self._making = Lock()
        self._crew: Crew[_Part, Chunk] | None = None

    def read(self, blob: BlobInfo, *, start: int = 0, flow: Flow | None = None) -> Iterator[Chunk]:
        """As `core.ports.Blobs.read`."""
        if "." in blob.name and not _UNSPOKEN.isdisjoint(blob.name.split("/")):
            # every HTTP client resolves them, and what came would be another blob
            raise Failure(f"no request can name the blob {blob.name!r}", hint="copy it to another name")
        if start >= blob.size:
            self._ask(blob, self._client(blob).get_blob_properties)
        elif flow is None:
            yield from map(self._fetched, _parts(blob, start, ONE_GET))
        elif blob.size - start <= flow.piece:
            yield self._in_one(_Part(blob, start, blob.size - start), flow)
        else:
            yield from self._in_parts(_parts(blob, start, flow.piece), flow)

    def _in_one(self, part: _Part, flow: Flow) -> Chunk:
        flow.enter(part.length)
        try:
            flow.pace(part.length)
            return self._fetched(part)
        finally:
            flow.leave(part.length)

    def _in_parts(self, parts: Iterator[_Part], flow: Flow) -> Iterator[Chunk]:
        """The parts in their order. As many are asked for ahead as the flow has room for, and at least one."""
        ahead: deque[tuple[_Part, Job[_Part, Chunk]]] = deque()
        most = max(2, min(flow.parallel // _SHARE, _AHEAD // flow.piece))
        crew = self._crew_of(flow.parallel)
        part = next(parts, None)
        try:
            while part or ahead:
                while part and len(ahead) < most and flow.enter(part.length, wait=not ahead):
                    ahead.append((part, _begun(crew, part, flow)))
                    part = next(parts, None)
                first, job = ahead[0]
                yield job.result(stop=flow.stop)
                ahead.popleft()
                flow.leave(first.length)
        finally:
            for left, job in ahead:
                job.then(partial(flow.leave, left.length))

    def _crew_of(self, workers: int) -> Crew[_Part, Chunk]:
        with self._making:
            if self._crew is None:
                self._crew = Crew(self._fetched, workers)
            return self._crew

    def _fetched(self, part: _Part) -> Chunk:
        try:
            piece = self._bulk.fetch(part.blob, part.start, part.length)
        except Silent:
            self._ask(part.blob, _time_out)
            raise
        if piece is None:
            piece = self._ask(part.blob, partial(_fetched, self._client(part.blob), part))
        if len(piece) != part.length:
            raise _shorter(part.blob)
        return piece

    def _client(self, blob: BlobInfo) -> BlobClient:
        return self._storage.client(blob.container).get_blob_client(blob.name)

    def _ask(self, blob: BlobInfo, ask: Callable[[], Any]) -> Any:
        from azure.core.exceptions import HttpResponseError, ResourceModifiedError, ResourceNotFoundError

        with self._storage.asking("read a blob", blob.container):
            try:
                with unreadable():
                    return ask()
            except ResourceNotFoundError:
                raise NotFound(f"the blob {blob.name!r} is gone", hint="see mlmon ls") from None
            except ResourceModifiedError:
                # a condition that is not met may come before the look whether there is such a blob
                self._ask(blob, self._client(blob).get_blob_properties)
                raise Replaced(f"{blob.name} was replaced while it was read", hint="list again") from None
            except HttpResponseError as error:
                if error.status_code == 416:  # the range begins behind the blob's end
                    raise _shorter(blob) from None
                raise


def _parts(blob: BlobInfo, start: int, most: int) -> Iterator[_Part]:
    return (_Part(blob, begin, min(most, blob.size - begin)) for begin in range(start, blob.size, most))


def _begun(crew: Crew[_Part, Chunk], part: _Part, flow: Flow) -> Job[_Part, Chunk]:
    """A part that is on its way; the flow was entered for it."""
    try:
        flow.pace(part.length)
        return crew.begin(part)
    except BaseException:
        flow.leave(part.length)
        raise


def _fetched(client: Any, part: _Part) -> bytes:
    """A stretch of a blob, exactly as it is stored."""
    from azure.core import MatchConditions

    etag = part.blob.etag if not part.blob.lineage else ""
    condition = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
    data: bytes = client.download_blob(
        offset=part.start, length=part.length, max_concurrency=1, decompress=False, **condition
    ).readall()
    return data


def _time_out() -> NoReturn:
    from azure.core.exceptions import ServiceResponseTimeoutError

    raise ServiceResponseTimeoutError("Read timed out")


def _shorter(blob: BlobInfo) -> Unavailable:
    return Unavailable(f"{blob.name} became shorter while it was read", hint="list again")
