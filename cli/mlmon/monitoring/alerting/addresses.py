"""Where alerts go: addresses and secrets, read from environment variables alone.

An incoming webhook's address is a secret itself. So nothing here, and nothing that is raised, ever shows a value:
what is wrong is told by the name of its variable.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from mlmon.core.errors import UsageError

_LONGEST: Final = 4096
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\.?")
_TARGET: Final = re.compile(r"[!-~]*")


@dataclass(frozen=True, slots=True)
class Address:
    """One to post to. `target` is its path and query; only `variable` may be shown."""

    variable: str
    host: str = field(repr=False)
    port: int = field(repr=False)
    target: str = field(repr=False)
    encrypted: bool = True


def value(variable: str, environ: Mapping[str, str], *, hint: str) -> str:
    """Raises `UsageError` where it is not set."""
    if found := environ.get(variable, "").strip():
        return found
    raise UsageError(f"{variable} is not set", hint=hint)


def address(variable: str, environ: Mapping[str, str], *, hint: str) -> Address:
    """Raises `UsageError` where it is not set, is not an https address, or is an http one of another machine."""
    text = value(variable, environ, hint=hint)
    parts = _parts(text) if len(text) <= _LONGEST and text.isascii() else None
    if parts is None:
        raise UsageError(f"{variable} does not hold an address", hint="it is to begin with https://")
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"{variable} holds a user name or a password", hint="use an address that needs none, or one with a token"
        )
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise UsageError(
            f"{variable} does not hold an https address", hint="http is allowed for this machine alone (127.0.0.1)"
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    encrypted = parts.scheme == "https"
    return Address(variable, host, parts.port or (443 if encrypted else 80), target, encrypted)


def _parts(text: str) -> SplitResult | None:
    """None of what is no address; urllib's own error would show it."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return None
    whole = _TARGET.fullmatch(parts.path + parts.query) and not parts.fragment and is_host(parts.hostname or "")
    return parts if whole and _TARGET.fullmatch(text) else None


def is_host(text: str) -> bool:
    """Whether it can be the name or the number of a machine."""
    if _HOST.fullmatch(text) and len(text) <= 253:
        return True
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether it is this machine itself."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
