"""Rows that DuckDB can read, made into summaries: numbers some rows at a time, categories counted where they are.

Memory depends on the columns and on how many different categories there are, not on the rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlmon.drift.keys import Floats, Ints
from mlmon.drift.kinds import A_NUMBER, KEPT_OF_LONG, LONGEST, MISSING, NOT_FINITE, category_of, is_numeric
from mlmon.drift.result import Kind
from mlmon.drift.summary import (
    CAP,
    Categories,
    Numbers,
    Quality,
    Summary,
    merged,
    summary_of_categories,
    summary_of_numbers,
)

if TYPE_CHECKING:
    import duckdb

ALL: Final = 0
"""The group of all rows where they are not parted."""
_CELLS: Final = 1 << 18  # numbers that are held at once: 2 MB
_LARGEST: Final = 1 << 20  # rows of a column that are held at once, where a file has such groups: pyarrow writes them
_SLICE: Final = 1 << 17  # numbers that are summarized at once, for which it takes ten times their room
_CATEGORIES: Final = 50_000  # different ones that are held at once
_SOME: Final = 2_000
_ASKED: Final = 50
"""So many columns are asked about at once: what DuckDB needs to plan a question grows with its square."""

Grouped = dict[int, dict[str, Summary]]
"""Summaries by group and feature."""


@dataclass(frozen=True, slots=True)
class Column:
    """An SQL expression, and the type DuckDB has for it."""

    cell: str
    type: str

    @property
    def is_text(self) -> bool:
        return self.type == "VARCHAR"

    @property
    def number(self) -> str:
        """The cell as a number; null where it is none. A flag is no number."""
        if is_numeric(self.type):
            return f"CAST({self.cell} AS DOUBLE)"
        return f"TRY_CAST({self.text} AS DOUBLE)"

    @property
    def text(self) -> str:
        """The cell as text."""
        return self.cell if self.is_text else f"CAST({self.cell} AS VARCHAR)"

    @property
    def category(self) -> str:
        """The cell as the text of a category, of a length that fits into memory however long the cell is."""
        text = self.text
        if is_numeric(self.type) or self.type.startswith(("BOOL", "DATE", "TIME")):
            return text
        return f"CASE WHEN length({text}) > {LONGEST} THEN left({text}, {KEPT_OF_LONG}) || md5({text}) ELSE {text} END"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in DuckDB: what stands behind FROM, and the columns by the features' names.

    `place` is the number of a row, from `first` to before `past`, of which DuckDB reads a stretch without the rest.
    `ends` are where groups of rows end that it only reads as a whole, if there are such.
    `group` is an integer that parts the rows. `has_words` says that words like NA stand for numbers that are missing.
    """

    connection: duckdb.DuckDBPyConnection
    source: str
    columns: Mapping[str, Column]
    place: str
    first: int
    past: int
    group: str = str(ALL)
    has_words: bool = False
    ends: Sequence[int] = ()

    def fetch(self, query: str) -> Mapping[str, Any]:
        """The columns of an answer as arrays, masked where there are nulls."""
        found: Mapping[str, Any] = self.connection.execute(query).fetchnumpy()
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of an answer."""
        return self.connection.execute(query).fetchall()

    @property
    def at_once(self) -> int:
        """So many columns are asked about at once: DuckDB holds a group of rows of each."""
        largest = max((end - start for start, end in pairwise((self.first, *self.ends))), default=1)
        return max(1, min(_ASKED, _CELLS // max(largest, 1)))

    def stretches(self) -> Iterator[tuple[int, str]]:
        """How many rows, and the condition that means them: few enough that some columns of them fit into memory."""
        start = self.first
        while start < self.past:
            end = self._end_after(start)
            yield end - start, f"{self.place} >= {start} AND {self.place} < {end}"
            start = end

    def _end_after(self, start: int) -> int:
        most = min(start + _CELLS, self.past)
        at = bisect_right(self.ends, most)
        if at and self.ends[at - 1] > start:
            return self.ends[at - 1]
        # reading a part of a group takes as long as reading all of it
        return min(self.ends[at], start + _LARGEST) if at < len(self.ends) else most

    def present(self, name: str) -> str:
        """What is null where a number is missing, and anything else where there is a cell."""
        column = self.columns[name]
        if not (self.has_words and column.is_text):
            return column.cell
        return f"CASE WHEN {column.cell} NOT IN ({_quoted(MISSING)}) THEN 0 END"


def kinds_in(table: Table) -> dict[str, Kind]:
    """What each column is: a number where its type is one, or where every text in it is a number."""
    texts = [name for name, column in table.columns.items() if column.is_text]
    few = [f" LIMIT {_SOME}"] if table.past - table.first > _SOME else []
    for some in (*few, ""):  # a few rows tell of most columns that they are words
        texts = _numbers_among(table, texts, some)
    return {
        name: "number" if is_numeric(column.type) or name in texts else "category"
        for name, column in table.columns.items()
    }


def _numbers_among(table: Table, texts: Sequence[str], some: str) -> list[str]:
    """Those of the columns whose texts are all numbers or stand for missing ones, at least one of them a number."""
    if not texts or table.first >= table.past:
        return []
    if len(texts) > _ASKED:
        parts = [texts[at : at + _ASKED] for at in range(0, len(texts), _ASKED)]
        return [name for part in parts for name in _numbers_among(table, part, some)]
    others = _quoted([*NOT_FINITE, *(MISSING if table.has_words else ())])
    asked, cells = [], []
    for at, name in enumerate(texts):
        is_number = f"regexp_full_match(c{at}, '{A_NUMBER}')"
        asked.append(f"coalesce(bool_and({is_number} OR c{at} IN ({others})), true)")
        asked.append(f"coalesce(bool_or({is_number}), false)")
        cells.append(f"{table.columns[name].cell} AS c{at}")
    [found] = table.rows(f"SELECT {', '.join(asked)} FROM (SELECT {', '.join(cells)} FROM {table.source}{some})")
    needed = 1 if some else 2  # among a few rows there may be none at all
    return [name for at, name in enumerate(texts) if all(found[2 * at : 2 * at + needed])]


def summarize(table: Table, kinds: Mapping[str, Kind], *, cap: int = CAP) -> Grouped:
    """The summaries of each group's rows, in one pass.

    A column that `kinds` does not know is counted only. A feature that is no column of the table is in no group.
    """
    rows, present = _present(table)
    known = {name: kinds[name] for name in table.columns if name in kinds}
    numbers = _numbers(table, [name for name, kind in known.items() if kind == "number"], cap=cap)
    summaries: Grouped = {}
    for group, count in rows.items():
        summaries[group] = {}
        for name in table.columns:
            nulls = count - present[group][name]
            summaries[group][name] = Categories(Quality(count, nulls))
            if known.get(name) == "number":
                summaries[group][name] = _whole(numbers.get((group, name), Numbers(cap=cap)), count, nulls)
    for name, kind in known.items():
        if kind == "category":
            for group, found in _categories(table, name).items():
                summaries[group][name] = found
    return summaries


def nothing(names: Iterable[str], kinds: Mapping[str, Kind], *, cap: int = CAP) -> dict[str, Summary]:
    """The summaries of columns without rows."""
    return {name: Numbers(cap=cap) if kinds.get(name) == "number" else Categories() for name in names}


def _whole(found: Numbers, rows: int, nulls: int) -> Numbers:
    """A summary of numbers with what is no number among them."""
    failures = rows - nulls - found.quality.rows
    return replace(found, quality=found.quality + Quality(nulls + failures, nulls, failures=failures))


def _present(table: Table) -> tuple[dict[int, int], dict[int, dict[str, int]]]:
    """How many rows each group has, and how many cells that are there."""
    rows: dict[int, int] = {}
    present: dict[int, dict[str, int]] = {}
    names = [*table.columns]
    step = table.at_once
    for some in (names[at : at + step] for at in range(0, max(len(names), 1), step)):
        counts = "".join(f", count({table.present(name)})" for name in some)
        found = table.rows(f"SELECT {table.group}, count(*){counts} FROM {table.source} GROUP BY 1 ORDER BY 1")
        for group, count, *cells in found:
            rows[int(group)] = int(count)
            present.setdefault(int(group), {}).update(zip(some, map(int, cells), strict=True))
    return rows, present


def _numbers(table: Table, names: Sequence[str], *, cap: int) -> dict[tuple[int, str], Numbers]:
    """What is a number, or is written as one that is not finite, in each of the columns."""
    summaries: dict[tuple[int, str], Numbers] = {}
    if not names:
        return summaries
    for rows, where in table.stretches():
        step = min(max(_CELLS // rows, 1), table.at_once)
        for some in (names[at : at + step] for at in range(0, len(names), step)):
            cells = "".join(f", {table.columns[name].number} AS c{at}" for at, name in enumerate(some))
            found = table.fetch(f"SELECT {table.group} AS g{cells} FROM {table.source} WHERE {where}")
            parts = [*_parts(np.asarray(found["g"]))]
            for at, name in enumerate(some):
                for group, chosen in parts:
                    known = summaries.get((group, name))
                    more = _added(known, _valid(found[f"c{at}"][chosen]), cap)
                    if more:
                        summaries[group, name] = more
            del found  # before the next ones are there
    return summaries


def _added(known: Numbers | None, values: Floats, cap: int) -> Numbers | None:
    """A summary with more values; None of none."""
    for at in range(0, values.size, _SLICE):
        level = known.level if known else 0
        more = summary_of_numbers(values[at : at + _SLICE], cap=cap, level=level)
        both = merged((known, more)) if known else more
        assert isinstance(both, Numbers)  # noqa: S101 - of two summaries of numbers
        known = both
    return known


def _parts(groups: Ints) -> Iterator[tuple[int, Any]]:
    """Each group with what chooses its rows."""
    if groups.size and (groups == groups[0]).all():
        yield int(groups[0]), slice(None)
    else:
        for group in np.unique(groups).tolist():
            yield group, groups == group


def _valid(values: Any) -> Floats:
    """Without what is null."""
    if isinstance(values, np.ma.MaskedArray):
        values = values.compressed()
    return np.asarray(values, np.float64)


def _categories(table: Table, name: str) -> dict[int, Categories]:
    column = table.columns[name]
    found = table.connection.execute(
        f"SELECT {table.group}, {column.category} AS c, count(*) FROM {table.source} GROUP BY ALL"
    )
    summaries: dict[int, Categories] = {}
    while some := found.fetchmany(_CATEGORIES):
        for group, more in _counted(some).items():
            known = summaries.get(group)
            both = merged((known, more)) if known else more
            assert isinstance(both, Categories)  # noqa: S101 - of two summaries of categories
            summaries[group] = both
    return summaries


def _counted(some: Iterable[tuple[int, str | None, int]]) -> dict[int, Categories]:
    counts: dict[int, dict[str, int]] = {}
    nulls: dict[int, int] = {}
    for group, text, count in some:
        of = counts.setdefault(group, {})
        if text is None:
            nulls[group] = nulls.get(group, 0) + count
        else:
            category = category_of(text)
            of[category] = of.get(category, 0) + count
    return {group: summary_of_categories(of, nulls=nulls.get(group, 0)) for group, of in counts.items()}


def _quoted(words: Collection[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
