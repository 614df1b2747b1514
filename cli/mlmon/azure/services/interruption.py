"""Ctrl-C while Azure changes something: we stop waiting, and Azure goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from mlmon.core.errors import Interrupted
from mlmon.core.model import ServiceName
from mlmon.core.parallel import GivenUp


@contextmanager
def sending(name: ServiceName, stop: Event | None) -> Iterator[None]:
    """Say of an interruption inside that nobody knows yet what came of it.

    Raises:
        Interrupted: Ctrl-C inside.
        GivenUp: `stop` was set before, and nothing was sent.
    """
    if stop is not None and stop.is_set():
        raise GivenUp
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted: Azure may have begun to change {name}", hint="mlmon status shows what holds now"
        ) from None


@contextmanager
def going_on(name: ServiceName) -> Iterator[None]:
    """Say of an interruption inside that what was begun is not taken back. Raises `Interrupted`."""
    try:
        yield
    except KeyboardInterrupt:
        raise left(name) from None


def pausing(name: ServiceName, stop: Event | None) -> Callable[[float], None]:
    """A sleep that ends early, with `Interrupted`, once `stop` is set."""
    if stop is None:
        return time.sleep

    def pause(seconds: float) -> None:
        if stop.wait(seconds):
            raise left(name)

    return pause


def left(name: ServiceName) -> Interrupted:
    """The error that stands for an operation that nobody waits for any more."""
    return Interrupted(
        f"interrupted: Azure goes on with what it has begun on {name}", hint="mlmon status shows when it is done"
    )
