"""One POST to an address that must not become known.

By the standard library: azure-core's pipeline belongs to azure/, and http.client follows no redirect, reads no .netrc
and writes no log, so that there is nothing to be switched off.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import Final

from mlmon import __version__
from mlmon.core.errors import Failure, Unavailable
from mlmon.monitoring.alerting.addresses import Address
from mlmon.monitoring.alerting.network import SECONDS_SILENT, Network, TryAgain, unreached

_MOST_READ: Final = 4096


def post(
    address: Address, body: bytes, *, headers: Mapping[str, str], network: Network, meanings: Mapping[str, str]
) -> None:
    """Post JSON; done when the server took it.

    429 and 5xx are tried again, and what never connected; an answer that was waited for in vain is not, since the
    message may have arrived. `meanings` explains answers that a service documents; no other answer is ever shown, for
    a server can answer with what it was asked.

    Raises:
        Unavailable: it may work later.
        Failure: it will not.
    """
    network.patiently(lambda: _once(address, body, headers, network, meanings))


def _once(
    address: Address, body: bytes, headers: Mapping[str, str], network: Network, meanings: Mapping[str, str]
) -> None:
    connection = _connection(address, network)
    try:
        with network.ended_in_time(lambda: connection.sock):
            _connect(connection, address)
            status, answered, text = _exchange(connection, address, body, headers)
    finally:
        connection.close()
    if 200 <= status < 300:
        return
    server = f"the server that {address.variable} names"
    if status in {408, 429} or status >= 500:
        said = "asks for a pause" if status == 429 else "is not able to take the message"
        error = Unavailable(f"{server} {said} (status {status})", hint="the next run tries it again")
        raise TryAgain(error, after=_pause(answered))
    if 300 <= status < 400:
        raise Failure(
            f"{server} answers with a redirect (status {status}), and none is followed",
            hint=f"put the address that takes the message into {address.variable}",
        )
    meaning = meanings.get(text.strip(), "")
    raise Failure(
        f"{server} refused the message (status {status}{f': {meaning}' if meaning else ''})",
        hint=f"check the address in {address.variable}",
    )


def _connection(address: Address, network: Network) -> HTTPConnection:
    if not address.encrypted:
        return HTTPConnection(address.host, address.port, timeout=SECONDS_SILENT)
    context, proxy = network.certificates(), network.proxy(address.host)
    if proxy is None:
        return HTTPSConnection(address.host, address.port, timeout=SECONDS_SILENT, context=context)
    connection = HTTPSConnection(proxy.host, proxy.port, timeout=SECONDS_SILENT, context=context)
    connection.set_tunnel(address.host, address.port, headers=dict(proxy.headers))
    return connection


def _connect(connection: HTTPConnection, address: Address) -> None:
    try:
        connection.connect()
    except (OSError, HTTPException, ValueError) as error:
        found = unreached(error, address.variable)
        if isinstance(found, Unavailable):
            raise TryAgain(found) from None
        raise found from None


def _exchange(
    connection: HTTPConnection, address: Address, body: bytes, headers: Mapping[str, str]
) -> tuple[int, HTTPMessage, str]:
    fixed = {"Content-Type": "application/json; charset=utf-8", "User-Agent": f"mlmon/{__version__}"}
    try:
        connection.request("POST", address.target, body=body, headers={**fixed, **headers})
        response = connection.getresponse()
        return response.status, response.headers, response.read(_MOST_READ).decode("utf-8", "replace")
    except (OSError, HTTPException, ValueError):
        raise Unavailable(
            f"the server that {address.variable} names did not answer: the message may have arrived, or not",
            hint="the next run tries it again",
        ) from None


def _pause(headers: HTTPMessage) -> float | None:
    """The pause in seconds that a server asks for; None when it does not, or not in words that can be read."""
    said = (headers.get("Retry-After") or "").strip()
    if said.isascii() and said.isdigit() and len(said) < 10:
        return float(said)
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()) if said else None
    return None
