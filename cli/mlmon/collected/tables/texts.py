"""Rows of a dataset as csv or JSON lines, made by DuckDB: letter by letter what `output/render` makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mlmon.collected.tables.columns import Out
from mlmon.collected.tables.plain import literal
from mlmon.output import render
from mlmon.output.controls import HIDDEN
from mlmon.output.results import Field, Format

_FORMULA: Final = r"^'*[=+\-@\t\r\n]"
LONG: Final = 10**15
"""A spreadsheet rounds whole numbers from here on."""
READ_AS_NUMBER: Final = r"0\d+|\d{16,}|\d*[.,][\d.,]*\d[\d.,]*%?|\d[\d.,]*([eE][+-]?\d+%?|[.,%])"
"""Text that a spreadsheet takes for a number and would show in another way. One like 12 stays as it is."""
_TYPES: Final = frozenset({"TIMESTAMP", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR"})


def head(columns: Sequence[Out], chosen: Format) -> str:
    """What stands above the lines."""
    fields = tuple(Field(one.name) for one in columns)
    return next(iter(render.csv_rows(fields, []))) if chosen is Format.CSV else ""


def line(columns: Sequence[Out], chosen: Format, *, for_spreadsheet: bool) -> str | None:
    """The SQL of a row's line without its line feed, of its cells v0, v1, …; an error in a row that only `render` can
    write.

    None where there are columns of nested values, or another format is wanted.
    """
    if any(one.type not in _TYPES for one in columns):
        return None
    if chosen is Format.CSV:
        cells = [_csv(f"v{at}", one.type, for_spreadsheet=for_spreadsheet) for at, one in enumerate(columns)]
        return f"concat_ws(',', {', '.join(cells)}) || chr(13)"
    if chosen is Format.JSONL:
        opened = ["{", *(", " for _ in columns[1:])]
        pairs = ", ".join(
            f"{literal(before + _key(one.name))}, {_json(f'v{at}', one.type)}"
            for at, (before, one) in enumerate(zip(opened, columns, strict=True))
        )
        texts = [f"coalesce(v{at}, '')" for at, one in enumerate(columns) if one.type == "VARCHAR"]
        is_plain = f"NOT regexp_matches(concat({', '.join(texts)}), {literal(_HIDDEN)})"
        # || would copy all that stands before, with each cell
        return f"CASE WHEN {is_plain} THEN concat({pairs}, '}}') ELSE error('not plain') END"
    return None


def _csv(cell: str, kind: str, *, for_spreadsheet: bool) -> str:
    if kind == "VARCHAR":
        text = _harmless(cell)
        if for_spreadsheet:
            text = (
                f"CASE WHEN regexp_full_match({cell}, {literal(READ_AS_NUMBER)}) THEN chr(39) || {cell} ELSE {text} END"
            )
        return _quoted(text)
    if kind == "TIMESTAMP" and for_spreadsheet:
        return f"coalesce(strftime({cell}, '%Y-%m-%d %H:%M:%S.%g'), '')"
    text = f"CAST({cell} AS VARCHAR)"
    if kind == "BIGINT" and for_spreadsheet:
        long = _harmless(f"(chr(39) || {text})")
        return f"CASE WHEN {cell} >= {LONG} OR {cell} <= -{LONG} THEN {long} ELSE coalesce({text}, '') END"
    return f"coalesce({_moment(cell) if kind == 'TIMESTAMP' else _number(cell) if kind == 'DOUBLE' else text}, '')"


def _json(cell: str, kind: str) -> str:
    if kind == "VARCHAR":
        escaped = f"replace(replace({cell}, chr(92), repeat(chr(92), 2)), chr(34), chr(92) || chr(34))"
        return f"coalesce(chr(34) || {escaped} || chr(34), 'null')"
    if kind == "TIMESTAMP":
        return f"coalesce(chr(34) || {_moment(cell)} || chr(34), 'null')"
    if kind == "DOUBLE":
        number = _number(cell)
        return f"coalesce(CASE WHEN isfinite({cell}) THEN {number} ELSE chr(34) || {number} || chr(34) END, 'null')"
    return f"coalesce(CAST({cell} AS VARCHAR), 'null')"


def _harmless(text: str) -> str:
    """With a `'` before what a spreadsheet would run."""
    return f"CASE WHEN regexp_matches({text}, {literal(_FORMULA)}) THEN chr(39) || {text} ELSE coalesce({text}, '') END"


def _quoted(text: str) -> str:
    quotes = "chr(34) || replace(whole, chr(34), repeat(chr(34), 2)) || chr(34)"
    # a fifth of what a regular expression takes
    is_quoted = " OR ".join(f"contains(whole, chr({ord(one)}))" for one in ',"\r\n')
    cell = f"CASE WHEN {is_quoted} THEN {quotes} ELSE whole END"
    return f"list_transform([{text}], lambda whole: {cell})[1]"


def _moment(cell: str) -> str:
    whole, part = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"
    return (
        f"CASE WHEN epoch_us({cell}) % 1000000 = 0 THEN strftime({cell}, '{whole}') ELSE strftime({cell}, '{part}') END"
    )


def _number(cell: str) -> str:
    """DuckDB writes a float as Python does, but for those that JSON has no number for."""
    return (
        f"CASE WHEN isfinite({cell}) THEN CAST({cell} AS VARCHAR) WHEN isnan({cell}) THEN 'NaN'"
        f" WHEN {cell} > 0 THEN 'Infinity' WHEN {cell} < 0 THEN '-Infinity' END"
    )


def _key(name: str) -> str:
    """A key with its colon, as `render` writes it."""
    text = next(iter(render.jsonl((Field(name),), [{name: None}])))
    return text[1:].removesuffix("null}\n").encode("utf-8", "backslashreplace").decode()


_HIDDEN: Final = (
    "["
    + "".join(
        each if each == "-" else f"\\x{{{ord(each):x}}}" for each in HIDDEN if not "\ud800" <= each <= "\udfff"
    ).replace("\\x{e007f}-", "\\x{e007f}")
    + "]"
)
