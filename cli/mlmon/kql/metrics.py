"""What a service did, in intervals of one length: a query for each table, written for both dialects.

Rows that stand for several, because the rest was sampled away, weigh as many, in counts and in percentiles. Intervals
are those of `bin`, which begin at 0001-01-01; one that nothing happened in has no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from mlmon.core.ports import Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.build import kql_timespan, of_service, rows_of
from mlmon.kql.dialect import Names
from mlmon.kql.requests import LATENCY, SUCCEEDED, truth

START: Final = "start"
CALLS: Final = "calls"
FAILED: Final = "failed"
CORRECTED: Final = "corrected"
PERCENTILES: Final = {"p50": 50, "p95": 95, "p99": 99}
"""The columns of `requests_query` and `dependencies_query`: the start of an interval, null in the one row of the whole
range; weights; rows that `truth` had to correct; milliseconds."""

KIND: Final = "exceptionType"
COUNT: Final = "exceptions"
FIRST: Final = "firstTime"
LAST: Final = "lastTime"
"""The columns of `exceptions_query`, beside `START`: the type of an exception, a weight, and two times."""


def requests_query(service: Sequence[str], between: TimeRange, *, every: timedelta, tables: Tables) -> str:
    """Requests as they really were (`kql.requests`), by interval and as a whole."""
    names = Names("requests", tables.dialect)
    rows = [
        *_rows(names, service, between, tables=tables),
        *truth(tables.dialect),
        f"| extend isFailed = not({SUCCEEDED}), tookMs = {LATENCY}",
    ]
    return _summed(rows, names, every, corrected="countif(isDefective)")


def dependencies_query(service: Sequence[str], between: TimeRange, *, every: timedelta, tables: Tables) -> str:
    """Calls that the service made to others, by interval and as a whole."""
    names = Names("dependencies", tables.dialect)
    rows = [
        *_rows(names, service, between, tables=tables),
        # classic tables keep the success as text, a workspace's as a bool
        f'| extend isFailed = tostring({names("success")}) !~ "true", tookMs = {names("duration")}',
    ]
    return _summed(rows, names, every, corrected="countif(false)")


def exceptions_query(service: Sequence[str], between: TimeRange, *, every: timedelta, tables: Tables) -> str:
    """Exceptions by interval and type, with the first and the last time of each."""
    names = Names("exceptions", tables.dialect)
    time = names("timestamp")
    return "\n".join(
        [
            *_rows(names, service, between, tables=tables),
            f"| summarize {COUNT} = sum(weight), {FIRST} = min({time}), {LAST} = max({time})",
            f"    by {START} = bin({time}, {kql_timespan(every)}), {KIND} = {names('type')}",
        ]
    )


def _rows(names: Names, service: Sequence[str], between: TimeRange, *, tables: Tables) -> list[str]:
    return [
        *rows_of(names, tables=tables, between=between),
        of_service(names, service, tables=tables, between=between),
        f"| extend weight = coalesce({names('itemCount')}, 1)",
    ]


def _summed(rows: Sequence[str], names: Names, every: timedelta, *, corrected: str) -> str:
    """One query of both: percentiles of a whole are not to be had from those of its parts."""
    measures = [
        f"{CALLS} = sum(weight), {FAILED} = sumif(weight, isFailed), {CORRECTED} = {corrected}",
        *(f"{name} = percentilew(tookMs, weight, {share})" for name, share in PERCENTILES.items()),
    ]
    summed = "| summarize " + ",\n    ".join(measures)
    table, *steps = rows
    return "\n".join(
        [
            f"let seen = {table}",
            *(f"    {line}" for line in steps),
            "    ;",
            "seen",
            summed,
            f"    by {START} = bin({names('timestamp')}, {kql_timespan(every)})",
            f"| union (seen\n{summed}",
            f"| extend {START} = datetime(null))",
        ]
    )
