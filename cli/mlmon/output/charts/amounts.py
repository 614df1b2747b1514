"""Amounts on an axis: which round ones stand beside it, and how they are written."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from mlmon.output.cells import human_bytes, human_duration, human_number
from mlmon.output.results import FieldKind

_MOST_STEPS: Final = 4
_FUZZ: Final = 1e-9  # 0.3 / 0.1 is a little less than 3, and 0.7 / 0.1 a little more than 7
_BEYOND: Final = 1e300  # from here on the arithmetic of an axis leaves the numbers there are
_BELOW: Final = 1e-300
_MINUTES: Final = (10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0)
_HOURS: Final = (3600.0, 7200.0, 10800.0, 21600.0, 43200.0)
_DAY: Final = 86_400.0
_NO_MORE: Final = re.compile(r"\.0(?= )|(?<=[dhm])00[hms]$")  # of 5.0 MB, 2m00s


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `bottom` in `steps` steps of one round length; 0 is always on it."""

    bottom: float
    step: float
    steps: int

    def row(self, value: float, rows: int) -> float:
        """Where a value stands on `rows` rows, as a number from 0 (the bottom) to `rows`."""
        return min(max((value - self.bottom) / self.step * rows / self.steps - _FUZZ, 0.0), rows)

    @property
    def ticks(self) -> list[float]:
        """The round amounts, the lowest first."""
        return [self.bottom + self.step * at for at in range(self.steps + 1)]


def drawable(value: float | None) -> float | None:
    """The value, or None where there is none that an axis could have."""
    if value is None or not math.isfinite(value) or abs(value) > _BEYOND:
        return None
    return value if abs(value) >= _BELOW else 0.0


def scale_of(values: Iterable[float], kind: FieldKind) -> Scale:
    """The axis with the shortest round steps, of which there are at most four. Whole numbers have no steps below 1."""
    known = list(values)
    low, high = min(0.0, *known, 0.0), max(0.0, *known, 0.0)
    if low == high:
        return Scale(0.0, 1.0, 1)
    whole = kind != "duration" and all(value == int(value) for value in known)
    for step in _steps((high - low) / _MOST_STEPS, kind):
        below, above = math.ceil(-low / step - _FUZZ), math.ceil(high / step - _FUZZ)
        if below + above <= _MOST_STEPS and not (whole and step < 1):
            break
    return Scale(-below * step, step, below + above)


def _steps(least: float, kind: FieldKind) -> Iterator[float]:
    """Round lengths in order, beginning at or below `least`."""
    seconds = kind == "duration"
    days = seconds and least > _HOURS[-1]
    unit = _DAY if days else 1.0
    for power in count(math.floor(math.log10(least / unit))):
        for round_one in (1, 2, 5):
            step = round_one * unit * (10.0**power if power >= 0 else 1 / 10.0**-power)
            if seconds and not days and step >= _MINUTES[0]:
                yield from (*_MINUTES, *_HOURS, _DAY, 2 * _DAY)
                return
            yield step


def amount(value: float, kind: FieldKind) -> str:
    """The value as people read it elsewhere too."""
    if not math.isfinite(value):
        return human_number(value)
    if kind == "duration":
        return human_duration(value)
    return human_bytes(round(value)) if kind == "bytes" else human_number(value)


def tick_label(value: float, kind: FieldKind) -> str:
    """A round amount, short: `0`, `500ms`, `2m`, `20k`, `5 MB`."""
    if value == 0:
        return "0"
    if kind in {"bytes", "duration"}:
        return _NO_MORE.sub("", amount(value, kind))
    for unit, size, least in (("G", 1e9, 1e9), ("M", 1e6, 1e6), ("k", 1e3, 1e4)):
        if least <= abs(value) < 1e15:
            return f"{human_number(value / size)}{unit}"
    return human_number(value) if abs(value) < 1e15 else f"{value:.2g}"
