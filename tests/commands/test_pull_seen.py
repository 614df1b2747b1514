"""A pull while it goes on, as a person sees it: how far it is, how fast, for how long still, and what failed."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest

from collected.memory import V2, MemoryBlobs
from mlmon.collected.pulling.fetching import Overwrite
from mlmon.collected.pulling.outcomes import Failed, Fetched, Status, Target
from mlmon.collected.pulling.planning import Plan, plan
from mlmon.collected.pulling.transfer import Step
from mlmon.collected.selecting.selection import Selection
from mlmon.commands.pulling import Watched
from mlmon.core.errors import Unavailable
from mlmon.core.model import CollectedRoot, Generation
from output.screens import Desk, desk

FLAT = CollectedRoot("c", "", Generation.V2, "model_inputs")
SIZE = 2_000_000


@dataclass
class Pull:
    """A pull of ten files that goes as a test says: two megabytes each, in some seconds of a clock of its own."""

    plan: Plan
    seconds: float = 100.0
    steps: list[str] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds

    def going(self, watched: Watched, *, each: float, statuses: str) -> Generator[Step, None, None]:
        """A step for each letter: fetched, unchanged, or x for failed."""
        for target, letter in zip(self.plan, statuses, strict=True):
            assert isinstance(target, Target)
            blob = target.collected.blob
            if letter == "u":
                yield Step(target, fetched(target, Status.UNCHANGED, saved=blob.size))
                continue
            self.seconds += each / 2
            watched.came(blob.size // 2)
            self.seconds += each / 2
            watched.came(blob.size // 2)
            failed = Failed("c", blob.name, "storage did not answer\x1b[2J", "later")
            yield Step(target, failed if letter == "x" else fetched(target, Status.FETCHED))


def fetched(target: Target, status: Status, *, saved: int = 0) -> Fetched:
    one = target.collected
    return Fetched(target.path, one.blob.size, one.day, V2, one.collection, "c", one.blob.name, status, saved)


@pytest.fixture
def pull() -> Pull:
    blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, *(f"2026/03/0{number}" for number in range(10)), content=b"x" * SIZE)
    return Pull(plan(blobs, V2, Selection(), to_dir=Path("to")))


def seen(place: Desk) -> list[str]:
    """Where the bar stood when something was written above it or it was over, and what was written."""
    text = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "\r", place.err.seen)
    return list(dict.fromkeys(line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()))


def test_a_terminal_shows_files_bytes_rate_and_time_left_and_failures_above(pull: Pull) -> None:
    place = desk(clock=pull, width=100)
    watched = Watched(place.terminal, pull.plan)
    for _ in watched.over(pull.going(watched, each=4, statuses="uufxffffff")):
        pass
    expected = [
        "Pulling ━━━━━━━━             8.0 MB of 20.0 MB 500.0 kB/s, 3 of 10 files, 24s left",
        "warning: failed: 2026/03/03: storage did not answer\\x1b[2J",
        "hint: later",
        "Pulling ━━━━━━━━━━━━━━━━━━━━ 20.0 MB of 20.0 MB 500.0 kB/s, 9 of 10 files, 0s left",
    ]
    # the bar is drawn now and then by itself as well, in between
    assert [line for line in seen(place) if line in expected] == expected


def test_a_narrow_terminal_has_a_shorter_bar(pull: Pull) -> None:
    place = desk(clock=pull, width=80)
    watched = Watched(place.terminal, pull.plan)
    for _ in watched.over(pull.going(watched, each=4, statuses="f" * 10)):
        pass
    assert seen(place)[-1] == "Pulling ━━━━━━━━━━━━━━ 20.0 MB of 20.0 MB 500.0 kB/s, 9 of 10 files, 0s left"


def test_elsewhere_a_line_is_said_now_and_then(pull: Pull) -> None:
    place = desk(tty=False, clock=pull)
    watched = Watched(place.terminal, pull.plan)
    for _ in watched.over(pull.going(watched, each=4, statuses="uffffxffff")):
        pass
    assert place.err.seen == (
        "Pulling: 5.0 MB of 20.0 MB, 500.0 kB/s, 2 of 10 files, 30s left\n"
        "Pulling: 8.0 MB of 20.0 MB, 500.0 kB/s, 3 of 10 files, 24s left\n"
        "Pulling: 11.0 MB of 20.0 MB, 500.0 kB/s, 5 of 10 files, 18s left\n"
        "warning: failed: 2026/03/05: storage did not answer\\x1b[2J\n"
        "hint: later\n"
        "Pulling: 14.0 MB of 20.0 MB, 500.0 kB/s, 6 of 10 files, 12s left\n"
        "Pulling: 17.0 MB of 20.0 MB, 500.0 kB/s, 8 of 10 files, 6s left\n"
        "Pulling: 20.0 MB of 20.0 MB, 500.0 kB/s, 9 of 10 files, 0s left\n"
    )


def test_while_the_listing_goes_on_there_is_no_total_and_no_time_left(pull: Pull) -> None:
    going_on = Plan(Path("to"))
    for one in pull.plan:
        assert isinstance(one, Target)
        going_on.add(one.collected)
    place = desk(tty=False, clock=pull)
    watched = Watched(place.terminal, going_on)
    steps = watched.over(pull.going(watched, each=12, statuses="f" * 10))
    next(steps)
    assert place.err.seen == ("Pulling: 1.0 MB, 0 of 10+ files\nPulling: 2.0 MB, 166.7 kB/s, 0 of 10+ files\n")


def test_a_reader_who_goes_is_told_what_is_there(pull: Pull) -> None:
    place = desk(tty=False, clock=pull)
    watched = Watched(place.terminal, pull.plan)
    steps = watched.over(pull.going(watched, each=1, statuses="f" * 10))
    next(steps)
    steps.close()  # type: ignore[attr-defined]  # it is a generator
    assert place.err.seen == ("stopped: fetched 1 file, 2.0 MB, 1 day; the same command again fetches the rest\n")


def test_a_pull_that_fetches_all_anew_does_not_promise_the_rest(pull: Pull) -> None:
    place = desk(tty=False, clock=pull)
    watched = Watched(place.terminal, pull.plan, overwrite=Overwrite.ALWAYS)
    steps = watched.over(pull.going(watched, each=1, statuses="f" * 10))
    next(steps)
    steps.close()  # type: ignore[attr-defined]  # it is a generator
    assert place.err.seen == (
        "stopped: fetched 1 file, 2.0 MB, 1 day; the same command again begins anew, as --overwrite always says\n"
    )


def test_an_error_that_ends_it_comes_after_how_far_it_was(pull: Pull) -> None:
    place = desk(tty=False, clock=pull)
    watched = Watched(place.terminal, pull.plan)

    def broken() -> Generator[Step, None, None]:
        yield from islice(pull.going(watched, each=1, statuses="u" + "f" * 9), 3)
        raise Unavailable("the listing broke")

    with pytest.raises(Unavailable):
        list(watched.over(broken()))
    assert place.err.seen == (
        "stopped: fetched 2 files, 4.0 MB, 1 day, 1 unchanged; the same command again fetches the rest\n"
    )


def test_quiet_shows_failures_alone(pull: Pull) -> None:
    place = desk(clock=pull)
    watched = Watched(place.terminal.configured(quiet=True), pull.plan)
    for _ in watched.over(pull.going(watched, each=4, statuses="fffffffffx")):
        pass
    assert place.err.seen == "warning: failed: 2026/03/09: storage did not answer\\x1b[2J\nhint: later\n"


def test_what_to_do_is_said_once_of_all_that_failed_alike(pull: Pull) -> None:
    place = desk(tty=False, clock=pull)
    watched = Watched(place.terminal.configured(machine=True), pull.plan)
    for _ in watched.over(pull.going(watched, each=0, statuses="uuuuuuxuux")):
        pass
    warning = {"level": "warning", "message": "failed: 2026/03/06: storage did not answer\x1b[2J", "hint": "later"}
    again = {"level": "warning", "message": "and 1 more: same reason; --debug names them"}
    assert [json.loads(line) for line in place.err.seen.splitlines()] == [warning, again]
