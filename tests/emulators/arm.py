"""The control plane: Azure Resource Manager, its checks, its paging, and how its parts add their routes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from emulators import accounts, assets, deployments, jobs, metadata, wording
from emulators.messages import Answer, Refused, Request
from emulators.resources import Contents, Document, by_id, spelled
from emulators.server import Handler, Plane

if TYPE_CHECKING:  # azure.py composes the planes, and so imports this module
    from emulators.azure import LocalAzure

SUBSCRIPTION: Final = r"/subscriptions/(?P<subscription>[^/]+)"
GROUP: Final = SUBSCRIPTION + r"/resourceGroups/(?P<group>[^/]+)"
_WORKSPACE: Final = GROUP + r"/providers/Microsoft\.MachineLearningServices/workspaces/(?P<workspace>[^/]+)"


class ArmPlane(Plane):
    """Everything below `/subscriptions`, and the metadata of clouds."""

    def __init__(self, azure: LocalAzure) -> None:
        super().__init__("arm")
        self.azure = azure
        self.route("GET", "/metadata/endpoints", self._metadata)
        operation = SUBSCRIPTION + r"/providers/Microsoft\.MachineLearningServices/locations/[^/]+/"
        self.route("GET", operation + r"mfeOperationsStatus/(?P<operation>[^/]+)", self._operation_status)
        self.route("GET", operation + r"mfeOperationResults/(?P<operation>[^/]+)", self._operation_result)
        for part in (accounts, deployments, assets, jobs):
            part.add_routes(self)

    def admit(self, request: Request) -> None:
        """Token, then api-version, then role: the order in which the service looks."""
        wanted = wording.named(request)
        if request.path.lower().startswith("/metadata/"):
            return
        principal = self.azure.access.check(request, [self.url, f"{self.url}/"])
        if wanted is not None:
            wording.require_version(request, wanted)
            self.azure.access.require(principal, wanted.action, wanted.scope)

    def finish(self, request: Request, answer: Answer) -> Answer:
        given = request.header("x-ms-correlation-request-id")
        return answer.having(x_ms_request_id=str(uuid.uuid4()), x_ms_correlation_request_id=given or str(uuid.uuid4()))

    def missing(self, request: Request) -> Answer:
        wanted = wording.named(request)
        if wanted is None:
            return Answer(404)
        message = f"The resource type '{wanted.types}' could not be found in the namespace '{wanted.provider}'."
        return Answer.error(404, "InvalidResourceType", message)

    def inside(self, method: str, path: str, handler: Handler) -> None:
        """Answer requests for what is in a Machine Learning workspace: `handler(request, contents, **groups)`."""

        def found(request: Request, *, subscription: str, group: str, workspace: str, **names: str) -> Answer:
            return handler(request, self.contents(subscription, group, workspace), **names)

        self.route(method, _WORKSPACE + path, found)

    def scope(self, subscription: str, group: str = "") -> str:
        """The id of a subscription or group, as it is spelled. Raises `Refused` (404) where there is none."""
        resources = self.azure.resources
        known = spelled(resources.subscriptions, subscription)
        if not known:
            raise wording.no_subscription(subscription)
        if not group:
            return f"/subscriptions/{known}"
        wanted = f"/subscriptions/{known}/resourceGroups/{group}".lower()
        for id_ in resources.groups:
            if id_.lower() == wanted:
                return id_
        raise wording.no_group(group)

    def find(self, known: Iterable[Document], subscription: str, group: str, kind: str, name: str) -> Document:
        """A resource directly in a group; `kind` with its provider. Raises `Refused` (404)."""
        document = by_id(known, f"{self.scope(subscription, group)}/providers/{kind}/{name}")
        if document is None:
            raise wording.no_resource(kind, name, group=group)
        return document

    def contents(self, subscription: str, group: str, workspace: str) -> Contents:
        """What a workspace holds. Raises `Refused` (404)."""
        kind = f"{wording.MACHINE_LEARNING}/workspaces"
        found = self.find(self.azure.resources.workspaces.values(), subscription, group, kind, workspace)
        return self.azure.resources.contents[found["name"]]

    def page(self, request: Request, documents: Iterable[Any]) -> Answer:
        """One page of a list, and a link to the next."""
        everything, start = list(documents), int(request.query.get("$skipToken", "0"))
        end = start + self.azure.page_size
        answer: dict[str, Any] = {"value": everything[start:end]}
        if end < len(everything):
            query = urlencode({**request.query, "$skipToken": str(end)})
            answer["nextLink"] = f"{self.url}{quote(request.path)}?{query}"
        return Answer.json(answer)

    def operation_url(self, request: Request, kind: str, id_: str) -> str:
        """Where an operation is asked after: `mfeOperationsStatus` or `mfeOperationResults`."""
        subscription = request.path.split("/")[2]
        provider = f"/subscriptions/{subscription}/providers/{wording.MACHINE_LEARNING}"
        version = request.query["api-version"]
        return f"{self.url}{provider}/locations/westeurope/{kind}/{id_}?api-version={version}"

    def _metadata(self, request: Request) -> Answer:
        azure = self.azure
        known = metadata.clouds(
            arm=self.url, login=azure.url("login"), logs=azure.url("logs"), storage_suffix=azure.storage_suffix
        )
        version = request.query.get("api-version", "")
        if not version:
            raise Refused(
                Answer.error(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
            )
        return Answer.json(metadata.document(version, known))

    def _operation_status(self, request: Request, operation: str, **_: str) -> Answer:
        answer = self.azure.operations.status(operation, path=request.path)
        return answer or Answer.error(404, "NotFound", f"Operation '{operation}' was not found.")

    def _operation_result(self, request: Request, operation: str, **_: str) -> Answer:
        location = self.operation_url(request, "mfeOperationResults", operation)
        answer = self.azure.operations.outcome(operation, location=location)
        return answer or Answer.error(404, "NotFound", f"Operation '{operation}' was not found.")
