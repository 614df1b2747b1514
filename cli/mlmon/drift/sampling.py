"""A sample of rows that depends on which rows there are, and not on their order or on how they are parted.

Every row has a mark: a hash of its values and of how many equal rows there were before it. Rows with the smallest marks
are the sample; so those of two parts, put together and cut off again, are the sample of both (bottom-k sampling,
https://en.wikipedia.org/wiki/Reservoir_sampling#With_random_sort).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmon.drift.kinds import category_of
from mlmon.drift.result import Kind
from mlmon.drift.tables import Table

ROWS: Final = 10_000
"""So many rows of a day are sampled, at most."""

_NUMBERED: Final = 1_000_000
"""So many rows are numbered at once among those that are equal."""

Values: TypeAlias = "NDArray[np.float64] | list[str | None]"


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """Rows by feature, in the order of their `marks`: numbers (NaN where there is none) and texts of categories."""

    marks: NDArray[np.uint64]
    columns: Mapping[str, Values]

    def __len__(self) -> int:
        return len(self.marks)


def sample(tables: Sequence[Table], kinds: Mapping[str, Kind], *, most: int = ROWS) -> dict[int, Sampled]:
    """A sample of each group's rows, of one or several tables of one connection. All features of `kinds` are in it.

    Nothing is said of a group without rows.
    """
    if not tables or not kinds:
        return {}
    run = tables[0].connection.execute
    run("CREATE OR REPLACE TEMP TABLE marks (part INTEGER, n BIGINT, g BIGINT, h UBIGINT)")
    for part, table in enumerate(tables):
        cells = ", ".join(_hashed(table, name, kind) for name, kind in kinds.items())
        run(f"INSERT INTO marks SELECT {part}, {table.place}, {table.group}, hash({cells}) FROM {table.source}")
    _choose(tables, most)
    found: dict[int, list[Sampled]] = {}
    for part, table in enumerate(tables):
        for group, rows in _fetched(table, part, kinds).items():
            found.setdefault(group, []).append(rows)
    return {group: together(parts, most=most) for group, parts in sorted(found.items())}


def _choose(tables: Sequence[Table], most: int) -> None:
    """The table `chosen`: the rows with the smallest marks.

    Equal rows have to be numbered, which takes the more room the more rows are looked at. So these are looked at in
    turns, in each of which equal rows are together, and those chosen in each turn compete in the end.
    """
    run = tables[0].connection.execute
    turns = max(1, -(-sum(table.past - table.first for table in tables) // _NUMBERED))
    run("CREATE OR REPLACE TEMP TABLE nominated (part INTEGER, n BIGINT, g BIGINT, m UBIGINT)")
    least = f"QUALIFY row_number() OVER (PARTITION BY g ORDER BY m) <= {most}"
    for turn in range(turns):
        where = f" WHERE h % {turns} = {turn}" if turns > 1 else ""
        run(
            f"""INSERT INTO nominated SELECT part, n, g, m FROM (
                    SELECT part, n, g, hash(h, g, row_number() OVER (PARTITION BY g, h)) AS m FROM marks{where})
                {least}"""
        )
    run(f"CREATE OR REPLACE TEMP TABLE chosen AS SELECT * FROM nominated {least}")


def together(parts: Iterable[Sampled], *, most: int = ROWS) -> Sampled:
    """The sample of all the rows that these are samples of. A feature that one of them lacks has no values there.

    Raises:
        ValueError: there are none.
    """
    all_of = [*parts]
    names = [*dict.fromkeys(name for one in all_of for name in one.columns)]
    marks = np.concatenate([one.marks for one in all_of])
    order = np.argsort(marks, kind="stable")[:most]
    return Sampled(marks[order], {name: _joined([*all_of], name, order) for name in names})


def _joined(parts: Sequence[Sampled], name: str, order: NDArray[np.intp]) -> Values:
    is_number = any(isinstance(one.columns.get(name), np.ndarray) for one in parts)
    if is_number:
        numbers = [np.asarray(one.columns.get(name, np.full(len(one), np.nan)), np.float64) for one in parts]
        return np.concatenate(numbers)[order]
    texts = [text for one in parts for text in one.columns.get(name, [None] * len(one))]
    return [texts[at] for at in order.tolist()]


def _hashed(table: Table, name: str, kind: Kind) -> str:
    """A cell in one type whichever it has in the table, so that equal rows have equal hashes."""
    column = table.columns.get(name)
    if column is None:
        return "NULL::VARCHAR"
    return column.number if kind == "number" else column.category


def _fetched(table: Table, part: int, kinds: Mapping[str, Kind]) -> dict[int, Sampled]:
    cells = "".join(f", {_hashed(table, name, kind)} AS v{at}" for at, (name, kind) in enumerate(kinds.items()))
    found = table.fetch(
        f"""SELECT rows.*, m FROM (SELECT {table.place} AS n, {table.group} AS g{cells} FROM {table.source}
                WHERE {table.place} IN (SELECT chosen.n FROM chosen WHERE chosen.part = {part})) rows
            JOIN chosen ON chosen.n = rows.n AND chosen.part = {part} ORDER BY rows.g, m"""
    )
    groups, marks = np.asarray(found["g"]), np.asarray(found["m"], np.uint64)
    columns = {name: _values(found[f"v{at}"], kind) for at, (name, kind) in enumerate(kinds.items())}
    samples = {}
    for group in np.unique(groups).tolist():
        at = np.flatnonzero(groups == group)
        taken = {name: _taken(values, at) for name, values in columns.items()}
        samples[group] = Sampled(marks[at], taken)
    return samples


def _taken(values: Values, at: NDArray[np.intp]) -> Values:
    return values[at] if isinstance(values, np.ndarray) else [values[one] for one in at.tolist()]


def _values(column: Any, kind: Kind) -> Values:
    missing = np.ma.getmaskarray(column).tolist()
    if kind == "number":
        return np.where(missing, np.nan, np.ma.getdata(column)).astype(np.float64)
    data = np.ma.getdata(column).tolist()
    return [None if gone or text is None else category_of(text) for text, gone in zip(data, missing, strict=True)]
