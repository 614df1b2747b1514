"""Which services are being served, and where: a small file for each server, believed only after asking it."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

from mlmon.core.errors import Unavailable
from mlmon.core.model import Response, ServiceName
from mlmon.local import names
from mlmon.local.runtime.world import World
from mlmon.local.store import Store

IDENTITY: Final = "x-mlmon-service"
_ASKING: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A port that said it serves the service."""

    port: int


def identity(folder: Path, workspace: UUID, name: ServiceName) -> str:
    """What a server answers when asked who it is: the same for nothing but this service of this very folder."""
    # a copy of a workspace has its id too, and must not send its rows to the original
    return sha256(f"{folder}\0{workspace}\0{name}".encode("utf-8", "surrogateescape")).hexdigest()


@contextmanager
def announced(store: Store, name: ServiceName, port: int) -> Iterator[None]:
    """Say where the service is served, until the block ends."""
    path = _folder(store, name) / f"{os.getpid()}-{port}.json"
    store.replace(path, json.dumps({"port": port, "pid": os.getpid()}).encode() + b"\n")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find(store: Store, name: ServiceName, workspace: UUID) -> Endpoint | None:
    """A server of this workspace that serves the service now, or None.

    Raises:
        Unavailable: there is one, but it does not answer.
    """
    for path in sorted(_folder(store, name).glob("*.json")):
        # a note that cannot be read is being written, or names nobody
        with suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(path.read_bytes())
            port, pid = int(note["port"]), int(note["pid"])
            if not _lives(pid):
                path.unlink(missing_ok=True)  # its server was killed, and somebody else may have the port now
            elif 0 < port < 65536 and _answers(port, identity(store.folder, workspace, name)):
                return Endpoint(port)
    return None


def send(endpoint: Endpoint, name: ServiceName, body: bytes, world: World) -> Response:
    """Score one request over HTTP.

    Raises:
        Unavailable: the server went away meanwhile.
    """
    start = world.clock()
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port)
    try:
        connection.request("POST", "/score", body, {"Content-Type": "application/json", "User-Agent": "mlmon"})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(
            f"the server of {name} on port {endpoint.port} did not answer: {error}", hint="start it again: mlmon serve"
        ) from error
    finally:
        connection.close()
    return Response(answer.status, text, answer.getheader("x-ms-request-id", ""), world.clock() - start)


def _lives(pid: int) -> bool:
    if os.name == "nt":  # pragma: no cover - there, a signal of 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


def _answers(port: int, expected: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ASKING.total_seconds())
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
    except TimeoutError:
        raise Unavailable(f"the server on port {port} does not answer", hint="stop it, or try again later") from None
    except http.client.HTTPException:
        return False
    finally:
        connection.close()
    return answer.getheader(IDENTITY) == expected


def _folder(store: Store, name: ServiceName) -> Path:
    return store.folder.joinpath(".servers", *names.encode(str(name)))
