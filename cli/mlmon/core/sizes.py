"""Sizes as people write them."""

from __future__ import annotations

import re
from typing import Final

from mlmon.core.errors import UsageError

_SIZE: Final = re.compile(
    r"(?P<number>\d{1,15}(?:\.\d{1,6})?) ?(?:(?P<prefix>[kmgtp])(?P<binary>i)?)?b?", re.IGNORECASE
)
_PREFIXES: Final = "kmgtp"


def parse_size(text: str) -> int:
    """Bytes: `500MB`, `1.5 GB`, `2G` (powers of 1000), `512MiB` (of 1024), `4096`; in any case.

    Raises:
        UsageError: not a size.
    """
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise UsageError(f"{text!r} is not a size", hint="write it like 800kB, 500MB or 2GB")
    power = _PREFIXES.index(found["prefix"].lower()) + 1 if found["prefix"] else 0
    return int(float(found["number"]) * (1024 if found["binary"] else 1000) ** power)
