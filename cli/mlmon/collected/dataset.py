"""One table of what a service was given and what it answered: collected rows, joined, typed, in order.

Columns: time, request_id, correlation_id, service, model, model_version; then those of the base collection (the
inputs), then those of the others, then of the labels, under their own names; then `match`, where there was anything to
join: `id`, `order`, or which collection has no partner for the row (`no predictions`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mlmon.collected.columns import Out, distinct, quoted, typed
from mlmon.collected.join import BY_ID, BY_ORDER, Pairing, drop_second_deliveries, drop_surplus, pair
from mlmon.collected.labels import Labels
from mlmon.collected.layout import same_collection
from mlmon.collected.staging import Collection, Staging, explained
from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.model import Value
from mlmon.core.timerange import TimeRange

META: Final = ("time", "request_id", "correlation_id", "service", "model", "model_version")
MATCH: Final = "match"
_BASES: Final = ("model_inputs", "request")
_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a dataset is to be: which rows, in which order, and which columns hold times."""

    between: TimeRange | None = None
    matched_only: bool = False
    sort: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()


@dataclass(slots=True)
class Dataset:
    """Joined rows, ready to be read once they are wanted. `duplicates` are rows that were left out."""

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
        found = self._execute("SELECT count(*) FROM joined")
        return int(found[0][0])

    def days(self) -> list[str]:
        """The days that have rows, in order."""
        return [day for (day,) in self._execute("SELECT DISTINCT day_ FROM joined ORDER BY 1")]

    def rows(self, *, day: str | None = None, limit: int | None = None) -> Iterator[dict[str, Value]]:
        """The rows in order, of one day or of all."""
        with explained():
            cursor = self.staging.connection.cursor()
            cursor.execute(f"{self._sorted(day)}{f' LIMIT {limit}' if limit is not None else ''}")
            names = [one.name for one in self.columns]
            changed = [(at, one.type) for at, one in enumerate(self.columns) if one.type in _CHANGED]
            while block := cursor.fetchmany(_AT_ONCE):
                for found in block:
                    row = list(found)
                    for at, kind in changed:
                        row[at] = _value(row[at], kind)
                    yield dict(zip(names, row, strict=True))

    def write_parquet(self, path: Path, *, day: str | None = None) -> None:
        """A parquet file of the rows in order, of one day or of all."""
        target = str(path).replace("'", "''")
        self._execute(f"COPY ({self._sorted(day, instants=True)}) TO '{target}' (FORMAT parquet, ROW_GROUP_SIZE 40960)")

    def _settle(self) -> None:
        """Join once and for all: what joins and what sorts would otherwise hold memory at the same time."""
        self._execute(f"CREATE TABLE joined AS {self._joined()}")

    def _execute(self, query: str) -> list[tuple[str, ...]]:
        with explained():
            return self.staging.connection.execute(query).fetchall()

    def _sorted(self, day: str | None, *, instants: bool = False) -> str:
        named = ", ".join(
            f"CAST(v{at} AS TIMESTAMPTZ) AS {quoted(one.name)}"
            if instants and one.type == "TIMESTAMP"
            else f"v{at} AS {quoted(one.name)}"
            for at, one in enumerate(self.columns)
        )
        where = f" WHERE day_ = '{day}'" if day is not None else ""
        return f"SELECT {named} FROM joined{where} ORDER BY {self._order()}"

    def _order(self) -> str:
        places = {one.name: at for at, one in enumerate(self.columns)}
        chosen = []
        for said in self.wanted.sort or META[:2]:
            name, falling = (said[1:], " DESC") if said.startswith("-") and said not in places else (said, "")
            if name not in places:
                hint = did_you_mean(name, [*places]) or f"it has: {', '.join(places)}"
                raise UsageError(f"the dataset has no column {name!r} to sort by", hint=hint)
            chosen.append(f"v{places[name]}{falling} NULLS LAST")
        return ", ".join([*chosen, "side_", "n_"])

    def _joined(self) -> str:
        """Rows of the base with their partners, then what is left over of the others, one collection after another."""
        joins = "".join(
            f" LEFT JOIN {one.table} p{at} ON p{at}.base = b.n"
            f" LEFT JOIN {one.other.table} o{at} ON o{at}.n = p{at}.other"
            for at, one in enumerate(self.pairings)
        )
        parts = [self._part(f"{self.base.table} b{joins}", only=None)]
        if not self.wanted.matched_only:
            for at, one in enumerate(self.pairings):
                none = "".join(
                    f" LEFT JOIN {other.other.table} o{place} ON false"
                    for place, other in enumerate(self.pairings)
                    if place != at
                )
                source = f"{one.other.table} o{at} LEFT JOIN {self.base.table} b ON false{none}"
                parts.append(self._part(f"{source} ANTI JOIN {one.table} p{at} ON p{at}.other = o{at}.n", only=at))
        return " UNION ALL ".join(parts)

    def _part(self, source: str, *, only: int | None) -> str:
        lead = "b" if only is None else f"o{only}"
        label_join = self.labels.join(self.columns) if self.labels else ""
        values = ", ".join(f"{self._expression(one, only)} AS v{at}" for at, one in enumerate(self.columns))
        where = [condition for condition in (self._in_range(lead), self._only_matched(only)) if condition]
        return (
            f"SELECT {values}, f.day AS day_, {0 if only is None else only + 1} AS side_, {lead}.n AS n_"
            f" FROM {source} JOIN files f ON f.file = {lead}.file{label_join}"
            + (f" WHERE {' AND '.join(where)}" if where else "")
        )

    def _expression(self, one: Out, only: int | None) -> str:
        if one.name == MATCH and one.expression == MATCH:
            return self._match(only)
        return one.expression

    def _match(self, only: int | None) -> str:
        if only is not None:
            return _literal(f"no {self.base.name}")
        whens = "".join(
            f" WHEN p{at}.other IS NULL THEN {_literal(f'no {one.other.name}')}" for at, one in enumerate(self.pairings)
        )
        ordered = " OR ".join(f"p{at}.how = '{BY_ORDER}'" for at in range(len(self.pairings)))
        return f"CASE{whens} WHEN {ordered} THEN '{BY_ORDER}' ELSE '{BY_ID}' END"

    def _only_matched(self, only: int | None) -> str:
        if not self.wanted.matched_only or only is not None:
            return ""
        return " AND ".join(f"p{at}.other IS NOT NULL" for at in range(len(self.pairings)))

    def _in_range(self, lead: str) -> str:
        """Rows of a file that is partly outside the range count when their time is inside, or unknown."""
        between = self.wanted.between
        if between is None:
            return ""
        first, past = (_microseconds(each) for each in (between.start, between.end))
        return (
            f"((f.first >= {first} AND f.past <= {past}) OR {lead}.time IS NULL"
            f" OR ({lead}.time >= {first} AND {lead}.time < {past}))"
        )


def build(staging: Staging, wanted: Wanted, *, labels: Labels | None = None) -> Dataset:
    """Join what is in the tables: the inputs (else the requests, else what is there first) with every other collection.

    Raises:
        UsageError: a column is named that there is none of.
        Failure: there is no room for it.
    """
    base = _base([*staging.collections.values()])
    others = [one for one in staging.collections.values() if one is not base]
    duplicates = sum(drop_second_deliveries(staging, one) for one in [base, *others])
    pairings = []
    for other in others:
        pairings.append(pair(staging, base, other))
        duplicates += drop_surplus(staging, pairings[-1])
    made = Dataset(staging, wanted, base, pairings, labels, duplicates)
    made.columns = _columns(made)
    made._order()  # noqa: SLF001 - its complaint comes before any row
    made._settle()  # noqa: SLF001 - the last step of building
    return made


def _base(collections: Sequence[Collection]) -> Collection:
    for wanted in _BASES:
        for one in collections:
            if same_collection(one.name, wanted):
                return one
    return collections[0]


def _columns(made: Dataset) -> list[Out]:
    staging, moments = made.staging, made.wanted.moments
    sides = [("b", made.base), *((f"o{at}", one.other) for at, one in enumerate(made.pairings))]
    own = [typed(staging, collection, alias=alias, moments=moments) for alias, collection in sides]
    prefixes = [collection.name for _, collection in sides]
    if made.labels:
        own.append(made.labels.columns())
        prefixes.append(made.labels.name)
    aliases = [alias for alias, _ in sides]
    match = [Out(MATCH, MATCH, "VARCHAR")] if made.pairings else []
    named = distinct([*META, *(one.name for one in match)], own, prefixes)
    for name in moments:
        if not any(column.name == name for columns in own for column in columns):
            known = [column.name for columns in own for column in columns]
            hint = did_you_mean(name, known) or f"it has: {', '.join(known)}"
            raise UsageError(f"the dataset has no column {name!r} that could hold times", hint=hint)
    return [*_meta(aliases), *named, *match]


def _meta(aliases: Sequence[str]) -> list[Out]:
    def first(column: str) -> str:
        return f"coalesce({', '.join(f'{alias}.{column}' for alias in [*aliases, aliases[0]])})"

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


def _literal(text: str) -> str:
    return "'" + text.replace("\0", "").encode("utf-8", "backslashreplace").decode("utf-8").replace("'", "''") + "'"
