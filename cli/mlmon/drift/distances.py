"""How far two samples are apart, from their summaries, each with how wrong that can make it.

F and G are the shares of values up to x in the baseline and in the target. Of summaries, every value of a bucket stands
where the bucket's mean is. `Figure.bound` is how far the figure of the values themselves can be from the one given: 0
where each bucket is one number, which is so up to `cap` distinct values.

Sources: Ramdas et al. 2017 (https://doi.org/10.3390/e19020047) for Wasserstein and energy distance as functionals of
F - G; Lin 1991 (https://doi.org/10.1109/18.61115) for Jensen-Shannon; Siddiqi 2006, Credit Risk Scorecards, for the
population stability index.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, inf, sqrt
from typing import Final

import numpy as np

from mlmon.drift.counted import Bins, Counted, binned, by_category, edges_for
from mlmon.drift.keys import Floats, exponent_of, scaled_back
from mlmon.drift.summary import Categories, Numbers, at_level


@dataclass(frozen=True, slots=True)
class Figure:
    """A distance. That of the values themselves is within `bound` of it."""

    value: float
    bound: float = 0.0


NOTHING: Final = Figure(float("nan"))
"""The distance from or to no values at all."""


def wasserstein(baseline: Numbers, target: Numbers) -> Figure:
    """The area between F and G, in the feature's own unit."""
    if not (baseline.count and target.count):
        return NOTHING
    steps, apart, exponent = _apart(baseline, target)
    area = float(np.sum(np.abs(apart) * steps))
    return Figure(scaled_back(area, exponent), _moved(baseline) + _moved(target))


def normalized_wasserstein(baseline: Numbers, target: Numbers) -> Figure:
    """`wasserstein` in standard deviations of the baseline; of both together, where the baseline is constant.

    There is no least deviation, so that it is the same in whatever unit the feature is.
    """
    distance = wasserstein(baseline, target)
    if not distance.value > 0 and not distance.bound:
        return distance
    scale, most = baseline.deviation, _deviation_at_most(baseline)
    one_bucket = not scale > 0 and baseline.level > 0  # which hides whether the baseline is constant
    if not scale > 0:
        scale = most = _pooled_deviation(baseline, target)
    value = distance.value / scale if scale > 0 else inf
    if one_bucket or not 0 < scale < inf:
        return Figure(value, inf)
    if not distance.bound:
        return Figure(value)
    low, high = max(0.0, distance.value - distance.bound) / most, (distance.value + distance.bound) / scale
    return Figure(value, max(value - low, high - value))


def energy(baseline: Numbers, target: Numbers) -> Figure:
    """The root of twice the integral of (F - G)^2."""
    if not (baseline.count and target.count):
        return NOTHING
    steps, apart, exponent = _apart(baseline, target)
    root = sqrt(2 * float(np.sum(apart**2 * steps)))
    # a distance between functions: each side's own error adds to it at most
    return Figure(scaled_back(root, exponent // 2), _energy_moved(baseline) + _energy_moved(target))


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
    return NOTHING if counted is None else jensen_shannon_of(counted)


def jensen_shannon_of(counted: Counted) -> Figure:
    """The same of counts."""
    least, value, most = counted.interval(_divergence, smoothing=0)
    # within a group of categories that share a bucket they can be at most a bit apart: the chain rule of divergence
    least, value, most = (sqrt(min(max(0.0, each), 1.0)) for each in (least, value, most + counted.hidden))
    return Figure(value, max(value - least, most - value))


def population_stability(
    baseline: Numbers | Categories, target: Numbers | Categories, *, bins: Bins = Bins.STURGES
) -> Figure:
    """The sum of (q - p) ln(q / p) over bins or categories, one being added to each count."""
    counted = _counted(baseline, target, bins)
    return NOTHING if counted is None else population_stability_of(counted)


def population_stability_of(counted: Counted) -> Figure:
    """The same of counts."""
    least, value, most = counted.interval(_stability, smoothing=1)
    return Figure(value, inf if counted.hidden else max(value - least, most - value))


def _apart(baseline: Numbers, target: Numbers) -> tuple[Floats, Floats, int]:
    """Between each two neighbouring points of both samples: how far they are from each other, and F - G there.

    The steps are to be multiplied by two to the power of what is returned last: between the ends of what a double can
    hold they would not be doubles themselves.
    """
    exponent = exponent_of(baseline.least, baseline.greatest, target.least, target.greatest)
    points = np.concatenate((baseline.means, target.means))
    ours = np.concatenate((baseline.counts, np.zeros_like(target.counts)))
    theirs = np.concatenate((np.zeros_like(baseline.counts), target.counts))
    order = np.argsort(points, kind="stable")
    # quotients of sums, not sums of quotients: where F and G are equal the difference is 0, however long the step
    apart = np.cumsum(ours[order]) / baseline.count - np.cumsum(theirs[order]) / target.count
    return np.diff(np.ldexp(points[order], -exponent)), apart[:-1], exponent


def _moved(sample: Numbers) -> float:
    """How far the values of a sample are from where its summary has them, at most and on average."""
    return float(np.sum(sample.counts / sample.count * sample.widths)) / 2 if sample.level else 0.0


def _energy_moved(sample: Numbers) -> float:
    """The energy distance of a sample from its summary, at most."""
    if not sample.level:
        return 0.0
    return sqrt(2 * float(np.sum((sample.counts / sample.count) ** 2 * sample.widths)))


def _pooled_deviation(one: Numbers, other: Numbers) -> float:
    n, m = one.count, other.count
    if n + m < 2:
        return 0.0
    spread = [each.deviation * sqrt((each.count - 1) / (n + m - 1)) for each in (one, other) if each.count > 1]
    between = [mean * sqrt(n / (n + m) * m / (n + m - 1)) for mean in (one.mean, other.mean)]
    return hypot(*spread, between[0] - between[1])


def _deviation_at_most(sample: Numbers) -> float:
    """The largest standard deviation that a sample with this summary can have."""
    if not sample.level or sample.count < 2:
        return sample.deviation
    within = np.sqrt(sample.counts / (sample.count - 1)) * sample.widths / 2
    return hypot(sample.deviation, *within.tolist())


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
            return binned(baseline, target, edges_for(baseline, target, bins))
        case Categories(), Categories():
            return by_category(baseline, target)
    raise TypeError("numbers and categories have no distance")


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
