"""The v2 services of a workspace: online deployments, managed and on Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Final
from urllib.parse import quote

from mlmon.azure.connection import Connection
from mlmon.azure.discovery import API, BlobPlace
from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import Asked, unreadable
from mlmon.azure.services.deployment import (
    TERMINAL,
    asset_name,
    body_of,
    data_ids,
    edits_of,
    notes_of,
    own_name,
    service_of,
)
from mlmon.azure.services.edits import Edit, basis_of, being_changed, unchanged
from mlmon.azure.services.interruption import going_on, pausing, sending
from mlmon.core.errors import Interrupted, MlmonError, NotFound, UsageError
from mlmon.core.model import Json, Service, ServiceName, SwitchPlan, SwitchRequest
from mlmon.core.parallel import map_bounded
from mlmon.monitoring.planning import refuse_impossible

AT_ONCE: Final = 6
"""How many endpoints are asked at the same time."""
READER: Final = "Reader"
WRITER: Final = "AzureML Data Scientist"


class OnlineServices:
    """The part of `core.ports.Services` that knows v2."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seen: dict[ServiceName, Json] = {}

    def list(self) -> Sequence[Service]:
        """Every deployment of every endpoint, in no particular order. Raises as `faults.translated`."""
        asked = Asked("list the online endpoints", scope=self._connection.path, role=READER)
        listed = self._connection.arm.pages(f"{self._connection.path}/onlineEndpoints", query=API, asked=asked)
        endpoints = dict.fromkeys(name.endpoint for each in listed if (name := self._named(shape.text(each, "name"))))
        found = map_bounded(self._deployments, endpoints, workers=AT_ONCE, only_reads=True)
        self._seen = {name: raw for deployments in found for name, raw in deployments}
        return [service_of(name, raw) for name, raw in self._seen.items()]

    def get(self, name: ServiceName) -> Service:
        """One deployment as it is now. Raises `NotFound`."""
        raw = self._read(name)
        return service_of(own_name(name, raw), raw)

    def deployment(self, name: ServiceName) -> Json:
        """A deployment as ARM shows it; one that was read before in this run is not asked for again."""
        return self._seen[name] if name in self._seen else self._read(name)

    def plan(self, name: ServiceName, request: SwitchRequest) -> SwitchPlan:
        """As `core.ports.Services.plan`; the changes are those of the JSON that would be sent."""
        raw = self._read(name)
        service = service_of(own_name(name, raw), raw)
        refuse_impossible(service, request)
        edits = self._edits(service, raw, request)
        _refuse_busy(service.name, raw)
        return SwitchPlan(
            service,
            request,
            tuple(edit.change for edit in edits),
            basis=basis_of(raw),
            notes=notes_of(raw, request, edits),
        )

    def apply(self, plan: SwitchPlan, *, wait: bool, stop: Event | None) -> Service:
        """As `core.ports.Services.apply`. Everything but the planned fields is sent back as it was read."""
        name = plan.service.name
        raw = self._reread(plan)
        edits = self._edits(plan.service, raw, plan.request)
        if not edits:
            return service_of(name, raw)
        body = body_of(raw, edits)
        registered = self._register(name, edits)
        with _saying_what_stays(registered):
            if registered:
                self._reread(plan)  # that took a while, and the request below has no If-Match
            return self._put(name, body, wait=wait, stop=stop)

    def _put(self, name: ServiceName, body: Json, *, wait: bool, stop: Event | None) -> Service:
        asked = Asked(f"change the deployment {name}", scope=self._path(name), role=WRITER)
        with sending(name, stop):
            answer = self._connection.arm.send("PUT", self._path(name), query=API, body=body, asked=asked)
        if not wait:
            return service_of(name, answer.body)
        with going_on(name):
            self._connection.arm.wait(answer, asked=asked, sleep=pausing(name, stop))
        return service_of(name, self._read(name, doing=f"read back the deployment {name}, which was changed"))

    def _reread(self, plan: SwitchPlan) -> Json:
        """The deployment as it is at this moment, when it may be changed."""
        name = plan.service.name
        raw = self._read(name)
        _refuse_busy(name, raw)
        unchanged(name, raw, plan.basis)
        return raw

    def _edits(self, service: Service, raw: Json, request: SwitchRequest) -> tuple[Edit, ...]:
        return edits_of(service, raw, request, workspace=self._connection.path)

    def _register(self, name: ServiceName, edits: tuple[Edit, ...]) -> Sequence[str]:
        """Make the data assets that are not there yet; their ARM ids."""
        missing = {collection: each for collection, each in data_ids(edits).items() if not self._is_there(each)}
        for collection, data_id in missing.items():
            storage = self._connection.discovery.storage()
            where = f"modelDataCollector/{name.endpoint}/{name.deployment}/{collection}"
            properties: dict[str, Json] = {
                "dataType": "uri_folder",
                "dataUri": f"azureml://datastores/{storage.datastore}/paths/{where}",
                "isAnonymous": False,
                "isArchived": False,
                "properties": {},
                "tags": {},
            }
            asked = Asked(f"register the data asset of {collection}", scope=data_id, role=WRITER)
            self._connection.arm.send("PUT", data_id, query=API, body={"properties": properties}, asked=asked)
            place = BlobPlace(storage.endpoint, container=storage.container, prefix=f"{where}/")
            self._connection.discovery.remember_place(data_id, place)
        return list(missing.values())

    def _is_there(self, data_id: str) -> bool:
        try:
            self._connection.arm.get(data_id, query=API, asked=Asked("read a data asset", scope=data_id, role=READER))
        except NotFound:
            return False
        return True

    def _deployments(self, endpoint: str) -> Sequence[tuple[ServiceName, Json]]:
        """The deployments of an endpoint; none when it vanished since it was listed."""
        path = f"{self._connection.path}/onlineEndpoints/{quote(endpoint, safe='')}"
        asked = Asked(f"list the deployments of {endpoint}", scope=path, role=READER)
        try:
            listed = list(self._connection.arm.pages(f"{path}/deployments", query=API, asked=asked))
        except NotFound:
            self._connection.wire.debug(f"the endpoint {endpoint} is gone since it was listed")
            return ()
        return [(name, raw) for raw in listed if (name := self._named(endpoint, shape.text(raw, "name")))]

    def _named(self, endpoint: str, *deployment: str) -> ServiceName | None:
        """The name that a service is shown by; None for what could never be asked for by its name."""
        try:
            parts = [ServiceName.parse(part) for part in (endpoint, *deployment)]
        except UsageError as error:
            self._connection.wire.debug(f"passed over: {error.message}")
            return None
        if any(part.deployment for part in parts):
            self._connection.wire.debug(f"passed over: {'/'.join((endpoint, *deployment))!r} is not a service name")
            return None
        return ServiceName(*(part.endpoint for part in parts))

    def _read(self, name: ServiceName, *, doing: str = "") -> Json:
        asked = Asked(doing or f"read the deployment {name}", scope=self._path(name), role=READER)
        raw = self._connection.arm.get(self._path(name), query=API, asked=asked)
        if not isinstance(raw, dict):
            raise unreadable(asked)
        self._seen[name] = raw
        return raw

    def _path(self, name: ServiceName) -> str:
        endpoint, deployment = quote(name.endpoint, safe=""), quote(name.deployment, safe="")
        return f"{self._connection.path}/onlineEndpoints/{endpoint}/deployments/{deployment}"


def _refuse_busy(name: ServiceName, raw: Json) -> None:
    state = shape.text(raw, "properties", "provisioningState")
    if state and state.casefold() not in TERMINAL:
        raise being_changed(name, state)


@contextmanager
def _saying_what_stays(registered: Sequence[str]) -> Iterator[None]:
    """Name the data assets that were made for a change, where nothing comes of it."""
    try:
        yield
    except Interrupted:
        raise  # the change goes on, and needs them
    except MlmonError as error:
        if registered:
            error.hint += (
                f"\nthe data assets that were registered for it stay: {', '.join(map(asset_name, registered))}"
            )
        raise
