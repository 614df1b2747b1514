"""Azure's own figures, as figures that its code has given: the faults too.

Sources of the numbers: the unit tests' inputs of https://github.com/Azure/azureml-assets at 4b41f8c (MIT), folder
assets/model_monitoring/components/tests/unit, run through the components there. Of the first generation: figures that
its packages gave of scikit-learn's iris and wine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
from sklearn import datasets

from mlmon.drift import distances
from mlmon.drift.checking import Options
from mlmon.drift.coefficient import Sample
from mlmon.drift.compat import azure_v1, azure_v2
from mlmon.drift.keys import Floats
from mlmon.drift.result import (
    CHI_SQUARED,
    ENERGY,
    JENSEN_SHANNON,
    KOLMOGOROV_SMIRNOV,
    NORMALIZED_WASSERSTEIN,
    STABILITY,
    WASSERSTEIN,
    Verdict,
)


def normal(mean: float, deviation: float, size: int) -> Floats:
    return np.random.RandomState(0).normal(mean, deviation, size)


@pytest.mark.parametrize(
    ("baseline", "target", "expected"),
    [
        ((50, 15, 20), (52, 15, 20), {
            NORMALIZED_WASSERSTEIN: 0.15285801814589126, JENSEN_SHANNON: 0.10600002666385525,
            STABILITY: 0.03584765726316517, KOLMOGOROV_SMIRNOV: 0.571336004933722,
        }),
        ((50, 15, 9_000), (50, 15, 900), {JENSEN_SHANNON: 0.04693044021127518, STABILITY: 0.009144154741131375}),
        ((50, 15, 9_000), (51, 15, 900), {
            NORMALIZED_WASSERSTEIN: 0.025022493801628097, JENSEN_SHANNON: 0.04421482368807596,
            STABILITY: 0.0089980836541931,
        }),
        ((50, 0, 9_000), (51, 0, 9_000), {
            JENSEN_SHANNON: 1.0, STABILITY: 18.179882118982533, KOLMOGOROV_SMIRNOV: 0.0,
        }),
        ((50, 15, 9_000), (51, 15, 9_000), {
            STABILITY: 0.004444640460533527, KOLMOGOROV_SMIRNOV: 0.00019866032828155228,
        }),
    ],
)  # fmt: skip
def test_numbers_have_the_figures_of_the_model_monitors(
    baseline: tuple[float, float, int], target: tuple[float, float, int], expected: Mapping[str, float]
) -> None:
    told = azure_v2.interval({"it": normal(*baseline)}, {"it": normal(*target)}).features[0]

    given = {name: told.metrics[name].value for name in expected}
    assert given == pytest.approx(expected, rel=1e-6, abs=1e-9)


EIGHT = dict.fromkeys("abcdefgh", 100)


@pytest.mark.parametrize(
    ("baseline", "target", "expected"),
    [
        (EIGHT, {**dict.fromkeys("abcfg", 100), "h": 1}, {
            JENSEN_SHANNON: 0.46074597126444367, CHI_SQUARED: 2.1519581650426477e-60,
        }),
        (EIGHT, {"i": 1, "j": 1, "k": 2}, {JENSEN_SHANNON: 1.0, CHI_SQUARED: 0.0}),
        ({"a": 100, "b": 100}, {"a": 34, "b": 34}, {CHI_SQUARED: 1.0}),
        ({"a": 100, "b": 100}, {"a": 92, "b": 23}, {CHI_SQUARED: 1.2405738707147443e-10}),
        ({"a": 3, "b": 1, "c": 4}, {"a": 2, "b": 3}, {STABILITY: 0.747660664134268}),
    ],
)  # fmt: skip
def test_categories_have_the_figures_of_the_model_monitors(
    baseline: Mapping[str, int], target: Mapping[str, int], expected: Mapping[str, float]
) -> None:
    sides: list[Sample] = [{"it": list(Counter(side).elements())} for side in (baseline, target)]
    told = azure_v2.interval(*sides).features[0]

    assert {name: told.metrics[name].value for name in expected} == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_the_model_monitors_lose_the_largest_value_where_the_last_edge_rounds_below_it() -> None:
    baseline, target = normal(50, 15, 9_000), normal(50, 15, 900)
    counts = azure_v2.counted(baseline, target)

    assert (counts.baseline.sum(), counts.target.sum()) == (8_999, 900)
    whole = distances.jensen_shannon(*(azure_v2._exact(side) for side in (baseline, target)))
    assert whole.value != pytest.approx(distances.jensen_shannon_of(counts).value, rel=0.01)


def test_the_model_monitors_drop_a_row_for_one_missing_value() -> None:
    numbers = normal(0, 1, 400)
    gaps = np.where(np.arange(400) % 2, numbers, np.nan)
    sides: Sample = {"whole": numbers, "gaps": gaps, "text": ["a", *["b"] * 398, None]}

    told = azure_v2.interval(sides, sides)
    assert told.rows == 199
    assert [each.target.rows for each in told.features if each.target] == [199, 199, 199]
    nothing = azure_v2.interval(sides, {**sides, "gaps": np.full(400, np.nan)})
    assert (nothing.verdict, nothing.reason) == (Verdict.NO_DATA, "there are no rows without a missing value")


def test_the_model_monitors_call_a_tiny_change_of_a_constant_a_thousand_and_a_tiny_feature_no_change() -> None:
    zeros, ones = np.zeros(50), np.ones(50)
    assert azure_v2.normalized_wasserstein(zeros, ones) == 1_000
    tiny = normal(0, 1e-6, 500)
    assert azure_v2.normalized_wasserstein(tiny, tiny + 3e-6) == pytest.approx(0.003, rel=0.01)


def test_the_model_monitors_test_no_side_of_ten_thousand_rows() -> None:
    told = azure_v2.interval({"it": normal(0, 1, 10_000)}, {"it": normal(1, 1, 500)}, Options(threshold=2.0))

    assert np.isnan(told.features[0].metrics[KOLMOGOROV_SMIRNOV].value)
    assert told.features[0].reason == "Azure tests no side of 10 000 rows or more"
    assert (told.verdict, told.features[0].threshold) == (Verdict.NO_DRIFT, 2.0)


def of(table: Mapping[str, Floats], chosen: Floats) -> Sample:
    return {name: column[chosen] for name, column in table.items()}


def test_the_coefficient_of_the_first_monitors_is_theirs() -> None:
    """Within 0.05: another version of LightGBM gives other trees."""
    given = []
    for load, classes in ((datasets.load_iris, ((0,), (1, 2))), (datasets.load_wine, ((0,), (1,)))):
        bundle = load()
        table = dict(zip(bundle.feature_names, bundle.data.T, strict=True))
        baseline, target = (of(table, np.isin(bundle.target, side)) for side in classes)
        told = azure_v1.interval(baseline, target)
        assert told.coefficient is not None
        assert told.verdict is Verdict.DRIFT
        given.append(told.coefficient.value)
    assert given == pytest.approx([1.0, 0.9694404648119527], abs=0.05)


def test_the_first_monitors_round_to_three_decimals() -> None:
    bundle = datasets.load_wine()
    at = bundle.feature_names.index("alcalinity_of_ash")
    sides = [bundle.data[bundle.target == label, at] for label in (0, 1)]

    assert azure_v1.wasserstein(*sides) == pytest.approx(3.217641441871569, rel=1e-9)
    assert azure_v1.energy(np.full(9, 0.0001), np.full(9, 0.0004)) == 0.0


def test_the_first_monitors_leave_columns_out_by_their_own_rules() -> None:
    random = np.random.default_rng(0)
    size = 1_000
    half = np.where(random.random(size) < 0.5, np.nan, random.random(size))
    few = np.where(random.random(size) < 0.05, np.nan, random.random(size))
    sides: Sample = {
        "half missing": half,
        "few missing": few,
        "names": [str(at) for at in range(size)],
        "colour": ["red", None] * (size // 2),
        "level": random.integers(0, 5, size).astype(float),
    }

    told = azure_v1.tell_apart(sides, sides)
    assert told is not None
    assert set(told.contributions) == {"few missing", "colour", "level"}
    features = {each.feature: set(each.metrics) for each in azure_v1.interval(sides, sides).features}
    assert features["half missing"] == {WASSERSTEIN, ENERGY}
    assert features["names"] == set()


def test_of_one_row_the_first_monitors_say_nothing() -> None:
    one: Sample = {"it": np.zeros(1)}
    assert azure_v1.interval(one, one).verdict is Verdict.NOT_ENOUGH_DATA
    assert azure_v1.interval(one, {"it": np.zeros(0)}).verdict is Verdict.NO_DATA
    assert azure_v1.available()
