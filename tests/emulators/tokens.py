"""Access tokens in the shape of Microsoft Entra's (version 1), signed with a key thrown away at the end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any, Final

_KEY: Final = secrets.token_bytes(32)


def issue(claims: dict[str, Any]) -> str:
    """A JSON web token with these claims."""
    head = {"typ": "JWT", "alg": "HS256", "kid": "local-azure"}
    signed = f"{_encoded(head)}.{_encoded(claims)}"
    return f"{signed}.{_signature(signed)}"


def read(token: str) -> dict[str, Any] | None:
    """The claims of a token that `issue` made, or None for anything else."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed).encode()):
        return None
    payload = signed.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _encoded(part: dict[str, Any]) -> str:
    return _base64url(json.dumps(part, separators=(",", ":")).encode())


def _signature(signed: str) -> str:
    return _base64url(hmac.digest(_KEY, signed.encode(), hashlib.sha256))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
