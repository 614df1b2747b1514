"""Online endpoints and deployments: reading, switching, logs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from emulators import bodies, wording
from emulators.messages import Answer, Request
from emulators.operations import SUCCEEDED, Operation
from emulators.resources import Contents, Document, filled_in, spelled, tracked
from emulators.schemas import Check, Problems, read

if TYPE_CHECKING:  # arm.py asks this module for its routes
    from emulators.arm import ArmPlane

_ENDPOINT: Final = "/onlineEndpoints/(?P<endpoint>[^/]+)"
_DEPLOYMENT: Final = _ENDPOINT + "/deployments/(?P<deployment>[^/]+)"
_ENDPOINTS: Final = f"{wording.MACHINE_LEARNING}/workspaces/onlineEndpoints"
_BUSY: Final = frozenset({"Creating", "Updating", "Deleting", "Scaling"})
_COLLECTOR_SINCE: Final = "2023-04-01-preview"
_STATUS: Final = """\
Instance status:
SystemSetup: Succeeded
UserContainerImagePull: Succeeded
ModelDownload: Succeeded
UserContainerStart: Succeeded

Container events:
Kind: Pod, Name: Pulling, Type: Normal, Time: 2026-03-02T08:00:11.750675Z, Message: Start pulling container image
Kind: Pod, Name: ContainerReady, Type: Normal, Time: 2026-03-02T08:01:40.26441Z, Message: Container is ready

Container logs:
"""


def add_routes(plane: ArmPlane) -> None:
    """Add them to the control plane."""
    _Endpoints(plane)
    deployments = _Deployments(plane)
    plane.inside("PUT", _DEPLOYMENT, deployments.put)
    plane.inside("PATCH", _DEPLOYMENT, deployments.patch)
    plane.inside("DELETE", _DEPLOYMENT, deployments.delete)


class _Endpoints:
    """What is only read."""

    def __init__(self, plane: ArmPlane) -> None:
        self._plane = plane
        plane.inside("GET", "/onlineEndpoints", self._list)
        plane.inside("GET", _ENDPOINT, self._get)
        plane.inside("POST", _ENDPOINT + "/listKeys", self._keys)
        plane.inside("POST", _ENDPOINT + "/token", self._token)
        plane.inside("GET", _ENDPOINT + "/deployments", self._deployments)
        plane.inside("GET", _DEPLOYMENT, self._deployment)
        plane.inside("POST", _DEPLOYMENT + "/getLogs", self._logs)

    def _list(self, request: Request, contents: Contents) -> Answer:
        return self._plane.page(request, contents.endpoints.values())

    def _get(self, _request: Request, contents: Contents, endpoint: str) -> Answer:
        return Answer.json(contents.endpoints[_endpoint(contents, endpoint)])

    def _keys(self, _request: Request, contents: Contents, endpoint: str) -> Answer:
        key = contents.keys[_endpoint(contents, endpoint)]
        return Answer.json({"primaryKey": key, "secondaryKey": key[::-1]})

    def _token(self, _request: Request, contents: Contents, endpoint: str) -> Answer:
        key = contents.keys[_endpoint(contents, endpoint)]
        now = datetime.now(UTC)
        return Answer.json(
            {
                "accessToken": key,
                "expiryTimeUtc": int((now + timedelta(hours=8)).timestamp()),
                "refreshAfterTimeUtc": int((now + timedelta(hours=4)).timestamp()),
                "tokenType": "Bearer",
            }
        )

    def _deployments(self, request: Request, contents: Contents, endpoint: str) -> Answer:
        name = _endpoint(contents, endpoint)
        found = [_as_of(request, one) for key, one in contents.deployments.items() if key[0] == name]
        return self._plane.page(request, found)

    def _deployment(self, request: Request, contents: Contents, endpoint: str, deployment: str) -> Answer:
        key = _deployment(contents, endpoint, deployment)
        return Answer.json(_as_of(request, contents.deployments[key]))

    def _logs(self, request: Request, contents: Contents, endpoint: str, deployment: str) -> Answer:
        key = _deployment(contents, endpoint, deployment)
        asked = _checked(bodies.GET_LOGS, request.json())
        lines = contents.logs.get((*key, asked.get("containerType") or "InferenceServer"), [])
        if isinstance(lines, str):
            return Answer.json({"content": lines})
        tail = asked.get("tail")
        shown = lines if tail is None else lines[max(0, len(lines) - max(0, tail)) :]
        return Answer.json({"content": _STATUS + "".join(f"{line}\n" for line in shown)})


class _Deployments:
    """What changes a deployment. While a change runs, the old document is what is read, in state Updating."""

    def __init__(self, plane: ArmPlane) -> None:
        self._plane = plane

    def put(self, request: Request, contents: Contents, endpoint: str, deployment: str) -> Answer:
        endpoint_name = _parent(contents, endpoint)
        key = _key(contents, endpoint_name, deployment) or (endpoint_name, deployment)
        stored = contents.deployments.get(key)
        if stored is not None:
            _not_busy(stored)
        body = _checked(bodies.DEPLOYMENT, request.json(), stored=stored, further=_further(contents, stored))
        written = _written(f"{contents.id}/onlineEndpoints/{key[0]}/deployments/{key[1]}", body, stored)
        contents.deployments.setdefault(key, written)
        state = "Updating" if stored else "Creating"
        contents.deployments[key]["properties"]["provisioningState"] = state
        operation = self._begin(contents, key, written)
        shown = {**written, "properties": {**written["properties"], "provisioningState": state}}
        answer = Answer.json(_as_of(request, shown), 200 if stored else 201)
        return self._following(answer, request, operation)

    def patch(self, request: Request, contents: Contents, endpoint: str, deployment: str) -> Answer:
        key = _deployment(contents, endpoint, deployment)
        stored = contents.deployments[key]
        _not_busy(stored)
        body = _checked(bodies.DEPLOYMENT_PATCH, request.json())
        written = copy.deepcopy(stored)
        for part, value in body.items():
            written[part] = {**(written.get(part) or {}), **(value or {})}
        stored["properties"]["provisioningState"] = "Updating"
        operation = self._begin(contents, key, written)
        location = self._plane.operation_url(request, "mfeOperationResults", operation.id)
        return Answer(202).having(Location=location, **self._plane.azure.operations.wait(operation))

    def delete(self, request: Request, contents: Contents, endpoint: str, deployment: str) -> Answer:
        key = _key(contents, endpoint, deployment)
        if not key:
            return Answer(204)
        stored = contents.deployments[key]
        _not_busy(stored)
        stored["properties"]["provisioningState"] = "Deleting"

        def finish(status: str) -> None:
            if status == SUCCEEDED:
                contents.deployments.pop(key, None)
            else:
                stored["properties"]["provisioningState"] = status

        operation = self._plane.azure.operations.begin(finish, result=lambda: Answer(204))
        location = self._plane.operation_url(request, "mfeOperationResults", operation.id)
        return self._following(Answer(202).having(Location=location), request, operation)

    def _begin(self, contents: Contents, key: tuple[str, str], written: Document) -> Operation:
        def finish(status: str) -> None:
            if key not in contents.deployments:
                return  # a test took it away meanwhile
            if status == SUCCEEDED:
                contents.deployments[key] = written
            contents.deployments[key]["properties"]["provisioningState"] = status

        return self._plane.azure.operations.begin(finish, result=lambda: Answer.json(contents.deployments[key]))

    def _following(self, answer: Answer, request: Request, operation: Operation) -> Answer:
        return answer.having(
            Azure_AsyncOperation=self._plane.operation_url(request, "mfeOperationsStatus", operation.id),
            x_ms_async_operation_timeout="PT1H",
            **self._plane.azure.operations.wait(operation),
        )


def _written(id_: str, body: Document, stored: Document | None) -> Document:
    """What a PUT leaves: of a stored deployment only the read-only parts stay; a new one gets what it did not say."""
    if stored is not None:
        return {**body, **{part: stored[part] for part in ("id", "name", "type", "systemData") if part in stored}}
    properties = {**filled_in(body["properties"]["endpointComputeType"]), **body["properties"]}
    made = tracked(id_, properties)
    return {**made, **body, "id": id_, "name": made["name"], "properties": properties}


def _endpoint(contents: Contents, name: str) -> str:
    known = spelled(contents.endpoints, name)
    if not known:
        raise wording.no_resource(_ENDPOINTS, f"{contents.name}/{name}", group=contents.group)
    return known


def _parent(contents: Contents, endpoint: str) -> str:
    known = spelled(contents.endpoints, endpoint)
    if not known:
        kind, parent = "workspaces/onlineEndpoints/deployments", f"{contents.id}/onlineEndpoints/{endpoint}"
        raise wording.no_parent(kind, parent)
    return known


def _key(contents: Contents, endpoint: str, deployment: str) -> tuple[str, str] | None:
    wanted = (endpoint.lower(), deployment.lower())
    return next((key for key in contents.deployments if (key[0].lower(), key[1].lower()) == wanted), None)


def _deployment(contents: Contents, endpoint: str, deployment: str) -> tuple[str, str]:
    key = _key(contents, _endpoint(contents, endpoint), deployment)
    if key is None:
        name = f"{contents.name}/{endpoint}/{deployment}"
        raise wording.no_resource(f"{_ENDPOINTS}/deployments", name, group=contents.group)
    return key


def _as_of(request: Request, document: Document) -> Document:
    """The document as the api-version of the request knows it: older ones have never heard of data collection."""
    properties = document.get("properties")
    if request.query["api-version"] >= _COLLECTOR_SINCE or not isinstance(properties, dict):
        return document
    properties = {name: value for name, value in properties.items() if name != "dataCollector"}
    return {**document, "properties": properties}


def _not_busy(stored: Document) -> None:
    state = stored["properties"].get("provisioningState")
    if state in _BUSY:
        raise wording.conflict(
            f"Cannot change deployment '{stored['name']}': another operation is in progress, its state is {state}."
        )


def _checked(
    check: Check, body: object, *, stored: Document | None = None, further: Callable[[Any], Problems] | None = None
) -> Any:
    cleaned, problems = read(check, body, stored=stored)
    if not problems and further is not None:
        problems = further(cleaned)
    if problems:
        raise wording.invalid(problems)
    return cleaned


def _further(contents: Contents, stored: Document | None) -> Callable[[Any], Problems]:
    """What the contract says of a deployment beyond its shape."""

    def problems(body: Any) -> Problems:
        old, new = (stored or {}).get("properties", {}), body["properties"]
        found = _unknown_data(contents, old, new)
        if stored is not None and new.get("instanceType") != old.get("instanceType"):
            found.append(("properties.instanceType", "The property cannot be changed after creation."))
        kept, given = old.get("properties") or {}, new.get("properties") or {}
        if any(given.get(name) != value for name, value in kept.items()):
            found.append(("properties.properties", "Properties can be added, but not removed or altered."))
        return found

    return problems


def _unknown_data(contents: Contents, old: Document, new: Document) -> Problems:
    """Data assets that a collection names and nobody registered; what the service already has is not asked about."""
    known = {str(one["id"]).lower() for one in contents.data.values()}
    before, after = _collections(old), _collections(new)
    return [
        (f"properties.dataCollector.collections.{name}.dataId", f"The data asset '{data_id}' was not found.")
        for name, collection in after.items()
        if (data_id := collection.get("dataId"))
        and data_id != before.get(name, {}).get("dataId")
        and "/workspaces/" in data_id
        and data_id.lower() not in known
    ]


def _collections(properties: Document) -> dict[str, Document]:
    collector = properties.get("dataCollector")
    found = collector.get("collections") if isinstance(collector, dict) else None
    return {name: one for name, one in (found or {}).items() if isinstance(one, dict)}
