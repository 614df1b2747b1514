"""A short name for a row of telemetry, the same wherever it is looked at, from which it is found again.

Application Insights gives rows an `itemId`, which a Log Analytics workspace drops and which is long to type. This name
is the millisecond of the row, counted from the year 1, and a little of a digest of what both dialects keep; so one
millisecond is all that has to be asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from mlmon.core.errors import UsageError
from mlmon.core.model import Value
from mlmon.core.timerange import TimeRange

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_TIME: Final = 9  # digits of a millisecond, until the year 3218
_DIGEST: Final = 3
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(milliseconds=1)
_COLUMNS: Final = (
    ("message", "Message"),
    ("operation_Id", "OperationId"),
    ("cloud_RoleInstance", "AppRoleInstance"),
    ("customDimensions", "Properties"),
)


def row_id(row: Mapping[str, Value]) -> str:
    """The name of a row as it is stored; "" for one without a time."""
    moment = row.get("timestamp", row.get("TimeGenerated"))
    if not isinstance(moment, datetime):
        return ""
    kept = [row.get(classic, row.get(other)) for classic, other in _COLUMNS]
    try:
        told = json.dumps(kept, sort_keys=True, default=str)
    except (RecursionError, TypeError, ValueError):
        told = json.dumps(kept[:3], default=str)
    digest = int.from_bytes(sha256(told.encode("utf-8", "replace")).digest()[:8], "big")
    return _written((moment - _FIRST) // _STEP, _TIME) + _written(digest % 36**_DIGEST, _DIGEST)


def moment_of(name: str) -> TimeRange:
    """The millisecond in which the row of that name happened.

    Raises:
        UsageError: no row has such a name.
    """
    word = name.strip().lower()
    try:
        if len(word) != _TIME + _DIGEST or not word.isalnum() or not word.isascii():
            raise ValueError
        start = _FIRST + int(word[:_TIME], 36) * _STEP
        return TimeRange(start, start + _STEP)
    except (ValueError, OverflowError):
        raise UsageError(f"{name!r} is no row's id", hint="the column id of mlmon traces has them") from None


def _written(number: int, least: int) -> str:
    digits = ""
    while number or len(digits) < least:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
