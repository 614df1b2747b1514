"""The page's tables: what moved, and the figures behind each chart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from mlmon.drift.page.marks import sign, word_of
from mlmon.drift.page.markup import Markup, element, joined, percent, text
from mlmon.drift.result import (
    NULL_RATE,
    OUT_OF_BOUNDS_RATE,
    TYPE_ERROR_RATE,
    FeatureDrift,
    Interval,
    Metric,
    Profile,
    Verdict,
)
from mlmon.drift.wording import (
    METRICS,
    UNKNOWN,
    brief,
    exceeding,
    figure,
    interval_name,
    name_of,
    probability,
    share,
    short_date_of,
    whole_number,
)

_RATES: Final = frozenset({NULL_RATE, TYPE_ERROR_RATE, OUT_OF_BOUNDS_RATE})


def table(heads: Sequence[str], rows: Iterable[Markup], *, caption: str, class_: str | None = None) -> Markup:
    """A table whose first column names its rows."""
    first, *others = heads
    cells = [
        element("th", first, scope="col"),
        *(each if isinstance(each, Markup) else element("th", each, scope="col") for each in others),
    ]
    return element(
        "table",
        element("caption", caption, class_="away"),
        element("thead", element("tr", *cells)),
        element("tbody", *rows),
        class_=class_,
    )


def row(name: str, *cells: str) -> Markup:
    """A row of figures. Its closing tags may be left out in HTML, and there are thousands of cells."""
    figures = "".join(f"<td>{joined(cell)}" for cell in cells)
    return Markup(f'<tr><th scope="row">{joined(name)}{figures}')


def behind(summary: str, drawn: Markup, *, scrolls: bool = False, is_open: bool = False) -> Markup:
    """Figures that are there for who asks for them, or at once where nothing else shows them."""
    if scrolls:
        drawn = element("div", drawn, class_="scroll", role="region", aria_label=summary, tabindex="0")
    return element("details", element("summary", summary), drawn, open="" if is_open else None)


def what_moved(features: Sequence[FeatureDrift], *, caption: str) -> Markup:
    """Each feature with its verdict, its part in what a classifier tells both sides by, and its effect."""
    contributed = any(each.contribution is not None for each in features)
    judged = any(each.judged for each in features)
    most = max((exceeding(each) for each in features if math.isfinite(exceeding(each))), default=0.0)
    heads = [
        "Feature",
        *([element("th", "Contribution", scope="col")] if contributed else []),
        *([element("th", "Effect and threshold", scope="col")] if judged else []),
        *([element("th", "p-value", scope="col", class_="n p")] if judged else []),
    ]
    rows = (_moved(each, max(most, 1.25), contributed=contributed) for each in features)
    return table(heads, rows, caption=caption, class_="what")


def _moved(feature: FeatureDrift, most: float, *, contributed: bool) -> Markup:
    cells = [element("td", _contribution(feature))] if contributed else []
    if not feature.judged:
        return element("tr", element("th", _name(feature.feature), scope="row"), *cells)
    verdict = "" if feature.verdict is Verdict.NO_DRIFT else joined(" ", _words(feature))
    quiet = element("span", "no drift", class_="away") if feature.verdict is Verdict.NO_DRIFT else ""
    name = element("th", sign(feature.verdict), _name(feature.feature), " ", quiet, verdict, scope="row")
    p_value = element("td", probability(feature.p_value), class_="p")
    return element("tr", name, *cells, element("td", _effect(feature, most)), p_value)


def _name(name: str) -> Markup:
    """The name, which may be broken where its words end: columns are narrow on a telephone."""
    return element("bdi", Markup(text(name_of(name, longest=120)).replace("_", "_<wbr>")))


def _words(feature: FeatureDrift) -> Markup:
    """The verdict in words, and below it why."""
    why = element("span", name_of(feature.reason, longest=200), class_="r") if feature.reason else ""
    return joined(element("span", feature.verdict.value, class_=f"v v-{word_of(feature.verdict)}"), " ", why)


def _contribution(feature: FeatureDrift) -> Markup:
    part = feature.contributed
    if feature.contribution_within_chance and feature.contribution is not None:
        return element("div", _empty_bar(), element("span", "chance", class_="nil"), class_="bar")
    if part is None or not math.isfinite(part):
        return element("div", _empty_bar(), element("span", UNKNOWN), class_="bar")
    bar = joined(element("rect", width=percent(part), height=10, class_="fill"), _axis())
    return element(
        "div",
        element("svg", bar, aria_hidden="true"),
        element("span", share(part), class_=None if part >= 0.0005 else "nil"),
        class_="bar",
    )


def _effect(feature: FeatureDrift, most: float) -> Markup:
    if feature.effect is None or not feature.threshold or math.isnan(feature.effect):
        return element("div", _empty_bar(), element("span", UNKNOWN), class_="bar")
    times = exceeding(feature)
    colour = "over-limit" if feature.verdict is Verdict.DRIFT else "mild"
    part = percent(times / most if math.isfinite(times) else 1.0)
    limit = percent(1 / most)
    bar = joined(
        element("rect", width=part, height=10, class_=colour),
        _axis(),
        element("line", x1=limit, x2=limit, y1=-3, y2=13, class_="tick"),
    )
    words = element("span", brief(feature.effect), element("span", f" of {brief(feature.threshold)}", class_="away"))
    return element("div", element("svg", bar, aria_hidden="true"), words, class_="bar")


def _axis() -> Markup:
    return element("line", x1=0, x2=0, y1=-3, y2=13, class_="axis")


def _empty_bar() -> Markup:
    return element("svg", _axis(), aria_hidden="true")


def over_time(intervals: Sequence[Interval], unit: str) -> Markup:
    """What each interval came to."""
    heads = [unit.capitalize(), "Verdict", "Rows", "Drifted", "MCC", "Chance", "AUC", "p-value"]
    return table(heads, map(_interval, intervals), caption=f"The coefficient of every {unit}")


def _interval(interval: Interval) -> Markup:
    known = interval.coefficient
    figures = [UNKNOWN] * 4
    if known is not None:
        band = f"{brief(known.band[0])} to {brief(known.band[1])}"
        figures = [figure(known.mcc), band, figure(known.auc), probability(known.p_value)]
    name = interval_name(interval)
    rows = whole_number(interval.rows)
    drifted = str(len(interval.drifted)) if any(each.judged for each in interval.features) else UNKNOWN
    return row(name, interval.verdict.value, rows, drifted, *figures)


def by_interval(names: Sequence[str], intervals: Sequence[Interval], unit: str) -> Markup:
    """The effect of every feature in every interval: intervals downwards, features across."""
    heads = [unit.capitalize(), *(element("th", element("bdi", name_of(each)), scope="col") for each in names)]
    caption = f"The effect of every feature in every {unit}; ◆ is drift"
    return table(heads, (_effects(names, each) for each in intervals), caption=caption)


def _effects(names: Sequence[str], interval: Interval) -> Markup:
    found = {each.feature: each for each in interval.features}
    name = short_date_of(interval.between.start) if interval.between else "all"
    return row(name, *(_short(found.get(each)) for each in names))


def _short(feature: FeatureDrift | None) -> Markup:
    if feature is None or feature.effect is None:
        return joined(UNKNOWN)
    return joined(brief(feature.effect), " ◆" if feature.verdict is Verdict.DRIFT else "")


def metrics(feature: FeatureDrift) -> Markup:
    """All figures of a feature, each with how far off it can be."""
    ordered = [name for name in METRICS if name in feature.metrics]
    others = sorted(set(feature.metrics) - set(ordered))
    rows = (_metric(name, feature.metrics[name]) for name in (*ordered, *others))
    return table(["Figure", "Value", "±", "p-value"], rows, caption="Figures of this feature")


def _metric(name: str, metric: Metric) -> Markup:
    shown = share(metric.value) if name in _RATES else figure(metric.value)
    bound = figure(metric.bound) if metric.bound else UNKNOWN
    return row(METRICS.get(name, name_of(name)), shown, bound, probability(metric.p_value))


def profiles(feature: FeatureDrift) -> Markup:
    """Both sides in figures that people know."""
    sides = (feature.baseline, feature.target)
    rows = [
        row(name, *(UNKNOWN if side is None else shown(side) for side in sides))
        for name, shown in _PROFILE.items()
        if any(side is not None and shown(side) != UNKNOWN for side in sides)
    ]
    return table(["Values", "Baseline", "Target"], rows, caption="Both sides of this feature")


def _distinct(side: Profile) -> str:
    return "many" if side.distinct is None else whole_number(side.distinct)


_PROFILE: Final[Mapping[str, Callable[[Profile], str]]] = {
    "Rows": lambda side: whole_number(side.rows),
    "Mean": lambda side: figure(side.mean),
    "Standard deviation": lambda side: figure(side.deviation),
    "Least": lambda side: figure(side.least),
    "Greatest": lambda side: figure(side.greatest),
    "Different values": _distinct,
}


def quality(features: Sequence[FeatureDrift]) -> Markup:
    """What could not be used, or was never seen before; the shares of missing values on both sides."""
    heads = ["Feature", "Missing before", "Missing now", "NaN, ±∞", "Another type", "Out of bounds"]
    return table(heads, map(_quality, features), caption="Data quality of every feature", class_="quality")


def _quality(feature: FeatureDrift) -> Markup:
    rate = {name: share(feature.metrics[name].value) if name in feature.metrics else UNKNOWN for name in _RATES}
    before, now = (UNKNOWN if side is None else share(missing(side)) for side in (feature.baseline, feature.target))
    odd = UNKNOWN if feature.target is None else whole_number(feature.target.nans + feature.target.infinities)
    name = element("bdi", name_of(feature.feature))
    return row(name, before, now, odd, rate[TYPE_ERROR_RATE], rate[OUT_OF_BOUNDS_RATE])


def missing(side: Profile) -> float:
    """The share of rows without a value."""
    return (side.nulls + side.nans) / side.rows if side.rows else 0.0


def flawed(feature: FeatureDrift) -> bool:
    """Whether anything is missing, of another type or out of bounds."""
    known = [side for side in (feature.baseline, feature.target) if side is not None]
    return any(missing(side) or side.infinities or side.failures for side in known) or any(
        feature.metrics[name].value > 0 for name in _RATES & feature.metrics.keys()
    )
