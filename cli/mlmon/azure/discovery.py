"""What has to be found out about a workspace once: where its storage, telemetry and v1 services stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from mlmon.core.model import Json

if TYPE_CHECKING:
    from mlmon.azure.client import Client
    from mlmon.azure.wire import Wire

API: Final = {"api-version": "2024-10-01"}
"""The stable version of Azure Machine Learning's REST contract that every request names, reading and writing alike:
an older one may hide a newer field from what is read, and so lose it in what is written.
https://github.com/Azure/azure-rest-api-specs/tree/main/specification/machinelearningservices"""


class Memory(Protocol):
    """What outlives a run. Everything in it can be found out again."""

    def read(self) -> Mapping[str, Json]:
        """All that is remembered of this workspace."""

    def remember(self, found: Mapping[str, Json]) -> None:
        """Add to it; where nothing can be written, nothing is remembered."""


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


class Discovery:
    """Each part is found when it is first needed, and remembered between runs."""

    def __init__(self, path: str, *, arm: Client, wire: Wire, memory: Memory) -> None:
        self._path = path
        self._arm = arm
        self._wire = wire
        self._memory = memory

    def workspace(self) -> WorkspaceFacts:
        """Raises `NotFound` when the workspace is gone, and as `faults.translated`."""
        raise NotImplementedError

    def storage(self) -> StorageFacts:
        """Raises as `workspace`."""
        raise NotImplementedError

    def telemetry(self) -> TelemetryFacts:
        """Raises `NotFound` when the workspace has no Application Insights, and as `workspace`."""
        raise NotImplementedError

    def management(self) -> str:
        """The address of the v1 services of this workspace, without a slash at its end.

        Raises:
            NotFound: there are no v1 services in this region any more.
        """
        raise NotImplementedError

    def place_of(self, data_id: str) -> BlobPlace:
        """Where the data asset with this ARM id stands. Raises `NotFound` when it is gone."""
        raise NotImplementedError
