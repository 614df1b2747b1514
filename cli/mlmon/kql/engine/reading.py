"""The query's text: refuse commands, and write every string literal the way the library reads strings.

The library's own lexer finds the literals, so a literal can never be mistaken for code. Its decoding of them
is incomplete (escapes such as \\u00e9, the h prefix, multi-line literals), which is why each one is decoded here by
Kusto's rules (https://learn.microsoft.com/kusto/query/scalar-data-types/string) and written anew.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlmon.core.errors import QueryError

if TYPE_CHECKING:
    from antlr4 import Token  # type: ignore[import-untyped]  # ships no type information

# The lexer lets few other escapes through, and those are refused
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))", re.DOTALL)
_SIMPLE: Final = dict(zip("\\'\"abfnrtv", "\\'\"\a\b\f\n\r\t\v", strict=True))
_FENCES: Final = ("```", "~~~")


@dataclass(frozen=True, slots=True)
class Reading:
    """A query ready for the library, and what its tokens say.

    `render` is the kind named by the last `render` operator, or "".
    """

    original: str
    text: str
    render: str
    words: tuple[tuple[str, int, int], ...]
    _starts: tuple[int, ...]
    _shifts: tuple[int, ...]

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Where a place in `text` (line from 1, column from 0) stands in the original: line and column from 1."""
        lines = self.text.split("\n")
        offset = sum(len(each) + 1 for each in lines[: line - 1]) + column
        at = bisect_right(self._starts, offset) - 1
        back = offset - (self._shifts[at] if at >= 0 else 0)
        before = self.original[: max(0, min(back, len(self.original)))]
        return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1

    def find(self, word: str) -> tuple[int, int] | None:
        """Line and column, both from 1, of the first name spelt `word`."""
        return next(((line, column) for text, line, column in self.words if text == word), None)


def read(query: str) -> Reading:
    """Lex the query and rewrite its string literals.

    Raises:
        QueryError: an empty query, a command, a literal with an unknown escape, or named arguments.
    """
    from antlr4 import InputStream
    from duckdb_kql._antlr.KqlLexer import KqlLexer

    lexer = KqlLexer(InputStream(query))
    lexer.removeErrorListeners()
    every = [token for token in lexer.getAllTokens() if token.channel == 0]
    code = [token for token in every if token.text.strip()]
    if not code:
        raise QueryError("the query is empty", hint="try: traces | take 10")
    if code[0].type == KqlLexer.DOT:
        raise QueryError(
            "commands that begin with a dot are not queries, and are not run",
            hint="the tables are named in the documentation of Application Insights; try: traces | getschema",
        )
    _refuse_named_arguments(code, KqlLexer)
    _refuse_counted_arguments(code, KqlLexer)
    text, starts, shifts = _rewritten(query, code, KqlLexer)
    names = tuple((t.text, t.line, t.column + 1) for t in code if t.type != KqlLexer.STRINGLITERAL)
    return Reading(query, text, _render(code, KqlLexer), names, starts, shifts)


def _rewritten(query: str, code: Sequence[Token], kinds: Any) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    parts: list[str] = []
    starts: list[int] = []
    shifts: list[int] = []
    done = shift = 0
    depth = 0  # of brackets inside dynamic( … ), whose strings are JSON
    previous = None
    counts = _counts_by_name(code, kinds)
    for token in code:
        if token.type == kinds.OPENPAREN and (depth or previous == kinds.DYNAMIC):
            depth += 1
        elif token.type == kinds.CLOSEPAREN and depth:
            depth -= 1
        previous = token.type
        if token in counts:
            literal = counts[token]
        elif token.type == kinds.STRINGLITERAL:
            value = _decode(token)
            literal = _json_literal(value) if depth else _literal(value)
        else:
            continue
        parts += [query[done : token.start], literal]
        done = token.stop + 1
        shift += len(literal) - (done - token.start)
        starts.append(done + shift)
        shifts.append(shift)
    return "".join([*parts, query[done:]]), tuple(starts), tuple(shifts)


def _counts_by_name(code: Sequence[Token], kinds: Any) -> dict[Token, str]:
    """The names in `take n`, `limit n` and `top n by …`, each with the whole number that a `let n = …;` makes it.

    The library takes a number there and no name. In a function's body a name may be a parameter: it is left as it is.
    """
    whole, counting = {kinds.LONGLITERAL, kinds.INTLITERAL}, {kinds.TAKE, kinds.LIMIT, kinds.TOP}
    values: dict[str, str] = {}
    found: dict[Token, str] = {}
    depth = 0
    for at, token in enumerate(code):
        depth += (token.text == "{") - (token.text == "}")
        before = [each.type for each in code[max(0, at - 4) : at]]
        if depth or len(before) < 2:
            continue
        if token.type == kinds.SEMICOLON and before[0] == kinds.LET and before[-1] in whole:
            values[code[at - 3].text] = code[at - 1].text
        elif before[-2] == kinds.BAR and before[-1] in counting and token.text in values:
            found[token] = values[token.text]
    return found


def _literal(value: str) -> str:
    """The escapes that the library decodes; every other character stands for itself."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        value = value.replace(plain, escaped)
    return f'"{value}"'


def _json_literal(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _decode(token: Token) -> str:
    text: str = token.text
    body = text[1:] if text[:1] in "hH" else text
    for fence in _FENCES:
        if body.startswith(fence):
            return body[3:-3]
    if body.startswith("@"):
        return body[2:-1].replace(body[1] * 2, body[1])

    def value(found: re.Match[str]) -> str:
        short, long, byte, octal, simple = found.groups()
        if simple is not None and simple not in _SIMPLE:
            raise QueryError(
                f"line {token.line}, column {token.column + 1}: the string has an unknown escape \\{simple}",
                hint='write a backslash as \\\\, or the whole string as @"…"',
            )
        if simple is not None:
            return _SIMPLE[simple]
        number = int(octal, 8) if octal else int(short or long or byte, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"

    # \ud83d\ude00 written as two escapes is one character
    return _ESCAPE.sub(value, body[1:-1]).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _render(code: Sequence[Token], kinds: Any) -> str:
    kind = ""
    for bar, word, name in zip(code, code[1:], code[2:], strict=False):
        if bar.type == kinds.BAR and word.type == kinds.RENDER:
            kind = name.text
    return kind


def _refuse_named_arguments(code: Sequence[Token], kinds: Any) -> None:
    """The library takes the arguments of a user's function by position even where they are named."""
    declared = {
        name.text
        for let, name, equal, opened in zip(code, code[1:], code[2:], code[3:], strict=False)
        if let.type == kinds.LET and equal.text == "=" and opened.type == kinds.OPENPAREN
    }
    for at, token in enumerate(code[:-1]):
        if (
            token.text in declared
            and code[at + 1].type == kinds.OPENPAREN
            and _names_an_argument(code[at + 1 :], kinds)
        ):
            raise QueryError(
                f"line {token.line}, column {token.column + 1}: named arguments of a function are not supported by "
                "the local engine",
                hint="give them in order, or run the query on Azure",
            )


def _refuse_counted_arguments(code: Sequence[Token], kinds: Any) -> None:
    """The library takes `count(x)` for a call of x."""
    for word, opened, argument in zip(code, code[1:], code[2:], strict=False):
        if word.type == kinds.COUNT and opened.type == kinds.OPENPAREN and argument.type != kinds.CLOSEPAREN:
            raise QueryError(
                f"line {word.line}, column {word.column + 1}: count() with an argument is not supported by the local "
                "engine",
                hint="count() counts rows; countif(isnotnull(x)) counts values",
            )


def _names_an_argument(code: Sequence[Token], kinds: Any) -> bool:
    depth = 0
    for token, following, equal in zip(code, code[1:], code[2:], strict=False):
        depth += (token.text in "([{") - (token.text in ")]}")
        if depth == 0:
            return False
        if depth == 1 and token.text in "(," and equal.text == "=" and following.type == kinds.IDENTIFIER:
            return True
    return False
