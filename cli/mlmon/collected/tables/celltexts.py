"""Cells that were read one by one, as the texts that a table holds."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Final

from mlmon.collected.records import Cell
from mlmon.collected.tables.parts import Sort


def as_texts(sorts: set[Sort], values: Sequence[Cell], *, typed: bool) -> list[str | None]:
    """The values as text; notes the sorts of the values beside."""
    if not typed:
        sorts.add("text")
        return [storable(value) for value in values]  # type: ignore[arg-type]  # cells of v1 are texts
    kinds = set(map(type, values))
    sorts.update(_SORTS[kind] for kind in kinds if kind in _SORTS)
    if kinds <= {str, type(None)}:
        return [storable(value) for value in values]  # type: ignore[arg-type]  # it has just been looked at
    return [_text(value) for value in values]


_SORTS: Final[dict[type, Sort]] = {bool: "bool", int: "int", float: "float", str: "str", list: "nested", dict: "nested"}
_EXACT: Final = 2**53


def _text(value: Cell) -> str | None:  # noqa: PLR0911 - a line for each sort
    match value:
        case None:
            return None
        case str():
            return storable(value)
        case float() if math.isnan(value):
            return None
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case float() if value.is_integer() and abs(value) < _EXACT and str(value) != "-0.0":
            return str(int(value))  # as text, a number is the same whether its file says 1 or 1.0
        case list() | dict():
            return json.dumps(value, separators=(",", ":"))  # ASCII: half of a surrogate pair stays what it is
        case _:
            return json.dumps(value)


def storable(text: str | None) -> str | None:
    """Text as UTF-8 can hold it: half of a surrogate pair is written out."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
