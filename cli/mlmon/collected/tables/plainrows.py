"""The plain rows of v1 files, read by DuckDB many at a time.

Plain is a stretch of rows under one header, without quotes, with as many cells as it. Columns of numbers are read as
numbers; where a cell turns out to be none, the column is read once more as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mlmon.collected.records.text import Piece
from mlmon.collected.records.v1 import META, Header
from mlmon.collected.tables.parts import STORED, Part, Sort
from mlmon.collected.tables.plain import A_TIME, Load, Loaded, NotAsWritten, discard, identifier, literal
from mlmon.collected.tables.staging import explained

if TYPE_CHECKING:
    import duckdb

WHOLE: Final = r"-?(0|[1-9][0-9]*)"
NUMBER: Final = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"
NOT_FINITE: Final = ("nan", "NaN", "inf", "-inf", "Infinity", "-Infinity")
_LONGEST: Final = 9007199254740992
_SAMPLE: Final = 100
_MISFIT: Final = "no number in column "
_META: Final = tuple(name.encode() for name in META)


def is_plain(whole: Piece, header: Header) -> bool:
    """Whether whole rows, each ending in a line feed, can be read here."""
    data, commas = whole.data, len(header.names) - 1
    # DuckDB says when a row has too few cells, but not when there are empty ones too many; and an empty line is no row
    return data.count(b",") <= whole.ends * commas and not (
        b'"' in data
        or b"\r" in data
        or b"\0" in data
        or (not commas and (data.startswith(b"\n") or b"\n\n" in data))
        or (b"$" in data and any(name in data for name in _META))
    )


def load(
    connection: duckdb.DuckDBPyConnection, given: Load, header: Header, *, name: str, texts: set[str], version: str
) -> Loaded:
    """Read rows into a table called `name`; columns that are among `texts` as text.

    Raises:
        Failure: there is no room for the rows.
        NotAsWritten: there are empty lines.
        duckdb.Error: a row has another number of cells, or is too long.
    """
    import duckdb

    sorts = {column: "text" if column in texts else sort for column, sort in _sampled(given, header).items()}
    while True:
        part = _part(name, header, sorts, given)
        try:
            with explained():
                made = connection.execute(_table(part, given, header, version)).fetchone()
                break
        except duckdb.Error as error:
            _, found, place = str(error).rpartition(_MISFIT)
            if not found:
                raise
            column = header.names[int(re.match(r"\d+", place)[0])]  # type: ignore[index]  # we wrote the number
            sorts[column] = "float" if sorts[column] == "int" else "text"
    if made != (given.count,):
        discard(connection, [part])
        raise NotAsWritten
    part.rows = given.count
    return Loaded([part])


def _sampled(given: Load, header: Header) -> dict[str, Sort]:
    """What the columns look like by the first rows of the first file."""
    some = given.lines(given.spooled[0], _SAMPLE)
    rows = [line.data.decode("utf-8", "replace").rstrip("\n").split(",") for line in some]
    return {header.names[at]: _sort([row[at] for row in rows if at < len(row)]) for at in header.payload}


def _sort(cells: Sequence[str]) -> Sort:
    given = [cell for cell in cells if cell]
    if not given or not all(re.fullmatch(NUMBER, cell) or cell in NOT_FINITE for cell in given):
        return "text"
    return "int" if all(re.fullmatch(WHOLE, cell) for cell in given) else "float"


def _part(table: str, header: Header, sorts: dict[str, Sort], given: Load) -> Part:
    part = Part(table)
    for at in header.payload:
        name = header.names[at]
        part.stored[name] = f"c{at}"
        part.sorts[name] = {sorts[name]}
        part.first[name] = given.first + 1
    return part


def _table(part: Part, given: Load, header: Header, version: str) -> str:
    reader = given.reader({f"a{at}": "VARCHAR" for at in range(len(header.names))}, delimiter=",")
    shared = [_cell(place) for place in (header.time, header.request, header.correlation)]
    differs = " OR ".join(
        f"{cell} IS DISTINCT FROM lag({cell}) OVER ()" for cell in ["file", *(one for one in shared if one)]
    )
    time, request, correlation = (one or "NULL::VARCHAR" for one in shared)
    cells = "".join(
        f", {_typed(at, next(iter(part.sorts[header.names[at]])))} AS {part.stored[header.names[at]]}"
        for at in header.payload
    )
    return f"""CREATE TABLE {part.table} AS
        SELECT n, max(CASE WHEN begins THEN n END) OVER (ROWS UNBOUNDED PRECEDING) AS run,
            CASE WHEN begins THEN file END AS file,
            CASE WHEN begins THEN {_moment(time)} END AS time,
            CASE WHEN begins THEN {identifier(request)} END AS request,
            CASE WHEN begins THEN {identifier(correlation)} END AS correlation,
            CASE WHEN begins THEN nullif({literal(version)}, '') END AS version,
            NULL::UBIGINT AS digest{cells}
        FROM (SELECT *, {differs} AS begins
            FROM (SELECT *, {given.first} + line AS n, {given.files} AS file
                FROM (SELECT *, {given.before} + row_number() OVER () AS line FROM {reader})))"""


def _cell(place: int | None) -> str | None:
    return None if place is None else f"a{place}"


def _moment(time: str) -> str:
    """Microseconds since 1970; an error for what Python may read as a time and DuckDB not."""
    return (
        f"CASE WHEN {time} IS NULL THEN NULL WHEN regexp_full_match({time}, '{A_TIME}')"
        f" THEN epoch_us(CAST({time} AS TIMESTAMPTZ)) ELSE CAST(error('no time') AS BIGINT) END"
    )


def _typed(place: int, sort: Sort) -> str:
    """A cell as its column's type, an error where it is not of it."""
    cell, kind = f"a{place}", STORED[sort]
    if sort == "text":
        return cell
    misfit = f"CAST(error('{_MISFIT}{place}') AS {kind})"
    if sort == "int":
        return (
            f"CASE WHEN {cell} IS NULL THEN NULL WHEN regexp_full_match({cell}, '{WHOLE}')"
            f" THEN coalesce(TRY_CAST({cell} AS BIGINT), {misfit}) ELSE {misfit} END"
        )
    named = "|".join(NOT_FINITE)  # DuckDB makes a join of IN, and looks up each cell
    is_long = (
        f"len({cell}) > 15 AND regexp_full_match({cell}, '{WHOLE}') AND abs(TRY_CAST({cell} AS HUGEINT)) > {_LONGEST}"
    )
    return (
        f"CASE WHEN {cell} IS NULL THEN NULL WHEN {is_long} THEN {misfit}"
        f" WHEN regexp_full_match({cell}, '{NUMBER}') THEN CAST({cell} AS DOUBLE)"
        f" WHEN regexp_full_match({cell}, '{named}') THEN nullif(CAST({cell} AS DOUBLE), 'NaN'::DOUBLE)"
        f" ELSE {misfit} END"
    )
