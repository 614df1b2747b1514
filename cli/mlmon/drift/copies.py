"""Which rows are copies of each other, whole ones or such of which some values were changed."""

from __future__ import annotations

from typing import Final

import numpy as np

from mlmon.drift.keys import Floats, Ints

_DRAWS: Final = 32
"""So often features are drawn: those of a copy that were changed are seldom among a few."""
_BY_CHANCE: Final = 0.01
"""Rows are copies where they agree in features in which so few pairs of rows would by chance."""
_MOST: Final = 10
"""With more rows than these in a group on average, values are few, and equal rows are no copies of each other."""
_LARGEST: Final = 0.1
"""Groups of which one has more of the rows were joined by values that many rows share."""
_FEWEST: Final = 100
"""With fewer groups there is nothing to part."""


def kin(table: Floats, random: np.random.Generator) -> Ints:
    """The group of each row, numbered from 0; each row is alone where none can be told to be a copy.

    Rows that agree in a few features drawn by chance are in one group, if features were independent of each other and
    rows hardly ever agreed in these. Where that joins too many, rows are in one group that are equal in all.
    """
    alone: Ints = np.arange(len(table))
    codes = [np.unique(column, return_inverse=True, equal_nan=True)[1].ravel() for column in table.T]
    marks = random.integers(1, 2**63 - 1, size=len(codes)) | 1
    hashed = [_spread(code, mark) for code, mark in zip(codes, marks.tolist(), strict=True)]
    equal = _numbered(_sum(hashed))
    agreeing = [float(np.sum((np.bincount(code) / len(code)) ** 2)) for code in codes]
    drawn = [_numbered(_sum([hashed[at] for at in some])) for some in _drawn(agreeing, len(table), random)]
    likely = _joined([equal, *drawn])
    for group in (likely, equal):
        sizes = np.bincount(group)
        if sizes.size >= max(_FEWEST, len(table) / _MOST) and (group is equal or sizes.max() <= _LARGEST * len(table)):
            return group
    return alone


def _drawn(agreeing: list[float], rows: int, random: np.random.Generator) -> list[list[int]]:
    """Features in each of which two rows agree with such a probability, until in all of them hardly a pair does."""
    found = []
    pairs = rows * (rows - 1) / 2
    for _ in range(_DRAWS):
        some: list[int] = []
        left = pairs
        for at in random.permutation(len(agreeing)).tolist():
            if left <= _BY_CHANCE:
                break
            if agreeing[at] < 1:
                some.append(at)
                left *= agreeing[at]
        if left <= _BY_CHANCE:
            found.append(some)
    return found


def _spread(code: Ints, mark: int) -> Ints:
    """A number for each value, so that sums of these over features are the same for equal rows alone."""
    mixed = (code.astype(np.uint64) + np.uint64(1)) * np.uint64(mark)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return mixed.view(np.int64)


def _sum(parts: list[Ints]) -> Ints:
    total: Ints = np.sum(parts, axis=0, dtype=np.int64)
    return total


def _numbered(values: Ints) -> Ints:
    group: Ints = np.unique(values, return_inverse=True)[1].ravel()
    return group


def _joined(groupings: list[Ints]) -> Ints:
    """Rows are together that are so in any of the groupings, or by way of others."""
    from scipy.sparse import coo_array  # why here: it comes with scikit-learn, an extra
    from scipy.sparse.csgraph import connected_components

    rows = groupings[0].size
    ends, past = [], rows
    for group in groupings:
        ends.append(group + past)
        past += int(group.max()) + 1
    starts = np.tile(np.arange(rows), len(groupings))
    edges = coo_array((np.ones(starts.size, np.int8), (starts, np.concatenate(ends))), shape=(past, past))
    _, labels = connected_components(edges, directed=False)
    return _numbered(labels[:rows])
