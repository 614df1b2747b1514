"""Several files of rows as one table: the columns that any of them has, in types that all of them can have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlmon.core.errors import UsageError
from mlmon.drift.formats import FORMATS, GIVEN, Given, ending_of
from mlmon.drift.kinds import is_numeric
from mlmon.drift.reading import Opened, Watch, connected, give_room, placed, readable
from mlmon.drift.tables import Column, Table

if TYPE_CHECKING:
    import duckdb

_TABLE: Final = "together"
_TEXT: Final = "VARCHAR"
_PLAIN: Final = re.compile(r"[A-Z0-9 (),]+")
"""Types that are no structures, which have names of their own in them."""
_WHOLE: Final = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")


@dataclass(frozen=True, slots=True)
class Part:
    """A file, and the name that people know it by."""

    path: Path
    name: str


@contextmanager
def opened_together(parts: Sequence[Part], name: str, *, watch: Watch = lambda _: None) -> Iterator[Opened]:
    """Files of one kind as the rows of `name`. A row has no value in a column that its file lacks.

    Raises:
        UsageError: they are not of one kind, or one of them cannot be read.
        Failure: there is no room for their rows.
    """
    _see_one_kind(parts, name)
    with connected() as connection:
        watch(connection)
        give_room(connection)
        found = [_placed(connection, part, at) for at, part in enumerate(parts)]
        with readable(name):
            table = _together(connection, [each.table for each in found])
        yield Opened(name, table, tuple(dict.fromkeys(column for each in found for column in each.left_out)))


def _see_one_kind(parts: Sequence[Part], name: str) -> None:
    kinds: dict[str, str] = {}
    for part in parts:
        kinds.setdefault(FORMATS[ending_of(part.path)], part.name)
    if len(kinds) > 1:
        told = " and ".join(f"{kind} ({of!r})" for kind, of in kinds.items())
        raise UsageError(
            f"{name} has files of several kinds, {told}, and a baseline is of one",
            hint="register those of one kind, or fetch the files and name one here",
        )


def _placed(connection: duckdb.DuckDBPyConnection, part: Part, at: int) -> Given:
    """The rows of a file, under a name of their own where the next one's would find their place taken."""
    found = placed(connection, part.path, name=part.name)
    if found.table.source != GIVEN:
        return found
    connection.execute(f"ALTER TABLE {GIVEN} RENAME TO {GIVEN}{at}")
    return replace(found, table=replace(found.table, source=f"{GIVEN}{at}"))


def _together(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> Table:
    """One table of all rows, in the order of the files; theirs are gone."""
    types: dict[str, set[str]] = {}
    for table in tables:
        for name, column in table.columns.items():
            types.setdefault(name, set()).add(column.type)
    kinds = {name: _common(each) for name, each in types.items()}
    held = ", ".join(f"c{at} {kind}" for at, kind in enumerate(kinds.values()))
    if not held:
        return tables[0]
    connection.execute(f"CREATE TABLE {_TABLE} ({held})")
    for table in tables:
        cells = ", ".join(_cell(table.columns.get(name), kind) for name, kind in kinds.items())
        connection.execute(f"INSERT INTO {_TABLE} SELECT {cells} FROM {table.source}")
        if table.source.startswith(GIVEN):
            connection.execute(f"DROP TABLE {table.source}")
    columns = {name: Column(f"c{at}", kind) for at, (name, kind) in enumerate(kinds.items())}
    rows = sum(table.past - table.first for table in tables)
    return Table(connection, _TABLE, columns, "rowid", 0, rows, has_words=any(each.has_words for each in tables))


def _common(types: set[str]) -> str:
    """A type that can have what is in columns of these: a file without a value in a column has it as any type."""
    if len(types) == 1:
        [only] = types
        return only if _PLAIN.fullmatch(only) else _TEXT
    if all(_WHOLE.fullmatch(each) for each in types):
        return "HUGEINT"
    return "DOUBLE" if all(map(is_numeric, types)) else _TEXT


def _cell(column: Column | None, kind: str) -> str:
    if column is None:
        return "NULL"
    if column.type == kind:
        return column.cell
    return column.text if kind == _TEXT else f"CAST({column.cell} AS {kind})"
