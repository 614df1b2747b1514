"""KQL on a local workspace: the library `duckdb-kql` behind a guard.

The library translates KQL to SQL for DuckDB. The guard reads the query's literals by Kusto's rules, knows the
type of every column, makes right or refuses what the library is known to answer otherwise than Kusto, and gives DuckDB
only the tables that the query names, in a database that can reach nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlmon.core.errors import QueryError
from mlmon.core.model import Column, Table
from mlmon.core.ports import Dialect
from mlmon.core.timerange import TimeRange
from mlmon.kql.engine import faults
from mlmon.kql.engine.tables import RowFiles
from mlmon.kql.engine.worker import Worker
from mlmon.kql.schema import SCHEMAS, Schema

if TYPE_CHECKING:
    import duckdb

    from mlmon.kql.engine.guard import Guard
    from mlmon.kql.engine.kinds import Kinds

__all__ = ["RowFiles", "run"]

_Answer = tuple[list[str], list[str], list[tuple[Any, ...]]]  # names, KQL types as DuckDB has them, rows


def run(
    query: str,
    *,
    files: RowFiles,
    now: datetime,
    between: TimeRange | None = None,
    schema: Schema = SCHEMAS[Dialect.CLASSIC],
) -> Table:
    """Run a KQL query over the rows of a workspace, those in `between` if it is given.

    All tables of the schema exist even when they are empty. `now` is the moment of `now()` and `ago()`. Dynamic cells
    are parsed JSON, datetimes are in UTC, decimals are text. Ctrl-C ends the query and is raised as ever.

    Raises:
        QueryError: the query is wrong, or something in it is not supported here.
        DamagedWorkspace: a row file cannot be read.
    """

    def work(worker: Worker[Table]) -> Table:
        return _answer(worker, query, files=files, now=now, between=between, schema=schema)

    return Worker(work).run()


def _answer(
    worker: Worker[Table], query: str, *, files: RowFiles, now: datetime, between: TimeRange | None, schema: Schema
) -> Table:
    from mlmon.kql.engine import tables
    from mlmon.kql.engine.guard import Guard
    from mlmon.kql.engine.reading import read
    from mlmon.kql.engine.registry import register
    from mlmon.kql.engine.values import value

    register()
    reading = read(query)
    guard = Guard(schema.tables, reading)
    with faults.translated(reading):
        sql, bound, kinds = _translate(reading.text, guard, now=now, schema=schema)
    with worker.connected(tables.connect) as connection:
        for table in sorted(guard.named):
            tables.load(connection, table, schema=schema, files=files, between=between)
            worker.go_on()
        tables.lock(connection)
        names, types, rows = _execute(connection, sql, bound)
    columns = tuple(Column(name, kinds.get(name) or kind) for name, kind in zip(names, types, strict=True))
    cells = tuple(tuple(value(raw, column.type) for raw, column in zip(row, columns, strict=True)) for row in rows)
    return Table(columns, cells, render=reading.render)


def _translate(text: str, guard: Guard, *, now: datetime, schema: Schema) -> tuple[str, dict[str, Any], Kinds]:
    """The SQL, the values of its parameters, and the columns of the answer with their types."""
    from duckdb_kql.lower import lower
    from duckdb_kql.params import bind
    from duckdb_kql.translate import CLOCK_SLOT, clock, to_sql

    with clock(now.astimezone(UTC).replace(tzinfo=None)) as ticking:
        query, kinds = guard.query(lower(text))
        sql = to_sql(query, {name: list(columns) for name, columns in schema.tables.items()})
        values, unbound = bind(query.parameters, None)
        if unbound:
            raise QueryError(
                f"the query parameter {unbound[0]!r} has no value", hint="write a let in the place of the parameter"
            )
        bound = {slot: value for slot, value in values.items() if slot in sql.slots}
        if ticking.used:
            bound[CLOCK_SLOT] = ticking.moment
    return str(sql), bound, kinds


def _execute(connection: duckdb.DuckDBPyConnection, sql: str, bound: dict[str, Any]) -> _Answer:
    import duckdb
    from duckdb_kql.types import kusto_type

    try:
        relation = connection.sql(sql, params=bound) if bound else connection.sql(sql)
        return relation.columns, [kusto_type(kind) for kind in relation.types], relation.fetchall()
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise faults.executed(error) from error
