"""The one way to do several things at once: bounded, ordered, cancelled by Ctrl-C."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, suppress
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")
C = TypeVar("C")
R = TypeVar("R")

_PULSE_SECONDS: Final = 0.1
_AHEAD: Final = 8
"""Times as many items as workers may be taken in turn before the first one's result is there: an answer that is late
holds up few others, and what has had its turn is small."""


class GivenUp(Exception):
    """The call was not made, because `stop` was set before its turn came."""


def map_bounded(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int,
    stop: Event | None = None,
    only_reads: bool = False,
    patience: float | None = None,
) -> Generator[R, None, None]:
    """`function` of every item, in the items' order, at most `workers` of them at once, in threads.

    Items are taken as they are needed, at most `2 * workers` ahead of the result that is handed out,
    so memory does not grow with their number. Threads start with the first result asked for.

    Giving up (an item's error, Ctrl-C, or closing the iterator) starts nothing more, sets `stop` so
    that a long `function` can see it and end early, and waits for those that run. So whatever a
    `function` cleans up is cleaned up by the time the error is seen, or `patience` seconds are over: one that
    waits for a service which fell silent does not see `stop`. One that `only_reads` leaves nothing
    to clean up and is not waited for: an answer that is slow to come holds nobody up. Wrap the call in
    `contextlib.closing` where the loop's own body may raise.

    Raises:
        ValueError: fewer than one worker.
        GivenUp: `stop` was set by someone else.
        Exception: whatever `function` raised for an item, at that item's place in the order.
    """
    room = _Room(stop or Event(), workers)
    used, patience = room.used(function), 0.0 if only_reads else patience
    return _ordered(used, items, workers=workers, ahead=2 * workers, room=room, patience=patience)


def map_in_turn(
    function: Callable[[T], C],
    then: Callable[[C], R],
    items: Iterable[T],
    *,
    workers: int,
    stop: Event | None = None,
    patience: float | None = None,
) -> Generator[R, None, None]:
    """As `map_bounded`, and `then` of what `function` returned: by one thread, for one item after another, as they
    come. At most `workers` items are in `function`, in `then` or between them, and giving up waits for those too.

    It is for many short system calls: each lets go of Python's lock and asks for it again, and threads that do so at
    once take three times as long as one that does it for all of them.
    """
    room = _Room(stop or Event(), workers)
    hand = _Hand(then, room, at_once=max(1, workers // 8))  # the others wait for answers meanwhile

    def begin(item: T) -> Job[C, R]:
        room.enter()
        try:
            return hand.begin(function(item))
        except BaseException:
            room.leave()
            raise

    try:
        ahead = _AHEAD * workers
        with closing(_ordered(begin, items, workers=workers, ahead=ahead, room=room, patience=patience)) as jobs:
            for job in jobs:
                yield job.result()
    finally:
        hand.leave()


def _ordered(
    function: Callable[[T], R], items: Iterable[T], *, workers: int, ahead: int, room: _Room, patience: float | None
) -> Generator[R, None, None]:
    begun: deque[Job[T, R]] = deque()
    crew = Crew(function, workers)
    try:
        for item in items:
            begun.append(crew.begin(item))
            if len(begun) >= ahead:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    except BaseException:
        room.give_up()
        raise
    finally:
        crew.leave()
        room.wait_until_empty(patience)


class Job(Generic[T, R]):
    """One item on its way through a `Crew`.

    It is what a future is, at a tenth of the price: one thread waits for it, and is woken only when it does.
    """

    __slots__ = ("_done", "_error", "_item", "_lock", "_result", "_then", "_woken")

    def __init__(self, item: T) -> None:
        self._item = item
        self._done = False
        self._result: R | None = None
        self._error: BaseException | None = None
        self._lock = Lock()
        self._woken: Lock | None = None
        self._then: Callable[[], None] | None = None

    def result(self, *, stop: Event | None = None) -> R:
        """What came of it, once that is known. Raises what the function raised, and `GivenUp` once `stop` is set."""
        if not self._done:
            self._wait(stop)
        if self._error is not None:
            raise self._error
        return cast("R", self._result)

    def then(self, act: Callable[[], None]) -> None:
        """Have something done after it, or now where it is done already."""
        with self._lock:
            if not self._done:
                self._then = act
                return
        act()

    def run(self, function: Callable[[T], R]) -> None:
        """Do it, in a thread of the crew."""
        try:
            self._result = function(self._item)
        except BaseException as error:
            self._error = error
        with self._lock:
            self._done = True
            if self._woken:
                self._woken.release()
        if self._then:
            self._then()

    def _wait(self, stop: Event | None) -> None:
        with self._lock:
            if self._done:
                return
            self._woken = Lock()
            self._woken.acquire()
        # A wait without an end can miss Ctrl-C: the handler only leaves a note, and when the signal comes
        # just before the wait begins, nobody reads the note until something else ends the wait.
        while not self._woken.acquire(timeout=_PULSE_SECONDS):
            if stop and stop.is_set():
                raise GivenUp


class Crew(Generic[T, R]):
    """Threads that do what they are given, in turn. They are daemons: a pool's threads would hold up the program's
    end for as long as the slowest answer takes."""

    def __init__(self, function: Callable[[T], R], workers: int) -> None:
        from queue import SimpleQueue

        self._function = function
        self._workers = workers
        self._threads: list[Thread] = []
        self._starting = Lock()
        self._jobs: SimpleQueue[Job[T, R] | None] = SimpleQueue()

    def begin(self, item: T) -> Job[T, R]:
        """Have an item done as soon as a thread is free. Several threads may ask."""
        job: Job[T, R] = Job(item)
        self._jobs.put(job)
        if len(self._threads) < self._workers:
            self._start()
        return job

    def leave(self) -> None:
        """Let every thread end when all that was begun is done."""
        for _ in self._threads:
            self._jobs.put(None)

    def _start(self) -> None:
        with self._starting:
            if len(self._threads) < self._workers:
                self._threads.append(Thread(target=self._work, name="mlmon", daemon=True))
                self._threads[-1].start()

    def _work(self) -> None:
        while job := self._jobs.get():
            job.run(self._function)


class _Hand(Crew[T, R]):
    """One thread that does what many give it, and makes room for more when nothing waits or many are done: whoever it
    wakes takes Python's lock away from it at its next system call."""

    def __init__(self, function: Callable[[T], R], room: _Room, *, at_once: int) -> None:
        super().__init__(function, 1)
        self._room = room
        self._at_once = at_once

    def _work(self) -> None:
        done = 0
        while job := self._jobs.get():
            job.run(self._function)
            done += 1
            if done >= self._at_once or self._jobs.empty():
                self._room.leave(done)
                done = 0


class _Room:
    """Room for so many items on their way at once. The crew cannot say when there are none: Ctrl-C while it starts a
    thread makes it forget that thread."""

    def __init__(self, stop: Event, most: int) -> None:
        from queue import SimpleQueue

        if most < 1:
            raise ValueError("at least one worker is needed")
        self._stop = stop
        self._most = most
        # a semaphore of Python's takes ten times as long where there is something to wait for
        self._free: SimpleQueue[None] = SimpleQueue()
        self.leave(most)

    def used(self, function: Callable[[T], R]) -> Callable[[T], R]:
        """The function, with room taken while it runs."""

        def run(item: T) -> R:
            self.enter()
            try:
                return function(item)
            finally:
                self.leave()

        return run

    def enter(self) -> None:
        """Take room for one more, once there is some. Raises `GivenUp` once given up."""
        self._free.get()
        if self._stop.is_set():
            self.leave()
            raise GivenUp

    def leave(self, count: int = 1) -> None:
        """Make room for others."""
        for _ in range(count):
            self._free.put(None)

    def give_up(self) -> None:
        """Let none enter any more."""
        self._stop.set()

    def wait_until_empty(self, seconds: float | None) -> None:
        """Wait, but no longer than this, until all that entered have left."""
        from queue import Empty

        until = None if seconds is None else monotonic() + seconds
        taken = 0
        with suppress(Empty):
            while taken < self._most:
                self._free.get(timeout=None if until is None else max(0.0, until - monotonic()))
                taken += 1
        self.leave(taken)  # who still waits for room learns that all is over
