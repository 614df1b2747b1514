"""How a feature moved: both distributions, and the records whose values the target has more of than the baseline."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from mlmon.collected.selecting.selection import Selection
from mlmon.collected.tables import dataset as tables
from mlmon.collected.tables.plan import Wanted
from mlmon.collected.tables.staging import Staging
from mlmon.commands.drifting import Sides, reported
from mlmon.commands.driftwanted import Collected, options_of
from mlmon.commands.joining import read, selected_of
from mlmon.core.errors import ExitCode
from mlmon.core.model import Json, Value
from mlmon.drift.kinds import category_of
from mlmon.drift.reading import opened
from mlmon.drift.result import FeatureDrift, Histogram
from mlmon.drift.screen import compared as which
from mlmon.drift.screen import written
from mlmon.drift.showing import OTHERS
from mlmon.output.cells import exact
from mlmon.output.results import BarChart, Faces, Field, Page, Record, Result, Row, Rows
from mlmon.session import Session

_FEW: Final = 12
"""So many bars are few enough to be read one by one."""
_AT_ONCE: Final = 10_000
_TOLD: Final = ("feature", "kind", "verdict", "effect_metric", "effect", "threshold", "p_value", "reason")
_DOCUMENT: Final = (*(Field(key, kind="json") for key in _TOLD), Field("distribution", kind="json"))
_PEOPLE: Final = (
    Field("feature"),
    Field("verdict"),
    Field("reason", prose=True),
    Field("compared", prose=True),
    Field("effect"),
    Field("threshold"),
)
_SHARES: Final = (
    Field("baseline_share", header="baseline", kind="number"),
    Field("target_share", header="target", kind="number"),
)
_IDS: Final = ("time", "request_id")


@dataclass(frozen=True, slots=True)
class Explained:
    """A feature that was compared, and the exit code that goes with what could not be read."""

    feature: FeatureDrift
    code: ExitCode
    compared: str
    """Which data were compared, for people."""

    @property
    def histogram(self) -> Histogram:
        """Both distributions; without a bin where a side has no values."""
        return self.feature.histogram or Histogram((), ())

    def bins(self) -> Callable[[Value], int | None]:
        """What says which bin a value is in; None for one that is in none."""
        known = self.histogram
        inner, labels = known.edges[1:-1], {label: at for at, label in enumerate(known.labels)}

        def of_number(value: Value) -> int | None:
            number = _number(value)
            return None if number is None else bisect_right(inner, number)

        def of_category(value: Value) -> int | None:
            return None if value is None else labels.get(category_of(exact(value)), labels.get(OTHERS))

        return of_number if known.edges else of_category


@dataclass(frozen=True, slots=True)
class Records:
    """The records that moved a feature, with the columns in the order in which they are shown."""

    fields: tuple[Field, ...]
    rows: list[Row] = field(default_factory=list)


def compared(session: Session, sides: Sides, feature: str) -> Explained:
    """The feature as `drift` finds it. Raises as `drifting.reported` does."""
    report = reported(session, sides, options_of(session, None, {}), quietly=True)
    found = [each for each in report.whole.features if each.feature == feature]
    nothing = FeatureDrift(feature, "number", report.verdict, {}, reason=report.whole.reason)
    said = written(which(report), plain=session.terminal.stdout.plain)
    return Explained(found[0] if found else nothing, sides.code, said)


def collected_records(session: Session, wanted: Collected, sides: Sides, found: Explained, *, most: int) -> Records:
    """Those of a service, joined with what it answered."""
    workspace = session.connect()
    service = session.service(workspace, wanted.service)
    blobs, _ = selected_of(session, workspace, service, Selection(sides.target.between))
    with closing(Staging.open()) as staging:
        if not blobs:
            return Records((Field(found.feature.feature),))
        read(session, workspace, service, blobs, staging)
        made = tables.build(staging, Wanted(sides.target.between))
        names = [one.name for one in made.columns]
        past = len(tables.META) + len(made.base.names)
        given, answered = names[len(tables.META) : past], [name for name in names[past:] if name != tables.MATCH]
        own = (sides.collection, found.feature.feature)
        # a name that another collection, or another case, has too says whose it is
        column = next((one.name for one in made.columns if one.own == own), own[1])
        told = _Told(column, ids=_IDS, beside=answered, others=given)
        return _chosen(found, told, made.rows(), most=most)


def file_records(session: Session, path: Path, found: Explained, *, most: int) -> Records:
    """Those of a file, as they stand in it."""
    with opened(session.path(path)) as file:
        columns = file.table.columns
        cells = ", ".join(one.cell for one in columns.values())
        answer = file.table.connection.execute(f"SELECT {cells} FROM {file.table.source}")  # noqa: S608 - our own names
        rows = (
            dict(zip(columns, row, strict=True))
            for some in iter(lambda: answer.fetchmany(_AT_ONCE), [])
            for row in some
        )
        column = found.feature.feature
        return _chosen(found, _Told(column, others=[*columns]), rows, most=most)


def shown(found: Explained, records: Records) -> Result:
    """Both distributions and the records; formats of rows carry the records alone."""
    feature, known = found.feature, found.histogram
    told: Row = {key: getattr(feature, key) for key in _TOLD}
    names = _names(known)
    distribution: Json = [
        {"bin": name, "baseline_share": one, "target_share": other}
        for name, one, other in zip(names, known.baseline, known.target, strict=True)
    ]
    nothing = "no record has a value that is more frequent than in the baseline"
    rows = Rows(records.fields, records.rows, empty=nothing if known.target else "there is no record to show")
    head = {**told, "effect": _rounded(feature.effect), "compared": found.compared}
    fields = tuple(field for field in _PEOPLE if field.key != "reason" or feature.reason)
    people = Page((Record(fields, head), *_charts(known), rows))
    machines = Record(_DOCUMENT, {**told, "distribution": distribution}, rows, rows_key="records")
    return Faces(people, machines, exit_code=found.code)


def _charts(known: Histogram) -> Iterator[BarChart]:
    """Both sides in percent, number for number below each other."""
    names = _names(known)
    for title, shares in (("baseline, %", known.baseline), ("target, %", known.target)):
        bars = [(name, round(100 * share, 1)) for name, share in zip(names, shares, strict=True)]
        if bars and known.edges and len(bars) > _FEW:
            bars = _paired(known, shares)
        if bars:
            yield BarChart(title, tuple(bars))


def _paired(known: Histogram, shares: Sequence[float]) -> list[tuple[str, float]]:
    """Two bins as one."""
    edges = (*known.edges[:-1:2], known.edges[-1])
    ends = Histogram((), (), edges=edges)
    return [(name, round(100 * sum(shares[2 * at : 2 * at + 2]), 1)) for at, name in enumerate(_names(ends))]


def _names(known: Histogram) -> Sequence[str]:
    return known.labels or [f"{first:.4g} to {past:.4g}" for first, past in pairwise(known.edges)]


@dataclass(frozen=True, slots=True)
class _Told:
    """The columns of records: the feature's, those that say which record it is, what was answered, and the others."""

    column: str
    ids: Sequence[str] = ()
    beside: Sequence[str] = ()
    others: Sequence[str] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """In the order in which they are shown, each once."""
        return (
            *(Field(name, kind="time" if name == "time" else "text") for name in self.ids),
            Field(self.column, whole=True),
            *_SHARES,
            *(Field(name, kind="json") for name in self.beside if name != self.column),
            *(Field(name, kind="json", optional=True) for name in self.others if name != self.column),
        )


def _chosen(found: Explained, told: _Told, rows: Iterable[Row], *, most: int) -> Records:
    """The rows whose bins have most more of the target than of the baseline, the newest first among those of a bin."""
    known, bin_of = found.histogram, found.bins()
    excess = [other - one for one, other in zip(known.baseline, known.target, strict=True)]

    def judged() -> Iterator[tuple[float, str, int, Row]]:
        for number, row in enumerate(rows):
            at = bin_of(row.get(told.column))
            if at is not None and at < len(excess) and excess[at] > 0:
                shares: Row = {
                    "baseline_share": _rounded(known.baseline[at]),
                    "target_share": _rounded(known.target[at]),
                }
                # the number decides between rows of one moment: rows themselves have no order
                yield excess[at], exact(row.get("time")), -number, {**row, **shares}

    best = [row for *_, row in heapq.nlargest(most, judged(), key=lambda one: one[:3])]
    return Records(told.fields, best)


def _number(value: Value) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    return number if math.isfinite(number) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
