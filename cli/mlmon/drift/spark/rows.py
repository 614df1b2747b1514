"""Plain rows in Spark's workers: any DataFrame, summarized by the code that summarizes a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from mlmon.drift.cache import Day
from mlmon.drift.result import Kind
from mlmon.drift.spark.packing import Rows
from mlmon.drift.summary import CAP
from mlmon.drift.tables import Column, Table, summarize

if TYPE_CHECKING:
    import duckdb

_EPOCH: Final = date(1970, 1, 1)
_CELLS: Final = 4_000_000  # values that are held at once
_MEMORY: Final = "512MB"
NO_DAY: Final = -(2**31)
"""The day of rows that have none, among days counted from 1970."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker has to know: the features in the order of the columns, before which the number of the day stands.

    `has_words` as in `drift/tables.py`: the rows are text of a csv file.
    """

    names: tuple[str, ...]
    kinds: Mapping[str, Kind]
    cap: int = CAP
    has_words: bool = False
    at_once: int = _CELLS


def summarized(batches: Iterable[Any], task: Task) -> Iterator[Any]:
    """The summaries of batches of rows."""
    import duckdb  # why here: as everywhere

    with duckdb.connect(":memory:", config={"memory_limit": _MEMORY, "threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        held: list[Any] = []
        for batch in batches:
            held.append(batch)
            if sum(each.num_rows for each in held) * len(task.names) >= task.at_once:
                yield _summarized(connection, held, task)
                held = []
        if held:
            yield _summarized(connection, held, task)


def _summarized(connection: duckdb.DuckDBPyConnection, batches: list[Any], task: Task) -> Any:
    import pyarrow as pa

    given = pa.Table.from_batches(batches).rename_columns(["day", *(f"c{at}" for at in range(len(task.names)))])
    connection.register("given", given)
    connection.execute("CREATE OR REPLACE TEMP TABLE held AS SELECT * FROM given")
    connection.unregister("given")
    types = [str(kind) for _, kind, *_ in connection.execute("DESCRIBE held").fetchall()][1:]
    columns = {name: Column(f"c{at}", kind) for at, (name, kind) in enumerate(zip(task.names, types, strict=True))}
    table = Table(connection, "held", columns, "rowid", 0, given.num_rows, group="day", has_words=task.has_words)
    rows = Rows()
    for day, found in summarize(table, task.kinds, cap=task.cap).items():
        rows.add_day(None if day == NO_DAY else _EPOCH + timedelta(days=day), Day(found))
    return rows.batch()
