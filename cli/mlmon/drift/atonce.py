"""Two files read at once, each by a thread: most of the work is that of DuckDB and numpy, outside Python's lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, TypeVar

from mlmon.core.parallel import map_bounded

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")
R = TypeVar("R")
_PULSE_SECONDS: Final = 0.05


class Together:
    """Threads that work on files by connections; where one of them fails, or on Ctrl-C, the others are interrupted."""

    def __init__(self) -> None:
        self._connections: list[duckdb.DuckDBPyConnection] = []

    def watch(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Have a connection interrupted as soon as its work is in vain."""
        self._connections.append(connection)

    def map(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """`work` of every item. Raises what the first of them raises that fails, in their order."""
        ended, in_vain = Event(), Event()
        watcher = Thread(target=self._interrupt, args=(ended, in_vain))
        watcher.start()
        try:
            with closing(map_bounded(work, items, workers=len(items), stop=in_vain)) as found:
                return [*found]
        finally:
            ended.set()
            in_vain.set()
            watcher.join()

    def _interrupt(self, ended: Event, in_vain: Event) -> None:
        import duckdb  # why here: as in `reading`

        in_vain.wait()
        while not ended.wait(_PULSE_SECONDS):  # each time only what a connection is at is interrupted
            for connection in self._connections:
                with suppress(duckdb.Error):  # of one that is closed already
                    connection.interrupt()
