"""What a container log has of a request: records with its id in them, and those of the time when it ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from mlmon.core.errors import MlmonError
from mlmon.core.model import ServiceName
from mlmon.core.ports import Logs
from mlmon.core.timerange import TimeRange, rfc3339
from mlmon.monitoring.logrecords import LogRecord, records
from mlmon.monitoring.logrecords.record import sound
from mlmon.monitoring.story.parts import By, Event, Ids, Looked, Source

LINES: Final = 50_000
"""So many of the last lines are asked for, in one request."""
_MOST: Final = 200
_MILLISECOND: Final = timedelta(milliseconds=1)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Logged:
    """The records of a request, and what was seen of the log."""

    events: tuple[Event, ...]
    looked: Looked


def logged(logs: Logs, service: ServiceName, ids: Ids, ran: TimeRange | None) -> Logged:
    """Look into the last lines of a log, in one request. `ran` is when the request ran, where that is known."""
    try:
        snapshot = logs.snapshot(service, lines=LINES)
    except MlmonError as error:
        return Logged((), Looked(Source.LOG, error=error))
    found = list(records(snapshot.lines))
    known = [id_.casefold() for id_ in dict.fromkeys((*ids.texts, ids.asked)) if id_]
    matched = [(record, by) for record in found if (by := _by(record, known, ran))]
    if not matched:
        full = len(snapshot.lines) + snapshot.left_out >= LINES
        return Logged((), Looked(Source.LOG, why=_why(found, ran, full=full)))
    # proof before what is only near, and the log's own order after that
    first = sorted(range(len(matched)), key=lambda at: matched[at][1] is By.NEAR)[:_MOST]
    events = tuple(_event(*matched[at], snapshot.container) for at in sorted(first))
    ways = tuple(dict.fromkeys(one.by for one in events))
    why = "" if By.TEXT in ways else "no line has an id of the request in it"
    if len(matched) > _MOST:
        why = f"{len(matched) - _MOST} more records of that time are left out"
    return Logged(events, Looked(Source.LOG, len(events), ways, why))


def _by(record: LogRecord, known: Sequence[str], ran: TimeRange | None) -> By | None:
    text = record.text.casefold()
    if any(id_ in text for id_ in known):
        return By.TEXT
    if ran is None or record.time is None:
        return None
    return By.NEAR if _overlaps(record.time.astimezone(UTC), ran) else None


def _overlaps(time: datetime, ran: TimeRange) -> bool:
    """Whether a time may be in a range, as exactly as logs write times: in milliseconds, or seconds in access lines."""
    length = _MILLISECOND if time.microsecond else _SECOND
    return ran.overlaps(time, time + length)


def _event(record: LogRecord, by: By, container: str) -> Event:
    return Event(
        Source.LOG,
        by,
        record.time.astimezone(UTC) if record.time else None,
        "\n".join((record.message, *(sound(line) for line in record.lines[1:] if "\n" not in record.message))),
        record.level,
        details={"container": container or None, "line": record.text},
    )


def _why(found: Sequence[LogRecord], ran: TimeRange | None, *, full: bool) -> str:
    """Why there is nothing: the log does not reach that time, or says nothing of requests."""
    times = [record.time.astimezone(UTC) for record in found if record.time]
    if not found:
        return "the log is empty"
    if not times:
        return "no line has an id of the request in it, and none says when it was written"
    if ran is None:
        return "no line has the id in it"
    if min(times) >= ran.end:
        read = f"of the last {LINES} lines, which are all that is read, the first" if full else "its first line"
        return f"{read} is of {_short(min(times))}: what was there before is gone"
    if max(times) < ran.start:
        return f"its last line is of {_short(max(times))}, before the request: another container may have had it"
    return "no line is of that time, and none has an id of the request in it"


def _short(time: datetime) -> str:
    return rfc3339(time.replace(microsecond=0))
