"""Following logs, with a clock that stands still until somebody waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from threading import Event

import pytest

from mlmon.core.errors import Failure, MlmonError, NotAllowed, NotFound, Unavailable, UsageError
from mlmon.core.follow import Gap, GapReason
from mlmon.core.model import LogSnapshot
from mlmon.monitoring.asking import Answer, Source, Threads
from mlmon.monitoring.following import Followed, Polled, Recovered, StatusChanged, Trouble, Unfinished, follow
from mlmon.monitoring.pacing import Pace, Tempo

THROTTLED = Unavailable("could not read the log: Azure throttles", hint="try again in 7 s", retry_after=7)
DOWN = Unavailable("could not read the log: Azure answered 503", hint="try again in a minute")


@dataclass
class Desk:
    """Requests that are answered at once, or so many seconds later, on a clock that only waiting moves."""

    sources: Mapping[str, Source]
    latency: float = 0.0
    time: float = 0.0
    asked: list[tuple[float, str, int]] = field(default_factory=list)
    closed: bool = False
    _under_way: list[tuple[float, str, int]] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def ask(self, service: str, lines: int) -> None:
        assert service not in {one for _, one, _ in self._under_way}, "two requests for one service"
        self.asked.append((self.time, service, lines))
        self._under_way.append((self.time + self.latency, service, lines))

    def answer(self, *, within: float) -> Answer | None:
        self._under_way.sort()
        if not self._under_way or self._under_way[0][0] > self.time + within:
            self.time += within
            return None
        at, service, lines = self._under_way.pop(0)
        self.time = max(self.time, at)
        try:
            return Answer(service, lines, self.sources[service](lines))
        except MlmonError as error:
            return Answer(service, lines, error)

    def close(self) -> None:
        self.closed = True


class Log:
    """A log that others write."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.status = ""
        self.unfinished = False
        self.before: Callable[[], None] = lambda: None
        self.faults: list[MlmonError | None] = []

    def __call__(self, lines: int) -> LogSnapshot:
        self.before()
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        last = tuple(self.lines[max(0, len(self.lines) - lines) :])
        return LogSnapshot(last, self.status, unfinished=self.unfinished)


def calm(pace: Pace) -> Tempo:
    return Tempo(pace, jitter=lambda: 0.0)


def told(log: Log, *, tail: int | None = 3, seconds: float = 10.0) -> list[object]:
    desk = Desk({"ep/blue": log})
    return [each.event for each in follow({"ep/blue": log}, tail=tail, duration=seconds, asking=desk, tempo=calm)]


def numbered(count: int, *, start: int = 0) -> list[str]:
    return [f"line {number}" for number in range(start, start + count)]


def test_it_begins_with_the_last_lines_and_goes_on_with_new_ones() -> None:
    log = Log(*numbered(1000))
    rounds = iter([None, None, ["a", "b"], None, ["c"]])
    log.before = lambda: log.lines.extend(next(rounds, None) or [])
    lines = [each for each in told(log) if isinstance(each, str)]
    assert lines == ["line 997", "line 998", "line 999", "a", "b", "c"]


@pytest.mark.parametrize(("tail", "shown"), [(0, []), (1, ["two"]), (9, ["one", "two"]), (None, ["one", "two"])])
def test_as_many_lines_as_wanted_come_first(tail: int | None, shown: list[str]) -> None:
    assert told(Log("one", "two"), tail=tail, seconds=1) == [*shown, Polled(len(shown))]


def test_a_last_line_without_an_end_is_told_as_such_until_it_has_one() -> None:
    log = Log("one", "tw")
    log.unfinished = True
    written = iter(["tw", "tw", "two and", "two and three"])

    def write() -> None:
        log.lines[1] = next(written, "two and three")
        log.unfinished = log.lines[1] != "two and three"

    log.before = write
    happened = [each for each in told(log) if each != Polled(0)]
    assert happened == [
        "one",
        Polled(1),
        Unfinished("tw"),
        Unfinished("two and"),
        "two and three",
        Polled(1),
        Unfinished(""),
    ]


def test_a_log_that_is_idle_is_asked_for_less_often_and_a_busy_one_more_often() -> None:
    log = Log("start")
    desk = Desk({"s": log})
    busy = False
    numbers = iter(range(10**6))

    def write() -> None:
        if busy:
            log.lines.append(f"{next(numbers)}")

    log.before = write
    following = follow({"s": log}, tail=0, duration=60, asking=desk, tempo=calm)
    for _ in following:
        busy = desk.time >= 30
    gaps = [round(after - before, 2) for (before, *_), (after, *_) in zip(desk.asked, desk.asked[1:], strict=False)]
    assert gaps[:6] == [1.5, 2.25, 3.38, 5.0, 5.0, 5.0]
    assert set(gaps[-10:]) == {1.0}


def test_a_busy_log_is_asked_for_as_many_lines_as_it_writes() -> None:
    log = Log()
    desk = Desk({"s": log})
    log.before = lambda: log.lines.extend(numbered(int(desk.time * 2000) - len(log.lines), start=len(log.lines)))
    seen = [each.event for each in follow({"s": log}, tail=0, duration=30, asking=desk, tempo=calm)]
    assert [each for each in seen if isinstance(each, str)] == log.lines
    assert not any(isinstance(each, Gap) for each in seen)
    assert [lines for *_, lines in desk.asked][:4] == [500, 500, 2000, 8000]
    assert max(lines for *_, lines in desk.asked) == 8000


def test_more_lines_are_asked_for_before_a_gap_is_told() -> None:
    """The log jumps by 1 500 lines: the next 500 do not join, four times as many do."""
    log = Log(*numbered(1000))
    jumps = iter([0, 1500])
    log.before = lambda: log.lines.extend(numbered(next(jumps, 0), start=len(log.lines)))
    desk = Desk({"s": log})
    seen = [each.event for each in follow({"s": log}, tail=0, duration=2, asking=desk, tempo=calm)]
    assert seen == [Polled(0), *numbered(1500, start=1000), Polled(1500)]
    assert desk.asked[:3] == [(0.0, "s", 500), (1.5, "s", 500), (1.5, "s", 2000)]


def test_a_gap_is_told_where_no_number_of_lines_joins() -> None:
    log = Log(*numbered(1000))
    jumps = iter([0, 100_000])
    log.before = lambda: log.lines.extend(numbered(next(jumps, 0), start=len(log.lines)))
    desk = Desk({"s": log})
    seen = [each.event for each in follow({"s": log}, tail=0, duration=2, asking=desk, tempo=calm)]
    assert seen == [
        Polled(0),
        Gap(None, GapReason.NO_OVERLAP),
        *numbered(50_000, start=51_000),
        Polled(50_000),
    ]
    assert [lines for *_, lines in desk.asked] == [500, 500, 2000, 8000, 32_000, 50_000]


def test_a_log_nobody_can_tell_apart_is_asked_for_deeply_once() -> None:
    log = Log(*["same"] * 100_000)
    desk = Desk({"s": log})
    seen = [each.event for each in follow({"s": log}, tail=0, duration=30, asking=desk, tempo=calm)]
    assert [each for each in seen if not isinstance(each, Polled)] == [Gap(49_999, GapReason.AMBIGUOUS)]
    assert [lines for *_, lines in desk.asked][:7] == [500, 500, 2000, 8000, 32_000, 50_000, 500]
    assert [lines for *_, lines in desk.asked].count(50_000) == 1


def test_it_goes_on_through_whatever_passes_and_says_so_once() -> None:
    log = Log("one")
    log.faults = [None, THROTTLED, THROTTLED, DOWN, NotAllowed("signed out", hint="az login"), None]
    rounds = iter([[], [], [], [], [], ["two"]])
    log.before = lambda: log.lines.extend(next(rounds, []))
    desk = Desk({"s": log})
    seen = [each.event for each in follow({"s": log}, tail=5, duration=40, asking=desk, tempo=calm)]
    assert [each for each in seen if each != Polled(0)] == [
        "one",
        Polled(1),
        Trouble(THROTTLED.message, "try again in 7 s", 7.0),
        Trouble(DOWN.message, DOWN.hint, 4.0),
        Trouble("signed out", "az login", 8.0),
        Recovered(7.0 + 7.0 + 4.0 + 8.0),
        "two",
        Polled(1),
    ]
    assert [at for at, *_ in desk.asked][:6] == [0.0, 1.5, 8.5, 15.5, 19.5, 27.5]


def test_a_service_that_was_throttled_is_asked_less_often_for_a_while() -> None:
    tempo = calm(Pace())
    assert tempo.failed(retry_after=0.0) == 1.0
    assert [round(tempo.brought(5, seconds=1.0), 2) for _ in range(4)] == [1.4, 1.0, 1.0, 1.0]


def test_pauses_grow_are_spread_and_have_an_end() -> None:
    tempo = Tempo(Pace(), jitter=lambda: 1.0)
    assert [tempo.failed(retry_after=None) for _ in range(7)] == [1.25, 2.5, 5.0, 10.0, 20.0, 37.5, 37.5]
    assert tempo.failed(retry_after=float("inf")) == 3600 * 1.25


def test_many_services_are_asked_for_no_more_often_together() -> None:
    logs = {f"s{number}": Log("line") for number in range(50)}
    desk = Desk(logs)
    list(follow(logs, tail=0, duration=60, asking=desk, tempo=calm))
    assert len(desk.asked) <= 50 + 60 * 5


def test_lines_of_several_services_come_with_their_names_and_one_request_at_a_time() -> None:
    logs = {"a": Log("a1"), "b": Log("b1")}
    desk = Desk(logs, latency=0.7)
    seen = list(follow(logs, tail=1, duration=2, asking=desk, tempo=calm))
    assert [each for each in seen if isinstance(each.event, str)] == [Followed("a", "a1"), Followed("b", "b1")]
    assert desk.closed


def test_a_status_is_told_when_it_changes_and_is_no_line() -> None:
    log = Log("one")
    log.status = "Instance status: Starting"
    changes = iter(["Instance status: Starting", "Instance status: Running"])

    def change() -> None:
        log.status = next(changes, log.status)

    log.before = change
    assert [each for each in told(log) if not isinstance(each, Polled)] == [
        StatusChanged("Instance status: Starting"),
        "one",
        StatusChanged("Instance status: Running"),
    ]


def test_blank_lines_that_a_snapshot_leaves_out_do_not_make_it_a_whole_log() -> None:
    window = tuple(numbered(499))
    snapshots = iter([LogSnapshot(window, left_out=1), LogSnapshot((*window[2:], "", "next"))])
    latest = LogSnapshot(())

    def source(lines: int) -> LogSnapshot:
        nonlocal latest
        latest = next(snapshots, latest)
        return latest

    seen = follow({"s": source}, tail=0, duration=3, asking=Desk({"s": source}), tempo=calm)
    assert [each.event for each in seen][:4] == [Polled(0), "", "next", Polled(2)]


@pytest.mark.parametrize("error", [NotFound("no such service"), NotAllowed("no role"), Failure("refused")])
def test_what_never_could_be_read_and_is_no_passing_fault_ends_it(error: MlmonError) -> None:
    log = Log()
    log.faults = [error]
    with pytest.raises(type(error)):
        told(log)


def test_one_service_of_several_that_cannot_be_read_does_not_end_it() -> None:
    good, bad = Log("line"), Log()
    bad.faults = [NotFound("no such service", hint="see mlmon status")] * 100
    logs = {"bad": bad, "good": good}
    seen = list(follow(logs, tail=1, duration=20, asking=Desk(logs, latency=0.1), tempo=calm))
    assert [each for each in seen if not isinstance(each.event, Polled)] == [
        Followed("bad", Trouble("no such service", "see mlmon status", 1.0)),
        Followed("good", "line"),
    ]


def test_a_service_that_is_deployed_anew_is_followed_on() -> None:
    log = Log("old")
    log.faults = [None, NotFound("no such service"), None]
    rounds = iter([["old"], [], ["new"]])

    def redeploy() -> None:
        log.lines = next(rounds, log.lines)

    log.before = redeploy
    assert [each for each in told(log) if not isinstance(each, Polled)] == [
        "old",
        Trouble("no such service", "", 1.0),
        Recovered(1.0),
        Gap(None, GapReason.RESTARTED),
        "new",
    ]


def test_an_error_of_the_callers_own_ends_it() -> None:
    log = Log("one")
    log.faults = [None, UsageError("no such container")]
    with pytest.raises(UsageError):
        told(log)


def hanging(release: Event) -> Source:
    def source(lines: int) -> LogSnapshot:
        release.wait(30)
        return LogSnapshot(())

    return source


@pytest.fixture
def release() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


def test_a_request_that_hangs_holds_up_neither_the_others_nor_the_end(release: Event) -> None:
    sources = {"hangs": hanging(release), "good": Log("line")}
    began = time.monotonic()
    following = follow(sources, tail=1)
    assert [each.event for each in islice(following, 2)] == ["line", Polled(1)]
    following.close()
    assert time.monotonic() - began < 1


def test_it_stops_within_a_second_when_told_to(release: Event) -> None:
    stop = Event()
    sources = {"hangs": hanging(release), "good": Log("line")}
    began = time.monotonic()
    for each in follow(sources, tail=1, stop=stop):
        if each.event == Polled(1):
            stop.set()
    assert time.monotonic() - began < 1


def test_a_fault_of_ours_is_seen_where_it_can_be_reported() -> None:
    def source(lines: int) -> LogSnapshot:
        raise ZeroDivisionError

    desk = Threads({"s": source})
    desk.ask("s", 1)
    with pytest.raises(ZeroDivisionError):
        desk.answer(within=5)
    assert desk.answer(within=0.01) is None
    desk.close()
