"""What the server of a deployment without its own collectors collects: the rows in a request and in its answer."""

from __future__ import annotations

import json
from collections.abc import Sequence

from mlmon.local.runtime.text import compact_json

Record = dict[str, object]


def input_rows(body: str, features: Sequence[str]) -> str | None:
    """The rows of a request as JSON records, or None when there are none to be seen in it.

    Understood are `{"data": …}`, `{"input_data": …}` and a bare list; inside: lists of values (named by
    `features` where there is one for each, else "0", "1", …), records, or `{"columns": …, "data": …}`.
    """
    document = _parsed(body)
    if isinstance(document, dict):
        document = document.get("input_data", document.get("data"))
    if isinstance(document, dict):
        columns = document.get("columns")
        rows = document.get("data")
        if not isinstance(columns, list) or not isinstance(rows, list):
            return None
        return _encoded(_records(rows, [str(column) for column in columns], flat_is_row=True))
    return _encoded(_records(document, features, flat_is_row=True)) if isinstance(document, list) else None


def output_rows(body: str) -> str | None:
    """The rows of an answer as JSON records: a value a row where it is a flat list."""
    document = _parsed(body)
    rows = document if isinstance(document, list) else [document]
    return _encoded(_records(rows, (), flat_is_row=False))


def _parsed(text: str) -> object:
    try:
        # what JSON has no word for is null in collected data, as pandas writes it
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _records(values: list[object], columns: Sequence[str], *, flat_is_row: bool) -> list[Record]:
    if flat_is_row and values and not any(isinstance(value, list | dict) for value in values):
        return [_record(values, columns)]
    return [_record(value, columns) for value in values]


def _record(value: object, columns: Sequence[str]) -> Record:
    if isinstance(value, dict):
        return value
    cells = value if isinstance(value, list) else [value]
    names = columns if len(columns) == len(cells) else [str(place) for place in range(len(cells))]
    return dict(zip(names, cells, strict=True))


def _encoded(records: list[Record]) -> str | None:
    return compact_json(records) if records else None
