"""The connection that all planes share: one sign-in, one pool of connections, one patience, one way to debug."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mlmon.azure.cloud import METADATA_URL, Cloud, cloud_of
from mlmon.azure.faults import Asked
from mlmon.core.model import Json

if TYPE_CHECKING:
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    from mlmon.azure.client import Client
    from mlmon.azure.signin import SignIn

CONNECT_SECONDS: Final = 5
ANSWER_TIMEOUT: Final = timedelta(seconds=100)
"""How long one answer is waited for unless `--timeout` says otherwise."""
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # requests reads these itself


@dataclass(slots=True)
class Wire:
    """What is needed to speak to a cloud. Everything is made when it is first needed, and then kept.

    `timeout` is how long one answer, or one operation, is waited for; None leaves each to its own default.
    `debug` is told of every request, without what is secret in it.
    """

    environ: Mapping[str, str]
    cloud_name: str = ""
    tenant: str = ""
    timeout: timedelta | None = None
    debug: Callable[[str], None] = lambda _: None
    _cloud: Cloud | None = field(default=None)
    _signin: SignIn | None = field(default=None)
    _transport: Any = field(default=None)

    @property
    def cloud(self) -> Cloud:
        """Raises as `cloud_of`."""
        if self._cloud is None:
            self._cloud = cloud_of(self.cloud_name, environ=self.environ, fetch=self._metadata)
        return self._cloud

    @property
    def cloud_key(self) -> str:
        """What stands for the cloud in what is remembered; asks nobody."""
        return "/".join(part for part in (self.environ.get(METADATA_URL, ""), self.cloud_name) if part) or "AzureCloud"

    @property
    def credential(self) -> SignIn:
        """The sign-in, as azure's clients take one. Nobody is asked for a token before a client needs it."""
        if self._signin is None:
            from mlmon.azure.signin import SignIn

            self._signin = SignIn(self.cloud, tenant=self.tenant, transport=self.transport)
        return self._signin

    def account(self) -> str:
        """Who is signed in, "" before the first token."""
        return self._signin.account if self._signin else ""

    @property
    def transport(self) -> Any:
        """The pool of connections; nobody but this object closes it."""
        if self._transport is None:
            from azure.core.pipeline.transport import RequestsTransport

            self._transport = _Shared(
                RequestsTransport(
                    connection_timeout=CONNECT_SECONDS,
                    read_timeout=(self.timeout or ANSWER_TIMEOUT).total_seconds(),
                    **self._trust(),
                )
            )
        return self._transport

    def client(self, base: str, *, scope: str, gone: Callable[[], None] | None = None) -> Client:
        """JSON from one service; `scope` "" where it wants no sign-in. `gone` as `Client` has it."""
        from mlmon.azure.client import OPERATION_TIMEOUT, Client

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

    def spoken(self) -> SansIOHTTPPolicy[Any, Any]:
        """A policy that says each request to `debug`, for the pipelines of azure's own clients."""
        from mlmon.azure.spoken import Spoken

        return Spoken(self.debug)

    def _trust(self) -> dict[str, Any]:
        """Private certificates: `SSL_CERT_FILE` holds here as it does for other tools."""
        bundle = self.environ.get("SSL_CERT_FILE", "")
        return {"connection_verify": bundle} if bundle and not any(map(self.environ.get, _BUNDLES)) else {}

    def _metadata(self, url: str) -> Json:
        parts = urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}"
        return self.client(where, scope="").get(
            url[len(where) :], asked=Asked("read the cloud's metadata", scope=url, role="")
        )


class _Shared:
    """A transport that clients may use and close as they like, without closing it for the others."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def __enter__(self) -> _Shared:
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
        time.sleep(seconds)
