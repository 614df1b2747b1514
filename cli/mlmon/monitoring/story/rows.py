"""Rows of telemetry as events of a story: what they say in a line, and what else they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from mlmon.core.model import LEVELS, Json, Value
from mlmon.monitoring import decoding
from mlmon.monitoring.decoding.parts import cell
from mlmon.monitoring.story.parts import By, Event, Request, Source

_MODEL_DATA: Final = "model data as telemetry keeps it"


def described(of: str, row: Mapping[str, Value], by: By) -> Event:
    """A row of one of the tables traces, dependencies and exceptions."""
    time = cell(row, "timestamp", "TimeGenerated")
    make = {"traces": _trace, "dependencies": _dependency, "exceptions": _exception}[of]
    return make(row, by, time if isinstance(time, datetime) else None)


def of_request(request: Request, by: By) -> Event:
    """The request itself, which begins the story."""
    took = "" if request.latency is None else f" in {_milliseconds(request.latency.total_seconds() * 1000)}"
    told: dict[str, Json] = {"result_code": request.code or None, "succeeded": request.succeeded}
    level = "" if request.succeeded else "error"
    text = f"{request.name or 'request'} {request.code}{took}"
    return Event(Source.REQUEST, by, request.start, text, level, details=told)


def _trace(row: Mapping[str, Value], by: By, time: datetime | None) -> Event:
    text, payload = decoding.text(row), decoding.payload(row)
    if text == decoding.MODEL_DATA:
        text = _MODEL_DATA
    return Event(Source.TRACE, by, time, text, _level(row), details={"payload": payload} if payload else {})


def _dependency(row: Mapping[str, Value], by: By, time: datetime | None) -> Event:
    kind, name, target = (
        _text(row, *each) for each in (("type", "DependencyType"), ("name", "Name"), ("target", "Target"))
    )
    code, took = _text(row, "resultCode", "ResultCode"), cell(row, "duration", "DurationMs")
    went_well = str(cell(row, "success", "Success")).casefold() == "true"
    milliseconds = float(took) if isinstance(took, int | float) and not isinstance(took, bool) else None
    spoken = "" if milliseconds is None else f"in {_milliseconds(milliseconds)}"
    text = " ".join(part for part in (kind, name, target if target not in name else "", code, spoken) if part)
    told: dict[str, Json] = {
        "type": kind or None,
        "name": name or None,
        "target": target or None,
        "result_code": code or None,
        "duration_ms": milliseconds,
        "succeeded": went_well,
    }
    return Event(Source.DEPENDENCY, by, time, text, "" if went_well else "error", details=told)


def _exception(row: Mapping[str, Value], by: By, time: datetime | None) -> Event:
    kind = _text(row, "type", "ExceptionType")
    texts = (("message", "Message"), ("outerMessage", "OuterMessage"), ("innermostMessage", "InnermostMessage"))
    message = next((found for each in texts if (found := _text(row, *each))), "")
    told: dict[str, Json] = {"type": kind or None, "message": message or None, "stack": _stack(row)}
    text = ": ".join(part for part in (kind, message) if part)
    return Event(Source.EXCEPTION, by, time, text, _level(row) or "error", details=told)


def _stack(row: Mapping[str, Value]) -> Json:
    """The traceback as a server sent it: as text, or frame by frame."""
    details = cell(row, "details", "Details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and (stack := detail.get("rawStack") or detail.get("parsedStack")):
            return stack
    return None


def _text(row: Mapping[str, Value], classic: str, other: str) -> str:
    value = cell(row, classic, other)
    return value if isinstance(value, str) else ""


def _level(row: Mapping[str, Value]) -> str:
    severity = cell(row, "severityLevel", "SeverityLevel")
    return LEVELS[severity] if isinstance(severity, int) and 0 <= severity < len(LEVELS) else ""


def _milliseconds(amount: float) -> str:
    return f"{amount:.1f} ms" if amount < 100 else f"{amount:.0f} ms"
