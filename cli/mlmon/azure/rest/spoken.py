"""What may be said of a request: its address without what could be secret in it."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

_SHOWN: Final = frozenset({"api-version", "comp", "restype", "prefix", "delimiter", "expand", "tail", "init"})
"""The query parameters whose values are said: any other could be a signature."""


def shown(url: str) -> str:
    """An address without what could be secret in it."""
    parts = urlsplit(url)
    query = "&".join(f"{name}={value if name in _SHOWN else '…'}" for name, value in parse_qsl(parts.query))
    return (
        f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}{query and '?'}{query}"
    )
