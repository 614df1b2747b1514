"""A file of rows (csv, parquet or JSON lines, packed or not) as summaries, read once from its beginning to its end."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from mlmon.collected.tables.temporary import TemporaryFolder
from mlmon.core.errors import Failure, NotFound, UsageError
from mlmon.drift import sampling, tables
from mlmon.drift.result import Kind
from mlmon.drift.summary import BASELINE_CAP, Summary
from mlmon.drift.tables import Column, Table

if TYPE_CHECKING:
    import duckdb

ENDINGS: Final = (".csv", ".parquet", ".jsonl", ".ndjson", ".json")
_GZIP: Final = ".gz"
_MEMORY: Final = "512MB"
_LINE: Final = 32 << 20  # bytes that a line may have
_DELIMITERS: Final = ",;\t|"
_HINT: Final = "see that it is what its name says"
_ROOM: Final = "TMPDIR names the folder that rows are held in"
_INDEX: Final = re.compile(r"__index_level_\d+__")
"""What pandas calls an index without a name, which it writes as a column."""
_SETTINGS: Final = (
    f"SET memory_limit = '{_MEMORY}'",
    "SET threads = 2",
    "SET TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
    "SET parquet_metadata_cache = true",  # each feature is a query of its own
    "SET force_compression = 'uncompressed'",  # choosing one takes longer than writing the bytes
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is being read. `left_out` are columns that are no features, such as the number of a row."""

    path: Path
    table: Table
    left_out: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.table.past - self.table.first

    def kinds(self) -> dict[str, Kind]:
        """What each feature is, in the order of the columns. Raises `UsageError` where the file cannot be read."""
        with _readable(self.path):
            return tables.kinds_in(self.table)

    def summaries(self, kinds: Mapping[str, Kind], *, cap: int = BASELINE_CAP) -> dict[str, Summary]:
        """The summary of each column, in their order; one that is not in `kinds` is counted only.

        Raises:
            UsageError: the file cannot be read.
        """
        with _readable(self.path):
            found = tables.summarize(self.table, kinds, cap=cap)
        return found.get(tables.ALL) or tables.nothing(self.table.columns, kinds, cap=cap)

    def sample(self, kinds: Mapping[str, Kind], *, most: int = sampling.ROWS) -> sampling.Sampled | None:
        """A sample of the rows that depends only on which rows there are; None where there is none.

        Features of `kinds` that are no column have no values in it.

        Raises:
            UsageError: the file cannot be read.
        """
        with _readable(self.path):
            return sampling.sample([self.table], kinds, most=most).get(tables.ALL)


def summarize_file(path: Path, kinds: Mapping[str, Kind], *, cap: int = BASELINE_CAP) -> dict[str, Summary]:
    """The summary of each column of a file; one that is not in `kinds` is counted only. Raises as `opened` does."""
    with opened(path) as file:
        return file.summaries(kinds, cap=cap)


def kinds_of_file(path: Path) -> dict[str, Kind]:
    """What each column of a file is. Raises as `opened` does."""
    with opened(path) as file:
        return file.kinds()


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """A file, by the end of its name. Lines of text are held in a temporary folder, parquet is read where it is.

    Raises:
        NotFound: there is no such file.
        UsageError: it is none of these, or cannot be read.
        Failure: there is no room for its rows.
    """
    kind = _kind(path)
    try:
        folder = TemporaryFolder.make()
    except OSError as error:
        raise Failure(f"there is no temporary folder: {error.strerror or error}", hint=_ROOM) from None
    try:
        with _connected(folder.path) as connection:
            with _readable(path):
                file = _MAKERS.get(kind, _json)(connection, path)
            yield file
    finally:
        folder.delete()


@contextmanager
def _connected(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb  # why here: 0.1 s that commands without rows need not pay

    connection = duckdb.connect(":memory:", config={"temp_directory": str(folder / "spilled")})
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
        # nobody opens these tables a second time
        connection.execute(f"ATTACH {_literal(str(folder / 'rows.duckdb'))} AS held (RECOVERY_MODE no_wal_writes)")
        connection.execute("USE held")
        yield connection
    finally:
        connection.close()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what DuckDB says of a file into what a person can do about it."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise Failure(f"{path.name!r} does not fit: {_first_line(error)}", hint=_ROOM) from None
    except (duckdb.Error, UnicodeDecodeError, OSError, EOFError, csv.Error) as error:
        raise UsageError(f"{path.name!r} cannot be read: {_first_line(error)}", hint=_HINT) from None


def _first_line(error: Exception) -> str:
    said = str(error).partition("\n")[0].removeprefix("Invalid Input Error: ").rstrip(" .")
    line = _AT_LINE.fullmatch(said)
    return f"line {line[1]} is not like the first" if line else said


_AT_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")


def _kind(path: Path) -> str:
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder", hint="name one file: csv, parquet or jsonl")
    if not path.is_file():
        raise NotFound(f"there is no file {str(path)!r}", hint="name a csv, parquet or jsonl file")
    plain = path.with_suffix("") if path.suffix.lower() == _GZIP else path
    kind = plain.suffix.lower()
    if kind not in ENDINGS or (kind == ".parquet" and plain is not path):
        raise UsageError(
            f"{path.name!r} is no file of rows that can be read", hint=f"its name ends in {', '.join(ENDINGS)}"
        )
    return kind


def _csv(connection: duckdb.DuckDBPyConnection, path: Path) -> Opened:
    """Every cell as text: what its column is depends on all of its cells."""
    header, delimiter, ending = _header(path)
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(len(header)))
    if header:
        connection.execute(
            f"""CREATE TABLE given AS SELECT * FROM read_csv({_pattern(path)}, columns = {{{columns}}},
                header = true, auto_detect = false, delim = {_literal(delimiter)}{ending}, quote = '"', escape = '"',
                max_line_size = {_LINE}, buffer_size = {4 * _LINE})"""
        )
    names = _distinct([name or f"column{at}" for at, name in enumerate(header)])
    found = {name: Column(f"c{at}", "VARCHAR") for at, name in enumerate(names)}
    # a column without a name in front is the number of the row, as pandas writes it
    left_out = tuple(names[:1]) if header[:1] == [""] and len(header) > 1 else ()
    return _held(connection, path, found, left_out=left_out, has_words=True)


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
    csv.field_size_limit(_LINE)
    if path.suffix.lower() == _GZIP:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _json(connection: duckdb.DuckDBPyConnection, path: Path) -> Opened:
    """Every value as JSON's own text, a string without its quotes."""
    with _text(path) as file:
        if not any(line.strip() for line in file):
            return _held(connection, path, {})
    layout = "auto" if path.name.lower().removesuffix(_GZIP).endswith(".json") else "newline_delimited"
    connection.execute(
        f"""CREATE TABLE given AS SELECT * FROM read_json({_pattern(path)}, format = '{layout}', records = true,
            maximum_depth = 1, sample_size = -1, map_inference_threshold = -1, maximum_object_size = {_LINE})"""
    )
    found = {}
    for at, name in enumerate(_described(connection, "given")):
        connection.execute(f'ALTER TABLE given RENAME {_quoted(name)} TO "j {at}"')  # no name of ours in SQL
        found[name] = Column(f"(\"j {at}\" ->> '$')", "VARCHAR")
    return _held(connection, path, found)


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> Opened:
    source = f"read_parquet({_pattern(path)}, file_row_number = true)"
    types = _described(connection, source)
    types.popitem()  # the number of the row, which was asked for
    names = _distinct(
        _top_level(connection.execute(f"SELECT name, num_children FROM parquet_schema({_pattern(path)})"))
    )
    found = {name: Column(_quoted(stored), kind) for name, (stored, kind) in zip(names, types.items(), strict=True)}
    [rows] = connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0]
    left_out = tuple(name for name in found if _INDEX.fullmatch(name))
    columns = {name: column for name, column in found.items() if name not in left_out}
    return Opened(path, Table(connection, source, columns, "file_row_number", 0, int(rows)), left_out)


_MAKERS: Final[Mapping[str, Callable[[duckdb.DuckDBPyConnection, Path], Opened]]] = {".csv": _csv, ".parquet": _parquet}


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
    path: Path,
    columns: Mapping[str, Column],
    *,
    left_out: tuple[str, ...] = (),
    has_words: bool = False,
) -> Opened:
    """The table `given`, which is not there where there are no columns."""
    rows = connection.execute("SELECT count(*) FROM given").fetchall()[0][0] if columns else 0
    kept = {name: column for name, column in columns.items() if name not in left_out}
    source = "given" if columns else "(SELECT 0 AS rowid WHERE false)"
    return Opened(path, Table(connection, source, kept, "rowid", 0, int(rows), has_words=has_words), left_out)


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
