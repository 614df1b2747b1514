"""How far two samples are apart, from their summaries, each with how wrong that can make it.

F and G are the shares of values up to x in the baseline and in the target. Of summaries, every value of a bucket stands
where the bucket's mean is. `Figure.bound` is how far the figure of the values themselves can be from the one given: 0
where each bucket is one number, which is so up to `cap` distinct values.

Sources: Ramdas et al. 2017 (https://doi.org/10.3390/e19020047) for Wasserstein and energy distance as functionals of
F - G; Lin 1991 (https://doi.org/10.1109/18.61115) for Jensen-Shannon; Siddiqi 2006, Credit Risk Scorecards, for the
population stability index; bins as Azure Machine Learning's monitors have them
(https://github.com/Azure/azureml-assets, assets/model_monitoring).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, inf, log2, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mlmon.drift.keys import Floats, Ints, lower_ends, upper_ends
from mlmon.drift.summary import Categories, Numbers, at_level, coarsened


@dataclass(frozen=True, slots=True)
class Figure:
    """A distance. That of the values themselves is within `bound` of it."""

    value: float
    bound: float = 0.0


class Bins(StrEnum):
    """How many bins of equal width two samples are counted in."""

    STURGES = "sturges"
    """Of the smaller sample: ceil(log2 n + 1)."""
    DOANE = "doane"
    """Of both together, with their skewness: Doane 1976 (https://doi.org/10.1080/00031305.1976.10479172)."""


NOTHING: Final = Figure(float("nan"))
"""The distance from or to no values at all."""


def wasserstein(baseline: Numbers, target: Numbers) -> Figure:
    """The area between F and G, in the feature's own unit."""
    if not (baseline.count and target.count):
        return NOTHING
    steps, apart = _apart(baseline, target)
    return Figure(float(np.sum(np.abs(apart) * steps)), _moved(baseline) + _moved(target))


def normalized_wasserstein(baseline: Numbers, target: Numbers) -> Figure:
    """`wasserstein` in standard deviations of the baseline; of both together, where the baseline is constant.

    There is no least deviation, so that it is the same in whatever unit the feature is.
    """
    distance = wasserstein(baseline, target)
    scale = baseline.deviation
    if not scale > 0:
        scale = _pooled_deviation(baseline, target)
    if not scale > 0:
        return distance if distance.value else Figure(0.0)
    return Figure(distance.value / scale, distance.bound / scale)


def energy(baseline: Numbers, target: Numbers) -> Figure:
    """The root of twice the integral of (F - G)^2."""
    if not (baseline.count and target.count):
        return NOTHING
    steps, apart = _apart(baseline, target)
    # a distance between functions: each side's own error adds to it at most
    return Figure(sqrt(2 * float(np.sum(apart**2 * steps))), _energy_moved(baseline) + _energy_moved(target))


def kolmogorov_smirnov(baseline: Numbers, target: Numbers) -> Figure:
    """The largest difference between F and G where buckets end. That of the values can only be larger."""
    if not (baseline.count and target.count):
        return NOTHING
    level = max(baseline.level, target.level)
    shares = _shares(at_level(baseline, level), at_level(target, level))
    after = np.cumsum(shares[0] - shares[1])
    value = float(np.max(np.abs(after)))
    if level == 0:
        return Figure(min(value, 1.0))
    before = np.concatenate((np.zeros(1), after[:-1]))
    most = float(max(np.max(before + shares[0]), np.max(shares[1] - before)))
    return Figure(min(value, 1.0), max(0.0, min(most, 1.0) - value))


def jensen_shannon(
    baseline: Numbers | Categories, target: Numbers | Categories, *, bins: Bins = Bins.STURGES
) -> Figure:
    """The root of the Jensen-Shannon divergence in bits: 0 of the same shares, 1 of shares with nothing in common."""
    counted = _counted(baseline, target, bins)
    if counted is None:
        return NOTHING
    least, value, most = counted.interval(_divergence, smoothing=0)
    # within a group of categories that share a bucket they can be at most a bit apart: the chain rule of divergence
    least, value, most = (sqrt(min(max(0.0, each), 1.0)) for each in (least, value, most + counted.hidden))
    return Figure(value, max(value - least, most - value))


def population_stability(
    baseline: Numbers | Categories, target: Numbers | Categories, *, bins: Bins = Bins.STURGES
) -> Figure:
    """The sum of (q - p) ln(q / p) over bins or categories, one being added to each count."""
    counted = _counted(baseline, target, bins)
    if counted is None:
        return NOTHING
    least, value, most = counted.interval(_stability, smoothing=1)
    return Figure(value, inf if counted.hidden else max(value - least, most - value))


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
        return np.linspace(*_around(baseline.least, baseline.greatest), _doane(baseline) + 1)
    least, greatest = min(baseline.least, target.least), max(baseline.greatest, target.greatest)
    return np.linspace(*_around(least, greatest), ceil(log2(min(baseline.count, target.count)) + 1) + 1)


def _around(least: float, greatest: float) -> tuple[float, float]:
    """A range that is more than a point."""
    if least < greatest:
        return least, greatest
    half = abs(least * 0.005) or 0.005
    return least - half, greatest + half


def _doane(sample: Numbers) -> int:
    n, deviation = sample.count, sample.deviation
    if n < 3 or not deviation > 0:
        return 1
    deviation *= sqrt((n - 1) / n)
    skewness = float(np.average(((sample.means - sample.mean) / deviation) ** 3, weights=sample.counts))
    return ceil(1 + log2(n) + log2(1 + abs(skewness) / sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))))


def _apart(baseline: Numbers, target: Numbers) -> tuple[Floats, Floats]:
    """Between each two neighbouring points of both samples: how far they are from each other, and F - G there."""
    points = np.concatenate((baseline.means, target.means))
    shares = np.concatenate((baseline.counts / baseline.count, -(target.counts / target.count)))
    order = np.argsort(points, kind="stable")
    return np.diff(points[order]), np.cumsum(shares[order])[:-1]


def _moved(sample: Numbers) -> float:
    """How far the values of a sample are from where its summary has them, at most and on average."""
    return float(np.sum(sample.counts * sample.widths)) / (2 * sample.count) if sample.level else 0.0


def _energy_moved(sample: Numbers) -> float:
    """The energy distance of a sample from its summary, at most."""
    if not sample.level:
        return 0.0
    return sqrt(2 * float(np.sum((sample.counts / sample.count) ** 2 * sample.widths)))


def _pooled_deviation(one: Numbers, other: Numbers) -> float:
    n, m = one.count, other.count
    spread = [each.deviation**2 * (each.count - 1) for each in (one, other) if each.count > 1]
    between = (one.mean - other.mean) ** 2 * n * m / (n + m)
    return sqrt((sum(spread) + between) / (n + m - 1))


def _shares(baseline: Numbers, target: Numbers) -> tuple[Floats, Floats]:
    """The shares of values in every bucket that either has, in order. Both are of one level."""
    buckets, where = np.unique(np.concatenate((baseline.buckets, target.buckets)), return_inverse=True)
    shares = np.zeros((2, buckets.size))
    shares[0, where[: baseline.buckets.size]] = baseline.counts / baseline.count
    shares[1, where[baseline.buckets.size :]] = target.counts / target.count
    return shares[0], shares[1]


def _counted(baseline: Numbers | Categories, target: Numbers | Categories, bins: Bins) -> Counted | None:
    """Both samples in the same bins, or by category; None where one has no values."""
    if not (baseline.count and target.count):
        return None
    match baseline, target:
        case Numbers(), Numbers():
            return _binned(baseline, target, edges_for(baseline, target, bins))
        case Categories(), Categories():
            return by_category(baseline, target)
    raise TypeError("numbers and categories have no distance")


def _binned(baseline: Numbers, target: Numbers, edges: Floats) -> Counted:
    (one, one_off), (other, other_off) = _in_bins(baseline, edges), _in_bins(target, edges)
    beyond = target.count - other.sum()
    if beyond > 1e-9 * target.count:  # bins of the baseline alone: the rest is a bin of its own
        one, one_off = np.append(one, 0.0), np.append(one_off, 0.0)
        other, other_off = np.append(other, beyond), np.append(other_off, other_off[0] + other_off[-1])
    return Counted(one, other, one_off, other_off)


def _in_bins(sample: Numbers, edges: Floats) -> tuple[Floats, Floats]:
    """How many values are in each bin, and how many more or fewer it may be."""
    below, off = below_edges(sample, edges)
    if sample.greatest <= edges[-1]:  # the last bin has its upper edge too
        below[-1], off[-1] = sample.count, 0.0
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
    with np.errstate(invalid="ignore", divide="ignore"):
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
    hidden = counts[:, _shared(one, other, where)] / counts.sum(axis=1, keepdims=True)
    none = np.zeros(buckets.size)
    return Counted(counts[0], counts[1], none, none, float(np.sum(hidden.mean(axis=0))))


def _shared(one: Categories, other: Categories, where: Ints) -> NDArray[np.bool_]:
    """Which buckets several categories share; `where` says which one each label's is."""
    shared = np.zeros(int(where.max()) + 1, bool)
    if one.level == 0:
        return shared
    labels: dict[int, str] = {}
    marked = zip(where.tolist(), one.labels + other.labels, one.shared + other.shared, strict=True)
    for at, label, several in marked:
        shared[at] |= several or labels.setdefault(at, label) != label
    return shared


def _divergence(p: Floats, q: Floats) -> Floats:
    """Each bin's part of the Jensen-Shannon divergence, in bits."""
    middle = (p + q) / 2
    return (_relative(p, middle) + _relative(q, middle)) / 2


def _relative(p: Floats, q: Floats) -> Floats:
    """p log2(p / q), 0 where p is 0."""
    return p * np.log2(np.divide(p, q, out=np.ones_like(p), where=(p > 0) & (q > 0)))


def _stability(p: Floats, q: Floats) -> Floats:
    """(q - p) ln(q / p); infinite where one of them alone is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p == q, 0.0, (q - p) * (np.log(q) - np.log(p)))
