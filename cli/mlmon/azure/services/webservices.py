"""The v1 web services of a workspace, on AKS and ACI: the model management API, which is older than ARM's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event
from typing import Final
from urllib.parse import quote, urlsplit

from mlmon.azure.connection import Connection
from mlmon.azure.rest import shape
from mlmon.azure.rest.client import OPERATION_TIMEOUT, Answer, Client, following
from mlmon.azure.rest.faults import Asked, short, unreadable
from mlmon.azure.rest.network import Unresolved
from mlmon.azure.rest.patience import retry_after
from mlmon.azure.services.edits import Edit, basis_of, being_changed, unchanged
from mlmon.azure.services.interruption import going_on, pausing, sending
from mlmon.core.errors import Failure, NotFound, Unavailable, UsageError
from mlmon.core.model import Json, Kind, Service, ServiceName, Switch, SwitchPlan, SwitchRequest
from mlmon.monitoring.planning import refuse_impossible

_READER: Final = "Reader"
_WRITER: Final = "AzureML Data Scientist"
_JSON_PATCH: Final = "application/json-patch+json"
_KINDS: Final = {"aks": Kind.AKS, "aksendpoint": Kind.AKS, "aci": Kind.ACI}
_FIRST_POLL: Final = 0.5
_LAST_POLL: Final = 5.0
_LONGEST_ASKED: Final = 30.0
_BUSY: Final = "transitioning"
_ENDED: Final = {"failed": "failed", "cancelled": "was cancelled", "canceled": "was cancelled", "timedout": "timed out"}
_NOTE: Final = (
    "data flows only if the scoring script uses ModelDataCollector and its image has azureml-monitoring installed"
)


class WebServices:
    """The part of `core.ports.Services` that knows v1."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._made: Client | None = None

    def list(self) -> Sequence[Service]:
        """Every web service, in no particular order.

        Raises:
            NotFound: there are no v1 services in this region any more (`Code.V1_ENDED`).
        """
        client = self._client()
        try:
            listed = self._listed(client)
        except (NotFound, Unresolved):
            # the address may be of an earlier run, and v1 have ended since
            listed = self._listed(self._found_again())
        return [service_of(name, raw) for raw in listed if (name := self._named(shape.text(raw, "name")))]

    def get(self, name: ServiceName) -> Service:
        """One web service as it is now. Raises `NotFound`."""
        return service_of(name, self.read(name))

    def read(self, name: ServiceName, *, doing: str = "") -> Json:
        """A web service as the API shows it; `doing` is what messages call that. Raises `NotFound`."""
        asked = Asked(doing or f"read the v1 web service {name}", scope=self._connection.path, role=_READER)
        query = {"expand": "true"}
        client = self._client()
        try:
            raw = client.get(path_of(name), query=query, asked=asked)
        except Unresolved:
            raw = self._found_again().get(path_of(name), query=query, asked=asked)
        if not isinstance(raw, dict):
            raise unreadable(asked)
        return raw

    def send(self, method: str, path: str, *, asked: Asked, query: dict[str, str] | None = None) -> Json:
        """Another request to the same API, without a body. Raises as `faults.translated`."""
        return self._client().send(method, path, asked=asked, query=query).body

    def plan(self, name: ServiceName, request: SwitchRequest) -> SwitchPlan:
        """As `core.ports.Services.plan`."""
        raw = self.read(name)
        service = service_of(name, raw)
        refuse_impossible(service, request)
        _refuse_busy(service)
        edits = _edits(service, raw, request)
        collects = request.switch is Switch.COLLECTION and request.on and bool(edits)
        return SwitchPlan(
            service,
            request,
            tuple(edit.change for edit in edits),
            basis=basis_of(_lasting(raw)),
            notes=(_NOTE,) if collects else (),
        )

    def apply(self, plan: SwitchPlan, *, wait: bool, stop: Event | None) -> Service:
        """As `core.ports.Services.apply`: a JSON patch of the planned fields."""
        name = plan.service.name
        raw = self.read(name)
        _refuse_busy(service_of(name, raw))
        unchanged(name, _lasting(raw), plan.basis)
        edits = _edits(plan.service, raw, plan.request)
        if not edits:
            return service_of(name, raw)
        patch: Json = [_operation(raw, edit) for edit in edits]
        self._validate(name, patch)
        asked = Asked(f"change the v1 web service {name}", scope=self._connection.path, role=_WRITER)
        with sending(name, stop):
            answer = self._client().send("PATCH", path_of(name), body=patch, content_type=_JSON_PATCH, asked=asked)
        if not wait:
            return service_of(name, answer.body)
        with going_on(name):
            self._wait(name, answer, asked, stop)
        return service_of(name, self.read(name, doing=f"read back the v1 web service {name}, which was changed"))

    def _validate(self, name: ServiceName, patch: Json) -> None:
        """Ask the API beforehand, as its own SDK does. Raises `Failure` when it says no; no answer is no objection."""
        asked = Asked(f"change the v1 web service {name}", scope=self._connection.path, role=_WRITER)
        body: Json = {"type": "Update", "serviceName": str(name), "createRequest": None, "updateRequest": patch}
        try:
            self._client().send("POST", "/services/validate", body=body, asked=asked)
        except (NotFound, Unavailable) as error:
            self._connection.wire.debug(f"not validated beforehand: {error.message}")

    def _wait(self, name: ServiceName, answer: Answer, asked: Asked, stop: Event | None) -> None:
        """Wait for the operation that an answer began, when it began one. Raises as `Client.wait`."""
        operation = _operation_id(answer)
        if not operation:
            return
        limit = (self._connection.wire.timeout or OPERATION_TIMEOUT).total_seconds()
        end = time.monotonic() + limit
        sleep, pause = pausing(name, stop), _FIRST_POLL
        while True:
            polled = self._client().send("GET", f"/operations/{quote(operation, safe='')}", asked=following(asked))
            if _finished(polled.body, asked):
                return
            left = end - time.monotonic()
            if left <= 0:
                raise Unavailable(
                    f"still waiting after {limit:.0f} s to {asked.doing}; Azure goes on with it",
                    hint="mlmon status shows when it is done; --timeout 1h waits longer",
                )
            wanted = retry_after(polled.headers)
            sleep(min(pause if wanted is None else min(wanted, _LONGEST_ASKED), left))
            pause = min(2 * pause, _LAST_POLL)

    def _client(self) -> Client:
        """Raises `NotFound` where there are no v1 services any more."""
        if self._made is None:
            wire = self._connection.wire
            address = self._connection.discovery.management()
            self._made = wire.client(address, scope=wire.cloud.resource_manager_scope)
        return self._made

    def _found_again(self) -> Client:
        """The client at the address that Azure names now. Raises as `_client`."""
        self._connection.discovery.forget("management")
        self._made = None
        return self._client()

    def _listed(self, client: Client) -> Sequence[Json]:
        asked = Asked("list the v1 web services", scope=self._connection.path, role=_READER)
        return list(client.pages("/services", query={"expand": "true"}, asked=asked))

    def _named(self, text: str) -> ServiceName | None:
        try:
            name = ServiceName.parse(text)
        except UsageError as error:
            self._connection.wire.debug(f"passed over: {error.message}")
            return None
        if name.deployment:
            self._connection.wire.debug(f"passed over: {text!r} is no v1 name")
            return None
        return name


def service_of(name: ServiceName, raw: Json) -> Service:
    """The web service as a service; what is missing or of a wrong type is off, or unknown."""
    return Service(
        name=name,
        kind=_KINDS.get(shape.text(raw, "computeType").casefold(), Kind.OTHER),
        state=shape.text(raw, "state") or "Unknown",
        collection=shape.flag(raw, "dataCollection", "storageEnabled"),
        insights=shape.flag(raw, "appInsightsEnabled"),
    )


def path_of(name: ServiceName) -> str:
    """The path of a service, below the address of the API."""
    return f"/services/{quote(name.endpoint, safe='')}"


def _refuse_busy(service: Service) -> None:
    if service.state.casefold() == _BUSY:
        raise being_changed(service.name, service.state)


def _lasting(raw: Json) -> Json:
    """The service without how many replicas it has at the moment: the autoscaler changes that all the time."""
    return {key: value for key, value in raw.items() if key != "deploymentStatus"} if isinstance(raw, dict) else raw


def _edits(service: Service, raw: Json, request: SwitchRequest) -> tuple[Edit, ...]:
    insights = request.switch is Switch.INSIGHTS
    path = ("appInsightsEnabled",) if insights else ("dataCollection", "storageEnabled")
    now = service.insights if insights else service.collection
    return () if now is request.on else (Edit(path, shape.at(raw, *path), request.on),)


def _operation(raw: Json, edit: Edit) -> Json:
    """The edit in the words of RFC 6902, where what is not there is added, its parent included."""
    *way, last = edit.path
    place, path, value = raw, "", edit.after
    for key in way:
        inner = shape.at(place, key)
        if not isinstance(inner, dict):
            return {"op": _op(place, key), "path": f"{path}/{key}", "value": {last: value}}
        place, path = inner, f"{path}/{key}"
    return {"op": _op(place, last), "path": f"{path}/{last}", "value": value}


def _op(place: Json, key: str) -> str:
    return "replace" if isinstance(place, dict) and key in place else "add"


def _operation_id(answer: Answer) -> str:
    """The last part of `Operation-Location`, as the API's own SDK takes it, else what the body says; "" without."""
    location = answer.headers.get("Operation-Location", "")
    try:
        found = urlsplit(location).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        found = ""
    return found or shape.text(answer.body, "operationId")


def _finished(document: Json, asked: Asked) -> bool:
    state = shape.text(document, "state").casefold()
    if state in _ENDED:
        reason = short(shape.text(document, "error", "message"))
        raise Failure(
            f"could not {asked.doing}: the operation {_ENDED[state]}{f': {reason}' if reason else ''}",
            hint="mlmon status shows what holds now",
        )
    return state == "succeeded"
