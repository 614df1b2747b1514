"""The connection that all planes share: one sign-in, one pool of connections, one patience, one way to debug."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mlmon.azure.rest.cloud import Cloud, cloud_of
from mlmon.azure.rest.faults import Asked
from mlmon.core.errors import UsageError
from mlmon.core.model import Json

if TYPE_CHECKING:
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    from mlmon.azure.rest.client import Client
    from mlmon.azure.rest.shared import SharedTransport
    from mlmon.azure.rest.signin import SignIn

CONNECT_SECONDS: Final = 5
ANSWER_TIMEOUT: Final = timedelta(seconds=100)
"""How long one answer is waited for unless `--timeout` says otherwise."""
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(slots=True)
class Wire:
    """What is needed to speak to a cloud. Everything is made when it is first needed, and then kept.

    `timeout` is how long one answer, or one operation, is waited for; None leaves each to its own default.
    `debug` is told of every request, without what is secret in it. Several threads may use it at once.
    """

    environ: Mapping[str, str]
    cloud_name: str = ""
    tenant: str = ""
    timeout: timedelta | None = None
    debug: Callable[[str], None] = lambda _: None
    _cloud: Cloud | None = field(default=None)
    _signin: SignIn | None = field(default=None)
    _transport: SharedTransport | None = field(default=None)
    _lock: RLock = field(default_factory=RLock)

    @property
    def cloud(self) -> Cloud:
        """Raises as `cloud_of`."""
        with self._lock:
            if self._cloud is None:
                self._cloud = cloud_of(self.cloud_name, environ=self.environ, fetch=self._metadata)
            return self._cloud

    @property
    def credential(self) -> SignIn:
        """The sign-in, as azure's clients take one. Nobody is asked for a token before a client needs it."""
        with self._lock:
            if self._signin is None:
                from mlmon.azure.rest.signin import SignIn

                self._signin = SignIn(self.cloud, tenant=self.tenant, transport=self.speaking())
            return self._signin

    def account(self) -> str:
        """Who is signed in, "" before the first token."""
        return self._signin.account if self._signin else ""

    @property
    def transport(self) -> SharedTransport:
        """The pool of connections; nobody but this object closes it.

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
            spoken=self.spoken(),
            gone=gone,
        )

    def speaking(self) -> SharedTransport:
        """The pool of connections, telling `debug` of every request itself: for pipelines that take no policy."""
        from mlmon.azure.rest.spoken import SpeakingTransport

        return SpeakingTransport(self.transport, say=self.debug)

    def spoken(self) -> SansIOHTTPPolicy[Any, Any]:
        """A policy that says each request to `debug`, for the pipelines of azure's own clients."""
        from mlmon.azure.rest.spoken import Spoken

        return Spoken(self.debug)

    @property
    def certificates(self) -> str:
        """The file or folder of the certificates to trust, "" for the usual ones.

        Raises:
            UsageError: a variable names one that is not there.
        """
        for name in _BUNDLES:
            if path := self.environ.get(name, ""):
                if not Path(path).exists():
                    raise UsageError(f"there are no certificates at {path} ({name})", hint=f"correct or unset {name}")
                return path
        return ""

    def _connected(self) -> SharedTransport:
        from azure.core.pipeline.transport import RequestsTransport

        from mlmon.azure.rest.quiet import silence
        from mlmon.azure.rest.shared import SharedTransport

        silence()
        return SharedTransport(
            RequestsTransport(
                connection_timeout=CONNECT_SECONDS,
                read_timeout=(self.timeout or ANSWER_TIMEOUT).total_seconds(),
                connection_verify=self.certificates or True,
            )
        )

    def _metadata(self, url: str) -> Json:
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}"
        return self.client(where, scope="").get(
            url[len(where) :], asked=Asked("read the cloud's metadata", scope=url, role="")
        )
