"""Lines that are JSON objects, as structured loggers write them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from mlmon.monitoring.logrecords.record import level_of
from mlmon.monitoring.logrecords.times import any_time

_LONGEST: Final = 1_000_000  # characters; what is longer is not worth the time and memory of reading it
_KEYS_LOOKED_AT: Final = 100
_LEVEL: Final = ("level", "levelname", "severity", "loglevel", "lvl", "severitytext")
_TIME: Final = ("timestamp", "time", "ts", "asctime", "datetime", "@timestamp", "date", "t")
_MESSAGE: Final = ("message", "msg", "event", "text", "body")
_LOGGER: Final = ("logger", "loggername", "name", "component")
_REQUEST_ID: Final = ("requestid", "xrequestid", "xmsrequestid", "reqid")
_PID: Final = ("pid", "process", "processid")
_NUMBERS: Final = {10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"}
_SPELLED: Final = str.maketrans("", "", "_-. ")


@dataclass(frozen=True, slots=True)
class JsonFields:
    """As in `LogRecord`."""

    time: datetime | None
    level: str
    message: str
    logger: str
    pid: str
    request_id: str


def fields_of(line: str) -> JsonFields | None:
    """What the object says of itself; None for JSON that says neither a level nor a message, as data does."""
    if len(line) > _LONGEST or not line.rstrip().endswith("}"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    known = {key.lower().translate(_SPELLED): value for key, value in islice(found.items(), _KEYS_LOOKED_AT)}
    level, message = _level(known), _text(known, _MESSAGE)
    if not level and not message:
        return None
    times = (any_time(known.get(name)) for name in _TIME)
    return JsonFields(
        time=next((time for time in times if time), None),
        level=level,
        message=message or line,
        logger=_text(known, _LOGGER),
        pid=_text(known, _PID),
        request_id=_text(known, _REQUEST_ID),
    )


def _level(known: Mapping[str, object]) -> str:
    for name in _LEVEL:
        value = known.get(name)
        if isinstance(value, str) and (level := level_of(value)):
            return level
        if isinstance(value, int) and (level := _NUMBERS.get(value, "")):  # python's numbers
            return level
    return ""


def _text(known: Mapping[str, object], names: Iterable[str]) -> str:
    """The first of these that is text; a number only where it is small, as a process id is."""
    for name in names:
        value = known.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**12:
            return str(value)
    return ""
