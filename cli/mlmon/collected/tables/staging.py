"""Collected rows in DuckDB, on disk where they are more than fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from mlmon.collected.records import Block
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.tables.celltexts import as_texts, storable
from mlmon.collected.tables.parts import DIGEST, LOAD_BITS, PLACE_BITS, SHARED, Collection, Part
from mlmon.collected.tables.temporary import TemporaryFolder
from mlmon.collected.tables.within import microseconds
from mlmon.core.errors import Failure

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

_USUAL_MB: Final = 128
_MEMORY: Final = f"{_USUAL_MB}MB"
_USUAL_COLUMNS: Final = 100
_MB_A_COLUMN: Final = 0.4
_MOST_MB: Final = 2048
_CANNOT_HOLD: Final = "TMPDIR names the folder that they are held in; or choose a shorter range"
_TOO_WIDE: Final = "choose a shorter range, or one collection with --collection"

_SETTINGS: Final = (
    "SET threads = 1",  # a query; those that take long run two at once
    "SET TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
    "SET force_compression = 'uncompressed'",  # choosing one takes longer than writing the bytes
    "PRAGMA disable_checkpoint_on_shutdown",  # nobody opens these tables a second time
    """CREATE TABLE files (file INTEGER, service VARCHAR, model VARCHAR, version VARCHAR, day VARCHAR,
                         first BIGINT, past BIGINT, v1 BOOLEAN, first_generation BOOLEAN)""",
)


class NoRoom(Failure):
    """DuckDB needs more memory than it may take."""


@dataclass(slots=True)
class Staging:
    """The tables, and the files that their rows come from (a row's `file` is the place in `files`).

    `megabytes` is the memory that DuckDB may take. DuckDB works on 2048 rows at once, so rows of very many columns
    need more than others: it rises with them, and with nothing else.
    """

    connection: duckdb.DuckDBPyConnection
    _folder: TemporaryFolder
    megabytes: int
    collections: dict[str, Collection] = field(default_factory=dict)
    files: dict[tuple[str, str], int] = field(default_factory=dict)
    _told: list[tuple[str | None, ...]] = field(default_factory=list)
    _loads: int = 0

    @classmethod
    def open(cls, *, memory: str = _MEMORY) -> Staging:
        """Empty tables, in a folder of their own that is gone when they are closed. DuckDB begins with `memory`.

        Raises:
            Failure: the folder cannot be made.
        """
        import duckdb  # why here: 0.1 s that other commands on collected data need not pay

        try:
            folder = TemporaryFolder.make()
        except OSError as error:
            raise Failure(f"there is no temporary folder: {error.strerror or error}", hint=_CANNOT_HOLD) from None
        connection = duckdb.connect(":memory:", config={"temp_directory": str(folder.path / "spilled")})
        # a log of tables that nobody opens a second time would be synced with every load
        place = str(folder.path / "rows.duckdb").replace("'", "''")
        connection.execute(f"ATTACH '{place}' AS staged (RECOVERY_MODE no_wal_writes)")
        connection.execute("USE staged")
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.execute(f"SET memory_limit = '{memory}'")
        # else what is let go of is given back to the system, and asked for again
        connection.execute(f"SET block_allocator_memory = '{memory}'")
        return cls(connection, folder, int(memory.removesuffix("MB")))

    @property
    def folder(self) -> Path:
        """Where more files may stand as long as the tables do."""
        return self._folder.path

    def with_room(self, work: Callable[[], T]) -> T:
        """What `work` returns, which is begun again with half as much memory more as long as it needs more.

        Raises:
            NoRoom: it needs more than there is for anything.
        """
        while True:
            given = self.megabytes
            try:
                return work()
            except NoRoom:
                if given >= _MOST_MB:
                    raise
                self._allow(given * 3 // 2)  # to be shared with others that needed more at the same time

    def _allow_for(self, columns: int) -> None:
        wanted = _USUAL_MB + int(max(0, columns - _USUAL_COLUMNS) * _MB_A_COLUMN)
        if columns > _USUAL_COLUMNS:
            self._allow(wanted)

    def _allow(self, megabytes: int) -> None:
        """Let DuckDB take as much, where that is more than it may. Any thread may ask, so that none uses another's
        connection."""
        if megabytes > self.megabytes:
            self.megabytes = min(megabytes, _MOST_MB)
            with self.connection.cursor() as connection:
                connection.execute(f"SET memory_limit = '{self.megabytes}MB'")

    def discard(self, prefix: str) -> None:
        """Drop the tables whose names begin so."""
        found = self.connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, $1)", [prefix]
        ).fetchall()
        for (name,) in found:
            self.connection.execute(f"DROP TABLE {name}")

    def close(self) -> None:
        """Let go of the tables and their folder. Harmless a second time."""
        self.connection.close()
        self._folder.delete()

    def collection(self, name: str, *, v1: bool) -> Collection:
        """A collection by its name, made when it is not there."""
        number = max((one.number for one in self.collections.values()), default=-1) + 1
        return self.collections.setdefault(name, Collection(name, v1, number))

    def next_load(self) -> int:
        """The number of what is loaded next: it rises in order of collection."""
        self._loads += 1
        return self._loads << LOAD_BITS

    def empty(self, name: str, *, v1: bool) -> None:
        """A collection that has no rows: others have no partners in it.

        Raises:
            Failure: the disk is full.
        """
        collection = self.collection(name, v1=v1)
        with explained():
            self._texts_of(collection, (), 0)
        self.settle(collection)

    def forget(self, collection: Collection) -> None:
        """Drop what was loaded of a collection."""
        for part in collection.parts:
            self.connection.execute(f"DROP TABLE {part.table}")
        collection.parts.clear()

    def add(self, collection: Collection, block: Block, *, first: int) -> None:
        """Add rows that were read one by one, the lines counted from the row number `first` on.

        Raises:
            Failure: the disk is full.
        """
        if not len(block):
            return
        file = self.file_of(block.source, first_generation=block.first_generation)
        collection.row_bytes = max(collection.row_bytes, block.size // len(block))
        rows = [self._number(collection, first, *at) for at in zip(block.lines, block.positions, strict=True)]
        runs = [row - place for row, place in zip(rows, block.positions, strict=True)]
        if collection.v1:
            runs = _runs(rows, [*zip(block.times, block.requests, block.correlations, strict=True)])
        with explained():
            part = self._texts_of(collection, block.names, rows[0])
            cells = [
                as_texts(part.sorts[name], values, typed=not collection.v1)
                for name, values in zip(block.names, block.columns, strict=True)
            ]
            shared: list[Sequence[int | str | None]] = [
                [None if time is None else microseconds(time) for time in block.times],
                *([storable(text) for text in texts] for texts in (block.requests, block.correlations)),
                [storable(text) for text in block.versions],
                [text if place == 0 else None for text, place in zip(block.digests, block.positions, strict=True)],
            ]
            self._insert(part, block.names, [rows, runs, [file] * len(rows), *shared, *cells])

    def settle(self, collection: Collection) -> None:
        """Make the table of a collection's runs. Nothing is added afterwards.

        Raises:
            Failure: the disk is full.
        """
        self._allow_for(sum(len(one.names) for one in self.collections.values()))
        shared = ", ".join(SHARED)
        tables = [one.table for one in collection.parts]
        heads = " UNION ALL ".join(f"SELECT run, {shared} FROM {one} WHERE n = run" for one in tables)
        lengths = " UNION ALL ".join(f"SELECT run FROM {one}" for one in tables)
        with explained():
            self.connection.execute(
                f"""CREATE TABLE {collection.runs} AS SELECT run, len, {shared} FROM ({heads})
                    JOIN (SELECT run, count(*) AS len FROM ({lengths}) GROUP BY run) USING (run)"""
            )

    def settle_files(self) -> None:
        """Make the table of the files."""
        if self._told:
            lists = ", ".join(f"unnest(${at}::VARCHAR[])" for at in range(1, len(self._told[0]) + 1))
            with explained():
                self.connection.execute(
                    f"INSERT INTO files SELECT {lists}", [list(one) for one in zip(*self._told, strict=True)]
                )
            self._told.clear()

    def file_of(self, source: CollectedBlob, *, first_generation: bool = False) -> int:
        """The number of a file, which is known from now on."""
        key = (source.blob.container, source.blob.name)
        if key not in self.files:
            self.files[key] = len(self.files)
            about = (
                str(self.files[key]),
                storable(str(source.service)),
                storable(source.model or None),
                storable(source.model_version or None),
                source.day.isoformat(),
                str(microseconds(source.start)),
                str(microseconds(source.end)),
                str(not source.service.deployment),
                str(first_generation),
            )
            self._told.append(about)
        return self.files[key]

    def _number(self, collection: Collection, first: int, line: int, place: int) -> int:
        if collection.v1:
            return first + line
        if line >> (LOAD_BITS - PLACE_BITS) or place >> PLACE_BITS:
            raise Failure("this is more than one dataset can hold", hint="choose a shorter range")
        return first + (line << PLACE_BITS) + place

    def _texts_of(self, collection: Collection, names: Sequence[str], row: int) -> Part:
        """The table of texts, with columns of these names."""
        part = next((one for one in collection.parts if not one.typed), None)
        if part is None:
            part = Part(f"texts{collection.number}", typed=False)
            columns = ", ".join(" ".join(one) for one in SHARED.items())
            self.connection.execute(f"CREATE TABLE {part.table} (n BIGINT, run BIGINT, {columns})")
            collection.parts.append(part)
        for name in names:
            if name not in part.stored:
                stored = f"c{len(part.stored)}"
                self.connection.execute(f"ALTER TABLE {part.table} ADD COLUMN {stored} VARCHAR")
                part.stored[name] = stored
                part.sorts[name] = set()
                part.first[name] = row
        return part

    def _insert(self, part: Part, names: Sequence[str], values: Sequence[Sequence[int | str | None]]) -> None:
        stored = [part.stored[name] for name in names]
        kinds = ["BIGINT", "BIGINT", *SHARED.values(), *("VARCHAR" for _ in names)]
        kinds[1 + len(SHARED)] = "VARCHAR"  # the digest's text
        lists = [f"unnest(${at}::{kind}[])" for at, kind in enumerate(kinds, 1)]
        columns = ["n", "run", *SHARED, *stored]
        given = ", ".join(f"{one} AS {name}" for one, name in zip(lists, columns, strict=True))
        # unnesting a list for each column is a hundred times faster than executemany
        self.connection.execute(
            f"""INSERT INTO {part.table} ({", ".join(columns)})
                SELECT * REPLACE (CASE WHEN digest IS NOT NULL THEN {DIGEST.format("digest")} END AS digest)
                FROM (SELECT {given})""",
            list(values),
        )


@contextmanager
def explained() -> Iterator[None]:
    """Turn what DuckDB says about its memory and its files into what a person can do about it."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise NoRoom(f"the rows need more memory than there is: {_said(error)}", hint=_TOO_WIDE) from None
    except duckdb.IOException as error:
        raise Failure(f"the rows cannot be held: {_said(error)}", hint=_CANNOT_HOLD) from None


def _said(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _runs(rows: Sequence[int], shared: Sequence[object]) -> list[int]:
    """The run of each row: it goes on as long as the rows follow one another and share the same."""
    runs: list[int] = []
    for at, row in enumerate(rows):
        goes_on = at > 0 and row == rows[at - 1] + 1 and shared[at] == shared[at - 1]
        runs.append(runs[-1] if goes_on else row)
    return runs
