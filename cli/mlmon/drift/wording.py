"""What a drift report says in words, on the terminal as on the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from mlmon.core.timerange import TimeRange
from mlmon.drift import result
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
    Interval,
    Verdict,
)
from mlmon.output.controls import neutral

UNKNOWN: Final = "\N{EN DASH}"
"""In place of a figure that there is none of."""
LONGEST_NAME: Final = 60
METRICS: Final = {
    WASSERSTEIN: "Wasserstein distance",
    NORMALIZED_WASSERSTEIN: "Normalized Wasserstein distance",
    ENERGY: "Energy distance",
    JENSEN_SHANNON: "Jensen-Shannon distance",
    STABILITY: "Population stability index",
    KOLMOGOROV_SMIRNOV: "Kolmogorov-Smirnov statistic",
    CHI_SQUARED: "Chi-square statistic",
    NULL_RATE: "Missing values",
    TYPE_ERROR_RATE: "Values of another type",
    OUT_OF_BOUNDS_RATE: "Values outside the baseline's",
}
"""The metrics as people know them, in the order they are shown."""
EFFECTS: Final = {
    NORMALIZED_WASSERSTEIN: "normalized Wasserstein distance",
    JENSEN_SHANNON: "Jensen-Shannon distance",
    NULL_RATE: "change of the share missing",
}
"""What an effect is called, before its figure."""
_HEADLINES: Final = {
    Verdict.DRIFT: "The features have drifted together, none of them by itself",
    Verdict.NOT_ENOUGH_DATA: "Not enough data to tell",
    Verdict.NO_DATA: "No data to compare",
    Verdict.STALE: "The data have stopped coming",
}
_SAID_BY_HEADLINE: Final = frozenset({Verdict.SCHEMA_CHANGED, Verdict.NO_DATA})
JUDGES_THE_WHOLE: Final = "azure-v1"
"""Formulas by which no feature has a verdict of its own."""
_MINUS: Final = "\N{MINUS SIGN}"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY: Final = timedelta(days=1)
_UNTOLD: Final = frozenset({Verdict.NO_DATA, Verdict.NOT_ENOUGH_DATA, Verdict.STALE})


def headline(report: DriftReport) -> str:
    """The verdict as a sentence without its full stop."""
    features = report.whole.features
    match report.verdict:
        case Verdict.DRIFT if count := len(report.whole.drifted):
            return f"{count} of {counted(len(features), 'feature')} {'has' if count == 1 else 'have'} drifted"
        case Verdict.NO_DRIFT:
            return f"No drift in {counted(len(features), 'feature')}"
        case Verdict.SCHEMA_CHANGED:
            return f"The schema has changed in {counted(len(_changed(features)), 'feature')}"
        case Verdict.DRIFT if report.method.compat == JUDGES_THE_WHOLE:
            return "The features have drifted, taken together"
        case other:
            return _HEADLINES[other]


def sentences(report: DriftReport) -> list[str]:
    """What drifted and how much, since when, and how well both sides can be told apart: whole sentences."""
    whole = report.whole
    said = _of_features(whole)
    if whole.reason and not (whole.drifted or whole.verdict in _SAID_BY_HEADLINE):
        said.append(_sentence(name_of(whole.reason, longest=300)))
    since = began(report.intervals)
    if since is not None and whole.verdict is Verdict.DRIFT:
        where = "the first interval" if since is report.intervals[0] else interval_name(since)
        said.append(f"It has lasted since {where}.")
    if whole.coefficient is not None and math.isfinite(whole.coefficient.auc):
        said.append(_of_coefficient(whole.coefficient))
    return said


def _of_coefficient(known: Coefficient) -> str:
    if known.within_chance:
        so = "is within chance" if known.value >= known.band[0] else "is no better than chance"
        return f"A classifier cannot tell the target from the baseline: its AUC of {brief(known.auc)} {so}."
    return f"A classifier tells the target from the baseline with an AUC of {brief(known.auc)} (0.5 is chance)."


def _of_features(whole: Interval) -> list[str]:
    drifted = ordered(whole.drifted)
    changed = _changed(whole.features)[:3]
    said = [f"{name_of(each.feature)}: {name_of(each.reason, longest=120)}." for each in changed]
    if not drifted:
        return said
    first, *others = drifted
    said.append(f"{name_of(first.feature)} has moved most: {moved(first)}.")
    if others:
        shown = [name_of(each.feature) for each in others[:4]]
        if len(others) > len(shown):
            shown.append(counted(len(others) - len(shown), "other feature"))
        said.append(f"{listed(shown)} {'has' if len(others) == 1 else 'have'} drifted too.")
    return said


def _changed(features: Iterable[FeatureDrift]) -> list[FeatureDrift]:
    return [each for each in features if each.verdict is Verdict.SCHEMA_CHANGED]


def moved(feature: FeatureDrift) -> str:
    """How far a feature has moved, and how far it may."""
    limit = f"threshold {brief(feature.threshold)}"
    match feature.effect_metric:
        case result.NORMALIZED_WASSERSTEIN:
            return f"by {brief(feature.effect)} standard deviations of the baseline ({limit})"
        case result.NULL_RATE:
            return f"its share of missing values has changed by {share(feature.effect)} ({limit})"
        case metric:
            known = METRICS.get(metric, name_of(metric) if metric else "effect")
            return f"{known} {brief(feature.effect)} ({limit})"


def began(intervals: Sequence[Interval]) -> Interval | None:
    """The interval since which every one that could tell says drift; None where the newest such says otherwise."""
    first = None
    for each in reversed(intervals):
        if each.verdict in _UNTOLD:
            continue
        if each.verdict is not Verdict.DRIFT:
            break
        first = each
    return first


def ordered(features: Iterable[FeatureDrift]) -> list[FeatureDrift]:
    """What moved most first: by contribution where it is more than chance, then by effect in units of its threshold.

    A feature with a changed schema is before all: nothing can be said of how far it moved.
    """
    return sorted(
        features,
        key=lambda each: (
            each.verdict is not Verdict.SCHEMA_CHANGED,
            -_known(each.contributed),
            -exceeding(each),
            each.feature,
        ),
    )


def exceeding(feature: FeatureDrift) -> float:
    """The effect in units of its threshold, -1 where there is none."""
    effect = _known(feature.effect)
    return effect / feature.threshold if effect > 0 and feature.threshold else effect


def _known(value: float | None) -> float:
    return -1.0 if value is None or math.isnan(value) else value


def figure(value: float | None, *, digits: int = 3) -> str:
    """So many significant digits, but never fewer than stand before the point."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    if value == 0:
        return "0"
    size = abs(value)
    if not 1e-4 <= size < 1e9:
        return f"{value:.{digits - 1}e}".replace("-", _MINUS)
    if size >= 1000:
        return f"{value:,.0f}".replace(",", "\u202f").replace("-", _MINUS)
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{value:.{decimals}f}".replace("-", _MINUS)
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(value: float | None) -> str:
    """A part of the whole in percent."""
    if value is None or not math.isfinite(value):
        return figure(value)
    percent = value * 100
    if percent and abs(percent) < 0.1:
        return "< 0.1 %" if percent > 0 else f"> {_MINUS}0.1 %"
    return f"{percent:.0f} %" if abs(percent) >= 9.95 or percent == 0 else f"{percent:.1f} %"


def probability(value: float | None) -> str:
    """A p-value, as exactly as it matters."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if value < 0.0001:
        return "< 0.0001"
    return f"{value:.4f}" if value < 0.001 else f"{value:.2g}"


def brief(value: float | None) -> str:
    """Two significant digits: enough to see what matters."""
    return figure(value, digits=2)


def whole_number(count: int) -> str:
    """With a narrow space between thousands."""
    return f"{count:,}".replace(",", "\u202f")


def counted(count: int, noun: str) -> str:
    """`1 feature`, `20 features`."""
    return f"{whole_number(count)} {noun}{'' if count == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def name_of(text: str, *, longest: int = LONGEST_NAME) -> str:
    """A name from the data on one line: what would hide or disturb is written out, what is too long is cut."""
    known = neutral(text[: longest + 1])
    if not known.strip():
        return "(blank)"
    return known if len(known) <= longest else f"{known[:longest]}…"


def date_of(moment: datetime) -> str:
    """`2 Mar 2026`, whatever the locale."""
    known = moment.astimezone(UTC)
    return f"{known.day} {_MONTHS[known.month - 1]} {known.year}"


def short_date_of(moment: datetime) -> str:
    """`2 Mar`."""
    known = moment.astimezone(UTC)
    return f"{known.day} {_MONTHS[known.month - 1]}"


def range_of(between: TimeRange | None) -> str:
    """`2 Mar 2026`, `2 Mar 2026 to 8 Mar 2026`; empty where there are no times."""
    if between is None:
        return ""
    last = between.end - timedelta(microseconds=1)
    first, until = date_of(between.start), date_of(last)
    return first if first == until else f"{first} to {until}"


def interval_name(interval: Interval) -> str:
    """Its first day, which tells intervals of one length apart."""
    return date_of(interval.between.start) if interval.between else "all of the target"


def unit_of(intervals: Sequence[Interval]) -> str:
    """What the intervals are: day, week, month, or interval. The first and the last may be cut by the range."""
    ranges = [each.between for each in intervals if each.between]
    spans = {between.end - between.start for between in ranges}
    begun = [between.start for between in ranges[1:]]
    if spans == {_DAY}:
        return "day"
    if spans == {7 * _DAY} or (begun and max(spans) <= 7 * _DAY and all(start.weekday() == 0 for start in begun)):
        return "week"
    if begun and max(spans) <= 31 * _DAY and all(start.day == 1 for start in begun):
        return "month"
    return "month" if spans and all(28 * _DAY <= span <= 31 * _DAY for span in spans) else "interval"


def judged_by(report: DriftReport) -> str:
    """When a feature is said to have drifted: by what test, how often by chance alone, and by how much."""
    known = report.method
    if known.compat == JUDGES_THE_WHOLE:
        return f"as {known.compat} does, by the coefficient alone, be it chance or not"
    if known.compat:
        return f"as {name_of(known.compat)} does, by the effect alone, be it chance or not"
    runs = f"one false alarm in {round(1 / known.alpha)} checks" if known.alpha > 0 else "no false alarm"
    return f"drift is more than chance ({name_of(known.correction)} over all tests, {runs}), and above the threshold"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
