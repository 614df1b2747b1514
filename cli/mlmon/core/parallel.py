"""The one way to do several things at once: bounded, ordered, cancelled by Ctrl-C."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future
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
) -> Generator[R, None, None]:
    """`function` of every item, in the items' order, at most `workers` of them at once, in threads.

    Items are taken as they are needed, at most `2 * workers` ahead of the result that is handed out,
    so memory does not grow with their number. Threads start with the first result asked for.

    Giving up (an item's error, Ctrl-C, or closing the iterator) starts nothing more, sets `stop` so
    that a long `function` can see it and end early, and waits for those that run. So whatever a
    `function` cleans up is cleaned up by the time the error is seen. One that `only_reads` leaves nothing
    to clean up and is not waited for: an answer that is slow to come holds nobody up. Wrap the call in
    `contextlib.closing` where the loop's own body may raise.

    Raises:
        ValueError: fewer than one worker.
        GivenUp: `stop` was set by someone else.
        Exception: whatever `function` raised for an item, at that item's place in the order.
    """
    if workers < 1:
        raise ValueError("at least one worker is needed")
    return _ordered(function, items, workers=workers, running=_Running(stop or Event()), only_reads=only_reads)


def _ordered(
    function: Callable[[T], R], items: Iterable[T], *, workers: int, running: _Running, only_reads: bool
) -> Generator[R, None, None]:
    ahead: deque[Future[R]] = deque()

    def run(item: T) -> R:
        with running.one():
            return function(item)

    crew = _Crew(run, workers)
    try:
        for item in items:
            ahead.append(crew.begin(item))
            if len(ahead) >= 2 * workers:
                yield _result(ahead.popleft())
        while ahead:
            yield _result(ahead.popleft())
    except BaseException:
        running.give_up()
        raise
    finally:
        for future in ahead:
            future.cancel()
        crew.leave()
        if not only_reads:
            running.wait_until_none()


class _Crew(Generic[T, R]):
    """Threads that do what they are given, in turn. They are daemons: a pool's threads would hold up the program's
    end for as long as the slowest answer takes."""

    def __init__(self, function: Callable[[T], R], workers: int) -> None:
        from queue import SimpleQueue

        self._function = function
        self._workers = workers
        self._threads: list[Thread] = []
        self._jobs: SimpleQueue[tuple[Future[R], T] | None] = SimpleQueue()

    def begin(self, item: T) -> Future[R]:
        """Have an item done as soon as a thread is free."""
        from concurrent.futures import Future  # why here: 8 ms that only parallel work needs

        future: Future[R] = Future()
        self._jobs.put((future, item))
        if len(self._threads) < self._workers:
            self._threads.append(Thread(target=self._work, name="mlmon", daemon=True))
            self._threads[-1].start()
        return future

    def leave(self) -> None:
        """Let every thread end when it is done with what it does."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while job := self._jobs.get():
            future, item = job
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._function(item))
                except BaseException as error:
                    future.set_exception(error)


def _result(future: Future[R]) -> R:
    from concurrent.futures import wait

    # A wait without an end can miss Ctrl-C: the handler only leaves a note, and when the signal comes
    # just before the wait begins, nobody reads the note until something else ends the wait.
    while not future.done():
        wait([future], timeout=_PULSE_SECONDS)
    return future.result()


class _Running:
    """How many calls run. The crew cannot say: Ctrl-C while it starts a thread makes it forget that thread."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._changed = Condition()
        self._count = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one call while it runs; once given up, none begins."""
        with self._changed:
            if self._stop.is_set():
                raise GivenUp
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def give_up(self) -> None:
        with self._changed:
            self._stop.set()

    def wait_until_none(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._count)
