"""Collected blobs of a date range: ls."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from os.path import commonprefix
from typing import Annotated, Final

import typer

from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.selecting.selection import Selection, in_time, select
from mlmon.collected.selecting.tallies import Tally, bytes_by_day, levels, tallied
from mlmon.commands.command import Group, command
from mlmon.commands.options import (
    CollectionOption,
    DayOption,
    FromOption,
    ModelOption,
    ModelVersionOption,
    MonthOption,
    ServiceArgument,
    ToOption,
    one_of,
)
from mlmon.commands.selecting import BLOB, Skipped, blob_row, explain_nothing, listing, look_up, no_blobs
from mlmon.core.errors import UsageError
from mlmon.core.model import Generation, Service
from mlmon.core.timerange import TimeRange, resolve
from mlmon.output.results import Calendar, Faces, Field, Record, Result, Row, Rows
from mlmon.session import Session

_KEYS: Final[dict[str, Callable[[CollectedBlob], str]]] = {
    "day": lambda one: one.day.isoformat(),
    "month": lambda one: one.day.isoformat()[: len("2026-03")],
    "collection": lambda one: one.collection,
}
_BYS: Final = tuple(_KEYS)
_BRIEF: Final = (
    Field("when"),
    Field("collection", optional=True),
    Field("bytes", kind="bytes"),
    Field("below", header="path", optional=True, dear=True),
)
_LISTED: Final = (*BLOB, Field("last_modified", header="last modified", kind="time", optional=True))
_TOTALS: Final = (
    Field("service"),
    Field("count", kind="number"),
    Field("total_bytes", header="total", kind="bytes"),
    Field("days", kind="number"),
)
_AMOUNTS: Final = (Field("count", kind="number"), Field("bytes", kind="bytes"), Field("days", kind="number"))
_LEVELS: Final = (Field("name"), Field("level", optional=True), *_AMOUNTS)
_LEVELS_OF: Final = {
    Generation.V1: ("service", "model", "version", "collection"),
    Generation.V2: ("service", "collection"),
}


@command(
    "ls",
    Group.DATA,
    rows=True,
    examples=[
        "mlmon ls --month 3",
        "mlmon ls diabetes-v2/blue --day yesterday",
        "mlmon ls --since 7d -o json",
        "mlmon ls --by month",
        "mlmon ls --du",
    ],
)
def ls(
    session: Session,
    *,
    service: ServiceArgument = None,
    month: MonthOption = None,
    day: DayOption = None,
    start: FromOption = None,
    end: ToOption = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    model_version: ModelVersionOption = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="|".join(_BYS),
            parser=one_of(_BYS, "something to count by"),
            help="Counts and bytes of each day, month or collection instead of every blob.",
        ),
    ] = None,
    du: Annotated[
        bool, typer.Option("--du", help="Counts and bytes of the service and of each model, version and collection.")
    ] = False,
) -> Result:
    """List collected blobs of a date range. Without a range: all there are.

    Ranges are half-open and in UTC. A blob counts when its day or hour overlaps the range. As a table, a calendar of
    each collection stands below the blobs.
    """
    if by and du:
        raise UsageError("--by and --du cannot be combined", hint="choose one of them")
    between = resolve(session.now, month=month, day=day, start=start, end=end)
    selection = Selection(between, tuple(collection or ()), model=model or "", model_version=model_version or "")
    workspace, found = look_up(session, service, selection)
    skipped = Skipped(session)
    with listing(session, found):
        selected = select(workspace.blobs, found.name, selection, on_skip=skipped, now=session.now)
        if du:
            count, answer = _levels(found, selected)
        elif by:
            count, answer = _groups(found, selected, by)
        else:
            count, answer = _blobs(session, found, selected, between)
    skipped.say()
    if not count:
        explain_nothing(session, workspace, found, selection)
    return answer


def _blobs(
    session: Session, found: Service, selected: Iterable[CollectedBlob], between: TimeRange | None
) -> tuple[int, Result]:
    """Every blob, in the order of time."""
    blobs = in_time(selected)
    totals = tallied(blobs, lambda _: (None,)).get(None, Tally())
    shared = _shared(blobs)
    rows = _BlobRows(blobs, len(shared))
    empty = no_blobs(found)
    values = _totals(found, totals)
    table = Rows(_BRIEF, rows, empty=empty, caption=f"below {shared}" if shared else "")
    people = Record(_TOTALS, values, table, calendars=_calendars(session, blobs, between))
    machines = Record(_TOTALS, values, Rows(_LISTED, rows, empty=empty), rows_key="blobs")
    return totals.count, Faces(people, machines)


def _shared(blobs: Sequence[CollectedBlob]) -> str:
    """The folders that every path begins with: most of a path says what the listing has said already."""
    return "".join(commonprefix([one.blob.name for one in blobs]).rpartition("/")[:2])  # noqa: RUF071 - commonpath reads names as this system's paths


@dataclass(frozen=True, slots=True)
class _BlobRows:
    """The rows of blobs, each made when it is written: of a hundred thousand they would be most of what is held."""

    blobs: Sequence[CollectedBlob]
    shared: int
    """How many letters of every path are the same."""

    def __len__(self) -> int:
        return len(self.blobs)

    def __iter__(self) -> Iterator[Row]:
        for one in self.blobs:
            below = one.blob.name[self.shared :]
            yield {**blob_row(one), "last_modified": one.blob.last_modified, "when": one.stretch, "below": below}


def _groups(found: Service, selected: Iterable[CollectedBlob], by: str) -> tuple[int, Result]:
    """A row for each day, month or collection."""
    key = _KEYS[by]
    tallies = tallied(selected, lambda one: (None, key(one)))
    totals = tallies.get(None, Tally())
    fields = (Field(by), *(_AMOUNTS[:2] if by == "day" else _AMOUNTS))
    names = sorted(name for name in tallies if name is not None)
    rows = [{by: name, **_amounts(tallies[name])} for name in names]
    return totals.count, Record(
        _TOTALS, _totals(found, totals), Rows(fields, rows, empty=no_blobs(found)), rows_key="groups"
    )


def _levels(found: Service, selected: Iterable[CollectedBlob]) -> tuple[int, Result]:
    """A row for the service, and for each model, version and collection below it."""
    tallies = tallied(selected, levels)
    names = _LEVELS_OF[found.generation]
    rows: list[Row] = [
        {"name": "/".join(path), "level": names[len(path) - 1], **_amounts(tallies[path])} for path in sorted(tallies)
    ]
    totals = next((tallies[path] for path in sorted(tallies)), Tally())
    return totals.count, Record(
        _TOTALS, _totals(found, totals), Rows(_LEVELS, rows, empty=no_blobs(found)), rows_key="levels"
    )


def _totals(found: Service, tally: Tally) -> Row:
    return {"service": str(found.name), "count": tally.count, "total_bytes": tally.bytes, "days": len(tally.days)}


def _amounts(tally: Tally) -> Row:
    return {"count": tally.count, "bytes": tally.bytes, "days": len(tally.days)}


def _calendars(session: Session, blobs: Iterable[CollectedBlob], between: TimeRange | None) -> tuple[Calendar, ...]:
    """One for each collection, over the range as far as it has begun; none where that is a day at most."""
    found = bytes_by_day(blobs)
    days = [day for each in found.values() for day in each]
    if not days:
        return ()
    first, last = min(days), max(*days, session.now.date())
    if between:
        # a range without a start begins long before there was anything
        first = max(first, between.start.date()) if between.start.year == 1 else between.start.date()
        last = min(last, (between.end - timedelta.resolution).date())
    return tuple(Calendar(name, found[name], first, last) for name in sorted(found)) if first < last else ()
