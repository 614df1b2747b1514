"""What has to be found out about a workspace once: where its storage, telemetry and v1 services stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from mlmon.azure import facts, places, shape
from mlmon.azure.facts import BlobPlace, Datastore, StorageFacts, TelemetryFacts, WorkspaceFacts
from mlmon.azure.faults import Asked, Unresolved, resolves, unreadable
from mlmon.core.errors import NotAllowed, NotFound, Unavailable
from mlmon.core.model import Json

if TYPE_CHECKING:
    from mlmon.azure.client import Client
    from mlmon.azure.wire import Wire

__all__ = ["API", "BlobPlace", "Discovery", "Memory", "StorageFacts", "TelemetryFacts", "WorkspaceFacts"]

API: Final = {"api-version": "2024-10-01"}
"""The stable version of Azure Machine Learning's REST contract that every request names, reading and writing alike:
an older one may hide a newer field from what is read, and so lose it in what is written.
https://github.com/Azure/azure-rest-api-specs/tree/main/specification/machinelearningservices"""
_STORAGE_API: Final = {"api-version": "2023-01-01"}
_COMPONENT_API: Final = {"api-version": "2020-02-02"}
_LOGS_API: Final = {"api-version": "2022-10-01"}
READER: Final = "Reader"

F = TypeVar("F", WorkspaceFacts, StorageFacts, TelemetryFacts, BlobPlace)


class Memory(Protocol):
    """What outlives a run. Everything in it can be found out again."""

    def read(self) -> Mapping[str, Json]:
        """All that is remembered of this workspace."""

    def remember(self, found: Mapping[str, Json]) -> None:
        """Add to it, or forget a name whose value is None; where nothing can be written, nothing is remembered."""


class Discovery:
    """Each part is found when it is first needed, and remembered between runs. Several threads may ask at once."""

    def __init__(self, path: str, *, arm: Client, wire: Wire, memory: Memory) -> None:
        self._path = path
        self._arm = arm
        self._wire = wire
        self._memory = memory
        self._found: dict[str, Json] | None = None
        self._lock = RLock()
        self._without_v1: NotFound | None = None

    def workspace(self) -> WorkspaceFacts:
        """Raises `NotFound` when the workspace is gone, and as `faults.translated`."""
        with self._lock:
            return self._known("workspace", WorkspaceFacts, find=self._find_workspace)

    def storage(self) -> StorageFacts:
        """Raises `NotFound` when the workspace has no default storage, and as `workspace`."""
        with self._lock:
            return self._known("storage", StorageFacts, find=self._find_storage, usable=self._may_open)

    def telemetry(self) -> TelemetryFacts:
        """The component, and the workspace of its logs; "" also where this sign-in may not see which that is.

        Raises:
            NotFound: the workspace has no Application Insights, or it is gone.
        """
        with self._lock:
            try:
                return self._known("telemetry", TelemetryFacts, find=self._find_telemetry)
            except NotAllowed:
                # the component's own telemetry may be open to who may not read what stands around it
                return TelemetryFacts(self.workspace().component, "")

    def logs_workspace(self) -> str:
        """The guid of the Log Analytics workspace behind Application Insights.

        Raises:
            NotFound: there is none.
            NotAllowed: this sign-in may not see which it is.
        """
        with self._lock:
            found = self._known("telemetry", TelemetryFacts, find=self._find_telemetry)
        if not found.logs_workspace:
            raise NotFound(
                f"{_name(found.component)} keeps its telemetry in no Log Analytics workspace",
                hint='leave telemetry_scope = "component"',
            )
        return found.logs_workspace

    def management(self) -> str:
        """The address of the v1 services of this workspace, without a slash at its end.

        Raises:
            NotFound: there are no v1 services in this region any more.
        """
        with self._lock:
            if self._without_v1:
                raise self._without_v1
            known = self._all().get("management")
            if isinstance(known, str) and self._may_ask(known):
                return known
            found = self._find_management()
            self._keep({"management": found})
            return found

    def place_of(self, data_id: str) -> BlobPlace:
        """Where the data asset with this ARM id stands.

        Raises:
            NotFound: it is gone, or stands nowhere that collected data could be read from.
        """
        return self._known(
            _place_key(data_id), BlobPlace, find=lambda: self._find_place(data_id), usable=self._may_open
        )

    def remember_place(self, data_id: str, place: BlobPlace) -> None:
        """What `place_of` is to answer for a data asset that was just registered."""
        self._keep({_place_key(data_id): facts.written(place)})

    def forget(self, *parts: str) -> None:
        """Forget `workspace`, `storage`, `telemetry`, `management`, or the data asset of an ARM id; all, without any.

        For who is told by a service that something is gone: the next run finds it out again.
        """
        with self._lock:
            known = list(self._all())
            chosen = {part if part in known else _place_key(part) for part in parts} if parts else set(known)
            self._memory.remember(dict.fromkeys(chosen))
            for part in chosen:
                self._all().pop(part, None)

    def adopt(self, workspace: WorkspaceFacts, store: Datastore) -> None:
        """Remember the workspace and its default datastore as somebody else found them. Raises as `workspace`."""
        with self._lock:
            self._keep({"workspace": facts.written(workspace)})
            self._keep({"storage": facts.written(self._storage_in(store))})

    def _all(self) -> dict[str, Json]:
        if self._found is None:
            self._found = dict(self._memory.read())
        return self._found

    def _keep(self, found: Mapping[str, Json]) -> None:
        with self._lock:
            self._all().update(found)
            self._memory.remember(found)

    def _known(
        self, part: str, kind: type[F], *, find: Callable[[], F], usable: Callable[[F], bool] = lambda _: True
    ) -> F:
        known = facts.remembered(kind, self._all().get(part))
        if known is not None and usable(known):
            return known
        found = find()
        self._keep({part: facts.written(found)})
        return found

    def _may_open(self, found: StorageFacts | BlobPlace) -> bool:
        return self._may_ask(found.endpoint) and places.is_container(found.container)

    def _may_ask(self, address: str) -> bool:
        # a memory that came with somebody's repository must not send our tokens to them
        return self._wire.cloud.holds(address)

    def _find_workspace(self) -> WorkspaceFacts:
        asked = Asked("read the workspace", scope=self._path, role=READER)
        return facts.workspace_facts(self._resource(self._path, asked=asked, query=API), path=self._path)

    def _resource(self, path: str, *, asked: Asked, query: Mapping[str, str]) -> Json:
        """A resource of ARM. What is no resource is not taken for one that lacks everything, and so not remembered."""
        document = self._arm.get(path, asked=asked, query=query)
        if not isinstance(shape.at(document, "properties"), dict):
            raise unreadable(asked)
        return document

    def _find_storage(self) -> StorageFacts:
        asked = Asked("read the default datastore", scope=self._path, role=READER)
        query = {**API, "isDefault": "true", "count": "30", "orderByAsc": "false"}
        listed = self._arm.pages(f"{self._path}/datastores", asked=asked, query=query)
        found = next((store for each in listed if (store := facts.datastore(each))), None)
        if found is None:
            raise NotFound(
                f"the workspace {_name(self._path)} has no default datastore in blob storage",
                hint="choose one in Azure ML studio, under Data",
            )
        return self._storage_in(found)

    def _storage_in(self, store: Datastore) -> StorageFacts:
        return StorageFacts(
            store.account, endpoint=self._endpoint(store), datastore=store.name, container=store.container
        )

    def _endpoint(self, store: Datastore) -> str:
        """The blob endpoint of a datastore's account: as the account itself says, else by the usual form."""
        account = self.workspace().storage_account
        if _name(account).lower() == store.account.lower():
            asked = Asked("read the storage account", scope=account, role=READER)
            try:
                document = self._resource(account, asked=asked, query=_STORAGE_API)
            except (NotAllowed, NotFound):
                return store.endpoint  # whoever reads blobs needs no role on the account itself
            return facts.https(document, "properties", "primaryEndpoints", "blob") or store.endpoint
        return store.endpoint

    def _find_telemetry(self) -> TelemetryFacts:
        component = self.workspace().component
        if not component:
            self.forget("workspace")  # the next run looks whether it has one by then
            raise NotFound(
                f"the workspace {_name(self._path)} has no Application Insights",
                hint="az ml workspace update --application-insights ID connects one",
            )
        asked = Asked("read the Application Insights component", scope=component, role=READER)
        described = self._resource(component, asked=asked, query=_COMPONENT_API)
        logs = facts.arm_id(described, "properties", "WorkspaceResourceId")
        if not logs:
            return TelemetryFacts(component, "")
        asked = Asked("read the Log Analytics workspace", scope=logs, role=READER)
        guid = shape.text(self._resource(logs, asked=asked, query=_LOGS_API), "properties", "customerId")
        return TelemetryFacts(component, guid if places.are_parts(guid) else "")

    def _find_management(self) -> str:
        address = self.workspace().discovery_url
        try:
            found = self._discovered(address) if address else ""
        except (NotFound, Unresolved) as error:
            if isinstance(error, Unresolved) and not resolves(self._arm.base):
                raise  # it is the network that is gone, and no region
            found = ""
        if not found:
            where = self.workspace().location
            self.forget("workspace")
            self._without_v1 = NotFound(
                f"v1 web services cannot be reached any more{f' in {where}' if where else ''}",
                hint="Azure ended them; v2 online deployments are not concerned",
            )
            raise self._without_v1
        return f"{found}/modelmanagement/v1.0{self._path}"

    def _discovered(self, address: str) -> str:
        parts = urlsplit(address)
        where = f"{parts.scheme}://{parts.netloc}"
        asked = Asked("find the v1 web services", scope=address, role=READER)
        document = self._wire.client(where, scope="").get(address[len(where) :] or "/", asked=asked)
        found = facts.https(document, "modelmanagement")
        if found and not self._may_ask(found):
            raise Unavailable(
                f"the discovery document names {urlsplit(found).netloc}, which is no host of {self._wire.cloud.name}",
                hint="check the cloud: --debug shows the requests",
            )
        return found

    def _find_place(self, data_id: str) -> BlobPlace:
        path = places.asset_path(data_id, workspace=self._path)
        if not path:
            raise NotFound(f"{data_id!r} is no data asset of a workspace", hint="see the deployment's data collector")
        asked = Asked("read the data asset", scope=path, role=READER)
        uri = shape.text(self._resource(path, asked=asked, query=API), "properties", "dataUri")
        owner = path[: path.lower().rindex("/data/")]
        place = self._opened(places.parse(uri), owner=owner)
        if place is None:
            raise NotFound(
                f"the data asset {_asset(path)} stands nowhere that collected data can be read from",
                hint="its path must be in a datastore of the workspace",
            )
        return place

    def _opened(self, place: places.Place | None, *, owner: str) -> BlobPlace | None:
        own = self.storage()
        match place:
            case places.InStorage(host, container, prefix) if f"https://{host}/".startswith(f"{own.endpoint}/"):
                return BlobPlace(own.endpoint, container=container, prefix=prefix)
            case places.InDatastore(workspace, name, prefix):
                at = workspace or owner
                if at.lower() == self._path.lower() and name == own.datastore:
                    return BlobPlace(own.endpoint, container=own.container, prefix=prefix)
                asked = Asked("read the datastore", scope=at, role=READER)
                store = facts.datastore(self._resource(f"{at}/datastores/{name}", asked=asked, query=API))
                if store is None:
                    return None
                same = store.account.lower() == own.account.lower()
                endpoint = own.endpoint if same else store.endpoint
                return BlobPlace(endpoint, container=store.container, prefix=prefix)
        return None


def _place_key(data_id: str) -> str:
    return f"place:{data_id}"


def _name(arm_id: str) -> str:
    return arm_id.rpartition("/")[2]


def _asset(path: str) -> str:
    *_, name, _, version = path.split("/")
    return f"{name}:{version}"
