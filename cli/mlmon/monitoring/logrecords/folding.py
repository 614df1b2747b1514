"""Lines become records: a traceback belongs to the record above it, and is one itself where there is none.

A traceback comes below what logged it, in lines of its own:

    2026-03-01 10:00:00,123 E [70] azmlinfsrv - Encountered Exception: Traceback (most recent call last):
      File "/var/azureml-app/score.py", line 3, in run
        return 1 / 0
    ZeroDivisionError: division by zero

    During handling of the above exception, another exception occurred:

    Traceback (most recent call last):
      …

What follows on the last line of an exception belongs to it only where it is indented, or blank: nothing else tells a
message of several lines from what the script printed next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum, auto
from typing import Final

from mlmon.monitoring.logrecords.heads import Head, head, plain
from mlmon.monitoring.logrecords.record import LogRecord, sound

_START: Final = "Traceback (most recent call last):"
_GROUP_START: Final = "Exception Group Traceback (most recent call last):"
_SYNTAX_START: Final = re.compile(r'  File ".{1,4096}", line \d{1,10}')
_ANNOUNCED: Final = ("Exception in thread ", "Exception ignored in", "Exception in callback ")
_CHAINED: Final = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_EXCEPTION: Final = re.compile(r"[^\W\d][\w.<>]{0,400}(?::(?:\s|$)|\s{0,4}$)")
_MAY_HAVE_ONE: Final = frozenset({"warning", "error", "critical"})
_MOST_LINES: Final = 2_000  # python shortens recursion, so none of its own comes near


class _Place(Enum):
    """Where in a record the next line would be."""

    CLOSED = auto()  # nothing can belong to it any more
    BELOW_HEAD = auto()
    FRAMES = auto()
    GROUP = auto()
    MESSAGE = auto()
    SPACE = auto()
    CHAIN = auto()


class Folding:
    """Makes records of lines as they come. Joined, the lines of all records are the log again."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._head = plain("")
        self._place = _Place.CLOSED
        self._latest: datetime | None = None

    @property
    def holding(self) -> bool:
        """Whether there are lines whose record may go on."""
        return bool(self._lines)

    def push(self, line: str) -> list[LogRecord]:
        """The records that this line completes: that before it, its own, or neither yet."""
        if self._place is not _Place.CLOSED and (next_place := _following(self._place, line)):
            self._place = next_place
            self._lines.append(line)
            return self.pause() if len(self._lines) >= _MOST_LINES else []
        done = self.flush()
        self._open(line)
        return done + self.flush() if self._place is _Place.CLOSED else done

    def pause(self) -> list[LogRecord]:
        """The record so far. What still comes of it will be a record with the same time and level."""
        done = [self._record()] if self._lines else []
        self._lines = []
        return done

    def flush(self) -> list[LogRecord]:
        """The record so far, which is over."""
        done = self.pause()
        self._place = _Place.CLOSED
        return done

    def _open(self, line: str) -> None:
        # what is read of it is text that every encoding can carry, without the carriage return of a CRLF
        written, line = line, sound(line).removesuffix("\r")
        known = head(line)
        self._place = _opened(line, known)
        found = known or plain(line)
        if not known and self._place is not _Place.CLOSED:
            found = Head(None, "error", line, "traceback", request_id=found.request_id)
        self._head = found
        self._lines = [written]
        self._latest = found.time or self._latest

    def _record(self) -> LogRecord:
        found, lines = self._head, self._lines
        # a part of a record that was handed out before its end has no head in it
        self._head = Head(found.time, found.level, "", found.shape, found.logger, found.pid, found.request_id)
        said = [found.message, *lines[1:]] if found.message else lines
        return LogRecord(
            tuple(lines),
            self._latest,
            level=found.level,
            logger=found.logger,
            message=sound("\n".join(said).rstrip() if len(said) > 1 else said[0]),
            request_id=found.request_id,
            pid=found.pid,
            shape=found.shape,
            dated=found.time is not None,
        )


def records(lines: Iterable[str]) -> Iterator[LogRecord]:
    """The records of a whole log."""
    folding = Folding()
    for line in lines:
        yield from folding.push(line)
    yield from folding.flush()


def _opened(line: str, known: Head | None) -> _Place:
    if started := _started(line):
        return started
    if (known and known.level in _MAY_HAVE_ONE) or line.startswith(_ANNOUNCED):
        return _Place.BELOW_HEAD
    return _Place.CLOSED


def _started(line: str) -> _Place | None:
    """Where a line stands that begins a traceback, perhaps behind the text of who logs it."""
    if line.rstrip().endswith(_START):
        return _Place.GROUP if line.rstrip().endswith(_GROUP_START) else _Place.FRAMES
    return _Place.FRAMES if _SYNTAX_START.match(line) else None


def _following(place: _Place, line: str) -> _Place | None:
    """Where the record is after this line, None where the line is not part of it."""
    if place is _Place.BELOW_HEAD:
        return _started_bare(line)
    if place is _Place.FRAMES:
        return _in_frames(line)
    if _blank(line):
        return _Place.CHAIN if place is _Place.CHAIN else _Place.SPACE
    if place is _Place.CHAIN:
        return _started_bare(line)
    if line.rstrip() in _CHAINED:
        return _Place.CHAIN
    goes_on = place is not _Place.SPACE and _indented(line)
    return place if goes_on and (place is _Place.GROUP or not _started(line)) else None


def _started_bare(line: str) -> _Place | None:
    """A traceback with nothing before it: one behind a text has a record of its own."""
    started = _started(line)
    bare = line.startswith(_START) or line.lstrip(" +|").startswith(_GROUP_START) or _indented(line)
    return started if started and bare else None


def _in_frames(line: str) -> _Place | None:
    if _blank(line) or _indented(line):
        return _Place.GROUP if line.rstrip().endswith(_GROUP_START) else _Place.FRAMES
    return _Place.MESSAGE if _EXCEPTION.match(line) and not head(line) else None


def _blank(line: str) -> bool:
    return not line or line.isspace()


def _indented(line: str) -> bool:
    return line[:1] in {" ", "\t"}
