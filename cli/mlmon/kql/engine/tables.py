"""An in-memory database with the tables a query names, closed to everything outside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from mlmon.core.errors import DamagedWorkspace
from mlmon.core.timerange import TimeRange
from mlmon.kql.schema import CLASSIC

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import duckdb


class RowFiles(Protocol):
    """Where the rows of a workspace stand."""

    def open(self, table: str, between: TimeRange | None) -> AbstractContextManager[Sequence[Path]]:
        """JSON-lines files with the table's rows: an object a line, under the classic column names.

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
}
_SQL_TYPES: Final = {
    "string": "VARCHAR",
    "datetime": "TIMESTAMP",
    "dynamic": "JSON",
    "int": "INTEGER",
    "real": "DOUBLE",
}


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
    connection: duckdb.DuckDBPyConnection, tables: Iterable[str], files: RowFiles, between: TimeRange | None
) -> None:
    """Create the tables and fill them.

    Raises:
        DamagedWorkspace: a file holds what is no row of its table.
    """
    for table in tables:
        columns = CLASSIC[table]
        described = ", ".join(f'"{name}" {_SQL_TYPES[kind]}' for name, kind in columns.items())
        connection.execute(f'CREATE TABLE "{table}" ({described})')
        with files.open(table, between) as paths:
            if paths:
                _read(connection, table, [str(path) for path in paths], between)


def _read(connection: duckdb.DuckDBPyConnection, table: str, paths: list[str], between: TimeRange | None) -> None:
    import duckdb

    columns = CLASSIC[table]
    read_as = ", ".join(f"'{name}': '{_READ[kind][0]}'" for name, kind in columns.items())
    picked = ", ".join(_READ[kind][1].format(f'"{name}"') + f' AS "{name}"' for name, kind in columns.items())
    # Names and types are the schema's own; what comes from outside (the paths and the range) is bound
    rows = f"SELECT {picked} FROM read_json($paths, format = 'newline_delimited', columns = {{{read_as}}})"  # noqa: S608
    bound: dict[str, object] = {"paths": [_GLOB.sub(r"[\g<0>]", path) for path in paths]}
    if between is not None:
        rows = f"SELECT * FROM ({rows}) WHERE timestamp >= $start AND timestamp < $end"  # noqa: S608 - the same
        bound |= {"start": between.start.replace(tzinfo=None), "end": between.end.replace(tzinfo=None)}
    try:
        connection.execute(f'INSERT INTO "{table}" {rows}', bound)
    except duckdb.Error as error:
        damaged = next((path for path in paths if path in str(error)), Path(paths[0]).parent)
        raise DamagedWorkspace(
            f"{damaged} holds a line that is no row of {table}", hint="restore the file, or move it away"
        ) from error


# DuckDB reads these in a path as a pattern, and would read a neighbour's files
_GLOB: Final = re.compile(r"[*?\[]")


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Shut the database off from files and the network, for good: no statement can undo it."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
