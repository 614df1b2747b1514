"""Laws of following a log by its snapshots, over any log, any cut into snapshots, restarts and lines that repeat.

Hundreds of examples of each; `FOLLOW_EXAMPLES=20000 .venv/bin/pytest -q tests/properties/test_follow.py` tries more.

Every line that is written has a number here that the follower does not see, so it is known what a snapshot truly
brought. What the follower says is compared with that, and with its proofs written down once more without any regard for
time: see `is_proof`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mlmon.core.follow import KEPT_LINES, PROOF_LINES, Follower, Gap, GapReason
from mlmon.core.overlap import ends

EXAMPLES = settings(max_examples=int(os.environ.get("FOLLOW_EXAMPLES", "300")), deadline=None)
COMMON = ("", " ", "GET /health 200", "a", "b")


@dataclass(frozen=True)
class Written:
    """A line, and which of all that were ever written it is."""

    number: int
    text: str


@dataclass(frozen=True)
class Poll:
    """What happens before a snapshot, and how many lines it asks for. A None among what is written is a restart."""

    writes: tuple[str | None, ...]
    asked: int


@dataclass
class Service:
    """A log, and what was ever written to it. A line "#" is written as one that no other is like."""

    log: list[Written] = field(default_factory=list)
    count: int = 0

    def write(self, texts: Sequence[str | None]) -> None:
        for text in texts:
            if text is None:
                self.log = []
                continue
            self.log.append(Written(self.count, f"#{self.count}" if text == "#" else text))
            self.count += 1

    def last(self, asked: int) -> list[Written]:
        return self.log[max(0, len(self.log) - asked) :]


def blocks(lines: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Some lines, several times over."""
    return st.builds(lambda block, times: block * times, st.lists(lines, max_size=5), st.integers(1, 12))


def polls(lines: st.SearchStrategy[str], *, restarts: bool = True) -> st.SearchStrategy[list[Poll]]:
    written = st.lists(blocks(lines), max_size=4).map(lambda parts: [line for part in parts for line in part])
    begun = st.tuples(written, written).map(lambda parts: [*parts[0], None, *parts[1]])
    writes = st.one_of(written, written, written, begun) if restarts else written
    return st.lists(st.builds(Poll, writes.map(tuple), st.integers(1, 60)), min_size=1, max_size=8)


ANY = polls(st.sampled_from([*COMMON, "#"]))
REPEATING = polls(st.sampled_from(COMMON))
STAMPED = polls(st.sampled_from(["#", "#", "#", ""]))


@dataclass(frozen=True)
class Seen:
    """One poll: what was there, what the follower said, and what is known to be true of it."""

    asked: int
    known: tuple[str, ...]
    was_whole: bool
    before: list[Written]
    now: list[Written]
    latest: int
    """The number of the last line that an earlier snapshot held; -1 before any did."""
    told: int
    """The number of the last line that was told."""
    count: int
    restarted: bool
    output: list[str | Gap]

    @property
    def gap(self) -> Gap | None:
        return next((each for each in self.output if isinstance(each, Gap)), None)

    @property
    def new(self) -> list[Written]:
        """The lines that were told."""
        told = len([each for each in self.output if isinstance(each, str)])
        return self.now[len(self.now) - told :]

    @property
    def missing(self) -> int:
        """How many lines were written since the last one that was told, and not told now."""
        return self.count - (self.told + 1) - len([line for line in self.new if line.number > self.told])

    @property
    def missing_since(self) -> int:
        """How many lines were written since the snapshot before, and not told now."""
        return self.count - (self.latest + 1) - len([line for line in self.new if line.number > self.latest])

    @property
    def repeated(self) -> list[Written]:
        return [line for line in self.new if line.number <= self.told]


def followed(polls: Sequence[Poll]) -> list[Seen]:
    """Every poll but the first, which is told as a whole."""
    service, follower = Service(), Follower()
    service.write(polls[0].writes)
    before = service.last(polls[0].asked)
    assert follower.feed([line.text for line in before], asked=polls[0].asked) == [line.text for line in before]
    seen: list[Seen] = []
    latest = told = max([-1, *(line.number for line in before)])
    for poll in polls[1:]:
        service.write(poll.writes)
        now = service.last(poll.asked)
        assert follower._known is not None
        known, whole = tuple(follower._known.lines), follower._known.whole
        texts = [line.text for line in now]
        continues = follower.continues(texts, asked=poll.asked)
        output = follower.feed(texts, asked=poll.asked)
        assert not (continues and any(isinstance(each, Gap) for each in output))
        restarted = None in poll.writes
        seen.append(Seen(poll.asked, known, whole, before, now, latest, told, service.count, restarted, output))
        before, latest = now, max([latest, *(line.number for line in now)])
        told = max([told, *(line.number for line in seen[-1].new)])
    return seen


def overlap(seen: Seen) -> tuple[list[str], list[str]]:
    """What the follower took for known lines at the beginning of a snapshot, and what stands elsewhere in it."""
    end = len(seen.now) - len(seen.new)
    length = min(end, len(seen.known))
    texts = [line.text for line in seen.now]
    return texts[end - length : end], texts[: end - length] + texts[end:]


def is_proof(seen: Seen) -> bool:
    """Whether what the follower took for known is that by one of the three proofs, or the snapshot is as before."""
    lines, elsewhere = overlap(seen)
    if any(line.strip() and line not in elsewhere and seen.known.count(line) == 1 for line in lines):
        return True
    texts = [line.text for line in seen.now]
    if seen.was_whole and len(seen.now) < seen.asked:
        return texts[: len(seen.known)] == list(seen.known)
    others = [min(end, len(seen.known)) for end in slow_ends(seen.known, texts) if end < len(texts) - len(seen.new)]
    second = max(others, default=0)
    return len(lines) - second >= PROOF_LINES or not seen.new


def slow_ends(known: Sequence[str], lines: Sequence[str]) -> list[int]:
    """`ends`, as its docstring has it."""
    known, lines = list(known), list(lines)
    return [
        end
        for end in range(len(lines), 0, -1)
        if known and known[-min(end, len(known)) :] == lines[end - min(end, len(known)) : end]
    ]


@EXAMPLES
@given(ANY)
def test_what_is_told_is_the_end_of_the_snapshot_behind_at_most_one_gap(polls: list[Poll]) -> None:
    for seen in followed(polls):
        told = [each for each in seen.output if isinstance(each, str)]
        assert told == [line.text for line in seen.new]
        assert seen.output in (told, [seen.gap, *told])


@EXAMPLES
@given(ANY | REPEATING)
def test_no_line_is_lost_or_told_twice_without_a_gap_unless_a_proof_was_written_twice(polls: list[Poll]) -> None:
    covered = False  # no line since the last gap: it covers what is missing here too
    for seen in followed(polls):
        covered = covered or seen.gap is not None
        if not covered and (seen.missing or seen.repeated):
            assert is_proof(seen)
            return  # what comes now is compared with what the follower rightly, but wrongly, takes for known
        covered = covered and not seen.new


@EXAMPLES
@given(STAMPED)
def test_where_only_blank_lines_repeat_no_line_is_told_twice_and_none_but_blank_ones_are_lost_without_a_gap(
    polls: list[Poll],
) -> None:
    covered = False
    for seen in followed(polls):
        covered = covered or seen.gap is not None
        stands_still = not seen.new and not any(line.text for line in seen.now)
        blank_grew = seen.was_whole and len(seen.now) < seen.asked and not any(seen.known)
        assert covered or not seen.repeated
        if not covered and seen.missing:
            assert stands_still or blank_grew
            return
        covered = covered and not seen.new


@EXAMPLES
@given(ANY)
def test_snapshots_that_overlap_unambiguously_give_an_exact_copy(polls: list[Poll]) -> None:
    """With a sole line in what they have in common, exactly the new lines are told, and no gap."""
    right = True  # as long as no proof was written twice, what the follower knows is what was written
    for seen in followed(polls):
        common = [line.text for line in seen.now if line.number <= seen.latest]
        elsewhere = [line.text for line in seen.now if line.number > seen.latest]
        sole = any(
            text.strip() and seen.known.count(text) == 1 and common.count(text) == 1 and text not in elsewhere
            for text in common
        )
        if right and sole and not seen.restarted and seen.before:
            assert seen.output == elsewhere
        right = right and (seen.gap is not None or not (seen.missing or seen.repeated))


@EXAMPLES
@given(polls(st.sampled_from(COMMON), restarts=False))
def test_a_log_that_fits_into_its_snapshots_is_copied_exactly_however_it_repeats(polls: list[Poll]) -> None:
    most = sum(len(poll.writes) for poll in polls) + 1
    for seen in followed([Poll(poll.writes, most) for poll in polls]):
        assert seen.output == [line.text for line in seen.now if line.number > seen.latest]


@EXAMPLES
@given(polls(st.sampled_from(["#", "#", "a", ""])))
def test_a_log_that_fits_and_begins_anew_is_told_as_a_whole_behind_a_gap(polls: list[Poll]) -> None:
    most = sum(len(poll.writes) for poll in polls) + 1
    assume(all("#" in poll.writes[: poll.writes.index(None) if None in poll.writes else None] for poll in polls[:1]))
    for seen in followed([Poll(poll.writes, most) for poll in polls]):
        if seen.restarted and seen.now and any(text.startswith("#") for text in seen.known):
            assert seen.output in (
                [Gap(None, GapReason.RESTARTED), *[line.text for line in seen.now]],
                [line.text for line in seen.now],  # it was found empty before, and the gap was told then
            )


@EXAMPLES
@given(ANY | REPEATING)
def test_a_gap_that_says_how_many_lines_may_be_missing_is_right_where_the_snapshots_overlap(polls: list[Poll]) -> None:
    right = True
    for seen in followed(polls):
        overlapping = any(line.number <= seen.latest for line in seen.now)
        if right and seen.gap and seen.gap.at_most is not None and overlapping and not seen.restarted:
            assert seen.missing_since <= seen.gap.at_most
        right = right and (seen.gap is not None or not (seen.missing or seen.repeated))


@EXAMPLES
@given(st.lists(st.sampled_from(COMMON), max_size=30), st.lists(st.sampled_from(COMMON), max_size=30))
def test_every_possible_overlap_is_found_the_longest_first(known: list[str], lines: list[str]) -> None:
    assert ends(known, lines) == slow_ends(known, lines)


@EXAMPLES
@given(st.lists(st.sampled_from(COMMON), min_size=1, max_size=30), st.lists(st.sampled_from(COMMON), min_size=1))
def test_of_several_possible_overlaps_the_longest_is_taken(before: list[str], now: list[str]) -> None:
    follower = Follower()
    follower.feed(before, asked=len(before))
    told = [each for each in follower.feed(now, asked=len(now)) if isinstance(each, str)]
    assert told == now[max(slow_ends(before, now), default=0) :]


@EXAMPLES
@given(st.lists(st.sampled_from([*COMMON, "c", "d"]), min_size=1, max_size=30))
@example(["a"] * 2)
@example(["a", "b"] * 5)
def test_an_unchanged_snapshot_brings_nothing_but_the_doubt_about_one_that_is_the_same_over_and_over(
    lines: list[str],
) -> None:
    follower = Follower()
    follower.feed(lines, asked=len(lines))
    brought = [follower.feed(lines, asked=len(lines)) for _ in range(3)]
    repeated = any(
        lines == (lines[:size] * len(lines))[: len(lines)] for size in range(1, len(lines) // 2 + 1)
    ) and not any(line.strip() and lines.count(line) == 1 for line in lines)
    gap = Gap(len(lines) - min(slow_ends(lines, lines)), GapReason.AMBIGUOUS)
    assert brought == [[gap] if repeated else [], [], []]


@EXAMPLES
@given(st.integers(2, 50), st.integers(1, 5), st.sampled_from(COMMON))
def test_a_window_of_one_line_over_and_over_is_neither_silence_nor_told_again(size: int, more: int, line: str) -> None:
    follower = Follower()
    follower.feed([line] * size, asked=size)
    assert follower.feed([line] * size, asked=size) == [Gap(size - 1, GapReason.AMBIGUOUS)]
    assert follower.feed([line] * size, asked=size) == []
    now = [line] * (size - 1) + ["other"]
    assert follower.feed(now, asked=size) == [Gap(size - 2 or None, GapReason.AMBIGUOUS), "other"]
    assert follower.feed([*now[more:], *["next"] * more][-size:], asked=size)[-1] == "next"


def test_a_short_common_line_at_the_seam_is_no_proof() -> None:
    """The lines between were lost, and a blank line or a probe that stands on both sides does not hide it."""
    for common in ("", "GET /health 200"):
        follower = Follower()
        follower.feed(["one", common, "two", common], asked=4)
        assert follower.feed([common, "five", common, "six"], asked=4) == [
            Gap(None, GapReason.AMBIGUOUS),
            "five",
            common,
            "six",
        ]


def test_a_blank_line_is_no_proof_even_where_it_is_the_only_one() -> None:
    follower = Follower()
    follower.feed(["one", "two", " "], asked=3)
    assert follower.feed([" ", "five", "six"], asked=3) == [Gap(None, GapReason.AMBIGUOUS), "five", "six"]


def test_more_lines_than_before_are_not_unchanged_because_they_end_alike() -> None:
    follower = Follower()
    follower.feed(["", "", ""], asked=3)
    assert follower.feed(["one", "", "", ""], asked=4) == [Gap(None, GapReason.AMBIGUOUS)]


def test_a_service_that_hands_out_less_than_it_is_asked_for_is_followed_all_the_same() -> None:
    """Then a short snapshot is no whole log, and that its beginning is gone is no restart."""
    log = [f"line {number}" for number in range(300)]
    follower = Follower()
    told = [each for at in range(0, 200, 10) for each in follower.feed(log[at : at + 100], asked=500)]
    assert told == log[:290]


def test_a_log_that_was_found_empty_for_a_moment_goes_on_where_it_was() -> None:
    log = [f"line {number}" for number in range(20)]
    follower = Follower()
    follower.feed(log[:10], asked=10)
    assert follower.feed([], asked=10) == [Gap(None, GapReason.RESTARTED)]
    assert follower.feed([], asked=10) == []
    assert follower.feed(log[5:15], asked=10) == log[10:15]


def test_a_line_that_was_seen_half_written_is_told_whole_and_nothing_twice() -> None:
    follower = Follower()
    follower.feed(["one", "two", "thr"], asked=3)
    assert follower.feed(["two", "three", "four"], asked=3) == ["three", "four"]
    assert follower.feed(["three", "four", "five"], asked=3) == ["five"]


def test_nothing_asked_is_nothing_told() -> None:
    follower = Follower()
    assert follower.feed([], asked=0) == []
    assert follower.feed(["one"], asked=1) == ["one"]
    assert follower.feed([], asked=0) == []
    assert follower.feed(["one"], asked=1) == []


def test_no_more_lines_are_remembered_than_a_snapshot_has() -> None:
    follower = Follower()
    follower.feed([f"{number}" for number in range(50_000)], asked=50_000)
    for start in range(50_000, 80_000, 1000):
        follower.feed([f"{number}" for number in range(start - 500, start + 1000)], asked=1500)
    assert follower._known is not None
    assert len(follower._known.lines) == len(follower._known._counts) == KEPT_LINES


HOSTILE: list[Callable[[int], tuple[list[str], list[str]]]] = [
    lambda size: (["a"] * size, ["a"] * (size - 1) + ["b"]),
    lambda size: (["b"] + ["a"] * (size - 1), ["a"] * (size // 2) + ["b"] + ["a"] * (size - size // 2 - 1)),
    lambda size: (["a", "b"] * (size // 2), ["b", "a"] * (size // 2)),
    lambda size: (["b", *["a"] * (size - 1)], ["a"] * size),
    lambda size: (["x" * 1000 + str(at % 2) for at in range(size)], ["x" * 1000 + str(at % 3) for at in range(size)]),
]


@pytest.mark.parametrize("case", range(len(HOSTILE)))
def test_time_grows_with_the_snapshot_and_no_faster(case: int) -> None:
    """Quadratic work would take an hour here; ten times the lines take some ten times as long."""
    took = []
    for size in (10_000, 100_000):
        before, now = HOSTILE[case](size)
        follower = Follower()
        follower.feed(before, asked=size)
        began = time.process_time()
        follower.feed(now, asked=size)
        took.append(time.process_time() - began)
    assert took[1] < 40 * max(took[0], 0.005)
