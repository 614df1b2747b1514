"""Results as programs read them: JSON, JSON lines, CSV, TSV, Markdown. Parquet has a module of its own.

Everything is made piece by piece, so that rows which come slowly are printed as they come. All formats carry
the same keys and the same exact values:

* times are RFC 3339 in UTC, durations are seconds, NaN and the infinities are the strings "NaN", "Infinity"
  and "-Infinity" (JSON has no such numbers)
* JSON escapes control and format characters as `\\uXXXX`, so that printing it does nothing to a terminal
* csv is RFC 4180; a text cell that a spreadsheet would run as a formula has a `'` before it, and so has one
  that would otherwise read like that: taking one `'` away wherever `'` stands before `=`, `+`, `-`, `@`, a tab,
  a line end or further `'`s of that sort gives the text back
  (https://owasp.org/www-community/attacks/CSV_Injection)
* tsv writes tab, line feed, carriage return and backslash as `\\t`, `\\n`, `\\r` and `\\\\`
* csv, tsv and md carry nested values as JSON text where rows do not write another (`Rows.written`), and null as nothing
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from mlmon.core.errors import MlmonError
from mlmon.core.model import Json, Value
from mlmon.output.cells import exact, plain
from mlmon.output.controls import json_safe, neutral
from mlmon.output.results import SCHEMA_VERSION, Change, Field, Record, Row, Rows, Text

RowWriter = Callable[[tuple[Field, ...], Iterable[Row]], Iterator[str]]

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n]")
_TSV: Final = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_MARKDOWN: Final = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)")
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NUMERIC: Final = frozenset({"number", "bytes", "duration"})


def json_rows(fields: tuple[Field, ...], rows: Iterable[Row]) -> Iterator[str]:
    """A list of objects. When the rows break off with an error, the list is closed before the error goes on."""
    opening = "[\n"
    try:
        for row in rows:
            yield opening + _indented(_json(row_object(fields, row), indent=2))
            opening = ",\n"
    except (MlmonError, KeyboardInterrupt):
        yield _closing(opening)
        raise
    yield _closing(opening)


def json_document(result: Record | Change | Text) -> str:
    """One object over several lines."""
    return _json(document(result), indent=2) + "\n"


def jsonl_document(result: Record | Change | Text) -> str:
    """One object on one line."""
    return _json(document(result)) + "\n"


def jsonl(fields: tuple[Field, ...], rows: Iterable[Row]) -> Iterator[str]:
    """One object a line."""
    for row in rows:
        yield _json(row_object(fields, row)) + "\n"


def csv_rows(fields: tuple[Field, ...], rows: Iterable[Row]) -> Iterator[str]:
    """A line of keys, then a line for each row, ending in CR LF."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    for cells in _flat(fields, rows, _spreadsheet):
        writer.writerow(cells)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def tsv(fields: tuple[Field, ...], rows: Iterable[Row]) -> Iterator[str]:
    """A line of keys, then a line for each row; one line is one row whatever is in it."""
    for cells in _flat(fields, rows, lambda value: exact(value).translate(_TSV)):
        yield "\t".join(cells) + "\n"


def markdown(fields: tuple[Field, ...], rows: Iterable[Row]) -> Iterator[str]:
    """A table as GitHub reads it; nothing in a cell is markup, and no character hides."""
    lines = _flat(fields, rows, _markdown_cell)
    yield _markdown_line(next(lines))
    yield _markdown_line(["---:" if field.kind in _NUMERIC else "---" for field in fields])
    for cells in lines:
        yield _markdown_line(cells)


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    broken = text.replace("\r\n", "\n").split("\n")
    return "<br>".join(_MARKDOWN.sub(r"\\\g<0>", neutral(part)).translate(_HTML) for part in broken)


def row_object(fields: tuple[Field, ...], row: Row) -> dict[str, Json]:
    """The row's values under the fields' keys, in the fields' order, null where the row has none."""
    return {field.key: plain(row.get(field.key)) for field in fields}


def document(result: Record | Change | Text) -> dict[str, Json]:
    """What a result says, as one JSON object; its first key is the schema's version."""
    head: dict[str, Json] = {"schema_version": SCHEMA_VERSION}
    if isinstance(result, Text):
        return head | {"text": result.text}
    record = as_record(result)
    body = row_object(record.fields, record.values)
    if record.rows is not None:
        body[record.rows_key] = [row_object(record.rows.fields, row) for row in record.rows.rows]
    return head | body


def as_record(result: Record | Change) -> Record:
    """A change as the record it is."""
    if isinstance(result, Record):
        return result
    changes: list[Json] = [
        {"field": change.field, "before": change.before, "after": change.after} for change in result.changes
    ]
    values: Row = {
        "service": result.service,
        "switch": result.switch,
        "changed": result.changed,
        "dry_run": result.dry_run,
        "changes": changes,
    }
    return Record(_CHANGE, values, exit_code=result.exit_code)


_CHANGE: Final = (
    Field("service"),
    Field("switch"),
    Field("changed"),
    Field("dry_run"),
    Field("changes", kind="json"),
)


def as_rows(record: Record) -> Rows:
    """A record for a format that knows rows only: its nested rows, or itself as one row."""
    return record.rows if record.rows is not None else Rows(record.fields, (record.values,))


def _json(value: Json, *, indent: int | None = None) -> str:
    return json_safe(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))


def _closing(opening: str) -> str:
    return "[]\n" if opening == "[\n" else "\n]\n"


def _flat(fields: tuple[Field, ...], rows: Iterable[Row], cell: Callable[[Value], str]) -> Iterator[list[str]]:
    """The keys, then each row, as cells. A key may be a query's column name, so it is escaped like any text."""
    yield [cell(field.key) for field in fields]
    for row in rows:
        yield [cell(row.get(field.key)) for field in fields]


def _spreadsheet(value: Value) -> str:
    text = exact(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def _markdown_cell(value: Value) -> str:
    return markdown_text(exact(value))


def _markdown_line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
