"""The v1 plane: the workspace's discovery document, and model management for web services on AKS and ACI."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emulators import jsonpatch, webservices
from emulators.jsonpatch import Change
from emulators.messages import Answer, Refused, Request
from emulators.operations import Operation
from emulators.server import Plane

if TYPE_CHECKING:  # azure.py composes the planes, and so imports this module
    from emulators.azure import LocalAzure

_WORKSPACE: Final = (
    r"/modelmanagement/v1\.0/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.MachineLearningServices/workspaces/(?P<workspace>[^/]+)"
)
_NAME: Final = r"/services/(?P<name>[^/]+)"
_ACTIONS: Final = "Microsoft.MachineLearningServices/workspaces/services"
_PATCH_TYPE: Final = "application/json-patch+json"
# what a discovery document names; the v1 SDK will have them all, and here one host is all of them
_HOSTS: Final = (
    "api", "catalog", "experimentation", "gallery", "history", "hyperdrive", "hubs", "inferencing", "labeling",
    "modelmanagement", "modelregistry", "notebooks", "pipelines", "rag", "studio",
)  # fmt: skip
# the v1 words for how an operation of Resource Manager ends
_ENDINGS: Final = {"Canceled": "Cancelled"}
_FAILURE: Final = {
    "code": "KubernetesDeploymentFailed",
    "statusCode": 400,
    "message": "Kubernetes Deployment failed: CrashLoopBackOff",
    "details": [{"code": "CrashLoopBackOff", "message": "The container crashed: an error in the script's init()."}],
}


@dataclass(slots=True)
class Webservices:
    """The web services of one workspace, as the service keeps them: documents that a test may read and alter."""

    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    logs: dict[tuple[str, bool], str] = field(default_factory=dict)
    """Container logs by service name and whether it is the init container's."""

    def add(self, name: str, *, kind: str = "AKS", **fields: Any) -> dict[str, Any]:
        """A web service as it looks after its deployment; `fields` go over what it would have."""
        self.services[name] = {**webservices.document(name, kind=kind), **fields}
        return self.services[name]


class ManagementPlane(Plane):
    """Discovery without sign-in, and `/modelmanagement/v1.0`, which takes tokens for Resource Manager.

    `azure.operations.going(...)` says how changes of services go. With `accepted` they answer 202 and
    `Operation-Location`, otherwise 200 and an `operationId`.
    """

    def __init__(self, azure: LocalAzure) -> None:
        super().__init__("v1")
        self._azure = azure
        self._workspaces: dict[str, Webservices] = {}
        self._running: dict[str, tuple[str, Operation]] = {}
        self.accepted = True
        self.route("GET", r"/discovery(/.*)?", self._discovery)
        for method, path, handler in (
            ("GET", "/services", self._list),
            ("POST", "/services/validate", self._validate),
            ("GET", f"{_NAME}", self._get),
            ("PATCH", f"{_NAME}", self._patch),
            ("DELETE", f"{_NAME}", self._delete),
            ("GET", f"{_NAME}/logs", self._logs),
            ("POST", f"{_NAME}/listkeys", self._keys),
            ("GET", "/operations/(?P<name>[^/]+)", self._operation),
        ):
            self.route(method, _WORKSPACE + path, handler)

    @property
    def discovery_url(self) -> str:
        """What a workspace's document says under `discoveryUrl`."""
        return f"{self.url}/discovery"

    def of(self, workspace: str) -> Webservices:
        """The web services of a workspace, by its name in any case."""
        return self._workspaces.setdefault(workspace.lower(), Webservices())

    def admit(self, request: Request) -> None:
        if request.path.lower().startswith("/discovery"):
            return
        arm = self._azure.url("arm")
        principal = self._azure.access.check(request, [arm, f"{arm}/"])
        if not self._azure.access.allows(principal, _action(request), request.path):
            message = f"The user does not have permission to perform action '{_action(request)}'"
            raise Refused(error(403, "Forbidden", message, detail="UserError"))

    def missing(self, request: Request) -> Answer:
        return error(404, "NotFound", f"No HTTP resource was found that matches the request URI '{request.path}'")

    # the workspace

    def _discovery(self, _request: Request) -> Answer:
        return Answer.json(dict.fromkeys(_HOSTS, self.url))

    def _known(self, place: Mapping[str, str]) -> Webservices:
        if not any(_same_place(one["id"], place) for one in self._azure.resources.workspaces.values()):
            raise Refused(error(404, "WorkspaceNotFound", f"Workspace {place['workspace']} was not found"))
        return self.of(place["workspace"])

    def _list(self, request: Request, **place: str) -> Answer:
        every = [one for one in self._known(place).services.values() if _wanted(one, request.query)]
        start = int(request.query.get("$skipToken") or 0)
        end = start + self._azure.page_size
        page: dict[str, Any] = {"value": deepcopy(every[start:end])}
        if end < len(every):
            path, _, query = request.target.partition("?")
            rest = "&".join(part for part in query.split("&") if part and not part.startswith("$skipToken="))
            page["nextLink"] = f"{self.url}{path}?{rest}&$skipToken={end}"
        return Answer.json(page)

    # one service

    def _service(self, place: Mapping[str, str], name: str) -> dict[str, Any]:
        found = self._known(place).services.get(name)
        if found is None:
            message = f"Service with name {name} was not found in the workspace"
            raise Refused(error(404, "NotFound", message, detail="ServiceNotFound"))
        return found

    def _get(self, _request: Request, name: str, **place: str) -> Answer:
        return Answer.json(self._service(place, name))

    def _validate(self, request: Request, **place: str) -> Answer:
        body = request.json()
        if not isinstance(body, dict) or set(body) != {"type", "serviceName", "createRequest", "updateRequest"}:
            raise Refused(error(400, "BadRequest", "The request is invalid", detail="InvalidValidateRequest"))
        service = self._service(place, str(body["serviceName"]))
        try:
            if body["type"] == "Update":
                _changes(service, body["updateRequest"])
        except Refused as refused:  # a request that would fail is no failure of validating it
            return Answer.json({"error": json.loads(refused.answer.body)})
        return Answer.json({})

    def _patch(self, request: Request, name: str, **place: str) -> Answer:
        if request.header("Content-Type").partition(";")[0].strip().lower() != _PATCH_TYPE:
            raise Refused(error(415, "UnsupportedMediaType", f"The media type must be {_PATCH_TYPE}"))
        service = self._service(place, name)
        changes = _changes(service, request.json())
        if any(of == name and one.status == "InProgress" for of, one in self._running.values()):
            message = f"Service {name} is being changed by another operation"
            raise Refused(error(409, "Conflict", message, detail="ServiceUpdateInProgress"))
        operation = self._azure.operations.begin(
            lambda status: self._finish(place, name, changes, status), result=lambda: Answer.json(service)
        )
        self._running[operation.id] = (name, operation)
        service["state"] = "Transitioning"
        if self.accepted:
            path = request.path.partition("/services/")[0]
            return Answer(202).having(Operation_Location=f"{self.url}{path}/operations/{operation.id}")
        return Answer.json({**service, "operationId": operation.id})

    def _finish(self, place: Mapping[str, str], name: str, changes: Sequence[Change], status: str) -> None:
        service = self._known(place).services.get(name)
        if service is None:
            return  # deleted meanwhile
        for change in changes if status == "Succeeded" else ():
            change.apply(service)
        service["state"] = "Healthy" if status == "Succeeded" else "Failed"

    def _delete(self, _request: Request, name: str, **place: str) -> Answer:
        found = self._known(place).services.pop(name, None)
        return Answer(204 if found is None else 200)

    def _keys(self, _request: Request, name: str, **place: str) -> Answer:
        self._service(place, name)
        return Answer.json({"primaryKey": webservices.key(name), "secondaryKey": webservices.key(f"{name} two")})

    def _logs(self, request: Request, name: str, **place: str) -> Answer:
        self._service(place, name)
        tail, init = request.query.get("tail", "5000"), request.query.get("init", "False").lower()
        if not re.fullmatch("[0-9]{1,9}", tail) or init not in {"true", "false"}:
            raise Refused(error(400, "BadRequest", "The request is invalid", detail="InvalidLogsRequest"))
        text = self._known(place).logs.get((name, init == "true"), "")
        lines = text.splitlines(keepends=True)
        return Answer.json({"content": "".join(lines[max(len(lines) - int(tail), 0) :])})

    def _operation(self, _request: Request, name: str, **place: str) -> Answer:
        self._known(place)
        if name not in self._running:
            raise Refused(error(404, "NotFound", f"Operation {name} was not found", detail="OperationNotFound"))
        service, operation = self._running[name]
        operation.poll()
        state = "Running" if operation.status == "InProgress" else _ENDINGS.get(operation.status, operation.status)
        document: dict[str, Any] = {
            "id": name,
            "operationType": "Service",
            "state": state,
            "createdTime": webservices.CREATED,
            "endTime": None if state == "Running" else webservices.CREATED,
            "resourceLocation": f"/services/{service}",
            "operationLog": None,
            "streamingOperationLog": "",
        }
        if state not in {"Running", "Succeeded"}:
            document["error"] = _FAILURE
        return Answer.json(document)


def error(status: int, code: str, message: str, *, detail: str = "") -> Answer:
    """An error as the model management service words it."""
    details = [{"code": detail, "message": message}] if detail else []
    correlation = {"RequestId": str(uuid.uuid4())}
    document = {"code": code, "statusCode": status, "message": message, "details": details, "correlation": correlation}
    return Answer.json(document, status)


def _changes(service: Mapping[str, Any], operations: object) -> list[Change]:
    try:
        changes = jsonpatch.read(operations)
        webservices.check(service, changes)
    except jsonpatch.Wrong as wrong:
        raise Refused(error(400, "BadRequest", str(wrong), detail="InvalidPatch")) from wrong
    return changes


def _wanted(service: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    kind = query.get("computeType")
    return kind is None or str(service.get("computeType", "")).lower() == kind.lower()


def _same_place(id_: str, place: Mapping[str, str]) -> bool:
    _, _, subscription, _, group, _, _, _, workspace = id_.lower().split("/")
    return (subscription, group, workspace) == tuple(
        place[part].lower() for part in ("subscription", "group", "workspace")
    )


def _action(request: Request) -> str:
    """The action that a request needs, in Azure's names."""
    if request.path.lower().endswith("/listkeys"):
        return f"{_ACTIONS}/aks/listkeys/action"
    return f"{_ACTIONS}/{ {'PATCH': 'aks/write', 'DELETE': 'aks/delete'}.get(request.method, 'read') }"
