"""Numbers as integers of the same order."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.drift.keys import COARSEST, keys_of, lower_ends, lowest_level, numbers_of, upper_ends

finite = st.floats(allow_nan=False, allow_infinity=False)
lists = st.lists(finite, min_size=1, max_size=30)


@given(lists)
def test_keys_have_the_order_of_the_numbers(numbers: list[float]) -> None:
    keys = keys_of(np.array(numbers))
    assert np.array_equal(np.array(numbers)[np.argsort(keys, kind="stable")], np.sort(np.array(numbers)))
    for one, other in zip(numbers, keys.tolist(), strict=True):
        for two, another in zip(numbers, keys.tolist(), strict=True):
            assert (one < two, one == two) == (other < another, other == another)


@given(lists)
def test_a_key_gives_its_number_back_to_the_last_bit(numbers: list[float]) -> None:
    back = numbers_of(keys_of(np.array(numbers)))
    assert [each.hex() for each in back.tolist()] == [(each + 0.0).hex() for each in numbers]


@pytest.mark.parametrize("number", [5e-324, -5e-324, sys.float_info.min, sys.float_info.max, -sys.float_info.max, 0.0])
def test_numbers_at_the_ends_have_keys_too(number: float) -> None:
    assert numbers_of(keys_of(np.array([number]))).tolist() == [number]


def test_a_negative_zero_is_zero() -> None:
    assert keys_of(np.array([-0.0, 0.0])).tolist() == [0, 0]


@pytest.mark.parametrize("number", [0.0, 1.0, -1.0, 5e-324, 1e300, -123.456])
def test_the_next_number_has_the_next_key(number: float) -> None:
    one, other = keys_of(np.array([number, math.nextafter(number, math.inf)])).tolist()
    # between the negative numbers and zero there is the key of a negative zero, which no number has
    assert other - one == 1


def test_the_greatest_number_below_zero_is_two_keys_below_it() -> None:
    assert keys_of(np.array([-5e-324])).tolist() == [-2]


@given(finite, st.integers(0, COARSEST))
def test_a_bucket_holds_its_numbers_between_its_ends(number: float, level: int) -> None:
    buckets = keys_of(np.array([number])) >> level
    low, high = lower_ends(buckets, level), upper_ends(buckets, level)
    assert low[0] <= number <= high[0]
    assert (level > 0) or low[0] == high[0] == number


def lowest(keys: list[int], cap: int, coarsest: int) -> int:
    fitting = (level for level in range(coarsest) if len({key >> level for key in keys}) <= cap)
    return next(fitting, coarsest)


@given(st.lists(finite, max_size=40), st.integers(1, 20))
def test_the_lowest_level_of_so_many_buckets_is_found(numbers: list[float], cap: int) -> None:
    keys = np.sort(keys_of(np.array(numbers, np.float64)))
    assert lowest_level(keys, cap) == lowest(keys.tolist(), cap, COARSEST)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40), st.integers(1, 20), st.integers(0, 63))
def test_that_holds_of_any_integers(keys: list[int], cap: int, coarsest: int) -> None:
    ordered = np.sort(np.array(keys, np.int64))
    assert lowest_level(ordered, cap, coarsest=coarsest) == lowest(keys, cap, coarsest)
