"""Where the end of one run of lines can stand in another, in time that grows with their number alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_GUESSES: Final = 4


def last_end(known: list[str], lines: list[str], *, low: int, high: int) -> int:
    """The largest of `ends` that is at least `low` (1 or more) and at most `high`; 0 where there is none.

    Mostly the last known line is found at once and the rest compares equal, at the price of comparing two lists.
    Where it stands in many wrong places they are not tried one after the other: that could take for ever.
    """
    if not known or low > high:
        return 0
    backwards = lines[low - 1 : high][::-1]
    at = -1
    for _ in range(_GUESSES):
        try:
            at = backwards.index(known[-1], at + 1)
        except ValueError:
            return 0
        end = low + len(backwards) - 1 - at
        length = min(end, len(known))
        if known[len(known) - length :] == lines[end - length : end]:
            return end
    return next((end for end in ends(known, lines) if low <= end <= high), 0)


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
