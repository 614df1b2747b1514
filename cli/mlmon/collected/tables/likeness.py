"""Lines of v2 that are like one of them in everything but their values: a collector writes its lines all alike.

A regular expression proves it at a third of what it costs to find out what each line is made of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from mlmon.collected.tables.parts import Sort

_MOST_NAMES: Final = 100  # an expression for more may be too large to be matched fast
_STRING: Final = r'"(?:[^"\\]|\\["\\/bfnrt])*"'
_PATTERNS: Final[dict[Sort, str]] = {
    "int": r"(?:0|-?[1-9][0-9]{0,17})",
    "float": r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?",
    "bool": "(?:true|false)",
    "str": _STRING,
}


def pattern(text: str, sorts: Mapping[str, Sort | None]) -> str | None:
    """What a line fully matches that has the keys of this one in the same order, and at least one row; the values of
    its rows are of these sorts or null. None where the line has anything that is not that simple.

    `sorts` are those of the keys that the rows in its `data` have.
    """
    try:
        event = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return None  # DuckDB reads more than there is in JSON, such as nan
    if not isinstance(event, _Pairs) or len(sorts) > _MOST_NAMES:
        return None
    members = [_member(key, _rows(value, sorts) if key == "data" else _value(value)) for key, value in event.pairs]
    return _object(members) if event.are_distinct else None


class _Pairs:
    """An object as it stands in a line: its keys in order, also one that is there twice."""

    def __init__(self, pairs: Sequence[tuple[str, object]]) -> None:
        self.pairs = pairs

    @property
    def are_distinct(self) -> bool:
        return len({key for key, _ in self.pairs}) == len(self.pairs)


def _rows(value: object, sorts: Mapping[str, Sort | None]) -> str | None:
    first = value[0] if isinstance(value, list) and value else None
    if not isinstance(first, _Pairs) or not first.are_distinct or {key for key, _ in first.pairs} != {*sorts}:
        return None
    row = _object([_member(key, _cell(sorts[key])) for key, _ in first.pairs])
    return row and rf"\[{row}(?:, ?{row})*\]"


def _cell(sort: Sort | None) -> str | None:
    if sort is None:
        return "null"
    return f"(?:null|{_PATTERNS[sort]})" if sort in _PATTERNS else None


def _value(value: object) -> str | None:
    """What stands beside the rows. A float may be a NaN in another spelling than JSON's readers know."""
    if value is None or isinstance(value, str):
        return f"(?:null|{_STRING})"
    if isinstance(value, bool):
        return _PATTERNS["bool"]
    return _PATTERNS["int"] if isinstance(value, int) else None


def _member(key: str, value: str | None) -> str | None:
    written = json.dumps(key)
    if value is None or written != f'"{key}"':
        return None  # there is more than one way to write such a key
    return f"{re.escape(written)}: ?{value}"


def _object(members: Sequence[str | None]) -> str | None:
    known = [one for one in members if one is not None]
    return rf"\{{{', ?'.join(known)}\}}" if len(known) == len(members) else None
