"""The requests by which a workspace is found out. Nothing here remembers anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mlmon.azure.discovery import facts, places
from mlmon.azure.discovery.facts import BlobPlace, Datastore, StorageFacts, TelemetryFacts, WorkspaceFacts
from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import Asked, unreadable
from mlmon.azure.rest.network import Unresolved, resolves
from mlmon.core.errors import Code, NotAllowed, NotFound, Unavailable
from mlmon.core.model import Json

if TYPE_CHECKING:
    from mlmon.azure.rest.client import Client
    from mlmon.azure.rest.wire import Wire

API: Final = {"api-version": "2024-10-01"}
"""The stable version of Azure Machine Learning's REST contract that every request names, reading and writing alike:
an older one may hide a newer field from what is read, and so lose it in what is written.
https://github.com/Azure/azure-rest-api-specs/tree/main/specification/machinelearningservices"""
_STORAGE_API: Final = {"api-version": "2023-01-01"}
_COMPONENT_API: Final = {"api-version": "2020-02-02"}
_LOGS_API: Final = {"api-version": "2022-10-01"}
_READER: Final = "Reader"


class Lookup:
    """One workspace. Every method raises as `faults.translated`, besides what it names."""

    def __init__(self, path: str, *, arm: Client, wire: Wire) -> None:
        self._path = path
        self._arm = arm
        self._wire = wire

    def workspace(self) -> WorkspaceFacts:
        """Raises `NotFound` when it is gone."""
        return facts.workspace_facts(self._resource("workspace", self._path, query=API), path=self._path)

    def default_datastore(self) -> Datastore:
        """Raises `NotFound` when there is none, or none in blob storage."""
        asked = Asked("read the default datastore", scope=self._path, role=_READER)
        query = {**API, "isDefault": "true", "count": "30", "orderByAsc": "false"}
        listed = self._arm.pages(f"{self._path}/datastores", asked=asked, query=query)
        found = next((store for each in listed if (store := facts.datastore(each))), None)
        if found is None:
            raise NotFound(
                f"the workspace {last(self._path)} has no default datastore in blob storage",
                hint="choose one in Azure ML studio, under Data",
            )
        return found

    def storage(self, store: Datastore, *, account: str) -> StorageFacts:
        """A datastore's storage; `account` is the ARM id of the workspace's own, which says where its blobs stand."""
        endpoint = store.endpoint
        if last(account).lower() == store.account.lower():
            try:
                described = self._resource("storage account", account, query=_STORAGE_API)
                endpoint = facts.https(described, "properties", "primaryEndpoints", "blob") or endpoint
            except (NotAllowed, NotFound):
                pass  # whoever may read blobs needs no role on the account itself
        return StorageFacts(store.account, endpoint=endpoint, datastore=store.name, container=store.container)

    def telemetry(self, workspace: WorkspaceFacts) -> TelemetryFacts:
        """Raises `NotFound` when the workspace has no Application Insights."""
        if not workspace.component:
            raise NotFound(
                f"the workspace {last(self._path)} has no Application Insights",
                hint="az ml workspace update --application-insights ID connects one",
            )
        described = self._resource("Application Insights component", workspace.component, query=_COMPONENT_API)
        logs = facts.arm_id(described, "properties", "WorkspaceResourceId")
        if not logs:
            return TelemetryFacts(workspace.component, "")
        described = self._resource("Log Analytics workspace", logs, query=_LOGS_API)
        guid = shape.text(described, "properties", "customerId")
        return TelemetryFacts(workspace.component, guid if places.are_parts(guid) else "")

    def management(self, workspace: WorkspaceFacts) -> str:
        """The address of the v1 services.

        Raises:
            NotFound: there are none in this region any more.
        """
        address = workspace.discovery_url
        try:
            found = self._discovered(address) if address else ""
        except (NotFound, Unresolved) as error:
            if isinstance(error, Unresolved) and not resolves(self._arm.base):
                raise  # it is the network that is gone, and no region
            found = ""
        if not found:
            where = f" in {workspace.location}" if workspace.location else ""
            raise NotFound(
                f"v1 web services cannot be reached any more{where}",
                hint="Azure ended them; v2 online deployments are not concerned",
                code=Code.V1_ENDED,
            )
        return f"{found}/modelmanagement/v1.0{self._path}"

    def place(self, data_id: str, *, own: StorageFacts) -> BlobPlace:
        """Where a data asset stands; `own` is the workspace's default storage.

        Raises:
            NotFound: it is gone, or stands nowhere that collected data could be read from.
        """
        path = places.asset_path(data_id, workspace=self._path)
        if not path:
            raise NotFound(f"{data_id!r} is no data asset of a workspace", hint="see the deployment's data collector")
        uri = shape.text(self._resource("data asset", path, query=API), "properties", "dataUri")
        place = self._opened(places.parse(uri), own=own, owner=path[: path.lower().rindex("/data/")])
        if place is None:
            *_, name, _, version = path.split("/")
            raise NotFound(
                f"the data asset {name}:{version} stands nowhere that collected data can be read from",
                hint="its path must be in a datastore of the workspace",
            )
        return place

    def _opened(self, place: places.Place | None, *, own: StorageFacts, owner: str) -> BlobPlace | None:
        match place:
            case places.InStorage(host, container, prefix) if f"https://{host}" == own.endpoint:
                return BlobPlace(own.endpoint, container=container, prefix=prefix)
            case places.InDatastore(workspace, name, prefix):
                at = workspace or owner
                if at.lower() == self._path.lower() and name == own.datastore:
                    return BlobPlace(own.endpoint, container=own.container, prefix=prefix)
                store = facts.datastore(self._resource("datastore", f"{at}/datastores/{name}", query=API))
                if store is None:
                    return None
                endpoint = own.endpoint if store.account.lower() == own.account.lower() else store.endpoint
                return BlobPlace(endpoint, container=store.container, prefix=prefix)
        return None

    def _resource(self, what: str, path: str, *, query: Mapping[str, str]) -> Json:
        """A resource of ARM. What is none is not taken for one that lacks everything, and so not remembered."""
        asked = Asked(f"read the {what}", scope=path, role=_READER)
        document = self._arm.get(path, asked=asked, query=query)
        if not isinstance(shape.at(document, "properties"), dict):
            raise unreadable(asked)
        return document

    def _discovered(self, address: str) -> str:
        parts = urlsplit(address)
        where = f"{parts.scheme}://{parts.netloc}"
        asked = Asked("find the v1 web services", scope=address, role="")
        document = self._wire.client(where, scope="").get(address[len(where) :] or "/", asked=asked)
        found = facts.https(document, "modelmanagement")
        if found and not self._wire.cloud.admits(found):
            raise Unavailable(
                f"the discovery document names {urlsplit(found).netloc}, which is no host of {self._wire.cloud.name}",
                hint="check the cloud: --debug shows the requests",
            )
        return found


def last(path: str) -> str:
    """The last part of an ARM id: the name of what it names."""
    return path.rpartition("/")[2]
