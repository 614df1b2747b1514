"""An in-memory database with the tables a query names, closed to everything outside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from mlmon.core.errors import DamagedWorkspace
from mlmon.core.timerange import TimeRange
from mlmon.kql.schema import Columns, Schema

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import duckdb


class RowFiles(Protocol):
    """Where the rows of a workspace stand."""

    def open(self, table: str, between: TimeRange | None) -> AbstractContextManager[Mapping[Path, Path]]:
        """JSON-lines files with the table's rows: an object a line, under the schema's column names.

        Each file to read comes with the file that a person knows: itself, or the one it is a copy of.

        A column that is left out is null, a dynamic column is nested JSON, a datetime is RFC 3339. While the
        context is open every line is whole. `between` may be used to leave out files; the engine filters rows.
        """


# what a column is read as, and how it becomes what the library works on
_READ: Final = {
    "string": ("VARCHAR", "coalesce({0}, '')"),
    "datetime": ("VARCHAR", "CAST(CAST({0} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP)"),
    "dynamic": ("JSON", "json({0})"),  # minified, escapes resolved: what `contains` searches on Azure
    "int": ("INTEGER", "{0}"),
    "real": ("DOUBLE", "{0}"),
    "bool": ("BOOLEAN", "{0}"),
}
_SQL_TYPES: Final = {
    "string": "VARCHAR",
    "datetime": "TIMESTAMP",
    "dynamic": "JSON",
    "int": "INTEGER",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
}

_GLOB: Final = re.compile(r"[*?\[]")


def connect() -> duckdb.DuckDBPyConnection:
    """An empty database in memory, in UTC, on one thread: the order of rows is then that of the files."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "temp_directory": "",  # or a heavy query would leave files in the current folder
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",  # or a table's name would find a variable of this program
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def load(
    connection: duckdb.DuckDBPyConnection, table: str, *, schema: Schema, files: RowFiles, between: TimeRange | None
) -> None:
    """Create a table and fill it.

    Raises:
        DamagedWorkspace: a file holds what is no row of the table.
    """
    import duckdb

    new = _NewTable(connection, table, columns=schema.tables[table], time=schema.time, between=between)
    new.create()
    with files.open(table, between) as paths:
        try:
            new.fill(paths)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise new.damage(paths) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewTable:
    """A table in the making, and the rows that it takes: those whose `time` is in `between`."""

    connection: duckdb.DuckDBPyConnection = field(kw_only=False)
    name: str = field(kw_only=False)
    columns: Columns
    time: str
    between: TimeRange | None

    def create(self) -> None:
        described = ", ".join(f'"{name}" {_SQL_TYPES[kind]}' for name, kind in self.columns.items())
        self.connection.execute(f'CREATE TABLE "{self.name}" ({described})')

    def fill(self, paths: Iterable[Path]) -> None:
        # DuckDB reads these characters as a pattern, and would read a neighbour's files
        bound: dict[str, object] = {"paths": [_GLOB.sub(r"[\g<0>]", str(path)) for path in paths]}
        if not bound["paths"]:
            return
        read_as = ", ".join(f"'{name}': '{_READ[kind][0]}'" for name, kind in self.columns.items())
        picked = ", ".join(_READ[kind][1].format(f'"{name}"') + f' AS "{name}"' for name, kind in self.columns.items())
        # Names and types are the schema's own; what comes from outside (the paths and the range) is bound
        rows = f"SELECT {picked} FROM read_json($paths, format = 'newline_delimited', columns = {{{read_as}}})"  # noqa: S608
        if self.between is not None:
            rows = f'SELECT * FROM ({rows}) WHERE "{self.time}" >= $start AND "{self.time}" < $end'  # noqa: S608 - the same
            start, end = self.between.start, self.between.end
            bound |= {"start": start.replace(tzinfo=None), "end": end.replace(tzinfo=None)}
        self.connection.execute(f'INSERT INTO "{self.name}" {rows}', bound)

    def damage(self, paths: Mapping[Path, Path]) -> DamagedWorkspace:
        """The error that names the first file which cannot be read by itself, and its line where that can be told."""
        import duckdb

        hint = "restore the file, or move it away"
        for path, known in paths.items():
            try:
                self.fill([path])
            except duckdb.InterruptException:
                raise
            except duckdb.Error:
                # not DuckDB's own count of lines, which is one too many in some of its messages
                if number := _first_that_is_no_object(path):
                    return DamagedWorkspace(f"{known}, line {number} is no row of {self.name}", hint=hint)
                return DamagedWorkspace(f"{known} holds a line that is no row of {self.name}", hint=hint)
        again = "run the command again; nothing was changed"
        return DamagedWorkspace(f"the files of {self.name} cannot be read", hint=again)


def _first_that_is_no_object(path: Path) -> int:
    """The number of the first line that is no JSON object, or 0."""
    with suppress(OSError), path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                if line.strip() and not isinstance(json.loads(line), dict):
                    return number
            except (ValueError, RecursionError):
                return number
    return 0


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Shut the database off from files and the network, for good: no statement can undo it."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
