"""Amounts by day, drawn as a calendar: a row for each month and a cell for each day, so that a missing day is seen."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from mlmon.output.cells import human_bytes
from mlmon.output.controls import neutral
from mlmon.output.results import Calendar
from mlmon.output.streams import Stream

_MARKED: Final = (1, 5, 10, 15, 20, 25, 30)
_MARGIN: Final = 9  # `2026-03  `
_TOLD: Final = 2  # months without any data in a row that are still drawn
_PLAIN: Final = ".-+*#"
_SHADED: Final = "·░▒▓█"

_HALF: Final = 15
_GAP: Final = "   "

_Month = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is drawn of a month: its totals, or only its days; whole, or in halves."""

    days: bool = False
    bytes: bool = False
    halves: bool = False


_SHAPES: Final = (_Shape(days=True, bytes=True), _Shape(days=True), _Shape(), _Shape(halves=True))


def calendars(drawn: Sequence[Calendar], stream: Stream, *, width: int | None = None) -> str:
    """The calendars, one below the other, and what their marks mean; within `width`, but for the titles.

    The shades are quarters of the most bytes that any day of them has. Where there is no room for the totals of the
    months they go, first the bytes, then the days; and a month that has none either is drawn in two halves.
    """
    most = max((size for one in drawn for size in one.days.values()), default=0)
    marks = _PLAIN if stream.plain else _SHADED
    lines: list[str] = []
    for one, body in zip(drawn, _bodies(drawn, most, marks, width), strict=True):
        lines += ["", stream.styled(stream.shown(neutral(one.title)), "bold"), *body]
    none, some = f"{marks[0]} none", f"{marks[1:]} bytes of a day, up to {human_bytes(most)}"
    one_line = width is None or len(none) + len(_GAP) + len(some) <= width
    return "\n".join([*lines, "", f"{none}{_GAP}{some}" if one_line else f"{none}\n{some}"]) + "\n"


def _bodies(drawn: Sequence[Calendar], most: int, marks: str, width: int | None) -> Sequence[Sequence[str]]:
    """The lines of each calendar, all in the one shape that has room."""
    bodies: list[list[str]] = []
    for shape in _SHAPES:
        bodies = [[_ruler(shape), *_months(one, most, marks, shape)] for one in drawn]
        if width is None or all(len(line) <= width for body in bodies for line in body):
            break
    return bodies


def _months(one: Calendar, most: int, marks: str, shape: _Shape) -> Iterator[str]:
    have = {(day.year, day.month) for day in one.days}
    for empty, run in groupby(_between(one.first, one.last), key=lambda month: month not in have):
        months = list(run)
        if empty and len(months) > _TOLD:
            yield f"{_name(months[0])} to {_name(months[-1])}  nothing"
        else:
            for month in months:
                yield from _month(one, month, most, marks, shape)


def _between(first: date, last: date) -> Iterator[_Month]:
    """Every month from one day to another."""
    for at in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield at // 12, at % 12 + 1


def _month(one: Calendar, month: _Month, most: int, marks: str, shape: _Shape) -> Iterator[str]:
    days = [date(*month, number) for number in range(1, monthrange(*month)[1] + 1)]
    cells = "".join(_cell(one, day, most, marks) for day in days)
    if shape.halves:
        yield f"{_name(month)}  {cells[:_HALF]}".rstrip()
        yield f"{_HALF + 1:>7}  {cells[_HALF:]}".rstrip()
        return
    shown = [day for day in days if one.first <= day <= one.last]
    sizes = [one.days[day] for day in shown if day in one.days]
    count = f"{len(sizes)} of {len(shown)} day{'' if len(shown) == 1 else 's'}"
    totals = f"  {count:>13}" * shape.days + f"  {human_bytes(sum(sizes))}" * shape.bytes
    yield f"{_name(month)}  {cells.ljust(31)}{totals}".rstrip()


def _cell(one: Calendar, day: date, most: int, marks: str) -> str:
    if not one.first <= day <= one.last:
        return " "
    size = one.days.get(day)
    if size is None:
        return marks[0]
    shades = len(marks) - 1
    return marks[max(1, -(-size * shades // most)) if most else 1]


def _ruler(shape: _Shape) -> str:
    """Numbers, each beginning above its day."""
    marked = [day for day in _MARKED if not shape.halves or day <= _HALF]
    ruler = "".join(f"{day:<{after - day}}" for day, after in zip(marked, (*marked[1:], 32), strict=True))
    return " " * _MARGIN + ruler.rstrip()


def _name(month: _Month) -> str:
    return f"{month[0]:04}-{month[1]:02}"
