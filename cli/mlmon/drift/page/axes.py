"""What charts stand on. They are as wide as the page: places are shares of the width, and text keeps its size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from mlmon.drift.page.markup import Markup, element, number, percent
from mlmon.drift.result import Interval
from mlmon.drift.wording import short_date_of

_MOST_LABELS: Final = 5


def stretched(*drawn: Markup, width: float, height: float, **attributes: str | float) -> Markup:
    """Drawings in units of their own, pulled to all of the width."""
    return element(
        "svg", *drawn, viewBox=f"0 0 {number(width)} {number(height)}", preserveAspectRatio="none", **attributes
    )


def label(words: str, *, x: str | float, y: float, class_: str | None = None) -> Markup:
    """Text in a chart."""
    return element("text", words, x=x, y=y, class_=class_)


def round_steps(low: float, high: float) -> list[float]:
    """Up to six round numbers from below `low` to above `high`, 0 among them where it is between."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(span))
    step = next(each * power for each in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if span / (each * power) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [at * step for at in range(first, last + 1)]


def dates(intervals: Sequence[Interval], *, y: float) -> list[Markup]:
    """Some of the intervals' first days, below the middle of each."""
    count = len(intervals)
    every = max(1, math.ceil(count / _MOST_LABELS))
    drawn = []
    crowded = count > 3 * _MOST_LABELS  # a label in the middle of a narrow first column would be cut off
    for at in range(0, count, every):
        between = intervals[at].between
        if between is not None:
            middle = at > 0 or not crowded
            x = percent((at + 0.5 * middle) / count)
            drawn.append(label(short_date_of(between.start), x=x, y=y, class_="mid" if middle else None))
    return drawn
