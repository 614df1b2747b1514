"""Loads: lines of many files that DuckDB reads at once, instead of one by one in Python.

What it would read otherwise than `records` does never comes here, or is given back: so the rows are the same
whichever way they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlmon.collected.records.text import Line, Piece
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.tables.parts import Part

if TYPE_CHECKING:
    import duckdb

LOAD_BYTES: Final = 24 << 20
_LOAD_CELLS: Final = 3_000_000
_LOAD_PIECES: Final = 500
"""There are as many questions in the SQL of a row's file."""
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
    """Whole lines of one file, among those of a load: `count` of them, and so many bytes (`size`).

    `number` is that of the first in its file. In the load so many lines stand `before` them, and their bytes begin at
    `start`.
    """

    source: CollectedBlob
    file: int
    number: int
    count: int
    before: int
    start: int
    size: int


@dataclass(slots=True)
class Load:
    """Lines that are read together, in one file on this machine: opening many takes longer than reading them.

    Their rows are numbered from `first` on, by their place among all these lines.
    """

    first: int
    path: Path
    spooled: list[Spooled] = field(default_factory=list)
    size: int = 0
    cells: int = 0
    long: int = 0
    """How many of its bytes are in lines so long that DuckDB should not have many of them at once."""

    @property
    def full(self) -> bool:
        return (
            self.size >= LOAD_BYTES
            or self.cells >= _LOAD_CELLS
            or self.long >= _BYTES_AT_ONCE
            or len(self.spooled) >= _LOAD_PIECES
        )

    def add(self, source: CollectedBlob, piece: Piece, *, file: int, cells: int) -> None:
        """Have more whole lines in it, of about so many cells."""
        size = len(piece.data)
        with self.path.open("ab") as spool:
            spool.write(piece.data)
        self.spooled.append(Spooled(source, file, piece.number, piece.ends, self.past, self.size, size))
        self.size += size
        self.cells += cells
        if size * _AT_ONCE > _BYTES_AT_ONCE * piece.ends:
            self.long += size

    @property
    def before(self) -> int:
        """How many lines of the load stand before these: in one of a file alone, those of the others."""
        return self.spooled[0].before if self.spooled else 0

    @property
    def past(self) -> int:
        """How many lines of the load there are up to the last of these."""
        return self.spooled[-1].before + self.spooled[-1].count if self.spooled else 0

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self.past - self.before

    def lines(self, one: Spooled, most: int | None = None) -> list[Line]:
        """The lines of one file, or so many of them."""
        with self.path.open("rb") as spool:
            spool.seek(one.start)
            found = islice(spool, one.count if most is None else min(most, one.count))
            return [Line(at, line) for at, line in enumerate(found, one.number)]

    def only(self, one: Spooled) -> Load:
        """The load of one file's lines alone, with the same numbers."""
        path = self.path.with_name(f"{self.path.name}-{one.before}")
        with self.path.open("rb") as spool:
            spool.seek(one.start)
            path.write_bytes(spool.read(one.size))
        return Load(self.first, path, [replace(one, start=0)], one.size)

    def reader(self, columns: dict[str, str], *, delimiter: str) -> str:
        """The SQL that reads the lines."""
        kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        path, cells = literal(str(self.path)), _CELLS.format(delimiter=delimiter)
        return f"read_csv({path}, columns = {{{kinds}}}, {cells}, {_BUFFERS})"

    @property
    def files(self) -> str:
        """The SQL of a row's file, by its `line`."""
        found = [next(same) for _, same in groupby(self.spooled, key=lambda one: one.file)]
        return f"({_file(found)})::INTEGER"

    def let_go(self) -> None:
        """Delete the file on this machine."""
        self.path.unlink(missing_ok=True)


class NotAsWritten(Exception):
    """DuckDB does not find the lines that there are: it passes over empty ones."""


@dataclass(slots=True)
class Loaded:
    """What became of a load: its tables, and the lines that are to be read one by one."""

    parts: list[Part] = field(default_factory=list)
    odd: list[tuple[Spooled, list[Line]]] = field(default_factory=list)


def _file(found: Sequence[Spooled]) -> str:
    """The SQL of the file that a `line` is in: each question leaves half of them."""
    half = len(found) // 2
    if not half:
        return str(found[0].file)
    return f"CASE WHEN line <= {found[half].before} THEN {_file(found[:half])} ELSE {_file(found[half:])} END"


def identifier(text: str) -> str:
    """The SQL of an id, null where none stands there. What begins so has something else than zeros in it."""
    return f"CASE WHEN {text} >= '1' OR trim({text}, '0-') <> '' THEN {text} END"


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def discard(connection: duckdb.DuckDBPyConnection, parts: list[Part]) -> None:
    """Drop tables that were made in vain."""
    for part in parts:
        connection.execute(f"DROP TABLE IF EXISTS {part.table}")
