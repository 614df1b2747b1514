"""DuckDB's values as the values of a `Table`."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from mlmon.core.errors import QueryError
from mlmon.core.model import Value

_LONG = range(-(2**63), 2**63)


def value(raw: Any, kind: str) -> Value:  # noqa: PLR0911 - one return for each type
    """One cell of a column of the KQL type `kind`.

    Raises:
        QueryError: an integer outside 64 bits, which wraps around in Kusto.
    """
    if raw is None:
        # a string is never null in Kusto
        return "" if kind == "string" else None
    if kind == "dynamic":
        return _dynamic(raw)
    if kind in ("datetime", "timespan"):
        return _moment(raw)
    if kind in ("int", "long") and isinstance(raw, (int, Decimal, float)) and not isinstance(raw, bool):
        if raw not in _LONG:
            raise QueryError("a sum exceeds 64 bits", hint="convert to real first: sum(todouble(x))")
        return int(raw)
    if kind == "real":
        return float(raw)
    if kind == "decimal":
        return _decimal(Decimal(raw))
    return raw if isinstance(raw, (bool, int, float, str)) else str(raw)


def _moment(raw: Any) -> Value:
    match raw:
        case datetime():
            return raw.replace(tzinfo=UTC) if raw.tzinfo is None else raw.astimezone(UTC)
        case date():
            return datetime(raw.year, raw.month, raw.day, tzinfo=UTC)
        case timedelta():
            return raw
    # DuckDB gives a moment outside the calendar as text; Kusto gives null
    return None


def _dynamic(raw: Any) -> Value:  # noqa: PLR0911 - the same
    match raw:
        case str():
            try:
                parsed: Value = json.loads(raw)
            except ValueError:
                return raw
            return parsed
        case list() | tuple():
            return [_json(_dynamic(item)) for item in raw]
        case dict():
            return {str(key): _json(_dynamic(item)) for key, item in raw.items()}
        case datetime():
            return f"{raw.isoformat(timespec='microseconds')[:26]}0Z"
        case Decimal():
            return _decimal(raw)
        case bool() | int() | float() | None:
            return raw
        case UUID():
            return str(raw)
    return str(raw)


def _json(item: Value) -> Any:
    return item


def _decimal(raw: Decimal) -> str:
    text = format(raw, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
