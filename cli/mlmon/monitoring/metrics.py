"""What a service did over time: requests, calls to others and exceptions, in intervals of one length."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from mlmon.core.errors import UsageError
from mlmon.core.model import Table, Value
from mlmon.core.ports import Tables, Telemetry
from mlmon.core.timerange import TimeRange
from mlmon.kql import metrics as kql
from mlmon.kql.build import around

_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)  # where KQL's bins begin
_USUAL: Final = 72
"""Intervals of a range that nobody divided: they have room side by side in 80 columns."""
_MOST: Final = 10_000
_DAY: Final = timedelta(days=1)
_LENGTHS: Final = (
    *(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 15, 30)),
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 28)),
)


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests, or calls to others. Percentiles are milliseconds, None where there was no call."""

    count: int = 0
    failed: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None

    @property
    def failure_rate(self) -> float | None:
        """From 0 to 1; None where there was no call."""
        return self.failed / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Interval:
    """What happened from `start` on, as far as it lies in the range."""

    start: datetime
    requests: Calls = Calls()
    dependencies: Calls = Calls()
    exceptions: int = 0


@dataclass(frozen=True, slots=True)
class ExceptionKind:
    """Exceptions of one type, which the service chose."""

    name: str
    count: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Metrics:
    """A whole range. `exceptions` begins with the most frequent; `corrected` counts rows of requests that say something
    else than what happened; `partial` says what is missing from the answers, a sentence each."""

    between: TimeRange
    every: timedelta
    intervals: tuple[Interval, ...]
    requests: Calls
    dependencies: Calls
    exceptions: tuple[ExceptionKind, ...]
    corrected: int = 0
    partial: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all."""
        return not (self.requests.count or self.dependencies.count or self.exceptions)


def usual_interval(between: TimeRange) -> timedelta:
    """A round length that makes at most 72 intervals, or little more, of a range."""
    wanted = (between.end - between.start) / _USUAL
    return next((length for length in _LENGTHS if length >= wanted), math.ceil(wanted / _DAY) * _DAY)


def starts(between: TimeRange, every: timedelta) -> list[datetime]:
    """The starts of the intervals that have a part in the range: `bin(timestamp, every)` of each moment in it.

    Raises:
        UsageError: there are more than can be drawn or printed with any use.
    """
    first = (between.start - _FIRST) // every
    count = -((_FIRST - between.end) // every) - first
    if count > _MOST:
        raise UsageError(
            f"the range has {count} intervals of this length, and {_MOST} is the most",
            hint="choose a longer --every, or a shorter range",
        )
    return [_FIRST + every * (first + at) for at in range(count)]


def measure(telemetry: Telemetry, service: Sequence[str], between: TimeRange, *, every: timedelta) -> Metrics:
    """The metrics of the service that telemetry may call these names, in three queries.

    Raises:
        UsageError: too many intervals.
    """
    moments = starts(between, every)
    questions = [_question(query, service, between, every) for query in _QUERIES]
    tables = telemetry.ask_each(questions, between=around(between))
    requests, dependencies = (_calls_by_interval(table, moments, every) for table in tables[:2])
    raised: Counter[int | None] = Counter()
    for at, row in _placed(tables[2], moments, every):
        raised[at] += _count(row.get(kql.COUNT))
    return Metrics(
        between,
        every,
        tuple(
            Interval(start, requests.get(at, Calls()), dependencies.get(at, Calls()), raised[at])
            for at, start in enumerate(moments)
        ),
        _whole(requests),
        _whole(dependencies),
        _kinds(tables[2]),
        corrected=sum(_count(row.get(kql.CORRECTED)) for at, row in _placed(tables[0], moments, every) if at is None),
        partial=_partial(tables),
    )


def exceptions_by_kind(
    telemetry: Telemetry, service: Sequence[str], between: TimeRange
) -> tuple[tuple[ExceptionKind, ...], tuple[str, ...]]:
    """The exceptions of the range in one query, the most frequent first, and what `Metrics.partial` says of it."""
    question = _question(kql.exceptions_query, service, between, 365 * _DAY)
    table = telemetry.ask(question, between=around(between))
    return _kinds(table), _partial([table])


_Query = Callable[..., str]
_QUERIES: Final[tuple[_Query, ...]] = (kql.requests_query, kql.dependencies_query, kql.exceptions_query)


def _question(query: _Query, service: Sequence[str], between: TimeRange, every: timedelta) -> Callable[[Tables], str]:
    def written(tables: Tables) -> str:
        return query(service, between, every=every, tables=tables)

    return written


def _placed(
    table: Table, moments: Sequence[datetime], every: timedelta
) -> Iterator[tuple[int | None, Mapping[str, Value]]]:
    """Each row with the number of its interval, None for that of the whole range. One out of place is left out."""
    for row in table.records():
        start = row.get(kql.START)
        if start is None:
            yield None, row
        elif isinstance(start, datetime) and 0 <= (at := (start - moments[0]) // every) < len(moments):
            yield at, row


def _calls_by_interval(table: Table, moments: Sequence[datetime], every: timedelta) -> dict[int | None, Calls]:
    return {at: _calls(row) for at, row in _placed(table, moments, every)}


def _whole(found: Mapping[int | None, Calls]) -> Calls:
    """The row of the whole range; where an answer was cut before it, what the others add up to."""
    parts = [calls for at, calls in found.items() if at is not None]
    return found.get(None) or Calls(sum(one.count for one in parts), sum(one.failed for one in parts))


def _calls(row: Mapping[str, Value]) -> Calls:
    p50, p95, p99 = (_milliseconds(row.get(name)) for name in kql.PERCENTILES)
    return Calls(_count(row.get(kql.CALLS)), _count(row.get(kql.FAILED)), p50, p95, p99)


def _kinds(table: Table) -> tuple[ExceptionKind, ...]:
    """The rows of each type together, the most frequent first."""
    found: dict[str, ExceptionKind] = {}
    for row in table.records():
        name, count = str(row.get(kql.KIND) or ""), _count(row.get(kql.COUNT))
        known = found.get(name, ExceptionKind(name, 0, None, None))
        times = [known.first, known.last, *(row.get(key) for key in (kql.FIRST, kql.LAST))]
        moments = [moment for moment in times if isinstance(moment, datetime)]
        found[name] = ExceptionKind(name, known.count + count, min(moments, default=None), max(moments, default=None))
    return tuple(sorted(found.values(), key=lambda one: (-one.count, one.name)))


def _partial(tables: Sequence[Table]) -> tuple[str, ...]:
    said = ("; ".join(filter(None, (table.partial, table.advice))) for table in tables if table.partial)
    return tuple(dict.fromkeys(said))


def _count(value: Value) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _milliseconds(value: Value) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) else None
