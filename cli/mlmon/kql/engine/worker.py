"""A query's work on a thread of its own, so that Ctrl-C is never lost.

Python raises `KeyboardInterrupt` on the main thread wherever that happens to be. Inside an extension module, above
all while one is being imported, it may be swallowed, or leave the module half made. So all the work is done
on another thread, and the one that asked does nothing but wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    import duckdb

_T = TypeVar("_T")
_HEARTBEAT: Final = 0.1  # seconds; how soon Ctrl-C is noticed on systems where waiting cannot be interrupted


class GivenUp(Exception):
    """Nobody waits for the work any more. Never leaves the worker's thread."""


class Worker(Generic[_T]):
    """Does one piece of work, with at most one connection to DuckDB, which it can be told to drop."""

    def __init__(self, work: Callable[[Worker[_T]], _T]) -> None:
        self._work = work
        self._answers: list[_T] = []
        self._failures: list[BaseException] = []
        # An event, because a thread whose join() was interrupted looks as if it had ended
        self._finished = threading.Event()
        self._given_up = threading.Event()
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def run(self) -> _T:
        """The work's answer. What the work raises is raised here.

        Raises:
            KeyboardInterrupt: after Ctrl-C, once the work has ended; after a second one at once.
        """
        thread = threading.Thread(target=self._attempt, daemon=True)
        try:
            thread.start()
            while not self._finished.wait(_HEARTBEAT):
                pass
        except KeyboardInterrupt:
            self._give_up(thread)
            raise
        for failure in self._failures:
            raise failure
        return self._answers[0]

    @contextmanager
    def connected(self, connect: Callable[[], duckdb.DuckDBPyConnection]) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for the work, closed when the block ends."""
        self.go_on()
        connection = connect()
        with self._lock:
            self._connection = connection
        try:
            self.go_on()
            yield connection
        finally:
            with self._lock:
                self._connection = None
            connection.close()

    def go_on(self) -> None:
        """Called by the work between its steps. Raises `GivenUp` when nobody waits any more."""
        if self._given_up.is_set():
            raise GivenUp

    def _attempt(self) -> None:
        try:
            self._answers.append(self._work(self))
        except BaseException as error:  # raised again on the thread that waits
            self._failures.append(error)
        finally:
            self._finished.set()

    def _give_up(self, thread: threading.Thread) -> None:
        self._given_up.set()
        # again and again: an interrupt between two statements is forgotten
        while thread.ident is not None and not self._finished.is_set():
            with self._lock:
                if self._connection is not None:
                    self._connection.interrupt()
            self._finished.wait(_HEARTBEAT)
