"""Times as logs write them. Every pattern is bounded, so that no line can be slow to read."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_ISO: Final = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6})\d{0,6})?"
    r"(\s?(?:Z|UTC|[+-]\d\d:?\d\d)(?![\w:]))?",
    re.ASCII,
)
_ACCESS: Final = re.compile(r"\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\]", re.ASCII)
_NEAR_START: Final = 100  # an access line begins with an address and two names; further right it is payload
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WIDEST: Final = timedelta(hours=14)
_QUARTER: Final = timedelta(minutes=15)
_OLDEST: Final = 10**8  # 1973: a smaller number is a count of something else
_UNITS: Final = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3))


def iso_time(line: str, start: int = 0) -> tuple[datetime, int] | None:
    """The time that stands there, python logging's or ISO 8601's, and where it ends. None where there is none."""
    found = _ISO.match(line, start)
    if not found:
        return None
    *parts, fraction, zone = found.groups()
    fields = [int(part) for part in parts]
    moment = _moment(fields, fraction or "", (zone or "").lstrip())
    if not moment and zone and zone[0] == " ":
        return _and_end(_moment(fields, fraction or "", ""), found.start(8))  # it was the text behind the time
    return _and_end(moment, found.end())


def access_time(line: str) -> tuple[datetime, int] | None:
    """The time of an access line, `[01/Mar/2026:10:00:05 +0000]`, and where it ends."""
    found = _ACCESS.search(line, 0, _NEAR_START)
    if not found or found[2] not in _MONTHS:
        return None
    day, month, year, *clock, zone = found.groups()
    parts = [int(year), _MONTHS.index(month) + 1, int(day), *map(int, clock)]
    return _and_end(_moment(parts, "", zone), found.end())


def any_time(value: object) -> datetime | None:
    """A time in a JSON line: text as above, or seconds since 1970 or a thousandth, millionth or billionth of them."""
    if isinstance(value, str):
        found = iso_time(value)
        return found[0] if found else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < _OLDEST:
        return None
    divisor = next((unit for least, unit in _UNITS if value >= least), 1)
    try:
        return datetime.fromtimestamp(value / divisor, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _and_end(moment: datetime | None, end: int) -> tuple[datetime, int] | None:
    return (moment, end) if moment else None


def _moment(parts: list[int], fraction: str, zone: str) -> datetime | None:
    try:
        offset = _offset(zone)
        year, month, day, hour, minute, second = parts
        moment = datetime(year, month, day, hour, minute, second, int(fraction.ljust(6, "0")), tzinfo=offset)
        moment.astimezone(UTC)  # every reader needs it: a time at the end of the calendar has none
    except (ValueError, OverflowError):
        return None  # looks like a time and is none: 2026-13-40
    return moment


def _offset(zone: str) -> timezone:
    """Raises `ValueError` for what is no place's: `-1234` is rather a number in the text."""
    if zone in {"", "Z", "UTC"}:
        return UTC
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    if offset > _WIDEST or offset % _QUARTER:
        raise ValueError(zone)
    return timezone(-offset if zone[0] == "-" else offset) if offset else UTC
