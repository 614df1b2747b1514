"""A file of rows, or several as one, as summaries, read once from its beginning to its end."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from mlmon.collected.tables.temporary import TemporaryFolder
from mlmon.core.errors import Failure, UsageError
from mlmon.drift import sampling, tables
from mlmon.drift.formats import GIVEN, LONGEST, OBJECTS, Given, ending_of, given
from mlmon.drift.result import Kind
from mlmon.drift.summary import BASELINE_CAP, Summary
from mlmon.drift.tables import Table

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
Watch = Callable[["duckdb.DuckDBPyConnection"], None]
"""Who is told of a connection before it is used."""
_MEMORY: Final = "56MB"
_MOST_MEMORY: Final = "512MB"
"""Of files that have not enough of the former: those of many columns, or of long lines."""
_USUAL_LINE: Final = 1 << 20  # bytes, which hardly a line has
_HINT: Final = "see that it is what its name says"
_ROOM: Final = "TMPDIR names the folder that rows are held in"
_SETTINGS: Final = (
    f"SET memory_limit = '{_MEMORY}'",
    "SET threads = 1",  # a second one takes a third more CPU time, and as much memory again
    "SET TimeZone = 'UTC'",
    "SET enable_progress_bar = false",  # it would be among what is printed
    "SET autoinstall_known_extensions = false",
    "SET parquet_metadata_cache = true",  # each feature is a query of its own
    "SET enable_external_file_cache = false",  # what was read of a file is not asked for again
    "SET force_compression = 'uncompressed'",  # choosing one takes longer than writing the bytes
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What is being read, by the name that people know it by. `left_out` are columns that are no features."""

    name: str
    table: Table
    left_out: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.table.past - self.table.first

    def kinds(self) -> dict[str, Kind]:
        """What each feature is, in the order of the columns. Raises `UsageError` where the file cannot be read."""
        return self._asked(lambda: tables.kinds_in(self.table))

    def summaries(self, kinds: Mapping[str, Kind], *, cap: int = BASELINE_CAP) -> dict[str, Summary]:
        """The summary of each column, in their order; one that is not in `kinds` is counted only.

        Raises:
            UsageError: the file cannot be read.
        """
        found = self._asked(lambda: tables.summarize(self.table, kinds, cap=cap))
        return found.get(tables.ALL) or tables.nothing(self.table.columns, kinds, cap=cap)

    def sample(self, kinds: Mapping[str, Kind], *, most: int = sampling.ROWS) -> sampling.Sampled | None:
        """A sample of the rows that depends only on which rows there are; None where there is none.

        Features of `kinds` that are no column have no values in it.

        Raises:
            UsageError: the file cannot be read.
        """
        return self._asked(lambda: sampling.sample([self.table], kinds, most=most)).get(tables.ALL)

    def _asked(self, question: Callable[[], T]) -> T:
        """An answer, with more memory where it takes more."""
        import duckdb

        with readable(self.name):
            try:
                return question()
            except duckdb.OutOfMemoryException:
                give_room(self.table.connection)
                return question()


def summarize_file(path: Path, kinds: Mapping[str, Kind], *, cap: int = BASELINE_CAP) -> dict[str, Summary]:
    """The summary of each column of a file; one that is not in `kinds` is counted only. Raises as `opened` does."""
    with opened(path) as file:
        return file.summaries(kinds, cap=cap)


def kinds_of_file(path: Path) -> dict[str, Kind]:
    """What each column of a file is. Raises as `opened` does."""
    with opened(path) as file:
        return file.kinds()


@contextmanager
def opened(path: Path, *, watch: Watch = lambda _: None) -> Iterator[Opened]:
    """A file, by the end of its name. Lines of text are held in a temporary folder, parquet is read where it is.

    Raises:
        NotFound: there is no such file.
        UsageError: it is none of these, or cannot be read.
        Failure: there is no room for its rows.
    """
    with connected(is_held=ending_of(path) != ".parquet") as connection:
        watch(connection)
        found = placed(connection, path)
        yield Opened(path.name, found.table, found.left_out)


def placed(connection: duckdb.DuckDBPyConnection, path: Path, *, name: str = "") -> Given:
    """The rows of a file for DuckDB, which people know by its own name or another. Raises as `opened` does."""
    import duckdb

    with readable(name or path.name):
        try:
            return given(connection, path, longest=_USUAL_LINE)
        except duckdb.InterruptException:
            raise
        except duckdb.Error:  # among other reasons a line is longer than that
            give_room(connection)
            for table in (GIVEN, OBJECTS):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            return given(connection, path, longest=LONGEST)


def give_room(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection have as much memory as any may."""
    connection.execute(f"SET memory_limit = '{_MOST_MEMORY}'")


@contextmanager
def connected(*, is_held: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that holds rows, if there are to be such, in a folder of its own, gone afterwards.

    Raises `Failure` where there is no room.
    """
    import duckdb  # why here: 0.1 s that commands without rows need not pay

    try:
        folder = TemporaryFolder.make()
    except OSError as error:
        raise Failure(f"there is no temporary folder: {error.strerror or error}", hint=_ROOM) from None
    try:
        with duckdb.connect(":memory:", config={"temp_directory": str(folder.path / "spilled")}) as connection:
            for setting in _SETTINGS:
                connection.execute(setting)
            if is_held:
                # nobody opens these tables a second time
                rows = _literal(str(folder.path / "rows.duckdb"))
                connection.execute(f"ATTACH {rows} AS held (RECOVERY_MODE no_wal_writes)")
                connection.execute("USE held")
                # else what is let go of is given back to the system, and asked for again
                connection.execute(f"SET block_allocator_memory = '{_MEMORY}'")
            yield connection
    finally:
        folder.delete()


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what DuckDB says of a file into what a person can do about it: `Failure` or `UsageError`."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise Failure(f"{name!r} does not fit: {_first_line(error)}", hint=_ROOM) from None
    except (duckdb.Error, UnicodeDecodeError, OSError, EOFError, csv.Error) as error:
        raise UsageError(f"{name!r} cannot be read: {_first_line(error)}", hint=_HINT) from None


def _first_line(error: Exception) -> str:
    said = str(error).partition("\n")[0].removeprefix("Invalid Input Error: ").rstrip(" .")
    line = _AT_LINE.fullmatch(said)
    return f"line {line[1]} is not like the first" if line else said


_AT_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
