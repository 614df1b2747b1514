"""Figures, names and dates in words."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest

from drift import reports
from mlmon.core.timerange import TimeRange, day_start
from mlmon.drift.comparing import parts_of
from mlmon.drift.result import Coefficient, Interval, Verdict
from mlmon.drift.wording import (
    began,
    brief,
    counted,
    figure,
    headline,
    listed,
    name_of,
    ordered,
    probability,
    range_of,
    sentences,
    share,
    unit_of,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.85312, "0.853"),
        (-12.5, "−12.5"),
        (0.1, "0.1"),
        (999.96, "1000"),
        (1234567.0, "1\u202f234\u202f567"),
        (1.5e-7, "1.50e−07"),
        (-2e12, "−2.00e+12"),
    ],
)
def test_a_figure_has_three_digits(value: float | None, written: str) -> None:
    assert figure(value) == written


def test_a_brief_figure_has_two() -> None:
    assert [brief(value) for value in (0.853, 0.0999, 12.34, 0.1)] == ["0.85", "0.1", "12", "0.1"]


def test_shares_are_percent_and_never_rounded_to_nothing() -> None:
    values = (0.0, 0.0004, -0.0004, 0.023, 0.0999, 0.5, 1.0, math.nan)

    assert list(map(share, values)) == ["0 %", "< 0.1 %", "> −0.1 %", "2.3 %", "10 %", "50 %", "100 %", "–"]


def test_a_p_value_is_as_exact_as_it_matters() -> None:
    values = (None, math.nan, 1e-9, 0.00042, 0.0123, 0.5, 1.0)

    assert list(map(probability, values)) == ["–", "–", "< 0.0001", "0.0004", "0.012", "0.5", "1"]


def test_names_are_one_visible_line() -> None:
    assert name_of("a\nb\x1b") == r"a\nb\x1b"
    assert name_of(" ") == "(blank)"
    assert name_of("x" * 100) == "x" * 60 + "…"


def test_lists_and_counts() -> None:
    assert [listed(list("abc"[:count])) for count in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert [counted(count, "day") for count in (0, 1, 2000)] == ["0 days", "1 day", "2\u202f000 days"]


def test_a_classifier_that_is_worse_than_chance_cannot_tell_either() -> None:
    coefficient = Coefficient(-0.3, -0.3, 0.35, (-0.1, 0.1), 0.99, 500, 33)
    known = reports.by_chance()
    assert sentences(replace(known, whole=replace(known.whole, coefficient=coefficient)))[-1] == (
        "A classifier cannot tell the target from the baseline: its AUC of 0.35 is no better than chance."
    )


def test_what_moved_most_comes_first_by_contribution_then_by_effect() -> None:
    known = {each.feature: each for each in reports.small().whole.features}
    nothing = {
        name: replace(each, contribution=0.0, effect=effect)
        for (name, each), effect in zip(known.items(), (0.1, 0.3, 0.2, math.nan), strict=True)
    }
    # 0.3 of a threshold of 0.2 is less than 0.2 of one of 0.1
    assert [each.feature for each in ordered(nothing.values())] == ["country", "age", "income", "debt_to_income"]
    most = replace(nothing["debt_to_income"], contribution=0.4)
    assert ordered([*nothing.values(), most])[0] is most
    by_chance = replace(most, contribution_within_chance=True)
    assert ordered([*nothing.values(), by_chance])[-1] is by_chance
    changed = replace(nothing["income"], verdict=Verdict.SCHEMA_CHANGED, contribution=None, effect=None)
    assert ordered([most, changed])[0] is changed


def test_drift_began_where_it_has_not_stopped_since() -> None:
    intervals = list(reports.small().intervals)  # no drift twice, drift three times
    empty = Interval(intervals[0].between, 0, Verdict.NO_DATA, ())

    assert began(intervals) is intervals[2]
    assert began([*intervals[:3], empty, *intervals[3:], empty]) is intervals[2]
    assert began([*intervals, intervals[0]]) is None
    assert began([*intervals, intervals[0], intervals[4]]) is intervals[4]
    assert began([]) is None


def test_drift_of_all_features_together_is_said() -> None:
    known = reports.of_verdict(Verdict.NO_DRIFT)
    reason = "the features have drifted together, none of them by itself"
    together = replace(known, whole=replace(known.whole, verdict=Verdict.DRIFT, reason=reason))

    assert headline(together) == "The features have drifted together, none of them by itself"


def test_a_classifier_that_is_within_chance_cannot_tell() -> None:
    assert sentences(reports.of_verdict(Verdict.NO_DRIFT)) == [
        "A classifier cannot tell the target from the baseline: its AUC of 0.5 is within chance."
    ]


def test_intervals_are_called_what_they_are() -> None:
    day = reports.small().intervals[0]
    units = {}
    for days in (1, 3, 7, 31):
        between = TimeRange(reports.FIRST, reports.FIRST + timedelta(days=days))
        units[days] = unit_of([replace(day, between=between)])
        assert range_of(between).startswith("1 Jan 2026")

    assert units == {1: "day", 3: "interval", 7: "week", 31: "month"}
    assert unit_of([replace(day, between=None)]) == "interval"


@pytest.mark.parametrize("by", ["day", "week", "month"])
@pytest.mark.parametrize(("first", "days"), [(date(2026, 7, 1), 143), (date(2026, 8, 23), 90), (date(2026, 1, 30), 40)])
def test_intervals_that_the_range_cuts_are_called_what_they_were_asked_for(by: str, first: date, days: int) -> None:
    empty = Interval(None, 0, Verdict.NO_DATA, ())
    parts = parts_of(TimeRange(day_start(first), day_start(first + timedelta(days=days))), by)

    assert unit_of([replace(empty, between=part) for part in parts]) == by
    assert range_of(None) == ""
