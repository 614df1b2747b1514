"""Time ranges: half-open, UTC, and the words people write them in."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from mlmon.core.errors import UsageError

EXAMPLES: Final = (
    "write a date (2026-03-01), a time (2026-03-01T12:30), today, yesterday or a duration (90s, 5h30m, 7d)"
)
_DURATION: Final = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+")
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_ISO_DURATION: Final = re.compile(
    r"P(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?", re.IGNORECASE
)
_UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}

_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """`[start, end)`, both aware and in UTC, never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0) or self.end.utcoffset() != timedelta(0):
            raise ValueError("a time range is in UTC")
        if self.start >= self.end:
            raise ValueError("a time range ends after it starts")

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether `[start, end)` has any moment in common with this range."""
        return start < self.end and self.start < end

    def days(self) -> Iterator[date]:
        """Every UTC day that has a moment in the range, in order."""
        day = self.start.date()
        while day_start(day) < self.end:
            yield day
            if day == date.max:
                return
            day += timedelta(days=1)

    def __str__(self) -> str:
        if self.start == _FIRST:
            return f"up to {_short(self.end)}"
        return f"{_short(self.start)} to {_short(self.end)}"


def day_start(day: date) -> datetime:
    """Midnight UTC at the beginning of a day."""
    return datetime.combine(day, time(), UTC)


def day_range(day: date) -> TimeRange:
    """The 24 hours of a UTC day."""
    return TimeRange(day_start(day), _plus(day_start(day), timedelta(days=1)))


def month_range(year: int, month: int) -> TimeRange:
    """A calendar month."""
    days = calendar.monthrange(year, month)[1]
    start = datetime(year, month, 1, tzinfo=UTC)
    return TimeRange(start, _plus(start, timedelta(days=days)))


def rfc3339(moment: datetime) -> str:
    """`2026-03-01T12:30:00Z`, with a fraction only when there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_duration(text: str) -> timedelta:
    """`90s`, `5h30m`, `7d`, `2w`, or ISO 8601 without years and months (`PT1H`).

    Raises:
        UsageError: not a duration, negative, or longer than can be counted.
    """
    found = _DURATION.fullmatch(text)
    iso = _ISO_DURATION.fullmatch(text) if not found else None
    try:
        if found:
            return sum((float(n) * _UNITS[unit] for n, unit in _PART.findall(text)), timedelta())
        if iso and any(iso.groups()):
            return sum((float(n) * _UNITS[unit] for unit, n in iso.groupdict().items() if n), timedelta())
    except OverflowError:
        raise UsageError(f"the duration {text!r} is too long", hint=EXAMPLES) from None
    if text.startswith("-"):
        raise UsageError(f"the duration {text!r} is negative", hint=f"write it without its minus: {text.lstrip('-')}")
    raise UsageError(f"{text!r} is not a duration", hint="write it like 90s, 5h30m or 7d")


def parse_timeout(text: str, *, origin: str) -> timedelta:
    """A duration that can be waited for; `origin` is who said it.

    Raises:
        UsageError: as `parse_duration`, or it is no time at all.
    """
    try:
        duration = parse_duration(text)
    except UsageError as error:
        raise UsageError(f"{error.message} ({origin})", hint=error.hint) from None
    if not duration:
        raise UsageError(f"the timeout {text!r} is no time at all ({origin})", hint="write it like 90s, 10m or 1h")
    return duration


def parse_moment(text: str, now: datetime) -> datetime:
    """A point in time: an ISO date or time (UTC unless it has an offset), today, yesterday, now, or a duration ago.

    Raises:
        UsageError: none of these.
    """
    word = text.strip()
    match word.lower():
        case "now":
            return now
        case "today":
            return day_start(now.date())
        case "yesterday":
            return day_start(now.date() - timedelta(days=1))
    if word.startswith("-"):
        raise UsageError(
            f"the duration {word!r} is negative", hint=f"durations count back from now: {word.lstrip('-')}"
        )
    if _DURATION.fullmatch(word) or word[:1] in {"P", "p"}:
        return _minus(now, parse_duration(word), word)
    try:
        moment = datetime.fromisoformat(word) if len(word) >= len("2026-03-01") else None
    except ValueError:
        moment = None
    if moment is None:
        raise UsageError(f"{text!r} is not a date or time", hint=EXAMPLES)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{text!r} is outside the calendar", hint=EXAMPLES) from None


def parse_month(text: str, now: datetime) -> TimeRange:
    """`2026-03`, or `3`: the latest March that has begun.

    Raises:
        UsageError: not a month, or one that has not begun.
    """
    hint = "write it like 3 (the latest March that has begun) or 2026-03"
    found = re.fullmatch(r"(?:(\d{4})-)?(\d{1,2})", text.strip())
    if not found or not 1 <= int(found[2]) <= 12 or found[1] == "0000":
        raise UsageError(f"{text!r} is not a month", hint=hint)
    month = int(found[2])
    year = int(found[1]) if found[1] else now.year - (month > now.month)
    chosen = month_range(year, month)
    _refuse_future(chosen, now)
    return chosen


def parse_day(text: str, now: datetime) -> TimeRange:
    """The whole UTC day a date, today or yesterday falls on.

    Raises:
        UsageError: not a date, or one that has not begun.
    """
    chosen = day_range(parse_moment(text, now).date())
    _refuse_future(chosen, now)
    return chosen


def resolve(
    now: datetime, *, month: str | None = None, day: str | None = None, start: str | None = None, end: str | None = None
) -> TimeRange | None:
    """The range a person asked for with --month, --day, or --from/--to; None when they asked for none.

    A start without an end runs to now; an end without a start begins at the first moment there is.

    Raises:
        UsageError: two ways of saying it at once, an unreadable word, an empty range, or one that has not begun.
    """
    said = {"--month": month, "--day": day, "--from/--to": start if start is not None else end}
    ways = [name for name, text in said.items() if text is not None]
    if len(ways) > 1:
        raise UsageError(f"{' and '.join(ways)} cannot be combined", hint="choose one of --month, --day, --from/--to")
    if month is not None:
        return parse_month(month, now)
    if day is not None:
        return parse_day(day, now)
    if not ways:
        return None
    first = parse_moment(start, now) if start is not None else _FIRST
    # an open end includes what is being written at this very moment
    last = parse_moment(end, now) if end is not None else now + timedelta(microseconds=1) * (first < now)
    if first > now:
        raise UsageError(f"the range begins in the future ({_short(first)})", hint=f"it is {_short(now)} now, in UTC")
    if first >= last:
        raise UsageError(
            f"the range ends ({_short(last)}) before it begins ({_short(first)})"
            if first > last
            else f"the range is empty: it begins and ends at {_short(first)}",
            hint="ranges are half-open: --from is included, --to is not",
        )
    return TimeRange(first, last)


def _refuse_future(chosen: TimeRange, now: datetime) -> None:
    if chosen.start > now:
        raise UsageError(f"{_short(chosen.start)} is in the future", hint=f"it is {_short(now)} now, in UTC")


def _short(moment: datetime) -> str:
    text = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    # strftime does not pad years before 1000
    return text.rjust(19, "0").removesuffix(" 00:00:00")


def _plus(moment: datetime, step: timedelta) -> datetime:
    try:
        return moment + step
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _minus(now: datetime, step: timedelta, word: str) -> datetime:
    try:
        return now - step
    except OverflowError:
        raise UsageError(f"{word!r} ago is outside the calendar", hint=EXAMPLES) from None
