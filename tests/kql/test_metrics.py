"""Weighted percentiles, and the questions of `metrics`, against a naive computation in Python; in both dialects."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulators.telemetry import Telemetry, as_inference_server
from kql.rows import Rows
from mlmon.core.errors import QueryError
from mlmon.core.ports import Dialect, Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.engine import run
from mlmon.kql.metrics import dependencies_query, exceptions_query, requests_query
from mlmon.kql.schema import SCHEMAS

END = datetime(2026, 3, 2, tzinfo=UTC)
DAY = TimeRange(END - timedelta(days=1), END)
HOURS = timedelta(hours=2)
COMPONENT = "/subscriptions/s/components/one"


def weighted(values: Sequence[tuple[float, int]], share: int) -> float | None:
    """The least value at or below which there are `share` percent of the weights, counted one by one."""
    every = sorted(value for value, weight in values for _ in range(weight))
    return every[max(1, -(-len(every) * share // 100)) - 1] if every else None


# the function


@pytest.mark.parametrize("most", [1, 2, 50])
def test_a_weighted_percentile_is_that_of_the_rows_written_out(rows: Rows, most: int) -> None:
    dice = random.Random(most)
    calls = [(f"g{dice.randrange(40)}", dice.randrange(30) / 4, dice.randint(1, most)) for _ in range(2_000)]
    rows.write("requests", [{"name": name, "duration": took, "itemCount": count} for name, took, count in calls])
    groups = defaultdict(list)
    for name, took, count in calls:
        groups[name].append((took, count))
    for share in (0, 1, 50, 95, 99, 100):
        found = rows.query(f"requests | summarize p = percentilew(duration, itemCount, {share}) by name")
        assert dict(found.rows) == {name: weighted(values, share) for name, values in groups.items()}
    assert [column.type for column in found.columns] == ["string", "real"]


def test_what_has_no_weight_or_no_value_counts_nothing(rows: Rows) -> None:
    for cells, expected in (
        ("1.5, 0, 2.5, 1", 2.5),
        ("1.5, -3, 2.5, 7", 2.5),
        ("real(null), 9, 2.5, 1", 2.5),
        ("real(null), 9, real(null), 1", None),
        ("1.5, int(null), 2.5, 2", 2.5),
        ("1.5, 1, 2.5, int(null)", 1.5),
    ):
        found = rows.query(f"datatable(v:real, w:int)[{cells}] | summarize p = percentilew(v, w, 50)")
        assert found.rows == ((expected,),), cells
    assert rows.query("requests | summarize p = percentilew(duration, itemCount, 50)").rows == ((None,),)
    found = rows.query("datatable(v:timespan, w:long)[1s, 1, 2s, 5] | summarize p = percentilew(v, w, 50)")
    assert found.rows == ((timedelta(seconds=2),),)


@pytest.mark.parametrize("arguments", ["duration, itemCount", "duration, itemCount, 101", "duration, 1, itemCount"])
def test_what_is_no_share_is_refused(rows: Rows, arguments: str) -> None:
    with pytest.raises(QueryError) as refused:
        rows.query(f"requests | summarize p = percentilew({arguments})")
    assert refused.value.message == "percentilew() takes a value, a weight and a number from 0 to 100"
    assert refused.value.hint == "write it like: p95 = percentilew(duration, itemCount, 95)"


# the questions


@pytest.fixture
def telemetry(tmp_path: Path) -> Telemetry:
    return Telemetry(tmp_path, component=lambda: COMPONENT)


def answered(telemetry: Telemetry, dialect: Dialect, kql: str) -> list[dict[str, Any]]:
    files = telemetry.of_component(COMPONENT) if dialect is Dialect.CLASSIC else telemetry.of_workspace("guid")
    return run(kql, files=files, now=END, schema=SCHEMAS[dialect]).records()


def tables(dialect: Dialect) -> Tables:
    return Tables(dialect, component=COMPONENT if dialect is Dialect.WORKSPACE else "")


def moments(dice: random.Random, count: int) -> list[datetime]:
    """Times of a day and a little before and after it."""
    return [DAY.start + timedelta(seconds=dice.uniform(-3_600, 90_000)) for _ in range(count)]


def binned(moment: datetime) -> datetime:
    return moment.replace(hour=moment.hour // 2 * 2, minute=0, second=0, microsecond=0)


def naive(calls: Sequence[tuple[datetime, float, bool, int]]) -> dict[datetime | None, tuple[Any, ...]]:
    """Count, failures and percentiles of each two hours and of the day, by counting."""
    groups: dict[datetime | None, list[tuple[float, bool, int]]] = {None: []}
    for moment, took, failed, weight in calls:
        if moment in DAY:
            groups[None].append((took, failed, weight))
            groups.setdefault(binned(moment), []).append((took, failed, weight))
    return {
        start: (
            sum(weight for _, _, weight in group),
            sum(weight for _, failed, weight in group if failed),
            *(weighted([(took, weight) for took, _, weight in group], share) for share in (50, 95, 99)),
        )
        for start, group in groups.items()
    }


def as_told(rows: list[dict[str, Any]]) -> dict[datetime | None, tuple[Any, ...]]:
    return {row["start"]: tuple(row[key] for key in ("calls", "failed", "p50", "p95", "p99")) for row in rows}


@pytest.mark.parametrize("dialect", Dialect)
def test_requests_are_those_that_were_whatever_the_server_wrote(telemetry: Telemetry, dialect: Dialect) -> None:
    dice = random.Random(5)
    calls = [
        (moment, float(dice.randrange(1, 400)), dice.random() < 0.2, dice.choice([1, 1, 1, 5]))
        for moment in moments(dice, 300)
    ]
    for number, (moment, took, failed, weight) in enumerate(calls):
        code = "500" if failed else "200"
        row = {
            "timestamp": moment.isoformat(),
            "cloud_RoleName": "svc",
            "duration": took,
            "resultCode": code,
            "success": str(not failed),
            "itemCount": weight,
        }
        bag = {"resultCode": code, "duration": f"00:00:00.{took:03.0f}0000"}
        wrong = as_inference_server({**row, "customDimensions": bag})
        telemetry.add("requests", wrong if number % 2 else row)
    telemetry.add("requests", {**row, "cloud_RoleName": "another"})
    telemetry.add("requests", row, component="/somebody/elses")
    found = answered(telemetry, dialect, requests_query(["svc"], DAY, every=HOURS, tables=tables(dialect)))
    assert as_told(found) == naive(calls)
    [corrected] = [row["corrected"] for row in found if row["start"] is None]
    assert corrected == sum(number % 2 for number, call in enumerate(calls) if call[0] in DAY)


@pytest.mark.parametrize("dialect", Dialect)
def test_calls_to_others_are_counted_the_same_way(telemetry: Telemetry, dialect: Dialect) -> None:
    dice = random.Random(6)
    calls = [(moment, dice.uniform(0, 9), dice.random() < 0.5, dice.choice([1, 3])) for moment in moments(dice, 100)]
    telemetry.extend(
        "dependencies",
        [
            {
                "timestamp": moment.isoformat(),
                "customDimensions": {"Service Name": "ep-blue"},
                "duration": took,
                "success": str(not failed),
                "itemCount": weight,
            }
            for moment, took, failed, weight in calls
        ],
    )
    kql = dependencies_query(["ep/blue", "ep-blue"], DAY, every=HOURS, tables=tables(dialect))
    assert as_told(answered(telemetry, dialect, kql)) == naive(calls)


@pytest.mark.parametrize("dialect", Dialect)
def test_exceptions_are_counted_by_time_and_type(telemetry: Telemetry, dialect: Dialect) -> None:
    noon = DAY.start.replace(hour=12)
    for minutes, kind, weight in ((0, "ValueError", 1), (119, "ValueError", 4), (5, "\x1b[2J", 1), (600, "late", 1)):
        row = {"timestamp": (noon + timedelta(minutes=minutes)).isoformat(), "cloud_RoleName": "svc", "type": kind}
        telemetry.add("exceptions", {**row, "itemCount": weight})
    kql = exceptions_query(["svc"], DAY, every=HOURS, tables=tables(dialect))
    found = {(row["start"], row["exceptionType"]): row for row in answered(telemetry, dialect, kql)}
    assert {key: row["exceptions"] for key, row in found.items()} == {
        (noon, "ValueError"): 5,
        (noon, "\x1b[2J"): 1,
        (noon.replace(hour=22), "late"): 1,
    }
    assert found[noon, "ValueError"]["firstTime"] == noon
    assert found[noon, "ValueError"]["lastTime"] == noon + timedelta(minutes=119)


@pytest.mark.parametrize("dialect", Dialect)
def test_what_nobody_called_is_one_row_of_nothing(telemetry: Telemetry, dialect: Dialect) -> None:
    found = answered(telemetry, dialect, requests_query(['a" or 1==1'], DAY, every=HOURS, tables=tables(dialect)))
    assert as_told(found) == {None: (0, 0, None, None, None)}


def test_the_query_reads_like_one_of_a_person() -> None:
    assert requests_query(["svc"], DAY, every=HOURS, tables=Tables(Dialect.CLASSIC)).splitlines()[-12:] == [
        "seen",
        "| summarize calls = sum(weight), failed = sumif(weight, isFailed), corrected = countif(isDefective),",
        "    p50 = percentilew(tookMs, weight, 50),",
        "    p95 = percentilew(tookMs, weight, 95),",
        "    p99 = percentilew(tookMs, weight, 99)",
        "    by start = bin(timestamp, 2h)",
        "| union (seen",
        "| summarize calls = sum(weight), failed = sumif(weight, isFailed), corrected = countif(isDefective),",
        "    p50 = percentilew(tookMs, weight, 50),",
        "    p95 = percentilew(tookMs, weight, 95),",
        "    p99 = percentilew(tookMs, weight, 99)",
        "| extend start = datetime(null))",
    ]
