"""Whether a feature is a number or a category, and when two categories are the same.

What a feature is depends on the types and values of all of its baseline, never on how many different ones there are.
Files write the same value in several ways (`True` in csv, `true` in JSON; `1.0` where a column of whole numbers has
gaps), so a category is known by a text that does not depend on the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from mlmon.core.errors import UsageError, did_you_mean
from mlmon.drift.result import Kind

WHOLE: Final = r"-?(0|[1-9][0-9]*)"
A_NUMBER: Final = rf"{WHOLE}(\.[0-9]+)?([eE][-+]?[0-9]+)?"
"""A text that is a number. `007` is none: it is an id or a postal code."""
NOT_FINITE: Final = ("nan", "NaN", "inf", "-inf", "Infinity", "-Infinity")
"""How numbers are written that are none, or have no end."""
MISSING: Final = ("NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "None", "NaT")
"""How csv files write that a number is missing, besides leaving its cell empty. Among categories these are words."""
LONGEST: Final = 1_000
"""Categories with more characters than these are known by their beginning and a digest."""
KEPT_OF_LONG: Final = 200

_NUMBER: Final = re.compile(A_NUMBER)
_WHOLE: Final = re.compile(WHOLE)
_FLAGS: Final = {"true": "true", "false": "false"}
_NUMERIC: Final = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|REAL|DOUBLE|BIGNUM|DECIMAL(\(.*\))?")
_MOST_DIGITS: Final = 300  # a text of more is no number that a float can hold


def is_numeric(stored: str) -> bool:
    """Whether a type of DuckDB's holds numbers."""
    return bool(_NUMERIC.fullmatch(stored))


def category_of(text: str) -> str:
    """The text by which a category is known: flags in small letters, numbers in their shortest form."""
    first = text[:1]
    if first in "tTfF":
        return _FLAGS.get(text.lower(), text)
    if (first.isdigit() or first == "-") and len(text) <= _MOST_DIGITS and _NUMBER.fullmatch(text):
        return _shortest(text)
    return text


def _shortest(text: str) -> str:
    if _WHOLE.fullmatch(text):
        return "0" if text == "-0" else text
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def overridden(
    kinds: Mapping[str, Kind], *, numbers: Collection[str] = (), categories: Collection[str] = ()
) -> dict[str, Kind]:
    """The kinds as a person says they are.

    Raises:
        UsageError: there is no such feature, or it is said to be both.
    """
    said: dict[str, Kind] = {}
    for kind, names in (("number", numbers), ("category", categories)):
        for name in names:
            if name not in kinds:
                known = did_you_mean(name, [*kinds]) or f"it has: {', '.join(kinds)}"
                raise UsageError(f"there is no column {name!r}", hint=known)
            if said.get(name, kind) != kind:
                raise UsageError(f"{name!r} cannot be a number and a category", hint="leave one of the two out")
            said[name] = "number" if kind == "number" else "category"
    return {**kinds, **said}
