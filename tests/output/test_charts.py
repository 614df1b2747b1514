"""Charts as text: axes that can be read, series told apart without colour, dots where nothing was measured."""

from __future__ import annotations

import io
import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.output.charts import chart
from mlmon.output.results import BarChart, Faces, Field, FieldKind, Page, Record, Rows, Series, TimeChart
from mlmon.output.streams import Stream
from mlmon.output.wrapping import cells_of
from output.screens import shown

PIPE = Stream(io.StringIO(), is_terminal=False, unicode=True, colour=False, moving=False)
TTY = Stream(io.StringIO(), is_terminal=True, unicode=True, colour=False, moving=True)
COLOURED = Stream(io.StringIO(), is_terminal=True, unicode=True, colour=True, moving=True)
NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def times(count: int, every: timedelta, start: datetime = NINE) -> tuple[datetime, ...]:
    return tuple(start + every * at for at in range(count))


REQUESTS = TimeChart(
    "requests",
    times(24, HOUR),
    (
        Series(
            "requests", (0, 1, 40, 80, 120, 107, 66, 12, 0, 0, None, None, 3, 7, 9, 20, 22, 31, 60, 44, 30, 12, 2, 0)
        ),
    ),
)
LATENCY = TimeChart(
    "latency",
    times(24, HOUR),
    (
        Series("p50", (0.02, 0.021, 0.03, 0.04, None, None, *[0.02] * 17, 0.0)),
        Series("p95", (0.05, 0.055, 0.06, 0.07, None, None, *[0.04] * 17, 0.0)),
        Series("p99", (0.05, 0.08, 0.09, 0.21, None, None, *[0.09] * 17, 0.0)),
    ),
    "duration",
)


BARS = BarChart(
    "exceptions by type",
    (("ValueError", 12.0), ("KeyError", 3.0), ("builtins.ZeroDivisionError", 1.0), ("none", 0.0)),
)


def test_one_series_is_filled_columns_and_the_axis_is_dotted_where_nothing_was_measured() -> None:
    assert chart(REQUESTS, PIPE, width=80) == (
        "requests\n"
        "150 |\n"
        "    |            ...\n"
        "    |            ###:::\n"
        "100 |            ######\n"
        "    |         #########\n"
        "    |         ############                                 :::\n"
        " 50 |      :::############                                 ###:::\n"
        "    |      ###############                        ......############\n"
        "    |   ...##################            ...::::::#####################...\n"
        "  0 ++--------+--------+--------+--......+--------+--------+--------+--------\n"
        "UTC  09:00    12:00    15:00    18:00    21:00    00:00    03:00    06:00\n"
        "     2026-03-01                                   03-02\n"
        "# requests, up to 120   . no value\n"
    )


def test_a_terminal_that_can_gets_eighths_of_a_row() -> None:
    assert chart(REQUESTS, TTY, width=60) == (
        "requests\n"
        "150 │\n"
        "    │        ▂▂\n"
        "    │        ██▄▄\n"
        "100 │        ████\n"
        "    │      ▇▇████\n"
        "    │      ████████                      ▅▅\n"
        " 50 │    ▄▄████████                      ██▆▆\n"
        "    │    ██████████                ▂▂▃▃▇▇████▇▇\n"
        "    │  ▁▁██████████▆▆        ▂▂▄▄▅▅████████████▆▆▁▁\n"
        "  0 └──────┬───────────┬─┄┄┄┄──────┬───────────┬─────\n"
        "UTC        12:00       18:00       00:00       06:00\n"
        "           2026-03-01              03-02\n"
        "█ requests, up to 120   ┄ no value\n"
    )


def test_several_series_have_marks_and_say_where_they_meet() -> None:
    assert chart(LATENCY, PIPE, width=80) == (
        "latency\n"
        "300ms |\n"
        "      |\n"
        "      |         x\n"
        "200ms |\n"
        "      |\n"
        "      |\n"
        "100ms |   x  x  +        x  x  x  x  x  x  x  x  x  x  x  x  x  x  x  x  x\n"
        "      |%  +  +  *        +  +  +  +  +  +  +  +  +  +  +  +  +  +  +  +  +\n"
        "      |*  *  *           *  *  *  *  *  *  *  *  *  *  *  *  *  *  *  *  *\n"
        "    0 ++--------+--......+--------+--------+--------+--------+--------+-----%--\n"
        "  UTC  09:00    12:00    15:00    18:00    21:00    00:00    03:00    06:00\n"
        "       2026-03-01                                   03-02\n"
        "* p50, up to 40ms   + p95, up to 70ms   x p99, up to 210ms\n"
        "% several at one place   . no value\n"
    )


def test_more_intervals_than_columns_are_folded_to_the_highest_and_it_is_said() -> None:
    many = TimeChart(
        "bytes", times(30, timedelta(days=1)), (Series("b", tuple(range(0, 3_000_000_000, 10**8))),), "bytes"
    )
    assert chart(many, TTY, width=30, height=4) == (
        "bytes\n"
        "3 GB │          ▁▃▄▆█\n"
        "2 GB │     ▁▃▄▆██████\n"
        "1 GB │▁▃▄▆███████████\n"
        "   0 └┬──────────────\n"
        " UTC  2026-03\n"
        "█ b, up to 2.9 GB\n"
        "highest of every 2 intervals\n"
    )


def test_bars_have_their_number_behind_and_anything_above_zero_is_seen() -> None:
    assert chart(BARS, PIPE, width=60) == (
        "exceptions by type\n"
        "ValueError                ##############################  12\n"
        "KeyError                  ########  3\n"
        "builtins.ZeroDivision...  ##  1\n"
        "none                      0\n"
    )
    assert chart(BARS, TTY, width=40) == (
        "exceptions by type\n"
        "ValueError        ██████████████████  12\n"
        "KeyError          ████▌  3\n"
        "builtins.ZeroDi…  █▌  1\n"
        "none              0\n"
    )


def test_colour_is_added_to_the_marks_and_never_the_only_difference() -> None:
    plain, coloured = (chart(LATENCY, stream, width=80) for stream in (TTY, COLOURED))
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert plain.splitlines()[-2] == "● p50, up to 40ms   ▲ p95, up to 70ms   ■ p99, up to 210ms"
    assert set(re.findall(r"\x1b\[(\d+)m([●▲■])\x1b\[0m ", coloured)) == {("36", "●"), ("33", "▲"), ("35", "■")}


@pytest.mark.parametrize(
    ("most", "kind", "labels"),
    [
        (1, "number", ["0", "1"]),
        (7, "number", ["0", "2", "4", "6", "8"]),
        (0.07, "number", ["0", "0.02", "0.04", "0.06", "0.08"]),
        (36_000, "number", ["0", "10k", "20k", "30k", "40k"]),
        (3_500_000, "number", ["0", "1M", "2M", "3M", "4M"]),
        (999_999, "bytes", ["0", "500 kB", "1 MB"]),
        (0.0021, "duration", ["0", "1ms", "2ms", "3ms"]),
        (0.9, "duration", ["0", "500ms", "1s"]),
        (75.0, "duration", ["0", "20s", "40s", "1m", "1m20s"]),
        (5400.0, "duration", ["0", "30m", "1h", "1h30m"]),
        (400_000.0, "duration", ["0", "2d", "4d", "6d"]),
    ],
)
def test_amounts_are_round_and_in_the_units_of_their_kind(most: float, kind: FieldKind, labels: list[str]) -> None:
    drawn = chart(TimeChart("t", (NINE,), (Series("s", (most,)),), kind), PIPE, width=40)
    beside = [line[: line.index("|") if "|" in line else line.index("+")].strip() for line in drawn.splitlines()[1:-3]]
    assert [label for label in reversed(beside) if label] == labels


@pytest.mark.parametrize(
    ("every", "start", "below"),
    [
        (timedelta(seconds=1), NINE, ["09:00:00       09:00:15       09:00:30       09:00:45", "2026-03-01"]),
        (timedelta(minutes=7), NINE, ["09:00    10:03    11:06   12:02    13:05   14:01    15:04", "2026-03-01"]),
        (
            timedelta(hours=6),
            NINE,
            ["   03-02   03-04   03-06   03-08   03-10   03-12   03-14   03-16", "   2026"],
        ),
        (
            timedelta(days=1),
            datetime(2025, 12, 20, tzinfo=UTC),
            ["  12-22         01-05         01-19         02-02         02-16", "  2025          2026"],
        ),
        (timedelta(days=30), NINE, ["           2027        2028        2029        2030        2031"]),
    ],
)
def test_times_are_round_where_intervals_are_and_a_day_or_year_is_said_once(
    every: timedelta, start: datetime, below: list[str]
) -> None:
    drawn = TimeChart("t", times(60, every, start), (Series("s", (1.0,) * 60),))
    shown_below = chart(drawn, PIPE, width=70).splitlines()[-1 - len(below) : -1]
    assert shown_below == [f"{lead}  {line}" for lead, line in zip(("UTC", "   "), below, strict=False)]


def test_nothing_measured_is_said_and_too_narrow_a_place_gets_the_highest_alone() -> None:
    assert chart(TimeChart("latency", (NINE,), (Series("p50", (None,)),)), PIPE, width=80) == "latency\nno values\n"
    assert chart(TimeChart("latency", (), ()), PIPE, width=80) == "latency\nno values\n"
    assert chart(BarChart("exceptions", ()), PIPE, width=80) == "exceptions\nnothing\n"
    assert chart(LATENCY, PIPE, width=16) == "latency\np50, up to 40ms\np95, up to 70ms\np99, up to 210ms\n"


def test_a_page_has_a_blank_line_between_parts_that_show_something() -> None:
    table = Rows((Field("name"), Field("count", kind="number")), ({"name": "a", "count": 3},))
    page = Page((Record((Field("service"),), {"service": "x"}), Rows((Field("a"),), (), empty="no a"), BARS, table))
    seen = shown(Faces(page, table), "table", width=50)
    assert seen.out == (
        "service: x\n"
        "\n"
        "exceptions by type\n"
        "ValueError            ████████████████████████  12\n"
        "KeyError              ██████  3\n"
        "builtins.ZeroDivisi…  ██  1\n"
        "none                  0\n"
        "\n"
        "name  count\n"
        "a         3\n"
    )
    assert seen.err == "no a\n"
    assert shown(Faces(page, table), "csv").out == "name,count\na,3\n"


AMOUNTS = st.none() | st.floats() | st.integers(-(10**6), 10**6) | st.sampled_from([1e308, -1e308, 5e-324, 1e-9])
WORDS = st.text(max_size=30) | st.sampled_from(["\x1b[2J", "日本語のとても長い名前です", "a\nb", "\u202etxt.exe"])
KINDS = st.sampled_from(["number", "bytes", "duration"])
EVERY = st.timedeltas(timedelta(microseconds=1), timedelta(days=4000))


@st.composite
def time_charts(draw: st.DrawFn) -> TimeChart:
    count = draw(st.integers(1, 200))
    every = draw(EVERY)
    first = datetime(1, 1, 1, tzinfo=UTC) + draw(st.timedeltas(timedelta(0), timedelta(days=2_500_000)))
    moments = tuple(first + every * at for at in range(count))
    values = st.lists(AMOUNTS, min_size=count, max_size=count).map(tuple)
    series = draw(st.lists(st.builds(Series, WORDS, values), min_size=1, max_size=9))
    return TimeChart(draw(WORDS), moments, tuple(series), draw(KINDS))


BAR_CHARTS = st.builds(
    BarChart, WORDS, st.lists(st.tuples(WORDS, st.floats() | st.integers(0, 10**9)), max_size=12).map(tuple), KINDS
)


@given(st.one_of(time_charts(), BAR_CHARTS), st.integers(1, 130), st.integers(1, 20), st.sampled_from([PIPE, TTY]))
def test_no_line_is_wider_than_asked_and_nothing_acts_on_a_terminal(
    drawn: TimeChart | BarChart, width: int, height: int, stream: Stream
) -> None:
    lines = chart(drawn, stream, width=width, height=height).split("\n")
    assert lines[-1] == ""
    assert max(map(cells_of, lines)) <= width
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", "".join(lines))


def drawn_below_axis(text: str) -> list[str]:
    """The rows of the plot, the axis last, without the labels beside them."""
    rows = []
    for line in text.split("\n")[1:]:
        found = re.match(r" *(?:-?[\d.]\S*(?: \w?B)?)? ([|+])(.*)", line)
        if not found:
            break
        rows.append(found[2])
    return rows


@given(
    st.lists(st.lists(st.none() | st.floats(0, 1e6), min_size=40, max_size=40), min_size=1, max_size=4),
    st.integers(40, 100),
)
def test_the_highest_value_of_every_series_is_seen_in_its_column_and_beside_its_name(
    values: list[list[float | None]], width: int
) -> None:
    series = tuple(Series(f"s{at}", tuple(one)) for at, one in enumerate(values))
    text = chart(TimeChart("t", times(40, HOUR), series), PIPE, width=width)
    known = [value for one in values for value in one if value is not None]
    if not known:
        assert text == "t\nno values\n"
        return
    rows = drawn_below_axis(text)
    for at, one in enumerate(values):
        highest = max((value for value in one if value is not None), default=None)
        if highest is None:
            assert f"s{at}, no values" in text
            continue
        assert re.search(rf"s{at}, up to \S+", text)
        if rows and highest > 1e-300:
            marks = {"#", ":", "."} if len(values) == 1 else {"*+xo"[at], "%"}
            each = math.ceil(40 / (width - len(text.split("\n")[len(rows)].split("+")[0]) - 1))
            cell = max(1, (width - len(text.split("\n")[len(rows)].split("+")[0]) - 1) // 40)
            column = one.index(highest) // each * cell
            assert marks & {row[column] for row in rows if len(row) > column}
