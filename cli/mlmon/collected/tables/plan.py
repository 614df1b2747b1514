"""The plan of a dataset: which rows stand side by side, in the order that is wanted.

The rows themselves are fetched by it some at a time, fewer where they are long, so that memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mlmon.collected.tables.columns import Out
from mlmon.collected.tables.join import BY_ORDER, Pairing
from mlmon.collected.tables.labels import Labels
from mlmon.collected.tables.parts import Collection
from mlmon.collected.tables.plain import literal
from mlmon.collected.tables.staging import Staging, explained
from mlmon.collected.tables.within import inside
from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.timerange import TimeRange

AT_ONCE: Final = 40_960
_CELLS_AT_ONCE: Final = 800_000
_BYTES_AT_ONCE: Final = 16 << 20
_USUAL_ORDER: Final = ("time", "request_id")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a dataset is to be: which rows, in which order, and which columns hold times."""

    between: TimeRange | None = None
    matched_only: bool = False
    sort: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows in the range were joined with another collection, and how many of each have no partner in it."""

    matched: int
    by_order: int
    unmatched_base: int
    unmatched_other: int


@dataclass(slots=True)
class Plan:
    """Rows of the base with their partners, and what is left over of the others, all sorted: the table `plan`.

    A row of it holds the numbers of the rows and runs of each side, whether a pairing was by order (w0, w1, …), and
    the `label`.
    """

    staging: Staging
    wanted: Wanted
    base: Collection
    pairings: list[Pairing]
    labels: Labels | None
    columns: list[Out] = field(default_factory=list)
    counts: list[Counts] = field(default_factory=list)
    """One for each pairing, once the plan is made."""
    found: int = 0

    def stretches(self, day: str | None, *, named: Callable[[int, Out], str], most: int | None = None) -> Iterator[str]:
        """The queries that give the rows one stretch of them after the other; at least one."""
        [[first, past]] = execute(
            self.staging, f"SELECT coalesce(min(rowid), 0), coalesce(max(rowid) + 1, 0) FROM plan{_of_day(day)}"
        )
        past = int(past) if most is None else min(int(past), int(first) + most)
        at_once = self._at_once
        for start in range(int(first), max(past, int(first) + 1), at_once):
            where = f"rowid >= {start} AND rowid < {min(start + at_once, past)}" + (
                f" AND day = {literal(day)}" if day else ""
            )
            yield self._fetched(where, named)

    @property
    def _at_once(self) -> int:
        """How many rows a stretch has: fewer where they have many columns, or are long."""
        row_bytes = sum(collection.row_bytes for _, collection in self.sides)
        return max(1, min(AT_ONCE, _CELLS_AT_ONCE // len(self.columns), _BYTES_AT_ONCE // row_bytes))

    def _fetched(self, where: str, named: Callable[[int, Out], str]) -> str:
        """The rows of a stretch of the plan. Saying between which numbers they are spares looking at all of them."""
        sides = self.sides
        bounds = self._bounds(where, [each for one, _ in sides for each in (one, f"{one}r")])
        joins = "".join(
            f" LEFT JOIN (SELECT * FROM {collection.rows} WHERE n BETWEEN {bounds[alias]}) {alias}"
            f" ON {alias}.n = p.{alias}"
            f" LEFT JOIN (SELECT * FROM {collection.runs} WHERE run BETWEEN {bounds[alias + 'r']}) {alias}r"
            f" ON {alias}r.run = p.{alias}r"
            for alias, collection in sides
        )
        labels = " LEFT JOIN labels l ON l.id = p.label" if self.labels else ""
        source = f"(SELECT rowid AS seq, * FROM plan WHERE {where}) p{joins}{self._files}{labels}"
        values = ", ".join(f"{one.expression} AS v{at}" for at, one in enumerate(self.columns))
        columns = ", ".join(named(at, one) for at, one in enumerate(self.columns))
        return f"SELECT {columns} FROM (SELECT p.seq, {values} FROM {source}) ORDER BY seq"

    def _bounds(self, where: str, names: Sequence[str]) -> dict[str, str]:
        """The least and the greatest number in columns of a stretch of the plan, for BETWEEN."""
        asked = ", ".join(f"coalesce(min({one}), -1), coalesce(max({one}), -1)" for one in names)
        [found] = execute(self.staging, f"SELECT {asked} FROM plan WHERE {where}")
        return {one: f"{found[2 * at]} AND {found[2 * at + 1]}" for at, one in enumerate(names)}

    def make(self) -> None:
        """Find the rows and their order once and for all, and count them."""
        sides = [alias for alias, _ in self.sides]
        parts = [self._side(None), *(self._side(at) for at in range(len(self.pairings)))]
        keys = self._order()
        ways = [f"w{at}" for at in range(len(self.pairings))]
        names = ", ".join([*sides, *(f"{one}r" for one in sides), *ways, "label", "day"])
        order = ", ".join([*(f"k{at}{falling} NULLS LAST" for at, (_, falling) in enumerate(keys)), "side", "n"])
        execute(
            self.staging, f"CREATE TABLE plan AS SELECT {names} FROM ({' UNION ALL '.join(parts)}) ORDER BY {order}"
        )
        self.counts = [self._counts(at) for at in range(len(self.pairings))]
        [[self.found]] = execute(self.staging, "SELECT count(*) FROM plan")
        if self.labels:
            [[self.labels.rows, self.labels.met]] = execute(
                self.staging, "SELECT count(label), count(DISTINCT label) FROM plan"
            )
            self.labels.rows_without = self.found - self.labels.rows
        if self.wanted.matched_only and (self.pairings or self.labels):
            self._leave_matched([*sides, "label"] if self.labels else sides)

    def _counts(self, at: int) -> Counts:
        other = f"o{at} IS NOT NULL"
        asked = (f"b IS NOT NULL AND {other}", f"w{at}", f"b IS NOT NULL AND NOT {other}", f"b IS NULL AND {other}")
        counts = ", ".join(f"count(*) FILTER ({one})" for one in asked)
        [found] = execute(self.staging, f"SELECT {counts} FROM plan")
        return Counts(*found)

    def _leave_matched(self, needed: Sequence[str]) -> None:
        where = " AND ".join(f"{one} IS NOT NULL" for one in needed)
        execute(self.staging, f"CREATE TABLE matched AS SELECT * FROM plan WHERE {where} ORDER BY rowid")
        execute(self.staging, "DROP TABLE plan")
        execute(self.staging, "ALTER TABLE matched RENAME TO plan")

    def _side(self, only: int | None) -> str:
        """What the plan says of the rows of the base, or of those of another collection that have none of them."""
        alias = "b" if only is None else f"o{only}"
        lead = self.base if only is None else self.pairings[only].other
        joins, ids = list[str](), list[str]()
        keys = "".join(f", {expression} AS k{at}" for at, (expression, _) in enumerate(self._order()))
        labels = self.labels.join if self.labels else ""
        asked = keys + labels  # rows that nothing asks for need not be looked at: their runs say how many
        for at, (side, collection) in enumerate(self.sides):
            if side == alias:
                ids.append(f"{alias}r.n AS {side}, {alias}r.run AS {side}r")
                if f"{alias}." in asked:
                    joins.insert(0, f" JOIN {lead.rows} {alias} ON {alias}.n = {alias}r.n")
                continue
            row, run = "NULL::BIGINT", "NULL::BIGINT"
            if only is None:
                row, run = f"p{at}.other", f"p{at}.run"
                joins.append(f" LEFT JOIN {self.pairings[at - 1].table} p{at} ON p{at}.base = br.n")
            ids.append(f"{row} AS {side}, {run} AS {side}r")
            if f"{side}." in asked:
                joins.append(f" LEFT JOIN {collection.rows} {side} ON {side}.n = {row}")
            joins.append(f" LEFT JOIN {collection.runs} {side}r ON {side}r.run = {run}")
        for at in range(len(self.pairings)):
            ids.append(f"{'false' if only is not None else _is_by_order(at + 1)} AS w{at}")
        ids.append(f"{'l.id' if labels else 'NULL::BIGINT'} AS label")
        where = [f"{alias}r.n NOT IN (SELECT n FROM {lead.surplus})", inside(self.wanted.between, f"{alias}r", "f")]
        if only is not None:
            where.append(f"{alias}r.n NOT IN (SELECT other FROM {self.pairings[only].table})")
        return (
            f"SELECT {', '.join(ids)}, f.day AS day, {0 if only is None else only + 1} AS side,"
            f" {alias}r.n AS n{keys} FROM (SELECT *, run + unnest(range(len)) AS n FROM {lead.runs}) {alias}r"
            f"{''.join(joins)}{self._files}{labels} WHERE {' AND '.join(where)}"
        )

    @property
    def sides(self) -> list[tuple[str, Collection]]:
        """What each collection is called in a query; its runs have an r behind."""
        return [("b", self.base), *((f"o{at}", one.other) for at, one in enumerate(self.pairings))]

    @property
    def _files(self) -> str:
        files = ", ".join(f"{side}r.file" for side, _ in self.sides)
        return f" JOIN files f ON f.file = coalesce({files}, NULL)"

    def _order(self) -> list[tuple[str, str]]:
        """The expressions to sort by, each with what makes it fall."""
        known = {one.name: one for one in self.columns}
        chosen = []
        for said in self.wanted.sort or _USUAL_ORDER:
            name, falling = (said[1:], " DESC") if said.startswith("-") and said not in known else (said, "")
            if name not in known:
                hint = did_you_mean(name, [*known]) or f"it has: {', '.join(known)}"
                raise UsageError(f"the dataset has no column {name!r} to sort by", hint=hint)
            chosen.append((known[name].expression, falling))
        return chosen


def execute(staging: Staging, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query. Raises `Failure` where there is no room."""

    def run() -> list[tuple[Any, ...]]:
        with explained():
            return staging.connection.execute(query).fetchall()

    return staging.with_room(run)


def _is_by_order(at: int) -> str:
    return f"coalesce(p{at}.how, '') = '{BY_ORDER}'"


def _of_day(day: str | None) -> str:
    return f" WHERE day = {literal(day)}" if day else ""
