"""Asking several logs for snapshots at once, without ever waiting longer for one than a person waits for Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from mlmon.core.errors import MlmonError
from mlmon.core.model import LogSnapshot
from mlmon.core.parallel import Crew

Source = Callable[[int], LogSnapshot]
"""The last so many lines of one log; raises as `core.ports.Logs.snapshot`."""

_MOST_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: a snapshot of the last `asked` lines, or why there is none."""

    service: str
    asked: int
    outcome: LogSnapshot | MlmonError


class Asking(Protocol):
    """Where requests go and answers come from, and what time it is there."""

    def now(self) -> float:
        """Seconds since some moment."""

    def ask(self, service: str, lines: int) -> None:
        """Begin a request."""

    def answer(self, *, within: float) -> Answer | None:
        """The next answer to any of the requests; None when none came within so many seconds.

        Raises whatever a source raised that is no `MlmonError`.
        """

    def close(self) -> None:
        """Begin no more. Requests that are under way are not waited for: they only read."""


class Threads:
    """`Asking` in threads, which are daemons: a request that hangs holds up nobody's end."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        from queue import SimpleQueue

        self._sources = sources
        self._answers: SimpleQueue[Answer | Exception] = SimpleQueue()
        self._crew = Crew(self._fetch, min(max(1, len(sources)), _MOST_AT_ONCE))

    def now(self) -> float:
        return time.monotonic()

    def ask(self, service: str, lines: int) -> None:
        self._crew.begin((service, lines))

    def answer(self, *, within: float) -> Answer | None:
        from queue import Empty

        try:
            found = self._answers.get(timeout=max(0.0, within))
        except Empty:
            return None
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        self._crew.leave()

    def _fetch(self, request: tuple[str, int]) -> None:
        service, lines = request
        try:
            self._answers.put(Answer(service, lines, self._sources[service](lines)))
        except MlmonError as error:
            self._answers.put(Answer(service, lines, error))
        except Exception as error:
            self._answers.put(error)  # a fault of ours: it ends the program where it is seen
