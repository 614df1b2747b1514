"""Which lines of a container log a person gets."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from mlmon.core.timerange import TimeRange
from mlmon.monitoring.loglines import LogLine, select, timed

LOG = (
    "starting up",
    "2026-03-01 10:00:00,250 I [71] azmlinfsrv - Starting HTTP server",
    '127.0.0.1 - - [01/Mar/2026:10:00:05 +0000] "POST /score HTTP/1.1" 200 18',
    "Traceback (most recent call last):",
    '  File "score.py", line 3, in run',
    "ValueError: 2026-03-01 is no number",
    "2026-03-01T12:00:00.5+02:00 zone of its own",
)


def at(hour: int, minute: int, second: int = 0, micro: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, second, micro, tzinfo=UTC)


def test_a_line_without_a_time_belongs_to_the_line_above() -> None:
    first, second, third = at(10, 0, 0, 250_000), at(10, 0, 5), at(10, 0, 0, 500_000)
    assert [line.time for line in timed(LOG)] == [None, first, second, second, second, second, third]


def test_the_range_takes_a_traceback_along() -> None:
    chosen = select(LOG, between=TimeRange(at(10, 0, 1), at(10, 1)))
    assert [line.text for line in chosen] == list(LOG[2:6])


def test_any_include_all_excludes_then_the_last() -> None:
    chosen = select(
        LOG, include=[re.compile("score"), re.compile("ERROR", re.IGNORECASE)], exclude=[re.compile("POST")]
    )
    assert [line.text for line in chosen] == [LOG[4], LOG[5]]
    assert select(LOG, last=1) == [LogLine(LOG[6], at(10, 0, 0, 500_000))]
    assert select(LOG, last=0) == []
    assert len(select(LOG, last=100)) == len(LOG)


@pytest.mark.parametrize("text", ["2026-13-40 10:00:00", "9999-12-31 23:59:59-23:59", "[99/Foo/2026:10:00:05 +0000] x"])
def test_what_looks_like_a_time_and_is_none_has_no_time(text: str) -> None:
    assert list(timed([text])) == [LogLine(text, None)]
