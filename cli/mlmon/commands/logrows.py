"""Records of a log, and gaps in it, as what is printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Final

from mlmon.output.results import Entry, Field

if TYPE_CHECKING:
    from mlmon.core.follow import Gap
    from mlmon.monitoring.logrecords import LogRecord

FIELDS: Final = (
    Field("type"),
    Field("time", kind="time"),
    Field("level"),
    Field("service"),
    Field("container"),
    Field("logger"),
    Field("message"),
    Field("request_id"),
    Field("pid"),
    Field("line"),
    Field("at_most", kind="number"),
    Field("reason"),
)
_TONES: Final = {"critical": "error", "error": "error", "warning": "warning", "debug": "dim"}


@dataclass(slots=True)
class Source:
    """Whose log it is. `label` stands before each of its lines, "" where there is but one."""

    service: str
    container: str = ""
    label: str = ""


def record_entry(record: LogRecord, source: Source) -> Entry:
    """A record, in all its lines."""
    row = {
        "type": "record",
        "time": record.time.astimezone(UTC) if record.time else None,
        "level": record.level or None,
        "service": source.service or None,
        "container": source.container or None,
        "logger": record.logger or None,
        "message": record.message,
        "request_id": record.request_id or None,
        "pid": record.pid or None,
        "line": record.text,
    }
    return Entry(row, record.lines, source=source.label, tone=_TONES.get(record.level, ""))


def gap_entry(gap: Gap, source: Source) -> Entry:
    """What may be missing, where nobody can say that nothing is."""
    few = gap.at_most == 1
    lost = "lines" if gap.at_most is None else "up to 1 line" if few else f"up to {gap.at_most} lines"
    said = f"{lost} may be missing"
    row = {
        "type": "gap",
        "service": source.service or None,
        "container": source.container or None,
        "message": said,
        "at_most": gap.at_most,
        "reason": str(gap.reason),
    }
    return Entry(row, (f"gap: {said}",), source=source.label, gap=True)


def line_by_line(record: LogRecord) -> Iterator[LogRecord]:
    """The record as if each of its lines were one."""
    if len(record.lines) == 1:
        yield record
        return
    for line in record.lines:
        yield replace(record, lines=(line,), message=line)
