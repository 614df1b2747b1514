"""P-values beside scipy's, and what has to hold of them whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlmon.drift.significance import (
    chi_squared_tail,
    contingency,
    holm,
    kolmogorov_smirnov_p,
    shares_differ,
    without_rare,
)

COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=12)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_the_exact_test_of_two_samples_is_scipys(n: int, m: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    theirs = stats.ks_2samp(random.normal(size=n), random.normal(0.3, size=m), method="exact")

    assert kolmogorov_smirnov_p(float(theirs.statistic), n, m) == pytest.approx(theirs.pvalue, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("statistic", [0.02, 0.05, 0.0936, 0.5, 1.0])
def test_the_exact_test_holds_for_thousands_of_values_and_for_what_is_all_but_impossible(statistic: float) -> None:
    """Of 9 000 values on each side the numbers of ways to arrange them differ by more than doubles do."""
    theirs = stats.distributions.kstwo.sf(statistic, 4_500)

    ours = kolmogorov_smirnov_p(round(statistic * 9_000) / 9_000, 9_000, 9_000, exact=9_000**2)
    assert ours == pytest.approx(theirs, rel=0.05, abs=1e-9)


@pytest.mark.parametrize(("n", "m"), [(1_000, 1_000), (10_000, 200), (10_000, 10_000)])
@pytest.mark.parametrize("x", [0.6, 1.0, 1.36, 1.63, 2.0])
def test_the_approximation_for_many_values_is_near_the_exact_test(n: int, m: int, x: float) -> None:
    statistic = round(x * np.sqrt((n + m) / (n * m)) * m) / m

    exact = kolmogorov_smirnov_p(statistic, n, m, exact=n * m)

    assert kolmogorov_smirnov_p(statistic, n, m) == pytest.approx(exact, rel=0.13, abs=1e-4)


@pytest.mark.parametrize(("n", "m"), [(0, 5), (5, 0), (0, 0)])
def test_nothing_is_said_of_no_values(n: int, m: int) -> None:
    assert np.isnan(kolmogorov_smirnov_p(0.5, n, m))


@given(COUNTS)
@settings(deadline=None)
def test_a_table_of_counts_is_tested_as_scipy_does(table: list[tuple[int, int]]) -> None:
    baseline, target = (np.array(side, float) for side in zip(*table, strict=True))
    statistic, p = contingency(baseline, target)
    if not (baseline.sum() and target.sum()):
        assert np.isnan(p)
        return
    kept = (baseline + target) > 0
    theirs = stats.chi2_contingency(np.stack((baseline[kept], target[kept])))

    assert statistic == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-9)
    assert p == pytest.approx(theirs.pvalue, rel=1e-7, abs=1e-300)


@given(st.floats(0, 1e5), st.integers(1, 10_000))
@settings(deadline=None, max_examples=100)
def test_the_tail_of_chi_square_is_scipys(statistic: float, freedom: int) -> None:
    assert chi_squared_tail(statistic, freedom) == pytest.approx(stats.chi2.sf(statistic, freedom), rel=1e-6, abs=1e-12)


def test_nothing_lies_beyond_infinity() -> None:
    assert chi_squared_tail(float("inf"), 3) == 0.0


@given(st.tuples(st.integers(0, 40), st.integers(1, 300)), st.tuples(st.integers(0, 40), st.integers(1, 300)))
@settings(deadline=None, max_examples=80)
def test_rare_shares_are_tested_as_fisher_did_and_others_as_pearson(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    some, rest = (one[0], other[0]), (one[1], other[1])
    whole = (sum(one), sum(other))
    rare = min(sum(some), sum(rest)) * min(whole) / sum(whole) < 10

    table = [some, rest]
    theirs = stats.fisher_exact(table).pvalue if rare else stats.chi2_contingency(table).pvalue

    assert shares_differ(some, whole) == pytest.approx(theirs, rel=1e-6, abs=1e-12)


def test_one_null_in_two_hundred_rows_is_no_sensation() -> None:
    """Nor are two of them, of which Pearson's test makes one in a billion."""
    assert contingency(np.array([0.0, 10_000]), np.array([2.0, 198]))[1] < 1e-9
    assert shares_differ((0, 2), (10_000, 200)) == pytest.approx(3.8e-4, rel=0.02)
    assert shares_differ((0, 1), (10_000, 200)) == pytest.approx(200 / 10_200)


@given(COUNTS)
@settings(deadline=None)
def test_putting_rare_categories_together_keeps_all_values_and_leaves_none_rare(table: list[tuple[int, int]]) -> None:
    baseline, target = (np.array(side, float) for side in zip(*table, strict=True))
    one, other = without_rare(baseline, target)
    both = one + other
    expected = both * min(one.sum(), other.sum()) / max(both.sum(), 1)

    assert (one.sum(), other.sum()) == (baseline.sum(), target.sum())
    assert one.size == 1 or expected.min() >= 5 - 1e-9


def test_one_new_value_among_thousands_is_not_a_new_world() -> None:
    baseline, target = np.array([5_000.0, 4_999, 1]), np.array([100.0, 99, 1])

    assert contingency(baseline, target)[1] < 1e-5, "what the distribution of chi-square makes of it"
    assert contingency(*without_rare(baseline, target))[1] > 0.5


def test_a_family_of_tests_is_corrected_as_holm_did() -> None:
    """The example of R's p.adjust: the smallest counts as often as there are tests, none is below the one before."""
    nan = float("nan")

    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.5, nan, 0.02])[0] == 0.5
    assert np.isnan(holm([0.5, nan, 0.02])[1])
    assert holm([0.5, nan, 0.02])[2] == pytest.approx(0.04)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_corrected_values_are_in_the_order_of_the_plain_ones_and_never_below_them(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])

    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    assert [adjusted[at] for at in order] == sorted(adjusted)
    assert max(adjusted) <= 1.0
