"""The datadrift coefficient: the same each time, within the band of chance where nothing is, and beyond it else."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from mlmon.drift.coefficient import (
    CATEGORIES_TOLD,
    FEWEST,
    Sample,
    area,
    available,
    coefficient_of,
    matthews,
    tell_apart,
)

ROWS = 1_500


def rows(seed: int, size: int = ROWS, *, rho: float = 0.8, shift: float = 0.0) -> Sample:
    random = np.random.default_rng(seed)
    first = random.normal(size=size)
    return {
        "first": first,
        "second": rho * first + 0.6 * random.normal(size=size),
        "noise": random.normal(size=size),
        "moved": random.normal(shift, size=size),
        "colour": random.choice(["red", "green", "blue"], size).tolist(),
    }


def test_the_same_rows_and_seed_give_the_same_figures() -> None:
    assert tell_apart(rows(1), rows(2, shift=0.5), seed=7) == tell_apart(rows(1), rows(2, shift=0.5), seed=7)


def test_where_nothing_has_changed_it_is_within_the_band_of_chance() -> None:
    told = tell_apart(rows(1), rows(2))

    assert told is not None
    low, high = told.coefficient.band
    assert low < told.coefficient.value < high
    assert (low, high) == pytest.approx((-2 / ROWS**0.5, 2 / ROWS**0.5), rel=0.25)
    assert told.coefficient.p_value > 0.05
    assert told.coefficient.rows == ROWS


def test_a_correlation_that_turned_is_found_though_no_feature_shows_it() -> None:
    told = tell_apart(rows(1), rows(2, rho=-0.8))

    assert told is not None
    assert told.coefficient.value > 0.5
    assert told.coefficient.p_value < 1e-9, "less than draws can tell"
    assert sum(told.contributions[name] for name in ("first", "second")) > 0.9


def test_what_is_chance_need_not_be_shared_out() -> None:
    all_of_it = tell_apart(rows(1), rows(2))
    told = tell_apart(rows(1), rows(2), shares_of_chance=False)

    assert told is not None
    assert all_of_it is not None
    assert (told.coefficient, told.contributions) == (all_of_it.coefficient, {})
    moved = tell_apart(rows(1), rows(2, shift=1.0), shares_of_chance=False)
    assert moved == tell_apart(rows(1), rows(2, shift=1.0))
    assert moved is not None
    assert moved.contributions["moved"] > 0.7


def test_the_contribution_names_what_has_moved() -> None:
    told = tell_apart(rows(1), rows(2, shift=1.0))

    assert told is not None
    assert max(told.contributions, key=lambda name: told.contributions[name]) == "moved"
    assert told.contributions["moved"] > 0.7
    assert sum(told.contributions.values()) == pytest.approx(1.0)


def test_sides_of_different_size_are_compared_as_equals() -> None:
    few, many = (tell_apart(rows(1, size), rows(2, 500, shift=1.0)) for size in (500, 8_000))

    assert few is not None
    assert many is not None
    assert many.coefficient.rows == few.coefficient.rows == 500
    assert many.coefficient.value == pytest.approx(few.coefficient.value, abs=0.12)


def test_too_few_rows_or_no_common_feature_tell_nothing() -> None:
    assert tell_apart(rows(1, FEWEST - 1), rows(2)) is None
    assert tell_apart(rows(1), {}) is None
    assert tell_apart({}, {}) is None
    assert tell_apart({"colour": rows(1)["colour"]}, {"colour": rows(1)["first"]}) is None


def test_columns_of_all_kinds_are_no_crash() -> None:
    random = np.random.default_rng(0)
    hostile: Sample = {
        "constant": np.zeros(300),
        "missing": np.full(300, np.nan),
        "infinite": np.where(random.random(300) < 0.5, np.inf, -np.inf),
        "huge": random.choice([1.7e308, -1.7e308, 5e-324], 300),
        "none": [None] * 300,
        "all different": [str(at) for at in range(300)],
        "long": ["x" * 1_000_000, *["\ud800", "y"] * 149, None],
    }

    told = tell_apart(hostile, hostile)
    assert told is not None
    assert told.coefficient.p_value > 0.01
    assert set(told.contributions) == set(hostile)


def test_more_categories_than_the_classifier_takes_share_the_last_one() -> None:
    many = [str(at % 400) for at in range(2_000)]
    told = tell_apart({"many": many}, {"many": ["new", *many[1:]]})

    assert CATEGORIES_TOLD < 255
    assert told is not None


def test_area_and_correlation_are_scikit_learns() -> None:
    random = np.random.default_rng(3)
    truth, scores = random.integers(0, 2, 500), np.round(random.random(500), 2)
    told = (scores > 0.5).astype(np.int64)

    assert area(truth, scores) == pytest.approx(metrics.roc_auc_score(truth, scores))
    assert matthews(truth, told) == pytest.approx(metrics.matthews_corrcoef(truth, told))
    assert matthews(truth, np.zeros(500, np.int64)) == 0.0
    assert available()


def test_the_p_value_goes_on_where_draws_end_and_ties_count_half() -> None:
    truth = np.repeat(np.array([0, 1]), 200)
    random = np.random.default_rng(4)

    sure = coefficient_of(truth + random.random(400) / 2, truth, random, 0)
    tied = coefficient_of(np.zeros(400), truth, random, 0)
    assert sure.p_value < 1e-30
    assert (tied.auc, tied.p_value, tied.value) == (0.5, 1.0, 0.0)
