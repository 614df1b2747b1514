"""What a person wants to know of drift: of which data, compared with what, which features, and when it matters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from mlmon.commands.driftengine import Engine
from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.timerange import TimeRange, day_range, day_start, parse_day, parse_month, resolve
from mlmon.drift.checking import Options
from mlmon.drift.coefficient import available
from mlmon.drift.comparing import Chosen, label_of
from mlmon.drift.kinds import overridden
from mlmon.drift.result import Kind
from mlmon.drift.sampling import ROWS
from mlmon.drift.wording import listed
from mlmon.session import Session

COMPAT_ROWS: Final = 200_000
"""So many rows of a side are looked at where figures are computed as Azure does."""
_NAMED: Final = 5
"""So many names that nothing has are said."""


@dataclass(frozen=True, slots=True)
class Features:
    """Which features a person means, and what they say of them."""

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    label: str = ""
    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    rows: int = 0
    """So many rows of a file or day are sampled, for what needs rows."""

    def kinds(self, session: Session, found: Mapping[str, Kind]) -> dict[str, Kind]:
        """What each feature is: as options say, else as the settings say, else as it was found.

        Raises:
            UsageError: an option names a feature that there is none of.
        """

        settings = session.settings.drift.kinds
        numbers, categories = (
            [name for name, said in settings.items() if said == kind and name in found]
            for kind in ("number", "category")
        )
        known = overridden(found, numbers=numbers, categories=categories)
        return overridden(known, numbers=self.numbers, categories=self.categories)

    def chosen(
        self, session: Session, baseline: Iterable[str], target: Iterable[str], *, guess: bool, on: str = "inputs"
    ) -> Chosen:
        """The features to compare. With `guess`, a column that looks like the label is left out, which is said.

        What a model answers is often called as its label is: the settings' label is left out of its inputs alone.
        """
        label = self.label or (session.settings.drift.label if on == "inputs" else "")
        if not label and guess and (label := label_of([*baseline], [*target])):
            session.terminal.note(
                f"{label!r} is taken for the label: it is in the baseline alone (--label NAME names another,"
                f" --features {label} compares it)"
            )
        named = (*self.thresholds, *([self.label] if self.label and on == "inputs" else []))
        return Chosen(self.only, self.exclude, label, named)

    def say_unknown(self, session: Session, known: Collection[str], *, labelled: bool) -> None:
        """Say what the settings name of which neither side has any: it changes nothing, and may be mistyped.

        One file of settings holds for several checks, so it is no error. `labelled` is whether a label has to be there.
        """
        settings = session.settings.drift
        label = [settings.label] if labelled and settings.label and not self.label else []
        unknown = [each for each in dict.fromkeys([*settings.kinds, *settings.thresholds, *label]) if each not in known]
        if not unknown:
            return
        more = [f"{len(unknown) - _NAMED} more"] if len(unknown) > _NAMED else []
        named = listed([*map(repr, unknown[:_NAMED]), *more])
        hints = [did_you_mean(each, [*known]) for each in unknown[:_NAMED]]
        session.terminal.note(
            f"{settings.file} names {named}, which neither side has", hint="\n".join(filter(None, hints))
        )


def rows_for(compat: str) -> int:
    """How many rows of a file or day are needed besides the summaries: Azure's formulas are about rows."""
    if compat:
        return COMPAT_ROWS
    return ROWS if available() else 0


def options_of(session: Session, usual: float | None, single: Mapping[str, float]) -> Options:
    """When a difference counts: as options say, else as the settings say."""

    settings = session.settings.drift
    threshold = usual if usual is not None else settings.threshold
    thresholds = {**settings.thresholds, **single}
    return Options(thresholds=thresholds) if threshold is None else Options(threshold, thresholds)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is compared with: a file or data asset by its name, or an earlier range of the service."""

    name: str
    between: TimeRange | None = None


def baseline_given(session: Session, said: str | None, said_range: str | None) -> Baseline:
    """What was said, else what the settings say. Raises `UsageError` as `baseline_of` and `range_in`."""
    if said_range:
        between = whole_days(range_in(session, said_range))
        return Baseline(f"{between}", between)
    return Baseline(baseline_of(session, said))


def baseline_of(session: Session, said: str | None) -> str:
    """The baseline that is named, else that of the settings.

    Raises:
        UsageError: neither names one.
    """
    if found := said or session.settings.drift.baseline:
        return found
    raise UsageError(
        "what is it to be compared with? no baseline is named",
        hint='--baseline train.csv, or --baseline-range 2026-01; baseline = "train.csv" below [drift] in mlmon.toml',
    )


@dataclass(frozen=True, slots=True)
class Collected:
    """What is meant of a service's collected data: `on` is inputs or predictions."""

    service: str | None
    on: str
    between: TimeRange | None
    stale_after: timedelta = timedelta(days=3)
    by: str | None = None
    since_last: bool = False
    engine: Engine | None = None


def whole_days(between: TimeRange | None) -> TimeRange | None:
    """The range widened to whole UTC days: what is kept of collected data is kept by day."""
    if between is None:
        return None
    return TimeRange(day_start(between.start.date()), day_range((between.end - timedelta.resolution).date()).end)


def range_in(session: Session, said: str) -> TimeRange:
    """A month, a day, or two dates with two dots between them. Raises `UsageError`."""
    first, dots, last = said.partition("..")
    if dots:
        found = resolve(session.now, start=first, end=last)
        assert found is not None  # noqa: S101 - a start was given
        return found
    if len(said) > len("2026-01"):
        return parse_day(said, session.now)
    return parse_month(said, session.now)
