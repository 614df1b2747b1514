"""What is found out about a workspace, as values that are read from documents of any shape and remembered as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from mlmon.azure.discovery.places import are_parts, is_arm_id, is_container
from mlmon.azure.rest import shape
from mlmon.core.model import Json

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """The workspace itself. `storage_account` and `component` are ARM ids; "" where it has none."""

    id: str
    location: str
    guid: str
    storage_account: str
    component: str
    discovery_url: str


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """The default storage. `endpoint` has no slash at its end; `container` is the default datastore's."""

    account: str
    endpoint: str
    datastore: str
    container: str


@dataclass(frozen=True, slots=True)
class TelemetryFacts:
    """The Application Insights component (an ARM id) and the guid of its Log Analytics workspace ("" if classic)."""

    component: str
    logs_workspace: str


@dataclass(frozen=True, slots=True)
class BlobPlace:
    """Where a data asset stands: a container, and a prefix in it that ends in `/`."""

    endpoint: str
    container: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Datastore:
    """A blob datastore as ARM describes it; `suffix` is the domain of its storage account."""

    name: str
    account: str
    container: str
    suffix: str

    @property
    def endpoint(self) -> str:
        return f"https://{self.account}.blob.{self.suffix}"


def remembered(kind: type[F], document: Json) -> F | None:
    """Facts as `written` made them; None where they are anything else."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]  # every kind of facts is a dataclass
    if not isinstance(document, dict) or sorted(document) != sorted(names):
        return None
    values: dict[str, Any] = document
    return kind(**values) if all(isinstance(value, str) for value in values.values()) else None


def written(facts: Any) -> Json:
    """Facts as JSON, for the memory."""
    return dict(asdict(facts))


def workspace_facts(document: Json, *, path: str) -> WorkspaceFacts:
    """A workspace as ARM describes it; what is missing, or no address, is ""."""
    return WorkspaceFacts(
        arm_id(document, "id") or path,
        location=shape.text(document, "location"),
        guid=shape.text(document, "properties", "workspaceId"),
        storage_account=arm_id(document, "properties", "storageAccount"),
        component=arm_id(document, "properties", "applicationInsights"),
        discovery_url=https(document, "properties", "discoveryUrl"),
    )


_SUFFIX: Final = "core.windows.net"


def datastore(document: Json) -> Datastore | None:
    """A datastore in blob storage; None where it is another kind, or its parts are no names."""
    properties = shape.at(document, "properties")
    found = Datastore(
        shape.text(document, "name"),
        account=shape.text(properties, "accountName"),
        container=shape.text(properties, "containerName") or shape.text(properties, "filesystem"),
        suffix=shape.text(properties, "endpoint") or _SUFFIX,
    )
    usable = are_parts(found.name, found.account, found.suffix) and is_container(found.container)
    return found if usable else None


def arm_id(document: Json, *keys: str) -> str:
    """The ARM id below these keys, or ""."""
    found = shape.text(document, *keys).rstrip("/")
    return found if is_arm_id(found) else ""


def https(document: Json, *keys: str) -> str:
    """The address below these keys, without a slash at its end; "" where it is none that a request may go to."""
    found = shape.text(document, *keys).rstrip("/")
    try:
        parts = urlsplit(found)
        usable = parts.scheme == "https" and parts.hostname and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        return ""
    return found if usable and found.isprintable() and " " not in found else ""
