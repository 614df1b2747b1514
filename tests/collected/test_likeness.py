"""A line that matches another's pattern has its keys, and rows of the same sorts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.collected.tables.likeness import pattern
from mlmon.collected.tables.parts import Sort

LINE = '{"time":"2026-03-01T08:51:30Z","data":[{"a":1.5,"n":2,"ok":true,"c d":"x","gap":null}],"size":3,"ref":null}'
SORTS: dict[str, Sort | None] = {"a": "float", "n": "int", "ok": "bool", "c d": "str", "gap": None}
PATTERN = re.compile(pattern(LINE, SORTS) or "")


def changed(old: str, new: str) -> str:
    """The line with one place of it written otherwise."""
    assert LINE.count(old) == 1
    return LINE.replace(old, new)


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        LINE.replace(",", ", ").replace(":", ": ").replace("08: 51: 30", "08:51:30"),
        changed("1.5", "-2"),
        changed("1.5", "0.25e-7"),
        changed("1.5", "null"),
        changed('"n":2', '"n":0'),
        changed("true", "false"),
        changed('"x"', '"é \\" \\\\ \\n"'),
        changed('"ref":null', '"ref":"y"'),
        changed("}]", '},{"a":0,"n":null,"ok":null,"c d":null,"gap":null}]'),
    ],
)
def test_lines_with_other_values_of_the_same_sorts_are_alike(text: str) -> None:
    assert PATTERN.fullmatch(text)


@pytest.mark.parametrize(
    "text",
    [
        changed("1.5", '"1.5"'),
        changed("1.5", "NaN"),
        changed("1.5", "01"),
        changed("1.5", "+1"),
        changed("1.5", ".5"),
        changed("1.5", "1."),
        changed("1.5", "[1.5]"),
        changed('"n":2', '"n":2.0'),
        changed('"n":2', '"n":-0'),
        changed('"n":2', '"n":1234567890123456789'),
        changed("true", "1"),
        changed('"x"', "7"),
        changed('"x"', '"\\ud800"'),
        changed('"gap":null', '"gap":1'),
        changed('"gap":null', '"gap":null,"gap":null'),
        changed('"gap":null', '"gap":null,'),
        changed('"size":3', '"size":nan'),
        changed('"size":3', '"size":3,"data":[]'),
        changed('"ref":null', '"ref":null,"datainblob":"true"'),
        changed("}]", "},null]"),
        changed("}]", "},]"),
        changed('[{"a":1.5,"n":2,"ok":true,"c d":"x","gap":null}]', "[]"),
        changed('"a":1.5,"n":2', '"n":2,"a":1.5'),
        LINE + " ",
        LINE[:-1],
    ],
)
def test_a_line_of_another_form_is_not_alike(text: str) -> None:
    assert not PATTERN.fullmatch(text)


@pytest.mark.parametrize(
    "text",
    ["[]", "0", '{"data":[]}', '{"data":{"a":1}}', '{"data":[{"a":1}],"data":[{"a":1}]}', '{"data":[{"a":1,"a":2}]}',
     '{"data":[{"a":1}],"x":1.5}', '{"data":[{"a":1}],"x":{}}', '{"data":[{"a":1}],"\\u00e9":1}', '{"data":[{"b":1}]}'],
)  # fmt: skip
def test_what_is_not_that_simple_has_no_pattern(text: str) -> None:
    assert pattern(text, {"a": "int"}) is None


def test_rows_of_very_many_keys_have_no_pattern() -> None:
    names = [f"a{at}" for at in range(101)]

    assert pattern(json.dumps({"data": [dict.fromkeys(names, 1)]}), dict.fromkeys(names, "int")) is None


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "int": st.integers(-(10**18) + 1, 10**18 - 1),
    "bool": st.booleans(),
    "str": st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"])),
}


@given(st.data())
def test_a_line_has_the_sorts_of_the_pattern_that_it_matches(data: st.DataObject) -> None:
    sorts: dict[str, Sort | None] = data.draw(
        st.dictionaries(st.text("aB_.x (*", min_size=1, max_size=4), st.sampled_from(sorted(VALUES)), min_size=1)  # type: ignore[arg-type]
    )
    rows = st.lists(st.fixed_dictionaries({name: VALUES[sort or ""] for name, sort in sorts.items()}), min_size=1)
    in_order = [[{name: row[name] for name in sorts} for row in data.draw(rows)] for _ in range(2)]
    one, other = (json.dumps({"id": "x", "data": found}, ensure_ascii=False) for found in in_order)
    expression = pattern(one, sorts)

    assert expression is not None
    assert re.fullmatch(expression, other)
