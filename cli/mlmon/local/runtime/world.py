"""What a runtime takes from outside: time, identifiers, chance. Handed in, so that a run can be repeated exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4


def utc_now() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


def real_random() -> float:
    """A number from 0 (included) to 1 (not included)."""
    import random  # 5 ms that only scoring needs

    return random.random()  # noqa: S311 - it draws samples, not secrets


@dataclass(frozen=True, slots=True)
class World:
    """`clock` gives aware UTC times; `random` a number from 0 (included) to 1 (not included).

    Within one scoring call the clock is asked at the start, once for each printed text and each
    collected batch, and at the end; `random` is asked once.
    """

    clock: Callable[[], datetime] = utc_now
    ids: Callable[[], UUID] = uuid4
    random: Callable[[], float] = real_random
