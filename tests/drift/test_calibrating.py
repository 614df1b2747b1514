"""Thresholds that chance does not exceed more often than is asked for."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mlmon.drift.calibrating import proposals
from mlmon.drift.checking import Options
from mlmon.drift.distances import jensen_shannon, normalized_wasserstein
from mlmon.drift.result import JENSEN_SHANNON, NORMALIZED_WASSERSTEIN
from mlmon.drift.summary import Categories, Numbers, Summary, summary_of_categories, summary_of_numbers

SHARES = (0.6, 0.38, 0.02)


def baseline(seed: int, size: int) -> dict[str, Summary]:
    random = np.random.default_rng(seed)
    return {
        "tailed": summary_of_numbers(random.standard_t(3, size)),
        "plain": summary_of_numbers(random.normal(size=size), nulls=size),
        "constant": summary_of_numbers(np.zeros(size)),
        "empty": summary_of_numbers(np.zeros(0), nulls=size),
        "colour": summary_of_categories(Counter(random.choice(["red", "blue", "rare"], size, p=SHARES).tolist())),
    }


def test_features_that_vary_have_a_threshold_above_what_is_usual() -> None:
    told = proposals(baseline(0, 4_000), rows=400, draws=100)

    assert [(each.feature, each.metric) for each in told] == [
        ("tailed", NORMALIZED_WASSERSTEIN),
        ("plain", NORMALIZED_WASSERSTEIN),
        ("colour", JENSEN_SHANNON),
    ]
    assert all(0 < each.usual < each.threshold for each in told)
    assert told == proposals(baseline(0, 4_000), rows=400, draws=100)


def test_fewer_rows_need_larger_thresholds_and_so_does_a_feature_that_is_half_missing() -> None:
    few, many = (proposals(baseline(0, 4_000), rows=rows, draws=100) for rows in (100, 4_000))

    assert all(one.threshold > 2 * other.threshold for one, other in zip(few, many, strict=True))


def test_of_no_rows_and_of_no_features_nothing_is_proposed() -> None:
    assert proposals({}, rows=100) == ()
    assert proposals(baseline(0, 100), rows=0) == ()


def test_targets_that_have_not_drifted_seldom_exceed_their_thresholds() -> None:
    """At 10 %, 60 targets: more than 17 would be seen in one of 100 000 tries (binomial)."""
    before = baseline(0, 3_000)
    limits = Options(thresholds={each.feature: each.threshold for each in proposals(before, rows=300, alpha=0.1)})
    exceeded = 0
    for seed in range(1, 61):
        after = baseline(seed, 300)
        after["plain"] = summary_of_numbers(np.random.default_rng(seed).normal(size=150))
        exceeded += any(effect(before[name], after[name]) > limit for name, limit in limits.thresholds.items())
    assert exceeded <= 17


def effect(one: Summary, other: Summary) -> float:
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        return normalized_wasserstein(one, other).value
    assert isinstance(one, Categories)
    return jensen_shannon(one, other).value


@pytest.mark.parametrize("alpha", [0.5, 0.1, 0.01])
def test_a_smaller_budget_needs_larger_thresholds(alpha: float) -> None:
    strict, lax = (proposals(baseline(0, 500), rows=100, alpha=each, draws=200) for each in (alpha / 2, alpha))

    assert all(one.threshold >= other.threshold for one, other in zip(strict, lax, strict=True))


def test_what_chance_makes_of_many_categories_leaves_room_below_the_largest_distance() -> None:
    """Two samples of one distribution are far apart then; a threshold above 1 would never be reached."""
    random = np.random.default_rng(0)
    many = {"many": summary_of_categories(Counter(map(str, random.integers(0, 10_000, 500))))}
    [told] = proposals(many, rows=500, draws=100)
    assert 0.5 < told.usual < told.threshold < 0.8
