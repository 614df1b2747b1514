"""No answer at all: what a network, a proxy or a certificate has against a request."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from mlmon.core.errors import Unavailable


class Unresolved(Unavailable):
    """The name of the host that was asked means nothing to the network: perhaps it is gone, perhaps the network is."""


def resolves(address: str) -> bool:
    """Whether the network knows the host of an address."""
    import socket

    try:
        socket.getaddrinfo(urlsplit(address).hostname or "", None)
    except (OSError, UnicodeError):
        return False
    return True


def unreached(error: Exception, doing: str, *, host: str = "") -> Unavailable:
    """No answer came: why, as far as the error tells. Without `host`, who was asked is read from the error too."""
    request = getattr(error, "inner_exception", None) or error
    text = f"{type(request).__name__} {request}"
    host = host or _host(error) or "Azure"
    for words, reason, hint in _REASONS:
        if any(word in text for word in words):
            kind = Unresolved if "resolved" in reason else Unavailable
            said = reason.format(host=host, proxy=_proxy())
            return kind(f"could not {doing}: {said}", hint=hint)
    return Unavailable(f"could not {doing}: the connection to {host} broke", hint="try again in a minute")


_REASONS: Final = (
    (
        ("ProxyError", "ProxyURL", "Failed to parse"),
        "the proxy {proxy} cannot be used",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError", "SSLCertVerificationError"),
        "the certificate of {host} is not trusted",
        "name your organisation's certificates in REQUESTS_CA_BUNDLE or SSL_CERT_FILE",
    ),
    (
        ("NameResolutionError", "Name or service not known", "getaddrinfo", "name resolution"),
        "the name {host} cannot be resolved",
        "check the network and its DNS",
    ),
    (
        ("Read timed out", "ReadTimeout", "ServiceResponseTimeout"),
        "{host} did not answer in time",
        "--timeout 10m waits longer",
    ),
    (("ConnectTimeout", "timed out"), "{host} cannot be reached", "check the network, and HTTPS_PROXY"),
    (("Connection refused", "NewConnectionError"), "{host} refuses connections", "check the network, and HTTPS_PROXY"),
)


def _proxy() -> str:
    """The proxy of this process by its host and port, without what else stands in its variable: often a password."""
    from urllib.request import getproxies  # requests asks it too

    address = getproxies().get("https") or getproxies().get("all") or ""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "that HTTPS_PROXY names"
    except ValueError:
        return "that HTTPS_PROXY names"


def _host(error: Exception) -> str:
    """The host that was asked, as the error names it; "" where it does not."""
    found = re.search(r"host='([^']+)'(?:, port=(\d+))?", str(error))
    if found:
        return found[1] if found[2] in {None, "443"} else f"{found[1]}:{found[2]}"
    url = re.search(r"https?://[^\s'\"]+", str(error))
    return urlsplit(url[0]).netloc if url else ""
