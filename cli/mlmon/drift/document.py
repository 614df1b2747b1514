"""A drift report as one JSON document, and as rows of features for the formats that know rows only.

`schema_version` is that of all of mlmon's documents. A figure that there is none of is null, not NaN; what is infinite
is "Infinity" (JSON has no such number). Times are RFC 3339 in UTC, shares are parts of 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from mlmon.core.errors import ExitCode
from mlmon.core.model import Json
from mlmon.core.timerange import TimeRange, rfc3339
from mlmon.drift.result import (
    Coefficient,
    DriftReport,
    FeatureDrift,
    Histogram,
    Interval,
    Method,
    Metric,
    Profile,
    Side,
)
from mlmon.drift.wording import ordered
from mlmon.output.cells import plain
from mlmon.output.results import Field, Record, Rows

FEATURE_FIELDS: Final = (
    Field("feature"),
    Field("kind"),
    Field("verdict"),
    Field("contribution", kind="number"),
    Field("effect_metric"),
    Field("effect", kind="number"),
    Field("threshold", kind="number"),
    Field("p_value", kind="number"),
    Field("reason"),
    Field("metrics", kind="json"),
    Field("baseline", kind="json"),
    Field("target", kind="json"),
    Field("histogram", kind="json"),
    Field("contribution_within_chance", kind="flag"),
)
_WHOLE: Final = (
    Field("verdict"),
    Field("reason"),
    Field("service"),
    Field("collection"),
    Field("made"),
    Field("baseline", kind="json"),
    Field("target", kind="json"),
    Field("rows", kind="number"),
    Field("datadrift_coefficient", kind="json"),
    Field("method", kind="json"),
    Field("intervals", kind="json"),
)
Object = dict[str, Json]


def document(report: DriftReport, *, exit_code: ExitCode = ExitCode.DONE) -> Record:
    """All figures of the report. The features are those of the whole target, what moved most first."""
    whole = report.whole
    values: Object = {
        "verdict": report.verdict.value,
        "reason": whole.reason,
        "service": report.service,
        "collection": report.collection,
        "made": rfc3339(report.made),
        "baseline": _side(report.baseline),
        "target": _side(report.target),
        "rows": whole.rows,
        "datadrift_coefficient": _coefficient(whole.coefficient),
        "method": _method(report.method),
        "intervals": [_interval(each) for each in report.intervals],
    }
    features = [_told(each) | _shapes(each) for each in ordered(whole.features)]
    return Record(_WHOLE, values, rows=Rows(FEATURE_FIELDS, features), rows_key="features", exit_code=exit_code)


def number(value: float | None) -> Json:
    """The number as JSON can have it: null where there is none."""
    return None if value is None or math.isnan(value) else plain(value)


def _numbers(values: Mapping[str, float | None]) -> Object:
    return {name: number(value) for name, value in values.items()}


def _told(feature: FeatureDrift) -> Object:
    """What is said of a feature, in the whole as in an interval."""
    return {
        "feature": feature.feature,
        "kind": feature.known_kind,
        "verdict": feature.verdict.value,
        "contribution": number(feature.contribution),
        "effect_metric": feature.effect_metric or None,
        "effect": number(feature.effect),
        "threshold": number(feature.threshold),
        "p_value": number(feature.p_value),
        "reason": feature.reason,
        "contribution_within_chance": None if feature.contribution is None else feature.contribution_within_chance,
        "metrics": {name: _metric(metric) for name, metric in feature.metrics.items()},
    }


def _metric(metric: Metric) -> Json:
    return _numbers({"value": metric.value, "bound": metric.bound, "p_value": metric.p_value})


def _shapes(feature: FeatureDrift) -> Object:
    return {
        "baseline": _profile(feature.baseline),
        "target": _profile(feature.target),
        "histogram": _histogram(feature.histogram),
    }


def _profile(side: Profile | None) -> Json:
    if side is None:
        return None
    counts: Object = {
        "rows": side.rows,
        "nulls": side.nulls,
        "nans": side.nans,
        "infinities": side.infinities,
        "failures": side.failures,
        "distinct": side.distinct,
    }
    amounts = {"mean": side.mean, "deviation": side.deviation, "least": side.least, "greatest": side.greatest}
    return counts | _numbers(amounts)


def _histogram(histogram: Histogram | None) -> Json:
    if histogram is None:
        return None
    before, now = histogram.curves
    return {
        "edges": list(map(number, histogram.edges)),
        "labels": list(histogram.labels),
        "baseline": list(map(number, histogram.baseline)),
        "target": list(map(number, histogram.target)),
        "baseline_curve": list(map(number, before)),
        "target_curve": list(map(number, now)),
    }


def _coefficient(known: Coefficient | None) -> Json:
    if known is None:
        return None
    figures = _numbers({"value": known.value, "mcc": known.mcc, "auc": known.auc})
    chance: Object = {"band": list(map(number, known.band)), "p_value": number(known.p_value)}
    return figures | chance | {"within_chance": known.within_chance, "rows": known.rows, "seed": known.seed}


def _interval(interval: Interval) -> Json:
    head: Object = {"verdict": interval.verdict.value, "reason": interval.reason, "rows": interval.rows}
    return {
        **_between(interval.between),
        **head,
        "datadrift_coefficient": _coefficient(interval.coefficient),
        "features": [_told(each) for each in interval.features],
    }


def _between(between: TimeRange | None) -> Object:
    return {
        "start": rfc3339(between.start) if between else None,
        "end": rfc3339(between.end) if between else None,
    }


def _side(side: Side) -> Json:
    return {"name": side.name, "rows": side.rows, **_between(side.between)}


def _method(method: Method) -> Json:
    return {
        "alpha": number(method.alpha),
        "correction": method.correction,
        "thresholds": _numbers(method.thresholds),
        "coefficient_threshold": number(method.coefficient_threshold),
        "seed": method.seed,
        "engine": method.engine,
        "compat": method.compat or None,
        "version": method.version,
        "notes": list(method.notes),
    }
