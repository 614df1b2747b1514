"""Values over time: one series as filled columns, several as marks, above an axis of times and beside one of amounts.

A column is an interval, or the highest of several where there are more than columns. Where nothing was measured there
is no column, and the axis below it is dotted: nothing was asked of it, which is not 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from mlmon.output.charts.amounts import Scale, amount, drawable, scale_of, tick_label
from mlmon.output.charts.legend import Entry, legend
from mlmon.output.charts.moments import Tick, ticks
from mlmon.output.controls import neutral
from mlmon.output.results import TimeChart
from mlmon.output.streams import Stream
from mlmon.output.text import cut

HEIGHT: Final = 8
_WIDEST: Final = 8  # cells of one interval
_NARROWEST: Final = 12  # columns below which an axis says nothing
_GUTTER: Final = len("UTC")
_STYLES: Final = ("first", "second", "third", "fourth", "fifth")
_SEVERAL: Final = -1

_Cell = tuple[str, str]  # a character and its style


@dataclass(frozen=True, slots=True)
class _Signs:
    marks: str
    several: str
    levels: str
    side: str
    corner: str
    line: str
    tick: str
    unmeasured: str


_UNICODE: Final = _Signs("●▲■○△□◇", "◆", "▁▂▃▄▅▆▇█", "│", "└", "─", "┬", "┄")
_PLAIN: Final = _Signs("*+xo#@=", "%", ".:#", "|", "+", "-", "+", ".")


@dataclass(frozen=True, slots=True)
class _Plot:
    """A chart that has been measured: its values by series and column, its axes, and what draws it."""

    chart: TimeChart
    values: tuple[tuple[float | None, ...], ...]
    each: int  # intervals in a column
    cell: int  # the cells of a column
    room: int  # the cells that all may take
    scale: Scale
    rows: int
    signs: _Signs

    @property
    def filled(self) -> bool:
        """Whether columns are filled: one series, and nothing below 0."""
        return len(self.values) == 1 and self.scale.bottom == 0

    @property
    def columns(self) -> int:
        return math.ceil(len(self.chart.times) / self.each)

    def mark(self, at: int) -> str:
        """The sign of a series, as the legend has it."""
        return self.signs.levels[-1] if self.filled else self.signs.marks[at % len(self.signs.marks)]


def time_chart(drawn: TimeChart, stream: Stream, *, width: int, height: int = HEIGHT) -> str:
    """Title, values, axes and a legend that says the highest value of each series."""
    title = stream.styled(cut(stream.shown(neutral(drawn.title)), width, stream), "bold")
    values = [[drawable(value) for value in one.values] for one in drawn.series]
    known = [value for one in values for value in one if value is not None]
    if not known or not drawn.times:
        return f"{title}\n{cut('no values', width, stream)}\n"
    scale = scale_of(known, drawn.kind)
    gutter = max(_GUTTER, *(len(tick_label(tick, drawn.kind)) for tick in scale.ticks))
    plot = _measured(drawn, values, scale, room=width - gutter - len(" |"), height=height, plain=stream.plain)
    entries = _entries(drawn, values, plot, stream, width)
    body = [] if plot is None else [*_body(plot, gutter, stream), *_below(plot, gutter)]
    return "\n".join([title, *body, *legend(entries, stream, width=width)]) + "\n"


def _measured(
    drawn: TimeChart, values: Sequence[Sequence[float | None]], scale: Scale, *, room: int, height: int, plain: bool
) -> _Plot | None:
    """How the chart fits into this many cells; None where they are too few."""
    if room < _NARROWEST:
        return None
    count = len(drawn.times)
    each = math.ceil(count / room)
    columns = tuple(tuple(_highest(one[at : at + each]) for at in range(0, count, each)) for one in values)
    rows = scale.steps * max(1, round(height / scale.steps))
    signs = _PLAIN if plain else _UNICODE
    return _Plot(drawn, columns, each, max(1, min(room // count, _WIDEST)), room, scale, rows, signs)


def _highest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _body(plot: _Plot, gutter: int, stream: Stream) -> Iterator[str]:
    """The rows of values from the top, the axis last."""
    labels = {
        at * plot.rows // plot.scale.steps: tick_label(tick, plot.chart.kind)
        for at, tick in enumerate(plot.scale.ticks)
    }
    for row in range(plot.rows, 0, -1):
        cells = _filled_row(plot, row) if plot.filled else _marked_row(plot, row, (" ", ""))
        yield f"{labels.get(row, ''):>{gutter}} {plot.signs.side}{_styled(cells, stream)}".rstrip()
    yield f"{labels[0]:>{gutter}} {plot.signs.corner}{_styled(_axis(plot), stream)}".rstrip()


def _filled_row(plot: _Plot, row: int) -> list[_Cell]:
    levels = plot.signs.levels
    cells: list[_Cell] = []
    for value in plot.values[0]:
        height = plot.scale.row(value, plot.rows) if value else 0.0
        # the least there is of something is still seen
        part = min(math.ceil((height - row + 1) * len(levels)), len(levels))
        part = max(part, 1) if value and row == 1 else part
        cells += [(levels[part - 1], _STYLES[0]) if part > 0 else (" ", "")] * plot.cell
    return cells


def _marked_row(plot: _Plot, row: int, empty: _Cell) -> list[_Cell]:
    cells: list[_Cell] = []
    for column in zip(*plot.values, strict=True):
        here = [
            at
            for at, value in enumerate(column)
            if value is not None and math.ceil(plot.scale.row(value, plot.rows)) == row
        ]
        cells += [_mark(plot, here) if here else empty, *[empty] * (plot.cell - 1)]
    return cells


def _mark(plot: _Plot, here: Sequence[int]) -> _Cell:
    if len(here) > 1:
        return plot.signs.several, ""
    return plot.mark(here[0]), _STYLES[here[0] % len(_STYLES)]


def _axis(plot: _Plot) -> list[_Cell]:
    """The line at the bottom, with the values that stand on it."""
    marked = {tick.column for tick in _ticks(plot)}
    on_it = [] if plot.filled else _marked_row(plot, 0, (" ", ""))
    line: list[_Cell] = []
    for at, column in enumerate(zip(*plot.values, strict=True)):
        measured = any(value is not None for value in column)
        for cell in range(at * plot.cell, (at + 1) * plot.cell):
            bare = plot.signs.line if measured else plot.signs.unmeasured
            plain = (plot.signs.tick if cell in marked else bare, "")
            line.append(on_it[cell] if on_it and on_it[cell] != (" ", "") else plain)
    return line


def _ticks(plot: _Plot) -> list[Tick]:
    return ticks(plot.chart.times[:: plot.each], cell=plot.cell, room=plot.room)


def _below(plot: _Plot, gutter: int) -> Iterator[str]:
    """The labels of the times, and their days or years."""
    found = _ticks(plot)
    for lead, parts in (
        ("UTC", [(tick.column, tick.label) for tick in found]),
        ("", [(tick.column, tick.below) for tick in found]),
    ):
        line = f"{lead:>{gutter}}  "
        for column, text in parts:
            line = line.ljust(gutter + 2 + column) + text if text else line
        if line.strip():
            yield line


def _entries(
    drawn: TimeChart, values: Sequence[Sequence[float | None]], plot: _Plot | None, stream: Stream, width: int
) -> Iterator[Entry]:
    """Mark, name and highest value of each series, and what else needs a word."""
    for at, (one, known) in enumerate(zip(drawn.series, values, strict=True)):
        most = _highest(known)
        said = "no values" if most is None else f"up to {amount(most, drawn.kind)}"
        room = width - len(said) - len(", ") - (len("* ") if plot else 0)
        name = cut(stream.shown(neutral(one.name)), max(1, room), stream)
        words = f"{name}, {said}" if name else said
        yield Entry(words, plot.mark(at), _STYLES[at % len(_STYLES)]) if plot else Entry(words)
    if plot and _overlaps(plot):
        yield Entry("several at one place", plot.signs.several)
    if plot and any(all(value is None for value in column) for column in zip(*plot.values, strict=True)):
        yield Entry("no value", plot.signs.unmeasured)
    if plot and plot.each > 1:
        yield Entry(f"highest of every {plot.each} intervals")


def _overlaps(plot: _Plot) -> bool:
    if plot.filled:
        return False
    for column in zip(*plot.values, strict=True):
        rows = [math.ceil(plot.scale.row(value, plot.rows)) for value in column if value is not None]
        if len(set(rows)) < len(rows):
            return True
    return False


def _styled(cells: Sequence[_Cell], stream: Stream) -> str:
    """The cells as text; blanks at the end have no style, so that they can be left out."""
    runs = ((style, "".join(char for char, _ in run)) for style, run in groupby(cells, key=lambda cell: cell[1]))
    return "".join(stream.styled(text, style) if style else text for style, text in runs)
