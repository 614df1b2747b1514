"""Every feature in every interval: how far it moved, in units of its threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from mlmon.drift.page.axes import dates, stretched
from mlmon.drift.page.markup import Markup, element, joined
from mlmon.drift.page.timeline import key
from mlmon.drift.result import FeatureDrift, Interval, Verdict
from mlmon.drift.wording import brief, counted, exceeding, interval_name, listed, name_of, ordered, unit_of

ROW: Final = 20
_LEVELS: Final = ((0.5, "h0"), (1.0, "h1"), (2.0, "h2"), (4.0, "h3"))
_MOST: Final = "h4"
_NAMED: Final = 3
"""So many features an interval names."""
_MEANING: Final = (
    ("h0", "below half of the threshold"),
    ("h1", "below it"),
    ("h2", "up to twice the threshold"),
    ("h3", "up to four times"),
    ("h4", "more"),
)

_CLASSES: Final = tuple(class_ for class_, _ in _MEANING)
_SIGNS: Final = (
    (Verdict.DRIFT, "dot", "h.001"),
    (Verdict.NOT_ENOUGH_DATA, "dash", "m-.2 0h.4"),
    (Verdict.SCHEMA_CHANGED, "cross", "m-.25-.2l.5.4m0-.4l-.5.4"),
)
Found = Mapping[str, FeatureDrift]


def heat_map(names: Sequence[str], intervals: Sequence[Interval]) -> Markup:
    """The map: a row for each name, a column for each interval."""
    found = [{each.feature: each for each in interval.features} for interval in intervals]
    height = ROW * len(names)
    drawn = (
        *(_cells(names, found, level) for level in _CLASSES),
        *(_marks(names, found, *each) for each in _SIGNS),
        *(_column(at, each, len(names)) for at, each in enumerate(intervals)),
    )
    cells = stretched(*drawn, width=len(intervals), height=len(names), width_="100%", height_=height)
    unit = unit_of(intervals)
    words = f"How far each feature moved in each {unit}. Its figures are in the table that follows."
    chart = element(
        "svg", cells, *dates(intervals, y=height + 17), class_="cells", height=height + 24, role="img", aria_label=words
    )
    labels = (element("li", element("bdi", name_of(name))) for name in names)
    scroll = element("div", chart, class_="scroll", role="region", aria_label=f"Features by {unit}", tabindex="0")
    return joined(element("div", element("ol", *labels, aria_hidden="true"), scroll, class_="map"), _key())


def _cells(names: Sequence[str], found: Sequence[Found], level: str) -> Markup:
    """All cells of one colour. There are thousands: one path costs a fifth of as many elements."""
    drawn = (
        f"M{at} {row}h.9v.9h-.9"
        for row, name in enumerate(names)
        for at, one in enumerate(found)
        if name in one and level_of(one[name]) == level
    )
    return element("path", class_=level, d="".join(drawn))


def level_of(feature: FeatureDrift) -> str:
    """The class that a cell is coloured by; empty where there is nothing to colour."""
    if feature.effect is None or math.isnan(feature.effect):
        return ""
    times = exceeding(feature)
    return next((class_ for below, class_ in _LEVELS if times < below), _MOST)


def _marks(names: Sequence[str], found: Sequence[Found], verdict: Verdict, class_: str, stroke: str) -> Markup:
    drawn = (
        f"M{at}.45 {row}.45{stroke}"
        for row, name in enumerate(names)
        for at, one in enumerate(found)
        if name in one and one[name].verdict is verdict
    )
    return element("path", class_=class_, d="".join(drawn))


def _column(at: int, interval: Interval, rows: int) -> Markup:
    """Nothing to see, but a pointer finds the interval's verdict there, and what drifted in it."""
    drifted = [f"{name_of(each.feature)} {brief(each.effect)}" for each in ordered(interval.drifted)]
    more = [counted(len(drifted) - _NAMED, "other feature")] if len(drifted) > _NAMED else []
    named = f": {listed(drifted[:_NAMED] + more)}" if drifted else ""
    title = element("title", f"{interval_name(interval)}, {interval.verdict.value}{named}")
    return element("path", title, class_="u", d=f"M{at} 0h1v{rows}h-1")


def _key() -> Markup:
    def sample(*drawn: Markup) -> Markup:
        return element("svg", *drawn, aria_hidden="true")

    colours = [(sample(element("rect", width=22, height=12, class_=class_)), words) for class_, words in _MEANING]
    dot = element("path", class_="dot", d="M11 6h.001")
    back = element("rect", width=22, height=12, class_="h3")
    signs = [
        (sample(back, dot), "drift: above the threshold, and more than chance"),
        (sample(element("path", class_="dash", d="M7 6h8")), "not enough data"),
        (sample(element("path", class_="cross", d="M7 2l8 8m0-8l-8 8")), "schema changed"),
        (sample(element("rect", width=22, height=12, class_="edge")), "no data"),
    ]
    return joined(key(colours), key(signs))
