"""What `--debug` says of a request: method, address, status and the service's id for it; nothing that is secret."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import SansIOHTTPPolicy

from mlmon.azure.rest.shared import SharedTransport

_SHOWN: Final = frozenset({"api-version", "comp", "restype", "prefix", "delimiter", "expand", "tail", "init"})
"""The query parameters whose values are said: any other could be a signature."""
_STARTED: Final = "mlmon.started"


class Spoken(SansIOHTTPPolicy[Any, Any]):
    """Say every request when its answer has come."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.context[_STARTED] = time.monotonic()

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        took = time.monotonic() - request.context.get(_STARTED, time.monotonic())
        self._say(_said(request.http_request, response.http_response, took=took))

    def on_exception(self, request: PipelineRequest[Any]) -> None:
        self._say(f"{request.http_request.method} {shown(request.http_request.url)} -> no answer")


class SpeakingTransport(SharedTransport):
    """Says every request itself, for those whose pipelines take no policy: azure-identity's."""

    def __init__(self, transport: SharedTransport, *, say: Callable[[str], None]) -> None:
        super().__init__(transport)
        self._say = say

    def send(self, request: Any, **options: Any) -> Any:
        started = time.monotonic()
        try:
            response = super().send(request, **options)
        except Exception:
            self._say(f"{request.method} {shown(request.url)} -> no answer")
            raise
        self._say(_said(request, response, took=time.monotonic() - started))
        return response


def _said(request: Any, response: Any, *, took: float) -> str:
    reference = response.headers.get("x-ms-request-id", "-")
    return (
        f"{request.method} {shown(request.url)} -> {response.status_code} ({took * 1000:.0f} ms, request {reference})"
    )


def shown(url: str) -> str:
    """An address without what could be secret in it."""
    parts = urlsplit(url)
    query = "&".join(f"{name}={value if name in _SHOWN else '…'}" for name, value in parse_qsl(parts.query))
    return (
        f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}{query and '?'}{query}"
    )
