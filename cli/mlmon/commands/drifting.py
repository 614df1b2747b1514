"""What the commands about drift work on: the baseline, the target, and how they are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import mlmon
from mlmon.collected.selecting.layout import CollectedBlob, name_in
from mlmon.collected.selecting.newest import newest
from mlmon.collected.selecting.selection import Selection, in_time, select
from mlmon.commands.joining import Asides
from mlmon.commands.lastchecked import LastChecked
from mlmon.commands.ranges import say_range
from mlmon.commands.selecting import Skipped, explain_nothing, listing
from mlmon.core.errors import ExitCode, UsageError
from mlmon.core.model import Service
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange, day_range, day_start, parse_day, parse_month, resolve
from mlmon.drift.cache import Cache
from mlmon.drift.checking import Options
from mlmon.drift.coefficient import available
from mlmon.drift.comparing import About, Chosen, Data, compare, label_of, parts_of, strays, with_freshness
from mlmon.drift.days import Days, Reading, read_days, with_values
from mlmon.drift.kinds import overridden
from mlmon.drift.reading import opened
from mlmon.drift.result import DriftReport, Kind
from mlmon.drift.sampling import ROWS, sample
from mlmon.drift.tables import ALL
from mlmon.output.progress import Progress
from mlmon.session import Session


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared, ready to be. `newest` is the day of the newest row, `needed` how new it has to be."""

    baseline: Data
    target: Data
    parts: tuple[Data, ...] = ()
    service: str = ""
    collection: str = ""
    newest: date | None = None
    needed: datetime | None = None
    code: ExitCode = ExitCode.DONE
    """`PARTIAL` where some of the collected data could not be read."""
    notes: tuple[str, ...] = ()
    last: LastChecked | None = None

    def remember(self) -> None:
        """That this has been checked, for `--since-last`."""
        if self.last and self.target.rows and self.newest:
            self.last.remember(self.newest)


NOTHING_NEW: Final = Sides(Data("", {}), Data("", {}))
"""In place of sides where all days that have ended are checked already."""


@dataclass(frozen=True, slots=True)
class Features:
    """Which features a person means, and what they say of them."""

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    label: str = ""
    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

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

    def chosen(self, session: Session, baseline: Iterable[str], target: Iterable[str], *, guess: bool) -> Chosen:
        """The features to compare. With `guess`, a column that looks like the label is left out, which is said."""

        label = self.label or session.settings.drift.label
        if not label and guess and (label := label_of([*baseline], [*target])):
            session.terminal.note(
                f"{label!r} is taken for the label: it is in the baseline alone (--label NAME names another,"
                f" --features {label} compares it)"
            )
        return Chosen(self.only, self.exclude, label)


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


def files(session: Session, baseline: Path, target: Path, said: Features) -> Sides:
    """Two files, without times. Raises as `reading.opened` does, and `UsageError` as `Features` does."""
    first, kinds = _file(session, baseline, lambda found: said.kinds(session, found))
    second, _ = _file(session, target, lambda _: kinds)
    names = said.chosen(session, kinds, second.summaries, guess=False).among(kinds, second.summaries)
    return Sides(first.only(names), second.only(names))


def _file(
    session: Session, path: Path, kinds_of: Callable[[dict[str, Kind]], dict[str, Kind]]
) -> tuple[Data, dict[str, Kind]]:
    """A file as a side, and what its features are."""

    with _reading(session, path.name), opened(session.path(path)) as file:
        kinds = kinds_of(file.kinds())
        summaries = file.summaries(kinds)
        sampled = sample([file.table], kinds).get(ALL) if available() else None
    return Data(path.name, summaries, sample=sampled.columns if sampled else None), kinds


def _reading(session: Session, name: str) -> AbstractContextManager[Progress]:
    return session.terminal.progress(f"Reading {name}", total=None, unit="seconds", ticking=True)


@dataclass(frozen=True, slots=True)
class Collected:
    """What is meant of a service's collected data: `on` is inputs or predictions."""

    service: str | None
    on: str
    between: TimeRange | None
    stale_after: timedelta = timedelta(days=3)
    by: str | None = None
    since_last: bool = False


def collected(session: Session, wanted: Collected, said: Features, baseline: Baseline) -> Sides:
    """What a service collected, against a file or an earlier range of it; nothing where there is nothing new to check.

    Raises as `files` does.
    """
    workspace = session.connect()
    found = session.service(workspace, wanted.service)
    name = str(found.name)
    last = LastChecked.of(session, workspace=workspace.name, service=name, on=wanted.on, baseline=baseline.name)
    between = last.range(session.now.date()) if wanted.since_last else wanted.between
    if wanted.since_last and not between:
        return NOTHING_NEW
    say_range(session, between)
    source = _Source(session, workspace, found, wanted.on)
    if baseline.between:
        earlier = source.read(baseline.between, None, adjust=lambda kinds: said.kinds(session, kinds))
        first, kinds = _data(name, earlier, [*earlier.by_day], baseline.between), earlier.kinds
    else:
        first, kinds = _file(session, Path(baseline.name), lambda known: said.kinds(session, known))
    days = source.read(between, kinds)
    about = _between(days, between, session.now)
    target = _data(name, days, [*days.by_day], about)
    columns, notes = _told_columns(kinds, target)
    names = said.chosen(session, kinds, columns, guess=bool(target.rows)).among(kinds, columns)
    parts = parts_of(about, wanted.by) if wanted.by and about else []
    return Sides(
        first.only(names),
        target.only(names),
        tuple(_part(days, each, name).only(names) for each in parts),
        service=name,
        collection=source.collection,
        newest=max(days.by_day, default=None) or source.newest(),
        needed=min(between.end, session.now) - wanted.stale_after if between else None,
        code=source.code,
        notes=notes,
        last=last if wanted.since_last else None,
    )


def baseline_alone(session: Session, service: str | None, baseline: Baseline, said: Features, *, on: str) -> Data:
    """The baseline without anything to compare it with. Raises as `files` does."""
    if baseline.between:
        workspace = session.connect()
        found = session.service(workspace, service)
        say_range(session, baseline.between)
        source = _Source(session, workspace, found, on)
        days = source.read(baseline.between, None, adjust=lambda kinds: said.kinds(session, kinds))
        known = _data(str(found.name), days, [*days.by_day], baseline.between)
    else:
        known, _ = _file(session, Path(baseline.name), lambda found: said.kinds(session, found))
    return known.only(said.chosen(session, known.summaries, known.summaries, guess=False).among(known.summaries, ()))


def _told_columns(kinds: Mapping[str, Kind], target: Data) -> tuple[list[str], tuple[str, ...]]:
    """The target's columns without those that hardly a row has, and what is said of these."""
    few = strays(kinds, target.summaries)
    if not few:
        return [*target.summaries], ()
    named = ", ".join(few[:_NAMED]) + (f" and {len(few) - _NAMED} more" if len(few) > _NAMED else "")
    note = f"Not compared, because the baseline lacks them and few rows have them: {named}."
    return [name for name in target.summaries if name not in few], (note,)


@dataclass(slots=True)
class _Source:
    """The collected data of one service, read by day."""

    session: Session
    workspace: Workspace
    found: Service
    on: str
    collection: str = ""
    code: ExitCode = ExitCode.DONE

    def read(
        self,
        between: TimeRange | None,
        kinds: dict[str, Kind] | None,
        *,
        adjust: Callable[[dict[str, Kind]], dict[str, Kind]] = lambda kinds: kinds,
    ) -> Days:
        """The days of a range; without `kinds` they are found out."""
        selected = self._selected(between)
        asides = Asides(self.session)
        total = sum(one.blob.size for one in selected)
        with self.session.terminal.progress(f"Reading {self.found.name}", total=total, unit="bytes") as bar:
            reading = Reading(
                self.workspace.blobs,
                self.session.now,
                asides,
                lambda one: bar.advance(one.blob.size, item=one.blob.name),
            )
            days = read_days(
                reading,
                selected,
                kinds,
                between=between,
                cache=Cache(self.session.settings.state),
                most=ROWS if available() else 0,
                adjust=adjust,
            )
        asides.say()
        self.code = max(self.code, asides.exit_code)
        return days

    def newest(self) -> date | None:
        """The day of the newest data of any collection; None where nothing was ever collected."""
        latest = newest(self.workspace.blobs, self.found.name)
        return latest.day if latest else None

    def _selected(self, between: TimeRange | None) -> list[CollectedBlob]:
        skipped = Skipped(self.session)
        selected: list[CollectedBlob] = []
        with listing(self.session, self.found):
            for name in _COLLECTIONS[self.on]:
                wanted = Selection(between, (name,))
                found = select(self.workspace.blobs, self.found.name, wanted, on_skip=skipped, now=self.session.now)
                if selected := in_time(found):
                    break
        skipped.say()
        if selected:
            self.collection = selected[0].collection
        else:
            self.collection = self.collection or name_in(self.found.generation, self.on)
            explain_nothing(self.session, self.workspace, self.found, Selection(between))
        return selected


_NAMED: Final = 10
_COLLECTIONS: Final = {"inputs": ("inputs", "request"), "predictions": ("predictions", "response")}
"""What is read: the second where a service has nothing of the first."""


def _part(days: Days, between: TimeRange, name: str) -> Data:
    return _data(name, days, [day for day in days.by_day if day_start(day) in between], between)


def _data(name: str, days: Days, chosen: Sequence[date], between: TimeRange | None) -> Data:
    sampled = days.sample(chosen)
    summaries = with_values(days.summaries(chosen))
    return Data(name, summaries, between, sampled.columns if sampled else None)


def _between(days: Days, asked: TimeRange | None, now: datetime) -> TimeRange | None:
    """The whole days that a report is about: those asked for that have begun, from the first one that there can be."""
    known = [*days.by_day]
    if asked is None:
        return TimeRange(day_start(known[0]), day_range(known[-1]).end) if known else None
    first = day_start(known[0]) if asked.start.year == 1 and known else asked.start
    last = min(asked.end, day_range(now.date()).end)
    return TimeRange(first, last) if first < last else asked


def whole_days(between: TimeRange | None) -> TimeRange | None:
    """The range widened to whole UTC days: what is kept of collected data is kept by day."""
    if between is None:
        return None
    return TimeRange(day_start(between.start.date()), day_range((between.end - timedelta.resolution).date()).end)


def reported(session: Session, sides: Sides, options: Options, *, compat: str = "") -> DriftReport:
    """Compare the sides. Raises `UsageError` where the baseline has no rows."""
    if not sides.baseline.rows:
        raise UsageError(f"the baseline {sides.baseline.name!r} has no rows", hint="name another file or range")
    about = About(session.now, sides.service, sides.collection, mlmon.__version__, compat, sides.notes)
    with session.terminal.progress("Comparing", total=None, unit="seconds", ticking=True):
        report = compare(sides.baseline, sides.target, sides.parts, options, about=about)
    for note in report.method.notes:
        session.terminal.note(note.removesuffix("."))
    return with_freshness(report, sides.newest, needed=sides.needed)


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
