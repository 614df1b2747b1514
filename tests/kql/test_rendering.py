"""`| render`: from the table of an answer to charts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mlmon.core.model import Column, Table, Value
from mlmon.kql.rendering import MOST_BARS, MOST_SERIES, Rendered, rendered
from mlmon.output.results import BarChart, Series, TimeChart

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def table(render: str, columns: str, *rows: tuple[Value, ...]) -> Table:
    """Columns are written `name:type`."""
    described = (word.split(":") for word in columns.split())
    return Table(tuple(Column(name, kind) for name, kind in described), rows, render=render)


def test_a_timechart_has_an_interval_for_each_time_and_none_where_nothing_was_measured() -> None:
    rows = [(3, NOON + 2 * HOUR), (1, NOON), (5, NOON + 3 * HOUR), (None, NOON + 4 * HOUR)]
    found = rendered(table("timechart", "n:long at:datetime", *rows))
    times = (NOON, NOON + HOUR, NOON + 2 * HOUR, NOON + 3 * HOUR)
    assert found == Rendered((TimeChart("n", times, (Series("n", (1.0, None, 3.0, 5.0)),)),))


def test_text_splits_into_series() -> None:
    rows = [(NOON, "a", True, 1), (NOON, "b", True, 2), (NOON + HOUR, "a", True, 3), (NOON, "", None, 4)]
    [chart] = rendered(table("timechart", "at:datetime name:string ok:bool n:long", *rows)).charts
    assert isinstance(chart, TimeChart)
    assert chart.series == (
        Series("a, True", (1.0, 3.0)),
        Series("b, True", (2.0, None)),
        Series("(none), (none)", (4.0, None)),
    )


def test_several_columns_are_named_beside_what_splits_them() -> None:
    rows = [(NOON, "a", 1, 2), (NOON + HOUR, "a", 3, 4)]
    [chart] = rendered(table("timechart", "at:datetime name:string n:long failed:int", *rows)).charts
    assert isinstance(chart, TimeChart)
    assert [one.name for one in chart.series] == ["a n", "a failed"]


def test_what_has_no_axis_in_common_is_drawn_apart() -> None:
    """Counts beside measures, durations beside numbers, small beside large. Nothing but zeros fits anywhere."""
    row = (NOON, 100, 0, 5000, 90.5, timedelta(seconds=2), "12.5")
    charts = rendered(
        table("timechart", "at:datetime n:long no:int big:long ms:real took:timespan d:decimal", row)
    ).charts
    assert [(chart.title, chart.kind) for chart in charts] == [
        ("n, no", "number"),
        ("big", "number"),
        ("ms, d", "number"),
        ("took", "duration"),
    ]


def test_what_is_no_number_is_not_drawn_whatever_its_column_says() -> None:
    """A service may send anything."""
    rows = [(NOON, value) for value in (float("nan"), float("inf"), "soon", True, None, [1], 10**400)]
    wrong_time: tuple[Value, ...] = ("yesterday", 5)
    answer = table("timechart", "at:datetime n:real", *rows, wrong_time)
    assert rendered(answer) == Rendered(
        notes=("a timechart needs a column of datetimes and one of numbers: this is its table",)
    )
    [chart] = rendered(table("timechart", "at:datetime n:real", *rows, (NOON, 2.5))).charts
    assert isinstance(chart, TimeChart)
    assert chart.series == (Series("n", (2.5,)),)


def test_irregular_times_are_brought_into_few_parts() -> None:
    rows = [(NOON + timedelta(microseconds=at * 1_000_003 + at % 7), float(at % 2)) for at in range(5_000)]
    found = rendered(table("timechart", "at:datetime n:real", *rows))
    [chart] = found.charts
    assert isinstance(chart, TimeChart)
    assert len(chart.times) == len(chart.series[0].values) == 240
    assert all(0.4 < value < 0.6 for value in chart.series[0].values if value is not None)
    assert found.notes == (
        "the times are too many to be drawn one by one: each value is the mean of a 240th of the range",
    )


def test_the_greatest_series_are_kept() -> None:
    rows = [(NOON, f"s{at}", at) for at in range(MOST_SERIES + 3)]
    found = rendered(table("timechart", "at:datetime name:string n:long", *rows))
    [chart] = found.charts
    assert isinstance(chart, TimeChart)
    assert [one.name for one in chart.series] == [f"s{at}" for at in range(3, MOST_SERIES + 3)]
    assert found.notes == (f"3 of {MOST_SERIES + 3} series are left out, those with the least (-o json has all)",)


@pytest.mark.parametrize("kind", ["barchart", "columnchart", "BarChart"])
def test_bars_have_the_first_column_as_their_names_and_a_chart_for_each_number(kind: str) -> None:
    rows = [("a", "x", 1, timedelta(seconds=90)), ("a", "y", 2, timedelta(seconds=1)), (None, "x", None, None)]
    charts = rendered(table(kind, "name:string by:string n:long took:timespan", *rows)).charts
    assert charts == (
        BarChart("n", (("a, x", 1.0), ("a, y", 2.0))),
        BarChart("took", (("a, x", 90.0), ("a, y", 1.0)), kind="duration"),
    )


def test_a_first_column_of_numbers_or_times_names_bars_too() -> None:
    assert rendered(table("columnchart", "code:long n:long", (200, 5), (500, 1))).charts == (
        BarChart("n", (("200", 5.0), ("500", 1.0))),
    )
    assert rendered(table("columnchart", "at:datetime n:long", (NOON, 5))).charts == (
        BarChart("n", (("2026-03-01T12:00:00Z", 5.0),)),
    )


def test_bars_without_end_are_cut() -> None:
    found = rendered(table("barchart", "name:string n:long", *((f"b{at}", at) for at in range(MOST_BARS + 1))))
    [chart] = found.charts
    assert isinstance(chart, BarChart)
    assert len(chart.bars) == MOST_BARS
    assert found.notes == (f"the first {MOST_BARS} of {MOST_BARS + 1} rows are drawn (-o json has all)",)


def test_slices_are_bars_with_their_shares() -> None:
    rows = [("a", 3), ("b", 1), ("a", 4), ("c", None)]
    assert rendered(table("piechart", "name:string n:long", *rows)).charts == (
        BarChart("n", (("a (88%)", 7.0), ("b (12%)", 1.0))),
    )
    assert rendered(table("piechart", "name:string n:long", ("a", 0))).charts == (BarChart("n", (("a", 0.0),)),)


NAMES_NUMBERS = "needs a first column to name what is drawn and one of numbers: this is its table"


@pytest.mark.parametrize(
    ("render", "columns", "note"),
    [
        ("treemap", "name:string n:long", "a treemap cannot be drawn on a terminal: this is its table"),
        (
            "timechart",
            "name:string n:long",
            "a timechart needs a column of datetimes and one of numbers: this is its table",
        ),
        ("barchart", "name:string by:string", f"a barchart {NAMES_NUMBERS}"),
        ("piechart", "name:string by:string", f"a piechart {NAMES_NUMBERS}"),
    ],
)
def test_what_cannot_be_drawn_is_a_table_with_a_word_about_it(render: str, columns: str, note: str) -> None:
    assert rendered(table(render, columns, ("a", "b"))) == Rendered(notes=(note,))


@pytest.mark.parametrize("render", ["", "table", "Table"])
def test_a_table_is_a_table(render: str) -> None:
    assert rendered(table(render, "name:string n:long", ("a", 1))) == Rendered()
    assert rendered(table("timechart", "at:datetime n:long")) == Rendered()
