"""What has to be found out about a workspace once: where its storage, telemetry and v1 services stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

from mlmon.azure.discovery import facts, places
from mlmon.azure.discovery.facts import BlobPlace, Datastore, StorageFacts, TelemetryFacts, WorkspaceFacts
from mlmon.azure.discovery.lookup import API, Lookup, last
from mlmon.core.errors import NotAllowed, NotFound, Unavailable
from mlmon.core.model import Json

if TYPE_CHECKING:
    from mlmon.azure.rest.client import Client
    from mlmon.azure.rest.wire import Wire

__all__ = ["API", "BlobPlace", "Discovery", "Memory", "StorageFacts", "TelemetryFacts", "WorkspaceFacts"]

Opened = TypeVar("Opened", StorageFacts, BlobPlace)
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
        self._lookup = Lookup(path, arm=arm, wire=wire)
        self._wire = wire
        self._memory = memory
        self._found: dict[str, Json] | None = None
        self._lock = RLock()
        self._without_v1: NotFound | Unavailable | None = None

    def workspace(self) -> WorkspaceFacts:
        """Raises `NotFound` when the workspace is gone, and as `faults.translated`."""
        with self._lock:
            return self._known("workspace", WorkspaceFacts, find=self._lookup.workspace, usable=_are_ids)

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
                return self._known("telemetry", TelemetryFacts, find=self._find_telemetry, usable=_is_component)
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
            found = self._known("telemetry", TelemetryFacts, find=self._find_telemetry, usable=_is_component)
        if not found.logs_workspace:
            raise NotFound(
                f"{last(found.component)} keeps its telemetry in no Log Analytics workspace",
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
            try:
                found = self._lookup.management(self.workspace())
            except (NotFound, Unavailable) as error:
                self._without_v1 = error  # for this run: who asks next would wait for the same
                raise
            self._keep({"management": found})
            return found

    def place_of(self, data_id: str) -> BlobPlace:
        """Where the data asset with this ARM id stands.

        Raises:
            NotFound: it is gone, or stands nowhere that collected data could be read from.
        """

        def find() -> BlobPlace:
            return self._admitted(self._lookup.place(data_id, own=self.storage()))

        return self._known(_place_key(data_id), BlobPlace, find=find, usable=self._may_open)

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
            self._keep({"workspace": facts.written(workspace)})  # its storage account is looked at below
            self._keep({"storage": facts.written(self._storage_of(store))})

    def _all(self) -> dict[str, Json]:
        with self._lock:
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
        below = isinstance(found, StorageFacts) or places.prefix_of(found.prefix) == found.prefix != ""
        return below and self._may_ask(found.endpoint) and places.is_container(found.container)

    def _may_ask(self, address: str) -> bool:
        # a memory that came with somebody's repository must not send our tokens to them
        return self._wire.cloud.holds(address)

    def _find_storage(self) -> StorageFacts:
        return self._storage_of(self._lookup.default_datastore())

    def _storage_of(self, store: Datastore) -> StorageFacts:
        return self._admitted(self._lookup.storage(store, account=self.workspace().storage_account))

    def _admitted(self, found: Opened) -> Opened:
        # whoever may write datastores could have everybody's tokens sent to themselves
        if self._wire.cloud.admits(found.endpoint):
            return found
        raise NotFound(
            f"a datastore names {urlsplit(found.endpoint).netloc}, which is no host of {self._wire.cloud.name}",
            hint="correct its endpoint: az ml datastore show tells it",
        )

    def _find_telemetry(self) -> TelemetryFacts:
        workspace = self.workspace()
        if not workspace.component:
            self.forget("workspace")  # the next run looks whether it has one by then
        return self._lookup.telemetry(workspace)


def _are_ids(found: WorkspaceFacts) -> bool:
    return all(not id_ or places.is_arm_id(id_) for id_ in (found.id, found.storage_account, found.component))


def _is_component(found: TelemetryFacts) -> bool:
    return places.is_arm_id(found.component) and (not found.logs_workspace or places.are_parts(found.logs_workspace))


def _place_key(data_id: str) -> str:
    return f"place:{data_id}"
