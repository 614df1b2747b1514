"""A query's text in pieces: enough to know what is code, what a string and what a comment, and what is still open.

The local engine reads queries with its library's lexer; these rules say the same (a test compares them) without the
third of a second that loading it takes, and for text that somebody is still typing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """What a piece is. `OPEN` is a string that does not end."""

    STRING = auto()
    WORD = auto()
    NUMBER = auto()
    SIGN = auto()
    OPEN = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of code at `text[start:end]`."""

    kind: Kind
    text: str
    start: int
    end: int


_PIECE: Final = re.compile(
    r"""
    (?P<BLANK>\s+|//[^\n\r]*)
    |(?P<STRING>[hH]?(?:@"(?:[^"\n\r]|"")*"|@'(?:[^'\n\r]|'')*'|```.*?```|~~~.*?~~~
        |"(?:\\.|[^"\\\n\r])*"|'(?:\\.|[^'\\\n\r])*'))
    |(?P<OPEN>[hH]?(?:@?["']|```|~~~).*)
    |(?P<WORD>[A-Za-z_$]\w*)
    |(?P<NUMBER>\d+(?:\.\d+)?[eE][+-]?\d+|\d[\w.]*)
    |(?P<SIGN>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[Token]:
    """The pieces of code in order. Blanks and comments are left out."""
    for found in _PIECE.finditer(text):
        if (name := str(found.lastgroup)) != "BLANK":
            yield Token(Kind[name], found[0], found.start(), found.end())


def statements(text: str) -> list[list[Token]]:
    """The pieces between semicolons that stand in no bracket. The last one is the query itself, and may be empty."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens(text):
        if token.kind is Kind.SIGN:
            depth += (token.text in "([{") - (token.text in ")]}")
            if token.text == ";" and depth <= 0:
                found.append([])
                continue
        found[-1].append(token)
    return found


_GOES_ON: Final = frozenset("|,=+-*/%<>~!:.([{")
_GO_ON: Final = """
    where extend project summarize by on join union order sort top take limit and or has contains in between let render
"""
_WORDS_THAT_GO_ON: Final = frozenset(_GO_ON.split())


def unfinished(text: str) -> bool:
    """Whether a query that is being typed must go on: something is open, or it ends in what needs more.

    A name alone is taken for a table whose pipes are yet to come, since nobody wants the whole of it by accident.
    """
    *_, last = statements(text)
    signs = [token.text for token in last if token.kind is Kind.SIGN]
    depth = sum((sign in "([{") - (sign in ")]}") for sign in signs)
    if not last or depth > 0 or last[-1].kind is Kind.OPEN:
        return True
    end = last[-1]
    if end.kind is Kind.SIGN and end.text in _GOES_ON:
        return True
    if end.kind is Kind.WORD and end.text.lower() in _WORDS_THAT_GO_ON:
        return True
    return len(last) == 1 and last[0].kind is Kind.WORD
