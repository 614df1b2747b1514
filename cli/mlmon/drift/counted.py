"""Two samples' values counted in the same bins, or by category, each with how far off a count may be.

Bins of equal width over both samples, as Azure Machine Learning's monitors have them
(https://github.com/Azure/azureml-assets, assets/model_monitoring), or over the baseline alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, inf, log2, sqrt

import numpy as np
from numpy.typing import NDArray

from mlmon.drift.keys import Floats, Ints, lower_ends, upper_ends
from mlmon.drift.summary import Categories, Numbers, coarsened


class Bins(StrEnum):
    """How many bins of equal width two samples are counted in."""

    STURGES = "sturges"
    """Of the smaller sample: ceil(log2 n + 1)."""
    DOANE = "doane"
    """Of both together, with their skewness: Doane 1976 (https://doi.org/10.1080/00031305.1976.10479172)."""


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Two samples' counts in the same bins or categories, and how far off each may be to either side."""

    baseline: Floats
    target: Floats
    baseline_off: Floats
    target_off: Floats
    hidden: float = 0.0
    """The share of values in buckets that several categories share."""

    def interval(self, term: Callable[[Floats, Floats], Floats], *, smoothing: int) -> tuple[float, float, float]:
        """The least, the likely and the largest sum of a term over the bins.

        A term is convex in both shares together and 0 where they are equal: it is largest in a corner of what the
        shares may be, and least in one, or 0 where they may be equal.
        """
        added = smoothing * self.baseline.size
        one, other = self.baseline.sum() + added, self.target.sum() + added
        p, q = (self.baseline + smoothing) / one, (self.target + smoothing) / other
        p_off, q_off = self.baseline_off / one, self.target_off / other
        value = float(np.sum(term(p, q)))
        if not (p_off.any() or q_off.any()):
            return value, value, value
        low = (np.maximum(p - p_off, 0.0), np.maximum(q - q_off, 0.0))
        high = (p + p_off, q + q_off)
        corners = np.stack([term(a, b) for a in (low[0], high[0]) for b in (low[1], high[1])])
        meet = (low[0] <= high[1]) & (low[1] <= high[0])
        most = float(np.sum(np.max(corners, axis=0)))
        least = float(np.sum(np.where(meet, 0.0, np.min(corners, axis=0))))
        return least, value, most


def shares_of(baseline: Numbers, target: Numbers, edges: Floats) -> tuple[Floats, Floats]:
    """The shares of values in bins between `edges`, each bin with its lower edge, the last one with both."""
    (one, _), (other, _) = _in_bins(baseline, edges), _in_bins(target, edges)
    return one / max(baseline.count, 1), other / max(target.count, 1)


def edges_for(baseline: Numbers, target: Numbers, bins: Bins = Bins.STURGES) -> Floats:
    """Where bins begin and end: over both samples, or with `DOANE` over the baseline."""
    if bins is Bins.DOANE:
        return evenly(*_around(baseline.least, baseline.greatest), _doane(baseline))
    least, greatest = min(baseline.least, target.least), max(baseline.greatest, target.greatest)
    return evenly(*_around(least, greatest), ceil(log2(min(baseline.count, target.count)) + 1))


def evenly(least: float, greatest: float, bins: int) -> Floats:
    """The edges of bins of equal width, also where the whole width is no double."""
    if greatest - least < np.finfo(np.float64).max / 2:
        return np.linspace(least, greatest, bins + 1)
    share = np.arange(bins + 1) / bins
    edges: Floats = 2 * (least / 2 * (1 - share) + greatest / 2 * share)
    return edges


def _around(least: float, greatest: float) -> tuple[float, float]:
    """A range that is more than a point."""
    if least < greatest:
        return least, greatest
    half = abs(least * 0.005) or 0.005
    largest = float(np.finfo(np.float64).max)
    return max(least - half, -largest), min(greatest + half, largest)


def _doane(sample: Numbers) -> int:
    n, deviation = sample.count, sample.deviation
    if n < 3 or not deviation > 0:
        return 1
    deviation *= sqrt((n - 1) / n)
    apart = sample.means / deviation - sample.mean / deviation
    skewness = float(np.average(apart**3, weights=sample.counts))
    return ceil(1 + log2(n) + log2(1 + abs(skewness) / sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))))


def binned(baseline: Numbers, target: Numbers, edges: Floats) -> Counted:
    (one, one_off), (other, other_off) = _in_bins(baseline, edges), _in_bins(target, edges)
    beyond = target.count - other.sum()
    if beyond > 1e-9 * target.count:  # bins of the baseline alone: the rest is a bin of its own
        one, one_off = np.append(one, 0.0), np.append(one_off, 0.0)
        other, other_off = np.append(other, beyond), np.append(other_off, other_off[0] + other_off[-1])
    return Counted(one, other, one_off, other_off)


def _in_bins(sample: Numbers, edges: Floats) -> tuple[Floats, Floats]:
    """How many values are in each bin, and how many more or fewer it may be."""
    with np.errstate(over="ignore"):  # the last bin has its upper edge too, be it the largest double
        past = np.append(edges[:-1], np.nextafter(edges[-1], inf))
    below, off = below_edges(sample, past)
    return np.diff(below), off[:-1] + off[1:]


def below_edges(sample: Numbers, edges: Floats) -> tuple[Floats, Floats]:
    """How many values are below each edge, and how many more or fewer it may be.

    A bucket that reaches over an edge is cut as if its values were spread evenly.
    """
    low = np.maximum(lower_ends(sample.buckets, sample.level), sample.least)
    high = np.minimum(upper_ends(sample.buckets, sample.level), sample.greatest)
    before = np.concatenate((np.zeros(1), np.cumsum(sample.counts, dtype=np.float64)))
    at = np.searchsorted(low, edges, side="left")  # so many buckets begin below the edge
    last = np.maximum(at - 1, 0)
    over = (at > 0) & (high[last] >= edges)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = np.where(over, (edges - low[last]) / (high[last] - low[last]), 1.0)
    cut = np.where(over, sample.counts[last], 0.0)
    below = np.where(over, before[last] + share * cut, before[at])
    return below, np.where(over, np.maximum(share, 1 - share) * cut, 0.0)


def by_category(baseline: Categories, target: Categories) -> Counted:
    """Both samples' counts by category, in one order."""
    level = max(baseline.level, target.level)
    one, other = coarsened(baseline, level), coarsened(target, level)
    buckets, where = np.unique(np.concatenate((one.buckets, other.buckets)), return_inverse=True)
    counts = np.zeros((2, buckets.size))
    counts[0, where[: one.buckets.size]] = one.counts
    counts[1, where[one.buckets.size :]] = other.counts
    hidden = counts[:, _shared(one, other, where)] / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    none = np.zeros(buckets.size)
    return Counted(counts[0], counts[1], none, none, float(np.sum(hidden.mean(axis=0))))


def _shared(one: Categories, other: Categories, where: Ints) -> NDArray[np.bool_]:
    """Which buckets several categories share; `where` says which one each label's is."""
    shared = np.zeros(int(where.max(initial=-1)) + 1, bool)
    if one.level == 0:
        return shared
    labels: dict[int, str] = {}
    marked = zip(where.tolist(), one.labels + other.labels, one.shared + other.shared, strict=True)
    for at, label, several in marked:
        shared[at] |= several or labels.setdefault(at, label) != label
    return shared
