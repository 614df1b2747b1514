"""Drift reports out of the air, for what shows them and what tells people of them: plausible, small, all the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Final

from mlmon.core.timerange import TimeRange
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
    DriftReport,
    FeatureDrift,
    Histogram,
    Interval,
    Kind,
    Method,
    Metric,
    Profile,
    Side,
    Verdict,
)

FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)
MADE: Final = datetime(2026, 4, 1, 6, 30, tzinfo=UTC)
THRESHOLD: Final = 0.1
HOSTILE: Final = (
    "</style><script>alert(1)</script>",
    "]]></svg><svg onload=alert(1)>",
    "--><img src=https://example.com/x.png onerror=alert(1)>",
    '" onmouseover="alert(1)" \'',
    "&amp;&#60;&lt;b&gt;",
    "right\u202eto\u2066left\u200f",
    "nul\x00bell\x07escape\x1b[31m\x9bdelete\x7f",
    "lone \ud800 surrogate \ufffe\uffff",
    "two\r\nlines\tand\u2028one",
    "",
    "   ",
    '=HYPERLINK("https://example.com")',
    "𝒳 ключ 列 👩‍👩‍👧 e\u0301",
    "x" * 3000,
)
"""Names of columns that are out to do harm, or that nobody thought of."""

_NUMBERS: Final = (
    "income", "age", "debt_to_income", "loan_length", "car_value", "tenure_months", "logins_30d", "balance",
    "support_tickets", "sessions", "basket_value", "distance_km", "discount", "latency_ms", "items",
)  # fmt: skip
_CATEGORIES: Final = ("country", "plan", "channel", "device", "repaid")
_LABELS: Final = {
    "country": ("DE", "FR", "PL", "IT", "ES", "(others)"),
    "plan": ("free", "basic", "team", "enterprise"),
    "channel": ("web", "app", "partner", "phone"),
    "device": ("android", "ios", "desktop"),
    "repaid": ("true", "false"),
}
_MOVED: Final = {"income": 0.85, "debt_to_income": 0.45, "country": 0.28, "tenure_months": 0.22}
_ENOUGH: Final = 50


@dataclass(frozen=True, slots=True)
class _World:
    """How data come to be: from day `drifts_on` on the features in `moved` drift, slowly at first."""

    features: tuple[tuple[str, Kind], ...]
    drifts_on: int
    seed: int

    def shift(self, feature: str, day: int) -> float:
        return _MOVED.get(feature, 0.0) * min(1.0, max(0, day - self.drifts_on + 1) / 8)


def report(*, days: int = 90, features: int = 20, drifts_on: int = 60, seed: int = 7) -> DriftReport:
    """`days` days of `features` features (20 at most have names of their own), of which four drift in the end.

    On day 40 there are no data, on every tenth too few; where `drifts_on` is not before `days`, nothing drifts.
    """
    world = _World(_names(features), drifts_on, seed)
    intervals = tuple(_day(world, day) for day in range(days))
    rows = sum(each.rows for each in intervals)
    last = _features(world, days - 1, max(rows, 1))
    coefficient = _coefficient(world, days - 1, 8000)
    until = FIRST + timedelta(days=days)
    verdict = Verdict.DRIFT if any(each.verdict is Verdict.DRIFT for each in last) else Verdict.NO_DRIFT
    return DriftReport(
        service="churn/blue",
        collection="model_inputs",
        baseline=Side("training.csv", 48_000),
        target=Side("churn/blue", rows, TimeRange(FIRST, until)),
        whole=Interval(TimeRange(FIRST, until), rows, verdict, last, coefficient),
        intervals=intervals,
        method=Method(
            alpha=1 / 90,
            correction="Holm",
            thresholds={name: 0.2 if name == "age" else THRESHOLD for name, _ in world.features},
            seed=33,
            version="0.1.0",
            coefficient_threshold=0.2,
            notes=("The classifier has seen 10 000 rows a day, drawn by the hash of the row.",),
        ),
        made=MADE,
    )


def by_chance() -> DriftReport:
    """The small one, with a classifier that told nothing of all of the target."""
    known = small()
    coefficient = Coefficient(0.01, 0.01, 0.51, (-0.1, 0.1), 0.4, 500, 33)
    features = tuple(replace(each, contribution_within_chance=True) for each in known.whole.features)
    return replace(known, whole=replace(known.whole, coefficient=coefficient, features=features))


def judged_together() -> DriftReport:
    """The small one as Azure's first monitors had it: by the coefficient alone."""
    known = small()
    whole, *intervals = (
        replace(
            each,
            verdict=Verdict.DRIFT,
            features=tuple(
                replace(one, verdict=Verdict.NO_DRIFT, effect=None, effect_metric="", threshold=None, p_value=None)
                for one in each.features
            ),
        )
        for each in (known.whole, *known.intervals)
    )
    method = replace(known.method, correction="none", compat="azure-v1")
    return replace(known, whole=whole, intervals=tuple(intervals), method=method)


def small() -> DriftReport:
    """Four features over five days, drifting from the third on."""
    return report(days=5, features=4, drifts_on=2)


def without_days() -> DriftReport:
    """Two files compared: no times, no intervals, no classifier."""
    known = report(days=12, features=6, drifts_on=2)
    whole = replace(
        known.whole,
        between=None,
        coefficient=None,
        features=tuple(replace(each, contribution=None) for each in known.whole.features),
    )
    method = replace(
        known.method,
        coefficient_threshold=None,
        notes=("Without scikit-learn there is no coefficient: install mlmon[drift].",),
    )
    return replace(
        known,
        service="",
        collection="",
        baseline=Side("a.csv", 48_000),
        target=Side("b.csv", known.target.rows),
        whole=whole,
        intervals=(),
        method=method,
    )


def of_verdict(verdict: Verdict) -> DriftReport:
    """A small report whose whole says `verdict`."""
    match verdict:
        case Verdict.DRIFT:
            return small()
        case Verdict.NO_DRIFT:
            return report(days=5, features=4, drifts_on=99)
        case Verdict.NO_DATA:
            return _nothing(Verdict.NO_DATA, "there are no rows to compare")
        case Verdict.STALE:
            return _nothing(Verdict.STALE, "the newest row is of 2025-12-20")
        case Verdict.NOT_ENOUGH_DATA:
            known = report(days=5, features=4, drifts_on=99)
            features = tuple(map(_too_few, known.whole.features))
            whole = replace(
                known.whole, rows=31, verdict=verdict, features=features, reason="fewer than 50 values a feature"
            )
            return replace(known, whole=whole, intervals=(), target=replace(known.target, rows=31))
        case Verdict.SCHEMA_CHANGED:
            known = report(days=5, features=4, drifts_on=99)
            first, second, *rest = known.whole.features
            changed = (
                _changed(first, "the target has no such feature"),
                replace(
                    _changed(second, "most of its values are no number any more"),
                    metrics={TYPE_ERROR_RATE: Metric(0.97)},
                ),
                *rest,
            )
            reason = f"{first.feature}, {second.feature}"
            return replace(known, whole=replace(known.whole, verdict=verdict, features=changed, reason=reason))


def every_verdict() -> Mapping[Verdict, DriftReport]:
    """A report for each verdict there is."""
    return {verdict: of_verdict(verdict) for verdict in Verdict}


def with_names(known: DriftReport, names: Sequence[str]) -> DriftReport:
    """The same report of columns of other names, as many as there are; categories, reasons and sources too."""

    def renamed(features: tuple[FeatureDrift, ...]) -> tuple[FeatureDrift, ...]:
        return tuple(
            replace(each, feature=name, reason=name, histogram=_relabelled(each.histogram, names))
            for name, each in zip(names, features, strict=False)
        )

    intervals = tuple(replace(each, features=renamed(each.features), reason=names[0]) for each in known.intervals)
    return replace(
        known,
        service=names[0],
        collection=names[-1],
        baseline=replace(known.baseline, name=names[0]),
        target=replace(known.target, name=names[-1]),
        whole=replace(known.whole, features=renamed(known.whole.features), reason=names[0]),
        intervals=intervals,
        method=replace(
            known.method,
            thresholds=dict.fromkeys(names, THRESHOLD),
            notes=tuple(names),
            engine=names[0],
            compat=names[0],
        ),
    )


def hostile() -> DriftReport:
    """Columns, categories, reasons, notes and sources that are out to do harm, and figures that are no numbers."""
    known = with_names(report(days=4, features=len(HOSTILE), drifts_on=1), HOSTILE)
    broken = Metric(math.nan, math.inf, math.nan)
    first, *rest = known.whole.features
    bad = replace(
        first,
        effect=math.inf,
        p_value=math.nan,
        contribution=math.nan,
        metrics=dict.fromkeys(first.metrics, broken),
        target=Profile(10, 1, 2, 3, 4, -math.inf, math.nan, -1e308, 1e308),
        histogram=Histogram((math.nan, 1.0), (math.inf, 0.0), edges=(-1e308, 0.0, 1e308)),
    )
    coefficient = Coefficient(math.nan, math.nan, math.inf, (math.nan, math.inf), math.nan, 0, 0)
    return replace(known, whole=replace(known.whole, features=(bad, *rest), coefficient=coefficient))


def _names(count: int) -> tuple[tuple[str, Kind], ...]:
    named: list[tuple[str, Kind]] = []
    for at in range(max(len(_NUMBERS), count)):
        if at < len(_NUMBERS):
            named.append((_NUMBERS[at], "number"))
        if at % 3 == 1 and at // 3 < len(_CATEGORIES):
            named.append((_CATEGORIES[at // 3], "category"))
        if at >= len(_NUMBERS):
            named.append((f"extra_{at}", "number"))
    return tuple(named[:count])


def _day(world: _World, day: int) -> Interval:
    start = FIRST + timedelta(days=day)
    between = TimeRange(start, start + timedelta(days=1))
    if day == 40:
        return Interval(between, 0, Verdict.NO_DATA, (), reason="there are no rows to compare")
    if day % 10 == 9:
        few = tuple(map(_too_few, _features(world, day, 31)))
        return Interval(between, 31, Verdict.NOT_ENOUGH_DATA, few, reason="fewer than 50 values a feature")
    rows = 1000 + Random(world.seed * 1000 + day).randrange(400)
    features = _features(world, day, rows)
    verdict = Verdict.DRIFT if any(each.verdict is Verdict.DRIFT for each in features) else Verdict.NO_DRIFT
    return Interval(between, rows, verdict, features, _coefficient(world, day, rows))


def _features(world: _World, day: int, rows: int) -> tuple[FeatureDrift, ...]:
    shifts = {name: world.shift(name, day) for name, _ in world.features}
    total = sum(shift**2 for shift in shifts.values())
    return tuple(
        _feature(name, kind, shift=shifts[name], share=shifts[name] ** 2 / total if total else 0.0, rows=rows, seed=day)
        for name, kind in world.features
    )


def _feature(name: str, kind: Kind, *, shift: float, share: float, rows: int, seed: int) -> FeatureDrift:
    random = Random(f"{name} {seed}")
    noise = random.uniform(0.3, 1.0) / math.sqrt(rows)
    effect = shift + noise
    statistic = min(1.0, 0.4 * effect)
    p = min(1.0, 2 * math.exp(-2 * rows * statistic**2))
    threshold = 0.2 if name == "age" else THRESHOLD
    missing = round(rows * 0.02) if name in {"income", "device"} else 0
    quality = {
        NULL_RATE: Metric(missing / rows),
        TYPE_ERROR_RATE: Metric(0.0),
        OUT_OF_BOUNDS_RATE: Metric(0.004 * shift),
    }
    number = kind == "number"
    return FeatureDrift(
        feature=name,
        kind=kind,
        verdict=Verdict.DRIFT if effect > threshold and p < 0.005 else Verdict.NO_DRIFT,
        metrics={**(_number_metrics(effect, statistic, p) if number else _category_metrics(effect, p)), **quality},
        effect_metric=NORMALIZED_WASSERSTEIN if number else JENSEN_SHANNON,
        effect=effect,
        threshold=threshold,
        p_value=p,
        contribution=share,
        baseline=_profile(kind, 48_000, 960 if missing else 0, shift=0.0, labels=len(_LABELS.get(name, ()))),
        target=_profile(kind, rows, missing, shift=shift, labels=len(_LABELS.get(name, ()))),
        histogram=_numbers(shift) if number else _categories(_LABELS[name], shift),
    )


def _number_metrics(effect: float, statistic: float, p: float) -> dict[str, Metric]:
    return {
        WASSERSTEIN: Metric(12.5 * effect, 0.0004),
        NORMALIZED_WASSERSTEIN: Metric(effect, 0.00003),
        ENERGY: Metric(3.1 * effect, 0.0009),
        JENSEN_SHANNON: Metric(min(1.0, 0.5 * effect), 0.0002),
        STABILITY: Metric(effect**2, 0.0001),
        KOLMOGOROV_SMIRNOV: Metric(statistic, 0.0, p),
    }


def _category_metrics(effect: float, p: float) -> dict[str, Metric]:
    return {
        JENSEN_SHANNON: Metric(min(1.0, effect)),
        STABILITY: Metric(effect**2),
        CHI_SQUARED: Metric(1000 * effect**2, 0.0, p),
    }


def _profile(kind: Kind, rows: int, nulls: int, *, shift: float, labels: int) -> Profile:
    if kind == "category":
        return Profile(rows, nulls, 0, 0, 0, distinct=labels)
    mean = 42.0 + 12.5 * shift
    return Profile(rows, nulls, 0, 0, 0, mean, 12.5, mean - 40, mean + 45)


def _numbers(shift: float) -> Histogram:
    edges = tuple(2.0 + 4 * at for at in range(25))
    means = (42.0, 42.0 + 12.5 * shift)
    one, other = (_bell(edges, mean) for mean in means)
    first, second = (_curve(edges, mean) for mean in means)
    return Histogram(one, other, edges=edges, curves=(first, second))


def _curve(edges: Sequence[float], mean: float) -> tuple[float, ...]:
    points = (edges[0] + (edges[-1] - edges[0]) * at / 48 for at in range(49))
    height = (edges[1] - edges[0]) / 12.5 / math.sqrt(2 * math.pi)
    return tuple(height * math.exp(-(((point - mean) / 12.5) ** 2) / 2) for point in points)


def _bell(edges: Sequence[float], mean: float) -> tuple[float, ...]:
    below = [0.0, *(math.erf((edge - mean) / 12.5 / math.sqrt(2)) / 2 + 0.5 for edge in edges[1:-1]), 1.0]
    return tuple(after - before for before, after in pairwise(below))


def _categories(labels: tuple[str, ...], shift: float) -> Histogram:
    weights = [1 / (at + 1) for at in range(len(labels))]
    moved = [weight * (1 + 2 * shift * at) for at, weight in enumerate(weights)]
    return Histogram(
        tuple(weight / sum(weights) for weight in weights), tuple(each / sum(moved) for each in moved), labels=labels
    )


def _relabelled(histogram: Histogram | None, names: Sequence[str]) -> Histogram | None:
    if histogram is None or not histogram.labels:
        return histogram
    return replace(histogram, labels=tuple(names[at % len(names)] for at in range(len(histogram.labels))))


def _coefficient(world: _World, day: int, rows: int) -> Coefficient:
    total = sum(world.shift(name, day) for name, _ in world.features)
    noise = Random(f"coefficient {world.seed} {day}").gauss(0, 0.6) / math.sqrt(rows)
    mcc = min(0.95, 0.45 * total + noise)
    half = 1.96 / math.sqrt(rows)
    return Coefficient(mcc, mcc, 0.5 + mcc / 2, (-half, half), 0.002 if mcc > half else 0.41, rows, 33)


def _too_few(feature: FeatureDrift) -> FeatureDrift:
    return replace(
        feature,
        verdict=Verdict.NOT_ENOUGH_DATA,
        metrics={name: feature.metrics[name] for name in (NULL_RATE, TYPE_ERROR_RATE, OUT_OF_BOUNDS_RATE)},
        effect_metric="",
        effect=None,
        p_value=None,
        contribution=None,
        reason="48000 values in the baseline and 31 in the target are too few to tell",
        histogram=None,
    )


def _changed(feature: FeatureDrift, reason: str) -> FeatureDrift:
    return replace(_too_few(feature), verdict=Verdict.SCHEMA_CHANGED, metrics={}, reason=reason, target=None)


def _nothing(verdict: Verdict, reason: str) -> DriftReport:
    known = report(days=2, features=2, drifts_on=99)
    whole = Interval(known.whole.between, 0, verdict, (), reason=reason)
    return replace(known, target=replace(known.target, rows=0), whole=whole, intervals=())
