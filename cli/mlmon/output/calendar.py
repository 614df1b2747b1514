"""Amounts by day, drawn as a calendar: a row for each month and a cell for each day, so that a missing day is seen."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
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

_Month = tuple[int, int]


def calendars(drawn: Sequence[Calendar], stream: Stream) -> str:
    """The calendars, one below the other, and what their marks mean; at most 66 columns wide but for the titles.

    The shades are quarters of the most bytes that any day of them has.
    """
    most = max((size for one in drawn for size in one.days.values()), default=0)
    marks = _PLAIN if stream.plain else _SHADED
    lines: list[str] = []
    for one in drawn:
        lines += ["", stream.styled(stream.shown(neutral(one.title)), "bold"), " " * _MARGIN + _ruler()]
        lines += _months(one, most, marks)
    legend = f"{marks[0]} none   {marks[1:]} bytes of a day, up to {human_bytes(most)}"
    return "\n".join([*lines, "", legend]) + "\n"


def _months(one: Calendar, most: int, marks: str) -> Iterator[str]:
    have = {(day.year, day.month) for day in one.days}
    for empty, run in groupby(_between(one.first, one.last), key=lambda month: month not in have):
        months = list(run)
        if empty and len(months) > _TOLD:
            yield f"{_name(months[0])}  nothing until the end of {_name(months[-1])}"
        else:
            yield from (_month(one, month, most, marks) for month in months)


def _between(first: date, last: date) -> Iterator[_Month]:
    """Every month from one day to another."""
    for at in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield at // 12, at % 12 + 1


def _month(one: Calendar, month: _Month, most: int, marks: str) -> str:
    days = [date(*month, number) for number in range(1, monthrange(*month)[1] + 1)]
    shown = [day for day in days if one.first <= day <= one.last]
    sizes = [one.days[day] for day in shown if day in one.days]
    cells = "".join(_cell(one, day, most, marks) for day in days).ljust(31)
    return f"{_name(month)}  {cells}  {len(sizes):2} of {len(shown):2} days  {human_bytes(sum(sizes))}"


def _cell(one: Calendar, day: date, most: int, marks: str) -> str:
    if not one.first <= day <= one.last:
        return " "
    size = one.days.get(day)
    if size is None:
        return marks[0]
    shades = len(marks) - 1
    return marks[max(1, -(-size * shades // most)) if most else 1]


def _ruler() -> str:
    """Numbers, each beginning above its day."""
    return "".join(f"{day:<{after - day}}" for day, after in zip(_MARKED, (*_MARKED[1:], 32), strict=True)).rstrip()


def _name(month: _Month) -> str:
    return f"{month[0]:04}-{month[1]:02}"
