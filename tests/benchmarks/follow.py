"""What joining snapshots costs: `python tests/benchmarks/follow.py [--polls N] [--lines N] [--new N] [--compared N]`.

1 000 polls of 5 000 lines each, 50 of them new: the CPU time of `Follower.feed` over all of them, beside that of
`difflib.SequenceMatcher(autojunk=False)`, which is what following is mostly built on. difflib only gets the first
`--compared` polls, and its time is scaled up to all of them. Logs: one in which all lines differ, one as an inference
server writes it (a third are health probes and blank lines), and one of a single line over and over.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from difflib import SequenceMatcher

from mlmon.core.follow import Follower, Gap

Writer = Callable[[int, random.Random], str]


def main() -> None:
    """Measure and print."""
    asked = arguments()
    print(
        f"{asked.polls} polls of {asked.lines} lines, {asked.new} new in each; difflib: {asked.compared} polls, scaled"
    )
    print(f"{'log':24}{'mlmon, CPU s':>14}{'difflib, CPU s':>16}{'ratio':>8}")
    for name, writer in LOGS.items():
        log = written(writer, asked.lines + asked.new * asked.polls)
        ours = following(log, asked)
        theirs = comparing(log, asked) * asked.polls / asked.compared
        print(f"{name:24}{ours:14.2f}{theirs:16.1f}{theirs / ours:7.0f}x", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--polls", type=int, default=1000)
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--new", type=int, default=50)
    parser.add_argument("--compared", type=int, default=5)
    return parser.parse_args()


def stamped(number: int, _random: random.Random) -> str:
    """A line of the inference server: no other is like it."""
    clock = f"{number // 3600000 % 24:02}:{number // 60000 % 60:02}:{number // 1000 % 60:02},{number % 1000:03}"
    return f"2026-03-02 {clock} I [71] azmlinfsrv - POST /score 200 {number % 97}ms 612 {number:032x}"


def mixed(number: int, chance: random.Random) -> str:
    if chance.random() < 2 / 3:
        return stamped(number, chance)
    return chance.choice(["", '127.0.0.1 - - "GET / HTTP/1.0" 200 7', "Liveness probe answered", "scored 1 row"])


LOGS: dict[str, Writer] = {
    "all lines differ": stamped,
    "with probes and blanks": mixed,
    "one line over and over": lambda _number, _chance: "  0%|          | 0/1 [00:00<?, ?it/s]",
}


def written(writer: Writer, count: int) -> list[str]:
    chance = random.Random(5)
    return [writer(number, chance) for number in range(count)]


def snapshot(log: list[str], poll: int, asked: argparse.Namespace) -> list[str]:
    """As it comes from a service: one text, so that no line is the same object as in the snapshot before."""
    return "\n".join(log[poll * asked.new : poll * asked.new + asked.lines]).split("\n")


def following(log: list[str], asked: argparse.Namespace) -> float:
    """CPU seconds of joining all snapshots. Raises if a line of a log that can be followed is lost."""
    follower, took, told = Follower(), 0.0, 0
    follower.feed(snapshot(log, 0, asked), asked=asked.lines)
    for poll in range(1, asked.polls + 1):
        now = snapshot(log, poll, asked)
        began = time.process_time()
        found = follower.feed(now, asked=asked.lines)
        took += time.process_time() - began
        told += sum(not isinstance(each, Gap) for each in found)
    if len(set(log)) > 1 and told != asked.new * asked.polls:
        raise SystemExit(f"told {told} of {asked.new * asked.polls} lines")
    return took


def comparing(log: list[str], asked: argparse.Namespace) -> float:
    """CPU seconds in which difflib finds what some of the snapshots have in common with the one before."""
    took = 0.0
    for poll in range(asked.compared):
        before, now = snapshot(log, poll, asked), snapshot(log, poll + 1, asked)
        began = time.process_time()
        SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks()
        took += time.process_time() - began
    return took


if __name__ == "__main__":
    main()
