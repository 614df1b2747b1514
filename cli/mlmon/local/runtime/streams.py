"""Standard output and error while scripts run in this process, and after, when threads of theirs live on.

What mlmon itself writes is data that another program reads: nothing that a script prints may get in between,
whichever of its threads prints it and whenever.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TextIO, cast
from weakref import WeakKeyDictionary, WeakSet

from mlmon.local.runtime.output import Printed


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """The two outputs of one script, or those that the process had before."""

    out: TextIO
    err: TextIO


@dataclass(slots=True)
class _Threads:
    """Whose threads are whose. Changed by one script at a time; read by every thread that prints."""

    before: WeakSet[threading.Thread] = field(default_factory=WeakSet)
    """Those that lived before any script ran: the process's own."""
    owners: WeakKeyDictionary[threading.Thread, Streams] = field(default_factory=WeakKeyDictionary)
    last: Streams | None = None


_THREADS: Final = _Threads()


class _Routed:
    """Both outputs of the process, by the thread that uses them. `own` is what the process itself had."""

    def __init__(self, to: Streams, *, is_error: bool, own: TextIO | None, after: bool) -> None:
        self._to = to
        self._is_error = is_error
        self.after = after
        self.own = own

    def __getattr__(self, name: str) -> Any:
        streams = self._streams()
        return getattr(streams.err if self._is_error else streams.out, name)

    def _streams(self) -> Streams:
        thread = threading.current_thread()
        if owner := _THREADS.owners.get(thread):
            return owner
        # a thread that a script's thread started meanwhile: most likely the last script's
        if self.after and _THREADS.last and thread not in _THREADS.before:
            return _THREADS.last
        return self._to


@contextmanager
def redirected(to: Streams) -> Iterator[None]:
    """Send what this thread, and the threads it starts, print to a script's outputs; the latter for good.

    One block at a time, but for one inside another on the same thread. Where such threads live on, the process's
    own outputs stay wrapped for them; otherwise they are afterwards the very objects they were.
    """
    out, err = sys.stdout, sys.stderr
    own_out, own_err = _own(out), _own(err)
    if own_out is out and own_err is err:
        _THREADS.before = WeakSet(set(threading.enumerate()) - set(_THREADS.owners))
    _THREADS.owners.pop(threading.current_thread(), None)  # one of a server's, which now works for this script
    _THREADS.last = to
    _install(to, own_out, own_err, after=False)
    try:
        yield
    finally:
        inside = any(isinstance(stream, _Routed) and not stream.after for stream in (out, err))
        if _adopted(to) and not inside:
            _install(Streams(own_out or _nowhere(), own_err or _nowhere()), own_out, own_err, after=True)
        else:
            sys.stdout, sys.stderr = (out, err) if inside else (own_out, own_err)


def _install(to: Streams, own_out: TextIO, own_err: TextIO, *, after: bool) -> None:
    sys.stdout = cast("TextIO", _Routed(to, is_error=False, own=own_out, after=after))
    sys.stderr = cast("TextIO", _Routed(to, is_error=True, own=own_err, after=after))


def _own(stream: TextIO) -> TextIO:
    """None where the process was started without one."""
    return cast("TextIO", stream.own) if isinstance(stream, _Routed) else stream


def _adopted(to: Streams) -> bool:
    """Note whose the new threads are; whether there are any that may print after the script."""
    others = [each for each in threading.enumerate() if each not in _THREADS.before]
    others = [each for each in others if each is not threading.current_thread()]
    for thread in others:
        _THREADS.owners.setdefault(thread, to)
    return bool(others)


def _nowhere() -> TextIO:
    return cast("TextIO", Printed(lambda _: None))
