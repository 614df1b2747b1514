"""One pool of connections for everybody, that says each request; and the same with our patience in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

from azure.core.pipeline import Pipeline
from azure.core.pipeline.transport import HttpTransport

from mlmon.azure.rest.patience import Patience
from mlmon.azure.rest.spoken import shown


class SharedTransport(HttpTransport[Any, Any]):
    """An `azure.core` transport that clients may open and close without doing so for others. `say` is told of every
    request when its answer has come, without what is secret in it."""

    def __init__(self, transport: Any, *, say: Callable[[str], None] = lambda _: None) -> None:
        self._transport = transport
        self._say = say

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def open(self) -> None:
        self._transport.open()

    def close(self) -> None:
        return None

    def send(self, request: Any, **options: Any) -> Any:
        started = time.monotonic()
        asking = f"{request.method} {shown(request.url)}"
        try:
            response = self._transport.send(request, **options)
        except Exception:
            self._say(f"{asking} -> no answer")
            raise
        took = (time.monotonic() - started) * 1000
        reference = response.headers.get("x-ms-request-id", "-")
        self._say(f"{asking} -> {response.status_code} ({took:.0f} ms, request {reference})")
        return response

    def sleep(self, seconds: float) -> None:
        self._transport.sleep(seconds)


class Patient(SharedTransport):
    """For azure's clients that take no policy of others in the place of their own retries: made with `retry_total=0`.

    What tries again here sends the same signature again, which holds for longer than our patience does.
    """

    def __init__(self, transport: SharedTransport) -> None:
        super().__init__(transport)
        self._pipeline: Pipeline[Any, Any] = Pipeline(transport, [Patience()])

    def send(self, request: Any, **options: Any) -> Any:
        return self._pipeline.run(request, **options).http_response
