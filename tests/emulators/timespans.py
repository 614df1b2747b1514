"""The `timespan` of a telemetry query: an ISO 8601 duration, or an interval of two of start, end and duration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import isodate  # which azure-monitor-query requires

from mlmon.core.timerange import TimeRange


def read(text: str, *, now: datetime) -> TimeRange:
    """The range that a timespan means at this moment.

    Raises:
        ValueError: it is none.
    """
    first, slash, second = text.partition("/")
    if not slash:
        return TimeRange(now - _duration(first), now)
    if first.startswith("P"):
        end = _moment(second)
        return TimeRange(end - _duration(first), end)
    start = _moment(first)
    return TimeRange(start, start + _duration(second) if second.startswith("P") else _moment(second))


def _duration(text: str) -> timedelta:
    found = isodate.parse_duration(text)
    return found if isinstance(found, timedelta) else found.totimedelta(start=datetime.now(UTC))


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
