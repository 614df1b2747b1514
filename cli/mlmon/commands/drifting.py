"""What the commands about drift work on: the baseline, the target, and how they are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import mlmon
from mlmon.commands.driftengine import AzureML
from mlmon.commands.driftwanted import Baseline, Collected, Features
from mlmon.commands.lastchecked import LastChecked
from mlmon.commands.ranges import say_range
from mlmon.core.errors import ExitCode, UsageError
from mlmon.drift.assets import is_asset, opened_asset
from mlmon.drift.atonce import Together
from mlmon.drift.checking import Options
from mlmon.drift.comparing import About, Data, compare, parts_of, strays, with_freshness
from mlmon.drift.reading import Opened, Watch, opened
from mlmon.drift.result import DriftReport, Kind
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
    workspace: str = ""
    newest: date | None = None
    needed: datetime | None = None
    code: ExitCode = ExitCode.DONE
    """`PARTIAL` where some of the collected data could not be read."""
    notes: tuple[str, ...] = ()
    last: LastChecked | None = None
    job: str = ""
    """The name of the job that would summarize the target, where one has been written and that was all."""

    def remember(self) -> None:
        """That this has been checked, for `--since-last`."""
        if self.last and self.target.rows and self.newest:
            self.last.remember(self.newest)


NOTHING_NEW: Final = Sides(Data("", {}), Data("", {}))
"""In place of sides where all days that have ended are checked already."""


def files(session: Session, baseline: str, target: Path, said: Features) -> Sides:
    """Two files, without times. Raises as `reading.opened` does, and `UsageError` as `Features` does."""
    named, together = (baseline, str(target)), Together()
    with _reading(session, " and ".join(map(_shown, named))), ExitStack() as open_:
        both = together.map(lambda name: open_.enter_context(_opened(session, name, watch=together.watch)), named)
        kinds = said.kinds(session, both[0].kinds())
        first, second = together.map(
            lambda one: _side(_shown(one[0]), one[1], kinds, rows=said.rows), [*zip(named, both, strict=True)]
        )
    said.say_unknown(session, {**kinds, **second.summaries}, labelled=True)
    names = said.chosen(session, kinds, second.summaries, guess=False).among(kinds, second.summaries)
    return Sides(first.only(names), second.only(names))


def _file(
    session: Session, name: str, kinds_of: Callable[[dict[str, Kind]], dict[str, Kind]], *, rows: int
) -> tuple[Data, dict[str, Kind]]:
    """A file or data asset as a side, and what its features are."""
    with _reading(session, _shown(name)), _opened(session, name) as file:
        kinds = kinds_of(file.kinds())
        return _side(_shown(name), file, kinds, rows=rows), kinds


def _side(shown: str, file: Opened, kinds: dict[str, Kind], *, rows: int) -> Data:
    summaries = file.summaries(kinds)
    sampled = file.sample(kinds, most=rows) if rows else None
    return Data(shown, summaries, sample=sampled.columns if sampled else None)


def _shown(name: str) -> str:
    return name if is_asset(name) else Path(name).name


def _opened(session: Session, name: str, *, watch: Watch = lambda _: None) -> AbstractContextManager[Opened]:
    if is_asset(name):
        return opened_asset(session.connect().blobs, name, watch=watch)
    return opened(session.path(name), watch=watch)


def _reading(session: Session, name: str) -> AbstractContextManager[Progress]:
    return session.terminal.progress(f"Reading {name}", total=None, unit="seconds", ticking=True)


def collected(session: Session, wanted: Collected, said: Features, baseline: Baseline) -> Sides:
    """What a service collected, against a file or an earlier range of it; `NOTHING_NEW` where it was checked already.

    Raises as `files` does.
    """
    from mlmon.commands.driftsource import Source, data_of, part_of, told_range  # why here: two files need none of it

    workspace = session.connect()
    found = session.service(workspace, wanted.service)
    name = str(found.name)
    last = LastChecked.of(session, workspace=workspace.name, service=name, on=wanted.on, baseline=baseline.name)
    between = last.range(session.now.date()) if wanted.since_last else wanted.between
    if wanted.since_last and not between:
        return NOTHING_NEW
    say_range(session, between)
    source = Source(session, workspace, found, wanted.on, said.rows, engine=wanted.engine)
    if baseline.between:
        earlier = source.read(baseline.between, None, adjust=lambda kinds: said.kinds(session, kinds))
        first, kinds = data_of(name, earlier, [*earlier.by_day], baseline.between, rows=said.rows), earlier.kinds
    else:
        first, kinds = _file(session, baseline.name, lambda known: said.kinds(session, known), rows=said.rows)
    if isinstance(wanted.engine, AzureML) and wanted.engine.folder:
        work = source.work(between, kinds)
        return Sides(first, Data("", {}), job=wanted.engine.write(session, work, wanted.engine.folder))
    days = source.read(between, kinds)
    about = told_range(days, between, session.now)
    target = data_of(name, days, [*days.by_day], about, rows=said.rows)
    if wanted.on == "inputs":  # settings name inputs, which predictions cannot have
        said.say_unknown(session, {**kinds, **target.summaries}, labelled=not baseline.between)
    columns, notes = _told_columns(kinds, target)
    if wanted.on == "predictions" and not baseline.between:
        kinds, notes = _answered(kinds, columns, notes)
    chosen = said.chosen(session, kinds, columns, guess=bool(target.rows), on=wanted.on)
    names = chosen.among(kinds, columns)
    parts = parts_of(about, wanted.by) if wanted.by and about else []
    return Sides(
        first.only(names),
        target.only(names),
        tuple(part_of(days, each, name, rows=said.rows).only(names) for each in parts),
        service=name,
        collection=source.collection,
        workspace=workspace.name,
        newest=max(days.by_day, default=None) or source.newest(),
        needed=min(between.end, session.now) - wanted.stale_after if between else None,
        code=source.code,
        notes=notes,
        last=last if wanted.since_last else None,
    )


def baseline_alone(session: Session, service: str | None, baseline: Baseline, said: Features, *, on: str) -> Data:
    """The baseline without anything to compare it with. Raises as `files` does."""
    if baseline.between:
        from mlmon.commands.driftsource import Source, data_of  # why here: as above

        workspace = session.connect()
        found = session.service(workspace, service)
        say_range(session, baseline.between)
        source = Source(session, workspace, found, on)
        days = source.read(baseline.between, None, adjust=lambda kinds: said.kinds(session, kinds))
        known = data_of(str(found.name), days, [*days.by_day], baseline.between, rows=0)
    else:
        known, _ = _file(session, baseline.name, lambda found: said.kinds(session, found), rows=0)
    names = said.chosen(session, known.summaries, known.summaries, guess=False, on=on).among(known.summaries, ())
    return known.only(names)


_NAMED: Final = 10


def _told_columns(kinds: Mapping[str, Kind], target: Data) -> tuple[list[str], tuple[str, ...]]:
    """The target's columns without those that hardly a row has, and what is said of these."""
    few = strays(kinds, target.summaries)
    if not few:
        return [*target.summaries], ()
    note = f"Not compared, because the baseline lacks them and few rows have them: {_listed(few)}."
    return [name for name in target.summaries if name not in few], (note,)


def _answered(
    kinds: dict[str, Kind], columns: Sequence[str], notes: tuple[str, ...]
) -> tuple[dict[str, Kind], tuple[str, ...]]:
    """The columns of a file that predictions have too: the others of a table of rows are what was asked about."""
    common = {name: kind for name, kind in kinds.items() if name in columns}
    if columns and not common:
        why = f"The baseline has no column that was predicted ({_listed(columns)})"
        return kinds, (*notes, f"{why}: --baseline-range compares with earlier predictions.")
    if not common or len(common) == len(kinds):
        return kinds, notes
    asked = [name for name in kinds if name not in common]
    return common, (*notes, f"Not compared, because predictions lack them: {_listed(asked)}.")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def reported(
    session: Session, sides: Sides, options: Options, *, compat: str = "", quietly: bool = False
) -> DriftReport:
    """Compare the sides; `quietly` says no notes. Raises `UsageError` where the baseline has no rows."""
    if not sides.baseline.rows:
        raise UsageError(f"the baseline {sides.baseline.name!r} has no rows", hint="name another file or range")
    about = About(session.now, sides.service, sides.collection, mlmon.__version__, compat, sides.notes)
    with session.terminal.progress("Comparing", total=None, unit="seconds", ticking=True):
        report = compare(sides.baseline, sides.target, sides.parts, options, about=about)
    for note in () if quietly else report.method.notes:
        session.terminal.note(note.removesuffix("."))
    return with_freshness(report, sides.newest, needed=sides.needed)
