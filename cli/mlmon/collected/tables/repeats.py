"""What was delivered a second time: it is there twice, and happened once.

In v2 that is a line that another one is equal to, letter by letter. In v1 it is a delivery that another one is equal to
row by row: the rows that follow one another in a file and have the same ids and the same microsecond. Equal rows within
one delivery may be real, and so may rows without an id or a time, wherever they are.
"""

from __future__ import annotations

from mlmon.collected.tables.parts import Collection
from mlmon.collected.tables.staging import Staging, explained
from mlmon.collected.tables.within import inside
from mlmon.core.timerange import TimeRange

_SHARED = "correlation, request, time"


def drop_second_deliveries(
    staging: Staging, collection: Collection, between: TimeRange | None, *, each_day: bool = False
) -> int:
    """Forget the runs of what is there a second time, and say how many rows in the range those were.

    With `each_day` that is what is there twice among the files of a day, so that a day does not depend on others.

    Raises:
        Failure: there is no room for it.
    """
    run = staging.connection.execute
    with explained():
        if collection.v1:
            run(f"CREATE OR REPLACE TEMP TABLE second AS {_deliveries(staging, collection, each_day=each_day)}")
        else:
            run(
                f"""CREATE OR REPLACE TEMP TABLE second AS
                    SELECT run FROM {collection.runs} JOIN files USING (file) WHERE digest IS NOT NULL
                    QUALIFY row_number() OVER (PARTITION BY digest{", day" if each_day else ""} ORDER BY run) > 1"""
            )
        [[dropped]] = run(
            f"""SELECT coalesce(sum(len) FILTER ({inside(between, "r", "f")}), 0) FROM {collection.runs} r
                JOIN files f USING (file) WHERE run IN (SELECT run FROM second)"""
        ).fetchall()
        run(f"DELETE FROM {collection.runs} WHERE run IN (SELECT run FROM second)")
    return int(dropped)


def _deliveries(staging: Staging, collection: Collection, *, each_day: bool) -> str:
    """The query of the runs of v1 that belong to a second delivery. One delivery may be several runs, as where its
    file was read line by line."""
    run = staging.connection.execute
    shared = f"{_SHARED}, day" if each_day else _SHARED
    runs = f"(SELECT r.*, f.day FROM {collection.runs} r JOIN files f USING (file))" if each_day else collection.runs
    run(
        f"""CREATE OR REPLACE TEMP TABLE twins AS SELECT {shared} FROM {runs}
            WHERE correlation IS NOT NULL AND time IS NOT NULL GROUP BY ALL HAVING count(*) > 1"""
    )
    if run("SELECT 1 FROM twins LIMIT 1").fetchone() is None:  # as it nearly always is
        return "SELECT 0::BIGINT AS run LIMIT 0"
    key = f"(file, {shared})"
    run(
        f"""CREATE OR REPLACE TEMP TABLE deliveries AS
            SELECT run, delivery, hash({shared}) AS shared, sum(len) OVER (PARTITION BY delivery) AS total FROM (
                SELECT *, max(CASE WHEN begins THEN run END) OVER (ORDER BY run ROWS UNBOUNDED PRECEDING) AS delivery
                FROM (SELECT *, {key} IS DISTINCT FROM lag({key}) OVER (ORDER BY run) AS begins
                      FROM {runs}))
            WHERE correlation IS NOT NULL AND time IS NOT NULL
                  AND hash({shared}) IN (SELECT hash({shared}) FROM twins)"""
    )
    alike = """SELECT shared, total FROM (SELECT DISTINCT delivery, shared, total FROM deliveries)
               GROUP BY ALL HAVING count(*) > 1"""
    cells = f"SELECT run, n, hash(*COLUMNS(* EXCLUDE (n, run))) AS cells FROM {collection.rows}"
    return f"""SELECT run FROM deliveries WHERE delivery IN (
        SELECT delivery FROM (
            SELECT delivery, hash(any_value(shared), list(cells ORDER BY n)) AS digest
            FROM (SELECT * FROM deliveries SEMI JOIN ({alike}) USING (shared, total)) JOIN ({cells}) USING (run)
            GROUP BY delivery)
        QUALIFY row_number() OVER (PARTITION BY digest ORDER BY delivery) > 1)"""
