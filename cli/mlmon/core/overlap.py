"""Where the end of one run of lines can stand in another, in time that grows with their number alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

_GUESSES: Final = 4
_FIRST_STEP: Final = 256


def last_end(known: list[str], lines: list[str], *, low: int, high: int, landmark: int = 1) -> int:
    """The largest of `ends` that is at least `low` (1 or more) and at most `high`; 0 where there is none.

    `landmark` says which line from the end of `known` is looked for (1: the last). Where it is rare it is found at
    once, and the rest compares equal at the price of comparing two lists. Where it stands in many wrong places they are
    not tried one after the other: that could take for ever.
    """
    if not known or low > high:
        return 0
    behind = min(landmark, len(known), high) - 1
    found = _guessed(known, lines, low=low, high=high, behind=behind)
    if found is None:
        return next((end for end in ends(known, lines) if low <= end <= high), 0)
    # an overlap that is too short for the landmark is left
    return found or (last_end(known, lines, low=low, high=min(high, behind)) if behind else 0)


def _guessed(known: list[str], lines: list[str], *, low: int, high: int, behind: int) -> int | None:
    """The largest end where the known line with so many `behind` it stands; 0: there is none; None: too many places."""
    places = _backwards(lines, known[-1 - behind], before=high - behind)
    for guesses, at in enumerate(places, 1):
        end = at + 1 + behind
        if end < low:
            return 0
        length = min(end, len(known))
        if known[len(known) - length :] == lines[end - length : end]:
            return end
        if guesses == _GUESSES:
            return None
    return 0


def _backwards(lines: list[str], line: str, *, before: int) -> Iterator[int]:
    """Where a line stands before an index, from there on backwards; looked for in steps that grow, as it is mostly
    near the end."""
    size = _FIRST_STEP
    while before > 0:
        step = lines[max(0, before - size) : before]
        step.reverse()
        at = -1
        with suppress(ValueError):  # raised where there is none any more
            while True:
                at = step.index(line, at + 1)
                yield before - 1 - at
        before, size = before - size, size * 4


def ends(known: Sequence[str], lines: Sequence[str]) -> list[int]:
    """Every end of `known` in `lines`, the largest first: of `lines[:end]` and `known`, one ends with all of the other.

    They overlap by `min(end, len(known))` lines, at least one.
    """
    numbers: dict[str, int] = {}  # whole numbers compare at once, and alike lines may be long
    tail = known[max(0, len(known) - len(lines)) :]
    pattern = [numbers.setdefault(line, len(numbers)) for line in reversed(tail)]
    text = [numbers.setdefault(line, len(numbers)) for line in reversed(lines)]
    alike = _alike([*pattern, -1, *text])[len(pattern) + 1 :]
    return [len(text) - at for at, length in enumerate(alike) if length and length == min(len(pattern), len(text) - at)]


def _alike(numbers: list[int]) -> list[int]:
    """The Z-function: how many numbers from each place on are the same as from the beginning; 0 at the beginning.

    No number is compared more often than twice: Gusfield, Algorithms on Strings, Trees and Sequences, section 1.4.
    """
    count = len(numbers)
    found = [0] * count
    left = right = 0
    for at in range(1, count):
        length = min(found[at - left], right - at) if at < right else 0
        while at + length < count and numbers[length] == numbers[at + length]:
            length += 1
        found[at] = length
        if at + length > right:
            left, right = at, at + length
    return found
