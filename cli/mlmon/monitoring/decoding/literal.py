"""A Python dict as `repr` writes it, read without running anything, and as far as it goes where it was cut.

`ast.literal_eval` reads whole texts only, and compiles them; this takes the text token by token, once, however it is
nested.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from mlmon.core.model import Json

DEEPEST: Final = 64
"""Values nested deeper than this are not read: whoever writes them as JSON again goes down as deep."""

_TOKEN: Final = re.compile(
    r"""\s*+(?:
        (?P<open>[{\[(])
      | (?P<close>[}\])])
      | (?P<comma>,)
      | (?P<colon>:)
      | (?P<text>'(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+")
      | (?P<number>-?\d{1,400}(?:\.\d*)?(?:[eE][+-]?\d{1,4})?)(?=[\s,:}\])])
      | (?P<word>True|False|None|nan|-?inf)(?!\w)
    )""",
    re.VERBOSE | re.DOTALL,
)
_CLOSES: Final = {"{": "}", "[": "]", "(": ")"}
# what JSON has no number for is written as Log Analytics writes it
_WORDS: Final[dict[str, Json]] = {
    "True": True,
    "False": False,
    "None": None,
    "nan": "NaN",
    "inf": "Infinity",
    "-inf": "-Infinity",
}
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\\'\"nrtabfv0])")
# text as far as its last whole escape
_WHOLE: Final = re.compile(r"(?:[^\\]++|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^xuU]))*+", re.DOTALL)
_PLAIN: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


@dataclass(frozen=True, slots=True)
class Literal:
    """What was read: the pairs that stand whole. Where the text ends too soon, or goes on in a way that is not read,
    `whole` is false, and `cut` is the key of the value that is not whole ("" where no key is) with what there is of it.
    """

    pairs: dict[str, Json]
    whole: bool
    cut: str = ""
    rest: str = ""


class _Needs(Enum):
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    COMMA = auto()


@dataclass(slots=True)
class _Open:
    """A bracket that is not closed yet."""

    bracket: str
    items: list[Json] = field(default_factory=list)
    pairs: dict[str, Json] = field(default_factory=dict)
    key: str = ""
    needs: _Needs = _Needs.VALUE

    @property
    def value(self) -> Json:
        return self.pairs if self.bracket == "{" else self.items

    def takes_value(self) -> bool:
        return self.needs is _Needs.VALUE

    def put(self, value: Json) -> None:
        if self.bracket == "{":
            self.pairs[self.key] = value
        else:
            self.items.append(value)
        self.needs = _Needs.COMMA

    def closed_by(self, bracket: str) -> bool:
        empty = _Needs.KEY if self.bracket == "{" else _Needs.VALUE
        return _CLOSES[self.bracket] == bracket and self.needs in (_Needs.COMMA, empty)


def read_dict(text: str) -> Literal | None:
    """What a text says that is the `repr` of a dict, in time linear in its length; None where it does not begin as one.

    Keys are text, tuples are lists. Nothing is raised, whatever the text.
    """
    if not text.lstrip().startswith("{"):
        return None
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._outer = _Open("{", needs=_Needs.KEY)
        self._stack = [self._outer]
        self._value_at = 0

    def read(self) -> Literal:
        at = self._text.index("{") + 1
        while self._stack and (token := _TOKEN.match(self._text, at)) and self._takes(token):
            at = token.end()
        rest = self._text[at:]
        if not self._stack:
            return Literal(self._outer.pairs, whole=not rest.strip())
        if self._outer.needs is not _Needs.VALUE:
            return Literal(self._outer.pairs, whole=False)
        return Literal(self._outer.pairs, False, cut=self._outer.key, rest=_begun(self._text[self._value_at :].strip()))

    def _takes(self, token: re.Match[str]) -> bool:
        """Whether the token has its place here; it is in it then."""
        inner, word = self._stack[-1], token[token.lastgroup or 0]
        match token.lastgroup:
            case "open":
                return self._opens(word)
            case "close":
                return self._closes(word)
            case "comma" if inner.needs is _Needs.COMMA:
                inner.needs = _Needs.KEY if inner.bracket == "{" else _Needs.VALUE
            case "colon" if inner.needs is _Needs.COLON:
                inner.needs = _Needs.VALUE
                if inner is self._outer:
                    self._value_at = token.end()
            case "text" | "number" | "word" as kind:
                return self._scalar(word, kind)
            case _:
                return False
        return True

    def _opens(self, bracket: str) -> bool:
        if not self._stack[-1].takes_value() or len(self._stack) > DEEPEST:
            return False
        self._stack.append(_Open(bracket, needs=_Needs.KEY if bracket == "{" else _Needs.VALUE))
        return True

    def _closes(self, bracket: str) -> bool:
        if not self._stack[-1].closed_by(bracket):
            return False
        done = self._stack.pop()
        if self._stack:
            self._stack[-1].put(done.value)
        return True

    def _scalar(self, word: str, kind: str) -> bool:
        inner = self._stack[-1]
        value = _unescaped(word[1:-1]) if kind == "text" else _number(word) if kind == "number" else _WORDS[word]
        if inner.needs is _Needs.KEY:
            inner.key, inner.needs = str(value), _Needs.COLON
        elif inner.takes_value():
            inner.put(value)
        else:
            return False
        return True


def _number(word: str) -> Json:
    try:
        return int(word)
    except ValueError:
        return float(word)


def _begun(written: str) -> str:
    """The beginning of a value: of a text without what is left of an escape, of anything else as it is written."""
    if written[:1] not in {"'", '"'}:
        return written
    whole = _WHOLE.match(written, 1)
    return _unescaped(whole[0]) if whole else ""


def _unescaped(written: str) -> str:
    return _ESCAPE.sub(_character, written) if "\\" in written else written


def _character(found: re.Match[str]) -> str:
    escape = found[1]
    if len(escape) == 1:
        return _PLAIN.get(escape, escape)
    point = int(escape[1:], 16)
    # half a surrogate pair is text in Python, and in no encoding
    return "\ufffd" if 0xD800 <= point <= 0xDFFF or point > 0x10FFFF else chr(point)
