"""The name of a row: the same in either dialect, and the way back to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.errors import UsageError
from mlmon.monitoring.rowid import moment_of, row_id

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
CLASSIC = {
    "timestamp": NOON,
    "message": "m",
    "operation_Id": "o",
    "customDimensions": {"b": 1, "a": [2]},
    "itemId": "x",
}
WORKSPACE = {
    "TimeGenerated": NOON,
    "Message": "m",
    "OperationId": "o",
    "Properties": {"a": [2], "b": 1},
    "TenantId": "t",
}


def test_a_row_has_one_name_in_both_dialects() -> None:
    assert row_id(CLASSIC) == row_id(WORKSPACE) == "mniwv8g3f5k0"


@pytest.mark.parametrize("change", [{"message": "n"}, {"operation_Id": ""}, {"customDimensions": {}}])
def test_another_row_of_the_same_moment_has_another_name(change: dict[str, object]) -> None:
    other = row_id({**CLASSIC, **change})  # type: ignore[dict-item]  # values of a table
    assert other[:-3] == row_id(CLASSIC)[:-3]
    assert other != row_id(CLASSIC)


@given(st.datetimes(timezones=st.just(UTC), max_value=datetime(3000, 1, 1)))  # noqa: DTZ001 - hypothesis adds the time zone
def test_the_name_says_the_millisecond(moment: datetime) -> None:
    name = row_id({"timestamp": moment})
    between = moment_of(f" {name.upper()} ")
    assert len(name) == 12
    assert moment in between
    assert between.end - between.start == timedelta(milliseconds=1)


@pytest.mark.parametrize("time", [None, "2026-03-01", 3, ""])
def test_a_row_without_a_time_has_no_name(time: object) -> None:
    assert row_id({**CLASSIC, "timestamp": time}) == ""  # type: ignore[dict-item]  # values of a table


def test_a_bag_that_cannot_be_written_takes_no_part() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert len(row_id({**CLASSIC, "customDimensions": deep})) == 12  # type: ignore[dict-item]  # values of a table
    assert len(row_id({**CLASSIC, "message": "\ud800"})) == 12


@pytest.mark.parametrize(
    "name", ["", "abc", "x" * 13, "abc-defghijk", "e834d230-311b-4f29-af08-7265bbc37297", "ébcdefghijkl"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no row's id"):
        moment_of(name)
