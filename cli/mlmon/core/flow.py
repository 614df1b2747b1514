"""What the readers of one pull share: requests at once, memory, and how fast bytes may come."""

from __future__ import annotations

import time
from threading import Condition, Event, Lock
from typing import Final

from mlmon.core.parallel import GivenUp

PARALLEL: Final = 64
"""Requests at once unless told otherwise. Where an answer takes 10 ms, waiting alone takes 6.3 s for 5 000 small blobs
with 8 of them, 1.6 s with 32 and 0.8 s with 64, which is less than two processors need for the rest."""
MEMORY: Final = 32 * 1024 * 1024
"""Bytes that may be in flight or wait for their turn, over all readers. With the copies that are made on the way, a
pull needs some two and a half times as much."""
_LARGEST_PIECE: Final = 1024 * 1024
_SMALLEST_PIECE: Final = 64 * 1024
_PULSE_SECONDS: Final = 0.1
_BITS: Final = 8
_MEGA: Final = 1_000_000


class Flow:
    """A reader enters before each request and leaves when it has handed out what came. Several threads may use it.

    `parallel` is how many may be in at once, `cap_mbps` how many megabits a second they may have together (a million
    bits each, as azcopy counts them), None as many as there are. Setting `stop` ends every wait.
    `piece` is the most bytes to ask for in one request.
    """

    def __init__(self, *, parallel: int = PARALLEL, cap_mbps: float | None = None, stop: Event | None = None) -> None:
        if parallel < 1 or (cap_mbps is not None and cap_mbps <= 0):
            raise ValueError("a flow lets something through")
        self.parallel: Final = parallel
        self.stop: Final = stop or Event()
        self._rate = cap_mbps * _MEGA / _BITS if cap_mbps else 0.0
        self.piece: Final = _piece(self._rate)
        self._changed = Condition(Lock())
        self._places = parallel
        self._room = MEMORY
        self._waiting = 0
        self._free_at = 0.0

    def enter(self, size: int, *, wait: bool = True) -> bool:
        """Be one of those that are in, with so many bytes (at most `piece`); False where there is no room, and `wait`
        is false. Raises `GivenUp`."""
        with self._changed:
            while not self._places or size > self._room:
                if not wait:
                    return False
                self._wait()
            self._places -= 1
            self._room -= size
            return True

    def leave(self, size: int) -> None:
        """Make room for another one."""
        with self._changed:
            self._places += 1
            self._room += size
            if self._waiting:
                self._changed.notify_all()  # the one that waits longest may need more room than there is

    def pace(self, count: int) -> None:
        """Wait until so many bytes may be asked for. Raises `GivenUp`."""
        if not self._rate:
            return
        with self._changed:
            now = time.monotonic()
            begin = max(now, self._free_at)
            self._free_at = begin + count / self._rate
        if self.stop.wait(begin - now):
            raise GivenUp

    def _wait(self) -> None:
        if self.stop.is_set():
            raise GivenUp
        self._waiting += 1
        try:
            self._changed.wait(_PULSE_SECONDS)
        finally:
            self._waiting -= 1


def _piece(rate: float) -> int:
    """With a cap, pieces of a quarter of a second: what is asked for comes as fast as the network can."""
    return max(_SMALLEST_PIECE, min(_LARGEST_PIECE, int(rate / 4))) if rate else _LARGEST_PIECE
