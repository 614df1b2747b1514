"""Every feature in every interval: how far it moved, in units of its threshold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mlmon.drift.page.axes import dates, stretched
from mlmon.drift.page.markup import Markup, element, joined
from mlmon.drift.page.timeline import key
from mlmon.drift.result import FeatureDrift, Interval, Verdict
from mlmon.drift.wording import brief, exceeding, name_of, short_date_of, unit_of

ROW: Final = 20
_LEVELS: Final = ((0.5, ""), (1.0, "h1"), (2.0, "h2"), (4.0, "h3"))
_MOST: Final = "h4"
_MEANING: Final = (
    ("h0", "below half of the threshold"),
    ("h1", "below it"),
    ("h2", "up to twice the threshold"),
    ("h3", "up to four times"),
    ("h4", "more"),
)

Found = Mapping[str, FeatureDrift]


def heat_map(names: Sequence[str], intervals: Sequence[Interval]) -> Markup:
    """The map: a row for each name, a column for each interval."""
    found = [{each.feature: each for each in interval.features} for interval in intervals]
    height = ROW * len(names)
    rows = (_row(name, at, found, intervals) for at, name in enumerate(names))
    signs = (
        element("path", class_=class_, d="".join(_signs(names, found, verdict, stroke)))
        for verdict, class_, stroke in (
            (Verdict.DRIFT, "dot", "h.001"),
            (Verdict.NOT_ENOUGH_DATA, "dash", "m-.2 0h.4"),
            (Verdict.SCHEMA_CHANGED, "cross", "m-.25-.2l.5.4m0-.4l-.5.4"),
        )
    )
    cells = stretched(*rows, *signs, width=len(intervals), height=len(names), width_="100%", height_=height)
    unit = unit_of(intervals)
    words = f"How far each feature moved in each {unit}. Its figures are in the table that follows."
    chart = element(
        "svg", cells, *dates(intervals, y=height + 17), class_="cells", height=height + 24, role="img", aria_label=words
    )
    labels = (element("li", element("bdi", name_of(name))) for name in names)
    scroll = element("div", chart, class_="scroll", role="region", aria_label=f"Features by {unit}", tabindex="0")
    return joined(element("div", element("ol", *labels, aria_hidden="true"), scroll, class_="map"), _key())


def _row(name: str, row: int, found: Sequence[Found], intervals: Sequence[Interval]) -> Markup:
    cells = (_cell(at, one[name], intervals[at]) for at, one in enumerate(found) if name in one)
    return element("g", *cells, transform=f"translate(0 {row})")


def _cell(at: int, feature: FeatureDrift, interval: Interval) -> Markup:
    day = short_date_of(interval.between.start) if interval.between else "all"
    said = feature.verdict.value if feature.effect is None else brief(feature.effect)
    title = element("title", f"{day}: {said}")
    return element("path", title, class_=level_of(feature) or None, d=f"M{at} 0h.9v.9h-.9")


def level_of(feature: FeatureDrift) -> str:
    """The class that a cell is coloured by; most are of the lowest level, which has none."""
    if feature.effect is None or feature.effect != feature.effect:
        return "u"
    times = exceeding(feature)
    return next((class_ for below, class_ in _LEVELS if times < below), _MOST)


def _signs(names: Sequence[str], found: Sequence[Found], verdict: Verdict, stroke: str) -> Iterator[str]:
    for row, name in enumerate(names):
        for at, one in enumerate(found):
            if name in one and one[name].verdict is verdict:
                yield f"M{at}.45 {row}.44{stroke}"


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
