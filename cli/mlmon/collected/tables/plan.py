"""The plan of a dataset: which rows stand side by side, in the order that is wanted.

The rows themselves are fetched by it some at a time, fewer where they are long, so that memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from mlmon.collected.tables.columns import Out
from mlmon.collected.tables.join import Pairing
from mlmon.collected.tables.labels import Labels
from mlmon.collected.tables.parts import Collection
from mlmon.collected.tables.plain import literal
from mlmon.collected.tables.staging import Staging, explained
from mlmon.collected.tables.within import inside
from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.timerange import TimeRange

AT_ONCE: Final = 61_440
_LONGEST: Final = 2_048
"""Rows of a stretch: few enough that a page of them is hardly longer than the others."""
_CELLS_AT_ONCE: Final = 1_200_000
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

    A line of it is a stretch of `len` rows that follow one another on each side: it holds the numbers of their first
    rows and of their runs, whether a pairing was by order (w0, w1, …), and the `label`. Where single rows are asked
    for, to sort by a feature or to join labels on it, all stretches have one row.
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

    def pages(self, day: str | None, *, named: Callable[[int, Out], str], most: int | None = None) -> Iterator[str]:
        """The queries that give the rows one page of them after the other; at least one."""
        of_day = f"day = {literal(day)}" if day else "true"
        bounds = execute(
            self.staging,
            f"""SELECT min(place), max(place), sum(len) FROM (
                    SELECT rowid AS place, len, sum(len) OVER (ROWS UNBOUNDED PRECEDING) - len AS before
                    FROM plan WHERE {of_day})
                GROUP BY before // {self._at_once} ORDER BY 1""",
        )
        left = most
        for first, last, found in bounds or [(0, -1, 0)]:
            rows = found if left is None else min(found, left)
            yield self._fetched(f"rowid BETWEEN {first} AND {last} AND {of_day}", rows, named)
            if left is not None and not (left := left - rows):
                return

    @property
    def _at_once(self) -> int:
        """How many rows a page has, about: fewer where they have many columns, or are long."""
        row_bytes = sum(collection.row_bytes for _, collection in self.sides)
        return max(1, min(AT_ONCE, _CELLS_AT_ONCE // len(self.columns), _BYTES_AT_ONCE // row_bytes))

    def _fetched(self, where: str, rows: int, named: Callable[[int, Out], str]) -> str:
        """The first rows of a page: what its stretches share, beside the cells of the rows that they stand for.

        Saying between which numbers those are spares looking at all of them, and saying how many are wanted has them
        looked up among those that are there, not the other way round.
        """
        shared, cells = list[str](), list[str]()
        for at, one in enumerate(self.columns):
            (cells if self._of_rows(one.expression) else shared).append(f", {one.expression} AS v{at}")
        bounds = self._bounds(where)
        joins = {
            alias: f" LEFT JOIN (SELECT * FROM {table} WHERE {key} BETWEEN {bounds[alias]}) {alias}"
            f" ON {alias}.{key} = p.{alias}"
            for alias, table, key in self._tables
        }
        of_rows = "".join(joins.pop(alias) for alias, _ in self.sides)
        of_runs = "".join(joins.values())
        labels = " LEFT JOIN labels l ON l.id = p.label" if self.labels else ""
        numbers = ", ".join(f"{alias} + spot AS {alias}" for alias, _ in self.sides)
        return f"""SELECT {", ".join(named(at, one) for at, one in enumerate(self.columns))} FROM (
            SELECT *, unnest(range(count)) FROM (
                SELECT p.len AS count{"".join(shared)}
                FROM (SELECT rowid, * FROM plan WHERE {where} LIMIT {rows}) p{of_runs}{self._files}{labels}
                ORDER BY p.rowid)
        ) POSITIONAL JOIN (
            SELECT seq{"".join(cells)} FROM (
                SELECT {numbers}, row_number() OVER () AS seq FROM (
                    SELECT *, unnest(range(len)) AS spot FROM plan WHERE {where} LIMIT {rows})) p{of_rows} ORDER BY seq)
            LIMIT {rows}"""

    def _of_rows(self, expression: str) -> list[str]:
        """The sides whose rows an expression is about, and not their runs alone."""
        return [alias for alias, _ in self.sides if f"{alias}." in expression]

    def _bounds(self, where: str) -> dict[str, str]:
        """Between which numbers the rows and runs of a page are, for BETWEEN."""
        asked = ", ".join(
            f"coalesce(min({alias}), -1), coalesce(max({alias}{' + len - 1' if key == 'n' else ''}), -1)"
            for alias, _, key in self._tables
        )
        [found] = execute(self.staging, f"SELECT {asked} FROM plan WHERE {where}")
        return {alias: f"{found[2 * at]} AND {found[2 * at + 1]}" for at, (alias, _, _) in enumerate(self._tables)}

    def make(self) -> None:
        """Find the rows and their order once and for all, and count them."""
        sides = [alias for alias, _ in self.sides]
        keys = self._order()
        labels = self.labels.join if self.labels else ""
        asked = " ".join([*(expression for expression, _ in keys), labels])
        of_rows = self._of_rows(asked)
        most = 1 if of_rows or len(self.pairings) > 1 else max(1, min(_LONGEST, self._at_once))
        files = self._files if "f." in asked else ""
        joins = "".join(
            f" LEFT JOIN {table} {alias} ON {alias}.{key} = p.{alias}"
            for alias, table, key in self._tables
            if f"{alias}." in asked + files
        )
        ways = [f"w{at}" for at in range(len(self.pairings))]
        names = [f"p.{one}" for one in [*(alias for alias, _, _ in self._tables), *ways, "len", "day"]]
        order = [f"{expression}{falling} NULLS LAST" for expression, falling in keys]
        query = f"""CREATE TABLE plan AS SELECT {", ".join(names)}, {"l.id" if labels else "NULL::BIGINT"} AS label
                FROM ({self._stretches(most)}) p{joins}{files}{labels}
                ORDER BY {", ".join(order)}, p.side, coalesce({", ".join(f"p.{one}" for one in sides)}, NULL)"""
        with _as_written(self.staging):
            execute(self.staging, query)
        self.counts = [self._counts(at) for at in range(len(self.pairings))]
        [[self.found]] = execute(self.staging, f"SELECT {_rows('true')} FROM plan")
        if self.labels:
            [[self.labels.rows, self.labels.met]] = execute(
                self.staging, f"SELECT {_rows('label IS NOT NULL')}, count(DISTINCT label) FROM plan"
            )
            self.labels.rows_without = self.found - self.labels.rows
        if self.wanted.matched_only and (self.pairings or self.labels):
            self._leave_matched([*sides, "label"] if self.labels else sides)

    def _counts(self, at: int) -> Counts:
        other = f"o{at} IS NOT NULL"
        asked = (f"b IS NOT NULL AND {other}", f"w{at}", f"b IS NOT NULL AND NOT {other}", f"b IS NULL AND {other}")
        [found] = execute(self.staging, f"SELECT {', '.join(map(_rows, asked))} FROM plan")
        return Counts(*found)

    def _leave_matched(self, needed: Sequence[str]) -> None:
        where = " AND ".join(f"{one} IS NOT NULL" for one in needed)
        execute(self.staging, f"CREATE TABLE matched AS SELECT * FROM plan WHERE {where} ORDER BY rowid")
        execute(self.staging, "DROP TABLE plan")
        execute(self.staging, "ALTER TABLE matched RENAME TO plan")

    def _stretches(self, most: int) -> str:
        """The stretches in the range, not sorted, each of at most so many rows: first those of the base, with what
        belongs to them, then of each other collection what has no partner. Those of several pairings must be rows."""
        alone = f"(SELECT run AS base, run AS base_run, NULL::BIGINT AS other, len FROM {self.base.runs})"
        cut = [
            f"(SELECT * REPLACE (base + spot AS base, other + spot AS other, least(len - spot, {most}) AS len)"
            f" FROM (SELECT *, unnest(range(0, len, {most})) AS spot FROM {table}))"
            for table in [one.table for one in self.pairings] or [alone]
        ]
        others = "".join(
            f", p{at}.other AS o{at}, p{at}.other_run AS o{at}r, p{at}.by_order AS w{at}"
            for at in range(len(self.pairings))
        )
        pairs = " JOIN ".join(f"{one} p{at}{' USING (base)' if at else ''}" for at, one in enumerate(cut))
        parts = [
            self._inside(f"0 AS side, base AS b, p0.base_run AS br, p0.len{others}", pairs, self.base, "p0.base_run")
        ]
        for at, pairing in enumerate(self.pairings):
            numbers = f"{at + 1} AS side, other AS o{at}, other_run AS o{at}r, false AS w{at}, p.len"
            rest = f"(SELECT * FROM {cut[at]} WHERE base IS NULL) p"
            parts.append(self._inside(numbers, rest, pairing.other, "other_run"))
        return " UNION ALL BY NAME ".join(parts)

    def _inside(self, numbers: str, stretches: str, lead: Collection, run: str) -> str:
        """Those in the range, by the time of their run of the collection that leads."""
        return (
            f"SELECT {numbers}, f.day FROM {stretches} JOIN {lead.runs} r ON r.run = {run}"
            f" JOIN files f ON f.file = r.file WHERE {inside(self.wanted.between, 'r', 'f')}"
        )

    @property
    def sides(self) -> list[tuple[str, Collection]]:
        """What each collection is called in a query; its runs have an r behind."""
        return [("b", self.base), *((f"o{at}", one.other) for at, one in enumerate(self.pairings))]

    @property
    def _tables(self) -> list[tuple[str, str, str]]:
        """What the tables are called whose numbers the plan holds under that name, and which column has those."""
        return [
            table
            for alias, collection in self.sides
            for table in ((alias, collection.rows, "n"), (f"{alias}r", collection.runs, "run"))
        ]

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


@contextmanager
def _as_written(staging: Staging) -> Iterator[None]:
    """Let joins hold what stands on their right. DuckDB would rather hold the plan, of which it thinks too little."""
    staging.connection.execute("SET disabled_optimizers = 'build_side_probe_side'")
    try:
        yield
    finally:
        staging.connection.execute("RESET disabled_optimizers")


def _rows(where: str) -> str:
    return f"coalesce(sum(len) FILTER ({where}), 0)"
