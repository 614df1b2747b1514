"""What is code, string and comment in a query, and what is unfinished."""

from __future__ import annotations

import re

import pytest
from antlr4 import InputStream
from antlr4.error.ErrorListener import ErrorListener
from duckdb_kql._antlr.KqlLexer import KqlLexer
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlmon.kql.tokens import Kind, statements, tokens, unfinished

SIGNS = [
    '"',
    "'",
    '""',
    "\\",
    '\\"',
    "\\'",
    "@",
    "h",
    "H",
    "```",
    "~~~",
    "//",
    "\n",
    "\r\n",
    " ",
    ";",
    "|",
    "(",
    ")",
    "7d",
]
PIECES = st.lists(st.sampled_from(SIGNS) | st.text(max_size=3), max_size=14).map("".join)


class Refusing(ErrorListener):
    """What is no word of KQL (a lone `!`) the lexer drops, together with what follows: that is no example."""

    def syntaxError(self, *_: object) -> None:  # noqa: N802 - antlr's name
        assume(condition=False)


def strings_of_the_engine(text: str) -> list[tuple[str, int]]:
    lexer = KqlLexer(InputStream(text))
    lexer.removeErrorListeners()
    lexer.addErrorListener(Refusing())
    return [(one.text, one.start) for one in lexer.getAllTokens() if one.type == KqlLexer.STRINGLITERAL]


@settings(max_examples=500, deadline=None)
@given(PIECES)
def test_strings_are_where_the_engines_own_lexer_finds_them(text: str) -> None:
    """Up to the first that does not end: there the lexer guesses, as it does about escapes that do not exist."""
    assume("\\" not in re.sub(r"\\[\\'\"]", "", text))
    assume(
        not re.search(r"(?<![=!])~", text.replace("~~~", ""))
    )  # no word of KQL: the lexer drops it together with what follows
    mine = list(tokens(text))
    end = next((one.start for one in mine if one.kind is Kind.OPEN), len(text))
    found = [(one.text, one.start) for one in mine if one.kind is Kind.STRING and one.end <= end]
    assert found == strings_of_the_engine(text[:end])


@given(st.text())
def test_every_character_but_blanks_and_comments_is_in_one_piece(text: str) -> None:
    done = 0
    for token in tokens(text):
        assert text[token.start : token.end] == token.text
        between = text[done : token.start]
        assert not between.strip() or "//" in between
        done = token.end


def test_statements_end_where_a_semicolon_stands_in_no_bracket_and_no_string() -> None:
    text = 'let f = (x: long) { let y = 1; x + y }; // a; b\nlet s = "a;b"; print s'
    assert [" ".join(one.text for one in each) for each in statements(text)] == [
        "let f = ( x : long ) { let y = 1 ; x + y }",
        'let s = "a;b"',
        "print s",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  // only a word about it",
        "traces",
        "traces |",
        "traces | where",
        "let a = 1;",
        "print (1",
        "print 'a",
        "print ```a\nb",
        "traces | where a ==",
        "traces | project a,",
    ],
)
def test_what_must_go_on(text: str) -> None:
    assert unfinished(text)


@pytest.mark.parametrize("text", ["print 1", "traces | take 10", "let a = 1; print a", "print ')'", "traces\n| count"])
def test_what_is_whole(text: str) -> None:
    assert not unfinished(text)
