"""The ingestion plane: `/v2/track` and `/v2.1/track`, to which exporters send envelopes, turned into rows at once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emulators import envelopes
from emulators.messages import Answer, Request
from emulators.server import Plane

if TYPE_CHECKING:  # azure.py composes the planes, and so imports this module
    from emulators.azure import LocalAzure


class IngestionPlane(Plane):
    """Asks for no token: whoever knows a component's instrumentation key may send, as with Application Insights."""

    def __init__(self, azure: LocalAzure) -> None:
        super().__init__("ingestion")
        self._azure = azure
        self.route("POST", r"/v2(\.1)?/track", self._track)

    def connection_string(self, component: Mapping[str, Any]) -> str:
        """What an exporter is given: the component's key, and this plane."""
        return f"InstrumentationKey={component['properties']['InstrumentationKey']};IngestionEndpoint={self.url}"

    def _track(self, request: Request) -> Answer:
        try:
            sent = envelopes_in(request)
        except (ValueError, OSError, EOFError):  # no JSON, or no gzip
            return _answer(0, [_error(0, "The request body is not readable")])
        errors = []
        for index, envelope in enumerate(sent):
            try:
                self._keep(envelope)
            except envelopes.Refused as refused:
                errors.append(_error(index, str(refused)))
        return _answer(len(sent), errors)

    def _keep(self, envelope: Any) -> None:
        key = envelope.get("iKey") if isinstance(envelope, dict) else None
        for component in self._azure.resources.components.values():
            if key == component["properties"]["InstrumentationKey"]:
                table, row = envelopes.row_of(envelope, app=component["name"])
                self._azure.telemetry.add(table, row, component=component["id"])
                return
        raise envelopes.Refused("Invalid instrumentation key")


def envelopes_in(request: Request) -> list[Any]:
    """The envelopes of a request: an array, or one a line; packed or not."""
    body = gzip.decompress(request.body) if request.header("Content-Encoding") == "gzip" else request.body
    text = body.decode().strip()
    if text.startswith("["):
        found = json.loads(text)
        assert isinstance(found, list)
        return found
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _error(index: int, message: str) -> dict[str, Any]:
    return {"index": index, "statusCode": 400, "message": message}


def _answer(received: int, errors: list[dict[str, Any]]) -> Answer:
    """200 where all were kept, 206 where some, 400 where none."""
    accepted = max(received - len(errors), 0)
    status = 200 if not errors else 206 if accepted else 400
    return Answer.json({"itemsReceived": received, "itemsAccepted": accepted, "errors": errors}, status)
