"""Two sides of a comparison, and the report of it: all of the target at once, and each of its days, weeks or months."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final, TypeVar

from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.timerange import TimeRange, day_range, day_start, month_range
from mlmon.drift.checking import CORRECTION, Options, interval
from mlmon.drift.coefficient import Sample, Told, available, tell_apart
from mlmon.drift.density import with_curves
from mlmon.drift.result import DriftReport, Interval, Method, Side, Verdict
from mlmon.drift.summary import Summary

T = TypeVar("T")
SEED: Final = 33
_STRAY: Final = 0.05
"""A column that so few rows have has not changed the schema."""
WITHOUT_EXTRA: Final = "Without scikit-learn there is no datadrift coefficient: pip install 'mlmon[drift]'."


@dataclass(frozen=True, slots=True)
class Data:
    """One side, or a part of it: what is kept of its values, and rows for the classifier where it is asked for."""

    name: str
    summaries: Mapping[str, Summary]
    between: TimeRange | None = None
    sample: Sample | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return max((each.quality.rows for each in self.summaries.values()), default=0)

    @property
    def side(self) -> Side:
        """What the report says of it."""
        return Side(self.name, self.rows, self.between)

    def only(self, names: Sequence[str]) -> Data:
        """Of these features alone, as far as they are there."""
        sample = _only(self.sample, names) if self.sample else None
        return replace(self, summaries=_only(self.summaries, names), sample=sample)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which features are compared: those named, else all, without those left out and the label."""

    features: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    label: str = ""
    named: tuple[str, ...] = ()
    """Features of which something else was said: they have to be there too."""

    def among(self, baseline: Iterable[str], target: Iterable[str]) -> list[str]:
        """Their names: in the order of the baseline, what only the target has last.

        Raises:
            UsageError: neither side has a feature that is named, or none is left.
        """
        known = [*dict.fromkeys([*baseline, *target])]
        for name in (*self.features, *self.exclude, *self.named):
            if name not in known:
                hint = did_you_mean(name, known) or f"there is: {', '.join(known) or 'none'}"
                raise UsageError(f"neither side has a feature {name!r}", hint=hint)
        left_out = {*self.exclude, *([] if self.label in self.features else [self.label])}
        wanted = [name for name in known if (not self.features or name in self.features) and name not in left_out]
        if known and not wanted:
            gone = ", ".join(name for name in known if name in left_out)
            raise UsageError("no feature is left to compare", hint=f"these are left out: {gone}")
        return wanted


@dataclass(frozen=True, slots=True)
class About:
    """What a report says of itself besides its figures."""

    made: datetime
    service: str = ""
    collection: str = ""
    version: str = ""
    compat: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)


def label_of(baseline: Sequence[str], target: Sequence[str]) -> str:
    """The column that looks like the label: the last one of the baseline, where it is all that the target lacks, and
    the target has nothing that the baseline lacks; "" where there is none."""
    lacking = [name for name in baseline if name not in target]
    return lacking[0] if lacking == [*baseline][-1:] and all(name in baseline for name in target) else ""


def strays(baseline: Iterable[str], target: Mapping[str, Summary]) -> list[str]:
    """Columns of the target that the baseline lacks and few rows have: what a careless client sends now and then."""
    rows = max((each.quality.rows for each in target.values()), default=0)
    known = {*baseline}
    return [name for name, one in target.items() if name not in known and one.quality.valid < _STRAY * rows]


def parts_of(between: TimeRange, by: str) -> list[TimeRange]:
    """The days, weeks (from Monday) or months that a range of whole days touches, cut where it begins and ends."""
    parts = []
    for _, days in groupby(between.days(), key=_KEYS[by]):
        first, *_, last = [*days] * 2
        parts.append(TimeRange(day_start(first), day_range(last).end))
    return parts


def _month(day: date) -> date:
    return month_range(day.year, day.month).start.date()


def _week(day: date) -> date:
    return day - timedelta(days=min(day.weekday(), (day - date.min).days))


_KEYS: Final[Mapping[str, Callable[[date], date]]] = {"day": lambda day: day, "week": _week, "month": _month}


def compare(baseline: Data, target: Data, parts: Iterable[Data], options: Options, *, about: About) -> DriftReport:
    """Compare all of the target and each of its parts with the baseline."""
    whole = _interval(baseline, target, options, about.compat)
    whole = replace(whole, features=with_curves(whole.features, baseline.summaries, target.summaries))
    # the whole can be looked at feature by feature even so; 90 quiet days would take minutes
    intervals = tuple(_interval(baseline, part, options, about.compat, shares_of_chance=False) for part in parts)
    notes = about.notes if available() or about.compat else (*about.notes, WITHOUT_EXTRA)
    told = [each.coefficient for each in (whole, *intervals)]
    thresholds = {name: options.threshold_of(name) for name in dict.fromkeys([*baseline.summaries, *target.summaries])}
    return DriftReport(
        about.service,
        about.collection,
        baseline.side,
        target.side,
        whole,
        intervals,
        Method(
            options.alpha,
            "none" if about.compat else CORRECTION,
            thresholds,
            SEED,
            compat=about.compat,
            version=about.version,
            notes=notes,
            coefficient_threshold=options.coefficient_threshold if any(told) else None,
        ),
        about.made,
    )


def _interval(
    baseline: Data, target: Data, options: Options, compat: str, *, shares_of_chance: bool = True
) -> Interval:
    if compat:
        found = _as_azure(compat)(baseline.sample or {}, target.sample or {}, options)
        return replace(found, between=target.between)
    told = _told(baseline, target, shares_of_chance=shares_of_chance)
    found = interval(
        baseline.summaries,
        target.summaries,
        options,
        rows=target.rows,
        coefficient=told.coefficient if told else None,
    )
    shares = told.contributions if told else {}
    by_chance = told is not None and told.coefficient.within_chance
    features = tuple(
        replace(each, contribution=shares[each.feature], contribution_within_chance=by_chance)
        if each.feature in shares
        else each
        for each in found.features
    )
    return replace(found, between=target.between, features=features)


def _as_azure(compat: str) -> Callable[[Sample, Sample, Options], Interval]:
    """What computes an interval as a generation of Azure's monitors does, from rows."""
    from mlmon.drift.compat import azure_v1, azure_v2  # why here: few runs ask for it

    return azure_v1.interval if compat == "azure-v1" else azure_v2.interval


def _told(baseline: Data, target: Data, *, shares_of_chance: bool) -> Told | None:
    if not (baseline.sample and target.sample and target.rows and available()):
        return None
    # what has no values on one side tells them apart, but is no drift of the values: its own verdict says so
    both = [name for name in baseline.summaries if _has_values(baseline, name) and _has_values(target, name)]
    rows, others = _only(baseline.sample, both), _only(target.sample, both)
    return tell_apart(rows, others, seed=SEED, shares_of_chance=shares_of_chance)


def _has_values(side: Data, name: str) -> bool:
    return name in side.summaries and side.summaries[name].count > 0


def with_freshness(report: DriftReport, newest: date | None, *, needed: datetime | None) -> DriftReport:
    """The same; stale where the newest row is of a day before `needed`, unless drift was found in what there is."""
    whole = report.whole
    if newest is None or needed is None or day_range(newest).end > needed or whole.verdict is Verdict.DRIFT:
        return report
    reason = f"the newest row is of {newest.isoformat()}"
    return replace(report, whole=replace(whole, verdict=Verdict.STALE, reason=reason))


def _only(values: Mapping[str, T], names: Sequence[str]) -> dict[str, T]:
    return {name: values[name] for name in names if name in values}
