"""From summaries to verdicts: every feature's figures, whether they are more than chance, and whether they matter.

A feature has drifted where a test says that the difference is more than chance, with all tests of the interval taken
together (Holm), and the effect is above its threshold. Numbers are tested by Kolmogorov and Smirnov's test, categories
by the chi-square test of the 2 x k table, both for their share of rows without a value that counts besides. Where
summaries are not exact the KS statistic is the least that it can be: the test is stricter than its alpha, never laxer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from mlmon.drift import distances, significance
from mlmon.drift.counted import by_category
from mlmon.drift.quality import WHAT_CHANGED, quality_metrics, share_changed
from mlmon.drift.result import (
    CHI_SQUARED,
    ENERGY,
    JENSEN_SHANNON,
    KOLMOGOROV_SMIRNOV,
    NORMALIZED_WASSERSTEIN,
    NULL_RATE,
    STABILITY,
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
    distance of categories, difference of the shares of rows without a value that counts), `thresholds` those of single
    features, and `coefficient_threshold` that of the datadrift coefficient. `alpha` is the share of runs over data that
    has not drifted in which an alarm is allowed. Fewer than `least_rows` values on a side are too few to tell.
    """

    threshold: float = 0.1
    thresholds: Mapping[str, float] = field(default_factory=dict)
    coefficient_threshold: float = 0.2
    alpha: float = 1 / RUNS_A_FALSE_ALARM
    least_rows: int = 50

    def threshold_of(self, feature: str) -> float:
        """The one that counts for a feature."""
        return self.thresholds.get(feature, self.threshold)


DEFAULTS: Final = Options()


@dataclass(frozen=True, slots=True)
class _Tested:
    """A feature with its two p-values: of its values, and of the rows without one."""

    drift: FeatureDrift
    values_p: float
    missing_p: float = float("nan")
    missing_effect: float = 0.0
    missing_metric: str = NULL_RATE


def check(
    baseline: Mapping[str, Summary],
    target: Mapping[str, Summary],
    options: Options = DEFAULTS,
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
    features: Sequence[FeatureDrift], rows: int, options: Options = DEFAULTS, *, coefficient: Coefficient | None = None
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
    options: Options = DEFAULTS,
    *,
    rows: int,
    coefficient: Coefficient | None = None,
) -> Interval:
    """What was found in one interval, whose range is not known here."""
    if not rows:
        verdict, reason = verdict_of((), 0)
        features = tuple(_without_rows(name, summary, options) for name, summary in baseline.items())
        return Interval(None, 0, verdict, features, reason=reason)
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
        return _Tested(replace(bare, reason=f"the {where} has no such feature"), nan)
    quality = quality_metrics(baseline, target)
    bare = replace(bare, metrics=quality)
    if baseline.count and target.count and type(baseline) is not type(target):
        return _Tested(replace(bare, reason="it is of another type in the target"), nan)
    if _failing(target) >= _OTHER_TYPE > _failing(baseline):
        return _Tested(replace(bare, reason=f"most of its values are no {kind} any more"), nan)
    without = share_changed(baseline, target, options.least_rows)
    if min(baseline.count, target.count) < max(options.least_rows, 1):
        few = f"{baseline.count} values in the baseline and {target.count} in the target are too few to tell"
        return _Tested(replace(bare, verdict=Verdict.NOT_ENOUGH_DATA, reason=few), nan, *without)
    match baseline, target:
        case Numbers(), Numbers():
            figures, p = _numbers(baseline, target)
            effect = NORMALIZED_WASSERSTEIN
        case Categories(), Categories():
            figures, p = _categories(baseline, target)
            effect = JENSEN_SHANNON
        case _:  # two types with values were told above
            raise TypeError("numbers and categories have no distance")
    drift = replace(
        bare,
        verdict=Verdict.NO_DRIFT,
        metrics={**figures, **quality},
        effect_metric=effect,
        effect=figures[effect].value,
        histogram=histogram_of(baseline, target),
    )
    return _Tested(drift, p, *without)


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
            effect_metric=one.missing_metric,
            effect=one.missing_effect,
            reason=WHAT_CHANGED[one.missing_metric],
        )
    return drift


def _without_rows(name: str, baseline: Summary, options: Options) -> FeatureDrift:
    kind: Kind = "number" if isinstance(baseline, Numbers) else "category"
    profile = profile_of(baseline)
    return FeatureDrift(name, kind, Verdict.NO_DATA, {}, threshold=options.threshold_of(name), baseline=profile)


def _failing(summary: Summary) -> float:
    return summary.quality.failures / max(summary.quality.rows, 1)


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
    counted = by_category(baseline, target)
    statistic, p = significance.contingency(*significance.without_rare(counted.baseline, counted.target))
    figures = {
        JENSEN_SHANNON: distances.jensen_shannon(baseline, target),
        STABILITY: distances.population_stability(baseline, target),
    }
    metrics = {name: Metric(figure.value, figure.bound) for name, figure in figures.items()}
    return metrics | {CHI_SQUARED: Metric(statistic, 0.0, p)}, p


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
