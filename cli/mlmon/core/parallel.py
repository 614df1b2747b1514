"""The one way to do several things at once: bounded, ordered, cancelled by Ctrl-C."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from threading import Condition, Event, Lock, Thread
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")
R = TypeVar("R")

_PULSE_SECONDS: Final = 0.1


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
    if workers < 1:
        raise ValueError("at least one worker is needed")
    return _ordered(
        function,
        items,
        workers=workers,
        running=_Running(stop or Event()),
        patience=0.0 if only_reads else patience,
    )


def _ordered(
    function: Callable[[T], R], items: Iterable[T], *, workers: int, running: _Running, patience: float | None
) -> Generator[R, None, None]:
    ahead: deque[Job[T, R]] = deque()
    crew = Crew(running.counted(function), workers)
    try:
        for item in items:
            ahead.append(crew.begin(item))
            if len(ahead) >= 2 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    except BaseException:
        running.give_up()
        raise
    finally:
        crew.leave()
        running.wait_until_none(patience)


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
        self._jobs: SimpleQueue[Job[T, R] | None] = SimpleQueue()

    def begin(self, item: T) -> Job[T, R]:
        """Have an item done as soon as a thread is free."""
        job: Job[T, R] = Job(item)
        self._jobs.put(job)
        if len(self._threads) < self._workers:
            self._threads.append(Thread(target=self._work, name="mlmon", daemon=True))
            self._threads[-1].start()
        return job

    def leave(self) -> None:
        """Let every thread end when all that was begun is done."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while job := self._jobs.get():
            job.run(self._function)


class _Running:
    """How many calls run. The crew cannot say: Ctrl-C while it starts a thread makes it forget that thread."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._changed = Condition(Lock())
        self._count = 0

    def counted(self, function: Callable[[T], R]) -> Callable[[T], R]:
        """The function, counted while it runs; once given up, none begins."""

        def run(item: T) -> R:
            with self._changed:
                if self._stop.is_set():
                    raise GivenUp
                self._count += 1
            try:
                return function(item)
            finally:
                with self._changed:
                    self._count -= 1
                    if not self._count:
                        self._changed.notify_all()

        return run

    def give_up(self) -> None:
        with self._changed:
            self._stop.set()

    def wait_until_none(self, seconds: float | None) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._count, timeout=seconds)
