"""A log that is followed by its snapshots: each line once, in order, and a gap wherever that cannot be proven.

A snapshot is the last lines of a log that only grows, until it begins anew. It has no cursor and its lines have no
numbers, so two snapshots are joined where the end of what is known stands in the new one. Of several such places the
last is taken: it is the longest overlap, and prints no line twice. It counts as proven by

* a *sole line* in the overlap: one that is not blank, and stands once in what is known and once in the snapshot; or
* `PROOF_LINES` lines of overlap more than the next possible one has, and at least twice as many; or
* whole logs: a snapshot of fewer lines than were asked for is the whole log, and a whole log that begins with another
  one is that one grown.

So a blank line, a health probe or a repeated block at the seam proves nothing, however well it fits. What can still go
wrong is a log that writes a proof a second time while nobody looks, exactly where the seam then is: no one can tell
that from a log that stood still. tests/properties/test_follow.py has all this as laws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from mlmon.core.overlap import ends, last_end

PROOF_LINES: Final = 20
"""So many lines in one order are no accident, though each of them is written often."""
KEPT_LINES: Final = 10_000
"""How many of the latest lines are remembered, to tell sole lines from common ones; more where a snapshot has more."""

_NEAR: Final = 200


class GapReason(StrEnum):
    """Why nobody can say that no line is missing. Part of the contract of `-o jsonl`."""

    NO_OVERLAP = "no overlap"
    """Nothing of what was known is in the snapshot: more was written than it holds."""
    AMBIGUOUS = "ambiguous"
    """The lines are too much alike to tell how often they were written."""
    RESTARTED = "restarted"
    """The log began anew: what the old one said at its very end was not seen."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines may be missing between the line before and the line after.

    `at_most` is how many, provided that the snapshots overlap at all; None where there is no bound.
    """

    at_most: int | None
    reason: GapReason


_LOST: Final = Gap(None, GapReason.NO_OVERLAP)
_RESTARTED: Final = Gap(None, GapReason.RESTARTED)


@dataclass(frozen=True, slots=True)
class _Seam:
    """Of a snapshot, the lines from `end` on are new, behind a `gap` where it is not proven that no others are.

    `grown`: the first of them is the last known line, to which something was added.
    """

    end: int
    gap: Gap | None = None
    grown: bool = False


class Follower:
    """One log, fed with its snapshots as they come.

    A snapshot takes time in proportion to its size, whatever stands in it. No more lines are remembered than the
    latest snapshot has, or `KEPT_LINES`.
    """

    def __init__(self) -> None:
        self._known: _Known | None = None
        self._emptied = False
        self._short_is_whole = True
        self._doubted = False

    def feed(self, lines: Sequence[str], *, asked: int) -> list[str | Gap]:
        """What one snapshot brings: the lines that are new, oldest first, behind a gap where one has to be told.

        `lines` are the last `asked` lines of the log, oldest first. Of the first snapshot all are new. One of the
        lines that are known to be the last brings nothing; but one that is ambiguous from end to end (one line or block
        over and over) brings a gap, once: perhaps the log stood still, and perhaps it wrote the same many times. An
        empty one brings a gap, because the log began anew, and the next is still compared with what was known: it may
        have been a passing fault.
        """
        if asked <= 0:
            return []
        now = list(lines)
        if self._known is None:
            self._known = _Known(now, whole=len(now) < asked)
            return [*now]
        if not now:
            return self._empty(self._known)
        whole = self._is_whole(self._known, now, asked)
        self._short_is_whole = self._short_is_whole and (whole or len(now) >= asked)
        seam = self._seam(self._known, now, whole=whole)
        gap = self._to_tell(seam, changed=seam.end < len(now))
        self._remember(self._known, now, seam, whole=whole)
        return [gap, *now[seam.end :]] if gap else [*now[seam.end :]]

    def continues(self, lines: Sequence[str], *, asked: int) -> bool:
        """Whether it is proven that `feed` of these lines leaves nothing out. Nothing changes by asking: where it is
        not, a snapshot of more lines may be fed instead."""
        if self._known is None or asked <= 0:
            return True
        now = list(lines)
        return bool(now) and not self._seam(self._known, now, whole=self._is_whole(self._known, now, asked)).gap

    def _empty(self, known: _Known) -> list[str | Gap]:
        if self._emptied or not known.lines:
            return []
        self._emptied = True
        return [_RESTARTED]

    def _is_whole(self, known: _Known, now: list[str], asked: int) -> bool:
        """Whether a snapshot is the whole log: it is short, and does not begin with many lines of the known end.

        A new log would not; a service that never hands out more than so many lines or bytes does, and then being short
        says nothing from there on.
        """
        if not self._short_is_whole or len(now) >= asked:
            return False
        seam = known.last_end(now, low=PROOF_LINES, high=min(len(known.lines) - 1, len(now)))
        return not (seam and known.has_sole_line(now, seam))

    def _seam(self, known: _Known, now: list[str], *, whole: bool) -> _Seam:
        if whole and self._emptied:
            return _Seam(0, _RESTARTED)
        if not known.lines:
            return _Seam(0, None if whole else _LOST)
        # a whole log has in it all that is known, and before a known beginning there is nothing
        low = len(known.lines) if whole else 1
        high = min(len(now), len(known.lines)) if known.whole else len(now)
        end = known.last_end(now, low=low, high=high)
        if not end and (before := known.end_before_unfinished(now)):
            return _Seam(before, grown=True)
        if not end:
            return _Seam(0, _RESTARTED if whole else _LOST)
        if (whole and known.whole) or known.has_sole_line(now, end):
            return _Seam(end)
        return _doubtful(known.lines, now, [each for each in ends(known.lines, now) if low <= each <= high])

    def _to_tell(self, seam: _Seam, *, changed: bool) -> Gap | None:
        """The gap, unless the one that was told last covers it: no line has come since."""
        told = self._emptied or (self._doubted and not changed)
        self._emptied = False
        self._doubted = not changed and (self._doubted or seam.gap is not None)
        return None if told else seam.gap

    def _remember(self, known: _Known, now: list[str], seam: _Seam, *, whole: bool) -> None:
        if seam.gap or seam.grown or seam.end > len(known.lines) or (whole and not known.whole):
            self._known = _Known(now, whole=whole)
        else:
            known.grow(now[seam.end :], keep=max(len(now), KEPT_LINES))


def _doubtful(known: list[str], now: list[str], possible: list[int]) -> _Seam:
    """The seam at the last of the possible ends, none of which has a sole line before it."""
    end = possible[0]
    longest, second = ([min(each, len(known)) for each in possible] + [0])[:2]
    unlike = longest >= 2 * second
    # one that is unchanged is a log that stood still, unless it is the same over and over
    unchanged = end == len(now) <= len(known) and longest > 2 * second
    if unchanged or (unlike and longest - second >= PROOF_LINES):
        return _Seam(end)
    return _Seam(end, Gap(end - possible[-1] or None, GapReason.AMBIGUOUS))


class _Known:
    """The latest lines of the log, and how often each stands among them."""

    def __init__(self, lines: list[str], *, whole: bool) -> None:
        self.lines = lines
        self.whole = whole
        self._counts = Counter(lines)

    def grow(self, new: list[str], *, keep: int) -> None:
        """Put new lines behind the others, and forget the oldest where there are more than to keep."""
        self.lines += new
        self._counts.update(new)
        excess = len(self.lines) - keep
        if excess > 0:
            for line in self.lines[:excess]:
                self._counts[line] -= 1
                if not self._counts[line]:
                    del self._counts[line]
            del self.lines[:excess]
            self.whole = False

    def last_end(self, now: list[str], *, low: int, high: int) -> int:
        """`overlap.last_end` of these lines."""
        landmark = next((at for at, line in enumerate(reversed(self.lines[-_NEAR:]), 1) if self._counts[line] == 1), 1)
        return last_end(self.lines, now, low=low, high=high, landmark=landmark)

    def has_sole_line(self, now: list[str], end: int, *, unfinished: int = 0) -> bool:
        """Whether the overlap that ends at `end` has a line that stands nowhere else, neither here nor in `now`.

        It is an overlap of all lines here but the last `unfinished` ones.
        """
        length = min(end, len(self.lines) - unfinished)
        elsewhere = {*now[: end - length], *now[end:]}
        overlap = islice(reversed(self.lines), unfinished, unfinished + length)
        return any(self._counts[line] == 1 and line not in elsewhere and line.strip() for line in overlap)

    def end_before_unfinished(self, now: list[str]) -> int:
        """Where all lines but the last end in `now`, if that one goes on there with more than it had; else 0.

        Who reads a log while a line is written, or one that is too long for its writer, may get the beginning alone.
        """
        *others, last = self.lines
        end = last_end(others, now, low=1, high=len(now) - 1)
        grew = end and last.strip() and now[end].startswith(last)
        return end if grew and self.has_sole_line(now, end, unfinished=1) else 0
