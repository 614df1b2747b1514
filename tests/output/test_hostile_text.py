"""Text from logs, blobs and queries is hostile: it reaches no terminal as it is, and every machine format whole."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import unicodedata
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmon.core.errors import UsageError
from mlmon.core.model import FieldChange
from mlmon.output.controls import json_safe, neutral
from mlmon.output.results import Change, Field, Format, Lines, Record, Rows
from mlmon.output.show import show
from output.screens import desk, shown

NASTY = "\x00\x07\x08\t\n\r\x0b\x1b\x1f\x7f\x85\x9b\u200b\u200e\u2028\u202e\u2066\ufeff|'\"\\,=+-@<&`[日é😀\U000e0041 "
hostile = st.text(st.one_of(st.sampled_from(NASTY), st.characters(codec="utf-8")), max_size=12)
surrogates = st.text(st.characters(categories=("Cs", "Cc", "Cf", "L")), max_size=8)
keys = st.lists(hostile, min_size=1, max_size=4, unique_by=lambda key: (key or "_").lower())


@st.composite
def tables(draw, text=hostile):
    names = draw(keys)
    return names, draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, text)), max_size=5))


def rows_of(names, rows):
    return Rows(tuple(Field(name) for name in names), rows)


def through_a_pipe(result, form) -> bytes:
    place = desk(tty=False)
    show(result, format=Format(form), terminal=place.terminal)
    place.out.flush()
    return place.out.memory.getvalue()


def test_every_control_and_format_character_of_unicode_is_made_visible():
    for point in range(sys.maxunicode + 1):
        character = chr(point)
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
            assert neutral(character).isascii(), hex(point)
            assert neutral(character).isprintable(), hex(point)


def test_how_it_is_made_visible():
    assert neutral("a\x1b[31m\x07\r\n\tz") == r"a\x1b[31m\x07\r\n\tz"
    assert neutral("\x9b \x7f \u202e \u2028 \ud800 \U000e0041") == r"\x9b \x7f \u202e \u2028 \ud800 \U000e0041"
    assert neutral("a\tb\nc", keep="\n\t") == "a\tb\nc"
    assert neutral(r"C:\x1b é日😀 \ ❤️") == r"C:\x1b é日😀 \ ❤️"


@given(tables())
def test_json_gives_the_text_back(table):
    names, rows = table
    printed = through_a_pipe(rows_of(names, rows), "json")
    assert json.loads(printed) == rows
    assert neutral(printed.decode(), keep="\n") == printed.decode()


@given(tables())
def test_jsonl_gives_the_text_back_and_a_row_is_a_line_to_every_reader(table):
    names, rows = table
    printed = through_a_pipe(rows_of(names, rows), "jsonl").decode()
    assert [json.loads(line) for line in printed.splitlines()] == rows


@given(surrogates)
def test_json_carries_lone_surrogates_too(text):
    assert json.loads(json_safe(json.dumps(text, ensure_ascii=False))) == json.loads(json.dumps(text))


@given(tables())
def test_csv_gives_the_text_back_when_the_quote_rule_is_undone(table):
    names, rows = table
    printed = through_a_pipe(rows_of(names, rows), "csv").decode()
    lines = list(csv.reader(io.StringIO(printed, newline=""), strict=True))
    assert all(cell[:1] not in {"=", "+", "-", "@", "\t", "\r"} for line in lines for cell in line)
    undone = [[re.sub(r"\A'('*[=+\-@\t\r\n])", r"\1", cell) for cell in line] for line in lines]
    assert undone == [names, *([row[name] for name in names] for row in rows)]


@given(tables())
def test_tsv_gives_the_text_back_when_the_escapes_are_undone(table):
    names, rows = table
    written = {r"\t": "\t", r"\n": "\n", r"\r": "\r", "\\\\": "\\"}
    lines = through_a_pipe(rows_of(names, rows), "tsv").decode().removesuffix("\n").split("\n")
    undone = [[re.sub(r"\\.", lambda found: written[found[0]], cell) for cell in line.split("\t")] for line in lines]
    assert undone == [names, *([row[name] for name in names] for row in rows)]


@settings(max_examples=25, deadline=None)  # every example is a database and a file
@given(tables())
def test_parquet_gives_the_text_back(table):
    names, rows = table
    read = pq.read_table(io.BytesIO(through_a_pipe(rows_of(names, rows), "parquet")))
    assert read.column_names == [name.replace("\0", r"\x00") or "_" for name in names]
    assert [list(row.values()) for row in read.to_pylist()] == [[row[name] for name in names] for row in rows]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    hostile,
    surrogates,
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(),
    st.recursive(st.one_of(hostile, st.integers()), lambda inner: st.lists(inner) | st.dictionaries(hostile, inner)),
)
KINDS = st.sampled_from(("text", "number", "bytes", "time", "duration", "flag", "json"))


@given(
    fields=st.lists(st.builds(Field, hostile, hostile, kind=KINDS, optional=st.booleans()), min_size=1, max_size=5),
    data=st.data(),
    width=st.integers(1, 120),
    colour=st.booleans(),
)
def test_whatever_the_values_a_table_on_a_terminal_is_text_within_its_width(fields, data, width, colour):
    rows = data.draw(st.lists(st.fixed_dictionaries({field.key: VALUES for field in fields}), max_size=3))
    environ = {"TERM": "xterm"} if colour else {"NO_COLOR": "1"}
    seen = shown(Rows(tuple(fields), rows, caption="\x1b]0;x\x07"), "table", width=width, environ=environ)
    text = re.sub(r"\x1b\[[01]m", "", seen.out)  # mlmon's own bold
    assert neutral(text, keep="\n") == text
    assert neutral(seen.err, keep="\n") == seen.err
    drawn = text.partition("\n\n")[2]
    if width >= 2:  # a wide character needs two columns
        assert max(map(columns_of, drawn.split("\n"))) <= width


def columns_of(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)


@given(hostile, surrogates, st.sampled_from(("table", "json", "jsonl", "csv", "tsv", "md")))
def test_no_result_in_any_format_sends_a_control_character_to_a_terminal(text, worse, form):
    fields = (Field(text), Field(f"{worse}2"))
    for result in (
        Rows(fields, [{text: worse}]),
        Record(fields, {text: worse}, rows=Rows(fields, [{text: worse}])),
        Change(text, worse, sentence=text, changes=(FieldChange(text, worse, text),), changed=True),
        Lines([text, worse]),
    ):
        seen = shown(result, form)
        assert neutral(seen.out, keep="\n\t") == seen.out


@given(VALUES, KINDS)
def test_machine_formats_write_any_value(value, kind):
    result = Rows((Field("x", kind=kind),), [{"x": value}])
    [row] = json.loads(through_a_pipe(result, "json"), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert list(row) == ["x"]
    for form in ("csv", "tsv", "md"):
        assert through_a_pipe(result, form).decode().startswith(("x\r\n", "x\n", "| x |\n"))


@given(
    st.datetimes(timezones=st.just(UTC)), st.timedeltas(timedelta(0), timedelta(days=9999)), st.floats(allow_nan=False)
)
def test_times_durations_and_numbers_are_exact_in_json(moment, duration, number):
    row = {"t": moment, "d": duration, "n": number}
    result = Rows((Field("t", kind="time"), Field("d", kind="duration"), Field("n", kind="number")), [row])
    [read] = json.loads(through_a_pipe(result, "json"))
    assert datetime.fromisoformat(read["t"]) == moment
    assert timedelta(seconds=read["d"]) == duration
    assert float(read["n"]) == number


def test_hostile_errors_and_notes_are_neutral_too():
    place = desk()
    place.terminal.note("a\x1b[2J\nb", level="warning")
    place.terminal.error(UsageError("no \x1b[31mservice\nhere", hint="try\x07 this\nor \u202ethat"))
    assert place.err.seen == (
        "warning: a\\x1b[2J\nb\nerror: no \\x1b[31mservice\\nhere\nhint: try\\x07 this\nhint: or \\u202ethat\n"
    )
