"""The words people write for times, and the ranges that come out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.errors import UsageError
from mlmon.core.timerange import (
    TimeRange,
    day_range,
    month_range,
    parse_duration,
    parse_moment,
    parse_month,
    resolve,
    rfc3339,
)

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day and on


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("5h30m", timedelta(hours=5, minutes=30)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("1.5h", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("PT1H", timedelta(hours=1)),
        ("P1DT12H", timedelta(hours=36)),
        ("pt90s", timedelta(seconds=90)),
    ],
)
def test_durations_as_people_write_them(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("-3d", "the duration '-3d' is negative", "write it without its minus: 3d"),
        ("3", "'3' is not a duration", "write it like 90s, 5h30m or 7d"),
        ("P10M", "'P10M' is not a duration", "write it like 90s, 5h30m or 7d"),  # ten months, or ten minutes?
        ("PT", "'PT' is not a duration", "write it like 90s, 5h30m or 7d"),
        ("", "'' is not a duration", "write it like 90s, 5h30m or 7d"),
    ],
)
def test_what_is_no_duration(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("today", at(2026, 11, 20)),
        ("Yesterday", at(2026, 11, 19)),
        ("2026-03-01", at(2026, 3, 1)),
        ("2026-03-01T12:30", at(2026, 3, 1, 12, 30)),
        ("2026-03-01 12:30:05Z", at(2026, 3, 1, 12, 30, 5)),
        ("2026-03-01T12:30+02:00", at(2026, 3, 1, 10, 30)),
        ("7d", at(2026, 11, 13, 10, 30)),
        ("PT30M", at(2026, 11, 20, 10)),
    ],
)
def test_moments_as_people_write_them(text: str, expected: datetime) -> None:
    assert parse_moment(text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["soon", "2026-13-01", "2026-02-30", "20260301T", "9999999999d", "-3d", "3", "١٢٣٤-٠١-٠١"]
)
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_moment(text, NOW)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("3", at(2026, 3, 1), at(2026, 4, 1)),
        ("03", at(2026, 3, 1), at(2026, 4, 1)),
        ("11", at(2026, 11, 1), at(2026, 12, 1)),  # has begun
        ("12", at(2025, 12, 1), at(2026, 1, 1)),  # has not begun this year
        ("2024-02", at(2024, 2, 1), at(2024, 3, 1)),
        ("9999-12", None, None),
    ],
)
def test_a_bare_month_is_the_latest_that_has_begun(text: str, start: datetime | None, end: datetime | None) -> None:
    if start is None:
        with pytest.raises(UsageError, match="is in the future"):
            parse_month(text, NOW)
    else:
        assert parse_month(text, NOW) == TimeRange(start, end or NOW)


@given(now=st.datetimes(datetime(2, 1, 1), datetime(9999, 1, 1)), month=st.integers(1, 12))  # noqa: DTZ001 - made aware below
def test_a_bare_month_has_always_begun_and_is_never_over_a_year_old(now: datetime, month: int) -> None:
    now = now.replace(tzinfo=UTC)
    chosen = parse_month(str(month), now)
    assert chosen.start <= now < chosen.start.replace(year=chosen.start.year + 1)
    assert (chosen.start.month, chosen.start.day) == (month, 1)


def test_from_and_to_are_half_open() -> None:
    between = resolve(NOW, start="2026-02-27", end="2026-03-02")
    assert between == TimeRange(at(2026, 2, 27), at(2026, 3, 2))
    assert list(between.days()) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert at(2026, 3, 2) not in between
    assert str(between) == "2026-02-27 to 2026-03-02"


def test_a_start_alone_runs_to_this_moment_included() -> None:
    between = resolve(NOW, start="1h")
    assert between is not None
    assert between.start == at(2026, 11, 20, 9, 30)
    assert NOW in between


def test_an_end_alone_begins_with_time() -> None:
    between = resolve(NOW, end="2026-01-01")
    assert between == TimeRange(at(1, 1, 1), at(2026, 1, 1))
    assert str(between) == "up to 2026-01-01"


def test_nothing_said_is_no_range() -> None:
    assert resolve(NOW) is None


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"month": "13"}, "'13' is not a month"),
        ({"month": "0"}, "'0' is not a month"),
        ({"month": ""}, "'' is not a month"),
        ({"start": ""}, "'' is not a date or time"),
        ({"month": "march"}, "'march' is not a month"),
        ({"month": "2027-01"}, "2027-01-01 is in the future"),
        ({"day": "2026-11-21"}, "2026-11-21 is in the future"),
        ({"start": "2026-12-01"}, "the range begins in the future (2026-12-01)"),
        (
            {"start": "2026-03-02", "end": "2026-03-01"},
            "the range ends (2026-03-01) before it begins (2026-03-02)",
        ),
        ({"start": "0d"}, "the range is empty: it begins and ends at 2026-11-20 10:30:00"),
        ({"start": "today", "end": "today"}, "the range is empty: it begins and ends at 2026-11-20"),
        ({"start": "-3d"}, "the duration '-3d' is negative"),
        ({"month": "3", "day": "today"}, "--month and --day cannot be combined"),
        ({"day": "today", "start": "7d"}, "--day and --from/--to cannot be combined"),
    ],
)
def test_what_cannot_be_a_range(said: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(NOW, **said)
    assert caught.value.message == message
    assert caught.value.hint


def test_a_range_is_in_utc_and_not_empty() -> None:
    with pytest.raises(ValueError, match="ends after"):
        TimeRange(NOW, NOW)
    with pytest.raises(ValueError, match="UTC"):
        TimeRange(NOW.replace(tzinfo=None), NOW)


@given(st.dates())
def test_a_day_is_its_own_only_day(day: date) -> None:
    assert list(day_range(day).days()) == [day]


def test_months_end_where_the_next_begins() -> None:
    assert month_range(2024, 2).end == month_range(2024, 3).start
    assert month_range(2025, 12).end == month_range(2026, 1).start


@given(st.datetimes(timezones=st.just(UTC)))
def test_rfc3339_reads_back(moment: datetime) -> None:
    assert datetime.fromisoformat(rfc3339(moment)) == moment


@given(st.text(max_size=20))
def test_any_text_is_a_moment_or_a_usage_error(text: str) -> None:
    hints = [caught.hint for said in ({"month": text}, {"day": text}, {"start": text}) if (caught := complaint(said))]
    assert all(hints)


def complaint(said: dict[str, str]) -> UsageError | None:
    try:
        resolve(NOW, **said)
    except UsageError as error:
        return error
    return None
