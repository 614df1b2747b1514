"""Cells as the Log Analytics service writes them into JSON."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mlmon.core.model import Table, Value

_NOT_FINITE: Final = {math.inf: "Infinity", -math.inf: "-Infinity"}


def document(table: Table) -> dict[str, Any]:
    """The `tables` of an answer: column names and types, and rows of cells."""
    kinds = [column.type or "dynamic" for column in table.columns]
    columns = [{"name": column.name, "type": kind} for column, kind in zip(table.columns, kinds, strict=True)]
    rows = [[cell(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in table.rows]
    return {"name": "PrimaryResult", "columns": columns, "rows": rows}


def cell(value: Value, kind: str) -> Any:
    """One cell: dynamic ones are strings of JSON, and so are numbers that JSON has not."""
    if kind == "dynamic":
        return "" if value is None else value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    if isinstance(value, datetime):
        return f"{_trimmed(value.astimezone(UTC).replace(tzinfo=None).isoformat())}Z"
    if isinstance(value, timedelta):
        return timespan(value)
    if isinstance(value, float) and not math.isfinite(value):
        return _NOT_FINITE.get(value, "NaN")
    return value


def timespan(value: timedelta) -> str:
    """`1.02:03:04.0050000`: days and fraction only where there are any, the fraction in seven digits."""
    sign, whole = ("-" if value < timedelta(0) else ""), abs(value)
    seconds, fraction = divmod(whole // timedelta(microseconds=1), 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    tail = f".{fraction:06}0" if fraction else ""
    return f"{sign}{f'{days}.' if days else ''}{hour:02}:{minute:02}:{second:02}{tail}"


def _trimmed(moment: str) -> str:
    return moment.rstrip("0") if "." in moment else moment
