"""Thresholds from the baseline itself: how far two samples of it are apart, by chance alone.

Both sides are drawn from the baseline's buckets, as many rows as the baseline has and as many as a check will look
at. Of each feature the mean effect is what chance usually makes of it; thresholds are all the same number of standard
deviations of its effects above it, which no feature exceeds in all but a share alpha of the draws (the largest
statistic of a family: Westfall and Young 1993, Resampling-Based Multiple Testing). A multiple of the mean would not
do: of many categories chance alone makes a distance that can hardly grow. Rows are drawn as if they did not depend on
each other: where days differ from each other without drift, thresholds have to be larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mlmon.drift import distances
from mlmon.drift.checking import DEFAULTS
from mlmon.drift.keys import Floats, keys_of
from mlmon.drift.result import JENSEN_SHANNON, NORMALIZED_WASSERSTEIN
from mlmon.drift.summary import Categories, Numbers, Quality, Summary, at_level

DRAWS: Final = 500
_BUCKETS: Final = 512
"""Of more, chance makes nothing that is seen in a threshold."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A feature's threshold, for the metric that it is about; by chance that is `usual` on average."""

    feature: str
    metric: str
    usual: float
    threshold: float


def proposals(
    baseline: Mapping[str, Summary],
    *,
    rows: int,
    alpha: float = DEFAULTS.alpha,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Proposal, ...]:
    """One for each feature that varies, for targets of so many rows; `alpha` is the share of checks with a false alarm.

    The same baseline and seed give the same thresholds. No more can be told of a share than about 1 / `draws`.
    """
    random = np.random.default_rng(seed)
    varying = {name: _coarser(each) for name, each in baseline.items() if each.buckets.size > 1 and rows > 0}
    if not varying:
        return ()
    effects = np.array([_effects(each, rows, draws, random) for each in varying.values()])
    usual, spread = effects.mean(axis=1), effects.std(axis=1)
    above = (effects - usual[:, None]) / np.where(spread > 0, spread, 1.0)[:, None]
    limit = float(np.quantile(above.max(axis=0), 1 - alpha, method="higher"))
    return tuple(
        Proposal(name, _metric(each), mean, mean + limit * deviation)
        for (name, each), mean, deviation in zip(varying.items(), usual.tolist(), spread.tolist(), strict=True)
    )


def _effects(summary: Summary, rows: int, draws: int, random: np.random.Generator) -> Floats:
    """How far two samples are apart, so many times. A target has as large a share of values as the baseline."""
    shares = summary.counts / summary.count
    present = max(1, round(rows * summary.count / max(summary.quality.rows, 1)))
    ours = random.multinomial(summary.count, shares, size=draws)
    theirs = random.multinomial(present, shares, size=draws)
    pairs = zip(ours, theirs, strict=True)
    return np.array([_effect(_with(summary, one), _with(summary, other)) for one, other in pairs])


def _with(summary: Summary, counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Summary:
    """The same values as often as is said; a bucket's all stand where its mean is."""
    some = counts > 0
    quality = Quality(int(counts.sum()))
    if isinstance(summary, Categories):
        return replace(summary, quality=quality, counts=counts)
    keys = keys_of(summary.means)[some]
    zeros = np.zeros_like(keys)
    least, greatest = (float(summary.means[some][at]) for at in (0, -1))
    return Numbers(quality, 0, keys, counts[some], (zeros, zeros), least, greatest, summary.cap)


def _effect(baseline: Summary, target: Summary) -> float:
    match baseline, target:
        case Numbers(), Numbers():
            return distances.normalized_wasserstein(baseline, target).value
        case _:
            return distances.jensen_shannon(baseline, target).value


def _metric(summary: Summary) -> str:
    return NORMALIZED_WASSERSTEIN if isinstance(summary, Numbers) else JENSEN_SHANNON


def _coarser(summary: Summary) -> Summary:
    while isinstance(summary, Numbers) and summary.buckets.size > _BUCKETS:
        summary = at_level(summary, summary.level + 1)
    return summary
