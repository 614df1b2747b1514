"""The control plane: Azure Resource Manager."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from emulators import metadata
from emulators.messages import Answer, Request
from emulators.server import Plane

if TYPE_CHECKING:  # azure.py composes the planes, and so imports this module
    from emulators.azure import LocalAzure


class ArmPlane(Plane):
    """Everything below `/subscriptions`, and the metadata of clouds."""

    def __init__(self, azure: LocalAzure) -> None:
        super().__init__("arm")
        self._azure = azure
        self.route("GET", "/metadata/endpoints", self._metadata)

    def admit(self, request: Request) -> None:
        if not request.path.lower().startswith("/metadata"):
            self._azure.access.check(request, [self.url, f"{self.url}/"])

    def finish(self, request: Request, answer: Answer) -> Answer:
        given = request.header("x-ms-correlation-request-id")
        return answer.having(x_ms_request_id=str(uuid.uuid4()), x_ms_correlation_request_id=given or str(uuid.uuid4()))

    def _metadata(self, request: Request) -> Answer:
        azure = self._azure
        known = metadata.clouds(
            arm=self.url, login=azure.url("login"), logs=azure.url("logs"), storage_suffix=azure.storage_suffix
        )
        return Answer.json(metadata.document(request.query.get("api-version", ""), known))
