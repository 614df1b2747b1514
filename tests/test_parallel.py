"""Several things at once: in order, bounded, and over when someone gives up."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from threading import Barrier, Event, Lock, Thread, current_thread
from threading import enumerate as enumerate_threads
from time import sleep

import pytest

from mlmon.core.parallel import GivenUp, map_bounded, map_in_turn


def test_results_come_in_the_order_of_the_items() -> None:
    first_may_end = Event()

    def slow_first(number: int) -> int:
        if number == 0:
            first_may_end.wait()
        else:
            first_may_end.set()
        return number * number

    assert list(map_bounded(slow_first, range(20), workers=2)) == [number * number for number in range(20)]


def test_several_run_at_once_and_never_more_than_asked() -> None:
    meeting = Barrier(3)
    lock, running, most = Lock(), 0, 0

    def meet(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        meeting.wait()
        with lock:
            running -= 1
        return number

    assert list(map_bounded(meet, range(9), workers=3)) == list(range(9))
    assert most == 3


def test_items_are_taken_only_as_far_ahead_as_needed() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number

    with closing(map_bounded(str, items(), workers=2)) as results:
        assert next(results) == "0"
        assert taken == 4


def test_an_error_comes_at_its_place_and_stops_the_rest() -> None:
    stop = Event()
    begun: list[int] = []

    def fail_at_two(number: int) -> int:
        begun.append(number)
        if number == 2:
            raise LookupError("two")
        return number

    results = map_bounded(fail_at_two, range(1000), workers=2, stop=stop)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(LookupError, match="two"):
        next(results)
    assert stop.is_set()
    assert len(begun) < 20


def test_closing_tells_those_that_run_and_waits_for_them() -> None:
    stop, ended = Event(), Event()

    def until_stopped(number: int) -> int:
        if number:
            stop.wait()
            ended.set()
        return number

    results = map_bounded(until_stopped, [0, 1, 2, 3, 4], workers=2, stop=stop)
    # the third item fills the room ahead; its turn comes when the first is done
    assert next(results) == 0
    results.close()
    assert ended.is_set()


def test_nothing_starts_before_the_first_result_is_asked_for() -> None:
    begun: list[int] = []
    map_bounded(begun.append, [1, 2, 3], workers=1)
    assert begun == []


def test_a_stop_that_someone_else_sets_starts_nothing_more() -> None:
    stop = Event()
    results = map_bounded(str, range(100), workers=1, stop=stop)
    assert next(results) == "0"
    stop.set()
    with pytest.raises(GivenUp):
        list(results)


def test_no_workers_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        map_bounded(str, [1], workers=0)


CTRL_C = """
import sys
from threading import Event
from mlmon.core.parallel import map_bounded
stop = Event()
def work(number):
    print("begun", flush=True)
    stop.wait()
    print("cleaned up", flush=True)
try:
    list(map_bounded(work, range(100), workers=1, stop=stop))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_it_after_what_runs_has_cleaned_up() -> None:
    with subprocess.Popen([sys.executable, "-c", CTRL_C], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "cleaned up\ninterrupted\n"
        assert process.wait() == 0


def test_what_only_reads_is_not_waited_for_when_something_fails() -> None:
    """A service that is slow to answer holds up neither an error nor Ctrl-C."""
    for_ever = Event()

    def read(number: int) -> None:
        if number:
            for_ever.wait()
        raise LookupError("no such thing")

    with pytest.raises(LookupError):
        list(map_bounded(read, range(3), workers=3, only_reads=True))


def test_a_program_ends_at_once_while_something_is_still_read() -> None:
    program = (
        "import signal, threading, _thread\n"
        "from mlmon.core.parallel import map_bounded\n"
        "threading.Timer(0.2, _thread.interrupt_main).start()\n"
        "list(map_bounded(lambda _: threading.Event().wait(30), range(3), workers=3, only_reads=True))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=20)
    assert done.stderr.strip().endswith("KeyboardInterrupt")


def test_who_does_not_see_that_all_is_over_is_waited_for_with_patience() -> None:
    stop, silent = Event(), Event()

    def wait_for_a_silent_service(number: int) -> int:
        if number:
            silent.wait()
        return number

    results = map_bounded(wait_for_a_silent_service, range(4), workers=2, stop=stop, patience=0.05)
    assert next(results) == 0
    results.close()  # does not return where the patience has no end
    assert stop.is_set()
    silent.set()


class TestInTurn:
    """What has to be done in turn is done by one thread, while others fetch what comes next."""

    def test_results_come_in_the_order_of_the_items_and_turns_in_the_order_they_came(self) -> None:
        others_are_done = Event()
        turns: list[int] = []
        threads: set[str] = set()

        def slow_first(number: int) -> int:
            if number == 0:
                others_are_done.wait()
            return number

        def turn(number: int) -> int:
            turns.append(number)
            threads.add(str(current_thread().ident))
            if len(turns) == 3:
                others_are_done.set()
            return number * number

        assert list(map_in_turn(slow_first, turn, range(8), workers=2)) == [number * number for number in range(8)]
        assert turns[:3] == [1, 2, 3]
        assert sorted(turns) == [*range(8)]
        assert len(threads) == 1

    @pytest.mark.parametrize("workers", [1, 4])
    def test_never_more_are_on_their_way_than_there_are_workers(self, workers: int) -> None:
        lock, on_their_way, most = Lock(), 0, 0

        def count(change: int) -> None:
            nonlocal on_their_way, most
            with lock:
                on_their_way += change
                most = max(most, on_their_way)

        def slow_turn(number: int) -> int:
            sleep(0.001)
            count(-1)
            return number

        def begin(number: int) -> int:
            count(1)
            return number

        assert list(map_in_turn(begin, slow_turn, range(50), workers=workers)) == [*range(50)]
        assert most == workers

    @pytest.mark.parametrize("fails", ["function", "turn"])
    def test_an_error_comes_at_its_place_and_stops_the_rest(self, fails: str) -> None:
        stop, begun, ended = Event(), Counted(), Counted()

        def see(number: int, part: str) -> int:
            if number == 2 and part == fails:
                raise LookupError(part)
            return number

        def function(number: int) -> int:
            begun.add()
            return see(number, "function")

        def turn(number: int) -> int:
            ended.add()
            return see(number, "turn")

        results = map_in_turn(function, turn, range(1000), workers=2, stop=stop)
        assert [next(results), next(results)] == [0, 1]
        with pytest.raises(LookupError, match=fails):
            next(results)
        assert stop.is_set()
        assert begun.count < 20
        assert ended.count == begun.count - (fails == "function"), "what was fetched had its turn"

    def test_closing_waits_for_the_turn_of_what_has_come(self) -> None:
        second_came, ended = Event(), Event()

        def function(number: int) -> int:
            if number:
                second_came.set()
            return number

        def turn(number: int) -> int:
            if number:
                sleep(0.05)
                ended.set()
            return number

        results = map_in_turn(function, turn, range(4), workers=2)
        assert next(results) == 0
        second_came.wait()
        results.close()
        assert ended.is_set()

    def test_no_thread_is_left_waiting_for_room_when_all_is_over(self) -> None:
        before, started = {*enumerate_threads()}, set[Thread]()
        for _ in range(10):
            results = map_in_turn(int, lambda number: sleep(0.001) or number, range(1000), workers=2)
            next(results)
            started |= {*enumerate_threads()} - before
            results.close()
        for thread in started:
            thread.join(1)
        assert [thread for thread in started if thread.is_alive()] == []
        assert started

    def test_no_workers_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="at least one worker"):
            list(map_in_turn(str, str, [1], workers=0))


class Counted:
    """How often something was done, by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.count = 0

    def add(self) -> None:
        with self._lock:
            self.count += 1
