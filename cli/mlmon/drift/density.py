"""The density of a sample as a smooth curve, for people to look at.

Gaussian kernels of the width that Silverman proposes (Density Estimation, 1986, equation 3.31), but of half a bin at
least: values that are all whole numbers must not look like a comb.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import sqrt, tau
from typing import Final

import numpy as np

from mlmon.drift.keys import Floats
from mlmon.drift.result import FeatureDrift, Histogram
from mlmon.drift.summary import Numbers, Summary

POINTS: Final = 49
_CUTS: Final = (0.25, 0.75)
_NORMAL: Final = 1.34  # between its quarters a normal distribution is so many standard deviations wide


def with_curves(
    features: Iterable[FeatureDrift], baseline: Mapping[str, Summary], target: Mapping[str, Summary]
) -> tuple[FeatureDrift, ...]:
    """The same features, the histograms of numbers with both sides' densities: a few milliseconds each."""
    return tuple(_with_curve(each, baseline.get(each.feature), target.get(each.feature)) for each in features)


def _with_curve(feature: FeatureDrift, baseline: Summary | None, target: Summary | None) -> FeatureDrift:
    histogram = feature.histogram
    if histogram is None or len(histogram.edges) < 3:
        return feature
    match baseline, target:
        case Numbers(), Numbers():
            curves = (_curve(baseline, histogram), _curve(target, histogram))
            return replace(feature, histogram=replace(histogram, curves=curves))
    return feature


def _curve(sample: Numbers, histogram: Histogram) -> tuple[float, ...]:
    first, last = histogram.edges[0], histogram.edges[-1]
    bin_width = (last - first) / (len(histogram.edges) - 1)
    if not np.finfo(np.float64).tiny <= bin_width < np.inf:
        return ()  # numbers so far apart, or so near, that there is no number for the distance or for the density
    points = np.linspace(first, last, POINTS)
    found = density(sample, points, least_width=bin_width / 2) * bin_width
    return tuple(found.tolist())


def density(sample: Numbers, points: Floats, *, least_width: float) -> Floats:
    """The density at each point, in shares of the sample for a unit of its values. `least_width` is above 0."""
    width = max(least_width, 0.9 * _spread(sample) * sample.count ** (-1 / 5))
    with np.errstate(under="ignore", over="ignore"):  # what is infinitely far away adds nothing
        kernels = (points[:, None] - sample.means) / width
        np.square(kernels, out=kernels)  # in its place: there are as many as points times buckets
        np.exp(np.multiply(kernels, -0.5, out=kernels), out=kernels)
    found: Floats = kernels @ (sample.counts / sample.count) / (width * sqrt(tau))
    return found


def _spread(sample: Numbers) -> float:
    """The standard deviation, or what the middle half says it is if that is less: few values far out cannot move it."""
    until = np.cumsum(sample.counts) / sample.count
    at = np.searchsorted(until, _CUTS).clip(max=until.size - 1)
    low, high = sample.means[at].tolist()
    quarters = (high - low) / _NORMAL
    deviation = sample.deviation if sample.count > 1 else 0.0
    return min(deviation, quarters) if quarters > 0 else deviation
