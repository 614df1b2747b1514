"""Logs that are followed: one or several, for ever, through everything that passes."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Final

from mlmon.core.errors import Interrupted, MlmonError, Unavailable, UsageError
from mlmon.core.follow import Follower, Gap
from mlmon.core.model import LogSnapshot
from mlmon.monitoring.asking import Answer, Asking, Source, Threads
from mlmon.monitoring.pacing import Pace, Tempo

WHOLE_LOG: Final = 10**8
"""More lines than any log has."""
_AROUND_BACKFILL: Final = 200
_PULSE_SECONDS: Final = 0.1  # so soon `stop` is seen; and a wait without an end can miss Ctrl-C, see core.parallel


@dataclass(frozen=True, slots=True)
class Trouble:
    """The log cannot be read just now; it is tried again in `pause` seconds. Said once for all that fail alike."""

    message: str
    hint: str
    pause: float


@dataclass(frozen=True, slots=True)
class Recovered:
    """The log is read again, so many seconds after the trouble began."""

    after: float


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """What the service says about the container, when it is not what it said before. It is no part of the log."""

    text: str


@dataclass(frozen=True, slots=True)
class Polled:
    """All is told that one snapshot brought: so many lines. After one that brought none, whoever still holds lines
    back, to fold them into records, may take them for complete."""

    lines: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The last line as far as it is written by now; "" when there is none any more. It comes as a line once it has its
    end, which may be never."""

    text: str


Happening = str | Gap | Trouble | Recovered | StatusChanged | Polled | Unfinished


@dataclass(frozen=True, slots=True)
class Followed:
    """One thing that happened in one service's log: a line (without its end), or something about the lines."""

    service: str
    event: Happening


def follow(
    sources: Mapping[str, Source],
    *,
    tail: int | None,
    duration: float | None = None,
    pace: Pace | None = None,
    stop: Event | None = None,
    asking: Asking | None = None,
    tempo: Callable[[Pace], Tempo] = Tempo,
) -> Generator[Followed, None, None]:
    """What happens in the logs of these services, as it is seen, until `duration` seconds are over or `stop` is set.

    It begins with the last `tail` lines of each (None: with all there are). There is never more than one request under
    way for one service. The lines of one service come in their order; those of several as their snapshots arrive.
    Leaving the iterator early (Ctrl-C, or `close`) waits for nothing.

    Raises:
        MlmonError: none of the services could ever be read, and each said that it is no passing fault. Whatever else
            goes wrong is `Trouble`, and asked again: a sign-in that lapsed or a service that is deployed anew, too.
    """
    desk = asking or Threads(sources)
    each = (pace or Pace()).shared_by(len(sources))
    watched = {name: _Watched(name, tempo(each), tail=tail, due=desk.now()) for name in sources}
    end = math.inf if duration is None else desk.now() + duration
    try:
        while watched and not (stop and stop.is_set()) and desk.now() < end:
            for one in watched.values():
                if one.due <= desk.now():
                    desk.ask(one.name, one.begin())
            soonest = min(end, *(one.due for one in watched.values()), desk.now() + _PULSE_SECONDS)
            answer = desk.answer(within=soonest - desk.now())
            if answer:
                happened = list(watched[answer.service].take(answer, now=desk.now()))
                _raise_if_hopeless(watched.values())  # before anybody is told that it is tried again
                yield from happened
    finally:
        desk.close()


class _Watched:
    """One service's log on the way: what is known of it, and when it is asked for again."""

    def __init__(self, name: str, tempo: Tempo, *, tail: int | None, due: float) -> None:
        self.name = name
        self.due = due
        """When it is asked for; never while a request is under way."""
        self.hopeless: MlmonError | None = None
        """Why it can never be read, as far as anybody can tell; None once it was."""
        self._tempo = tempo
        self._tail = tail
        self._follower = Follower()
        self._read_at: float | None = None
        self._failing_since: float | None = None
        self._complaint = ""
        self._status = ""
        self._unfinished = ""
        self._lines = WHOLE_LOG if tail is None else tail + _AROUND_BACKFILL

    def begin(self) -> int:
        """How many lines to ask for now."""
        now, self.due = self.due, math.inf
        if self._read_at is None:
            return max(self._lines, self._tempo.lines(0.0))
        return max(self._lines, self._tempo.lines(now - self._read_at))

    def take(self, answer: Answer, *, now: float) -> Iterator[Followed]:
        """What an answer brings. Sets when the next is due."""
        found = answer.outcome
        events = self._failed(found, now) if isinstance(found, MlmonError) else self._read(found, answer.asked, now)
        for event in events:
            yield Followed(self.name, event)

    def _failed(self, error: MlmonError, now: float) -> Iterator[Happening]:
        if isinstance(error, UsageError | Interrupted):
            raise error
        if self._read_at is None and not isinstance(error, Unavailable):
            self.hopeless = error
        pause = self._tempo.failed(retry_after=error.retry_after if isinstance(error, Unavailable) else None)
        self.due = now + pause
        if self._failing_since is None:
            self._failing_since = now
        if error.message != self._complaint:
            self._complaint = error.message
            yield Trouble(error.message, error.hint, pause)

    def _read(self, snapshot: LogSnapshot, asked: int, now: float) -> Iterator[Happening]:
        yield from self._recovered(now)
        if snapshot.status != self._status:
            self._status = snapshot.status
            yield StatusChanged(snapshot.status)
        # the half of a line would be one line, and the whole another
        whole = len(snapshot.lines) - snapshot.unfinished
        lines, rest = snapshot.lines[:whole], "".join(snapshot.lines[whole:])
        counted = asked - snapshot.left_out - snapshot.unfinished
        joins = self._follower.continues(lines, asked=counted)
        deeper = None if joins or len(lines) < counted else self._tempo.deeper(asked)
        if deeper:
            self._lines, self.due = deeper, now
            return
        yield from self._told(self._follower.feed(lines, asked=counted), now, joins=joins)
        if rest != self._unfinished:
            self._unfinished = rest
            yield Unfinished(rest)

    def _told(self, found: list[str | Gap], now: float, *, joins: bool) -> Iterator[Happening]:
        first = self._read_at is None
        seconds = now - (now if self._read_at is None else self._read_at)
        self._read_at, self._lines = now, 0
        # what was written before anybody looked says nothing about how much is written now
        self.due = now + self._tempo.brought(0 if first else len(found), seconds=seconds, joins=joins)
        shown = found[max(0, len(found) - self._tail) :] if first and self._tail is not None else found
        yield from shown
        yield Polled(sum(isinstance(each, str) for each in shown))

    def _recovered(self, now: float) -> Iterator[Happening]:
        self.hopeless = None
        if self._failing_since is not None:
            since, self._failing_since, self._complaint = self._failing_since, None, ""
            yield Recovered(now - since)


def _raise_if_hopeless(watched: Iterable[_Watched]) -> None:
    reasons = [one.hopeless for one in watched]
    if reasons[0] and all(reasons):
        raise reasons[0]
