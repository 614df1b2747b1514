"""Rows that are copies of each other are told from rows that are alike by chance."""

from __future__ import annotations

import numpy as np
import pytest

from mlmon.drift.coefficient import tell_apart
from mlmon.drift.copies import kin
from mlmon.drift.keys import Floats

ROWS = 400


def table(seed: int, rows: int = ROWS, features: int = 10) -> Floats:
    """Measurements with two decimals, as people write them down."""
    return np.random.default_rng(seed).normal(size=(rows, features)).round(2)


def groups(rows: Floats, seed: int = 0) -> list[int]:
    return kin(rows, np.random.default_rng(seed)).tolist()


def test_rows_that_are_no_copies_are_each_alone() -> None:
    assert len(set(groups(table(1)))) == ROWS


@pytest.mark.parametrize("changed", [0, 1, 3])
def test_a_copy_of_which_some_values_were_changed_is_with_what_it_was_made_of(changed: int) -> None:
    first = table(1)
    second = first.copy()
    second[:, :changed] += 0.5
    told = groups(np.vstack([first, second]))
    assert told[:ROWS] == told[ROWS:]
    assert len(set(told)) == ROWS


def test_missing_values_are_equal_to_each_other() -> None:
    rows = table(1)
    rows[::2, 0] = np.nan
    told = groups(np.vstack([rows, rows]))
    assert told[:ROWS] == told[ROWS:]


def test_rows_of_few_different_values_are_alike_by_chance() -> None:
    rows = np.random.default_rng(1).integers(0, 3, size=(5_000, 3)).astype(np.float64)
    assert len(set(groups(rows))) == len(rows)


def test_features_that_say_the_same_do_not_make_copies_of_rows() -> None:
    """Together they seem to tell many rows apart, and tell no more than one of them does."""
    years = np.random.default_rng(1).integers(20, 80, size=2_000).astype(np.float64)
    rows = np.column_stack([years, 12 * years, 365 * years, 52 * years, np.random.default_rng(2).normal(size=2_000)])
    assert len(set(groups(rows))) == len(rows)


def features(rows: Floats) -> dict[str, Floats]:
    return {f"f{at}": column.copy() for at, column in enumerate(rows.T)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_drift_of_copies_is_not_taken_for_less_than_chance(seed: int) -> None:
    """Whose half was trained on as the baseline's: a classifier would take the other half for the baseline's too."""
    baseline = table(seed)
    target = baseline[np.random.default_rng(seed).integers(0, ROWS, 2 * ROWS)]
    target[:, 0] += 0.5
    told = tell_apart(features(baseline), features(target))
    assert told is not None
    assert told.coefficient.value > -0.05
    assert told.coefficient.auc > 0.5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_that_a_side_repeats_are_no_drift(seed: int) -> None:
    ours, theirs = (table(10 * seed + side, rows=200)[np.arange(600) % 200] for side in (0, 1))
    told = tell_apart(features(ours), features(theirs))
    assert told is not None
    assert told.coefficient.value < 0.2
