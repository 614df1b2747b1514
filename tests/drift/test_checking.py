"""From summaries to verdicts: whatever the columns are like, each has a status and none of them stops the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmon.drift.checking import DEFAULTS, Options, check, interval, rows_of, verdict_of
from mlmon.drift.result import (
    CHI_SQUARED,
    ENERGY,
    JENSEN_SHANNON,
    KOLMOGOROV_SMIRNOV,
    NORMALIZED_WASSERSTEIN,
    NULL_RATE,
    OUT_OF_BOUNDS_RATE,
    STABILITY,
    TYPE_ERROR_RATE,
    WASSERSTEIN,
    Coefficient,
    FeatureDrift,
    Verdict,
)
from mlmon.drift.summary import Summary, summary_of_categories, summary_of_numbers

RANDOM = np.random.default_rng(11)
PLAIN = RANDOM.normal(40, 10, 2_000)
QUALITY = {NULL_RATE, TYPE_ERROR_RATE, OUT_OF_BOUNDS_RATE}
nan, inf = float("nan"), float("inf")


def numbers(*values: float, nulls: int = 0, failures: int = 0) -> Summary:
    return summary_of_numbers(np.array(values, np.float64), nulls=nulls, failures=failures)


def array(values: np.ndarray[tuple[int], np.dtype[np.float64]], *, nulls: int = 0, failures: int = 0) -> Summary:
    return summary_of_numbers(values, nulls=nulls, failures=failures)


def categories(text: Sequence[str] | dict[str, int], nulls: int = 0) -> Summary:
    return summary_of_categories(Counter(text), nulls=nulls)


def alone(baseline: Summary | None, target: Summary | None, options: Options = DEFAULTS) -> FeatureDrift:
    """What is said of one feature, beside one that has not changed and has to be told of all the same."""
    same = array(PLAIN)
    sides: list[dict[str, Summary]] = [{"same": same}, {"same": same}]
    for side, summary in zip(sides, (baseline, target), strict=True):
        if summary is not None:
            side["it"] = summary
    told = {each.feature: each for each in check(*sides, options)}
    assert told["same"].verdict is Verdict.NO_DRIFT
    return told["it"]


@pytest.mark.parametrize(
    ("baseline", "target", "verdict", "reason"),
    [
        (array(PLAIN), array(PLAIN[::2]), Verdict.NO_DRIFT, ""),
        (array(PLAIN), array(PLAIN + 5), Verdict.DRIFT, ""),
        (array(np.zeros(500)), array(np.zeros(500)), Verdict.NO_DRIFT, ""),
        (array(np.zeros(500)), array(np.full(500, 1e-300)), Verdict.DRIFT, ""),
        (array(PLAIN), array(np.zeros(0), nulls=500), Verdict.DRIFT, "the share of missing values has changed"),
        (array(np.zeros(0), nulls=500), array(np.zeros(0), nulls=400), Verdict.NOT_ENOUGH_DATA,
         "0 values in the baseline and 0 in the target are too few to tell"),
        (array(np.zeros(0)), array(np.zeros(0)), Verdict.NOT_ENOUGH_DATA,
         "0 values in the baseline and 0 in the target are too few to tell"),
        (numbers(1.0), array(PLAIN), Verdict.NOT_ENOUGH_DATA,
         "1 values in the baseline and 2000 in the target are too few to tell"),
        (array(PLAIN), numbers(1.0), Verdict.NOT_ENOUGH_DATA,
         "2000 values in the baseline and 1 in the target are too few to tell"),
        (array(PLAIN), array(np.where(np.arange(2_000) % 4, PLAIN, inf)), Verdict.DRIFT,
         "the share of infinite values has changed"),
        (array(PLAIN), array(np.where(np.arange(2_000) % 4, PLAIN, nan)), Verdict.DRIFT,
         "the share of missing values has changed"),
        (array(PLAIN), array(PLAIN[::2], failures=400), Verdict.DRIFT,
         "the share of values of another type has changed"),
        (array(PLAIN), array(PLAIN[::2], failures=2_000), Verdict.SCHEMA_CHANGED,
         "most of its values are no number any more"),
        (array(PLAIN, failures=3_000), array(PLAIN[::2], failures=1_500), Verdict.NO_DRIFT, ""),
        (array(PLAIN), categories("ab" * 300), Verdict.SCHEMA_CHANGED, "it is of another type in the target"),
        (categories("a"), array(PLAIN), Verdict.SCHEMA_CHANGED, "it is of another type in the target"),
        (None, array(PLAIN), Verdict.SCHEMA_CHANGED, "the baseline has no such feature"),
        (array(PLAIN), None, Verdict.SCHEMA_CHANGED, "the target has no such feature"),
        (categories("ab" * 500), categories("ba" * 200), Verdict.NO_DRIFT, ""),
        (categories("ab" * 500), categories("ac" * 200), Verdict.DRIFT, ""),
        (categories("a" * 500), categories("a" * 200), Verdict.NO_DRIFT, ""),
        (categories({str(at): 3 for at in range(10_000)}), categories({str(at): 2 for at in range(10_000)}),
         Verdict.NO_DRIFT, ""),
        (categories({str(at): 3 for at in range(12_000)}), categories({str(-at): 3 for at in range(12_000)}),
         Verdict.DRIFT, ""),
    ],
)  # fmt: skip
def test_every_column_has_a_status(
    baseline: Summary | None, target: Summary | None, verdict: Verdict, reason: str
) -> None:
    told = alone(baseline, target)

    assert (told.verdict, told.reason) == (verdict, reason)


def test_a_number_has_all_its_figures_and_the_effect_is_one_of_them() -> None:
    told = alone(array(PLAIN), array(PLAIN + 5))

    distances = {WASSERSTEIN, NORMALIZED_WASSERSTEIN, ENERGY, JENSEN_SHANNON, STABILITY, KOLMOGOROV_SMIRNOV}
    assert set(told.metrics) == distances | QUALITY
    assert (told.kind, told.effect_metric, told.threshold) == ("number", NORMALIZED_WASSERSTEIN, 0.1)
    assert told.effect == told.metrics[NORMALIZED_WASSERSTEIN].value == pytest.approx(0.5, rel=0.05)
    assert told.metrics[WASSERSTEIN].value == pytest.approx(5.0, rel=1e-3)
    p = told.metrics[KOLMOGOROV_SMIRNOV].p_value
    assert p is not None
    assert told.p_value == 2 * p, "the smaller of two tests, by Holm"
    assert told.histogram is not None
    assert sum(told.histogram.target) == pytest.approx(1.0)


def test_a_category_has_all_its_figures() -> None:
    told = alone(categories("ab" * 500), categories("aab" * 300 + "c"))

    assert set(told.metrics) == {JENSEN_SHANNON, STABILITY, CHI_SQUARED} | QUALITY
    assert (told.kind, told.effect_metric) == ("category", JENSEN_SHANNON)
    assert told.metrics[OUT_OF_BOUNDS_RATE].value == pytest.approx(1 / 901)


def test_what_is_beyond_the_baseline_is_counted_with_infinite_values() -> None:
    told = alone(array(np.linspace(0, 1, 100)), array(np.concatenate((np.linspace(-0.5, 1.5, 100), [inf, -inf]))))

    assert told.metrics[OUT_OF_BOUNDS_RATE].value == pytest.approx(52 / 102)


def test_a_difference_that_is_sure_and_small_is_no_drift_until_the_threshold_is_lower() -> None:
    sides = array(np.tile(PLAIN, 20)), array(np.tile(PLAIN, 20) + 0.5)

    told = alone(*sides)
    assert told.verdict is Verdict.NO_DRIFT
    assert told.p_value is not None
    assert told.p_value < 1e-6
    assert alone(*sides, Options(thresholds={"it": 0.02})).verdict is Verdict.DRIFT


def test_a_large_difference_that_may_be_chance_is_no_drift() -> None:
    told = alone(array(PLAIN), array(PLAIN[:60] + 2))

    assert told.effect is not None
    assert told.effect > 0.1
    assert told.verdict is Verdict.NO_DRIFT


def test_with_a_classifier_features_have_half_of_alpha() -> None:
    """It is a second family of tests: what the features alone have found is not enough beside it."""
    baseline, target = {"it": array(PLAIN)}, {"it": array(PLAIN[:200] + 2.6)}
    p = check(baseline, target)[0].p_value
    assert p is not None
    options = Options(alpha=1.5 * p)

    alone_, beside = (check(baseline, target, options, coefficient=each)[0].verdict for each in (None, chance()))
    assert (alone_, beside) == (Verdict.DRIFT, Verdict.NO_DRIFT)


def chance() -> Coefficient:
    return Coefficient(value=0.01, mcc=0.01, auc=0.51, band=(-0.05, 0.05), p_value=0.4, rows=1_000, seed=0)


def test_an_interval_drifts_with_a_feature_or_with_all_together() -> None:
    same = {"it": array(PLAIN)}
    moved = {"it": array(PLAIN + 5)}
    sure = replace(chance(), value=0.4, p_value=0.001)

    verdicts = [
        interval(same, moved, rows=2_000).verdict,
        interval(same, same, rows=2_000).verdict,
        interval(same, same, rows=2_000, coefficient=chance()).verdict,
        interval(same, same, rows=2_000, coefficient=sure).verdict,
        interval(same, same, rows=2_000, coefficient=replace(sure, value=0.1)).verdict,
    ]
    drift, no_drift = Verdict.DRIFT, Verdict.NO_DRIFT
    assert verdicts == [drift, no_drift, no_drift, drift, no_drift]
    together = interval(same, same, rows=2_000, coefficient=sure)
    assert together.reason == "the features have drifted together, none of them by itself"
    assert [each.feature for each in interval(same, moved, rows=2_000).drifted] == ["it"]


def test_a_target_of_no_rows_leaves_each_feature_without_data() -> None:
    told = interval({"a": array(PLAIN), "b": categories("xy" * 90)}, {}, rows=0)

    assert (told.verdict, told.reason) == (Verdict.NO_DATA, "there are no rows to compare")
    assert [(each.feature, each.kind, each.verdict) for each in told.features] == [
        ("a", "number", Verdict.NO_DATA),
        ("b", "category", Verdict.NO_DATA),
    ]


def test_too_little_of_everything_is_told_from_a_renamed_column() -> None:
    few = interval({"a": numbers(1.0), "b": categories("x")}, {"a": array(PLAIN), "b": categories("x" * 99)}, rows=99)
    renamed = interval({"a": array(PLAIN), "b": array(PLAIN)}, {"a": array(PLAIN), "B": array(PLAIN)}, rows=99)

    assert (few.verdict, few.reason) == (Verdict.NOT_ENOUGH_DATA, "fewer than 50 values a feature")
    assert (renamed.verdict, renamed.reason) == (Verdict.SCHEMA_CHANGED, "b, B")
    assert verdict_of((), 5) == (Verdict.NO_DRIFT, "")


def test_a_thousand_columns_are_told_of_in_the_order_of_the_baseline() -> None:
    names = [f"c{at}" for at in range(1_000)]
    small = array(PLAIN[:100])

    told = check(dict.fromkeys(names, small), dict.fromkeys([*reversed(names), "new"], small))
    assert [each.feature for each in told] == [*names, "new"]
    assert rows_of(dict.fromkeys(names, small).values()) == 100


def test_no_rows_are_too_few_even_where_any_number_is_allowed() -> None:
    assert alone(array(np.zeros(0)), array(PLAIN), Options(least_rows=0)).verdict is Verdict.NOT_ENOUGH_DATA
    assert alone(array(np.zeros(0)), categories("a"), Options(least_rows=0)).verdict is Verdict.NOT_ENOUGH_DATA


SUMMARIES: st.SearchStrategy[Summary | None] = st.one_of(
    st.none(),
    st.builds(
        lambda values, times, nulls, failures: array(np.repeat(values, times), nulls=nulls, failures=failures),
        st.lists(st.floats(), max_size=6).map(lambda values: np.array(values, np.float64)),
        st.sampled_from([1, 30]),
        st.sampled_from([0, 1, 70]),
        st.sampled_from([0, 1, 70]),
    ),
    st.builds(
        lambda counts, nulls: summary_of_categories(counts, nulls=nulls, cap=3),
        st.dictionaries(st.text(max_size=2), st.integers(1, 99), max_size=6),
        st.sampled_from([0, 1, 70]),
    ),
)


@given(SUMMARIES, SUMMARIES, st.sampled_from([Options(), Options(least_rows=0), Options(threshold=0.0, alpha=1.0)]))
@settings(deadline=None, max_examples=60)
def test_nothing_that_a_column_can_hold_is_a_crash(
    baseline: Summary | None, target: Summary | None, options: Options
) -> None:
    sides = [{"it": each} if each is not None else {} for each in (baseline, target)]
    told = interval(*sides, options, rows=rows_of(sides[1].values()))

    assert told.verdict in Verdict
    for each in told.features:
        assert each.p_value is None or 0 <= each.p_value <= 1
        assert all(metric.bound >= 0 for metric in each.metrics.values())


OTHERS: list[Callable[[], Summary]] = [lambda: array(PLAIN), lambda: categories("ab" * 99)]


@pytest.mark.parametrize("other", OTHERS)
def test_a_check_says_the_same_whatever_else_is_new(other: Callable[[], Summary]) -> None:
    """A column that was added is told of, and makes no test stricter."""
    baseline, target = {"it": array(PLAIN)}, {"it": array(PLAIN + 1)}

    assert check(baseline, target | {"new": other()})[0] == check(baseline, target)[0]
