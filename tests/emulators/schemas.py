"""The bodies that the published contract allows (swagger 2024-10-01, `additionalProperties: false` throughout).

`read` checks a body and gives back what the service stores: enums in the service's own spelling. What the service sent
itself is always taken back: an unknown key is forbidden unless the stored resource has that very key (an older client
and a newer service), and a part that equals the stored one is not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Problems = list[tuple[str, str]]
Check = Callable[[Any, Any, str, Problems], Any]
"""`check(value, stored, where, problems)`: the value as it is stored; what is wrong is added to the problems."""

_DURATION: Final = re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of known keys. `open` allows any further key, for parts that are not ours to check."""

    keys: Mapping[str, Check]
    required: frozenset[str] = frozenset()
    open: bool = False

    def __call__(self, value: Any, stored: Any, where: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            return _wrong(where, "an object", value, problems)
        known = stored if isinstance(stored, dict) else {}
        for name in sorted(self.required - value.keys()):
            problems.append((f"{where}.{name}".removeprefix("."), "The field is required."))
        return {name: self._part(name, part, known, where, problems) for name, part in value.items()}

    def _part(self, name: str, part: Any, stored: dict[str, Any], where: str, problems: Problems) -> Any:
        place = f"{where}.{name}".removeprefix(".")
        if name in stored and part == stored[name]:
            return part
        check = self.keys.get(name)
        if check is not None:
            return check(part, stored.get(name), place, problems)
        if not self.open and name not in stored:
            problems.append((place, f"Could not find member '{name}'."))
        return part


@dataclass(frozen=True, slots=True)
class Each:
    """An object of any keys whose values are alike."""

    of: Check

    def __call__(self, value: Any, stored: Any, where: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            return _wrong(where, "an object", value, problems)
        known = stored if isinstance(stored, dict) else {}
        return {
            name: part
            if name in known and part == known[name]
            else self.of(part, known.get(name), f"{where}.{name}", problems)
            for name, part in value.items()
        }


@dataclass(frozen=True, slots=True)
class Items:
    """An array whose items are alike."""

    of: Check

    def __call__(self, value: Any, _stored: Any, where: str, problems: Problems) -> Any:
        if not isinstance(value, list):
            return _wrong(where, "an array", value, problems)
        return [self.of(item, None, f"{where}[{index}]", problems) for index, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words, in any case."""

    words: tuple[str, ...]
    _spelling: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_spelling", {word.lower(): word for word in self.words})

    def __call__(self, value: Any, _stored: Any, where: str, problems: Problems) -> Any:
        if not isinstance(value, str) or value.lower() not in self._spelling:
            return _wrong(where, f"one of {', '.join(self.words)}", value, problems)
        return self._spelling[value.lower()]


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds, whole where that is asked."""

    least: float = float("-inf")
    most: float = float("inf")
    whole: bool = False

    def __call__(self, value: Any, _stored: Any, where: str, problems: Problems) -> Any:
        allowed = int if self.whole else int | float
        if isinstance(value, bool) or not isinstance(value, allowed) or not self.least <= value <= self.most:
            bounds = "" if self.least == float("-inf") else f" from {self.least:g} to {self.most:g}"
            return _wrong(where, f"{'an integer' if self.whole else 'a number'}{bounds}", value, problems)
        return value


@dataclass(frozen=True, slots=True)
class Kinds:
    """An object whose other keys depend on the word in one of them."""

    key: str
    kinds: Mapping[str, Thing]

    def __call__(self, value: Any, stored: Any, where: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            return _wrong(where, "an object", value, problems)
        word = value.get(self.key)
        kind = next((name for name in self.kinds if isinstance(word, str) and name.lower() == word.lower()), None)
        if kind is None:
            return _wrong(f"{where}.{self.key}", f"one of {', '.join(self.kinds)}", word, problems)
        return self.kinds[kind]({**value, self.key: kind}, stored, where, problems)


@dataclass(frozen=True, slots=True)
class Nullable:
    """The same, or null."""

    of: Check

    def __call__(self, value: Any, stored: Any, where: str, problems: Problems) -> Any:
        return None if value is None else self.of(value, stored, where, problems)


def anything(value: Any, _stored: Any, _where: str, _problems: Problems) -> Any:
    """Not checked: read-only parts, which the service ignores, and what is not ours to check."""
    return value


def text(value: Any, _stored: Any, where: str, problems: Problems) -> Any:
    """A string."""
    return value if isinstance(value, str) else _wrong(where, "a string", value, problems)


def truth(value: Any, _stored: Any, where: str, problems: Problems) -> Any:
    """A boolean."""
    return value if isinstance(value, bool) else _wrong(where, "a boolean", value, problems)


def duration(value: Any, _stored: Any, where: str, problems: Problems) -> Any:
    """An ISO 8601 duration, fractions of seconds included."""
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return value
    return _wrong(where, "an ISO 8601 duration", value, problems)


def read(check: Check, body: Any, *, stored: Any = None) -> tuple[Any, Problems]:
    """The body as the service stores it, and what is wrong with it."""
    problems: Problems = []
    return check(body, stored, "", problems), problems


def _wrong(where: str, wanted: str, got: object, problems: Problems) -> object:
    shown = repr(got)[:60]
    problems.append((where, f"The value {shown} is not valid; expected {wanted}."))
    return got
