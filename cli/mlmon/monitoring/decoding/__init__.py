"""Telemetry as it was meant, in one place: every generation of server writes the same things into other columns.

Pure functions over rows, whose columns may have their classic names or those of a Log Analytics workspace. Rows are
hostile: a column that is missing or of an odd type is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mlmon.core.model import Column, Json, Table, Value
from mlmon.core.ports import Dialect
from mlmon.kql.dialect import Names
from mlmon.monitoring.decoding import requests
from mlmon.monitoring.decoding.parts import MARK, MODEL_DATA, cell, dimensions, payload, text

__all__ = ["CORRECTED", "MODEL_DATA", "TRUNCATED", "Decoded", "decode", "dimensions", "payload", "text"]

CORRECTED: Final = "corrected"
TRUNCATED: Final = "truncated"
"""The columns that mark rows, of type bool. A table has one only where it has a row that is marked."""

PROPERTY_LIMIT: Final = 8_192
MESSAGE_LIMIT: Final = 32_768
"""Characters of a value in a bag and of a message (https://learn.microsoft.com/azure/azure-monitor/service-limits):
what is longer is cut there, and nothing says so."""

_MESSAGES: Final = (("message", "Message"), ("outerMessage", "OuterMessage"), ("innermostMessage", "InnermostMessage"))
_SAID: Final = re.compile(r"(?:.* )?was (?:cut|\d+ characters)(?:;.*)?", re.DOTALL)
_REQUEST_COLUMNS: Final = ("resultCode", "success", "duration", "name", "performanceBucket")
_BAG: Final = "customDimensions"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A table made right, and how many of its rows were `corrected` and are `truncated`."""

    table: Table
    corrected: int
    truncated: int


def decode(table: Table, *, of: str) -> Decoded:
    """The rows of a table of Application Insights (`of`: its classic name), each as it was meant.

    A row is `corrected` exactly where it is no longer what was stored: a bag that was the text of a Python dict, or a
    request whose own success, code, name or duration is wrong. It is `truncated` where a value of it has as many
    characters as there may be, or says that it was cut.
    """
    names = {column.name for column in table.columns}
    dialect = Dialect.WORKSPACE if _BAG not in names else Dialect.CLASSIC
    called = {name: Names(of, dialect)(name) for name in (_BAG, *(_REQUEST_COLUMNS if of == "requests" else ()))}
    before = table.records()
    after = [_meant(row, called) for row in before]
    changed = [new is not row for new, row in zip(after, before, strict=True)]
    cut = [_is_cut(row) or _is_cut(new) for new, row in zip(after, before, strict=True)]
    rows = [tuple(row[column.name] for column in table.columns) for row in after] if any(changed) else table.rows
    made = replace(table, rows=tuple(rows))
    return Decoded(_marked(_marked(made, CORRECTED, changed), TRUNCATED, cut), sum(changed), sum(cut))


def _meant(row: dict[str, Value], called: Mapping[str, str]) -> dict[str, Value]:
    """The row made right, or the row itself."""
    stored, bag = row.get(called[_BAG]), dimensions(row)
    right: dict[str, Value] = {}
    if isinstance(stored, dict) and bag is not stored:
        right[called[_BAG]] = dict(bag)
    if len(called) > 1:
        right |= requests.corrected(row, bag, called)
    return {**row, **right} if right else row


def _is_cut(row: Mapping[str, Value]) -> bool:
    bag = cell(row, _BAG, "Properties")
    values: Iterable[Json] = bag.values() if isinstance(bag, dict) else ()
    if isinstance(bag, dict) and isinstance(said := bag.get(MARK), str) and _SAID.fullmatch(said):
        return True
    return any(_reaches(row.get(name), MESSAGE_LIMIT) for names in _MESSAGES for name in names) or any(
        _reaches(value, PROPERTY_LIMIT) for value in values
    )


def _reaches(value: Value, limit: int) -> bool:
    """Whether a text has as many characters as there may be, counted as Python does or as .NET does."""
    if not isinstance(value, str) or not limit // 2 <= len(value) <= limit:
        return False
    return len(value) == limit or (not value.isascii() and len(value) + sum(c > "\uffff" for c in value) == limit)


def _marked(table: Table, name: str, marks: list[bool]) -> Table:
    if not any(marks) or any(column.name == name for column in table.columns):
        return table
    rows = tuple((*row, mark) for row, mark in zip(table.rows, marks, strict=True))
    return replace(table, columns=(*table.columns, Column(name, "bool")), rows=rows)
