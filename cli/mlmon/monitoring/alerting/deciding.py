"""Whether a report is worth a message: a change of verdict is, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from mlmon.core.model import Json
from mlmon.drift.result import DriftReport, Interval, Verdict
from mlmon.monitoring.alerting.message import Alert, Kind, worst

COOLDOWN: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Known:
    """What one channel was told of one check.

    `said` is the verdict that it heard last, None where it heard none. `until` is the end of the newest interval that
    was looked at. `told` has when a verdict was told last, for each.
    """

    said: Verdict | None = None
    until: datetime | None = None
    told: Mapping[Verdict, datetime] = field(default_factory=dict)

    def as_json(self) -> Json:
        """For the state folder; `read` is its opposite."""
        return {
            "said": str(self.said) if self.said else None,
            "until": self.until.isoformat() if self.until else None,
            "told": {str(verdict): moment.isoformat() for verdict, moment in self.told.items()},
        }


def read(found: Json) -> Known:
    """What `Known.as_json` wrote; what cannot be read is as if not known."""
    if not isinstance(found, dict):
        return Known()
    told = found.get("told")
    times = {_verdict(name): _moment(when) for name, when in told.items()} if isinstance(told, dict) else {}
    return Known(
        _verdict(found.get("said")),
        _moment(found.get("until")),
        {verdict: when for verdict, when in times.items() if verdict and when},
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """`alert` is what is to be sent, None where nothing is; `why` says why not; `after` is what is known then."""

    alert: Alert | None
    why: str
    after: Known


def decide(report: DriftReport, known: Known, *, subject: str, now: datetime, cooldown: timedelta) -> Decision:
    """What a channel is to be told of a report, by what it was told before.

    The newest interval counts. A verdict other than the last one told is told, unless that same verdict was told less
    than `cooldown` ago: it is then told by the first run after that, if it still holds. Where all is well, as was
    told last, and was not in an interval since, that is told once. An interval that ended before the newest one
    looked at is passed over: looking at old data again tells nothing of today. Before the first message all counts as
    well.
    """
    course = tuple(each for each in report.intervals or (report.whole,) if not _is_old(each, known.until))
    if not course:
        return Decision(None, "nothing newer than what was told before", known)
    newest, expected = course[-1], known.said or Verdict.NO_DRIFT
    bad = [each for each in course if each.verdict is not Verdict.NO_DRIFT and not _is_seen(each, known.until)]
    looked = replace(known, until=newest.between.end if newest.between else known.until)
    if newest.verdict is not expected:
        kind, told = Kind.RECOVERY if newest.verdict is Verdict.NO_DRIFT else Kind.CHANGE, newest.verdict
    elif newest.verdict is Verdict.NO_DRIFT and bad:
        kind, told = Kind.PASSED, worst(bad).verdict
    else:
        return Decision(None, f"the verdict is {newest.verdict}, as before", replace(looked, said=expected))
    if told in known.told and timedelta() <= now - known.told[told] < cooldown:
        return Decision(None, f"{told} was told less than {_words(cooldown)} ago", replace(looked, said=known.said))
    alert = Alert(_id(subject, known, newest, told), kind, known.said, course, report)
    return Decision(alert, "", replace(looked, said=newest.verdict, told={**known.told, told: now}))


def _is_old(interval: Interval, until: datetime | None) -> bool:
    return bool(until and interval.between and interval.between.end < until)


def _is_seen(interval: Interval, until: datetime | None) -> bool:
    return bool(until and interval.between and interval.between.end <= until)


def _id(subject: str, known: Known, newest: Interval, told: Verdict) -> str:
    """Of a message: another one after each message that was sent, the same one until then."""
    sent = max((moment.isoformat() for moment in known.told.values()), default="")
    end = newest.between.end.isoformat() if newest.between else ""
    return hashlib.sha256(json.dumps([subject, sent, end, told]).encode()).hexdigest()[:32]


def _words(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{span.days} d" if span == timedelta(days=span.days) else f"{hours:.3g} h"


def _verdict(found: Json) -> Verdict | None:
    return Verdict(found) if isinstance(found, str) and found in set(Verdict) else None


def _moment(found: Json) -> datetime | None:
    try:
        moment = datetime.fromisoformat(found) if isinstance(found, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):  # in UTC it may be of a year that there is none of
        return None
