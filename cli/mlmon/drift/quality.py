"""Rows that hold no value that counts, or one that the baseline had none like: whether their share has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from mlmon.drift import significance
from mlmon.drift.counted import below_edges, by_category
from mlmon.drift.result import NULL_RATE, OUT_OF_BOUNDS_RATE, TYPE_ERROR_RATE, Metric
from mlmon.drift.summary import Categories, Numbers, Quality, Summary

_KINDS_OF_MISSING: Final[Mapping[str, Callable[[Quality], int]]] = {
    NULL_RATE: lambda quality: quality.nulls + quality.nans,
    TYPE_ERROR_RATE: lambda quality: quality.failures,
    OUT_OF_BOUNDS_RATE: lambda quality: quality.infinities,
}
WHAT_CHANGED: Final = {
    NULL_RATE: "the share of missing values has changed",
    TYPE_ERROR_RATE: "the share of values of another type has changed",
    OUT_OF_BOUNDS_RATE: "the share of infinite values has changed",
}


def share_changed(baseline: Summary, target: Summary, least_rows: int) -> tuple[float, float, str]:
    """The p-value of the share of rows without a value that counts, how much it changed, and mostly in what."""
    before, after = baseline.quality, target.quality
    missing = (before.rows - before.valid, after.rows - after.valid)
    if min(before.rows, after.rows) < max(least_rows, 1) or not any(missing):
        return float("nan"), 0.0, NULL_RATE  # no test at all: it must not make the others stricter
    p = significance.shares_differ(missing, (before.rows, after.rows))
    changes = {
        metric: abs(of(after) / after.rows - of(before) / before.rows) for metric, of in _KINDS_OF_MISSING.items()
    }
    effect = abs(missing[1] / after.rows - missing[0] / before.rows)
    return p, effect, max(changes, key=lambda metric: changes[metric])


def quality_metrics(baseline: Summary, target: Summary) -> dict[str, Metric]:
    """The rates of the target's rows."""
    quality = target.quality
    rows = max(quality.rows, 1)
    return {
        NULL_RATE: Metric((quality.nulls + quality.nans) / rows),
        TYPE_ERROR_RATE: Metric(quality.failures / rows),
        OUT_OF_BOUNDS_RATE: _out_of_bounds(baseline, target),
    }


def _out_of_bounds(baseline: Summary, target: Summary) -> Metric:
    """The share of rows with a number beyond the baseline's, infinite ones included, or with a new category."""
    rows = max(target.quality.rows, 1)
    if not (baseline.count and target.count):
        return Metric(0.0)
    match baseline, target:
        case Numbers(), Numbers():
            with np.errstate(over="ignore"):  # nothing is above the largest double
                edges = np.array([baseline.least, np.nextafter(baseline.greatest, np.inf)])
            below, off = below_edges(target, edges)
            beyond = float(below[0] + target.count - below[1]) + target.quality.infinities
            return Metric(beyond / rows, float(off.sum()) / rows)
        case Categories(), Categories():
            counted = by_category(baseline, target)
            return Metric(float(counted.target[counted.baseline == 0].sum()) / rows, counted.hidden)
    return Metric(0.0)
