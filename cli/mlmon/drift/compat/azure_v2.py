"""The figures of Azure Machine Learning's model monitors (2023 on), as `--compat azure-v2` gives them.

Formulas and faults are those of the monitors' published components: https://github.com/Azure/azureml-assets, folder
assets/model_monitoring/components/src, data_drift_compute_metrics and shared_utilities. What is done as there:

- A row in which any feature is missing is left out on its side: one feature of nulls leaves nothing of all others.
- Bins are of equal width from the least to the largest of both sides, but their edges are added up one by one: the last
  one can round to below the largest value, which then is in no bin. Where edges are even within 1e-10, Spark finds a
  value's bin by dividing (https://spark.apache.org/docs/latest/api/python/reference/api/pyspark.RDD.histogram.html).
- The Wasserstein distance is divided by the baseline's standard deviation, but by no less than 0.001: it depends on the
  unit of small features, and a constant baseline makes a shift of 1 a distance of 1 000.
- The chi-square test takes the baseline's shares for the truth, without their own chance: with a baseline of 1 000 rows
  and a target of 10 000 nearly every feature that has not changed is found to have. The p-value is its metric's value.
- The Kolmogorov-Smirnov test fails where a side has 10 000 rows or more. The p-value is its metric's value.
- Nothing is corrected for how many features are tested, nor for how few rows there are.

Infinite numbers are left out as missing ones are; the components' answer to them depends on the version of Spark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, log2
from typing import Final

import numpy as np

from mlmon.drift import distances, significance
from mlmon.drift.checking import DEFAULTS, Options, profile_of
from mlmon.drift.coefficient import Column, Sample
from mlmon.drift.counted import Counted
from mlmon.drift.keys import Floats
from mlmon.drift.result import (
    CHI_SQUARED,
    JENSEN_SHANNON,
    KOLMOGOROV_SMIRNOV,
    NORMALIZED_WASSERSTEIN,
    STABILITY,
    FeatureDrift,
    Interval,
    Metric,
    Verdict,
)
from mlmon.drift.showing import histogram_of
from mlmon.drift.summary import Numbers, Summary, summary_of_categories, summary_of_numbers

_LEAST_DEVIATION: Final = 0.001
_MOST_ROWS: Final = 10_000
_EVEN: Final = 1e-10


def interval(baseline: Sample, target: Sample, options: Options = DEFAULTS) -> Interval:
    """What such a monitor says of two tables: a feature has drifted where its distance is above the threshold."""
    names = [name for name in baseline if name in target and _is_number(baseline[name]) == _is_number(target[name])]
    ours, theirs = _complete(baseline, names), _complete(target, names)
    rows = _rows(theirs)
    if not (rows and _rows(ours)):
        return Interval(None, rows, Verdict.NO_DATA, (), reason="there are no rows without a missing value")
    features = tuple(_feature(name, ours[name], theirs[name], options) for name in names)
    drifted = any(each.verdict is Verdict.DRIFT for each in features)
    return Interval(None, rows, Verdict.DRIFT if drifted else Verdict.NO_DRIFT, features)


def normalized_wasserstein(baseline: Floats, target: Floats) -> float:
    """In standard deviations of the baseline, or in thousandths where these are smaller."""
    one, other = _exact(baseline), _exact(target)
    deviation = one.deviation if one.count > 1 else 0.0
    return distances.wasserstein(one, other).value / max(deviation, _LEAST_DEVIATION)


def counted(baseline: Floats, target: Floats) -> Counted:
    """Both sides in the monitors' bins, from which the largest value may be missing."""
    edges = _edges(baseline, target)
    none = np.zeros(edges.size - 1)
    return Counted(_in_bins(baseline, edges), _in_bins(target, edges), none, none)


def population_stability(both: Counted, rows: tuple[int, int]) -> float:
    """One is added to each count, and their number to the rows; a row that is in no bin is among these still."""
    p, q = ((side + 1) / (whole + side.size) for side, whole in zip((both.baseline, both.target), rows, strict=True))
    return float(np.sum((q - p) * np.log(q / p)))


def counted_categories(baseline: Mapping[str, int], target: Mapping[str, int]) -> Counted:
    """Both sides by category, in the order of the alphabet."""
    names = sorted({*baseline, *target})
    one, other = (np.array([side.get(name, 0) for name in names], np.float64) for side in (baseline, target))
    return Counted(one, other, np.zeros(one.size), np.zeros(one.size))


def kolmogorov_smirnov_p(baseline: Floats, target: Floats) -> float:
    """The exact p-value; NaN where there are too many rows for the monitors."""
    if max(baseline.size, target.size) >= _MOST_ROWS:
        return float("nan")
    apart = distances.kolmogorov_smirnov(_exact(baseline), _exact(target))
    return significance.kolmogorov_smirnov_p(apart.value, baseline.size, target.size, exact=_MOST_ROWS**2)


def chi_squared_p(both: Counted) -> float:
    """The p-value of the goodness of fit to the baseline's shares; 0 where a category is new."""
    expected = both.baseline / both.baseline.sum() * both.target.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(both.target == expected, 0.0, (both.target - expected) ** 2 / expected)
    return significance.chi_squared_tail(float(np.sum(parts)), both.target.size - 1) if both.target.size > 1 else 1.0


def _feature(name: str, baseline: Column, target: Column, options: Options) -> FeatureDrift:
    one, other = _summary(baseline), _summary(target)
    if isinstance(baseline, np.ndarray) and isinstance(target, np.ndarray) and isinstance(one, Numbers):
        metrics, effect = _of_numbers(baseline, target), NORMALIZED_WASSERSTEIN
    else:
        metrics, effect = _of_categories(_counts(baseline), _counts(target)), JENSEN_SHANNON
    threshold, value = options.threshold_of(name), metrics[effect].value
    drift = FeatureDrift(
        name,
        "number" if effect == NORMALIZED_WASSERSTEIN else "category",
        Verdict.DRIFT if value > threshold else Verdict.NO_DRIFT,
        metrics,
        effect_metric=effect,
        effect=value,
        threshold=threshold,
        baseline=profile_of(one),
        target=profile_of(other),
        histogram=histogram_of(one, other),
    )
    failed = KOLMOGOROV_SMIRNOV in metrics and np.isnan(metrics[KOLMOGOROV_SMIRNOV].value)
    return replace(drift, reason="Azure tests no side of 10 000 rows or more") if failed else drift


def _of_numbers(baseline: Floats, target: Floats) -> dict[str, Metric]:
    both, p = counted(baseline, target), kolmogorov_smirnov_p(baseline, target)
    return {
        NORMALIZED_WASSERSTEIN: Metric(normalized_wasserstein(baseline, target)),
        JENSEN_SHANNON: Metric(distances.jensen_shannon_of(both).value),
        STABILITY: Metric(population_stability(both, (baseline.size, target.size))),
        KOLMOGOROV_SMIRNOV: Metric(p, p_value=p),
    }


def _of_categories(baseline: Mapping[str, int], target: Mapping[str, int]) -> dict[str, Metric]:
    both = counted_categories(baseline, target)
    p = chi_squared_p(both)
    return {
        JENSEN_SHANNON: Metric(distances.jensen_shannon_of(both).value),
        STABILITY: Metric(population_stability(both, (sum(baseline.values()), sum(target.values())))),
        CHI_SQUARED: Metric(p, p_value=p),
    }


def _edges(baseline: Floats, target: Floats) -> Floats:
    least, greatest = float(min(baseline.min(), target.min())), float(max(baseline.max(), target.max()))
    if least == greatest:
        half = abs(least * 0.005) or 0.005
        least, greatest = least - half, greatest + half
    bins = ceil(log2(min(baseline.size, target.size)) + 1)
    width = greatest / bins - least / bins if greatest - least == np.inf else (greatest - least) / bins
    edges: Floats = least + np.arange(bins + 1) * np.float64(width)
    return edges


def _in_bins(numbers: Floats, edges: Floats) -> Floats:
    """As Spark counts: from each edge to below the next, the last one included."""
    inside = numbers[(numbers >= edges[0]) & (numbers <= edges[-1])]
    steps = np.diff(edges)
    if steps.size and steps.max() - steps.min() < _EVEN and steps.max() > 0:
        places = ((inside - edges[0]) / ((edges[-1] - edges[0]) / steps.size)).astype(np.int64)
    else:
        places = np.searchsorted(edges, inside, side="right") - 1
    counts = np.bincount(np.minimum(places, steps.size - 1), minlength=steps.size)
    return counts.astype(np.float64)


def _complete(sample: Sample, names: Sequence[str]) -> dict[str, Column]:
    """The rows in which nothing is missing."""
    whole = np.ones(len(sample[names[0]]) if names else 0, bool)
    for name in names:
        column = sample[name]
        whole &= np.isfinite(column) if isinstance(column, np.ndarray) else [value is not None for value in column]
    kept = np.flatnonzero(whole).tolist()
    columns = ((name, sample[name]) for name in names)
    return {
        name: column[whole] if isinstance(column, np.ndarray) else [column[at] for at in kept]
        for name, column in columns
    }


def _summary(column: Column) -> Summary:
    return _exact(column) if isinstance(column, np.ndarray) else summary_of_categories(_counts(column))


def _exact(numbers: Floats) -> Numbers:
    return summary_of_numbers(numbers, cap=max(numbers.size, 1))


def _counts(column: Column) -> Mapping[str, int]:
    return Counter(str(value) for value in column)


def _is_number(column: Column) -> bool:
    return isinstance(column, np.ndarray)


def _rows(sample: Sample) -> int:
    return len(next(iter(sample.values()), ()))
