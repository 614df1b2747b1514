"""Regular expressions that a person wrote, over text that anybody may have written.

One with a repeat inside a repeat can take longer for a short line than anybody lives, and whoever writes to a log may
know that. Python's `re` has no bound, but looks for signals while it works, so that a timer can end it.
"""

from __future__ import annotations

import re
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Final

from mlmon.core.errors import UsageError

_SECONDS: Final = 1.0
"""The CPU time that expressions may take for one text: a million characters take some hundredths of one."""


def compiled(text: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern. Raises `re.error`. What Python may read otherwise one day (`[[`) is no warning to a user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(text, flags)


def any_finds(patterns: Sequence[re.Pattern[str]], text: str) -> bool:
    """Whether one of them finds something. Raises `UsageError` when they take too long; see `_bounded`."""
    if not patterns:
        return False
    with _bounded(text):
        return any(pattern.search(text) for pattern in patterns)


def spans(patterns: Sequence[re.Pattern[str]], text: str) -> list[tuple[int, int]]:
    """All that they find, but what is empty: where it begins and ends, in order. Raises as `any_finds`."""
    with _bounded(text):
        return sorted(found.span() for pattern in patterns for found in pattern.finditer(text) if found[0])


class _TooLongError(Exception):
    """The time is over."""


@contextmanager
def _bounded(text: str) -> Iterator[None]:
    """A time for what expressions do with this text. Only the main thread gets signals, and Windows has no timers:
    elsewhere there is no bound. So expressions of a person belong into the main thread, where Ctrl-C ends them too.

    Raises:
        UsageError: it was not enough.
    """
    if not hasattr(signal, "setitimer") or current_thread() is not main_thread():
        yield
        return
    done = False

    def ring(*_: object) -> None:
        if not done:  # it may ring in the moment in which it is switched off
            raise _TooLongError

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
    try:
        yield
    except _TooLongError:
        raise UsageError(
            f"a regular expression takes too long for a text of {len(text)} characters",
            hint="one repeat inside another, like (a+)+, may be why: write it with one, or more exactly",
        ) from None
    finally:
        done = True
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
