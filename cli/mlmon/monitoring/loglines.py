"""Lines of a container log as records: their times, and which of them a person asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mlmon.core.timerange import TimeRange

_ISO: Final = re.compile(r"\[?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,](\d{1,6})\d*)?\s?(Z|[+-]\d\d:?\d\d)?")
_ACCESS: Final = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]")
_NEAR_START: Final = 80  # an access line begins with an address and two names; further right it is payload


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line and its time in UTC. A line without one of its own has that of the line above; None before any."""

    text: str
    time: datetime | None


def timed(lines: Iterable[str]) -> Iterator[LogLine]:
    """Give each line its time: python logging's, ISO 8601's or an access log's; a time without a zone is UTC."""
    latest: datetime | None = None
    for text in lines:
        latest = _time(text) or latest
        yield LogLine(text, latest)


def select(
    lines: Iterable[str],
    *,
    between: TimeRange | None = None,
    include: Sequence[re.Pattern[str]] = (),
    exclude: Sequence[re.Pattern[str]] = (),
    last: int | None = None,
) -> list[LogLine]:
    """The lines in the range that any `include` finds (all, without one) and no `exclude` finds; then the last ones."""
    kept = [
        line
        for line in timed(lines)
        if (between is None or (line.time is not None and line.time in between))
        and (not include or any(pattern.search(line.text) for pattern in include))
        and not any(pattern.search(line.text) for pattern in exclude)
    ]
    return kept if last is None else kept[max(0, len(kept) - last) :]


def _time(text: str) -> datetime | None:
    try:
        if found := _ISO.match(text):
            date, clock, fraction, zone = found.groups()
            return datetime.fromisoformat(f"{date}T{clock}.{(fraction or '0').ljust(6, '0')}{zone or 'Z'}").astimezone(
                UTC
            )
        if found := _ACCESS.search(text, 0, _NEAR_START):
            return datetime.strptime(found[1], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None  # looks like a time and is none: 2026-13-40
    return None
