"""No answer of any shape makes mlmon stumble: whatever JSON stands in the place of a document, there is a value or an
error of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmon.azure.connection import Connection
from mlmon.azure.rest.transport import SharedTransport
from mlmon.azure.rest.wire import Wire
from mlmon.core.errors import MlmonError
from mlmon.core.model import Json
from mlmon.settings import AzureWorkspace

WS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
DATA = f"{WS}/data/d/versions/1"
ARM = "https://arm.example"

KEYS = (
    "error",
    "code",
    "message",
    "innererror",
    "value",
    "nextLink",
    "name",
    "id",
    "properties",
    "location",
    "workspaceId",
    "storageAccount",
    "dataUri",
    "applicationInsights",
    "discoveryUrl",
    "accountName",
    "containerName",
    "filesystem",
    "endpoint",
    "primaryEndpoints",
    "blob",
    "customerId",
    "WorkspaceResourceId",
    "modelmanagement",
    "resourceManager",
    "authentication",
    "loginEndpoint",
    "logAnalyticsResourceId",
    "status",
)
TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        "",
        "w",
        "x" * 70_000,
        "\x1b[2J",
        "\ud800",
        ARM,
        f"{ARM}/next",
        "https://[",
        "https://a:b@c.example:99999",
        "https://evil.example/x",
        WS,
        f"{WS}/../x?y=#z",
        "/subscriptions/s/resourceGroups/g/providers/microsoft.insights/components/c",
        "azureml://datastores/d/paths/a",
        "azureml://datastores/../paths/../a",
        "https://store.blob.core.windows.net/c/a",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8),
    max_leaves=15,
)
GOOD: Mapping[str, Any] = {
    "workspace": {
        "id": WS,
        "location": "here",
        "properties": {
            "storageAccount": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/store",
            "applicationInsights": "/subscriptions/s/resourceGroups/g/providers/microsoft.insights/components/c",
            "discoveryUrl": "https://discovery.example/x",
        },
    },
    "datastores": {"value": [{"name": "d", "properties": {"accountName": "store", "containerName": "con"}}]},
    "datastore": {"name": "d2", "properties": {"accountName": "store", "containerName": "con"}},
    "storage": {"properties": {"primaryEndpoints": {"blob": "https://store.blob.core.windows.net/"}}},
    "component": {"properties": {"WorkspaceResourceId": "/subscriptions/s/resourceGroups/g/providers/x/workspaces/l"}},
    "logs": {"properties": {"customerId": "guid"}},
    "discovery": {"modelmanagement": "https://v1.example"},
    "data": {"properties": {"dataUri": "azureml://datastores/d2/paths/a"}},
    "metadata": {
        "resourceManager": ARM,
        "authentication": {"loginEndpoint": "https://login.example"},
        "logAnalyticsResourceId": "https://logs.example",
    },
}


class Answered(HttpTransport[Any, Any]):
    """A network on which every document is good but those that are put in its place."""

    def __init__(self, bad: Mapping[str, bytes], *, status: int = 200) -> None:
        self.bad = bad
        self.status = status

    def send(self, request: Any, **_: Any) -> Any:
        what = _asked_for(request.url.partition("?")[0])
        body = self.bad.get(what, json.dumps(GOOD[what]).encode())
        return _Response(request, body, self.status if what in self.bad else 200)

    def sleep(self, duration: float) -> None:
        """Pauses are for a real network."""

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def _asked_for(path: str) -> str:
    endings = {
        "/metadata": "metadata",
        "/datastores": "datastores",
        "/datastores/d2": "datastore",
        "/workspaces/w": "workspace",
        "/storageAccounts/store": "storage",
        "/components/c": "component",
        "/workspaces/l": "logs",
        "discovery.example/x": "discovery",
        "/versions/1": "data",
    }
    return next((what for ending, what in endings.items() if path.endswith(ending)), "workspace")


class _Response(HttpResponse):
    def __init__(self, request: Any, body: bytes, status: int) -> None:
        self._request, self._body, self._status = request, body, status

    request = property(lambda self: self._request)
    status_code = property(lambda self: self._status)
    content = property(lambda self: self._body)
    headers = property(lambda self: {})

    def text(self, encoding: str | None = None) -> str:
        return self._body.decode(encoding or "utf-8")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


for _name in list(_Response.__abstractmethods__):  # what no pipeline of ours asks for
    setattr(_Response, _name, None)
_Response.__abstractmethods__ = frozenset()


class Forgetful:
    """A memory that keeps nothing."""

    def read(self) -> Mapping[str, Json]:
        return {}

    def remember(self, found: Mapping[str, Json]) -> None:
        json.dumps(found)


class Anybody:
    """Somebody who is signed in."""

    account = "me"

    def get_token(self, *_: str, **__: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken("token", 2**40)


def connection(bad: Mapping[str, bytes], *, status: int = 200) -> Connection:
    wire = Wire({"ARM_CLOUD_METADATA_URL": f"{ARM}/metadata"})
    wire._transport = SharedTransport(Answered(bad, status=status))
    wire._signin = Anybody()  # type: ignore[assignment]  # as much of it as a pipeline asks for
    return Connection(AzureWorkspace("s", "g", "w"), wire=wire, memory=Forgetful(), clock=lambda: datetime.now(UTC))


def everything(found: Connection) -> None:
    """Every part, each on its own: an error of one is none of the others'."""
    for part in ("workspace", "storage", "telemetry", "logs_workspace", "management", "place_of"):
        result = outcome(found, part)
        assert result.message if isinstance(result, MlmonError) else result


def outcome(found: Connection, part: str) -> Any:
    try:
        discovery = found.discovery
        return discovery.place_of(DATA) if part == "place_of" else getattr(discovery, part)()
    except MlmonError as error:
        return error


def test_the_good_documents_are_good() -> None:
    discovery = connection({}).discovery
    assert discovery.place_of(DATA).prefix == "a/"
    assert discovery.management() == f"https://v1.example/modelmanagement/v1.0{WS}"
    assert discovery.logs_workspace() == "guid"


EASY = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize("what", GOOD)
@EASY
@given(document=DOCUMENTS, status=st.sampled_from([200, 200, 200, 204, 302, 400, 403, 404, 429, 500]))
def test_any_json_in_the_place_of_a_document(what: str, document: Any, status: int) -> None:
    everything(connection({what: json.dumps(document).encode()}, status=status))


@pytest.mark.parametrize("what", GOOD)
@EASY
@given(body=st.binary(max_size=30))
def test_any_bytes_in_the_place_of_a_document(what: str, body: bytes) -> None:
    everything(connection({what: body}))


@EASY
@given(documents=st.dictionaries(st.sampled_from(sorted(GOOD)), DOCUMENTS, min_size=2))
def test_several_at_once(documents: dict[str, Any]) -> None:
    everything(connection({what: json.dumps(document).encode() for what, document in documents.items()}))


@pytest.mark.parametrize("what", GOOD)
def test_ten_megabytes_of_anything(what: str) -> None:
    for body in (b'"' + b"x" * 10_000_000 + b'"', b"[" * 200_000, b"9" * 200_000, b'{"properties": ' * 50_000):
        everything(connection({what: body}))
