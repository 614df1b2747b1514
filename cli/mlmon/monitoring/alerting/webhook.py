"""Any server that takes JSON: the versioned document, signed where a secret is given."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mlmon.core.errors import UsageError
from mlmon.core.model import Json
from mlmon.monitoring.alerting.addresses import Address, address
from mlmon.monitoring.alerting.message import Alert, document
from mlmon.monitoring.alerting.network import Network
from mlmon.monitoring.alerting.posting import post

URL: Final = "MLMON_ALERT_WEBHOOK_URL"
SECRET: Final = "MLMON_ALERT_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
_PREFIX: Final = "whsec_"
MASK: Final = "***"


@dataclass(frozen=True, slots=True)
class Webhook:
    """The channel `webhook`. Headers and signature are those of https://www.standardwebhooks.com, version 1."""

    address: Address
    key: bytes = field(repr=False)
    network: Network
    name: str = "webhook"

    @classmethod
    def of(cls, network: Network) -> Webhook:
        """Raises `UsageError` for a variable that is missing or wrong."""
        environ = network.environ
        where = address(URL, environ, hint="set it to the https address that takes the message")
        return cls(where, _key(environ), network)

    def preview(self, alert: Alert, now: datetime) -> Json:
        """What would be sent, with the address and the signature masked."""
        headers = self._headers(alert, _body(alert), now)
        shown = {name: MASK if name == "webhook-signature" else text for name, text in headers.items()}
        return {"to": URL, "headers": dict(shown), "body": document(alert)}

    def send(self, alert: Alert, now: datetime, *, page: bytes | None) -> str:  # noqa: ARG002 - mail alone carries the page
        """Raises as `post`."""
        body = _body(alert)
        post(self.address, body, headers=self._headers(alert, body, now), network=self.network, meanings={})
        return ""

    def _headers(self, alert: Alert, body: bytes, now: datetime) -> dict[str, str]:
        sent = str(int(now.timestamp()))
        headers = {"webhook-id": alert.id, "webhook-timestamp": sent}
        if self.key:
            digest = hmac.digest(self.key, f"{alert.id}.{sent}.".encode() + body, hashlib.sha256)
            headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode('ascii')}"
        return headers


def _body(alert: Alert) -> bytes:
    """What is signed and sent, byte for byte."""
    return json.dumps(document(alert), allow_nan=False, separators=(",", ":")).encode("ascii")


def _key(environ: Mapping[str, str]) -> bytes:
    """The secret is base64 behind `whsec_`; one without that is taken as the bytes that it is."""
    text = environ.get(SECRET, "").strip()
    if not text.startswith(_PREFIX):
        return text.encode("utf-8", "surrogateescape")
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise UsageError(f"what {SECRET} holds behind {_PREFIX} is not base64", hint="copy the whole secret")
    return key
