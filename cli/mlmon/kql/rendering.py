"""What `| render KIND` asks for, as charts: which column is the axis, which are drawn, and what splits them.

The rules are those of https://learn.microsoft.com/kusto/query/render-operator: over time, the first datetime column is
the axis; in bars and slices the first column is. Numbers are drawn, and columns of text split them into series.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mlmon.core.model import Column, Table, Value
from mlmon.core.timerange import rfc3339
from mlmon.output.results import BarChart, FieldKind, Series, TimeChart

_OVER_TIME: Final = {"timechart", "linechart", "areachart", "stackedareachart"}
_IN_BARS: Final = {"barchart", "columnchart"}
_NUMBERS: Final = {"int", "long", "real", "decimal", "timespan"}
_SPLITTING: Final = {"string", "guid", "bool"}
MOST_SERIES: Final = 8
MOST_BARS: Final = 50
_MOST_TIMES: Final = 2_000
_FEWER_TIMES: Final = 240
_FLAT: Final = 10

Chart = TimeChart | BarChart


@dataclass(frozen=True, slots=True)
class Rendered:
    """The charts, none where the table is to be shown, and what a person should know about either."""

    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()


def rendered(table: Table) -> Rendered:
    """The charts that the table's query asks for."""
    kind = table.render.lower()
    if kind in {"", "table"} or not table.rows:
        return Rendered()
    if kind in _OVER_TIME:
        made = _over_time(table)
    elif kind in _IN_BARS:
        made = _in_bars(table)
    elif kind == "piechart":
        made = _in_slices(table)
    else:
        return Rendered(notes=(f"a {kind} cannot be drawn on a terminal: this is its table",))
    return made or Rendered(notes=(f"a {kind} needs {_NEEDED.get(kind, _AXIS_AND_TIME)}: this is its table",))


_AXIS_AND_TIME: Final = "a column of datetimes and one of numbers"
_NEEDED: Final = dict.fromkeys([*_IN_BARS, "piechart"], "a first column to name what is drawn and one of numbers")


# over time


_Points = Mapping[tuple[int, str], Mapping[datetime, Sequence[float]]]
"""What was measured when, by the column and the name of the series."""


def _over_time(table: Table) -> Rendered | None:
    axis = next((at for at, column in enumerate(table.columns) if column.type == "datetime"), None)
    if axis is None:
        return None
    points = _points(table, axis)
    every = sorted({when for found in points.values() for when in found})
    if not every:
        return None
    grid, notes = _grid(every)
    kept, left_out = _greatest(points)
    return Rendered(tuple(_time_charts(table, kept, grid)), (*notes, *left_out))


def _points(table: Table, axis: int) -> _Points:
    values, splits = _drawn(table.columns, axis), _splits(table.columns, axis)
    points: dict[tuple[int, str], dict[datetime, list[float]]] = {}
    for row in table.rows:
        when = row[axis]
        if not isinstance(when, datetime):
            continue
        for at in values:
            if (number := _number(row[at])) is not None:
                name = _series_name(table, row, splits, at, values)
                points.setdefault((at, name), {}).setdefault(when, []).append(number)
    return points


@dataclass(frozen=True, slots=True)
class _Grid:
    """Intervals of one length."""

    start: datetime
    step: timedelta
    count: int

    def times(self) -> tuple[datetime, ...]:
        return tuple(self.start + self.step * at for at in range(self.count))

    def place(self, when: datetime) -> int:
        return min((when - self.start) // self.step, self.count - 1)


def _grid(every: Sequence[datetime]) -> tuple[_Grid, tuple[str, ...]]:
    """The intervals that all the times begin; fewer and wider ones where those would be too many."""
    micros = [(later - every[0]) // timedelta(microseconds=1) for later in every[1:]]
    step = timedelta(microseconds=math.gcd(*micros) or 1)
    count = (every[-1] - every[0]) // step + 1
    if count <= _MOST_TIMES:
        return _Grid(every[0], step, count), ()
    wide = (every[-1] - every[0]) / _FEWER_TIMES
    note = f"the times are too many to be drawn one by one: each value is the mean of a {_FEWER_TIMES}th of the range"
    return _Grid(every[0], wide, _FEWER_TIMES), (note,)


def _time_charts(table: Table, points: _Points, grid: _Grid) -> Iterator[TimeChart]:
    """A chart for the columns that have an axis in common."""
    for columns in _alike(table, points):
        series = tuple(Series(name, _cells(found, grid)) for (at, name), found in points.items() if at in columns)
        title = ", ".join(table.columns[at].name for at in columns)
        yield TimeChart(title, grid.times(), series, kind=_kind(table.columns[columns[0]]))


def _alike(table: Table, points: _Points) -> list[list[int]]:
    """Columns of one type whose greatest values are of one size: on one axis a small one beside a large one is flat.

    Whole numbers are counts, mostly, and others are measured: these have no axis in common either.
    """
    greatest: dict[int, float] = {}
    for (at, _), found in points.items():
        greatest[at] = max(greatest.get(at, 0.0), *(abs(n) for numbers in found.values() for n in numbers))
    groups: list[list[int]] = []
    for at in sorted(greatest):
        for group in groups:
            low, high = sorted([greatest[group[0]], greatest[at]])
            if _measure(table.columns[group[0]]) == _measure(table.columns[at]) and (low * _FLAT >= high or not low):
                group.append(at)
                break
        else:
            groups.append([at])
    return groups


def _cells(found: Mapping[datetime, Sequence[float]], grid: _Grid) -> tuple[float | None, ...]:
    """The mean of what was measured in each interval."""
    cells: list[list[float]] = [[] for _ in range(grid.count)]
    for when, numbers in found.items():
        cells[grid.place(when)] += numbers
    return tuple(math.fsum(cell) / len(cell) if cell else None for cell in cells)


def _greatest(points: _Points) -> tuple[_Points, tuple[str, ...]]:
    """The series with the most in them, in their order."""
    if len(points) <= MOST_SERIES:
        return points, ()
    weight = {key: math.fsum(abs(n) for numbers in found.values() for n in numbers) for key, found in points.items()}
    kept = set(sorted(points, key=lambda key: -weight[key])[:MOST_SERIES])
    note = f"{len(points) - MOST_SERIES} of {len(points)} series are left out, those with the least (-o json has all)"
    return {key: found for key, found in points.items() if key in kept}, (note,)


# bars


def _in_bars(table: Table) -> Rendered | None:
    values = _drawn(table.columns, 0)
    splits = _splits(table.columns, 0)
    charts = []
    for at in values:
        named = [(_label(row, [0, *splits]), _number(row[at])) for row in table.rows]
        charts.append(_bars(table.columns[at], [(name, amount) for name, amount in named if amount is not None]))
    notes = _too_many(len(table.rows)) if charts else ()
    return Rendered(tuple(charts), notes) if any(chart.bars for chart in charts) else None


def _in_slices(table: Table) -> Rendered | None:
    """Slices are drawn as bars, each with its share of the whole."""
    values = _drawn(table.columns, 0)
    if not values:
        return None
    amounts: dict[str, float] = {}
    for row in table.rows:
        if (amount := _number(row[values[0]])) is not None:
            name = _label(row, [0])
            amounts[name] = amounts.get(name, 0.0) + amount
    whole = math.fsum(amounts.values())
    shares = [(f"{name} ({amount / whole:.0%})" if whole > 0 else name, amount) for name, amount in amounts.items()]
    return Rendered((_bars(table.columns[values[0]], shares),), _too_many(len(shares))) if shares else None


def _bars(column: Column, named: Sequence[tuple[str, float]]) -> BarChart:
    return BarChart(column.name, tuple(named[:MOST_BARS]), kind=_kind(column))


def _too_many(rows: int) -> tuple[str, ...]:
    return (f"the first {MOST_BARS} of {rows} rows are drawn (-o json has all)",) if rows > MOST_BARS else ()


# columns


def _drawn(columns: Sequence[Column], axis: int) -> list[int]:
    return [at for at, column in enumerate(columns) if at != axis and column.type in _NUMBERS]


def _splits(columns: Sequence[Column], axis: int) -> list[int]:
    return [at for at, column in enumerate(columns) if at != axis and column.type in _SPLITTING]


def _series_name(table: Table, row: Sequence[Value], splits: Sequence[int], at: int, values: Sequence[int]) -> str:
    """What splits the column, and the column itself where several are drawn."""
    words = [_label(row, splits)] if splits else []
    if not splits or len(values) > 1:
        words.append(table.columns[at].name)
    return " ".join(words)


def _label(row: Sequence[Value], places: Sequence[int]) -> str:
    return ", ".join(_word(row[at]) for at in places)


def _word(value: Value) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    return "(none)" if value is None or value == "" else str(value)


def _number(value: Value) -> float | None:
    """The value as it is drawn, a duration in seconds; None for what is no number."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)  # decimals come as text
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _measure(column: Column) -> str:
    return {"int": "long", "decimal": "real"}.get(column.type, column.type)


def _kind(column: Column) -> FieldKind:
    return "duration" if column.type == "timespan" else "number"
