"""Both sides of a feature in a few bins, for people to look at."""

from __future__ import annotations

from typing import Final

import numpy as np

from mlmon.drift.counted import evenly, shares_of
from mlmon.drift.keys import Floats
from mlmon.drift.result import Histogram
from mlmon.drift.summary import Categories, Numbers, Summary, coarsened

BINS: Final = 24
BARS: Final = 12
OTHERS: Final = "(others)"
_CENTRAL: Final = (0.005, 0.995)
"""A single value far out must not push all others into one bin: the first and last one take what lies beyond."""


def histogram_of(baseline: Summary, target: Summary) -> Histogram | None:
    """None where one side has no values, or they are of two kinds."""
    if not (baseline.count and target.count):
        return None
    match baseline, target:
        case Numbers(), Numbers():
            return _of_numbers(baseline, target)
        case Categories(), Categories():
            return _of_categories(baseline, target)
    return None


def _of_numbers(baseline: Numbers, target: Numbers) -> Histogram:
    least, greatest = min(baseline.least, target.least), max(baseline.greatest, target.greatest)
    middle = [_quantile(each, share) for share in _CENTRAL for each in (baseline, target)]
    low, high = min(middle), max(middle)
    if not low < high:
        low, high = least, greatest
    if not low < high:
        return Histogram((1.0,), (1.0,), edges=(low, high))
    inner = evenly(low, high, BINS)
    outer = inner.copy()
    outer[0], outer[-1] = min(least, low), max(greatest, high)
    one, other = shares_of(baseline, target, outer)
    return Histogram(tuple(one.tolist()), tuple(other.tolist()), edges=tuple(inner.tolist()))


def _quantile(sample: Numbers, share: float) -> float:
    until: Floats = np.cumsum(sample.counts) / sample.count
    return float(sample.means[int(np.searchsorted(until, share).clip(max=until.size - 1))])


def _of_categories(baseline: Categories, target: Categories) -> Histogram:
    level = max(baseline.level, target.level)
    sides = [coarsened(each, level) for each in (baseline, target)]
    shares: dict[int, list[float]] = {}
    labels: dict[int, str] = {}
    for side, each in enumerate(sides):
        counted = zip(each.buckets.tolist(), each.counts.tolist(), each.labels, each.shared, strict=True)
        for bucket, count, label, several in counted:
            shares.setdefault(bucket, [0.0, 0.0])[side] = count / each.count
            labels.setdefault(bucket, f"{label}, …" if several else label)
    ordered = sorted(shares, key=lambda bucket: (-sum(shares[bucket]), labels[bucket]))
    shown, rest = (ordered, []) if len(ordered) <= BARS else (ordered[: BARS - 1], ordered[BARS - 1 :])
    columns = [[shares[bucket][side] for bucket in shown] for side in (0, 1)]
    if rest:
        for side, column in enumerate(columns):
            column.append(sum(shares[bucket][side] for bucket in rest))
    names = [labels[bucket] for bucket in shown] + [OTHERS] * bool(rest)
    return Histogram(tuple(columns[0]), tuple(columns[1]), labels=tuple(names))
