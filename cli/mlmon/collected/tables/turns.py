"""Who may work beside others, and who has to be alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, Semaphore


class Turns:
    """At most `workers` threads at once, or one by itself. Nobody asks twice."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._free = Semaphore(workers)
        self._first = Lock()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Beside others."""
        with self._free:
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """With nobody beside."""
        with self._first, ExitStack() as taken:  # two that wait for all places would wait for each other
            for _ in range(self._workers):
                taken.enter_context(self._free)
            yield
