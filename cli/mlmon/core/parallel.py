"""The one way to do several things at once: bounded, ordered, cancelled by Ctrl-C."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from threading import Condition, Event
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
R = TypeVar("R")

_PULSE_SECONDS: Final = 0.1


class GivenUp(Exception):
    """The call was not made, because `stop` was set before its turn came."""


def map_bounded(
    function: Callable[[T], R], items: Iterable[T], *, workers: int, stop: Event | None = None
) -> Generator[R, None, None]:
    """`function` of every item, in the items' order, at most `workers` of them at once, in threads.

    Items are taken as they are needed, at most `2 * workers` ahead of the result that is handed out,
    so memory does not grow with their number. Threads start with the first result asked for.

    Giving up (an item's error, Ctrl-C, or closing the iterator) starts nothing more, sets `stop` so
    that a long `function` can see it and end early, and waits for those that run. So whatever a
    `function` cleans up is cleaned up by the time the error is seen. Wrap the call in
    `contextlib.closing` where the loop's own body may raise.

    Raises:
        ValueError: fewer than one worker.
        GivenUp: `stop` was set by someone else.
        Exception: whatever `function` raised for an item, at that item's place in the order.
    """
    if workers < 1:
        raise ValueError("at least one worker is needed")
    return _ordered(function, items, workers, stop or Event())


def _ordered(function: Callable[[T], R], items: Iterable[T], workers: int, stop: Event) -> Generator[R, None, None]:
    from concurrent.futures import ThreadPoolExecutor  # why here: 8 ms that only parallel work needs

    ahead: deque[Future[R]] = deque()
    running = _Running(stop)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="mlmon")

    def run(item: T) -> R:
        with running.one():
            return function(item)

    try:
        for item in items:
            ahead.append(pool.submit(run, item))
            if len(ahead) >= 2 * workers:
                yield _result(ahead.popleft())
        while ahead:
            yield _result(ahead.popleft())
    except BaseException:
        running.give_up()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        running.wait_until_none()


def _result(future: Future[R]) -> R:
    from concurrent.futures import wait

    # A wait without an end can miss Ctrl-C: the handler only leaves a note, and when the signal comes
    # just before the wait begins, nobody reads the note until something else ends the wait.
    while not future.done():
        wait([future], timeout=_PULSE_SECONDS)
    return future.result()


class _Running:
    """How many calls run. The pool cannot say: Ctrl-C while it starts a thread makes it forget that thread."""

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
