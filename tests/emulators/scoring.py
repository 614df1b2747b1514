"""The scoring plane: `/endpoint/score` of online endpoints, and `/api/v1/service/name/score` of web services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators import webservices
from emulators.messages import Answer, Refused, Request
from emulators.server import Plane
from mlmon.core.model import ServiceName

if TYPE_CHECKING:  # azure.py composes the planes, and so imports this module
    from emulators.azure import LocalAzure


class ScoringPlane(Plane):
    """Takes keys, not tokens of the directory. It scores what is mirrored; anything else is not deployed."""

    def __init__(self, azure: LocalAzure) -> None:
        super().__init__("scoring")
        self._azure = azure
        self.route("POST", "/(?P<endpoint>[^/]+)/score", self._of_endpoint)
        self.route("POST", "/api/v1/service/(?P<name>[^/]+)/score", self._of_webservice)

    def missing(self, request: Request) -> Answer:
        return Answer.text("Not Found", 404)

    def _of_endpoint(self, request: Request, endpoint: str) -> Answer:
        if endpoint not in self._azure.endpoints:
            return self.missing(request)
        _check_key(request, self._azure.contents.keys[endpoint])
        chosen = request.header("azureml-model-deployment") or self._by_traffic(endpoint)
        if (endpoint, chosen) not in self._azure.deployments:
            return Answer.text(f"No deployment named '{chosen}' under endpoint '{endpoint}'", 404)
        return self._score(ServiceName(endpoint, chosen), request).having(azureml_model_deployment=chosen)

    def _of_webservice(self, request: Request, name: str) -> Answer:
        service = self._azure.webservices.services.get(name)
        if service is None:
            return self.missing(request)
        if service["authEnabled"]:
            _check_key(request, webservices.key(name))
        return self._score(ServiceName(name), request)

    def _by_traffic(self, endpoint: str) -> str:
        traffic: dict[str, int] = self._azure.endpoints[endpoint]["properties"]["traffic"]
        return max(traffic, key=lambda name: traffic[name], default="")

    def _score(self, name: ServiceName, request: Request) -> Answer:
        if self._azure.mirror is None:
            return Answer.text("The deployment is not ready", 503)
        answer = self._azure.mirror.score(name, request.body.decode("utf-8", "replace"))
        return Answer(answer.status, answer.body.encode(), {"Content-Type": "application/json"}).having(
            x_ms_request_id=answer.request_id
        )


def _check_key(request: Request, key: str) -> None:
    scheme, _, given = request.header("Authorization").partition(" ")
    if scheme.lower() != "bearer" or given != key:
        raise Refused(
            Answer.json({"error": {"code": "Unauthorized", "message": "key_auth_bad_header_unauthorized"}}, 401)
        )
