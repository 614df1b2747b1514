"""Bytes by day, drawn: what is missing is seen, in ASCII and in shades, in 80 columns."""

from __future__ import annotations

import io
from calendar import monthrange
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mlmon.output.calendar import calendars
from mlmon.output.results import Calendar, Field, Format, Record, Rows
from mlmon.output.show import show
from mlmon.output.streams import Stream
from mlmon.output.terminal import Terminal
from output.screens import Screen

PIPE = Stream(io.StringIO(), is_terminal=False, unicode=True, colour=False, moving=False)
SHADES = Stream(io.StringIO(), is_terminal=True, unicode=True, colour=True, moving=True)
INPUTS = Calendar(
    "inputs",
    {date(2026, 2, day): size for day, size in ((20, 100), (21, 26), (22, 50), (23, 51), (24, 75), (26, 0))},
    date(2026, 2, 19),
    date(2026, 3, 2),
)


def test_a_day_without_data_is_a_dot_and_one_outside_the_range_a_blank() -> None:
    assert calendars([INPUTS], PIPE) == (
        "\n"
        "inputs\n"
        "         1   5    10   15   20   25   30\n"
        "2026-02                    .#++**.-..      6 of 10 days  302 B\n"
        "2026-03  ..                                 0 of 2 days  0 B\n"
        "\n"
        ". none   -+*# bytes of a day, up to 100 B\n"
    )


def test_a_terminal_that_can_gets_shades() -> None:
    _, title, _, february, *_, legend, _ = calendars([INPUTS], SHADES).split("\n")
    assert title == "\x1b[1minputs\x1b[0m"
    assert february == "2026-02                    ·█▒▒▓▓·░··      6 of 10 days  302 B"
    assert legend == "· none   ░▒▓█ bytes of a day, up to 100 B"


def test_signs_follow_the_terminal_and_colours_no_color() -> None:
    for environ, signs in (
        ({"NO_COLOR": "1"}, "░▒▓█"),
        ({"LANG": "C.UTF-8"}, "░▒▓█"),
        ({"LANG": "C", "LC_ALL": "de_DE.UTF-8"}, "░▒▓█"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "-+*#"),
        ({"LC_CTYPE": "POSIX"}, "-+*#"),
        ({"LANG": "en_US.US-ASCII"}, "-+*#"),
        ({"TERM": "dumb"}, "-+*#"),
    ):
        stream = Stream.of(Screen(tty=True), environ)
        assert signs in calendars([INPUTS], stream), environ
    assert "-+*#" in calendars([INPUTS], Stream.of(Screen(tty=True, encoding="latin-1"), {}))


def test_a_narrow_terminal_loses_the_bytes_then_the_days_then_has_two_halves() -> None:
    assert [calendars([INPUTS], PIPE, width=width).splitlines()[3:5] for width in (65, 60, 40, 30)] == [
        [
            "2026-02                    .#++**.-..      6 of 10 days  302 B",
            "2026-03  ..                                 0 of 2 days  0 B",
        ],
        [
            "2026-02                    .#++**.-..      6 of 10 days",
            "2026-03  ..                                 0 of 2 days",
        ],
        ["2026-02                    .#++**.-..", "2026-03  .."],
        ["2026-02", "     16     .#++**.-.."],
    ]
    assert calendars([INPUTS], PIPE, width=30) == (
        "\n"
        "inputs\n"
        "         1   5    10   15\n"
        "2026-02\n"
        "     16     .#++**.-..\n"
        "2026-03  ..\n"
        "     16\n"
        "\n"
        ". none\n"
        "-+*# bytes of a day, up to 100 B\n"
    )


def test_long_times_without_data_are_one_line() -> None:
    days = {date(2020, 1, 31): 1, date(2026, 12, 1): 1}
    lines = calendars([Calendar("a\x1b[2J", days, date(2018, 1, 1), date(2027, 1, 31))], PIPE).splitlines()
    assert lines[1] == r"a\x1b[2J"
    assert [line[:7] for line in lines[3:-2]] == ["2018-01", "2020-01", "2020-02", "2026-12", "2027-01"]
    assert lines[3] == "2018-01 to 2019-12  nothing"
    assert lines[5] == "2020-02 to 2026-11  nothing"


def test_what_had_no_room_in_the_table_is_said_below_everything() -> None:
    both = Screen(tty=True)
    terminal = Terminal.of(None, both, both, {"TERM": "xterm", "NO_COLOR": "1"}, width=20)
    columns = (Field("when"), Field("path", optional=True, whole=True))
    listing = Rows(columns, [{"when": "2026-02-20", "path": "a path that is too long for this"}])
    show(Record((), {}, listing, calendars=(INPUTS,)), format=Format.TABLE, terminal=terminal)
    assert both.seen.splitlines()[-4:] == [
        "░▒▓█ bytes of a day, up to 100 B",
        "left out to fit 20",
        "  columns: path (-o",
        "  json has them)",
    ]


DAYS = st.dates(date(2025, 11, 1), date(2026, 4, 30))


@given(st.dictionaries(DAYS, st.integers(0, 10**15)), DAYS, DAYS)
def test_every_day_has_its_cell(days: dict[date, int], one: date, other: date) -> None:
    first, last = min(one, other), max(one, other)
    drawn = calendars([Calendar("c", days, first, last)], PIPE)
    assert max(map(len, drawn.splitlines())) <= 66
    rows = [line for line in drawn.splitlines() if line[:2] == "20" and "nothing" not in line]
    cells = {
        date(year, month, day): row[8 + day]
        for row in rows
        for year, month in [(int(row[:4]), int(row[5:7]))]
        for day in range(1, monthrange(year, month)[1] + 1)
    }
    for at in range((last - first).days + 1):
        day = first + timedelta(at)
        assert (cells.get(day, ".") != ".") is (day in days)
    assert all(cell == " " for day, cell in cells.items() if not first <= day <= last)
