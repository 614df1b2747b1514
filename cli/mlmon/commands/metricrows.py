"""How `metrics` shows what it measured: charts and totals for people, a document and rows for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mlmon.core.model import Service
from mlmon.core.timerange import rfc3339
from mlmon.output.charts.amounts import tick_label
from mlmon.output.results import BarChart, Field, Record, Row, Rows, Series, Text, TimeChart

if TYPE_CHECKING:
    from mlmon.monitoring.metrics import Calls, ExceptionKind, Metrics

Part = Record | Rows | TimeChart | BarChart | Text

_BARS: Final = 10
"""Types of exceptions that are drawn by name; a service may make up as many as it likes."""

_REQUESTS: Final = ("requests", "failed", "failure_rate", "p50_ms", "p95_ms", "p99_ms")
_DEPENDENCIES: Final = (
    "dependencies",
    "dependency_failed",
    "dependency_failure_rate",
    "dependency_p50_ms",
    "dependency_p95_ms",
    "dependency_p99_ms",
)
_INTERVAL: Final = (
    Field("time", kind="time"),
    *(Field(key, kind="number") for key in (*_REQUESTS, *_DEPENDENCIES, "exceptions")),
)
_WHOLE: Final = (
    Field("service"),
    Field("from", kind="time"),
    Field("to", kind="time"),
    Field("every_seconds", kind="number"),
    *_INTERVAL[1:],
    Field("exception_types", kind="json"),
)
_KIND: Final = (
    Field("type"),
    Field("exceptions", kind="number"),
    Field("first", kind="time"),
    Field("last", kind="time"),
)
_TOTALS: Final = (
    Field("measure", header="total"),
    Field("count", kind="number"),
    Field("failed", kind="number"),
    Field("rate", header="failure rate", kind="number"),
    Field("p50", kind="duration"),
    Field("p95", kind="duration"),
    Field("p99", kind="duration"),
)


def document(service: Service, measured: Metrics) -> Record:
    """The totals, with a row for each interval; formats of rows carry the rows alone."""
    between = measured.between
    values: Row = {
        "service": str(service.name),
        "from": between.start,
        "to": between.end,
        "every_seconds": measured.every.total_seconds(),
        **_values(measured.requests, _REQUESTS),
        **_values(measured.dependencies, _DEPENDENCIES),
        "exceptions": sum(one.count for one in measured.exceptions),
        "exception_types": [
            {
                "type": one.name,
                "exceptions": one.count,
                "first": rfc3339(one.first) if one.first else None,
                "last": rfc3339(one.last) if one.last else None,
            }
            for one in measured.exceptions
        ],
    }
    rows: list[Row] = [
        {
            "time": one.start,
            **_values(one.requests, _REQUESTS),
            **_values(one.dependencies, _DEPENDENCIES),
            "exceptions": one.exceptions,
        }
        for one in measured.intervals
    ]
    return Record(_WHOLE, values, Rows(_INTERVAL, rows), rows_key="intervals")


def exception_rows(kinds: Sequence[ExceptionKind], *, empty: str) -> Rows:
    """A row for each type of exception."""
    rows: list[Row] = [
        {"type": one.name, "exceptions": one.count, "first": one.first, "last": one.last} for one in kinds
    ]
    return Rows(_KIND, rows, empty=empty)


def parts(measured: Metrics) -> tuple[Part, ...]:
    """What people see, one below the other: charts of what there is, and a table of totals."""
    return (*_charts(measured), *exception_bars(measured.exceptions), _totals(measured))


def watched(measured: Metrics) -> tuple[Part, ...]:
    """The same, what says most first: a window may be too low for all of it."""
    return (_totals(measured), *_charts(measured), *exception_bars(measured.exceptions))


def exception_bars(kinds: Sequence[ExceptionKind]) -> Iterator[BarChart]:
    """The most frequent types, and the others together; nothing where there are none."""
    if kinds:
        bars = [(one.name or "(no type)", float(one.count)) for one in kinds[:_BARS]]
        if others := kinds[_BARS:]:
            bars.append((f"{len(others)} other types", float(sum(one.count for one in others))))
        yield BarChart("exceptions by type", tuple(bars))


def length_text(length: timedelta) -> str:
    """`30m`, `1d`, `1m30s`."""
    return tick_label(length.total_seconds(), "duration")


def _charts(measured: Metrics) -> Iterator[TimeChart]:
    if measured.requests.count:
        yield from _of_calls(measured, "requests", [one.requests for one in measured.intervals])
    if measured.dependencies.count:
        yield from _of_calls(measured, "dependencies", [one.dependencies for one in measured.intervals])


def _of_calls(measured: Metrics, called: str, calls: Sequence[Calls]) -> Iterator[TimeChart]:
    """How many, how long they took, and which share failed if any did."""
    times = tuple(one.start for one in measured.intervals)
    counts = Series(called, tuple(one.count for one in calls))
    yield TimeChart(f"{called} in {length_text(measured.every)}", times, (counts,))
    latencies = (
        Series("p50", tuple(_seconds(one.p50) for one in calls)),
        Series("p95", tuple(_seconds(one.p95) for one in calls)),
        Series("p99", tuple(_seconds(one.p99) for one in calls)),
    )
    yield TimeChart(f"latency of {called}", times, latencies, "duration")
    if any(one.failed for one in calls):
        rates = Series("failed", tuple(_percent(one.failure_rate) for one in calls))
        yield TimeChart(f"{called} that failed, %", times, (rates,))


def _totals(measured: Metrics) -> Rows:
    rows: list[Row] = [
        _total("requests", measured.requests),
        _total("dependencies", measured.dependencies),
        {"measure": "exceptions", "count": sum(one.count for one in measured.exceptions)},
    ]
    return Rows(_TOTALS, rows)


def _total(measure: str, calls: Calls) -> Row:
    rate = _percent(calls.failure_rate)
    return {
        "measure": measure,
        "count": calls.count,
        "failed": calls.failed,
        "rate": None if rate is None else _rate_text(rate, calls),
        "p50": _seconds(calls.p50),
        "p95": _seconds(calls.p95),
        "p99": _seconds(calls.p99),
    }


def _rate_text(rate: float, calls: Calls) -> str:
    """Neither 0 where some failed nor 100 where some did not."""
    if calls.failed and rate < 0.1:
        return "<0.1%"
    return ">99.9%" if calls.failed < calls.count and rate > 99.9 else f"{rate:.1f}%"


def _values(calls: Calls, keys: Sequence[str]) -> dict[str, float | None]:
    amounts = (calls.count, calls.failed, calls.failure_rate, calls.p50, calls.p95, calls.p99)
    return dict(zip(keys, amounts, strict=True))


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
