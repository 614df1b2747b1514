"""How often a log is asked for, and how many lines at a time.

Busy logs are asked for more often and for more lines, idle ones less often. What is known of Azure's limits: Resource
Manager lets one sign-in send some 200 requests at once to a subscription, and 10 a second for long. Following takes at
most half of that, however many services are followed, so that other commands still get through.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

REQUESTS_PER_SECOND: Final = 5.0
"""For all services together."""
_MARGIN: Final = 3.0
_SLOWER: Final = 1.5
_CALMER: Final = 0.7
_DEEPER: Final = 4
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_LONGEST_ASKED: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The bounds: seconds between two requests for one log, and lines that one request asks for."""

    shortest: float = 1.0
    longest: float = 5.0
    fewest: int = 500
    most: int = 50_000

    def shared_by(self, services: int) -> Pace:
        """The pace of each of so many services that are followed at once."""
        shortest = max(self.shortest, services / REQUESTS_PER_SECOND)
        return replace(self, shortest=shortest, longest=max(self.longest, shortest))


class Tempo:
    """How one log is asked for at the moment. It knows no clock: it is told what came, and after how many seconds."""

    def __init__(self, pace: Pace, *, jitter: Callable[[], float] = random.random) -> None:
        self._pace = pace
        self._jitter = jitter
        self._shortest = pace.shortest
        self._interval = pace.shortest
        self._rate = 0.0
        self._failures = 0
        self._deepens = True

    def lines(self, seconds: float) -> int:
        """How many lines to ask for so long after the last snapshot: three times as many as are expected."""
        expected = _MARGIN * self._rate * max(seconds, self._interval)
        wanted = self._pace.fewest
        while wanted < expected:
            wanted *= 2  # in steps: sizes that differ each time make it hard to see in --debug what goes on
        return min(wanted, self._pace.most)

    def deeper(self, asked: int) -> int | None:
        """How many lines to ask for at once, after a snapshot of `asked` that does not join; None: take it as it is.

        Once that was in vain it is not tried again before a snapshot has joined.
        """
        if asked >= self._pace.most or not self._deepens:
            self._deepens = False
            return None
        return min(asked * _DEEPER, self._pace.most)

    def brought(self, new: int, *, seconds: float, joins: bool = True) -> float:
        """Seconds to wait after a snapshot that brought so many lines and gaps, so long after the one before.

        `joins` is whether it was proven that nothing is missing.
        """
        self._failures = 0
        self._deepens = self._deepens or joins
        self._shortest = max(self._pace.shortest, self._shortest * _CALMER)
        self._rate = max(new / max(seconds, self._pace.shortest), self._rate * _CALMER)
        wanted = self._interval / 2 if new else self._interval * _SLOWER
        self._interval = min(max(wanted, self._shortest), self._pace.longest)
        return self._interval

    def failed(self, *, retry_after: float | None) -> float:
        """Seconds to wait after a request that failed: longer each time, and never less than the service asked for.

        One that asked for a pause is asked half as often for a while. An hour is the longest pause that is kept.
        """
        backing_off = min(_FIRST_PAUSE * 2.0 ** min(self._failures, 10), _LONGEST_PAUSE)
        self._failures += 1
        if retry_after is not None:
            self._shortest = min(2 * self._shortest, self._pace.longest)
        spread = 1 + self._jitter() / 4  # many who were refused at once shall not come back at once
        return max(backing_off, min(retry_after or 0.0, _LONGEST_ASKED)) * spread
