"""Files that are read at once: their order holds, and nothing goes on that is in vain."""

from __future__ import annotations

from threading import Barrier, Event
from time import monotonic

import duckdb
import pytest

from mlmon.core.errors import UsageError
from mlmon.drift.atonce import Together

FOREVER = "SELECT count(*) FROM range(100000) a(x), range(100000) b(y), range(100000) c(z) WHERE (x + y + z) % 7 = 3"


def test_both_are_worked_on_at_once_and_come_in_their_order() -> None:
    meeting = Barrier(2, timeout=10)

    def work(name: str) -> tuple[str, bool]:
        return name, meeting.wait() >= 0

    assert Together().map(work, ("one", "two")) == [("one", True), ("two", True)]


def test_what_the_first_one_says_is_told_where_both_fail() -> None:
    second_failed = Event()

    def fail(name: str) -> None:
        if name == "one":
            second_failed.wait(10)
        else:
            second_failed.set()
        raise UsageError(f"{name} cannot be read", hint="")

    with pytest.raises(UsageError, match="one cannot be read"):
        Together().map(fail, ("one", "two"))


def test_a_failure_ends_what_the_other_connection_is_at() -> None:
    together = Together()
    closed = duckdb.connect()
    busy = duckdb.connect()
    together.watch(closed)
    together.watch(busy)
    closed.close()
    ended: list[type[BaseException]] = []

    def work(name: str) -> None:
        if name == "one":
            raise UsageError("one cannot be read", hint="")
        try:
            busy.execute(FOREVER)
        except duckdb.Error as error:
            ended.append(type(error))
            raise

    begun = monotonic()
    with pytest.raises(UsageError, match="one cannot be read"):
        Together.map(together, work, ("one", "two"))
    assert monotonic() - begun < 60  # seconds; the question takes years
    assert ended in ([], [duckdb.InterruptException])  # it may not have begun
    busy.execute("SELECT 1")
    busy.close()
