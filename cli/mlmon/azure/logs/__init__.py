"""Container logs of both generations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from mlmon.azure.connection import Connection
from mlmon.azure.discovery import API
from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import Asked, Plane
from mlmon.azure.services import AzureServices
from mlmon.azure.services.webservices import path_of
from mlmon.core.errors import NotFound, did_you_mean
from mlmon.core.model import Generation, Json, LogSnapshot, ServiceName
from mlmon.monitoring.logtext import snapshot

ONLINE: Final[Mapping[str, str]] = {
    "inference-server": "InferenceServer",
    "storage-initializer": "StorageInitializer",
}
"""The containers of a v2 deployment, and what getLogs calls them."""
WEB: Final[Mapping[str, str]] = {"scoring": "False", "init": "True"}
"""The containers of a v1 web service, and what `init` has to be for them."""
CONTAINERS: Final = {Generation.V1: tuple(WEB), Generation.V2: tuple(ONLINE)}
_ROLE: Final = "AzureML Data Scientist"
_MOST: Final = 10**8  # `tail` is an int32, and no log is that long


class AzureLogs:
    """`core.ports.Logs` over getLogs (v2) and the model management API (v1)."""

    def __init__(self, connection: Connection, services: AzureServices) -> None:
        self._connection = connection
        self._services = services

    def containers(self, name: ServiceName) -> Sequence[str]:
        self._services.get(name)
        return CONTAINERS[name.generation]

    def snapshot(self, name: ServiceName, *, lines: int, container: str = "") -> LogSnapshot:
        known = CONTAINERS[name.generation]
        if container and container not in known:
            raise NotFound(
                f"{name} has no container {container!r}",
                hint=did_you_mean(container, known) or f"its containers are {', '.join(known)}",
            )
        asked = Asked(f"read the log of {name}", scope=self._connection.path, role=_ROLE, plane=Plane.LOGS)
        tail = min(max(1, lines), _MOST)
        ask = self._web if name.generation is Generation.V1 else self._online
        chosen = container or known[0]
        content = shape.text(ask(name, chosen, tail, asked), "content")
        return replace(snapshot(content, lines=max(0, lines)), container=chosen)

    def _online(self, name: ServiceName, container: str, tail: int, asked: Asked) -> Json:
        endpoint, deployment = quote(name.endpoint, safe=""), quote(name.deployment, safe="")
        path = f"{self._connection.path}/onlineEndpoints/{endpoint}/deployments/{deployment}/getLogs"
        body: Json = {"containerType": ONLINE[container], "tail": tail}
        return self._connection.arm.send("POST", path, query=API, body=body, asked=asked).body

    def _web(self, name: ServiceName, container: str, tail: int, asked: Asked) -> Json:
        query = {"tail": str(tail), "init": WEB[container]}
        return self._services.web.send("GET", f"{path_of(name)}/logs", query=query, asked=asked)
