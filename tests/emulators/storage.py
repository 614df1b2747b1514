"""A test's own hands on the blobs: put straight into Azurite, past roles, faults and the record of requests."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from emulators import tokens
from emulators.azurite import Account

_VERSION: Final = "2025-01-05"
_YEAR: Final = 365 * 86_400


class Refused(Exception):
    """Azurite answered with an error; `code` is its own."""

    def __init__(self, status: int, code: str, target: str) -> None:
        super().__init__(f"{status} {code} for {target}")
        self.code = code


@dataclass(slots=True)
class BlobStore:
    """The blobs of an account. Containers are made when something is put into them."""

    account: Account
    _containers: set[str] = field(default_factory=set)

    def put(self, container: str, name: str, data: bytes) -> None:
        """Write a whole blob."""
        self.make_container(container)
        self._send("PUT", _target(container, name), data, {"x-ms-blob-type": "BlockBlob"})

    def append(self, container: str, name: str, data: bytes) -> None:
        """Add to a blob's end, as a collector does; make an append blob where there is none."""
        try:
            self._send("PUT", f"{_target(container, name)}?comp=appendblock", data)
        except Refused as refused:
            if refused.code == "InvalidBlobType":
                self.put(container, name, self.read(container, name) + data)
                return
            if refused.code not in {"BlobNotFound", "ContainerNotFound"}:
                raise
            self.make_container(container)
            self._send("PUT", _target(container, name), b"", {"x-ms-blob-type": "AppendBlob"})
            self._send("PUT", f"{_target(container, name)}?comp=appendblock", data)

    def read(self, container: str, name: str) -> bytes:
        """A whole blob."""
        return self._send("GET", _target(container, name))

    def delete(self, container: str, name: str) -> None:
        """Remove a blob."""
        self._send("DELETE", _target(container, name))

    def delete_container(self, container: str) -> None:
        """Remove a container with all that is in it."""
        self._containers.discard(container)
        self._send("DELETE", f"/{container}?restype=container")

    def make_container(self, container: str) -> None:
        """Make a container where there is none."""
        if container not in self._containers:
            try:
                self._send("PUT", f"/{container}?restype=container")
            except Refused as refused:
                if refused.code != "ContainerAlreadyExists":
                    raise
            self._containers.add(container)

    def _send(self, method: str, target: str, data: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
        path = f"/{self.account.name}{target}"
        every = {
            "Authorization": f"Bearer {_token()}",
            "x-ms-version": _VERSION,
            "x-ms-date": f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S GMT}",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }
        with self.account.server.connection() as connection:
            connection.request(method, path, data or None, every)
            answer = connection.getresponse()
            body = answer.read()
        if answer.status >= 300:
            raise Refused(answer.status, answer.getheader("x-ms-error-code") or "", path)
        return body


def _target(container: str, name: str) -> str:
    return f"/{container}/{quote(name)}"


def _token() -> str:
    """What Azurite takes for a token of the directory's: it looks at these claims and not at the signature."""
    now = int(time.time())
    claims = {
        "aud": "https://storage.azure.com",
        "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
    }
    return tokens.issue({**claims, "iat": now - 60, "nbf": now - 60, "exp": now + _YEAR})
