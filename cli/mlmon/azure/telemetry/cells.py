"""The answer to a query, as Log Analytics writes it in JSON, as a `Table`.

https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format: dynamic cells are JSON text, timespans are
text, numbers that JSON lacks are words, and datetimes have seven digits of a second. Nothing of it is relied upon: what
is not as its column says stays as it came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from mlmon.azure.rest import shape
from mlmon.core.model import Column, Json, Table, Value

_TIMESPAN: Final = re.compile(r"(-?)(?:(\d{1,8})\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")
_PRIMARY: Final = "PrimaryResult"
_FEWEST_OF_A_TICK: Final = 7  # digits of a second


def table_of(document: Json) -> Table:
    """The table that a query's answer carries: columns with their KQL types, and each row as long as they are."""
    tables = shape.items(document, "tables")
    found = next((each for each in tables if shape.text(each, "name") == _PRIMARY), tables[0] if tables else None)
    columns = tuple(_column(each, number) for number, each in enumerate(shape.items(found, "columns"), 1))
    readers = [_READERS.get(column.type, _as_it_is) for column in columns]
    rows = tuple(_row(each, readers) for each in shape.items(found, "rows"))
    return Table(columns, rows, render=shape.text(document, "render", "visualization"))


def _column(described: Json, number: int) -> Column:
    kind = shape.text(described, "type").casefold()
    return Column(shape.text(described, "name") or f"Column{number}", kind or "dynamic")


def _row(cells: Json, readers: list[Callable[[Json], Value]]) -> tuple[Value, ...]:
    known = cells if isinstance(cells, list) else []
    missing: list[Json] = [None] * (len(readers) - len(known))
    return tuple(read(cell) for read, cell in zip(readers, [*known, *missing], strict=False))


def _as_it_is(raw: Json) -> Value:
    return raw


def _string(raw: Json) -> Value:
    # a string is never null in Kusto
    return "" if raw is None else raw if isinstance(raw, str) else _text(raw)


def _text(raw: Json) -> Value:
    return json.dumps(raw, ensure_ascii=False) if raw is not None else None


def _bool(raw: Json) -> Value:
    if isinstance(raw, str):
        return {"true": True, "false": False}.get(raw.casefold(), raw or None)
    return bool(raw) if isinstance(raw, int) else raw


def _long(raw: Json) -> Value:
    if isinstance(raw, str):
        with suppress(ValueError):
            return int(raw)
        return raw or None
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _real(raw: Json) -> Value:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return raw
    with suppress(ValueError, OverflowError):
        return float(raw)  # NaN, Infinity and -Infinity too, which come as words
    return raw or None


def _decimal(raw: Json) -> Value:
    """As text, which keeps every digit."""
    return raw if isinstance(raw, str) else _text(raw)


def _datetime(raw: Json) -> Value:
    if not isinstance(raw, str):
        return raw
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(raw)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return raw or None


def _timespan(raw: Json) -> Value:
    found = _TIMESPAN.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        return raw or None
    sign, days, hours, minutes, seconds, fraction = found.groups()
    ticks = int((fraction or "").ljust(_FEWEST_OF_A_TICK, "0"))
    span = timedelta(int(days or 0), int(seconds), ticks // 10, minutes=int(minutes), hours=int(hours))
    return -span if sign else span


def _dynamic(raw: Json) -> Value:
    """Parsed; text that is no JSON is a scalar string."""
    if not isinstance(raw, str):
        return raw
    with suppress(ValueError, RecursionError):
        parsed: Json = json.loads(raw)
        return parsed
    return raw or None


_READERS: Final[dict[str, Callable[[Json], Value]]] = {
    "string": _string,
    "bool": _bool,
    "int": _long,
    "long": _long,
    "real": _real,
    "decimal": _decimal,
    "datetime": _datetime,
    "timespan": _timespan,
    "dynamic": _dynamic,
}
