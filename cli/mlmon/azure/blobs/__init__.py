"""Collected data on Azure: blobs in the workspace's storage, with roots that are resolved rather than guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from mlmon.azure.blobs.listing import blobs_of, level_of
from mlmon.azure.blobs.reading import Reading
from mlmon.azure.blobs.storage import Storage
from mlmon.azure.connection import Connection
from mlmon.azure.discovery.places import asset_path
from mlmon.azure.rest import shape
from mlmon.azure.rest.misread import unreadable
from mlmon.core.errors import NotFound, Unavailable, UsageError
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo, Chunk, CollectedRoot, Generation, Json, ServiceName

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Described = Callable[[ServiceName], Json]
"""A deployment as Azure Resource Manager shows it, or a web service as model management does. Raises `NotFound`."""

V1_CONTAINER: Final = "modeldata"
_PAGE: Final = 5000
_LISTING: Final = "list the blobs"
_REMEMBERED: Final = "modeldata_prefixes"


class AzureBlobs:
    """`core.ports.Blobs` over a connection."""

    def __init__(self, connection: Connection, *, described: Described) -> None:
        self._connection = connection
        self._described = described
        self._storage = Storage(connection)
        self._reading = Reading(connection.wire, self._storage)
        self._walking = Lock()
        self._spellings: Sequence[str] | None = None

    def roots(self, name: ServiceName) -> Sequence[CollectedRoot]:
        raw = self._described(name)
        if name.generation is Generation.V1:
            prefixes = [f"{above}{name.endpoint}/" for above in self._above_services()]
            return [CollectedRoot(V1_CONTAINER, prefix, Generation.V1) for prefix in prefixes]
        collections = shape.mapping(raw, "properties", "dataCollector", "collections")
        return [self._root(name, each, shape.text(collections[each], "dataId")) for each in sorted(collections)]

    def children(self, container: str, prefix: str) -> Iterator[str | BlobInfo]:
        before = ""
        for page in self._pages(container, prefix, delimiter="/"):
            with self._storage.asking(_LISTING, container), unreadable():
                found = level_of(page, container)
            for child in found:
                if isinstance(child, BlobInfo):
                    yield child
                # a page may begin with the prefix that the last one ended with
                elif child != before and child.startswith(prefix):
                    yield child
                    before = child

    def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:
        for page in self._pages(container, prefix, start_from=start_from):
            with self._storage.asking(_LISTING, container), unreadable():
                # a service that does not know where to start from begins with the first
                found = [blob for blob in blobs_of(page, container) if blob.name >= start_from]
            yield from found

    def address(self, container: str) -> str:
        return self._storage.address(container)

    def asset(self, name: str) -> Sequence[BlobInfo]:
        if not asset_path(name, workspace=self._connection.path):
            raise UsageError(f"{name!r} is no version of a data asset", hint="write azureml:NAME:VERSION")
        place = self._connection.discovery.place_of(name)
        container = self._storage.named(place.endpoint, place.container)
        file = place.prefix.rstrip("/")  # a place is a file or a folder: nothing but the listing tells
        found = [one for one in self.list(container, file) if one.name == file or one.name.startswith(place.prefix)]
        if not found:
            raise NotFound(f"the data asset {name} has no files", hint="see that its path is still there")
        return found

    def read(self, blob: BlobInfo, *, start: int = 0, flow: Flow | None = None) -> Iterator[Chunk]:
        return self._reading.read(blob, start=start, flow=flow)

    def _root(self, name: ServiceName, collection: str, data_id: str) -> CollectedRoot:
        if data_id:
            place = self._connection.discovery.place_of(data_id)
            container = self._storage.named(place.endpoint, place.container)
            return CollectedRoot(container, place.prefix, Generation.V2, collection=collection)
        # the documented default: https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data
        prefix = f"modelDataCollector/{name.endpoint}/{name.deployment}/{collection}/"
        container = self._connection.discovery.storage().container
        return CollectedRoot(container, prefix, Generation.V2, collection=collection)

    def _above_services(self) -> Sequence[str]:
        """The prefixes below which v1 services of this workspace collect.

        Collectors write the workspace's names in lower case, and before 0.1.0a16 wrote them as they were spelled where
        they ran. So the spellings that exist are looked for once; no collector of today adds one.
        """
        target = self._connection.target
        levels = [target.subscription, target.resource_group, target.name]
        usual = "".join(f"{level.lower()}/" for level in levels)
        with self._walking:
            if self._spellings is None:
                memory = self._connection.memory
                remembered = shape.items(dict(memory.read()), _REMEMBERED)
                self._spellings = [each for each in remembered if isinstance(each, str) and each.lower() == usual]
                if not self._spellings:
                    self._spellings = self._spelled(levels)
                    memory.remember({_REMEMBERED: [*self._spellings]})
        return list(dict.fromkeys([usual, *self._spellings]))

    def _spelled(self, levels: Sequence[str]) -> Sequence[str]:
        found = [""]
        for level in levels:
            found = [
                child
                for above in found
                for child in self.children(V1_CONTAINER, above)
                if isinstance(child, str) and child[len(above) : -1].lower() == level.lower()
            ]
        return found

    def _pages(self, container: str, prefix: str, **options: str) -> Iterator[Element]:
        """The pages of a listing, each when it is needed; none of a container that is not there.

        Raises:
            Unavailable: the pages go in a circle.
        """
        from azure.core.exceptions import ResourceNotFoundError

        listing = _Listing(self._storage.client(container), prefix, **options)
        seen: set[str] = set()
        while True:
            with self._storage.asking(_LISTING, container):
                try:
                    with unreadable():
                        page = listing.next()
                        marker = page.findtext("NextMarker") if page is not None else ""
                except ResourceNotFoundError:
                    return
            if page is None:
                return
            if marker in seen:
                raise Unavailable(f"the listing of {container} has no end", hint="try again in a minute")
            seen.add(marker or "")
            yield page


class _Listing:
    """One listing of azure's client, which pages; the pages' XML is taken from the answers themselves."""

    def __init__(self, client: Any, prefix: str, *, delimiter: str = "", start_from: str = "") -> None:
        self._response: Any = None
        options: dict[str, Any] = {"results_per_page": _PAGE, "raw_response_hook": self._keep}
        if prefix:
            options["name_starts_with"] = prefix
        if start_from:
            options["start_from"] = start_from  # the whole name, not what follows the prefix
        listed = client.walk_blobs(delimiter=delimiter, **options) if delimiter else client.list_blob_names(**options)
        self._pages = listed.by_page()

    def next(self) -> Element | None:
        """The next page, None after the last."""
        from azure.core.pipeline.policies import ContentDecodePolicy

        if next(self._pages, None) is None:
            return None
        page: Element = self._response.context[ContentDecodePolicy.CONTEXT_NAME]
        return page

    def _keep(self, response: Any) -> None:
        self._response = response
