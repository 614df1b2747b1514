"""Whether a difference is more than chance: p-values of one feature, and of many together.

Sources: Hodges 1958, The significance probability of the Smirnov two-sample test (https://doi.org/10.1007/BF02589501),
for the exact test; Stephens 1970 (https://doi.org/10.1111/j.2517-6161.1970.tb00821.x) for its approximation; Pearson's
test of a 2 x k table as https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.chi2_contingency.html has it;
Fisher 1922 (https://doi.org/10.2307/2340521) for the exact test of a 2 x 2 table; Cochran 1954
(https://doi.org/10.2307/3001616) for how many values are enough; Holm 1979 (https://www.jstor.org/stable/4615733).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, gcd, inf, lgamma, log, sqrt
from typing import Final

import numpy as np

from mlmon.drift.keys import Floats

EXACT: Final = 250_000
"""Up to so many pairs of values the exact test is worth its time."""
_RARE: Final = 5.0
"""Fewer expected values of a category than this are no ground for the chi-square distribution (Cochran 1954)."""
_ENOUGH: Final = 1e-16
_COUNTABLE: Final = 1e-9


def kolmogorov_smirnov_p(statistic: float, n: int, m: int, *, exact: int = EXACT) -> float:
    """How likely two samples of one distribution are at least this far apart; of distributions with atoms, at most."""
    if not (n and m) or np.isnan(statistic):
        return float("nan")
    root = sqrt(n * m / (n + m))
    nearly = _kolmogorov((root + 0.12 + 0.11 / root) * statistic)
    # what is counted are the ways that stay near: of the rest nothing is left but rounding where it is so small a share
    return _smirnov(statistic, n, m) if n * m <= exact and nearly > _COUNTABLE else nearly


def contingency(baseline: Floats, target: Floats) -> tuple[float, float]:
    """Pearson's statistic of a 2 x k table of counts, and its p-value: (NaN, NaN) where there is nothing to compare.

    Of two categories with Yates' correction, as is usual.
    """
    table = np.stack((baseline, target))[:, (baseline + target) > 0]
    total = table.sum()
    if table.shape[1] < 1 or not (table.sum(axis=1) > 0).all():
        return float("nan"), float("nan")
    expected = table.sum(axis=1, keepdims=True) * (table.sum(axis=0) / total)
    freedom = table.shape[1] - 1
    apart = np.abs(table - expected)
    if freedom == 1:
        apart -= np.minimum(apart, 0.5)
    statistic = float(np.sum(apart**2 / expected))
    return statistic, chi_squared_tail(statistic, freedom) if freedom else 1.0


def without_rare(baseline: Floats, target: Floats) -> tuple[Floats, Floats]:
    """The counts, with the rarest categories put together until five values are expected of each on either side.

    Which ones these are is told by both samples together, so that it does not depend on how they differ.
    """
    order = np.argsort(baseline + target, kind="stable")
    baseline, target = baseline[order], target[order]
    both = baseline + target
    smaller = min(baseline.sum(), target.sum()) / max(both.sum(), 1.0)
    if not both.size or both[0] * smaller >= _RARE:
        return baseline, target
    # the first so many that are together expected often enough, and with them all that are not so by themselves
    enough = int(np.searchsorted(np.cumsum(both) * smaller, _RARE)) + 1
    rare = max(enough, int(np.searchsorted(both * smaller, _RARE)))
    return (
        np.append(baseline[:rare].sum(), baseline[rare:]),
        np.append(target[:rare].sum(), target[rare:]),
    )


def shares_differ(some: tuple[int, int], all_: tuple[int, int]) -> float:
    """The p-value of two shares, `some` of `all_` on either side: by Fisher's exact test where one of them is rare."""
    k, n = some[0] + some[1], all_[0] + all_[1]
    if not min(all_):
        return float("nan")
    if min(k, n - k) * min(all_) / n >= 2 * _RARE:
        rest = np.array([whole - part for part, whole in zip(some, all_, strict=True)], np.float64)
        first, second = (np.array([part, left]) for part, left in zip(some, rest, strict=True))
        return contingency(first, second)[1]
    if k > n - k:  # the rest is as far apart, and fewer to count
        some, k = (all_[0] - some[0], all_[1] - some[1]), n - k
    side = 0 if all_[0] <= all_[1] else 1
    return _fisher(some[side], k, all_[side], n)


def chi_squared_tail(statistic: float, freedom: int) -> float:
    """The share of a chi-square distribution above a value: the upper incomplete gamma function, regularized."""
    a, x = freedom / 2, statistic / 2
    if x <= 0:
        return 1.0
    if x == inf:
        return 0.0
    lead = exp(a * log(x) - x - lgamma(a))
    return 1 - lead * _series(a, x) if x < a + 1 else lead * _fraction(a, x)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of a family, adjusted so that any one below alpha is wrong in a share of alpha of all runs at most.

    One that is NaN stays so, and does not count as a test.
    """
    tested = [at for at, p in enumerate(p_values) if not np.isnan(p)]
    adjusted = list(p_values)
    highest = 0.0
    for rank, at in enumerate(sorted(tested, key=lambda at: p_values[at])):
        highest = max(highest, min(1.0, (len(tested) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


def _fisher(found: int, marked: int, drawn: int, whole: int) -> float:
    """Of drawing so many of a whole, the share of draws that hold a number of marked ones as unlikely as was found."""
    possible = np.arange(max(0, marked + drawn - whole), min(marked, drawn) + 1)
    ways = np.array(
        [_log_choices(marked, each) + _log_choices(whole - marked, drawn - each) for each in possible.tolist()]
    )
    shares = np.exp(ways - _log_choices(whole, drawn))
    likely = shares[found - possible[0]]
    return float(min(1.0, np.sum(shares[shares <= likely * (1 + 1e-7)])))  # equal but for rounding


def _log_choices(whole: int, chosen: int) -> float:
    return lgamma(whole + 1) - lgamma(chosen + 1) - lgamma(whole - chosen + 1)


def _smirnov(statistic: float, n: int, m: int) -> float:
    """The share of the ways to arrange both samples of which F and G come this far apart.

    An arrangement is a path over a grid of n by m steps; those that never come so far stay in a band around its
    diagonal, and are counted step by step, as shares so that no number becomes too large.
    """
    n, m = min(n, m), max(n, m)
    common = n * m // gcd(n, m)
    # the statistic is a multiple of 1 / common, and paths have to stay below it
    reach = round(statistic * common) - 0.5
    if reach <= 0:
        return 1.0
    up, across = common // n, common // m
    inside = np.zeros(m + 1)
    places = np.arange(m + 1)
    inside[(places * across) <= reach] = 1.0
    exponent = 0.0
    for step in range(1, n + 1):
        band = np.abs(step * up - places * across) <= reach
        first, after = int(np.argmax(band)), int(m + 1 - np.argmax(band[::-1]))
        counted = np.zeros(m + 1)
        counted[first:after] = np.cumsum(inside[first:after])
        largest = counted.max()
        if not largest:
            return 1.0
        counted /= largest
        exponent += log(largest)
        inside = counted
    if not inside[m]:
        return 1.0
    stayed = exponent + log(inside[m]) - (lgamma(n + m + 1) - lgamma(n + 1) - lgamma(m + 1))
    return float(min(1.0, max(0.0, -np.expm1(min(0.0, stayed)))))


def _kolmogorov(x: float) -> float:
    """The tail of Kolmogorov's distribution."""
    if x < 0.2:
        return 1.0
    total = 0.0
    for k in range(1, 101):
        term = exp(-2 * (k * x) ** 2)
        total += term if k % 2 else -term
        if term < _ENOUGH:
            break
    return min(1.0, max(0.0, 2 * total))


def _series(a: float, x: float) -> float:
    """The lower incomplete gamma function over its leading term (Abramowitz and Stegun 6.5.29)."""
    term = total = 1 / a
    k = a
    while term > total * _ENOUGH:
        k += 1
        term *= x / k
        total += term
    return total


def _fraction(a: float, x: float) -> float:
    """The upper one, as a continued fraction (6.5.31), by Lentz's method."""
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    value = d
    for k in range(1, 10_000):
        an = -k * (k - a)
        b += 2
        d = 1 / ((an * d + b) or tiny)
        c = (b + an / c) or tiny
        step = c * d
        value *= step
        if abs(step - 1) < _ENOUGH * 10:
            break
    return value
