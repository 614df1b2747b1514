"""One table of what a service was given and what it answered: collected rows, joined, typed, in order.

Columns: time, request_id, correlation_id, service, model, model_version; then those of the base collection (the
inputs), then those of the others, then of the labels, under their own names; then `match`, where there was anything to
join: `id`, `order`, or what has no partner for the row: a collection (`no predictions`), else the labels.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from mlmon.collected.selecting.layout import same_collection
from mlmon.collected.tables import parquet, texts
from mlmon.collected.tables.columns import Out, distinct, quoted, typed, view
from mlmon.collected.tables.join import Pairing, pair
from mlmon.collected.tables.labels import Labels
from mlmon.collected.tables.parts import Collection
from mlmon.collected.tables.plain import literal
from mlmon.collected.tables.plan import Counts, Plan, Wanted, execute
from mlmon.collected.tables.repeats import drop_second_deliveries
from mlmon.collected.tables.staging import Staging, explained
from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.model import Value
from mlmon.core.parallel import map_bounded
from mlmon.output.results import Field, Format

META: Final = ("time", "request_id", "correlation_id", "service", "model", "model_version")
MATCH: Final = "match"
_BASES: Final = ("model_inputs", "request")
_THREADS: Final = 2
_AS_IT_IS: Final = "FORMAT csv, HEADER false, QUOTE '', ESCAPE ''"
_READ_AT_ONCE: Final = 1 << 20


@dataclass(slots=True)
class Dataset:
    """Joined rows, ready to be read once they are wanted. `duplicates` are rows in the range that were left out."""

    plan: Plan
    duplicates: int

    @property
    def staging(self) -> Staging:
        """Where the rows are."""
        return self.plan.staging

    @property
    def base(self) -> Collection:
        """The collection whose rows the others are joined with."""
        return self.plan.base

    @property
    def pairings(self) -> list[Pairing]:
        """What was joined with it."""
        return self.plan.pairings

    @property
    def counts(self) -> list[Counts]:
        """What came of each of the pairings."""
        return self.plan.counts

    @property
    def found(self) -> int:
        """How many rows in the range there are, with a partner or without."""
        return self.plan.found

    @property
    def labels(self) -> Labels | None:
        """The labels that were joined, where there are any."""
        return self.plan.labels

    @property
    def columns(self) -> list[Out]:
        """The columns, in order."""
        return self.plan.columns

    @property
    def count(self) -> int:
        """How many rows there are."""
        found = execute(self.staging, "SELECT coalesce(sum(len), 0) FROM plan")
        return int(found[0][0])

    def days(self) -> list[str]:
        """The days that have rows, in order."""
        return [day for (day,) in execute(self.staging, "SELECT DISTINCT day FROM plan ORDER BY 1")]

    def rows(self, *, day: str | None = None, limit: int | None = None) -> Iterator[dict[str, Value]]:
        """The rows in order, of one day or of all."""
        for query in self.plan.pages(day, named=self.named, most=limit):
            yield from self._values(execute(self.staging, query))

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
        queries = enumerate(self.plan.pages(day, named=lambda at, _: f"v{at}"))
        with closing(map_bounded(partial(self._text, line), queries, workers=_THREADS)) as found:
            for query, path in found:
                if path is None:
                    rows = self._values(execute(self.staging, query))
                    yield from render.jsonl(fields, rows)
                else:
                    yield from _read(path)

    def parquet(self, *, day: str | None = None) -> Iterator[bytes]:
        """A parquet file of the rows in order, of one day or of all."""
        queries = enumerate(self.plan.pages(day, named=self._instants))
        with closing(map_bounded(self._piece, queries, workers=_THREADS)) as pieces:
            yield from parquet.joined(pieces)

    def _piece(self, given: tuple[int, str]) -> Path:
        """A parquet file of its own for one stretch. Runs in a thread of its own."""
        at, query = given
        path = self.staging.folder / f"rows-{at}.parquet"
        self.staging.with_room(lambda: self._copy(query, path, "FORMAT parquet"))
        return path

    def _copy(self, query: str, path: Path, form: str) -> None:
        with explained(), self.staging.connection.cursor() as connection:
            connection.execute("USE staged")
            connection.execute(f"COPY ({query}) TO {literal(str(path))} ({form})")

    def _text(self, line: str, given: tuple[int, str]) -> tuple[str, Path | None]:
        """A file with the lines of one stretch, None where `render` has to write them. Runs in a thread of its own."""
        import duckdb

        at, query = given
        path = self.staging.folder / f"lines-{at}"
        try:
            self.staging.with_room(lambda: self._copy(f"SELECT {line} FROM ({query})", path, _AS_IT_IS))
        except duckdb.InvalidInputException:
            return query, None
        return query, path

    def named(self, at: int, one: Out) -> str:
        """A column as it is."""
        return f"v{at} AS {quoted(one.name)}"

    def _instants(self, at: int, one: Out) -> str:
        return f"CAST(v{at} AS TIMESTAMPTZ) AS {quoted(one.name)}" if one.type == "TIMESTAMP" else self.named(at, one)


def build(staging: Staging, wanted: Wanted, *, labels: Labels | None = None) -> Dataset:
    """Join what is in the tables: the inputs (else the requests, else what is there first) with every other collection.

    Raises:
        UsageError: a column is named that there is none of.
        Failure: there is no room for it.
    """
    base = staging.collections[base_of([*staging.collections])]
    others = [one for one in staging.collections.values() if one is not base]
    types = {one.name: view(staging, one) for one in [base, *others]}
    duplicates = sum(drop_second_deliveries(staging, one, wanted.between) for one in [base, *others])
    pairings = [pair(staging, base, other, between=wanted.between) for other in others]
    duplicates += sum(one.duplicates for one in pairings)
    plan = Plan(staging, wanted, base, pairings, labels)
    plan.columns = _columns(plan, types)
    if labels:
        labels.bind(staging, plan.columns)
    plan.make()
    return Dataset(plan, duplicates)


def base_of(names: Sequence[str]) -> str:
    """The collection whose rows the others are joined with: the inputs, else the requests, else the first."""
    for wanted in _BASES:
        for name in names:
            if same_collection(name, wanted):
                return name
    return names[0]


def _columns(made: Plan, types: Mapping[str, Mapping[str, str]]) -> list[Out]:
    moments = made.wanted.moments
    sides = made.sides
    own = [typed(types[collection.name], alias=alias, moments=moments) for alias, collection in sides]
    prefixes = [collection.name for _, collection in sides]
    if made.labels:
        own.append(made.labels.columns())
        prefixes.append(made.labels.name)
    aliases = [alias for alias, _ in sides]
    match = [Out(MATCH, _match(made), "VARCHAR")] if made.pairings or made.labels else []
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


def _read(path: Path) -> Iterator[str]:
    """The text of a file, which is deleted behind it."""
    with path.open(encoding="utf-8", newline="") as file:
        while text := file.read(_READ_AT_ONCE):
            yield text
    path.unlink()


_CHANGED: Final = frozenset({"TIMESTAMP", "JSON"})


def _value(cell: Value, kind: str) -> Value:
    """A cell as it leaves: DuckDB has times without a zone, and nested values as their text."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC)
    if kind == "JSON" and isinstance(cell, str):
        nested: Value = json.loads(cell)
        return nested
    return cell


def _match(made: Plan) -> str:
    """How the rows of a line were joined, or which collection has none."""
    whens = f"WHEN p.b IS NULL THEN {_shown(f'no {made.base.name}')}"
    for at, one in enumerate(made.pairings):
        whens += f" WHEN p.o{at} IS NULL THEN {_shown(f'no {one.other.name}')}"
    if made.labels:
        whens += f" WHEN l.id IS NULL THEN {_shown(f'no {made.labels.name}')}"
    ordered = " OR ".join(f"w{at}" for at in range(len(made.pairings))) or "false"
    return f"CASE {whens} WHEN {ordered} THEN 'order' ELSE 'id' END"


def _shown(text: str) -> str:
    return literal(text.replace("\0", "").encode("utf-8", "backslashreplace").decode("utf-8"))
