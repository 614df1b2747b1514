"""Distances: beside scipy's, within the bound that is given with them, and the laws that they keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import isfinite, log, nextafter, sqrt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from mlmon.drift import distances
from mlmon.drift.counted import Bins, by_category, evenly, shares_of
from mlmon.drift.distances import (
    Figure,
    energy,
    jensen_shannon,
    kolmogorov_smirnov,
    normalized_wasserstein,
    population_stability,
    wasserstein,
)
from mlmon.drift.keys import Floats
from mlmon.drift.summary import merged, summary_of_categories, summary_of_numbers

LARGEST = float(np.finfo(np.float64).max)
TINIEST = 5e-324
FIGURES: list[Callable[..., Figure]] = [
    wasserstein, normalized_wasserstein, energy, kolmogorov_smirnov, jensen_shannon, population_stability,
]  # fmt: skip
NAMES = [figure.__name__ for figure in FIGURES]

ORDINARY = st.one_of(st.floats(-1e6, 1e6), st.integers(-20, 20).map(float), st.sampled_from([0.0, 1.0, 1 / 3, 1.7e9]))
ANY = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def samples(draw: st.DrawFn, numbers: st.SearchStrategy[float] = ORDINARY, *, least: int = 1) -> Floats:
    """Numbers, some of them many times over."""
    values = draw(st.lists(st.tuples(numbers, st.sampled_from([1, 1, 1, 2, 50])), min_size=least, max_size=30))
    return np.array([value for value, times in values for _ in range(times)])


@st.composite
def pairs(draw: st.DrawFn, numbers: st.SearchStrategy[float] = ORDINARY) -> tuple[Floats, Floats]:
    """Two samples, often of some of the same numbers, and of very different size."""
    one, other = draw(samples(numbers)), draw(samples(numbers))
    if draw(st.booleans()):
        other = np.concatenate((other, one[: len(one) // 2]))
    return one, np.repeat(other, draw(st.sampled_from([1, 1, 40])))


@given(pairs())
@settings(deadline=None)
def test_distances_of_exact_summaries_are_scipys(pair: tuple[Floats, Floats]) -> None:
    one, other = (summary_of_numbers(side) for side in pair)

    assert wasserstein(one, other).value == pytest.approx(stats.wasserstein_distance(*pair), rel=1e-9, abs=1e-9)
    assert energy(one, other).value == pytest.approx(stats.energy_distance(*pair), rel=1e-6, abs=1e-6)
    assert kolmogorov_smirnov(one, other).value == pytest.approx(largest_step(*pair), abs=1e-12)
    assert [wasserstein(one, other).bound, energy(one, other).bound, kolmogorov_smirnov(one, other).bound] == [0.0] * 3


def largest_step(one: Floats, other: Floats) -> float:
    """The KS statistic, by its definition: scipy's function warns of the p-value that comes with it."""
    points = np.concatenate((one, other))
    shares = [np.searchsorted(np.sort(side), points, side="right") / side.size for side in (one, other)]
    return float(np.max(np.abs(shares[0] - shares[1])))


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
@given(pairs(), st.sampled_from([1, 2, 3, 5, 8]))
@settings(deadline=None, max_examples=40)
def test_the_bound_holds_for_any_numbers(figure: Callable[..., Figure], pair: tuple[Floats, Floats], cap: int) -> None:
    within_bound(figure, pair, cap)


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
@given(pairs(ANY), st.sampled_from([1, 2, 3, 5, 8]))
@settings(deadline=None, max_examples=40)
@example((np.array([LARGEST, -LARGEST]), np.array([LARGEST])), 2)
@example((np.array([LARGEST, -LARGEST, 1.0]), np.array([TINIEST, 0.0, -TINIEST])), 1)
@example((np.full(9, LARGEST), np.full(3, LARGEST)), 1)
@example((np.array([0.0, TINIEST]), np.array([3 * TINIEST])), 1)
@example((np.array([1e300, 1.0, 1.0]), np.array([1e300, 1.0, 1.0, 1e300, 1.0, 1.0])), 8)
@example((np.array([1.0, nextafter(1.0, 2)]), np.array([nextafter(1.0, 2)])), 1)
def test_the_bound_holds_out_to_the_largest_and_smallest_doubles(
    figure: Callable[..., Figure], pair: tuple[Floats, Floats], cap: int
) -> None:
    within_bound(figure, pair, cap)


def within_bound(figure: Callable[..., Figure], pair: tuple[Floats, Floats], cap: int) -> None:
    exact = figure(*(summary_of_numbers(side, cap=side.size) for side in pair))
    rough = figure(*(summary_of_numbers(side, cap=cap) for side in pair))

    assert exact.bound == 0 or not isfinite(exact.bound)
    assert exact.value >= 0
    assert rough.bound >= 0
    if isfinite(exact.value) and isfinite(rough.value):
        rounding = 1e-9 * max(abs(exact.value), abs(rough.value)) + 1e-12 * min(1.0, scale(pair)) + 4 * TINIEST
        assert abs(exact.value - rough.value) <= rough.bound + rounding


def scale(pair: tuple[Floats, Floats]) -> float:
    """Of energy distances, whose unit is the root of the numbers' own, rounding is larger than of the others."""
    largest = float(max(np.abs(side).max() for side in pair))
    return max(largest, sqrt(largest))


@given(st.integers(0, 2**32 - 1), st.sampled_from([16, 64, 512]), st.sampled_from([1, 300, 30_000]))
@settings(deadline=None, max_examples=6)
def test_the_bound_holds_for_samples_as_they_come(seed: int, cap: int, size: int) -> None:
    random = np.random.default_rng(seed)
    kinds = (
        random.normal(size=4_000),
        random.lognormal(0, 3, size=4_000),
        np.where(random.random(4_000) < 0.5, 0.0, random.exponential(size=4_000)),
        1.7e9 + random.integers(0, 86_400, 4_000).astype(float),
        random.standard_t(2, size=4_000),
    )
    for numbers in kinds:
        other = random.choice(numbers, size) * random.choice([1.0, 1.1])
        for figure in FIGURES:
            within_bound(figure, (numbers, other), cap)


@pytest.mark.parametrize("figure", FIGURES, ids=NAMES)
@given(samples())
@settings(deadline=None)
def test_a_sample_is_no_distance_from_itself(figure: Callable[..., Figure], sample: Floats) -> None:
    summary, halves = summary_of_numbers(sample), np.array_split(sample, 2)
    assert figure(summary, summary).value == 0
    assert figure(summary, merged([summary_of_numbers(part) for part in halves])).value == 0


@pytest.mark.parametrize(
    "figure", [each for each in FIGURES if each not in (normalized_wasserstein, population_stability)]
)
@given(pairs())
@settings(deadline=None)
def test_a_distance_is_the_same_from_either_side(figure: Callable[..., Figure], pair: tuple[Floats, Floats]) -> None:
    one, other = (summary_of_numbers(side, cap=8) for side in pair)
    there, back = figure(one, other), figure(other, one)

    assert there.value == pytest.approx(back.value, rel=1e-12, abs=1e-12)
    assert there.bound == pytest.approx(back.bound, rel=1e-12, abs=1e-12)


@given(pairs(st.integers(-(10**9), 10**9).map(lambda number: number / 1_000)), st.integers(-60, 60))
@settings(deadline=None)
def test_in_another_unit_distances_are_in_that_unit_and_the_normalized_one_stays(
    pair: tuple[Floats, Floats], exponent: int
) -> None:
    """Of a power of two nothing is rounded, so that the figures are equal to the last bit."""
    unit = 2.0 ** (2 * exponent)
    here, there = ([summary_of_numbers(side * by) for side in pair] for by in (1.0, unit))

    assert wasserstein(*there).value == wasserstein(*here).value * unit
    assert energy(*there).value == energy(*here).value * sqrt(unit)
    for figure in (normalized_wasserstein, kolmogorov_smirnov):
        assert figure(*there) == figure(*here)


@given(samples(st.integers(-1000, 1000).map(float)), st.integers(1, 1000).map(float))
@settings(deadline=None)
def test_all_values_moved_by_as_much_are_that_far(sample: Floats, shift: float) -> None:
    summary = summary_of_numbers(sample)
    moved = wasserstein(summary, summary_of_numbers(sample + shift))

    assert moved.value == pytest.approx(shift)
    if summary.deviation > 0:
        moved = normalized_wasserstein(summary, summary_of_numbers(sample + shift))
        assert moved.value == pytest.approx(shift / summary.deviation)


def test_a_constant_that_changes_is_measured_by_both_sides_together() -> None:
    """Azure divides by 0.001 there, and says 1000 of a shift by 1 and 0.001 of one by a millionth."""
    for shift in (1e-6, 1.0, 1e300):
        moved = normalized_wasserstein(summary_of_numbers(np.zeros(100)), summary_of_numbers(np.full(100, shift)))
        assert moved == Figure(pytest.approx(sqrt(199 / 200) * 2 * sqrt(199 / 200) / sqrt(199 / 200), rel=0.01))


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 90), max_size=12), st.data())
@settings(deadline=None)
def test_the_bound_holds_where_categories_share_buckets(one: dict[str, int], data: st.DataObject) -> None:
    other = data.draw(st.dictionaries(st.sampled_from([*one, "new", "newer"]), st.integers(1, 90), max_size=12))
    exact = [summary_of_categories(side) for side in (one, other)]
    rough = [summary_of_categories(side, cap=4) for side in (one, other)]

    for figure in (jensen_shannon, population_stability):
        if not (one and other):
            assert np.isnan(figure(*exact).value)
            continue
        assert abs(figure(*exact).value - figure(*rough).value) <= figure(*rough).bound + 1e-9


def test_long_texts_that_begin_alike_are_not_taken_for_one_where_they_share_a_bucket() -> None:
    """Of a label 200 characters are kept; what lies behind them may differ."""
    texts = ["x" * 1_000 + str(at) for at in range(64)]
    one = summary_of_categories(dict.fromkeys(texts[:32], 1), cap=4)
    other = summary_of_categories(dict.fromkeys(texts[32:], 1), cap=4)

    figure = jensen_shannon(one, other)
    assert figure.value + figure.bound >= 1.0, "they have nothing in common"


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=8))
def test_jensen_shannon_and_stability_of_categories_are_what_their_formulas_say(table: list[tuple[int, int]]) -> None:
    sides = [{str(at): count for at, count in enumerate(side) if count} for side in zip(*table, strict=True)]
    if not all(sides):
        return
    names = sorted({*sides[0], *sides[1]})
    p, q = (np.array([side.get(name, 0) for name in names]) for side in sides)
    one, other = (summary_of_categories(side) for side in sides)
    smooth = [(side + 1) / (side.sum() + len(names)) for side in (p, q)]
    middle = (p / p.sum() + q / q.sum()) / 2
    divergence = (stats.entropy(p / p.sum(), middle) + stats.entropy(q / q.sum(), middle)) / 2 / log(2)

    assert jensen_shannon(one, other).value == pytest.approx(sqrt(max(divergence, 0)), abs=1e-7)
    expected = sum((b - a) * log(b / a) for a, b in zip(*smooth, strict=True))
    assert population_stability(one, other).value == pytest.approx(expected, abs=1e-12)


@given(pairs(), st.sampled_from(list(Bins)))
@settings(deadline=None)
def test_no_value_falls_out_of_the_bins(pair: tuple[Floats, Floats], bins: Bins) -> None:
    one, other = (summary_of_numbers(side) for side in pair)
    counts = distances.binned(one, other, distances.edges_for(one, other, bins))

    assert counts.baseline.sum() == pytest.approx(one.count)
    assert counts.target.sum() + (one.count < 3) * other.count >= other.count - 1e-6 or bins is Bins.DOANE
    if bins is Bins.STURGES:
        assert counts.target.sum() == pytest.approx(other.count)


def test_bins_have_their_lower_edge_and_the_last_one_both() -> None:
    sample = summary_of_numbers(np.array([0.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0]))

    assert shares_of(sample, sample, np.array([0.0, 1.0, 2.0, 4.0]))[0] * 7 == pytest.approx([1, 2, 3])


def test_bins_reach_over_all_doubles() -> None:
    assert evenly(-LARGEST, LARGEST, 2).tolist() == [-LARGEST, 0.0, LARGEST]


def test_there_is_no_distance_to_nothing() -> None:
    nothing, numbers = summary_of_numbers(np.array([])), summary_of_numbers(np.array([1.0]))
    for figure in FIGURES:
        assert all(np.isnan(figure(*sides).value) for sides in ((nothing, numbers), (numbers, nothing)))


def test_numbers_and_categories_have_no_distance() -> None:
    with pytest.raises(TypeError, match="no distance"):
        jensen_shannon(summary_of_numbers(np.array([1.0])), summary_of_categories(Counter("a")))


def test_categories_are_counted_in_one_order() -> None:
    counts = by_category(summary_of_categories({"a": 3, "b": 1}), summary_of_categories({"b": 2, "c": 5}))

    assert sorted(zip(counts.baseline.tolist(), counts.target.tolist(), strict=True)) == [(0, 5), (1, 2), (3, 0)]
