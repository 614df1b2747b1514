"""The collected data of a service by day: summaries and samples of rows, of which only new days are read.

A row's day is that of its file; where a file holds more than one, that of the row. What a day gives depends on its own
files alone, whatever else is read with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from mlmon.collected.records import Aside
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.tables.columns import view
from mlmon.collected.tables.filling import fill
from mlmon.collected.tables.parts import STORED, Collection, Part
from mlmon.collected.tables.repeats import drop_second_deliveries
from mlmon.collected.tables.staging import Staging, explained
from mlmon.collected.tables.within import inside
from mlmon.core.ports import Blobs
from mlmon.core.timerange import TimeRange
from mlmon.drift import sampling
from mlmon.drift.cache import Cache, Day, Identity
from mlmon.drift.result import Kind
from mlmon.drift.summary import Quality, Summary, merged
from mlmon.drift.tables import Column, Table, summarize

_EPOCH: Final = date(1970, 1, 1)
_A_DAY: Final = 86_400_000_000  # microseconds
_MEMORY: Final = "512MB"  # a line may hold many rows, whose values take ten times the room of their text
_NUMBERS: Final = frozenset({"BIGINT", "DOUBLE"})

Kinds = Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class Days:
    """What was found: the days that have rows, in order, and what each feature is."""

    kinds: dict[str, Kind]
    by_day: dict[date, Day]

    def summaries(self, days: Sequence[date] | None = None) -> dict[str, Summary]:
        """The summary of each feature over some of the days, or all of them."""
        found: dict[str, list[Summary]] = {}
        for day in self.by_day if days is None else days:
            for name, one in self.by_day[day].summaries.items():
                found.setdefault(name, []).append(one)
        return {name: merged(each) for name, each in found.items()}

    def sample(self, days: Sequence[date] | None = None, *, most: int = sampling.ROWS) -> sampling.Sampled | None:
        """A sample of the rows of some of the days, or of all of them. None where none was asked for, or is no row."""
        chosen = [self.by_day[day].sample for day in (self.by_day if days is None else days)]
        known = [one for one in chosen if one is not None]
        return sampling.together(known, most=most) if known else None


@dataclass(frozen=True, slots=True)
class Reading:
    """How collected data is read: whom to tell of a line that could not be, and of a file that was."""

    blobs: Blobs
    now: datetime
    on_aside: Callable[[Aside], None]
    on_read: Callable[[CollectedBlob], None] = lambda _: None


def with_values(summaries: Mapping[str, Summary]) -> dict[str, Summary]:
    """Those features of which there is a value: collected data does not tell a missing column from one of nulls."""
    return {name: one for name, one in summaries.items() if one.quality.rows > one.quality.nulls}


def read_days(
    reading: Reading,
    selected: Sequence[CollectedBlob],
    kinds: Kinds | None,
    *,
    between: TimeRange | None = None,
    cache: Cache | None = None,
    most: int = 0,
    adjust: Callable[[dict[str, Kind]], dict[str, Kind]] = lambda kinds: kinds,
) -> Days:
    """Read the files of one collection, but for the days that `cache` knows, with a sample of `most` rows a day.

    Every feature of `kinds` is in each day, without values where there is no such column. Columns that `kinds` does not
    know are counted only. Without `kinds` they are found out from all of these files, and then pass through `adjust`.

    Raises:
        Failure: there is no room for the rows.
    """
    units = _units(reading.blobs, selected, between, reading.now)
    whole = tuple(identity for unit in units for identity in unit.identity)
    if kinds is None and cache is not None and (known := cache.kinds(whole)) is not None:
        kinds = adjust(known)
    found: dict[date, Day] = {}
    wanted = []
    for unit in units:
        cached = cache.get(unit.identity, kinds, most=most) if cache and kinds is not None and unit.whole else None
        if cached is None:
            wanted.append(unit)
        else:
            found |= cached
    if wanted:
        kinds = _read(
            reading, wanted, kinds, found, between=between, cache=cache, most=most, adjust=adjust, all_of=whole
        )
    return Days(dict(kinds or {}), dict(sorted(found.items())))


@dataclass(slots=True)
class _Unit:
    """Files whose days are no other's: mostly those of a day. `whole` says that all of their rows are wanted."""

    first: date
    past: date
    files: list[CollectedBlob]
    whole: bool = True
    identity: Identity = ()
    has_asides: bool = False


def _units(blobs: Blobs, selected: Sequence[CollectedBlob], between: TimeRange | None, now: datetime) -> list[_Unit]:
    units: list[_Unit] = []
    for one in sorted(selected, key=lambda each: (each.start, each.blob.name)):
        past = (one.end - timedelta(microseconds=1)).date() + timedelta(days=1)
        if units and one.day < units[-1].past:
            units[-1].files.append(one)
            units[-1].past = max(units[-1].past, past)
        else:
            units.append(_Unit(one.day, past, [one]))
    for unit in units:
        unit.identity = tuple(
            (
                blobs.address(one.blob.container),
                one.blob.name,
                one.blob.size,
                one.blob.etag,
                one.blob.last_modified.isoformat(),
            )
            for one in unit.files
        )
        unit.whole = between is None or _contains(between, unit, now)
    return units


def _contains(between: TimeRange, unit: _Unit, now: datetime) -> bool:
    """Whether a range leaves out no row of a unit; nothing is collected after now."""
    first, past = (datetime.combine(day, time.min, UTC) for day in (unit.first, unit.past))
    return between.start <= first and (between.end >= past or between.end >= now)


def _read(
    reading: Reading,
    units: Sequence[_Unit],
    kinds: Kinds | None,
    found: dict[date, Day],
    *,
    between: TimeRange | None,
    cache: Cache | None,
    most: int,
    adjust: Callable[[dict[str, Kind]], dict[str, Kind]],
    all_of: Identity,
) -> Kinds:
    """Read units into `found` and the cache; the kinds, found out where they are not known."""
    unit_of = {(one.blob.container, one.blob.name): unit for unit in units for one in unit.files}

    def aside(one: Aside) -> None:
        unit_of[one.source.blob.container, one.source.blob.name].has_asides = True
        reading.on_aside(one)

    staging = Staging.open(memory=_MEMORY)
    try:
        files = [one for unit in units for one in unit.files]
        for one in fill(staging, reading.blobs, files, now=reading.now, on_aside=aside):
            reading.on_read(one)
        with explained():
            types = {name: kind for each in staging.collections.values() for name, kind in view(staging, each).items()}
            if kinds is None:
                seen: dict[str, Kind] = {
                    name: "number" if stored in _NUMBERS else "category" for name, stored in types.items()
                }
                if cache is not None and not any(unit.has_asides for unit in units):
                    cache.keep_kinds(all_of, seen)
                kinds = adjust(seen)
            days = _summarized(staging, kinds, between=between, most=most)
    finally:
        staging.close()
    for unit in units:
        own = {day: one for day, one in days.items() if unit.first <= day < unit.past}
        found |= own
        if cache is not None and unit.whole and not unit.has_asides:
            cache.put(unit.identity, kinds, own, most=most)
    return kinds


def _summarized(staging: Staging, kinds: Kinds, *, between: TimeRange | None, most: int) -> dict[date, Day]:
    held = [table for each in staging.collections.values() for table in _held(staging, each, kinds, between)]
    parts = [summarize(table, kinds) for table in held]
    samples = sampling.sample(held, kinds, most=most) if most else {}
    days = {}
    for group in sorted({group for part in parts for group in part}):
        named: dict[str, list[Summary]] = {name: [] for name in kinds}
        for part in parts:
            for name, one in part.get(group, {}).items():
                if name in kinds or one.quality.rows > one.quality.nulls:
                    named.setdefault(name, []).append(one)
        summaries = {name: merged(each) for name, each in named.items() if each}
        days[_EPOCH + timedelta(days=group)] = Day(with_all_rows(summaries, kinds), samples.get(group))
    return days


def with_all_rows(summaries: Mapping[str, Summary], kinds: Kinds) -> dict[str, Summary]:
    """The same, a column that `kinds` does not know missing in those rows of the day that have no such column.

    In which tables rows were held, or by which machine, then makes no difference.
    """
    rows = max((one.quality.rows for name, one in summaries.items() if name in kinds), default=0)
    return {
        name: one if name in kinds else replace(one, quality=one.quality + Quality(more, more))
        for name, one in summaries.items()
        for more in [max(rows - one.quality.rows, 0)]
    }


def _held(staging: Staging, collection: Collection, kinds: Kinds, between: TimeRange | None) -> list[Table]:
    """The rows of a collection that are wanted, with the number of their day: a table for each part of it."""
    run = staging.connection.execute
    drop_second_deliveries(staging, collection, between, each_day=True)
    run(
        f"""CREATE OR REPLACE TEMP TABLE kept AS
            SELECT run, CASE WHEN f.past - f.first <= {_A_DAY} THEN f.first
                             ELSE greatest(least(coalesce(r.time, f.first), f.past - 1), f.first) END // {_A_DAY} AS day
            FROM {collection.runs} r JOIN files f USING (file) WHERE {inside(between, "r", "f")}"""
    )
    run(f"DROP VIEW {collection.rows}")
    held = []
    for part in collection.parts:
        cells = "".join(f", p.{stored}" for stored in part.stored.values())
        run(f"CREATE TABLE kept_{part.table} AS SELECT day{cells} FROM {part.table} p JOIN kept USING (run)")
        run(f"DROP TABLE {part.table}")
        [[rows]] = run(f"SELECT count(*) FROM kept_{part.table}").fetchall()
        columns = {name: Column("NULL::VARCHAR", "VARCHAR") for name in kinds}
        columns |= {name: _column(part, name, v1=collection.v1) for name in part.stored}
        if rows:
            held.append(Table(staging.connection, f"kept_{part.table}", columns, "rowid", 0, int(rows), group="day"))
    return held


def _column(part: Part, name: str, *, v1: bool) -> Column:
    stored = part.stored[name]
    kind = "VARCHAR" if not part.typed else STORED[next(iter(part.sorts.get(name) or {"str"}))]
    if v1 and kind == "VARCHAR":
        # how pandas writes a number that is missing; where all cells are numbers, it is read as that already
        return Column(f"CASE WHEN {stored} NOT IN ('nan', 'NaN') THEN {stored} END", kind)
    return Column(stored, kind)
