"""Entries of a log on the screen: styles change nothing else, and nothing but styles acts on a terminal."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from mlmon.output.controls import HIDDEN
from mlmon.output.entries import entry_text, raw_text
from mlmon.output.results import Entry, Lines
from output.screens import desk

STYLE = re.compile(r"\x1b\[[0-9;]*m")
TEXT = st.text(alphabet=st.characters(exclude_characters="\n"), max_size=30) | st.sampled_from(
    ["\x1b[31mred\x1b[0m", "a\tb", "\u202eslow", "slow slow", "é" * 40, "\udcff", "]0;title\x07"]
)
ENTRIES = st.builds(
    Entry,
    st.just({}),
    st.lists(TEXT, min_size=1, max_size=4).map(tuple),
    source=st.sampled_from(["", "churn", "ep/blue"]) | TEXT,
    tone=st.sampled_from(["", "error", "warning", "dim"]),
    gap=st.booleans(),
)
MARKED = st.lists(st.sampled_from(["slow", "s", "^", "$", r"\n", ".*", "l+o", r"[\s\S]+", r"\x1b"]), max_size=3)


def shown(entry: Entry, *, colour: bool, marked: list[str]) -> str:
    place = desk(environ={"TERM": "xterm"} if colour else {"NO_COLOR": "1", "TERM": "xterm"})
    patterns = tuple(re.compile(text, re.MULTILINE) for text in marked)
    return entry_text(entry, Lines([], marked=patterns, widest=12), place.terminal)


@given(ENTRIES, MARKED)
def test_colour_changes_nothing_but_the_colour(entry: Entry, marked: list[str]) -> None:
    plain, coloured = shown(entry, colour=False, marked=marked), shown(entry, colour=True, marked=marked)
    assert STYLE.sub("", coloured) == plain
    assert not re.search(f"[{HIDDEN}]", plain.replace("\n", "").replace("\t", ""))
    # every style ends on its own line
    assert all(len(re.findall(r"\x1b\[0m", line)) * 2 == len(STYLE.findall(line)) for line in coloured.split("\n"))


def test_what_is_found_in_two_ways_is_marked_once() -> None:
    entry = Entry({}, ("a slow start", "slow"), tone="error")
    assert shown(entry, colour=True, marked=["slow", "low st"]) == (
        "\x1b[1;31ma \x1b[0m\x1b[7mslow\x1b[0m\x1b[7m st\x1b[0m\x1b[1;31mart\x1b[0m\n\x1b[7mslow\x1b[0m\n"
    )


def test_what_is_found_over_two_lines_is_marked_in_both() -> None:
    entry = Entry({}, ("one", "two"))
    assert shown(entry, colour=True, marked=[r"e\nt"]) == "on\x1b[7me\x1b[0m\n\x1b[7mt\x1b[0mwo\n"


@given(st.binary(max_size=60).map(lambda data: data.replace(b"\n", b"")))
def test_bytes_are_exact_when_raw(data: bytes) -> None:
    assert raw_text(Entry({}, (data.decode("utf-8", "surrogateescape"),))) == data + b"\n"
    assert raw_text(Entry({}, ("\ud800",))) == b"\\ud800\n"
