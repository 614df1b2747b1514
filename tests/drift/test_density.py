"""Densities: what an independent kernel estimate says, and what they never do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import gaussian_kde

from drift import reports
from mlmon.drift.density import POINTS, density, with_curves
from mlmon.drift.result import FeatureDrift, Verdict
from mlmon.drift.showing import histogram_of
from mlmon.drift.summary import Summary, summary_of_categories, summary_of_numbers


def drawn(baseline: Summary, target: Summary) -> FeatureDrift:
    """A feature with its histogram and curves."""
    bare = FeatureDrift("f", "number", Verdict.NO_DRIFT, {}, histogram=histogram_of(baseline, target))
    (feature,) = with_curves([bare], {"f": baseline}, {"f": target})
    return feature


def test_it_is_what_scipy_says_of_the_same_width() -> None:
    numbers = np.random.default_rng(1).normal(3, 2, 4000)
    points = np.linspace(-4, 10, 30)
    sample = summary_of_numbers(numbers)
    low, high = np.quantile(numbers, [0.25, 0.75], method="inverted_cdf")
    width = 0.9 * min(numbers.std(ddof=1), (high - low) / 1.34) * len(numbers) ** -0.2

    expected = gaussian_kde(numbers, bw_method=width / numbers.std(ddof=1))(points)

    assert density(sample, points, least_width=1e-9) == pytest.approx(expected, rel=0.01)


def test_curves_are_on_the_scale_of_the_bins() -> None:
    random = np.random.default_rng(2)
    feature = drawn(summary_of_numbers(random.normal(0, 1, 20_000)), summary_of_numbers(random.normal(1, 1, 20_000)))

    assert feature.histogram is not None
    for bars, curve in zip(
        (feature.histogram.baseline, feature.histogram.target), feature.histogram.curves, strict=True
    ):
        assert len(curve) == POINTS
        assert max(curve) == pytest.approx(max(bars), rel=0.1)


def test_whole_numbers_are_no_comb() -> None:
    # most of them are 15 or 16: by Silverman's rule a kernel would be a tenth wide, and the others needles
    numbers = np.concatenate((np.repeat(np.arange(31.0), 1000), np.repeat([15.0, 16.0], 20_000)))
    feature = drawn(summary_of_numbers(numbers), summary_of_numbers(numbers))

    assert feature.histogram is not None
    even = feature.histogram.curves[0][4:18]  # from 2.5 to 11
    assert max(even) / min(even) < 1.05


def test_categories_and_features_without_values_have_none() -> None:
    categories = summary_of_categories({"a": 3, "b": 4})
    nothing = summary_of_numbers(np.array([]))

    with_labels = drawn(categories, categories)
    assert with_labels.histogram is not None
    assert with_labels.histogram.curves == ((), ())
    assert drawn(nothing, nothing).histogram is None


def test_a_feature_that_one_side_lacks_is_left_as_it_is() -> None:
    features = reports.small().whole.features

    assert with_curves(features, {}, {}) == features


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50),
)
@example(one=[0.0], other=[2.2250738585072014e-308])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # linspace over all the numbers there are
def test_a_density_is_a_number_of_any_values_and_never_negative(one: list[float], other: list[float]) -> None:
    feature = drawn(summary_of_numbers(np.array(one)), summary_of_numbers(np.array(other)))

    assert feature.histogram is not None
    for curve in feature.histogram.curves:
        assert all(np.isfinite(value) and value >= 0 for value in curve)
