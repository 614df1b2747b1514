"""Collected rows in DuckDB, a table for each collection: on disk where they are more than fit into memory.

Cells stand there as text with what was seen of their types beside them, so that a column has one type in the end
whatever the files disagree about.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from mlmon.collected.layout import CollectedBlob
from mlmon.collected.records import Block, Cell
from mlmon.core.errors import Failure

if TYPE_CHECKING:
    import duckdb

_MEMORY: Final = "180MB"
_CANNOT_HOLD: Final = "TMPDIR names the folder that they are held in; or choose a shorter range"
PLACE_BITS: Final = (44, 19)
"""A row's number holds its file, its line (25 bits) and its place in it (19 bits): these are where they begin."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_META: Final = {
    "n": "BIGINT",
    "file": "INTEGER",
    "line": "BIGINT",
    "place": "INTEGER",
    "digest": "BIGINT",
    "time": "BIGINT",
    "request": "VARCHAR",
    "correlation": "VARCHAR",
    "version": "VARCHAR",
}
"""The columns of every table. `n` counts the rows in order of collection, `time` microseconds since 1970 in UTC."""

_SETTINGS: Final = (
    f"SET memory_limit = '{_MEMORY}'",
    "SET preserve_insertion_order = false",  # order is a column here, and keeping it takes memory
    "SET TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
    "SET checkpoint_threshold = '1GB'",  # nobody opens these tables a second time
    "SET force_compression = 'uncompressed'",  # choosing one takes longer than writing the bytes
    """CREATE TABLE files (file INTEGER, service VARCHAR, model VARCHAR, version VARCHAR, day VARCHAR,
                         first BIGINT, past BIGINT, v1 BOOLEAN, first_generation BOOLEAN)""",
)


@dataclass(slots=True)
class Column:
    """One column of a collection: its name in the files, and the sorts of values seen there.

    A v1 file has text alone (`text`), which may still be all numbers.
    """

    name: str
    place: int
    sorts: set[str] = field(default_factory=set)

    @property
    def stored(self) -> str:
        return f"c{self.place}"


@dataclass(slots=True)
class Collection:
    """One collection's rows."""

    name: str
    table: str
    columns: dict[str, Column] = field(default_factory=dict)


@dataclass(slots=True)
class Staging:
    """The tables, and the files that their rows come from (a row's `file` is the place in `files`)."""

    connection: duckdb.DuckDBPyConnection
    _folder: TemporaryDirectory[str]
    collections: dict[str, Collection] = field(default_factory=dict)
    files: dict[tuple[str, str], int] = field(default_factory=dict)
    _told: list[tuple[str | None, ...]] = field(default_factory=list)

    @classmethod
    def open(cls) -> Staging:
        """Empty tables, in a folder of their own that is gone when they are closed.

        Raises:
            Failure: the folder cannot be made.
        """
        import duckdb  # why here: 0.1 s that other commands on collected data need not pay

        try:
            folder = TemporaryDirectory(prefix="mlmon-")
        except OSError as error:
            raise Failure(f"there is no temporary folder: {error.strerror or error}", hint=_CANNOT_HOLD) from None
        connection = duckdb.connect(str(Path(folder.name) / "rows.duckdb"))
        for setting in _SETTINGS:
            connection.execute(setting)
        return cls(connection, folder)

    @property
    def folder(self) -> Path:
        """Where more files may stand as long as the tables do."""
        return Path(self._folder.name)

    def close(self) -> None:
        """Let go of the tables and their folder. Harmless a second time."""
        self.connection.close()
        self._folder.cleanup()

    def begin(self) -> None:
        """What is added from now on is written once, by `commit`: a disk that syncs every block is slow."""
        self.connection.begin()

    def commit(self) -> None:
        """Keep what was added. Raises `Failure` when the disk is full."""
        with explained():
            if self._told:
                lists = ", ".join(f"unnest(${at}::VARCHAR[])" for at in range(1, len(self._told[0]) + 1))
                self.connection.execute(
                    f"INSERT INTO files SELECT {lists}", [list(one) for one in zip(*self._told, strict=True)]
                )
                self._told.clear()
            self.connection.commit()

    def add(self, block: Block) -> None:
        """Add rows behind those that are there.

        Raises:
            Failure: the disk is full.
        """
        with explained():
            self._add(block)

    def row_number(self, file: int, line: int, place: int) -> int:
        """What a row is called in the tables, rising in order of collection.

        Raises:
            Failure: there are more files, lines in a file or rows in a line than can be told apart.
        """
        if file >> 19 or line >> (PLACE_BITS[0] - PLACE_BITS[1]) or place >> PLACE_BITS[1]:
            raise Failure("this is more than one dataset can hold", hint="choose a shorter range")
        return (file << PLACE_BITS[0]) | (line << PLACE_BITS[1]) | place

    def table_of(self, collection: str) -> str:
        """The table of a collection, made when it is not there."""
        return self._collection(collection).table

    def columns_of(self, collection: str, sorts: Mapping[str, set[str]]) -> list[str]:
        """The stored names of columns, made where they are not there, with the sorts of values that come."""
        found = [self._column(self._collection(collection), name) for name in sorts]
        for column in found:
            column.sorts |= sorts[column.name] - {""}
        return [column.stored for column in found]

    def _add(self, block: Block) -> None:
        collection = self._collection(block.source.collection)
        columns = [self._column(collection, name) for name in block.names]
        cells = [
            _texts(column, values, typed=bool(block.source.service.deployment))
            for column, values in zip(columns, block.columns, strict=True)
        ]
        file = self.file_of(block.source, first_generation=block.first_generation)
        meta = [
            [self.row_number(file, *at) for at in zip(block.lines, block.positions, strict=True)],
            [file] * len(block),
            block.lines,
            block.positions,
            block.digests,
            [_microseconds(time) for time in block.times],
            [_storable(text) for text in block.requests],
            [_storable(text) for text in block.correlations],
            [_storable(text) for text in block.versions],
        ]
        kinds = [*_META.values(), *("VARCHAR" for _ in columns)]
        names = ", ".join([*_META, *(column.stored for column in columns)])
        lists = ", ".join(f"unnest(${at}::{kind}[])" for at, kind in enumerate(kinds, 1))
        # unnesting a list for each column is a hundred times faster than executemany
        self.connection.execute(f"INSERT INTO {collection.table} ({names}) SELECT {lists}", [*meta, *cells])

    def _collection(self, name: str) -> Collection:
        if name not in self.collections:
            made = self.collections[name] = Collection(name, f"rows{len(self.collections)}")
            self.connection.execute(f"CREATE TABLE {made.table} ({', '.join(' '.join(one) for one in _META.items())})")
        return self.collections[name]

    def _column(self, collection: Collection, name: str) -> Column:
        if name not in collection.columns:
            made = collection.columns[name] = Column(name, len(collection.columns))
            self.connection.execute(f"ALTER TABLE {collection.table} ADD COLUMN {made.stored} VARCHAR")
        return collection.columns[name]

    def file_of(self, source: CollectedBlob, *, first_generation: bool = False) -> int:
        """The number of a file, which is known from now on."""
        key = (source.blob.container, source.blob.name)
        if key not in self.files:
            self.files[key] = len(self.files)
            about = (
                str(self.files[key]),
                _storable(str(source.service)),
                _storable(source.model or None),
                _storable(source.model_version or None),
                source.day.isoformat(),
                str(_microseconds(source.start)),
                str(_microseconds(source.end)),
                str(not source.service.deployment),
                str(first_generation),
            )
            self._told.append(about)
        return self.files[key]


@contextmanager
def explained() -> Iterator[None]:
    """Turn what DuckDB says about its memory and its files into what a person can do about it."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise Failure(f"the rows cannot be held: {str(error).partition(chr(10))[0]}", hint=_CANNOT_HOLD) from None


def moment(microseconds: int | None) -> datetime | None:
    """The point in time that a `time` is."""
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _microseconds(time: datetime | None) -> int | None:
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1)


def _texts(column: Column, values: Sequence[Cell], *, typed: bool) -> list[str | None]:
    """The values as text; notes the sorts of the values beside."""
    if not typed:
        column.sorts.add("text")
        return [_storable(value) for value in values]  # type: ignore[arg-type]  # cells of v1 are texts
    kinds = set(map(type, values))
    column.sorts.update(_SORTS[kind] for kind in kinds if kind in _SORTS)
    if kinds <= {str, type(None)}:
        return [_storable(value) for value in values]  # type: ignore[arg-type]  # it has just been looked at
    return [_text(value) for value in values]


_SORTS: Final[dict[type, str]] = {bool: "bool", int: "int", float: "float", str: "str", list: "nested", dict: "nested"}


def _text(value: Cell) -> str | None:
    match value:
        case None:
            return None
        case str():
            return _storable(value)
        case float() if math.isnan(value):
            return None
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        case list() | dict():
            return json.dumps(value, separators=(",", ":"))  # ASCII: half of a surrogate pair stays what it is
        case _:
            return json.dumps(value)


def _storable(text: str | None) -> str | None:
    """Text as UTF-8 can hold it: half of a surrogate pair is written out."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
