"""The storage plane: azure's own clients for containers, over the one connection and its one patience."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mlmon.azure import shape
from mlmon.azure.connection import Connection
from mlmon.azure.faults import Asked, Plane
from mlmon.azure.patient import Patient
from mlmon.core.errors import NotAllowed

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

STORAGE_API: Final = {"api-version": "2023-05-01"}
READER: Final = "Storage Blob Data Reader"
ONE_GET: Final = 8 * 1024 * 1024
"""Bytes of a blob fetched at once. Every fetch is one request of its own: a client that splits a larger one pins the
ETag, and a blob that grows meanwhile is then refused."""


class Storage:
    """Clients for containers, each made once. A container of the default account goes by its name alone, one of
    another account by its address."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._clients: dict[str, ContainerClient] = {}
        self._making = Lock()
        self._key = ""

    def named(self, endpoint: str, container: str) -> str:
        """How a container at a blob endpoint is called here."""
        default = self._connection.discovery.storage().endpoint
        return container if endpoint.rstrip("/") == default else f"{endpoint.rstrip('/')}/{container}"

    def asked(self, doing: str, container: str) -> Asked:
        """What is asked of a container's account, for messages."""
        endpoint, _ = self._place(container)
        account = self._connection.discovery.storage()
        name = account.account.rpartition("/")[2] if endpoint == account.endpoint else urlsplit(endpoint).netloc
        return Asked(doing, scope=f"the storage account {name}", role=READER, plane=Plane.DATA)

    def client(self, container: str) -> ContainerClient:
        """The client for a container. Raises as `faults.translated` where a key has to be asked for first."""
        with self._making:
            if container not in self._clients:
                self._clients[container] = self._made(*self._place(container))
            return self._clients[container]

    def _place(self, container: str) -> tuple[str, str]:
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
            transport=Patient(wire),
            retry_total=0,  # the transport is patient, and shorter than these clients are: 80 s on a closed port
            max_single_get_size=ONE_GET,
            max_chunk_get_size=ONE_GET,
        )

    def _credential(self, endpoint: str) -> Any:
        """The sign-in; with `storage_auth = "key"` the account's key, which is asked for once and kept nowhere."""
        if self._connection.target.storage_auth != "key":
            return self._connection.wire.credential
        storage = self._connection.discovery.storage()
        if endpoint != storage.endpoint:
            raise NotAllowed(
                f"the key of {urlsplit(endpoint).netloc} is not known: it is not the workspace's own storage",
                hint="--storage-auth identity",
            )
        if not self._key:
            self._key = self._ask_for_key(storage.account)
        return {"account_name": storage.account.rpartition("/")[2], "account_key": self._key}

    def _ask_for_key(self, account: str) -> str:
        asked = Asked("list the keys of the storage account", account, "Storage Account Key Operator Service Role")
        answer = self._connection.arm.send("POST", f"{account}/listKeys", query=STORAGE_API, asked=asked)
        found = (shape.text(each, "value") for each in shape.items(answer.body, "keys"))
        key = next((value for value in found if value), "")
        if not key:
            raise NotAllowed(f"Azure gives no key of {account}", hint="--storage-auth identity")
        return key
