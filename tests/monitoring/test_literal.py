"""The text of a Python dict, whole and cut anywhere: what is read is what was written, and nothing is ever run."""

from __future__ import annotations

from itertools import islice
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.model import Json
from mlmon.monitoring.decoding.literal import DEEPEST, Literal, read_dict

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
DICTS = st.dictionaries(st.text(max_size=12), VALUES, max_size=6)


def as_json(value: object) -> object:
    """Tuples are lists."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    return [as_json(inner) for inner in value] if isinstance(value, list | tuple) else value


@given(DICTS)
def test_a_whole_dict_is_read_back(written: dict[str, object]) -> None:
    assert read_dict(repr(written)) == Literal(as_json(written), whole=True)  # type: ignore[arg-type]  # of JSON's types


@given(DICTS, st.data())
def test_of_a_dict_cut_anywhere_the_first_pairs_are_read_and_the_next_is_begun(
    written: dict[str, object], data: st.DataObject
) -> None:
    text = repr(written)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    found = read_dict(cut)
    assert found is not None
    assert not found.whole
    pairs = list(written.items())
    assert list(found.pairs.items()) == [(key, as_json(value)) for key, value in pairs[: len(found.pairs)]]
    if found.cut or found.rest:
        key, value = pairs[len(found.pairs)]
        assert found.cut == key
        assert (value if isinstance(value, str) else repr(value)).startswith(found.rest)


def test_every_pair_that_stands_whole_is_read() -> None:
    """As the server writes them: each cut gives one more pair from the place on where it ends."""
    written = {"a": "it's", "b": 'say "hi"', "c": "both ' and \"", "d": ["x:1"], "e": 12, "f": None}
    text = repr(written)
    for count, key in enumerate(list(written)[1:], 1):
        before = text[: text.index(f", '{key}'") + 1]
        assert read_dict(before) == Literal(dict(islice(written.items(), count)), whole=False)  # type: ignore[arg-type]  # of JSON's types


HOSTILE = [
    "{" * 100_000,
    "{'a': " * 50_000,
    "{'a': " + "[" * 100_000,
    "{'a': " + "[" * 100_000 + "]" * 100_000 + "}",
    "{'a': '" + "\\" * 200_001,
    "{'a': '" + "\\'" * 100_000,
    "{" + "'a': 1, " * 30_000,
    "{" + " " * 200_000,
    "{'a'" + " " * 200_000 + "!",
    "{'a': " + "9" * 200_000 + "}",
    "{'a': " + "-" * 200_000,
    "{'a': '\\" + "x" * 200_000,
    "{" + '"' * 200_000,
    "{" + "''" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:12]} x{len(text)}")
def test_a_hostile_text_is_read_once(text: str) -> None:
    before = process_time()
    assert read_dict(text) is not None
    assert process_time() - before < 2  # a quadratic reader takes minutes


@given(st.text("{}[]():,'\"\\ \n0x1eNTrue-.nif", max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    found = read_dict("{" + text)
    assert found is not None
    assert not found.whole or not found.rest


@pytest.mark.parametrize("text", ["", "[]", "'text'", "set()", "x = {}", "None"])
def test_what_does_not_begin_as_a_dict_is_none(text: str) -> None:
    assert read_dict(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{'a': 1} and more", Literal({"a": 1}, whole=False)),
        ("{'a': 1, 'b': open('/etc/passwd')}", Literal({"a": 1}, False, "b", "open('/etc/passwd')}")),
        ("{'a': 1, 'b': <object at 0x7f>}", Literal({"a": 1}, False, "b", "<object at 0x7f>}")),
        ("{'a': 1 'b': 2}", Literal({"a": 1}, whole=False)),
        ("{'a': 1,, 'b': 2}", Literal({"a": 1}, whole=False)),
        ("{'a': 1]", Literal({"a": 1}, whole=False)),
        ("{'a': }", Literal({}, False, "a", "}")),
        ("{'a': 12", Literal({}, False, "a", "12")),
        ("{'a': '12", Literal({}, False, "a", "12")),
        ("{'a': '12\\", Literal({}, False, "a", "12")),
        ("{'a': '12\\\\", Literal({}, False, "a", "12\\")),
        ("{'a': '12\\u00e", Literal({}, False, "a", "12")),
        ("{'a': [1, 'b", Literal({}, False, "a", "[1, 'b")),
        ("{'a': nan, 'b': inf, 'c': -inf}", Literal({"a": "NaN", "b": "Infinity", "c": "-Infinity"}, whole=True)),
        ("{1: (2,), None: ()}", Literal({"1": [2], "None": []}, whole=True)),
        ("{'a': '\\ud800\\U0001f600\\xe9\\x00'}", Literal({"a": "\ufffd\U0001f600é\0"}, whole=True)),
    ],
)  # fmt: skip
def test_odd_ones(text: str, found: Literal) -> None:
    assert read_dict(text) == found


def test_what_is_nested_too_deeply_is_not_read_but_what_is_before_it_is() -> None:
    def nested(levels: int) -> str:
        return "[" * levels + "]" * levels

    value: Json = []
    for _ in range(DEEPEST - 1):
        value = [value]
    assert read_dict(f"{{'a': 1, 'b': {nested(DEEPEST)}}}") == Literal({"a": 1, "b": value}, whole=True)
    deeper = f"{nested(DEEPEST + 1)}}}"
    assert read_dict(f"{{'a': 1, 'b': {deeper}") == Literal({"a": 1}, False, "b", deeper)
