"""Sending rows to a service on Azure, with the key or token that its endpoint asks for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

from mlmon.azure.connection import Connection
from mlmon.azure.discovery import API
from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import Asked, answered, translated
from mlmon.azure.services import AzureServices
from mlmon.azure.services.webservices import path_of
from mlmon.core.errors import Failure, Unavailable, UsageError
from mlmon.core.model import Generation, Json, Response, ServiceName

_AAD_SCOPES: Final = {
    "AzureChinaCloud": "https://ml.azure.cn/.default",
    "AzureUSGovernment": "https://ml.azure.us/.default",
}
_PUBLIC_SCOPE: Final = "https://ml.azure.com/.default"
_ROLE: Final = "AzureML Data Scientist"
_LONGEST_KEY: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Target:
    """Where rows go. `secret` goes into one header and nowhere else."""

    address: str
    secret: str = ""
    deployment: str = ""

    def __repr__(self) -> str:
        return f"_Target({self.address!r})"


class AzureScoring:
    """`core.ports.Scoring` over the services' own addresses."""

    def __init__(self, connection: Connection, services: AzureServices) -> None:
        self._connection = connection
        self._services = services

    def invoke(self, name: ServiceName, body: str) -> Response:
        try:
            content = body.encode("utf-8")
        except UnicodeEncodeError:
            raise UsageError("the rows are not valid UTF-8", hint="send JSON as UTF-8") from None
        target = self._web(name) if name.generation is Generation.V1 else self._online(name)
        return self._post(name, target, content)

    def _online(self, name: ServiceName) -> _Target:
        path = f"{self._connection.path}/onlineEndpoints/{quote(name.endpoint, safe='')}"
        arm = self._connection.arm

        def ask(method: str, below: str) -> Json:
            asked = Asked(f"{_DOING[below]} the endpoint {name.endpoint}", scope=path, role=_ROLE)
            return arm.send(method, f"{path}{below}", query=API, asked=asked).body

        # a deployment that is gone would otherwise be answered for by its siblings
        self._services.online.deployment(name)
        endpoint = ask("GET", "")
        address = _address(name, shape.text(endpoint, "properties", "scoringUri"), allowed=("https",))
        secret = self._secret(name, shape.text(endpoint, "properties", "authMode").casefold(), ask)
        return _Target(address, secret, name.deployment)

    def _web(self, name: ServiceName) -> _Target:
        raw = self._services.web.read(name)

        def ask(method: str, below: str) -> Json:
            asked = Asked(f"{_DOING[below]} the service {name}", scope=self._connection.path, role=_ROLE)
            return self._services.web.send(method, f"{path_of(name)}{below.lower()}", asked=asked)

        mode = "amltoken" if shape.flag(raw, "aadAuthEnabled") else "key" if shape.flag(raw, "authEnabled") else ""
        allowed = ("https",) if mode else ("https", "http")  # AKS without a certificate; a key must not go there
        address = _address(name, shape.text(raw, "scoringUri"), allowed=allowed)
        return _Target(address, self._secret(name, mode, ask) if mode else "")

    def _secret(self, name: ServiceName, mode: str, ask: Callable[[str, str], Json]) -> str:
        if mode == "aadtoken":
            asked = Asked(f"sign in to {name}", scope=self._connection.path, role=_ROLE)
            wire = self._connection.wire
            with translated(asked, account=wire.account):
                return wire.credential.get_token(_AAD_SCOPES.get(wire.cloud.name, _PUBLIC_SCOPE)).token
        if mode == "amltoken":
            secret = shape.text(ask("POST", "/token"), "accessToken")
        else:
            secret = shape.text(ask("POST", "/listKeys"), "primaryKey")
        if not secret or len(secret) > _LONGEST_KEY or not (secret.isascii() and secret.isprintable()):
            raise Unavailable(f"Azure gave no key for {name} that can be sent", hint="try again in a minute")
        return secret

    def _post(self, name: ServiceName, target: _Target, content: bytes) -> Response:
        from azure.core.rest import HttpRequest

        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if target.secret:
            headers["Authorization"] = f"Bearer {target.secret}"
        if target.deployment:
            headers["azureml-model-deployment"] = target.deployment
        asked = Asked(f"score with {name}", scope=self._connection.path, role=_ROLE)
        began = time.monotonic()
        with translated(asked, account=self._connection.wire.account, host=urlsplit(target.address).netloc):
            request = HttpRequest("POST", target.address, headers=headers, content=content)
            response = self._pipeline().run(request, stream=False).http_response
            took = timedelta(seconds=time.monotonic() - began)
            # refused before the script saw it; every other status may be the script's own answer
            if response.status_code in {401, 403, 429}:
                raise answered(asked, response, account=self._connection.wire.account())
            text = response.read().decode("utf-8", "replace")
        reference = response.headers.get("x-ms-request-id") or response.headers.get("x-request-id") or ""
        return Response(response.status_code, text, reference, took)

    def _pipeline(self) -> Any:
        """Without patience: rows that were scored already must not be scored, and collected, again."""
        from azure.core.pipeline import Pipeline
        from azure.core.pipeline.policies import UserAgentPolicy

        from mlmon.azure.rest.client import USER_AGENT

        wire = self._connection.wire
        transport: Any = wire.transport  # one in all but its base class
        return Pipeline(transport, [UserAgentPolicy(USER_AGENT)])


_DOING: Final = {"": "read", "/listKeys": "read the keys of", "/token": "get a token for"}


def _address(name: ServiceName, address: str, *, allowed: tuple[str, ...]) -> str:
    """The scoring address, when rows and a key may be sent there.

    Raises:
        Unavailable: there is none yet, or it cannot be read.
        Failure: on its way everyone could read the key.
    """
    if not address:
        raise Unavailable(f"{name} has no scoring address", hint="see mlmon status: it may not be ready yet")
    try:
        parts = urlsplit(address)
        readable = bool(parts.hostname) and address.isprintable() and " " not in address
        scheme, _ = parts.scheme, parts.port
    except ValueError:
        readable, scheme = False, ""
    if not readable:
        raise Unavailable(f"the scoring address of {name} cannot be read", hint="try again in a minute")
    if scheme not in allowed:
        raise Failure(
            f"the scoring address of {name} is not https, and its key would be readable on the way",
            hint="give its cluster a certificate",
        )
    return address
