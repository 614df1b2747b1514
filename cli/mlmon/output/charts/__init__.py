"""Charts as text: values over time with axes, and bars.

They are drawn here because no library does what is needed: plotext 6.1 has one figure for the whole process, a compiled
kernel and 0.3 s to import, plotille 6.0 draws in braille alone and knows no gaps, uniplot needs numpy and readchar.
"""

from __future__ import annotations

from mlmon.output.charts.bars import bar_chart
from mlmon.output.charts.lines import HEIGHT, time_chart
from mlmon.output.results import BarChart, TimeChart
from mlmon.output.streams import Stream

__all__ = ["HEIGHT", "chart"]


def chart(drawn: TimeChart | BarChart, stream: Stream, *, width: int, height: int = HEIGHT) -> str:
    """The chart, its title on the first line, each line at most `width` cells; `height` is about the rows of values.

    Everything a name or a title says is neutralised. Numbers that are no amounts (NaN, the infinities) are not drawn.
    """
    if isinstance(drawn, BarChart):
        return bar_chart(drawn, stream, width=width)
    return time_chart(drawn, stream, width=width, height=height)
