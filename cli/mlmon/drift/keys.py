"""Numbers as integers of the same order: the bits of a double, read so that a larger number is a larger integer.

Between two powers of two the integers are evenly spaced over the numbers, so that the integers with the same upper bits
are an interval: a bucket. Its `level` is how many lower bits are left out; level 0 tells every number apart.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

COARSEST: Final = 52
"""The highest level: a bucket is all numbers from one power of two to the next, over which integers are even."""

_MAGNITUDE: Final = np.int64(0x7FFF_FFFF_FFFF_FFFF)


def keys_of(numbers: Floats) -> Ints:
    """The integers of finite numbers, in an array of the same shape. -0.0 is 0.0."""
    bits = (numbers + 0.0).view(np.int64)  # adding nothing makes a negative zero a positive one
    keys: Ints = bits ^ (bits >> 63 & _MAGNITUDE)
    return keys


def numbers_of(keys: Ints) -> Floats:
    """The numbers of integers."""
    return np.where(keys < 0, keys ^ _MAGNITUDE, keys).view(np.float64)


def lower_ends(buckets: Ints, level: int) -> Floats:
    """The smallest number of each bucket of a level."""
    return numbers_of(buckets << level)


def upper_ends(buckets: Ints, level: int) -> Floats:
    """The largest number of each bucket of a level; at level 0 the number itself."""
    return numbers_of((buckets << level) | ((1 << level) - 1))


def exponent_of(*numbers: float) -> int:
    """An even power of two to divide these numbers by, so that those between them and their differences are doubles."""
    return 2 * (int(np.frexp(max(abs(each) for each in numbers))[1]) // 2 + 1)


def scaled_back(number: float, exponent: int) -> float:
    """A number times a power of two, infinite where that is too large for a double."""
    with np.errstate(over="ignore"):
        return float(np.ldexp(number, exponent))


def lowest_level(ordered: Ints, cap: int, *, coarsest: int = COARSEST) -> int:
    """The lowest level at which sorted keys take at most `cap` buckets, else `coarsest`."""
    if ordered.size <= cap:
        return 0
    # neighbours share a bucket at every level that leaves out the highest bit in which they differ
    differ = (ordered[1:] ^ ordered[:-1]).view(np.uint64)
    low, high = 0, coarsest
    while low < high:
        middle = (low + high) // 2
        if 1 + np.count_nonzero(differ >= np.uint64(1 << middle)) <= cap:
            high = middle
        else:
            low = middle + 1
    return low
