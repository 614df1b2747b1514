"""The datadrift coefficient over time, with the band of chance and the threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mlmon.drift.page.axes import dates, label, round_steps, stretched
from mlmon.drift.page.markup import Markup, element, joined, percent, pixels
from mlmon.drift.result import Coefficient, Interval, Verdict
from mlmon.drift.wording import brief, figure, interval_name, unit_of

HEIGHT: Final = 210
_DIAMOND: Final = "M0-5.5L5.5 0L0 5.5L-5.5 0z"


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def y(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return (self.high - inside) / (self.high - self.low) * HEIGHT


def timeline(intervals: Sequence[Interval], threshold: float | None) -> Markup:
    """The chart and its key; at least one interval has a coefficient."""
    known = [each.coefficient for each in intervals if each.coefficient and math.isfinite(each.coefficient.value)]
    ends = [end for one in known for end in (one.value, *one.band) if math.isfinite(end)]
    steps = round_steps(min(0.0, *ends, 0.0), max(0.25, threshold or 0.0, *ends, 0.25))
    scale = _Scale(steps[0], steps[-1])
    drawn = joined(
        *_grid(steps, scale),
        stretched(
            element("path", class_="band", d="".join(_bands(intervals, scale))),
            element("path", class_="coef", d="".join(_lines(intervals, scale))),
            width=len(intervals),
            height=HEIGHT,
            width_="100%",
            height_=HEIGHT,
        ),
        *_limit(threshold, scale),
        *(_point(at, each, intervals, scale) for at, each in enumerate(intervals)),
        *dates(intervals, y=HEIGHT + 22),
    )
    unit = unit_of(intervals)
    words = f"The datadrift coefficient of every {unit}. Its figures are in the table that follows."
    chart = element("svg", drawn, height=HEIGHT, role="img", aria_label=words)
    return joined(element("div", chart, class_="plot"), _key(threshold))


def _grid(steps: Sequence[float], scale: _Scale) -> Iterator[Markup]:
    for step in steps:
        y = scale.y(step)
        zero = abs(step) < 1e-12
        yield element("line", x1=0, x2="100%", y1=y, y2=y, class_="zero" if zero else "grid")
        yield label("0" if zero else figure(round(step, 9)), x=-9, y=y + 4, class_="end")


def _limit(threshold: float | None, scale: _Scale) -> Iterator[Markup]:
    if threshold is not None:
        y = scale.y(threshold)
        yield element("line", x1=0, x2="100%", y1=y, y2=y, class_="limit")
        yield label(f"threshold {figure(threshold)}", x=4, y=y - 6, class_="limit-text")


def _runs(intervals: Sequence[Interval]) -> Iterator[list[tuple[int, Coefficient]]]:
    """The coefficients without a gap between them, each with its place."""
    run: list[tuple[int, Coefficient]] = []
    for at, each in enumerate(intervals):
        if each.coefficient and all(map(math.isfinite, (each.coefficient.value, *each.coefficient.band))):
            run.append((at, each.coefficient))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _bands(intervals: Sequence[Interval], scale: _Scale) -> Iterator[str]:
    """A step for each interval: chance does not run on between two of them."""
    for run in _runs(intervals):
        above = "".join(f"V{pixels(scale.y(one.band[1]))}H{at + 1}" for at, one in run)
        below = "".join(f"V{pixels(scale.y(one.band[0]))}H{at}" for at, one in reversed(run))
        yield f"M{run[0][0]} {pixels(scale.y(0))}{above}{below}z"


def _lines(intervals: Sequence[Interval], scale: _Scale) -> Iterator[str]:
    for run in _runs(intervals):
        points = [f"{at}.5 {pixels(scale.y(one.value))}" for at, one in run]
        yield f"M{'L'.join(points)}"


def _point(at: int, interval: Interval, intervals: Sequence[Interval], scale: _Scale) -> Markup:
    known = interval.coefficient
    if known is None or not math.isfinite(known.value):
        return Markup()
    x, y = percent((at + 0.5) / len(intervals)), scale.y(known.value)
    words = f"{interval_name(interval)}: {brief(known.value)}, {interval.verdict.value}"
    title = element("title", words)
    if interval.verdict is Verdict.DRIFT:
        diamond = element("g", title, element("path", d=_DIAMOND), class_="alarm")
        return element("svg", diamond, x=x, y=y, overflow="visible")
    return element("circle", title, cx=x, cy=y, r=3, class_="point")


def _key(threshold: float | None) -> Markup:
    entries = [
        (_sample(element("path", d=_DIAMOND, class_="alarm", transform="translate(11 6)")), "drift"),
        (_sample(element("circle", cx=11, cy=6, r=3.5, class_="point")), "no drift"),
        (_sample(element("rect", width=22, height=12, class_="band")), "what chance gives in 95 of 100 cases"),
    ]
    if threshold is not None:
        line = element("line", x1=0, x2=22, y1=6, y2=6, class_="limit")
        entries.append((_sample(line), f"threshold {figure(threshold)}"))
    return key(entries)


def _sample(drawn: Markup) -> Markup:
    return element("svg", drawn, aria_hidden="true")


def key(entries: Sequence[tuple[Markup, str]]) -> Markup:
    """What the drawings of a chart mean."""
    return element("ul", *(element("li", drawn, words) for drawn, words in entries), class_="key")
