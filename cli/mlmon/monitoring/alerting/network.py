"""What both HTTP and mail need of the network: certificates, the proxy, an end in time, and another try."""

from __future__ import annotations

import base64
import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed knows it on macOS only

from mlmon.core.errors import Failure, MlmonError, Unavailable, UsageError
from mlmon.monitoring.alerting.addresses import is_host, is_loopback

SECONDS_SILENT: Final = 10.0
"""How long a server may say nothing."""
_TRIES: Final = 4
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
"""As everywhere in mlmon: the first one that is set."""


class TryAgain(Exception):
    """Nothing can have been delivered, and it may pass. `after` is the pause that the server asked for."""

    def __init__(self, error: MlmonError, *, after: float | None = None) -> None:
        super().__init__("try again")
        self.error = error
        self.after = after


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, and what it wants to be told. Nothing of it may be shown."""

    host: str = field(repr=False)
    port: int = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Network:
    """The way out of one run.

    `patience` is how many seconds all pauses between tries may take together, `longest` how many one exchange may
    take, however slowly a server goes on talking.
    """

    environ: Mapping[str, str] = field(repr=False)
    patience: float = 30.0
    longest: float = 20.0
    sleep: Callable[[float], None] = time.sleep

    def certificates(self) -> ssl.SSLContext:
        """Those of this machine, or the bundle that is named. Raises `UsageError` for one that cannot be read."""
        named = next((name for name in _BUNDLES if self.environ.get(name)), "")
        if not named:
            context = ssl.create_default_context()
            with suppress(ImportError, OSError):  # it comes with requests; a bare container has no others
                import certifi

                context.load_verify_locations(certifi.where())
            return context
        place = Path(self.environ[named])
        try:
            if place.is_dir():
                return ssl.create_default_context(capath=str(place))
            return ssl.create_default_context(cafile=str(place))
        except (OSError, ValueError):
            raise UsageError(f"the certificates that {named} names cannot be read", hint="name a PEM file") from None

    def proxy(self, host: str) -> Proxy | None:
        """The one for a host that is spoken to by TLS, None without one. Raises `UsageError` for a wrong one."""
        names = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        text = next((self.environ[name] for name in names if self.environ.get(name)), "")
        excepted = self.environ.get("no_proxy") or self.environ.get("NO_PROXY") or ""
        if not text or is_loopback(host) or proxy_bypass_environment(host, {"no": excepted}):
            return None
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            found, port = parts.hostname or "", parts.port or 80
        except ValueError:
            found, port, parts = "", 0, urlsplit("")
        if parts.scheme != "http" or not is_host(found):
            raise UsageError(
                "HTTPS_PROXY does not name an HTTP proxy", hint="write http://HOST:PORT, or NO_PROXY for this host"
            )
        return Proxy(found, port, _authorization(parts.username, parts.password))

    def patiently(self, send: Callable[[], None]) -> None:
        """Send, and again where that may help: four times at most, within `patience`, as a server asks for it."""
        left = self.patience
        for tried in range(1, _TRIES + 1):
            try:
                return send()
            except TryAgain as again:
                pause = random.uniform(0.5, 1.0) * 2**tried if again.after is None else again.after  # noqa: S311 - spreads tries, hides nothing
                if tried == _TRIES or pause > left:
                    raise again.error from None
                self.sleep(pause)
                left -= pause
        return None

    @contextmanager
    def ended_in_time(self, connected: Callable[[], socket.socket | None]) -> Iterator[None]:
        """End an exchange that takes too long, although the server never falls silent."""

        def end() -> None:
            if line := connected():
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)

        timer = Timer(self.longest, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _authorization(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    pair = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}


def unreached(error: Exception, variable: str) -> MlmonError:
    """Why no connection came about, by the variable that says where to; never in the words of the error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(
            f"the certificate of the server that {variable} names is not trusted",
            hint="name your organisation's certificates in REQUESTS_CA_BUNDLE or SSL_CERT_FILE",
        )
    said = "does not speak TLS as expected" if isinstance(error, ssl.SSLError) else "cannot be reached"
    if isinstance(error, socket.gaierror):
        said = "has a name that cannot be resolved"
    elif isinstance(error, ConnectionRefusedError):
        said = "refuses connections"
    elif isinstance(error, TimeoutError):
        said = "did not answer in time"
    return Unavailable(f"the server that {variable} names {said}", hint="check the variable, the network and the proxy")
