"""Intervals of a range, and answers of any shape put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.errors import UsageError
from mlmon.core.model import Column, Table
from mlmon.core.ports import Dialect, Tables
from mlmon.core.timerange import TimeRange
from mlmon.monitoring.metrics import Calls, ExceptionKind, Interval, exceptions_by_kind, measure, starts, usual_interval

FIRST = datetime(1, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
THREE_HOURS = TimeRange(NOON - timedelta(minutes=30), NOON + 2 * HOUR)
SUMS = ("start", "calls", "failed", "corrected", "p50", "p95", "p99")
KINDS = ("start", "exceptionType", "exceptions", "firstTime", "lastTime")


@dataclass
class Answers:
    """Telemetry that answers what a test says, in turn; `asked` are the queries."""

    tables_: list[Table]
    asked: list[str] = field(default_factory=list)
    tables: Tables = field(default_factory=lambda: Tables(Dialect.CLASSIC))

    def __post_init__(self) -> None:
        self._next: Iterator[Table] = iter(self.tables_)

    def ask(self, question: Callable[[Tables], str], *, between: TimeRange | None = None) -> Table:
        assert between is not None
        self.asked.append(question(self.tables))
        return next(self._next)

    def ask_each(
        self, questions: Sequence[Callable[[Tables], str]], *, between: TimeRange | None = None
    ) -> Sequence[Table]:
        return [self.ask(question, between=between) for question in questions]


def table(names: tuple[str, ...], *rows: tuple[Any, ...], partial: str = "", advice: str = "") -> Table:
    return Table(tuple(Column(name, "dynamic") for name in names), rows, partial=partial, advice=advice)


NONE = table(SUMS, (None, 0, 0, 0, None, None, None))


@pytest.mark.parametrize(
    ("length", "every"),
    [
        (timedelta(seconds=5), timedelta(seconds=1)),
        (timedelta(hours=1), timedelta(minutes=1)),
        (timedelta(days=1), timedelta(minutes=30)),
        (timedelta(days=7), timedelta(hours=3)),
        (timedelta(days=30), timedelta(hours=12)),
        (timedelta(days=396), timedelta(days=7)),
        (timedelta(days=3650), timedelta(days=51)),
    ],
)
def test_a_range_is_divided_into_round_intervals_that_fit_side_by_side(length: timedelta, every: timedelta) -> None:
    assert usual_interval(TimeRange(NOON - length, NOON)) == every


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - made aware there
    st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
)
def test_intervals_are_those_of_bin_and_cover_the_range(first: datetime, length: timedelta) -> None:
    between = TimeRange(first, first + length)
    every = usual_interval(between)
    found = starts(between, every)
    assert len(found) <= 74
    assert all((start - FIRST) % every == timedelta(0) for start in found)
    assert all(after - start == every for start, after in pairwise(found))
    assert found[0] <= between.start < found[0] + every
    assert found[-1] < between.end <= found[-1] + every


def test_more_intervals_than_anybody_can_use_are_refused_before_anything_is_asked() -> None:
    telemetry = Answers([])
    with pytest.raises(UsageError) as refused:
        measure(telemetry, ["a"], TimeRange(NOON - timedelta(days=365), NOON), every=timedelta(minutes=1))  # type: ignore[arg-type]  # as much of telemetry as is used
    assert refused.value.message == "the range has 525600 intervals of this length, and 10000 is the most"
    assert telemetry.asked == []


def test_each_table_is_asked_once_and_every_interval_is_there() -> None:
    telemetry = Answers(
        [
            table(SUMS, (NOON, 5, 1, 0, 2.0, 9.5, 10), (None, 5, 1, 2, 2.0, 9.5, 10)),
            table(SUMS, (NOON + HOUR, 2, 0, 0, 1.0, 1.0, 1.0), (None, 2, 0, 0, 1.0, 1.0, 1.0)),
            table(
                KINDS,
                (NOON, "A", 1, NOON, NOON),
                (NOON, "B", 2, NOON, NOON),
                (NOON + HOUR, "A", 4, NOON + HOUR, NOON + HOUR),
            ),
        ]
    )
    found = measure(telemetry, ["a"], THREE_HOURS, every=HOUR)  # type: ignore[arg-type]  # as much of it as is used
    assert [text.split()[:4] for text in telemetry.asked] == [
        ["let", "seen", "=", "requests"],
        ["let", "seen", "=", "dependencies"],
        ["exceptions", "|", "where", "timestamp"],
    ]
    assert found.intervals == (
        Interval(NOON - HOUR),
        Interval(NOON, Calls(5, 1, 2.0, 9.5, 10.0), exceptions=3),
        Interval(NOON + HOUR, dependencies=Calls(2, 0, 1.0, 1.0, 1.0), exceptions=4),
    )
    assert (found.requests, found.dependencies) == (Calls(5, 1, 2.0, 9.5, 10.0), Calls(2, 0, 1.0, 1.0, 1.0))
    assert found.exceptions == (ExceptionKind("A", 5, NOON, NOON + HOUR), ExceptionKind("B", 2, NOON, NOON))
    assert (found.corrected, found.partial, found.empty) == (2, (), False)
    assert (found.requests.failure_rate, Calls().failure_rate) == (0.2, None)


def test_an_answer_that_was_cut_adds_up_what_it_has_and_says_so() -> None:
    cut = table(
        SUMS, (NOON, 5, 1, 0, 2.0, 3.0, 4.0), (NOON + HOUR, 1, 1, 0, 2.0, 2.0, 2.0), partial="cut", advice="ask"
    )
    telemetry = Answers([cut, cut, table(KINDS, partial="stopped")])
    found = measure(telemetry, ["a"], THREE_HOURS, every=HOUR)  # type: ignore[arg-type]  # as much of it as is used
    assert found.requests == Calls(6, 2)
    assert found.partial == ("cut; ask", "stopped")


@pytest.mark.parametrize("odd", ["many", None, True, [1], {"a": 1}, float("nan"), float("inf"), -1.5])
def test_cells_of_odd_shape_count_nothing(odd: object) -> None:
    telemetry = Answers(
        [
            table(SUMS, (NOON, odd, odd, odd, odd, odd, odd), (odd, 1, 1, 1, 1, 1, 1)),
            table(()),
            table(KINDS, (odd, odd, odd, odd, odd)),
        ]
    )
    found = measure(telemetry, ["a"], THREE_HOURS, every=HOUR)  # type: ignore[arg-type]  # as much of it as is used
    [at] = [one for one in found.intervals if one.start == NOON]
    assert (at.requests.count, at.requests.failed) == (0, 0)
    assert {at.requests.p50, at.requests.p95, at.requests.p99} <= {None, -1.5}
    assert [one.count for one in found.exceptions] == [0]


def test_exceptions_alone_are_one_query() -> None:
    telemetry = Answers([table(KINDS, (NOON, "", 2, NOON, NOON), (NOON, "A", 2, NOON, NOON), partial="cut")])
    found = exceptions_by_kind(telemetry, ["a"], THREE_HOURS)  # type: ignore[arg-type]  # as much of it as is used
    assert found == ((ExceptionKind("", 2, NOON, NOON), ExceptionKind("A", 2, NOON, NOON)), ("cut",))
    assert len(telemetry.asked) == 1


def test_nothing_at_all_is_empty() -> None:
    telemetry = Answers([NONE, NONE, table(KINDS)])
    found = measure(telemetry, ["a"], THREE_HOURS, every=HOUR)  # type: ignore[arg-type]  # as much of it as is used
    assert found.empty
    assert set(found.intervals) == {Interval(start) for start in starts(THREE_HOURS, HOUR)}
