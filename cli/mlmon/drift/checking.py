"""From summaries to verdicts: every feature's figures, whether they are more than chance, and whether they matter.

A feature has drifted where a test says that the difference is more than chance, with all tests of the interval taken
together (Holm), and the effect is above its threshold. Numbers are tested by Kolmogorov and Smirnov's test, categories
by the chi-square test of the 2 x k table, both for their share of missing values besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from mlmon.drift import distances, significance
from mlmon.drift.result import (
    CHI_SQUARED,
    ENERGY,
    JENSEN_SHANNON,
    KOLMOGOROV_SMIRNOV,
    NORMALIZED_WASSERSTEIN,
    NULL_RATE,
    OUT_OF_BOUNDS_RATE,
    STABILITY,
    TYPE_ERROR_RATE,
    WASSERSTEIN,
    Coefficient,
    FeatureDrift,
    Interval,
    Kind,
    Metric,
    Profile,
    Verdict,
)
from mlmon.drift.showing import histogram_of
from mlmon.drift.summary import Categories, Numbers, Summary

CORRECTION: Final = "Holm"
RUNS_A_FALSE_ALARM: Final = 90
"""A check of data that has not drifted may raise an alarm once in so many runs: once in a quarter of daily checks."""
_OTHER_TYPE: Final = 0.5
"""A feature of which so large a share is not of its type has another one now."""


@dataclass(frozen=True, slots=True)
class Options:
    """When a difference counts.

    `threshold` is the effect above which it matters (normalized Wasserstein distance of numbers, Jensen-Shannon
    distance of categories, difference of the shares of missing values), `thresholds` those of single features, and
    `coefficient_threshold` that of the datadrift coefficient. `alpha` is the share of runs over data that has not
    drifted in which an alarm is allowed. Fewer than `least_rows` values on a side are too few to tell.
    """

    threshold: float = 0.1
    thresholds: Mapping[str, float] = field(default_factory=dict)
    coefficient_threshold: float = 0.2
    alpha: float = 1 / RUNS_A_FALSE_ALARM
    least_rows: int = 50

    def threshold_of(self, feature: str) -> float:
        """The one that counts for a feature."""
        return self.thresholds.get(feature, self.threshold)


@dataclass(frozen=True, slots=True)
class _Tested:
    """A feature with its two p-values: of its values, and of its missing ones."""

    drift: FeatureDrift
    values_p: float
    missing_p: float
    missing_effect: float


def check(
    baseline: Mapping[str, Summary],
    target: Mapping[str, Summary],
    options: Options = Options(),
    *,
    coefficient: Coefficient | None = None,
) -> tuple[FeatureDrift, ...]:
    """Compare every feature that either side has, in the order of the baseline, new ones last.

    With a coefficient half of `alpha` is the features'; the other half is the coefficient's own (`verdict_of`).
    """
    names = [*baseline, *(name for name in target if name not in baseline)]
    tested = [_tested(name, baseline.get(name), target.get(name), options) for name in names]
    p_values = [p for one in tested for p in (one.values_p, one.missing_p)]
    adjusted = significance.holm(p_values)
    alpha = options.alpha / 2 if coefficient else options.alpha
    pairs = zip(adjusted[::2], adjusted[1::2], strict=True)
    return tuple(_judged(one, pair, alpha) for one, pair in zip(tested, pairs, strict=True))


def verdict_of(
    features: Sequence[FeatureDrift], rows: int, options: Options = Options(), *, coefficient: Coefficient | None = None
) -> tuple[Verdict, str]:
    """What is said of an interval as a whole, and why."""
    if not rows:
        return Verdict.NO_DATA, "there are no rows to compare"
    drifted = [each.feature for each in features if each.verdict is Verdict.DRIFT]
    together = coefficient is not None and _tells(coefficient, options)
    if drifted or together:
        return Verdict.DRIFT, "" if drifted else "the features have drifted together, none of them by itself"
    changed = [each.feature for each in features if each.verdict is Verdict.SCHEMA_CHANGED]
    if changed:
        return Verdict.SCHEMA_CHANGED, ", ".join(changed)
    if features and all(each.verdict is not Verdict.NO_DRIFT for each in features):
        return Verdict.NOT_ENOUGH_DATA, f"fewer than {options.least_rows} values a feature"
    return Verdict.NO_DRIFT, ""


def interval(
    baseline: Mapping[str, Summary],
    target: Mapping[str, Summary],
    options: Options = Options(),
    *,
    rows: int,
    coefficient: Coefficient | None = None,
) -> Interval:
    """What was found in one interval, whose range is not known here."""
    if not rows:
        return Interval(None, 0, Verdict.NO_DATA, (), reason="there are no rows to compare")
    features = check(baseline, target, options, coefficient=coefficient)
    verdict, reason = verdict_of(features, rows, options, coefficient=coefficient)
    return Interval(None, rows, verdict, features, coefficient, reason)


def _tells(coefficient: Coefficient, options: Options) -> bool:
    return coefficient.p_value < options.alpha / 2 and coefficient.value > options.coefficient_threshold


def _tested(name: str, baseline: Summary | None, target: Summary | None, options: Options) -> _Tested:
    nan = float("nan")
    threshold = options.threshold_of(name)
    present = baseline if baseline is not None else target
    kind: Kind = "number" if isinstance(present, Numbers) else "category"
    bare = FeatureDrift(
        name,
        kind,
        Verdict.SCHEMA_CHANGED,
        {},
        threshold=threshold,
        baseline=profile_of(baseline) if baseline is not None else None,
        target=profile_of(target) if target is not None else None,
    )
    if baseline is None or target is None:
        where = "baseline" if baseline is None else "target"
        return _Tested(replace(bare, reason=f"the {where} has no such feature"), nan, nan, 0.0)
    quality = _quality_metrics(baseline, target)
    bare = replace(bare, metrics=quality)
    if quality[TYPE_ERROR_RATE].value >= _OTHER_TYPE:
        return _Tested(replace(bare, reason=f"most of its values are no {kind} any more"), nan, nan, 0.0)
    missing_p, missing_effect = _missing(baseline, target, options)
    if min(baseline.count, target.count) < options.least_rows:
        few = f"{baseline.count} values in the baseline and {target.count} in the target are too few to tell"
        return _Tested(replace(bare, verdict=Verdict.NOT_ENOUGH_DATA, reason=few), nan, missing_p, missing_effect)
    match baseline, target:
        case Numbers(), Numbers():
            figures, p = _numbers(baseline, target)
            effect = NORMALIZED_WASSERSTEIN
        case Categories(), Categories():
            figures, p = _categories(baseline, target)
            effect = JENSEN_SHANNON
        case _:
            return _Tested(replace(bare, reason="it is of another type in the target"), nan, nan, 0.0)
    drift = replace(
        bare,
        verdict=Verdict.NO_DRIFT,
        metrics={**figures, **quality},
        effect_metric=effect,
        effect=figures[effect].value,
        histogram=histogram_of(baseline, target),
    )
    return _Tested(drift, p, missing_p, missing_effect)


def _judged(one: _Tested, adjusted: tuple[float, float], alpha: float) -> FeatureDrift:
    """The verdict, once it is known what the tests say together."""
    drift, (values_p, missing_p) = one.drift, adjusted
    threshold = drift.threshold or 0.0
    known = [p for p in adjusted if not np.isnan(p)]
    drift = replace(drift, p_value=min(known) if known else None)
    if values_p < alpha and drift.effect is not None and drift.effect > threshold:
        return replace(drift, verdict=Verdict.DRIFT)
    if missing_p < alpha and one.missing_effect > threshold:
        return replace(
            drift,
            verdict=Verdict.DRIFT,
            effect_metric=NULL_RATE,
            effect=one.missing_effect,
            reason="the share of missing values has changed",
        )
    return drift


def _numbers(baseline: Numbers, target: Numbers) -> tuple[dict[str, Metric], float]:
    apart = distances.kolmogorov_smirnov(baseline, target)
    p = significance.kolmogorov_smirnov_p(apart.value, baseline.count, target.count)
    figures = {
        WASSERSTEIN: distances.wasserstein(baseline, target),
        NORMALIZED_WASSERSTEIN: distances.normalized_wasserstein(baseline, target),
        ENERGY: distances.energy(baseline, target),
        JENSEN_SHANNON: distances.jensen_shannon(baseline, target),
        STABILITY: distances.population_stability(baseline, target),
    }
    metrics = {name: Metric(figure.value, figure.bound) for name, figure in figures.items()}
    return metrics | {KOLMOGOROV_SMIRNOV: Metric(apart.value, apart.bound, p)}, p


def _categories(baseline: Categories, target: Categories) -> tuple[dict[str, Metric], float]:
    counted = distances.by_category(baseline, target)
    statistic, p = significance.contingency(*significance.without_rare(counted.baseline, counted.target))
    figures = {
        JENSEN_SHANNON: distances.jensen_shannon(baseline, target),
        STABILITY: distances.population_stability(baseline, target),
    }
    metrics = {name: Metric(figure.value, figure.bound) for name, figure in figures.items()}
    return metrics | {CHI_SQUARED: Metric(statistic, 0.0, p)}, p


def _missing(baseline: Summary, target: Summary, options: Options) -> tuple[float, float]:
    """The p-value of the share of missing values, and how much it changed."""
    sides = [(each.quality.rows, each.quality.nulls + each.quality.nans) for each in (baseline, target)]
    if min(rows for rows, _ in sides) < options.least_rows:
        return float("nan"), 0.0
    one, other = (np.array([missing, rows - missing], np.float64) for rows, missing in sides)
    if one[0] == other[0] == 0:
        return float("nan"), 0.0  # no test at all: it must not make the others stricter
    _, p = significance.contingency(one, other)
    shares = [missing / rows for rows, missing in sides]
    return p, abs(shares[1] - shares[0])


def _quality_metrics(baseline: Summary, target: Summary) -> dict[str, Metric]:
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
            edges = np.array([baseline.least, np.nextafter(baseline.greatest, np.inf)])
            below, off = distances.below_edges(target, edges)
            beyond = float(below[0] + target.count - below[1]) + target.quality.infinities
            return Metric(beyond / rows, float(off.sum()) / rows)
        case Categories(), Categories():
            counted = distances.by_category(baseline, target)
            return Metric(float(counted.target[counted.baseline == 0].sum()) / rows, counted.hidden)
    return Metric(0.0)


def profile_of(summary: Summary) -> Profile:
    """One side of a feature in figures that people know."""
    quality = summary.quality
    distinct = summary.buckets.size if summary.level == 0 else None
    bare = Profile(quality.rows, quality.nulls, quality.nans, quality.infinities, quality.failures, distinct=distinct)
    if not isinstance(summary, Numbers) or not summary.count:
        return bare
    deviation = summary.deviation
    return replace(
        bare,
        mean=summary.mean,
        deviation=None if np.isnan(deviation) else deviation,
        least=summary.least,
        greatest=summary.greatest,
    )


def rows_of(summaries: Iterable[Summary]) -> int:
    """How many rows summaries of one table were made of."""
    return max((each.quality.rows for each in summaries), default=0)
