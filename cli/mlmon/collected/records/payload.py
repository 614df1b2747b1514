"""What one line of a v2 file holds, as rows: records where a Collector wrote it, any JSON where the server did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from mlmon.core.model import Json

Record = Mapping[str, Json]

VALUE: Final = "value"
"""What a value is called that has no name."""

_ROWS_UNDER: Final = frozenset({"data", "input_data", "inputs", "instances", "predictions", "result", "outputs"})
_DEEPEST: Final = 2


def parsed(text: str | bytes) -> Json:
    """The JSON of a text. What JSON has no number for (NaN) is null, as pandas writes it.

    Raises:
        ValueError: it is none, or nested too deeply.
    """
    try:
        document: Json = json.loads(text, parse_constant=_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return document


def records(data: Json, *, depth: int = 0) -> list[Record]:
    """The rows in collected data.

    A list of objects is a row each. Lists of values are named by their place, "0", "1", …; a list of values alone is
    a row for each, as answers are. Of the bodies that payload logging keeps, those that scoring servers know are
    taken apart: `{"data": …}` and its like, `{"columns": …, "data": …}`, and JSON in a text. Anything else is one row.
    """
    if isinstance(data, list):
        return [_record(each) for each in data]
    inside = _inside(data) if depth < _DEEPEST else None
    if inside is not None:
        return records(inside, depth=depth + 1)
    return [data] if isinstance(data, dict) else [{VALUE: data}]


def _inside(data: Json) -> Json:
    """The rows that a body or a text is wrapped around, None where there are none to be seen."""
    if isinstance(data, str) and data[:1] in {"[", "{"}:
        try:
            return parsed(data)
        except ValueError:
            return None
    if not isinstance(data, dict):
        return None
    if (split := _split(data)) is not None:
        return split
    [under, *more] = [*data.values()] or [None]
    return under if not more and _ROWS_UNDER.intersection(data) and isinstance(under, list | dict) else None


def _constant(name: str) -> float | None:
    return None if name == "NaN" else float(name.replace("Infinity", "inf"))


def _split(document: Mapping[str, Json]) -> list[Json] | None:
    """The rows of a DataFrame as pandas splits it: column names, and rows of values."""
    columns, rows = document.get("columns"), document.get("data")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return None
    names = [column if isinstance(column, str) else json.dumps(column) for column in columns]
    if len(set(names)) != len(names) or not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(names, row, strict=True)) for row in rows if isinstance(row, list)]


def _record(value: Json) -> Record:
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(place): cell for place, cell in enumerate(value)}
    return {"0": value}
