"""What an alert says, in words and as a document. Everything that was read from a service is made harmless here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mlmon.core.model import Json
from mlmon.core.timerange import TimeRange
from mlmon.drift.result import Coefficient, DriftReport, FeatureDrift, Interval, Verdict

SCHEMA_VERSION: Final = 1
"""Of the document that a webhook receives."""
_LONGEST_NAME: Final = 80
_LONGEST_LINE: Final = 240
_MOST_LISTED: Final = 10
_MOST_IN_DOCUMENT: Final = 50
_MOST_STEPS: Final = 31


class Kind(StrEnum):
    """Why a message is sent."""

    CHANGE = "change"
    """The verdict is another one than was told last."""
    RECOVERY = "recovery"
    """The same, and all is well now."""
    PASSED = "passed"
    """All is well as was told last, but in between it was not."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One message. `course` are the intervals that were not told of before, the oldest first; the last is `interval`.

    `id` is the same whenever the same message is sent, so that a receiver can tell repeats.
    """

    id: str
    kind: Kind
    before: Verdict | None
    course: tuple[Interval, ...]
    report: DriftReport

    @property
    def interval(self) -> Interval:
        """The newest one, which the message is about."""
        return self.course[-1]

    @property
    def verdict(self) -> Verdict:
        """What is told."""
        return self.interval.verdict

    @property
    def shown(self) -> Interval:
        """The interval whose features are listed: the newest one, or the one that was bad and has passed."""
        bad = [each for each in self.course if each.verdict is not Verdict.NO_DRIFT]
        return worst(bad) if self.kind is Kind.PASSED and bad else self.interval


def worst(intervals: Sequence[Interval]) -> Interval:
    """The newest one that drifted, else the newest."""
    return next((each for each in reversed(intervals) if each.verdict is Verdict.DRIFT), intervals[-1])


def one_line(text: str, most: int = _LONGEST_LINE) -> str:
    """Text that stays on its line and in its direction: what is not printable is shown as a sign, the rest is cut."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in cut)


def title(alert: Alert) -> str:
    """A subject: what it is about and what holds now."""
    said = {
        Kind.CHANGE: str(alert.verdict),
        Kind.RECOVERY: f"{alert.verdict} again",
        Kind.PASSED: f"{alert.shown.verdict} came and went",
    }[alert.kind]
    return f"{about(alert.report)}: {said}"


def about(report: DriftReport) -> str:
    """What was checked: the service, else the file."""
    return one_line(report.service or report.target.name or "drift check", _LONGEST_NAME)


def lines(alert: Alert) -> list[str]:
    """The message below its title, line by line, none longer than 240 letters."""
    report, shown = alert.report, alert.shown
    baseline = f"{one_line(report.baseline.name, _LONGEST_NAME)} ({report.baseline.rows} rows)"
    was = f", before: {alert.before}" if alert.before else ""
    said = [
        f"{_when(shown.between)}{shown.verdict}{was if shown is alert.interval else ''}; {shown.rows} rows",
        f"compared with {baseline}",
        *([one_line(shown.reason)] if shown.reason else []),
        *_listed(shown),
        *([_coefficient(shown.coefficient)] if shown.coefficient else []),
        *_steps(alert),
    ]
    return [one_line(line) for line in said]


def _when(between: TimeRange | None) -> str:
    if between is None:
        return ""
    start, end = (
        f"{each:%Y-%m-%d}" if (each.hour, each.minute, each.second) == (0, 0, 0) else f"{each:%Y-%m-%d %H:%M}"
        for each in (between.start, between.end)
    )
    return f"{start} to {end} UTC: "


def _listed(interval: Interval) -> list[str]:
    notable = _notable(interval)
    if not notable:
        return []
    drifted = len(interval.drifted)
    rest = [f"and {len(notable) - _MOST_LISTED} more"] if len(notable) > _MOST_LISTED else []
    head = f"{drifted} of {len(interval.features)} features drifted" + (":" if notable else "")
    return [head, *(_feature(each) for each in notable[:_MOST_LISTED]), *rest]


def _notable(interval: Interval) -> list[FeatureDrift]:
    """The features that are not simply well, those that drifted first and of them the strongest."""
    found = [each for each in interval.features if each.verdict is not Verdict.NO_DRIFT]
    return sorted(found, key=lambda each: (each.verdict is not Verdict.DRIFT, -_strength(each), each.feature))


def _strength(feature: FeatureDrift) -> float:
    over = (feature.effect or 0.0) / feature.threshold if feature.threshold else feature.effect or 0.0
    return over if math.isfinite(over) else math.inf


def _feature(feature: FeatureDrift) -> str:
    name = one_line(feature.feature, _LONGEST_NAME)
    if feature.verdict is not Verdict.DRIFT or feature.effect is None:
        return f"- {name}: {feature.verdict}"
    limit = f" (threshold {feature.threshold:.4g})" if feature.threshold is not None else ""
    return f"- {name}: {one_line(feature.effect_metric, _LONGEST_NAME)} {feature.effect:.4g}{limit}"


def _coefficient(found: Coefficient) -> str:
    low, high = found.band
    return f"datadrift coefficient {found.value:.3g} (by chance {low:.3g} to {high:.3g})"


def _steps(alert: Alert) -> list[str]:
    """What held in each interval since the message before, where there is more than one."""
    if len(alert.course) < 2:
        return []
    newest = alert.course[-_MOST_LISTED:]
    left_out = len(alert.course) - len(newest)
    head = f"since the last message{f' (the newest {_MOST_LISTED} of {len(alert.course)})' if left_out else ''}:"
    return [head, *(f"- {_when(each.between)}{each.verdict}" for each in newest)]


def document(alert: Alert) -> dict[str, Json]:
    """What a webhook receives. Names are as they are; long ones are cut, and lists end after 50."""
    report, shown = alert.report, alert.shown
    notable = _notable(shown)
    return {
        "schema_version": SCHEMA_VERSION,
        "type": "mlmon.drift.alert",
        "id": alert.id,
        "kind": str(alert.kind),
        "title": title(alert),
        "verdict": str(alert.verdict),
        "previous_verdict": str(alert.before) if alert.before else None,
        "service": _cut(report.service),
        "collection": _cut(report.collection),
        "baseline": {"name": _cut(report.baseline.name), "rows": report.baseline.rows},
        "interval": {**_step(shown), "rows": shown.rows, "reason": _cut(shown.reason)},
        "intervals": [_step(each) for each in alert.course[-_MOST_STEPS:]],
        "features_checked": len(shown.features),
        "features_drifted": len(shown.drifted),
        "features": [_as_json(each) for each in notable[:_MOST_IN_DOCUMENT]],
        "datadrift_coefficient": _coefficient_as_json(shown.coefficient),
        "made": _time(report.made.isoformat()),
    }


def _step(interval: Interval) -> dict[str, Json]:
    between = interval.between
    return {
        "start": _time(between.start.isoformat()) if between else None,
        "end": _time(between.end.isoformat()) if between else None,
        "verdict": str(interval.verdict),
    }


def _time(text: str) -> str:
    return text.replace("+00:00", "Z")


def _as_json(feature: FeatureDrift) -> dict[str, Json]:
    return {
        "feature": _cut(feature.feature) or "",
        "verdict": str(feature.verdict),
        "effect_metric": feature.effect_metric or None,
        "effect": _finite(feature.effect),
        "threshold": _finite(feature.threshold),
        "p_value": _finite(feature.p_value),
        "contribution": _finite(feature.contribution),
        "reason": _cut(feature.reason),
    }


def _coefficient_as_json(found: Coefficient | None) -> Json:
    if found is None:
        return None
    return {
        "mcc": _finite(found.mcc),
        "auc": _finite(found.auc),
        "band": [_finite(each) for each in found.band],
        "p_value": _finite(found.p_value),
        "within_chance": found.within_chance,
    }


def _cut(text: str) -> str | None:
    """As it is, for programs; half of a surrogate pair, which many readers of JSON refuse, becomes a sign."""
    return text[:_LONGEST_LINE].encode("utf-8", "replace").decode("utf-8") or None


def _finite(value: float | None) -> float | None:
    """JSON has no infinity."""
    return value if value is not None and math.isfinite(value) else None
