"""A file of rows (csv, parquet or JSON lines, packed or not) as summaries, read once from its beginning to its end."""

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
from mlmon.drift.formats import LONGEST, Given, given, kind_of
from mlmon.drift.result import Kind
from mlmon.drift.summary import BASELINE_CAP, Summary
from mlmon.drift.tables import Table

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
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
        with _readable(self.path):
            return _with_room(self.table.connection, question)


def summarize_file(path: Path, kinds: Mapping[str, Kind], *, cap: int = BASELINE_CAP) -> dict[str, Summary]:
    """The summary of each column of a file; one that is not in `kinds` is counted only. Raises as `opened` does."""
    with opened(path) as file:
        return file.summaries(kinds, cap=cap)


def kinds_of_file(path: Path) -> dict[str, Kind]:
    """What each column of a file is. Raises as `opened` does."""
    with opened(path) as file:
        return file.kinds()


Watch = Callable[["duckdb.DuckDBPyConnection"], None]
"""Who is told of a connection before it is used."""


@contextmanager
def opened(path: Path, *, watch: Watch = lambda _: None) -> Iterator[Opened]:
    """A file, by the end of its name. Lines of text are held in a temporary folder, parquet is read where it is.

    Raises:
        NotFound: there is no such file.
        UsageError: it is none of these, or cannot be read.
        Failure: there is no room for its rows.
    """
    is_held = kind_of(path) != ".parquet"
    try:
        folder = TemporaryFolder.make()
    except OSError as error:
        raise Failure(f"there is no temporary folder: {error.strerror or error}", hint=_ROOM) from None
    try:
        with _connected(folder.path, is_held=is_held) as connection:
            watch(connection)
            with _readable(path):
                found = _given(connection, path)
            yield Opened(path, found.table, found.left_out)
    finally:
        folder.delete()


def _given(connection: duckdb.DuckDBPyConnection, path: Path) -> Given:
    """What is in a file, with little memory if that is enough."""
    import duckdb

    try:
        return given(connection, path, longest=_USUAL_LINE)
    except duckdb.InterruptException:
        raise
    except duckdb.Error:  # among other reasons a line is longer than that
        connection.execute(f"SET memory_limit = '{_MOST_MEMORY}'")
        return given(connection, path, longest=LONGEST)


def _with_room(connection: duckdb.DuckDBPyConnection, question: Callable[[], T]) -> T:
    """An answer, with more memory where it takes more."""
    import duckdb

    try:
        return question()
    except duckdb.OutOfMemoryException:
        connection.execute(f"SET memory_limit = '{_MOST_MEMORY}'")
        return question()


@contextmanager
def _connected(folder: Path, *, is_held: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb  # why here: 0.1 s that commands without rows need not pay

    connection = duckdb.connect(":memory:", config={"temp_directory": str(folder / "spilled")})
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
        if is_held:  # nobody opens these tables a second time
            connection.execute(f"ATTACH {_literal(str(folder / 'rows.duckdb'))} AS held (RECOVERY_MODE no_wal_writes)")
            connection.execute("USE held")
            # else what is let go of is given back to the system, and asked for again
            connection.execute(f"SET block_allocator_memory = '{_MEMORY}'")
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


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
