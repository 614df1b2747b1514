"""`--var`: values become literals and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from antlr4 import InputStream
from duckdb_kql._antlr.KqlLexer import KqlLexer
from hypothesis import given, settings
from hypothesis import strategies as st

from kql.rows import NOW, Rows
from mlmon.core.errors import QueryError, UsageError
from mlmon.kql.variables import KEYWORDS, assignments, defaults, lines_before, literal, with_variables

QUERY = "print value"
PIECES = ['"', "'", "\\", "\n", ";", "|", "//", ")", "(", "take 0", "7d", "1e5", "-", "@", "```", "true", "2026-01-01"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


def printed(value: str) -> object:
    with TemporaryDirectory() as folder:
        [[cell]] = Rows(Path(folder)).query(with_variables(QUERY, {"value": value}, now=NOW)).rows
    return cell


def lexed(text: str) -> list[str]:
    lexer = KqlLexer(InputStream(text))
    lexer.removeErrorListeners()
    return [one.text for one in lexer.getAllTokens() if one.channel == 0 and one.text.strip()]


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_no_value_becomes_kql(value: str) -> None:
    """Before the query stand five or more tokens that are `let`, the name, one literal and its semicolon."""
    words = lexed(with_variables(QUERY, {"value": value}, now=NOW))
    *let, print_, name = words
    assert (print_, name) == ("print", "value")
    assert let[:3] == ["let", "value", "="]
    assert let[-1] == ";"
    between = let[3:-1]
    assert len(between) == 1 or (between[1] == "(" and between[-1] == ")" and between.count(")") == 1)
    assert ";" not in between
    assert "|" not in between


@settings(max_examples=40, deadline=None)
@given(TEXTS.filter(lambda text: "\0" not in text))
def test_in_quotes_a_value_is_text_whatever_it_reads_as(value: str) -> None:
    assert printed(f'"{value}"') == value


@pytest.mark.parametrize(
    ("value", "written", "means"),
    [
        ("5", "long(5)", 5),
        ("-5", "long(-5)", -5),
        ("9223372036854775808", "real(9223372036854775808)", 9.223372036854775808e18),
        ("1.5", "real(1.5)", 1.5),
        ("-1e3", "real(-1e3)", -1000.0),
        ("true", "true", True),
        ("7d", "7d", timedelta(days=7)),
        ("5h30m", "330m", timedelta(hours=5, minutes=30)),
        ("PT1H", "1h", timedelta(hours=1)),
        ("2026-03-01", "datetime(2026-03-01T00:00:00Z)", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:30:00+02:00", "datetime(2026-03-01T10:30:00Z)", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
        ("007", '"007"', "007"),
        ("2026-13-01", '"2026-13-01"', "2026-13-01"),
        ("True", '"True"', "True"),
        ("today", '"today"', "today"),
        ("", '""', ""),
        ('"', '"\\""', '"'),
        ('"7d"', '"7d"', "7d"),
        ("x\u202ey", '"x\\u202ey"', "x\u202ey"),
    ],
)
def test_a_value_is_what_it_reads_as(value: str, written: str, means: object) -> None:
    assert literal(value) == written
    assert printed(value) == means


def test_a_value_takes_the_place_of_the_querys_own() -> None:
    query = '// by hour\nlet since = 1d; // how far back\nlet name="a"; traces | where timestamp > ago(since)'
    assert defaults(query) == {"since": "1d", "name": '"a"'}
    assert with_variables(query, {"since": "7d", "name": "7d", "most": "3"}, now=NOW) == (
        'let most = long(3);\n// by hour\nlet since = 7d; // how far back\nlet name="7d"; traces '
        "| where timestamp > ago(since)"
    )
    assert lines_before(query, {"since": "7d", "most": "3"}) == 1


@pytest.mark.parametrize(
    ("default", "value", "written"),
    [
        ("datetime(2026-01-01)", "yesterday", "datetime(2024-03-14T00:00:00Z)"),
        ("datetime(2026-01-01)", "2h", "datetime(2024-03-15T10:00:00Z)"),
        ("timespan(1.00:00:00)", "90s", "90s"),
        ("-5", "7", "long(7)"),
        ("long(5)", '"7"', "long(7)"),
        ("1.5", "2", "real(2)"),
        ("-1e-5", "2", "real(2)"),
        ("false", "true", "true"),
        ("@'a\\b'", "5", '"5"'),
    ],
)
def test_a_default_says_the_type(default: str, value: str, written: str) -> None:
    assert with_variables(f"let v = {default}; print v", {"v": value}, now=NOW) == f"let v = {written}; print v"


@pytest.mark.parametrize(
    ("query", "value", "message"),
    [
        ("let v = 1d; print v", "soon", "the variable 'v' is a duration in the query, and 'soon' is none"),
        ("let v = 1; print v", "1.5", "the variable 'v' is a whole number in the query, and '1.5' is none"),
        ("let v = true; print v", "1", "the variable 'v' is a true or false in the query, and '1' is none"),
        ("let v = 1 + 1; print v", "3", "the query has a let v of its own, which is no plain value"),
        ("let v = traces; v | count", "3", "the query has a let v of its own, which is no plain value"),
        ("let v = (a: long) { a }; print v(1)", "3", "the query has a let v of its own, which is no plain value"),
        ("let v = 1; let v = 2; print v", "3", "the query has a let v of its own, which is no plain value"),
    ],
)
def test_what_cannot_be_replaced_is_refused(query: str, value: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        with_variables(query, {"v": value}, now=NOW)
    assert refused.value.message == message


@pytest.mark.parametrize("query", ["", " // nothing", ".show tables", "  .drop table traces"])
def test_what_is_no_query_is_refused_whatever_stands_before_it(query: str) -> None:
    with pytest.raises(QueryError):
        with_variables(query, {"v": "1"}, now=NOW)
    assert with_variables(query, {}, now=NOW) == query


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("since", "--var 'since' gives no value"),
        ("=1", "the variable '' is not a name that can be used"),
        ("a-b=1", "the variable 'a-b' is not a name that can be used"),
        ("1a=1", "the variable '1a' is not a name that can be used"),
        ("\u00e9=1", "the variable '\u00e9' is not a name that can be used"),
        ("__id=1", "the variable '__id' is not a name that can be used"),
        ("a;b=1", "the variable 'a;b' is not a name that can be used"),
        ("where=1", "the variable 'where' is a word of KQL"),
        ("Let=1", "the variable 'Let' is a word of KQL"),
    ],
)
def test_names_are_plain_and_no_words_of_the_language(word: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        assignments([word])
    assert refused.value.message == message


def test_a_name_is_given_once() -> None:
    assert assignments(["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}
    with pytest.raises(UsageError, match="the variable 'a' is given twice"):
        assignments(["a=1", "a=2"])


def test_every_word_of_the_engines_language_is_known() -> None:
    spelt = [name.strip("'") for name in KqlLexer.literalNames]
    assert {word for word in spelt if word.isidentifier() and not word.startswith("__")} - KEYWORDS == set()
