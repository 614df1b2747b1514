"""One table of what a service was given and what it answered: collected rows, joined, typed, in order.

Columns: time, request_id, correlation_id, service, model, model_version; then those of the base collection (the
inputs), then those of the others, then of the labels, under their own names; then `match`, where there was anything to
join: `id`, `order`, or which collection has no partner for the row (`no predictions`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mlmon.collected import texts
from mlmon.collected.columns import Out, distinct, quoted, typed, view
from mlmon.collected.join import BY_ID, BY_ORDER, Pairing, drop_second_deliveries, pair
from mlmon.collected.labels import Labels
from mlmon.collected.layout import same_collection
from mlmon.collected.plain import literal
from mlmon.collected.staging import Collection, Staging, explained
from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.model import Value
from mlmon.core.parallel import map_bounded
from mlmon.core.timerange import TimeRange
from mlmon.output.results import Field, Format

META: Final = ("time", "request_id", "correlation_id", "service", "model", "model_version")
MATCH: Final = "match"
_BASES: Final = ("model_inputs", "request")
_AT_ONCE: Final = 40_960
_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a dataset is to be: which rows, in which order, and which columns hold times."""

    between: TimeRange | None = None
    matched_only: bool = False
    sort: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()


@dataclass(slots=True)
class Dataset:
    """Joined rows, ready to be read once they are wanted. `duplicates` are rows that were left out.

    What is made first is the plan: which rows stand side by side, in the order that is wanted. The rows themselves are
    fetched by it some ten thousand at a time, so that memory does not grow with them.
    """

    staging: Staging
    wanted: Wanted
    base: Collection
    pairings: list[Pairing]
    labels: Labels | None
    duplicates: int
    columns: list[Out] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many rows there are."""
        found = self._execute("SELECT count(*) FROM plan")
        return int(found[0][0])

    def days(self) -> list[str]:
        """The days that have rows, in order."""
        return [day for (day,) in self._execute("SELECT DISTINCT day FROM plan ORDER BY 1")]

    def rows(self, *, day: str | None = None, limit: int | None = None) -> Iterator[dict[str, Value]]:
        """The rows in order, of one day or of all."""
        for query in self._stretches(day, named=self.named, most=limit):
            yield from self._values(self._execute(query))

    def _values(self, rows: Iterable[tuple[Value, ...]]) -> Iterator[dict[str, Value]]:
        names = [one.name for one in self.columns]
        changed = [(at, one.type) for at, one in enumerate(self.columns) if one.type in _CHANGED]
        for found in rows:
            row = list(found)
            for at, kind in changed:
                row[at] = _value(row[at], kind)
            yield dict(zip(names, row, strict=True))

    def lines(self, chosen: Format, *, for_spreadsheet: bool = False, day: str | None = None) -> Iterator[str] | None:
        """The rows in order as csv or JSON lines, many lines at once; None where `rows` has to be written instead."""
        line = texts.line(self.columns, chosen, for_spreadsheet=for_spreadsheet)
        return None if line is None else self._lines(chosen, line, day=day)

    def _lines(self, chosen: Format, line: str, *, day: str | None) -> Iterator[str]:
        from mlmon.output import render

        if opening := texts.head(self.columns, chosen):
            yield opening
        fields = tuple(Field(one.name) for one in self.columns)
        with closing(
            self._made(
                self._stretches(day, named=lambda at, _: f"v{at}"), lambda query: f"SELECT {line} FROM ({query})"
            )
        ) as found:
            for query, made in found:
                if any(text is None for (text,) in made):
                    # a character that only `render` knows how to show
                    rows = self._values(self._execute(query))
                    yield from render.jsonl(fields, rows)
                else:
                    yield "".join(text for (text,) in made)

    def write_parquet(self, path: Path, *, day: str | None = None) -> None:
        """A parquet file of the rows in order, of one day or of all."""
        tables: list[str] = []
        made = ((query, f"ordered{at}") for at, query in enumerate(self._stretches(day, named=self._instants)))
        with closing(map_bounded(self._kept, made, workers=_THREADS)) as found:
            tables += found
        target = str(path).replace("'", "''")
        rows = " UNION ALL ".join(f"SELECT * FROM {table}" for table in tables)
        self._execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE 40960)")
        for table in tables:
            self._execute(f"DROP TABLE {table}")

    def _kept(self, given: tuple[str, str]) -> str:
        """Runs in a thread of its own."""
        query, table = given
        with explained(), self.staging.connection.cursor() as connection:
            connection.execute("USE staged")
            connection.execute(f"CREATE TABLE {table} AS {query}")
        return table

    def _made(
        self, queries: Iterator[str], around: Callable[[str], str]
    ) -> Generator[tuple[str, list[tuple[Any, ...]]], None, None]:
        """What queries give, in their order, some of them at once."""

        def run(query: str) -> tuple[str, list[tuple[Any, ...]]]:
            with explained(), self.staging.connection.cursor() as connection:
                connection.execute("USE staged")
                return query, connection.execute(around(query)).fetchall()

        return map_bounded(run, queries, workers=_THREADS)

    def named(self, at: int, one: Out) -> str:
        """A column as it is."""
        return f"v{at} AS {quoted(one.name)}"

    def _instants(self, at: int, one: Out) -> str:
        return f"CAST(v{at} AS TIMESTAMPTZ) AS {quoted(one.name)}" if one.type == "TIMESTAMP" else self.named(at, one)

    def _execute(self, query: str) -> list[tuple[Any, ...]]:
        with explained():
            return self.staging.connection.execute(query).fetchall()

    def _stretches(
        self, day: str | None, *, named: Callable[[int, Out], str], most: int | None = None
    ) -> Iterator[str]:
        """The queries that give the rows one stretch of them after the other; at least one."""
        [[first, past]] = self._execute(
            f"SELECT coalesce(min(rowid), 0), coalesce(max(rowid) + 1, 0) FROM plan{_of_day(day)}"
        )
        past = int(past) if most is None else min(int(past), int(first) + most)
        for start in range(int(first), max(past, int(first) + 1), _AT_ONCE):
            where = f"rowid >= {start} AND rowid < {min(start + _AT_ONCE, past)}" + (
                f" AND day = {literal(day)}" if day else ""
            )
            yield self._fetched(where, named)

    def _fetched(self, where: str, named: Callable[[int, Out], str]) -> str:
        """The rows of a stretch of the plan. Saying between which numbers they are spares looking at all of them."""
        sides = self._sides
        bounds = self._bounds(where, [each for one, _ in sides for each in (one, f"{one}r")])
        joins = "".join(
            f" LEFT JOIN (SELECT * FROM {collection.rows} WHERE n BETWEEN {bounds[alias]}) {alias} ON {alias}.n = p.{alias}"
            f" LEFT JOIN (SELECT * FROM {collection.runs} WHERE run BETWEEN {bounds[alias + 'r']}) {alias}r"
            f" ON {alias}r.run = p.{alias}r"
            for alias, collection in sides
        )
        source = f"(SELECT rowid AS seq, * FROM plan WHERE {where}) p{joins}{self._files}{self._label_join}"
        values = ", ".join(f"{one.expression} AS v{at}" for at, one in enumerate(self.columns))
        columns = ", ".join(named(at, one) for at, one in enumerate(self.columns))
        return f"SELECT {columns} FROM (SELECT p.seq, {values} FROM {source}) ORDER BY seq"

    def _bounds(self, where: str, names: Sequence[str]) -> dict[str, str]:
        """The least and the greatest number in columns of a stretch of the plan, for BETWEEN."""
        asked = ", ".join(f"coalesce(min({one}), -1), coalesce(max({one}), -1)" for one in names)
        [found] = self._execute(f"SELECT {asked} FROM plan WHERE {where}")
        return {one: f"{found[2 * at]} AND {found[2 * at + 1]}" for at, one in enumerate(names)}

    def _plan(self) -> None:
        """Find the rows and their order once and for all."""
        sides = [alias for alias, _ in self._sides]
        parts = [self._side(None)]
        if not self.wanted.matched_only:
            parts += [self._side(at) for at in range(len(self.pairings))]
        keys = self._order()
        names = ", ".join([*sides, *(f"{one}r" for one in sides), "ordered", "day"])
        order = ", ".join([*(f"k{at}{falling} NULLS LAST" for at, (_, falling) in enumerate(keys)), "side", "n"])
        self._execute(f"CREATE TABLE plan AS SELECT {names} FROM ({' UNION ALL '.join(parts)}) ORDER BY {order}")

    def _side(self, only: int | None) -> str:
        """What the plan says of the rows of the base, or of those of another collection that have none of them."""
        alias = "b" if only is None else f"o{only}"
        lead = self.base if only is None else self.pairings[only].other
        joins, ids, matched = [], [], []
        keys = "".join(f", {expression} AS k{at}" for at, (expression, _) in enumerate(self._order()))
        for at, (side, collection) in enumerate(self._sides):
            if side == alias:
                ids.append(f"{alias}.n AS {side}, {alias}.run AS {side}r")
                continue
            row, run = "NULL::BIGINT", "NULL::BIGINT"
            if only is None:
                row, run = f"p{at}.other", f"p{at}.run"
                joins.append(f" LEFT JOIN {self.pairings[at - 1].table} p{at} ON p{at}.base = b.n")
                matched.append(f"{row} IS NOT NULL")
            ids.append(f"{row} AS {side}, {run} AS {side}r")
            if f"{side}." in keys + self._label_join:  # without, a join with all its rows is spared
                joins.append(f" LEFT JOIN {collection.rows} {side} ON {side}.n = {row}")
            joins.append(f" LEFT JOIN {collection.runs} {side}r ON {side}r.run = {run}")
        ordered = " OR ".join(f"coalesce(p{at}.how, '') = '{BY_ORDER}'" for at in range(1, len(matched) + 1)) or "false"
        where = [f"{alias}.n NOT IN (SELECT n FROM {lead.surplus})", *self._in_range(alias)]
        if only is not None:
            where.append(f"{alias}.n NOT IN (SELECT other FROM {self.pairings[only].table})")
        elif self.wanted.matched_only:
            where += matched
        return (
            f"SELECT {', '.join(ids)}, {ordered} AS ordered, f.day AS day, {0 if only is None else only + 1} AS side,"
            f" {alias}.n AS n{keys} FROM {lead.rows} {alias} JOIN {lead.runs} {alias}r USING (run)"
            f"{''.join(joins)}{self._files}{self._label_join} WHERE {' AND '.join(where)}"
        )

    @property
    def _sides(self) -> list[tuple[str, Collection]]:
        """What each collection is called in a query; its runs have an r behind."""
        return [("b", self.base), *((f"o{at}", one.other) for at, one in enumerate(self.pairings))]

    @property
    def _files(self) -> str:
        files = ", ".join(f"{side}r.file" for side, _ in self._sides)
        return f" JOIN files f ON f.file = coalesce({files}, NULL)"

    @property
    def _label_join(self) -> str:
        return self.labels.join(self.columns) if self.labels else ""

    def _order(self) -> list[tuple[str, str]]:
        """The expressions to sort by, each with what makes it fall."""
        known = {one.name: one for one in self.columns}
        chosen = []
        for said in self.wanted.sort or META[:2]:
            name, falling = (said[1:], " DESC") if said.startswith("-") and said not in known else (said, "")
            if name not in known:
                hint = did_you_mean(name, [*known]) or f"it has: {', '.join(known)}"
                raise UsageError(f"the dataset has no column {name!r} to sort by", hint=hint)
            chosen.append((known[name].expression, falling))
        return chosen

    def _in_range(self, alias: str) -> list[str]:
        """Rows of a file that is partly outside the range count when their time is inside, or unknown."""
        between = self.wanted.between
        if between is None:
            return []
        first, past = (_microseconds(each) for each in (between.start, between.end))
        time = f"{alias}r.time"
        return [
            f"f.first < {past} AND f.past > {first}",
            f"((f.first >= {first} AND f.past <= {past}) OR {time} IS NULL OR ({time} >= {first} AND {time} < {past}))",
        ]


def build(staging: Staging, wanted: Wanted, *, labels: Labels | None = None) -> Dataset:
    """Join what is in the tables: the inputs (else the requests, else what is there first) with every other collection.

    Raises:
        UsageError: a column is named that there is none of.
        Failure: there is no room for it.
    """
    base = staging.collections[base_of([*staging.collections])]
    others = [one for one in staging.collections.values() if one is not base]
    types = {one.name: view(staging, one) for one in [base, *others]}
    duplicates = sum(drop_second_deliveries(staging, one) for one in [base, *others])
    pairings = [pair(staging, base, other) for other in others]
    duplicates += sum(one.duplicates for one in pairings)
    made = Dataset(staging, wanted, base, pairings, labels, duplicates)
    made.columns = _columns(made, types)
    made._plan()  # noqa: SLF001 - the last step of building
    return made


def base_of(names: Sequence[str]) -> str:
    """The collection whose rows the others are joined with: the inputs, else the requests, else the first."""
    for wanted in _BASES:
        for name in names:
            if same_collection(name, wanted):
                return name
    return names[0]


def _columns(made: Dataset, types: Mapping[str, Mapping[str, str]]) -> list[Out]:
    moments = made.wanted.moments
    sides = made._sides  # noqa: SLF001 - building it
    own = [typed(types[collection.name], alias=alias, moments=moments) for alias, collection in sides]
    prefixes = [collection.name for _, collection in sides]
    if made.labels:
        own.append(made.labels.columns())
        prefixes.append(made.labels.name)
    aliases = [alias for alias, _ in sides]
    match = [Out(MATCH, _match(made), "VARCHAR")] if made.pairings else []
    named = distinct([*META, *(one.name for one in match)], own, prefixes)
    for name in moments:
        if not any(column.name == name for columns in own for column in columns):
            known = [column.name for columns in own for column in columns]
            hint = did_you_mean(name, known) or f"it has: {', '.join(known)}"
            raise UsageError(f"the dataset has no column {name!r} that could hold times", hint=hint)
    return [*_meta(aliases), *named, *match]


def _meta(aliases: Sequence[str]) -> list[Out]:
    def first(column: str) -> str:
        return f"coalesce({', '.join(f'{alias}r.{column}' for alias in [*aliases, aliases[0]])})"

    return [
        Out(META[0], f"make_timestamp({first('time')})", "TIMESTAMP"),
        Out(META[1], first("request"), "VARCHAR"),
        Out(META[2], first("correlation"), "VARCHAR"),
        Out(META[3], "f.service", "VARCHAR"),
        Out(META[4], "f.model", "VARCHAR"),
        Out(META[5], first("version"), "VARCHAR"),
    ]


_CHANGED: Final = frozenset({"TIMESTAMP", "JSON"})


def _value(cell: Value, kind: str) -> Value:
    """A cell as it leaves: DuckDB has times without a zone, and nested values as their text."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC)
    if kind == "JSON" and isinstance(cell, str):
        nested: Value = json.loads(cell)
        return nested
    return cell


def _microseconds(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000 + moment.microsecond


def _match(made: Dataset) -> str:
    """How the rows of a line were joined, or which collection has none."""
    whens = f"WHEN b.n IS NULL THEN {_shown(f'no {made.base.name}')}"
    for at, one in enumerate(made.pairings):
        whens += f" WHEN o{at}.n IS NULL THEN {_shown(f'no {one.other.name}')}"
    return f"CASE {whens} WHEN ordered THEN '{BY_ORDER}' ELSE '{BY_ID}' END"


def _of_day(day: str | None) -> str:
    return f" WHERE day = {literal(day)}" if day else ""


def _shown(text: str) -> str:
    return literal(text.replace("\0", "").encode("utf-8", "backslashreplace").decode("utf-8"))
