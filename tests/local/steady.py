"""Time, identifiers and chance that are the same in every run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that moves on by `step` each time it is looked at."""

    def __init__(self, now: datetime = NOON, *, step: timedelta = timedelta(milliseconds=5)) -> None:
        self.now = now
        self.step = step

    def __call__(self) -> datetime:
        shown = self.now
        self.now += self.step
        return shown


def counted_ids(start: int = 1) -> Callable[[], UUID]:
    """UUIDs that count up: …0001, …0002."""
    numbers = count(start)
    return lambda: UUID(int=next(numbers))


def lots(*draws: float) -> Callable[[], float]:
    """The given lots in turn, again and again."""
    numbers = count()
    return lambda: draws[next(numbers) % len(draws)]
