"""Our own patience for azure's clients that take no policy of others in the place of their own retries."""

from __future__ import annotations

from typing import Any

from azure.core.pipeline import Pipeline
from azure.core.pipeline.transport import HttpTransport

from mlmon.azure.rest.patience import Patience
from mlmon.azure.rest.wire import Wire


class Patient(HttpTransport[Any, Any]):
    """The one connection with patience and debugging in it; a client over it is made with `retry_total=0`.

    What tries again here sends the same signature again, which holds for longer than our patience does.
    """

    def __init__(self, wire: Wire) -> None:
        self._transport = wire.transport
        self._pipeline: Pipeline[Any, Any] = Pipeline(self._transport, [Patience(), wire.spoken()])

    def send(self, request: Any, **options: Any) -> Any:
        return self._pipeline.run(request, **options).http_response

    def sleep(self, duration: float) -> None:
        self._transport.sleep(duration)

    def open(self) -> None:
        self._transport.open()

    def close(self) -> None:
        """The pool is everybody's."""

    def __enter__(self) -> Patient:
        return self

    def __exit__(self, *_: object) -> None:
        return None
