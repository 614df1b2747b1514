"""An amount for each name: bars from the left, with the number behind."""

from __future__ import annotations

from typing import Final

from mlmon.output.charts.amounts import amount, drawable
from mlmon.output.controls import neutral
from mlmon.output.results import BarChart
from mlmon.output.streams import Stream
from mlmon.output.text import cut
from mlmon.output.wrapping import cells_of

_EIGHTHS: Final = "▏▎▍▌▋▊▉█"
_GAP: Final = 2
_LONGEST_NAME: Final = 2 / 5
"""The share of the width that names may take."""


def bar_chart(drawn: BarChart, stream: Stream, *, width: int) -> str:
    """Title and bars. Anything above 0 has a bar that can be seen; what is below 0 has its number alone."""
    title = cut(stream.shown(neutral(drawn.title)), width, stream)
    numbers = [amount(value, drawn.kind) for _, value in drawn.bars]
    written = max((len(number) for number in numbers), default=0)
    names = [cut(stream.shown(neutral(name)), max(1, int(width * _LONGEST_NAME)), stream) for name, _ in drawn.bars]
    named = max(map(cells_of, names), default=0)
    room = max(0, width - named - written - 2 * _GAP)
    most = max((drawable(value) or 0.0 for _, value in drawn.bars), default=0.0)
    lines = [stream.styled(title, "bold")]
    for (_, value), name, number in zip(drawn.bars, names, numbers, strict=True):
        bar = _bar(max(0.0, drawable(value) or 0.0), most, room, stream)
        blanks = " " * (named - cells_of(name) + _GAP)
        line = f"{name}{blanks}{stream.styled(bar, 'first') if bar else ''}{'  ' if bar else ''}{number}"
        # where there is no room for any bar, the number is cut with the rest
        lines.append(line if room else cut(f"{name}{blanks}{number}", width, stream))
    return "\n".join(lines if drawn.bars else [*lines, cut("nothing", width, stream)]) + "\n"


def _bar(value: float, most: float, room: int, stream: Stream) -> str:
    if not value or not room:
        return ""
    if stream.plain:
        return "#" * max(1, round(value / most * room))
    eighths = max(1, round(value / most * room * 8))
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[part - 1] if part else "")
