"""The bytes of blobs: by obstore where it can, else by azure's own client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from mlmon.azure.blobs.bulk import Bulk
from mlmon.azure.blobs.storage import ONE_GET, Storage
from mlmon.azure.rest.misread import unreadable
from mlmon.azure.rest.wire import Wire
from mlmon.core.errors import Failure, NotFound, Unavailable
from mlmon.core.model import BlobInfo

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient


class Reading:
    """`core.ports.Blobs.read` over a storage plane. Several threads may read at once."""

    def __init__(self, wire: Wire, storage: Storage) -> None:
        self._storage = storage
        self._bulk = Bulk(wire, storage)

    def read(self, blob: BlobInfo, *, start: int = 0) -> Iterator[bytes]:
        if not {".", ".."}.isdisjoint(blob.name.split("/")):
            # every HTTP client resolves them, and what came would be another blob
            raise Failure(f"no request can name the blob {blob.name!r}", hint="copy it to another name")
        if start >= blob.size:
            self._ask(blob, self._client(blob).get_blob_properties)
        for begin in range(start, blob.size, ONE_GET):
            length = min(ONE_GET, blob.size - begin)
            piece: bytes = self._ask(blob, partial(self._piece, blob, begin, length))
            if len(piece) != length:
                raise _shorter(blob)
            yield piece

    def _piece(self, blob: BlobInfo, start: int, length: int) -> bytes:
        piece = self._bulk.fetch(blob, start, length)
        return _fetched(self._client(blob), start, length) if piece is None else piece

    def _client(self, blob: BlobInfo) -> BlobClient:
        return self._storage.client(blob.container).get_blob_client(blob.name)

    def _ask(self, blob: BlobInfo, ask: Callable[[], Any]) -> Any:
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        with self._storage.asking("read a blob", blob.container):
            try:
                with unreadable():
                    return ask()
            except ResourceNotFoundError:
                raise NotFound(f"the blob {blob.name!r} is gone", hint="see mlmon ls") from None
            except HttpResponseError as error:
                if error.status_code == 416:  # the range begins behind the blob's end
                    raise _shorter(blob) from None
                raise


def _fetched(client: Any, offset: int, length: int) -> bytes:
    """A stretch of a blob, exactly as it is stored."""
    data: bytes = client.download_blob(offset=offset, length=length, max_concurrency=1, decompress=False).readall()
    return data


def _shorter(blob: BlobInfo) -> Unavailable:
    return Unavailable(f"{blob.name} became shorter while it was read", hint="list again")
