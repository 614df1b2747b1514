"""How `request` shows a story: a head, a timeline and tables for people, one document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from mlmon.core.model import Json
from mlmon.monitoring.story import By, Event, Looked, Source, Story
from mlmon.output.cells import human_duration, plain
from mlmon.output.results import Field, Page, Record, Row, Rows

_EVENT: Final = (
    Field("time", kind="time"),
    Field("offset_ms", kind="number"),
    Field("source"),
    Field("collection"),
    Field("matched_by"),
    Field("certain"),
    Field("level"),
    Field("text"),
    Field("details", kind="json"),
)
_WHOLE: Final = (
    Field("id"),
    Field("matched_by"),
    Field("service"),
    Field("time", kind="time"),
    Field("succeeded"),
    Field("result_code"),
    Field("latency_ms", kind="number"),
    Field("corrected"),
    Field("request_id"),
    Field("client_request_id"),
    Field("operation_id"),
    Field("correlation_ids", kind="json"),
    Field("sources", kind="json"),
)
_HEAD: Final = (
    Field("request"),
    Field("service"),
    Field("time"),
    Field("result"),
    Field("latency"),
    Field("client", header="client request id"),
    Field("operation", header="operation id"),
)
_TIMELINE: Final = (
    Field("offset", header="ms", kind="number"),
    Field("source", whole=True),
    Field("by", header="matched by", whole=True),
    Field("level", optional=True),
    Field("text"),
)
_PLACES: Final = (
    Field("place", header="looked for", whole=True),
    Field("found", kind="number"),
    Field("by", header="matched by", optional=True, dear=True),
    Field("why", header="why not more"),
)
_UNSURE: Final = frozenset({By.NEAR})


def document(story: Story) -> Record:
    """The whole story; formats of rows carry its events alone."""
    request = story.request
    correlations = [event.details.get("correlation_id") for event in story.events if event.source is Source.COLLECTED]
    values: Row = {
        "id": story.ids.asked,
        "matched_by": str(story.by),
        "service": story.service_name or None,
        "time": story.start,
        "succeeded": request.succeeded if request else None,
        "result_code": (request.code or None) if request else None,
        "latency_ms": round(request.latency.total_seconds() * 1000, 3) if request and request.latency else None,
        "corrected": request.corrected if request else None,
        "request_id": story.ids.request or None,
        "client_request_id": story.ids.client or None,
        "operation_id": story.ids.operation or None,
        "correlation_ids": list(dict.fromkeys(one for one in correlations if one)),
        "sources": [_place(looked) for looked in story.looked],
    }
    return Record(_WHOLE, values, Rows(_EVENT, [_row(story, event) for event in story.events]), rows_key="events")


def page(story: Story) -> Page:
    """What people see."""
    head = _head(story)
    fields = tuple(field for field in _HEAD if head.get(field.key))
    return Page((Record(fields, head), _timeline(story), *_tables(story), _places(story)))


def missing(story: Story) -> Iterator[str]:
    """What was not found, each with why."""
    for looked in story.looked:
        if not looked.found and not looked.error:
            yield f"{place_of(looked)}: {looked.why}"


def place_of(looked: Looked) -> str:
    """`trace`, `collected model_inputs`."""
    return f"{looked.source} {looked.collection}".strip()


def _row(story: Story, event: Event) -> Row:
    return {
        "time": event.time,
        "offset_ms": story.offset(event),
        "source": str(event.source),
        "collection": event.collection or None,
        "matched_by": str(event.by),
        "certain": event.by not in _UNSURE,
        "level": event.level or None,
        "text": event.text,
        "details": dict(event.details),
    }


def _place(looked: Looked) -> Json:
    return {
        "source": str(looked.source),
        "collection": looked.collection or None,
        "found": looked.found,
        "matched_by": [str(by) for by in looked.by],
        "reason": _why(looked) or None,
    }


def _why(looked: Looked) -> str:
    return looked.error.message if looked.error else looked.why


def _head(story: Story) -> dict[str, str]:
    request = story.request
    way = "the text" if story.by is By.TEXT else f"its {story.by}"
    by = "" if story.by in {By.REQUEST_ID, By.LATEST} else f" (found by {way} {story.ids.asked})"
    took = request.latency if request else None
    measured = human_duration(took.total_seconds()) if took is not None else ""
    return {
        "request": (story.ids.request or story.ids.asked) + by,
        "service": story.service_name or "(not known)",
        "time": _moment(story.start) if story.start else "",
        "result": f"{request.code} {'succeeded' if request.succeeded else 'failed'}".strip() if request else "",
        "latency": f"{measured} (corrected)" if measured and request and request.corrected else measured,
        "client": story.ids.client,
        "operation": story.ids.operation,
    }


def _moment(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d} UTC"


def _timeline(story: Story) -> Rows:
    rows: list[Row] = [
        {
            "offset": None if (offset := story.offset(event)) is None else round(offset, 1),
            "source": str(event.source),
            "by": str(event.by),
            "level": event.level or None,
            "text": _first_line(event.text),
        }
        for event in story.events
    ]
    with_levels = any(event.level for event in story.events)
    fields = tuple(field for field in _TIMELINE if with_levels or field.key != "level")
    return Rows(fields, rows)


def _first_line(text: str) -> str:
    """Of several lines the last one too: the last of a traceback says what went wrong."""
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    if len(lines) < 2:
        return lines[0]
    between = len(lines) - 2
    return f"{lines[0]} ... {f'({between} lines) ... ' if between else ''}{lines[-1]}"


def _tables(story: Story) -> Iterator[Rows]:
    """The collected rows, a table for each collection."""
    for event in story.events:
        rows = event.details.get("rows")
        if event.source is Source.COLLECTED and isinstance(rows, list):
            known = [row for row in rows if isinstance(row, dict)]
            names = list(dict.fromkeys(name for row in known for name in row))
            values: Sequence[Row] = [{name: plain(value) for name, value in row.items()} for row in known]
            yield Rows(
                tuple(Field(name, kind="json") for name in names), values, caption=f"{event.collection} ({event.by})"
            )


def _places(story: Story) -> Rows:
    rows: list[Row] = [
        {
            "place": place_of(looked),
            "found": looked.found,
            "by": ", ".join(looked.by) or None,
            "why": _why(looked) or None,
        }
        for looked in story.looked
    ]
    return Rows(_PLACES, rows)
