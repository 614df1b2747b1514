"""What the demo's clients send: thirteen months of patients, two of whose measurements drift from a known day on.

Everything comes from one seed and the date, so that two demos made on one day are alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from mlmon.core.model import ServiceName
from mlmon.core.timerange import day_start

V1: Final = ServiceName("diabetes")
V2: Final = ServiceName("diabetes-v2", "blue")
DRIFTED: Final = {"bmi": 3.0, "bp": 9.0}
"""How much the drifting features rise: two thirds of a standard deviation of the training data each."""

_SEED: Final = 442
_FAILING: Final = 0.02
_MOST_ROWS: Final = 6
_DRIFT_AGE_DAYS: Final = 60
_V1_HOURS: Final = range(7, 19)
_V2_HOURS: Final = (8, 12, 16)  # one blob an hour and collection: few hours keep the demo small


@dataclass(frozen=True, slots=True)
class Call:
    """One request: when it arrives, where, its body, and how long the service takes."""

    at: datetime
    service: ServiceName
    body: str
    takes: timedelta


def first_day(today: date) -> date:
    """Thirteen months before today."""
    year, month = divmod(today.year * 12 + today.month - 1 - 13, 12)
    return date(year, month + 1, min(today.day, 28))


def drift_day(today: date) -> date:
    """The day on which the drift begins."""
    return today - timedelta(days=_DRIFT_AGE_DAYS)


def calls(features: Sequence[str], patients: Sequence[Sequence[float]], *, today: date) -> Iterator[Call]:
    """Every request from thirteen months ago to the end of yesterday, in order of time.

    Args:
        features: column names.
        patients: rows to draw from, in the order of `features`.
        today: the day before which the history ends.
    """
    random = Random(f"{_SEED} {today}")  # noqa: S311 - a repeatable history, no secret
    rises = [DRIFTED.get(feature, 0.0) for feature in features]
    day = first_day(today)
    while day < today:
        drifts = day >= drift_day(today)
        yield from _day(day, random, patients, rises if drifts else [0.0] * len(features))
        day += timedelta(days=1)


def _day(day: date, random: Random, patients: Sequence[Sequence[float]], rises: Sequence[float]) -> Iterator[Call]:
    busy = 1.0 if day.weekday() < 5 else 0.5
    moments = [(_moment(day, random, random.choice(_V1_HOURS)), V1) for _ in range(round(random.uniform(8, 14) * busy))]
    moments += [
        (_moment(day, random, random.choice(_V2_HOURS)), V2) for _ in range(round(random.uniform(6, 12) * busy))
    ]
    for at, service in sorted(moments):
        rows = [_patient(random, patients, rises) for _ in range(random.randint(1, _MOST_ROWS))]
        yield Call(at, service, _body(rows, random), timedelta(milliseconds=random.lognormvariate(3.0, 0.5)))


def _moment(day: date, random: Random, hour: int) -> datetime:
    return day_start(day).astimezone(UTC) + timedelta(hours=hour, milliseconds=random.randrange(3_600_000))


def _patient(random: Random, patients: Sequence[Sequence[float]], rises: Sequence[float]) -> list[float]:
    return [round(value + rise, 4) for value, rise in zip(random.choice(patients), rises, strict=True)]


def _body(rows: list[list[float]], random: Random) -> str:
    """JSON, now and then as a careless client writes it: a measurement short, or broken off."""
    chance = random.random()
    if chance < _FAILING / 2:
        rows = [row[:-1] for row in rows]
    text = json.dumps({"data": rows})
    return text[: len(text) // 2] if _FAILING / 2 <= chance < _FAILING else text
