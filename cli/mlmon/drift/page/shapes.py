"""Baseline and target of one feature, one drawn over the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from mlmon.drift.page.axes import label, stretched
from mlmon.drift.page.markup import Markup, element, joined, percent, pixels
from mlmon.drift.result import Histogram
from mlmon.drift.wording import figure, name_of, share

HEIGHT: Final = 112
_LINE: Final = 34
_LONGEST: Final = 26


def shape(histogram: Histogram, words: str) -> Markup:
    """Bins as areas with the densities over them, or categories as pairs of bars."""
    drawn, height = _categories(histogram) if histogram.labels else _numbers(histogram)
    return element("svg", drawn, class_="shape", height=height, role="img", aria_label=words)


def _numbers(histogram: Histogram) -> tuple[Markup, float]:
    bins = max(len(histogram.baseline), 1)
    known = [each for side in (histogram.baseline, histogram.target, *histogram.curves) for each in side]
    most = max((each for each in known if math.isfinite(each)), default=0.0) or 1.0
    baseline, target = (_steps(side, most) for side in (histogram.baseline, histogram.target))
    curves = [_curve(side, bins, most) for side in histogram.curves]
    drawn = stretched(
        element("path", class_="base", d=baseline),
        element("path", class_="here", d=target),
        element("path", class_="base-line", d=curves[0] or baseline),
        element("path", class_="here-line", d=curves[1] or target),
        width=bins,
        height=HEIGHT,
        width_="100%",
        height_=HEIGHT,
    )
    floor = element("line", x1=0, x2="100%", y1=HEIGHT, y2=HEIGHT, class_="zero")
    return joined(drawn, floor, *_ends(histogram.edges)), HEIGHT + 22


def _ends(edges: Sequence[float]) -> Iterator[Markup]:
    """The least and the greatest number of the bins, and the one between."""
    if edges:
        middle = edges[0] / 2 + edges[-1] / 2
        yield label(figure(edges[0]), x=0, y=HEIGHT + 16)
        yield label(figure(middle), x="50%", y=HEIGHT + 16, class_="mid")
        yield label(figure(edges[-1]), x="100%", y=HEIGHT + 16, class_="end")


def _height(value: float, most: float) -> str:
    """Where a share stands, with a little room above the largest."""
    part = min(max(value, 0.0), most) / most if math.isfinite(value) else 0.0
    return pixels(HEIGHT - part * (HEIGHT - 4))


def _steps(side: Sequence[float], most: float) -> str:
    tops = "".join(f"V{_height(value, most)}H{at + 1}" for at, value in enumerate(side))
    return f"M0 {HEIGHT}{tops}V{HEIGHT}z"


def _curve(side: Sequence[float], bins: int, most: float) -> str:
    if len(side) < 2:
        return ""
    points = (f"{pixels(at * bins / (len(side) - 1))} {_height(value, most)}" for at, value in enumerate(side))
    return f"M{'L'.join(points)}"


def _categories(histogram: Histogram) -> tuple[Markup, float]:
    rows = list(zip(histogram.labels, histogram.baseline, histogram.target, strict=True))
    most = max((each for row in rows for each in row[1:] if math.isfinite(each)), default=0.0) or 1.0
    drawn = (_category(*row, most=most, y=at * _LINE) for at, row in enumerate(rows))
    return joined(*drawn), _LINE * len(rows)


def _category(words: str, baseline: float, target: float, *, most: float, y: float) -> Markup:
    return joined(
        label(name_of(words, longest=_LONGEST), x=0, y=y + 12, class_="label"),
        label(f"{share(baseline)} → {share(target)}", x="100%", y=y + 12, class_="end"),
        element("rect", x=0, y=y + 17, width=percent(baseline / most), height=5, class_="base-bar"),
        element("rect", x=0, y=y + 23, width=percent(target / most), height=5, class_="here-bar"),
    )
