"""How files of rows are written (csv, parquet, JSON lines, packed or not), and how DuckDB reads each as a table."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from mlmon.core.errors import NotFound, UsageError
from mlmon.drift.tables import Column, Table

if TYPE_CHECKING:
    import duckdb

FORMATS: Final = {".csv": "csv", ".parquet": "parquet", ".jsonl": "JSON", ".ndjson": "JSON", ".json": "JSON"}
"""What files are by the ends of their names."""
GIVEN: Final = "given"
"""The table that lines of text are held in, where there is one."""
OBJECTS: Final = "objects"
_GZIP: Final = ".gz"
LONGEST: Final = 32 << 20
"""So many bytes a line may have."""
_DELIMITERS: Final = ",;\t|"
_INDEX: Final = re.compile(r"__index_level_\d+__")
"""What pandas calls an index without a name, which it writes as a column."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file's rows. `left_out` are columns that are no features, such as the number of a row."""

    table: Table
    left_out: tuple[str, ...] = ()


def ending_of(path: Path) -> str:
    """The end of the name of a file of rows, without that of its packing.

    Raises:
        NotFound: there is no such file.
        UsageError: it is none of these.
    """
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder", hint="name one file: csv, parquet or jsonl")
    if not path.is_file():
        raise NotFound(f"there is no file {str(path)!r}", hint="name a csv, parquet or jsonl file")
    plain = path.with_suffix("") if path.suffix.lower() == _GZIP else path
    kind = plain.suffix.lower()
    if kind not in FORMATS or (kind == ".parquet" and plain is not path):
        raise UsageError(
            f"{path.name!r} is no file of rows that can be read", hint=f"its name ends in {', '.join(FORMATS)}"
        )
    return kind


def given(connection: duckdb.DuckDBPyConnection, path: Path, *, longest: int = LONGEST) -> Given:
    """The rows of a file, by the end of its name. Lines of text are held by DuckDB, parquet is read where it is.

    No line has more than `longest` bytes: there is to be room for some such lines.

    Raises:
        UsageError: it is no file of rows.
        duckdb.Error, UnicodeDecodeError, OSError, EOFError, csv.Error: it cannot be read.
    """
    return _MAKERS.get(ending_of(path), _json)(connection, path, longest)


def _csv(connection: duckdb.DuckDBPyConnection, path: Path, longest: int) -> Given:
    """Every cell as text: what its column is depends on all of its cells."""
    header, delimiter, ending = _header(path)
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(len(header)))
    if header:
        connection.execute(
            f"""CREATE TABLE {GIVEN} AS SELECT * FROM read_csv({_pattern(path)}, columns = {{{columns}}},
                header = true, auto_detect = false, delim = {_literal(delimiter)}{ending}, quote = '"', escape = '"',
                max_line_size = {longest}, buffer_size = {4 * longest})"""
        )
    names = _distinct([name or f"column{at}" for at, name in enumerate(header)])
    found = {name: Column(f"c{at}", "VARCHAR") for at, name in enumerate(names)}
    # a column without a name in front is the number of the row, as pandas writes it
    left_out = tuple(names[:1]) if header[:1] == [""] and len(header) > 1 else ()
    return _held(connection, found, left_out=left_out, has_words=True)


def _header(path: Path) -> tuple[list[str], str, str]:
    """The names in the first row, what stands between them, and what ends it, as DuckDB wants to be told."""
    with _text(path) as file:
        first = next((line for line in file if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    with _text(path) as file:
        rows = csv.reader(file, delimiter=delimiter)
        names = next((row for row in rows if row), [])
    with _text(path) as file:  # DuckDB takes the first end of a line for that of rows, be it part of a name
        last = "".join(islice(file, max(rows.line_num - 1, 0), rows.line_num))
    known = next((end for end in ("\r\n", "\n") if last.endswith(end)), "")
    return names, delimiter, f", new_line = {known!r}" if known else ""


def _text(path: Path) -> TextIO:
    csv.field_size_limit(LONGEST)
    if path.suffix.lower() == _GZIP:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _json(connection: duckdb.DuckDBPyConnection, path: Path, longest: int) -> Given:
    """Every value as JSON's own text, a string without its quotes."""
    import duckdb

    with _text(path) as file:
        if not any(line.strip() for line in file):
            return _held(connection, {})
    layout = "auto" if path.name.lower().removesuffix(_GZIP).endswith(".json") else "newline_delimited"
    said = f"{_pattern(path)}, format = '{layout}', maximum_object_size = {longest}"
    try:
        connection.execute(
            f"""CREATE TABLE {GIVEN} AS SELECT * FROM read_json({said}, records = true, maximum_depth = 1,
                sample_size = -1, map_inference_threshold = -1)"""
        )
    except duckdb.BinderException:  # a name that is no column's, as "" is, or something else than objects
        _hold_objects(connection, said)
        told = connection.execute(f"SELECT coalesce(bool_and(json_type(json) = 'OBJECT'), false) FROM {OBJECTS}")
        if told.fetchall() != [(True,)]:
            raise
        return _of_objects(connection)
    names = [*_described(connection, GIVEN)]
    if _renamed(names):
        _hold_objects(connection, said)
        if {*_keys(connection)} != {*names}:
            connection.execute(f"DROP TABLE {GIVEN}")
            return _of_objects(connection)
        connection.execute(f"DROP TABLE {OBJECTS}")
    found = {}
    for at, name in enumerate(names):
        connection.execute(f'ALTER TABLE {GIVEN} RENAME {_quoted(name)} TO "j {at}"')  # no name of ours in SQL
        found[name] = Column(f"(\"j {at}\" ->> '$')", "VARCHAR")
    return _held(connection, found)


def _hold_objects(connection: duckdb.DuckDBPyConnection, said: str) -> None:
    connection.execute(f"CREATE TABLE {OBJECTS} AS SELECT json FROM read_json_objects({said})")


def _keys(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The names in the objects that are held, in the order in which they are met."""
    found = connection.execute(
        f"""SELECT key FROM (
                SELECT unnest(keys) AS key, row, generate_subscripts(keys, 1) AS place
                FROM (SELECT json_keys(json) AS keys, rowid AS row FROM {OBJECTS}))
            GROUP BY key ORDER BY min((row, place))"""
    )
    return [str(row[0]) for row in found.fetchall()]


def _of_objects(connection: duckdb.DuckDBPyConnection) -> Given:
    """The objects that are held as rows: slower, and with names of any kind."""
    keys = _keys(connection)
    connection.execute(f"ALTER TABLE {OBJECTS} RENAME TO {GIVEN}")
    cells = [Column(f"(json ->> {_pointer(key)})", "VARCHAR") for key in keys]
    return _held(
        connection, dict(zip(_distinct([key or f"column{at}" for at, key in enumerate(keys)]), cells, strict=True))
    )


_NUMBERED: Final = re.compile(r"(.+)_[0-9]+", re.DOTALL)


def _renamed(names: Sequence[str]) -> bool:
    """Whether DuckDB may have given a column another name: to it `Age` and `age` are the same, and one is `age_1`."""
    known = {name.lower() for name in names}
    return any((found := _NUMBERED.fullmatch(name.lower())) and found[1] in known for name in names)


def _pointer(key: str) -> str:
    """Where a value stands in an object (https://www.rfc-editor.org/rfc/rfc6901): `Age` and `age` are two places."""
    return _literal("/" + key.replace("~", "~0").replace("/", "~1"))


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path, _: int) -> Given:
    source = f"read_parquet({_pattern(path)}, file_row_number = true)"
    types = _described(connection, source)
    types.popitem()  # the number of the row, which was asked for
    names = _distinct(
        _top_level(connection.execute(f"SELECT name, num_children FROM parquet_schema({_pattern(path)})"))
    )
    found = {name: Column(_quoted(stored), kind) for name, (stored, kind) in zip(names, types.items(), strict=True)}
    groups = connection.execute(
        f"""SELECT any_value(row_group_num_rows) FROM parquet_metadata({_pattern(path)})
            GROUP BY row_group_id ORDER BY row_group_id"""
    )
    ends = [*accumulate(int(count) for (count,) in groups.fetchall())]
    left_out = tuple(name for name in found if _INDEX.fullmatch(name))
    columns = {name: column for name, column in found.items() if name not in left_out}
    return Given(Table(connection, source, columns, "file_row_number", 0, ends[-1] if ends else 0, ends=ends), left_out)


_MAKERS: Final[Mapping[str, Callable[[duckdb.DuckDBPyConnection, Path, int], Given]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
}


def _top_level(schema: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of a parquet file's columns, of whose schema each part is followed by what is in it."""
    names, inside = list[str](), list[int]()
    for name, children in schema.fetchall():
        if len(inside) == 1:
            names.append(name)
        if inside:
            inside[-1] -= 1
        inside.append(children or 0)
        while inside and not inside[-1]:
            inside.pop()
    return names


def _held(
    connection: duckdb.DuckDBPyConnection,
    columns: Mapping[str, Column],
    *,
    left_out: tuple[str, ...] = (),
    has_words: bool = False,
) -> Given:
    """The table GIVEN, which is not there where there are no columns."""
    rows = connection.execute(f"SELECT count(*) FROM {GIVEN}").fetchall()[0][0] if columns else 0
    kept = {name: column for name, column in columns.items() if name not in left_out}
    source = GIVEN if columns else "(SELECT 0 AS rowid WHERE false)"
    return Given(Table(connection, source, kept, "rowid", 0, int(rows), has_words=has_words), left_out)


def _described(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}


def _distinct(names: Sequence[str]) -> list[str]:
    """Names that differ: a second `a` is `a_2`."""
    taken, out = set(names), list[str]()
    for name in names:
        given, number = name, 1
        while given in out:
            number += 1
            if f"{name}_{number}" not in taken:
                given = f"{name}_{number}"
        out.append(given)
    return out


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _pattern(path: Path) -> str:
    """A path for a reader, which takes * and ? in it for patterns."""
    return _literal("".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path)))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
