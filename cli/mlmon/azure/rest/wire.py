"""The connection that all planes share: one sign-in, one pool of connections, one patience, one way to debug."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mlmon.azure.rest.cloud import Cloud, cloud_of
from mlmon.azure.rest.faults import Asked
from mlmon.core.errors import Unavailable, UsageError
from mlmon.core.model import Json

if TYPE_CHECKING:
    from mlmon.azure.rest.client import Client
    from mlmon.azure.rest.signin import SignIn
    from mlmon.azure.rest.transport import Patient, SharedTransport

CONNECT_SECONDS: Final = 5
ANSWER_TIMEOUT: Final = timedelta(seconds=100)
"""How long one answer is waited for unless `--timeout` says otherwise."""
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
_MARK: Final = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----")
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")
_SILENT_SECONDS: Final = 15.0
"""How long a cloud whose metadata could not be had is not asked again: every plane would wait for it in its turn."""


@dataclass(slots=True)
class Wire:
    """What is needed to speak to a cloud. Everything is made when it is first needed, and then kept.

    `cloud_origin` is who named the cloud, for the error where there is none of that name.
    `timeout` is how long one answer, or one operation, is waited for; None leaves each to its own default.
    `debug` is told of every request, without what is secret in it. Several threads may use it at once.
    """

    environ: Mapping[str, str]
    cloud_name: str = ""
    cloud_origin: str = ""
    tenant: str = ""
    timeout: timedelta | None = None
    debug: Callable[[str], None] = lambda _: None
    _cloud: Cloud | None = field(default=None)
    _lost: tuple[float, Unavailable] | None = field(default=None)
    _signin: SignIn | None = field(default=None)
    _transport: SharedTransport | None = field(default=None)
    _lock: RLock = field(default_factory=RLock)

    @property
    def cloud(self) -> Cloud:
        """Raises as `cloud_of`."""
        with self._lock:
            if self._cloud is None:
                self._cloud = self._found_cloud()
            return self._cloud

    def _found_cloud(self) -> Cloud:
        if self._lost and time.monotonic() < self._lost[0]:
            raise self._lost[1]
        try:
            return cloud_of(
                self.cloud_name, environ=self.environ, fetch=self._metadata, origin=self.cloud_origin or "cloud"
            )
        except Unavailable as error:
            self._lost = (time.monotonic() + _SILENT_SECONDS, error)
            raise

    @property
    def credential(self) -> SignIn:
        """The sign-in, as azure's clients take one. Nobody is asked for a token before a client needs it."""
        with self._lock:
            if self._signin is None:
                from mlmon.azure.rest.signin import SignIn

                self._signin = SignIn(self.cloud, tenant=self.tenant, transport=self.transport)
            return self._signin

    def account(self) -> str:
        """Who is signed in, "" before the first token."""
        return self._signin.account if self._signin else ""

    @property
    def transport(self) -> SharedTransport:
        """The pool of connections, which tells `debug` of every request; nobody but this object closes it.

        Raises:
            UsageError: a variable names certificates that are not there.
        """
        with self._lock:
            if self._transport is None:
                self._transport = self._connected()
            return self._transport

    def client(self, base: str, *, scope: str, gone: Callable[[], None] | None = None) -> Client:
        """JSON from one service; `scope` "" where it wants no sign-in. `gone` as `Client` has it."""
        from mlmon.azure.rest.client import OPERATION_TIMEOUT, Client

        signin = self.credential if scope else None
        return Client(
            base,
            transport=self.transport,
            signin=signin,
            scope=scope,
            timeout=self.timeout or OPERATION_TIMEOUT,
            gone=gone,
        )

    def patient(self) -> Patient:
        """The pool of connections with our patience, for azure's own clients."""
        from mlmon.azure.rest.transport import Patient

        return Patient(self.transport)

    @property
    def certificates(self) -> str:
        """The file or folder of the certificates to trust, "" for the usual ones.

        Raises:
            UsageError: a variable names one that is not there, or has none in it.
        """
        for name in _BUNDLES:
            if path := self.environ.get(name, ""):
                _require_certificates(Path(path), name)
                return path
        return ""

    def _connected(self) -> SharedTransport:
        from azure.core.pipeline.transport import RequestsTransport

        from mlmon.azure.rest.quiet import silence
        from mlmon.azure.rest.transport import SharedTransport

        silence()
        return SharedTransport(
            RequestsTransport(
                connection_timeout=CONNECT_SECONDS,
                read_timeout=(self.timeout or ANSWER_TIMEOUT).total_seconds(),
                connection_verify=self.certificates or True,
            ),
            say=self.debug,
        )

    def _metadata(self, url: str) -> Json:
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}"
        return self.client(where, scope="").get(
            url[len(where) :], asked=Asked("read the cloud's metadata", scope=url, role="")
        )


def _require_certificates(path: Path, variable: str) -> None:
    """Raises `UsageError` where there are none: no service could be believed, and each would be blamed."""
    try:
        if path.is_dir():
            found = any(_HASHED.fullmatch(each.name) for each in path.iterdir())
        else:
            found = _MARK.search(path.read_bytes()) is not None
    except FileNotFoundError:
        raise UsageError(
            f"there are no certificates at {path} ({variable})", hint=f"correct or unset {variable}"
        ) from None
    except OSError as error:
        raise UsageError(
            f"the certificates in {path} cannot be read: {error.strerror} ({variable})",
            hint=f"correct or unset {variable}",
        ) from None
    if not found:
        form = "a folder has them as openssl rehash names them" if path.is_dir() else "a file has them as PEM"
        raise UsageError(f"there are no certificates in {path} ({variable})", hint=f"{form}; or unset {variable}")
