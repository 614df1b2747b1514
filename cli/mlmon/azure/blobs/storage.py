"""The storage plane: azure's own clients for containers, over the one connection and its one patience."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from mlmon.azure.connection import Connection
from mlmon.azure.discovery import API, StorageFacts
from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import Asked, Plane, translated
from mlmon.core.errors import NotAllowed

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

READER: Final = "Storage Blob Data Reader"
ONE_GET: Final = 4 * 1024 * 1024
"""Bytes of a blob fetched at once; with the copies made on the way, a reader needs some three times as much memory.
Every fetch is one request of its own: a client that splits a larger one pins the ETag, and a blob that grows meanwhile
is then refused."""


class Storage:
    """Clients for containers, each made once. A container of the default account goes by its name alone, one of
    another account by its address."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._clients: dict[str, ContainerClient] = {}
        self._making = Lock()
        self._secret: Any = None

    def named(self, endpoint: str, container: str) -> str:
        """How a container at a blob endpoint is called here."""
        default = self._connection.discovery.storage().endpoint
        return container if endpoint.rstrip("/") == default else f"{endpoint.rstrip('/')}/{container}"

    @contextmanager
    def asking(self, doing: str, container: str) -> Iterator[None]:
        """While something is asked of a container's account: `doing` ("list the blobs") is how messages call that.
        Raises as `faults.translated`."""
        endpoint, _ = self.place(container)
        wire = self._connection.wire
        with translated(self._asked(doing, endpoint), account=wire.account, host=urlsplit(endpoint).netloc):
            yield

    def _asked(self, doing: str, endpoint: str) -> Asked:
        """In messages the account stands for all its containers: what one of them meets, each does."""
        default = self._connection.discovery.storage()
        name = default.account if endpoint == default.endpoint else urlsplit(endpoint).netloc
        by_identity = self._connection.target.storage_auth != "key"
        otherwise = "or, where account keys are allowed: --storage-auth key" if by_identity else ""
        account = f"the storage account {name}"
        return Asked(f"{doing} of {account}", scope=account, role=READER, plane=Plane.DATA, otherwise=otherwise)

    def client(self, container: str) -> ContainerClient:
        """The client for a container. Raises as `faults.translated` where a key has to be asked for first."""
        with self._making:
            if container not in self._clients:
                self._clients[container] = self._made(*self.place(container))
            return self._clients[container]

    def address(self, container: str) -> str:
        """The URL of a container."""
        endpoint, name = self.place(container)
        return f"{endpoint}/{quote(name, safe='$')}"

    def place(self, container: str) -> tuple[str, str]:
        """The blob endpoint and the name of a container."""
        if container.startswith(("https://", "http://")):
            endpoint, _, name = container.rpartition("/")
            return endpoint, name
        return self._connection.discovery.storage().endpoint, container

    def _made(self, endpoint: str, name: str) -> ContainerClient:
        from azure.storage.blob import ContainerClient

        wire = self._connection.wire
        return ContainerClient(
            endpoint,
            name,
            credential=self._credential(endpoint),
            audience=wire.cloud.storage_scope.removesuffix("/.default"),
            transport=wire.patient(),
            retry_total=0,  # the transport is patient, and shorter than these clients are: 80 s on a closed port
            max_single_get_size=ONE_GET,
            max_chunk_get_size=ONE_GET,
        )

    def credential(self, endpoint: str) -> Any:
        """What opens an account, as azure's clients take it. Raises as `client`, and `NotAllowed` without a key."""
        with self._making:
            return self._credential(endpoint)

    def _credential(self, endpoint: str) -> Any:
        """The sign-in; with `storage_auth = "key"` the default datastore's secret, asked for once and kept nowhere."""
        if self._connection.target.storage_auth != "key":
            return self._connection.wire.credential
        if endpoint != self._connection.discovery.storage().endpoint:
            raise NotAllowed(
                f"there is no key for {urlsplit(endpoint).netloc}: it is not the workspace's own storage",
                hint="--storage-auth identity",
            )
        if self._secret is None:
            self._secret = self._ask_for_secret(self._connection.discovery.storage())
        return self._secret

    def _ask_for_secret(self, storage: StorageFacts) -> Any:
        """The account's key, or a signature where the datastore has only that, as azure's clients take them."""
        path = f"{self._connection.path}/datastores/{quote(storage.datastore, safe='')}"
        asked = Asked("read the secrets of the datastore", scope=path, role="AzureML Data Scientist")
        found = self._connection.arm.send("POST", f"{path}/listSecrets", query=API, asked=asked).body
        if key := shape.text(found, "key"):
            return {"account_name": storage.account, "account_key": key}
        if signature := shape.text(found, "sasToken"):
            return signature.lstrip("?")
        raise NotAllowed(
            f"the datastore {storage.datastore} has no key: it is opened with an identity",
            hint="--storage-auth identity",
        )
