"""One pool of connections for everybody: a transport that clients may open and close without doing so for others."""

from __future__ import annotations

from typing import Any, Self

from azure.core.pipeline.transport import HttpTransport


class SharedTransport(HttpTransport[Any, Any]):
    """An `azure.core` transport that passes everything on but its end."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def open(self) -> None:
        self._transport.open()

    def close(self) -> None:
        return None

    def send(self, request: Any, **options: Any) -> Any:
        return self._transport.send(request, **options)

    def sleep(self, seconds: float) -> None:
        self._transport.sleep(seconds)
