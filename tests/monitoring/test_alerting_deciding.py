"""When people are told: on a change of verdict, once."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drift import reports
from mlmon.core.timerange import TimeRange
from mlmon.drift.result import DriftReport, Interval, Verdict
from mlmon.monitoring.alerting.deciding import COOLDOWN, Decision, Known, decide, read
from mlmon.monitoring.alerting.message import Kind, title

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
SMALL = reports.small()
DRIFT, WELL, FEW, NONE = Verdict.DRIFT, Verdict.NO_DRIFT, Verdict.NOT_ENOUGH_DATA, Verdict.NO_DATA


def days(*verdicts: Verdict, first: int = 0) -> DriftReport:
    """A report of days with these verdicts."""
    made = tuple(
        Interval(TimeRange(FIRST + at * DAY, FIRST + (at + 1) * DAY), 100, verdict, ())
        for at, verdict in enumerate(verdicts, start=first)
    )
    return replace(SMALL, intervals=made)


def asked(report: DriftReport, known: Known, now: datetime, cooldown: timedelta = COOLDOWN) -> Decision:
    return decide(report, known, subject="churn", now=now, cooldown=cooldown)


def story(*verdicts: Verdict, every: timedelta = DAY, cooldown: timedelta = COOLDOWN) -> list[str]:
    """What one run after another tells, each of one new day: a title without its service, or a dot."""
    known, said = Known(), list[str]()
    for at, verdict in enumerate(verdicts):
        decision = asked(days(verdict, first=at), known, FIRST + (at + 1) * every, cooldown)
        said.append(title(decision.alert).removeprefix("churn/blue: ") if decision.alert else ".")
        known = read(decision.after.as_json())
    return said


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ((WELL, WELL, WELL), (".", ".", ".")),
        ((DRIFT, DRIFT, DRIFT), ("drift", ".", ".")),
        ((WELL, DRIFT, DRIFT, WELL, WELL), (".", "drift", ".", "no drift again", ".")),
        ((DRIFT, NONE, DRIFT), ("drift", "no data", "drift")),
        ((FEW, WELL), ("not enough data", "no drift again")),
        ((Verdict.STALE, Verdict.SCHEMA_CHANGED), ("stale", "schema changed")),
    ],
)
def test_people_hear_of_each_change_once(verdicts: tuple[Verdict, ...], told: tuple[str, ...]) -> None:
    assert story(*verdicts) == list(told)


def test_what_comes_and_goes_within_the_cooldown_is_told_once_each_way() -> None:
    told = story(DRIFT, WELL, DRIFT, WELL, DRIFT, WELL, every=timedelta(hours=1))
    assert told == ["drift", "no drift again", ".", ".", ".", "."]


def test_what_is_still_so_after_the_cooldown_is_told_then() -> None:
    told = story(DRIFT, WELL, DRIFT, DRIFT, DRIFT, every=timedelta(hours=1), cooldown=timedelta(hours=3))
    assert told == ["drift", "no drift again", ".", "drift", "."]


def test_without_a_cooldown_every_change_is_told() -> None:
    told = story(DRIFT, WELL, DRIFT, every=timedelta(minutes=1), cooldown=timedelta())
    assert told == ["drift", "no drift again", "drift"]


def test_drift_between_two_runs_is_told_although_all_is_well_again() -> None:
    known = asked(days(WELL), Known(), FIRST).after
    decision = asked(days(WELL, DRIFT, FEW, WELL, first=1), known, FIRST + DAY)
    assert decision.alert
    assert (decision.alert.kind, title(decision.alert)) == (Kind.PASSED, "churn/blue: drift came and went")
    assert decision.alert.shown.between == TimeRange(FIRST + 2 * DAY, FIRST + 3 * DAY)
    assert asked(days(WELL, DRIFT, FEW, WELL, first=1), decision.after, FIRST + 2 * DAY).alert is None


def test_the_same_interval_is_told_once_however_often_it_is_checked() -> None:
    first = asked(days(WELL, DRIFT), Known(), FIRST)
    again = asked(days(WELL, DRIFT), first.after, FIRST + 10 * DAY)
    assert first.alert
    assert (again.alert, again.why, again.after) == (None, "the verdict is drift, as before", first.after)


def test_looking_at_old_data_again_tells_nothing_of_today() -> None:
    known = asked(days(WELL, WELL, WELL), Known(), FIRST).after
    old = asked(days(DRIFT), known, FIRST + DAY)
    assert (old.alert, old.why, old.after) == (None, "nothing newer than what was told before", known)


def test_an_interval_whose_verdict_has_become_another_one_is_news() -> None:
    known = asked(days(DRIFT), Known(), FIRST).after
    corrected = asked(days(WELL), known, FIRST + timedelta(hours=1))
    assert corrected.alert
    assert corrected.alert.kind is Kind.RECOVERY


def test_without_times_and_intervals_the_whole_counts() -> None:
    files = reports.without_days()
    first = asked(files, Known(), FIRST)
    assert first.alert
    assert (first.alert.verdict, first.alert.before) == (DRIFT, None)
    assert asked(files, first.after, FIRST + 9 * DAY).alert is None


def test_a_message_keeps_its_id_until_it_is_sent_and_the_next_one_has_another() -> None:
    report = days(DRIFT)
    first, retried = asked(report, Known(), FIRST), asked(report, Known(), FIRST + DAY)
    assert first.alert
    assert retried.alert
    assert first.alert.id == retried.alert.id
    back = asked(days(WELL, first=1), first.after, FIRST + DAY)
    later = asked(days(DRIFT, first=2), back.after, FIRST + 3 * DAY)
    assert back.alert
    assert later.alert
    assert len({first.alert.id, back.alert.id, later.alert.id}) == 3


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        [],
        "drift",
        {"said": 3},
        {"said": "drifting", "until": "soon", "told": {"drift": 1, "x": "2026-01-01"}},
        {"until": "9999-12-31T23:59:59-01:00", "told": {"drift": "0001-01-01T00:00:00+01:00"}},
        {"until": 10**400, "told": {"drift": 1e308, "no drift": "9999-12-31"}},
    ],
)
def test_a_memory_that_cannot_be_read_is_none(damaged: object) -> None:
    assert read(damaged) == Known()  # type: ignore[arg-type]  # it is what a damaged file may hold


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=12))
def test_nobody_hears_the_same_verdict_twice_in_a_row_and_everybody_knows_the_last_one(
    verdicts: list[Verdict],
) -> None:
    known, heard = Known(), [WELL]
    for at, verdict in enumerate(verdicts):
        decision = asked(days(verdict, first=at), known, FIRST + 2 * at * DAY)
        known = decision.after
        heard += [decision.alert.verdict] if decision.alert else []
    assert all(one is not other for one, other in itertools.pairwise(heard))
    assert heard[-1] is verdicts[-1]
