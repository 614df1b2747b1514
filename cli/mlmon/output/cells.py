"""One value as text: exactly, for programs, and readably, for people."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from mlmon.core.model import Json, Value
from mlmon.core.timerange import rfc3339
from mlmon.output.controls import neutral
from mlmon.output.results import Field

NOTHING: Final = "-"
"""What people see in place of a value that is not there."""

_STEPS: Final = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m"), (60, "m", 1, "s"))


def plain(value: Value) -> Json:
    """The value as JSON can carry it: RFC 3339 UTC times, durations in seconds, and the numbers that JSON lacks
    as "NaN", "Infinity" and "-Infinity"."""
    match value:
        case datetime():
            return rfc3339(value)
        case timedelta():
            return value.total_seconds()
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case list():
            return [plain(one) for one in value]
        case dict():
            return {key: plain(one) for key, one in value.items()}
        case _:
            return value


def exact(value: Value) -> str:
    """One cell of csv, tsv or md: text as it is, null empty, nested values as JSON text."""
    known = plain(value)
    match known:
        case None:
            return ""
        case str():
            return known
        case _:
            import json  # why here: notes and progress use this module too, and every run pays for its imports

            return json.dumps(known, ensure_ascii=False)


def readable(value: Value, field: Field) -> str:
    """One cell for people, on one line and without control characters."""
    match value:
        case None:
            return NOTHING
        case datetime():
            return _moment(value)
        case timedelta():
            return human_duration(value.total_seconds())
        case bool() if field.kind == "flag":
            return "on" if value else "off"
        case int() | float() if not isinstance(value, bool):
            return _number(value, field)
        case _:
            return neutral(exact(value))


def _number(value: float, field: Field) -> str:
    if field.kind == "duration":
        return human_duration(value)
    if isinstance(value, float):
        return human_number(value)
    return human_bytes(value) if field.kind == "bytes" else str(value)


def human_bytes(size: int) -> str:
    """`999 B`, `1.2 MB`: powers of 1000, as disks and networks count."""
    if abs(size) >= 10**18:
        return f"{size} B"
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(amount) < 999.95 or (unit == "B" and abs(size) < 1000):
            return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} PB"


def human_duration(seconds: float) -> str:
    """`250ms`, `1.5s`, `2m05s`, `3h07m`, `4d02h`."""
    if not math.isfinite(seconds):
        return human_number(seconds)
    if seconds < 0:
        return f"-{human_duration(-seconds)}"
    if seconds < 0.9995:
        return f"{human_number(round(seconds * 1000, 1))}ms"
    if seconds < 59.95:
        return f"{human_number(round(seconds, 1))}s"
    whole = round(seconds)
    size, unit, below, smaller = next(step for step in _STEPS if whole >= step[0])
    return f"{whole // size}{unit}{whole % size // below:02d}{smaller}"


def human_number(number: float) -> str:
    """At most six significant digits, but never fewer than stand before the point."""
    if not math.isfinite(number):
        return str(plain(number))
    if number == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(number)))
    if not -5 <= magnitude < 15:
        return f"{number:.6g}"
    text = f"{number:.{max(0, 5 - magnitude)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(moment: datetime) -> str:
    """`2026-03-01 12:30:05`, UTC, without a fraction."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat(sep=" ")
