"""Which records a person asked for, and those of several services in the order of their times."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from mlmon.core.patterns import any_finds
from mlmon.core.timerange import TimeRange
from mlmon.monitoring.logrecords.record import LogRecord, at_least

Key = TypeVar("Key")
_FIRST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The records in the range, at this level or above ("" for any and for none), that any `include` finds (all,
    without one) and no `exclude` finds. The expressions see all lines of a record.

    `record in wanted` raises `UsageError` where an expression takes too long, but only in the main thread, where a
    person's expressions belong; see `core.patterns`.
    """

    between: TimeRange | None = None
    level: str = ""
    include: Sequence[re.Pattern[str]] = ()
    exclude: Sequence[re.Pattern[str]] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.between or self.level or self.include or self.exclude)

    def __contains__(self, record: LogRecord) -> bool:
        if self.between and (record.time is None or record.time not in self.between):
            return False
        if self.level and record.level not in at_least(self.level):
            return False
        if not (self.include or self.exclude):
            return True
        text = record.text.replace("\r\n", "\n").removesuffix("\r")  # $ stands before a CRLF too
        return (not self.include or any_finds(self.include, text)) and not any_finds(self.exclude, text)


def merged(sources: Mapping[Key, Iterable[LogRecord]]) -> Iterator[tuple[Key, LogRecord]]:
    """The records of several logs by time. Those of one log stay in its order, also where its clock went back."""
    return ((key, record) for _, key, record in heapq.merge(*_timed(sources), key=lambda each: each[0]))


def _timed(sources: Mapping[Key, Iterable[LogRecord]]) -> Iterator[Iterator[tuple[datetime, Key, LogRecord]]]:
    for key, records in sources.items():
        yield _rising(key, records)


def _rising(key: Key, records: Iterable[LogRecord]) -> Iterator[tuple[datetime, Key, LogRecord]]:
    latest = _FIRST
    for record in records:
        latest = max(latest, record.time or _FIRST)
        yield latest, key, record
