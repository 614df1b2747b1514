"""Loads: lines of many files that DuckDB reads at once, instead of one by one in Python.

What it would read otherwise than `records` does never comes here, or is given back: so the rows are the same
whichever way they came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlmon.collected.records.text import Line
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.tables.parts import Part

if TYPE_CHECKING:
    import duckdb

LOAD_BYTES: Final = 24 << 20
_LOAD_CELLS: Final = 3_000_000
_AT_ONCE: Final = 2048
"""How many lines DuckDB works on at once, however long they are. What they hold it has several times over."""
_BYTES_AT_ONCE: Final = 4 << 20
_LONGEST_LINE: Final = 1 << 20
_CELLS: Final = "delim = '{delimiter}', quote = '', escape = '', header = false, auto_detect = false"
_BUFFERS: Final = f"new_line = '\\n', max_line_size = {_LONGEST_LINE}, buffer_size = {4 * _LONGEST_LINE}"

A_TIME: Final = (
    r"[12]\d{3}-(0[1-9]|1[0-2])-[0-3]\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3}|\.\d{6})?(Z|[+-](0\d|1[0-3]):[0-5]\d)?"
)
"""A time as collectors write it, which DuckDB reads as Python does."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """Whole lines of one file, in a file on this machine. `number` is that of the first, `count` how many there are."""

    source: CollectedBlob
    file: int
    path: Path
    number: int
    count: int
    before: int = 0
    """How many lines of the load stand before its own."""

    def lines(self) -> list[Line]:
        """The lines themselves."""
        with self.path.open("rb") as file:
            return [Line(at, data) for at, data in enumerate(file, self.number)]


@dataclass(slots=True)
class Load:
    """Lines that are read together. Their rows are numbered from `first` on, by their place among all these lines."""

    first: int
    spooled: list[Spooled] = field(default_factory=list)
    size: int = 0
    cells: int = 0
    long: int = 0
    """How many of its bytes are in lines so long that DuckDB should not have many of them at once."""

    @property
    def full(self) -> bool:
        return self.size >= LOAD_BYTES or self.cells >= _LOAD_CELLS or self.long >= _BYTES_AT_ONCE

    def add(self, one: Spooled, *, size: int, cells: int) -> None:
        """Have more lines in it, of so many bytes and about so many cells."""
        self.spooled.append(one)
        self.size += size
        self.cells += cells
        if size * _AT_ONCE > _BYTES_AT_ONCE * one.count:
            self.long += size

    @property
    def count(self) -> int:
        """How many lines there are."""
        return sum(one.count for one in self.spooled)

    def only(self, one: Spooled) -> Load:
        """The load of one file's lines alone, with the same numbers."""
        return Load(self.first, [one], one.path.stat().st_size)

    def reader(self, columns: dict[str, str], *, delimiter: str) -> str:
        """The SQL that reads the lines, with `file_index`, the place of their file in `spooled`."""
        paths = ", ".join(literal(str(one.path)) for one in self.spooled)
        kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        return f"read_csv([{paths}], columns = {{{kinds}}}, {_CELLS.format(delimiter=delimiter)}, {_BUFFERS})"

    @property
    def files(self) -> str:
        """The SQL of a row's `file`, by `file_index`."""
        return f"list_extract([{', '.join(str(one.file) for one in self.spooled)}], CAST(file_index AS BIGINT) + 1)"

    def let_go(self) -> None:
        """Delete the files on this machine."""
        for one in self.spooled:
            one.path.unlink(missing_ok=True)


class NotAsWritten(Exception):
    """DuckDB does not find the lines that there are: it passes over empty ones."""


@dataclass(slots=True)
class Loaded:
    """What became of a load: its tables, and the lines that are to be read one by one."""

    parts: list[Part] = field(default_factory=list)
    odd: list[tuple[Spooled, list[Line]]] = field(default_factory=list)


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def discard(connection: duckdb.DuckDBPyConnection, parts: list[Part]) -> None:
    """Drop tables that were made in vain."""
    for part in parts:
        connection.execute(f"DROP TABLE IF EXISTS {part.table}")
