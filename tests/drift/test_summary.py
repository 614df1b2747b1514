"""A summary is a function of the values alone, and its counts and means are exact."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drift.same import bits
from mlmon.drift.keys import keys_of, lower_ends, upper_ends
from mlmon.drift.summary import (
    Categories,
    Numbers,
    Quality,
    Summary,
    at_level,
    coarsened,
    merged,
    summary_of_categories,
    summary_of_numbers,
)

anything = st.one_of(
    st.floats(),
    st.floats(-10, 10),
    st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -5e-324, 1.7e308, -1.7e308, 1.0, 1.0]),
    st.integers(1_700_000_000, 1_700_000_100).map(float),
)
texts = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["", "a", "A", "\x1b[31m", "\0", "\ud800", "💥", "'; DROP TABLE", "x" * 300, "x" * 299 + "y"]),
)


@st.composite
def partitions(draw: st.DrawFn, elements: st.SearchStrategy[Any], most: int = 60) -> tuple[list[Any], list[list[Any]]]:
    """Values, and the same ones in parts: shuffled, and cut anywhere."""
    values = draw(st.lists(elements, max_size=most))
    shuffled = draw(st.permutations(values))
    cuts = sorted(draw(st.lists(st.integers(0, len(values)), max_size=5)))
    ends = [0, *cuts, len(values)]
    return values, [shuffled[start:end] for start, end in pairwise(ends)]


def merged_as_a_tree(parts: list[Summary], random: Any) -> Summary:
    """The parts put together two by two, in an order that chance gives."""
    left = list(parts)
    while len(left) > 1:
        one = left.pop(random.randrange(len(left)))
        other = left.pop(random.randrange(len(left)))
        left.append(merged([one, other]))
    return left[0]


@given(partitions(anything), st.integers(1, 12), st.randoms())
def test_numbers_in_any_parts_and_order_give_the_same_summary(
    drawn: tuple[list[float], list[list[float]]], cap: int, random: Any
) -> None:
    values, parts = drawn
    whole = summary_of_numbers(np.array(values, np.float64), nulls=3, failures=2, cap=cap)
    summaries: list[Summary] = [summary_of_numbers(np.array(part, np.float64), cap=cap) for part in parts]
    summaries.append(summary_of_numbers(np.zeros(0), nulls=3, failures=2, cap=cap))
    assert bits(merged(summaries)) == bits(whole)
    assert bits(merged_as_a_tree(summaries, random)) == bits(whole)


@given(partitions(texts), st.integers(1, 12), st.randoms())
def test_categories_in_any_parts_and_order_give_the_same_summary(
    drawn: tuple[list[str], list[list[str]]], cap: int, random: Any
) -> None:
    values, parts = drawn
    whole = summary_of_categories(Counter(values), nulls=3, failures=2, cap=cap)
    summaries: list[Summary] = [summary_of_categories(Counter(part), cap=cap) for part in parts]
    summaries.append(summary_of_categories({}, nulls=3, failures=2, cap=cap))
    assert bits(merged(summaries)) == bits(whole)
    assert bits(merged_as_a_tree(summaries, random)) == bits(whole)


@given(st.lists(anything, max_size=80), st.integers(1, 12))
def test_every_value_is_counted_once(values: list[float], cap: int) -> None:
    found = summary_of_numbers(np.array(values, np.float64), nulls=2, failures=1, cap=cap)
    finite = [each for each in values if math.isfinite(each)]
    nans = sum(map(math.isnan, values))
    infinite = len(values) - len(finite) - nans
    assert found.quality == Quality(len(values) + 3, 2, nans, infinite, 1)
    assert found.quality.valid == found.count == len(finite)


@given(st.lists(anything, min_size=1, max_size=80), st.integers(2, 12))
def test_buckets_count_their_own_values_and_know_their_mean(values: list[float], cap: int) -> None:
    finite = [each for each in values if math.isfinite(each)]
    assume(finite)
    found = summary_of_numbers(np.array(values), cap=cap)
    keys = keys_of(np.array(finite)) >> found.level
    assert np.unique(keys).tolist() == found.buckets.tolist()
    assert (found.least, found.greatest) == (min(finite), max(finite))
    low, high = lower_ends(found.buckets, found.level), upper_ends(found.buckets, found.level)
    for at, bucket in enumerate(found.buckets.tolist()):
        own = [Fraction(each) for each, key in zip(finite, keys.tolist(), strict=True) if key == bucket]
        assert found.counts[at] == len(own)
        exact = sum(own) / len(own)
        spacing = Fraction(math.ulp(max(abs(low[at]), abs(high[at]))))
        assert abs(Fraction(float(found.means[at])) - exact) <= spacing


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_few_distinct_values_are_kept_as_they_are(values: list[float]) -> None:
    found = summary_of_numbers(np.array(values))
    assert found.level == 0
    assert dict(zip(found.means.tolist(), found.counts.tolist(), strict=True)) == Counter(values)
    assert found.widths.tolist() == [0.0] * found.buckets.size
    assert found.mean == pytest.approx(np.mean(values), rel=1e-12, abs=1e-9)
    assert found.deviation == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-6)


@given(st.lists(anything, max_size=80), st.integers(1, 12))
def test_there_are_never_more_buckets_than_the_cap_but_where_signs_and_powers_need_them(
    values: list[float], cap: int
) -> None:
    found = summary_of_numbers(np.array(values, np.float64), cap=cap)
    assert found.buckets.size <= cap or found.level == 52
    finer = (
        {int(key) >> (found.level - 1) for key in keys_of(np.array(values)[np.isfinite(values)])} if found.level else ()
    )
    # one level lower there would be too many
    assert not found.level or len(finer) > cap


def test_a_hundred_thousand_values_have_the_mean_of_all_of_them() -> None:
    values = np.random.default_rng(1).lognormal(sigma=3, size=100_000)
    found = summary_of_numbers(values, cap=256)
    assert found.level > 0
    assert found.mean == pytest.approx(math.fsum(values) / len(values), rel=1e-13)


@pytest.mark.parametrize("scale", [1e-310, 1e-300, 1.0, 1e150, 1e300])
def test_the_deviation_is_one_at_any_scale(scale: float) -> None:
    found = summary_of_numbers(np.array([1.0, 2.0, 3.0, 4.0]) * scale)
    assert found.deviation / scale == pytest.approx(np.std([1, 2, 3, 4], ddof=1), rel=1e-6)


@pytest.mark.parametrize("values", [[1e308, -1.5e308, 1e308], [1.7e308] * 3])
def test_the_greatest_numbers_there_are_have_a_mean_and_a_deviation(values: list[float]) -> None:
    found = summary_of_numbers(np.array(values))
    exact = sum(map(Fraction, values)) / len(values)
    assert found.mean == pytest.approx(float(exact), rel=1e-12)
    assert math.isfinite(found.deviation)


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, -math.inf]])
def test_no_numbers_have_no_mean(values: list[float]) -> None:
    found = summary_of_numbers(np.array(values, np.float64))
    assert (found.count, math.isnan(found.mean), math.isnan(found.deviation)) == (0, True, True)
    assert (math.isnan(found.least), math.isnan(found.greatest)) == (True, True)
    assert found.means.tolist() == found.widths.tolist() == []


def test_one_number_has_a_mean_and_no_deviation() -> None:
    found = summary_of_numbers(np.array([2.5]))
    assert (found.mean, math.isnan(found.deviation)) == (2.5, True)


@given(st.lists(anything, max_size=60), st.integers(0, 52), st.integers(0, 52))
def test_coarser_in_two_steps_is_coarser_in_one(values: list[float], one: int, other: int) -> None:
    found = summary_of_numbers(np.array(values, np.float64))
    low, high = sorted((one, other))
    assert bits(at_level(at_level(found, low), high)) == bits(at_level(found, high))


@given(st.lists(texts, max_size=40), st.integers(0, 62), st.integers(0, 62))
def test_coarser_categories_in_two_steps_are_those_in_one(values: list[str], one: int, other: int) -> None:
    found = summary_of_categories(Counter(values))
    low, high = sorted((one, other))
    assert bits(coarsened(coarsened(found, low), high)) == bits(coarsened(found, high))


@given(st.lists(texts, max_size=60))
def test_few_categories_are_kept_as_they_are(values: list[str]) -> None:
    found = summary_of_categories(Counter(values))
    expected = sorted((text[:200], count) for text, count in Counter(values).items())
    assert sorted(zip(found.labels, found.counts.tolist(), strict=True)) == expected
    assert not any(found.shared)
    assert found.quality == Quality(len(values))


def test_categories_beyond_the_cap_share_buckets_and_say_so() -> None:
    counted = {f"user-{at}": at % 3 + 1 for at in range(1_000)}
    found = summary_of_categories(counted, cap=100)
    assert found.level > 0
    assert found.buckets.size <= 100
    assert found.count == sum(counted.values())
    assert any(found.shared)
    assert set(found.labels) <= set(counted)


def test_a_category_that_no_row_has_is_none() -> None:
    assert bits(summary_of_categories({"a": 0, "b": 2})) == bits(summary_of_categories({"b": 2}))


def test_categories_that_differ_late_are_told_apart() -> None:
    found = summary_of_categories({"x" * 100_000 + end: 1 for end in "ab"})
    assert found.counts.tolist() == [1, 1]
    assert [len(label) for label in found.labels] == [200, 200]


def test_numbers_and_categories_have_no_common_summary() -> None:
    with pytest.raises(ValueError, match="no common summary"):
        merged([Numbers(), Categories()])


def test_nothing_has_no_summary() -> None:
    with pytest.raises(ValueError, match="unpack"):
        merged([])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30))
def test_a_month_of_days_is_the_month(seed: int, days: int) -> None:
    random = np.random.default_rng(seed)
    values = random.standard_t(2, size=20_000) * 10.0 ** random.integers(-3, 4)
    of_day = random.integers(0, days, values.size)
    parts = [summary_of_numbers(values[of_day == day], cap=512) for day in range(days)]
    assert bits(merged(parts)) == bits(summary_of_numbers(values, cap=512))
