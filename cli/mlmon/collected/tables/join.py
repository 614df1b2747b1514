"""The rows of one collection with those of others that belong to them.

Rows belong together that have the same ids and the same place among the rows of those ids, in order of collection:
a request has many rows, and a script may use one id for several requests. So no row is ever joined twice, and ids
that stand in the data more often than they should leave rows over instead of multiplying them.

What is the same is looked for in this order, each time among what is left over: correlation id and request id; the
correlation id; the request id (v1 collectors before 0.1.0a16 give inputs and predictions correlation ids of their own).
v1 rows whose ids can join nothing are joined by their order within a model's version and a day, and marked as that.

All of it is about runs, of which there are as many as requests, and not about rows.

What is there twice is left out before (`repeats`); so is a v1 row that is left over beside an equal one that found its
partner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlmon.collected.tables.parts import Collection
from mlmon.collected.tables.staging import Staging, explained
from mlmon.collected.tables.within import inside
from mlmon.core.timerange import TimeRange

_PASSES: Final = (
    ("correlation", "asked"),
    ("correlation",),
    ("request",),
)


_MADE: Final = ("left_base", "left_other", "counted_base", "counted_other", "shared", "by_order")
_GROUP: Final = "coalesce(model, '') AS model, coalesce(files.version, '') AS version, day"


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which rows of `base` and `other` belong together: a table `base BIGINT, base_run BIGINT, other BIGINT,
    other_run BIGINT, len BIGINT, by_order BOOLEAN` of stretches: `len` rows of either side, from the numbers `base` and
    `other` on, that lie in one run each. Rows without a partner are in it too, with nulls for the other side.

    `duplicates` are rows of the two, in the range, that were left out; `uneven` are the days on which rows were joined
    by their order although there are more of the one than of the other, so that their order says little.
    """

    base: Collection
    other: Collection
    table: str
    uneven: tuple[str, ...]
    duplicates: int = 0


def pair(staging: Staging, base: Collection, other: Collection, *, between: TimeRange | None = None) -> Pairing:
    """Find what belongs together. Both collections must not change afterwards.

    Raises:
        Failure: there is no room for it.
    """
    table = f"pairs_{base.number}_{other.number}"
    run = staging.connection.execute
    with explained():
        run(
            f"""CREATE TABLE {table} (base BIGINT, base_run BIGINT, other BIGINT, other_run BIGINT, len BIGINT,
                                      by_order BOOLEAN)"""
        )
        for side, collection in (("left_base", base), ("left_other", other)):
            run(
                f"""CREATE OR REPLACE TEMP TABLE {side} AS
                    SELECT run AS start, len, run, correlation, request, coalesce(request, '') AS asked,
                           {_GROUP}, first_generation FROM {collection.runs} JOIN files USING (file)"""
            )
        for keys in _PASSES:
            _join_by(staging, table, keys, where=f"{keys[0]} IS NOT NULL")
            if not all(_one(staging, f"SELECT count(*) FROM {side}") for side in ("left_base", "left_other")):
                break
        uneven = _join_by_order(staging, table, base, other)
        dropped = [
            _drop_surplus(staging, collection, side, between) if collection.v1 else 0
            for collection, side in ((base, "base"), (other, "other"))
        ]
        run(f"INSERT INTO {table} SELECT start, run, NULL, NULL, len, false FROM left_base")
        run(f"INSERT INTO {table} SELECT NULL, NULL, start, run, len, false FROM left_other")
        for made in _MADE:
            run(f"DROP TABLE IF EXISTS temp.{made}")  # they would take the room that the rows need
    return Pairing(base, other, table, uneven, duplicates=sum(dropped))


def _join_by(staging: Staging, table: str, keys: Sequence[str], *, where: str, by_order: bool = False) -> None:
    """Join what has the same keys, first with first, and leave over what has no partner.

    The rows of a key are counted through from 0, whichever runs they are in. Wherever a run of either side begins, a
    stretch begins that lies in one run of each.
    """
    key = ", ".join(keys)
    run = staging.connection.execute
    totals = [
        f"(SELECT {key}, CAST(sum(len) AS BIGINT) AS total FROM left_{side} WHERE {where} GROUP BY ALL) {side}"
        for side in ("base", "other")
    ]
    run(
        f"""CREATE OR REPLACE TEMP TABLE shared AS
            SELECT {key}, row_number() OVER () AS key, least(base.total, other.total) AS common
            FROM {" JOIN ".join(totals)} USING ({key})"""
    )
    for side in ("base", "other"):
        run(
            f"""CREATE OR REPLACE TEMP TABLE counted_{side} AS
                SELECT key, common, start, len, run,
                       CAST(sum(len) OVER (PARTITION BY key ORDER BY start) AS BIGINT) - len AS begins
                FROM left_{side} JOIN shared USING ({key})"""
        )
    run(
        f"""INSERT INTO {table}
            SELECT b.start + begins, b.run, o.start + begins, o.run, least(ends, common) - begins, {by_order} FROM (
            SELECT begins, common, coalesce(lead(begins) OVER along, common) AS ends,
                   last_value(b IGNORE NULLS) OVER along AS b, last_value(o IGNORE NULLS) OVER along AS o
            FROM (SELECT key, common, begins, any_value(b) AS b, any_value(o) AS o FROM (
                      SELECT key, common, begins, {{start: start - begins, run: run}} AS b, NULL AS o FROM counted_base
                      UNION ALL
                      SELECT key, common, begins, NULL, {{start: start - begins, run: run}} FROM counted_other)
                  GROUP BY ALL)
            WINDOW along AS (PARTITION BY key ORDER BY begins)) WHERE begins < common"""
    )
    for side in ("base", "other"):
        run(
            f"""CREATE OR REPLACE TEMP TABLE left_{side} AS
                SELECT * EXCLUDE (taken)
                    REPLACE (start + coalesce(taken, 0) AS start, len - coalesce(taken, 0) AS len)
                FROM left_{side} LEFT JOIN (SELECT run, least(len, common - begins) AS taken
                                            FROM counted_{side} WHERE begins < common) USING (run)
                WHERE len > coalesce(taken, 0)"""
        )


def _join_by_order(staging: Staging, table: str, base: Collection, other: Collection) -> tuple[str, ...]:
    """Join v1 rows whose ids can join nothing, and name the days with more of the one than of the other.

    Those are the rows of a model's version and a day in which no id has joined anything, where one of the two has no
    ids at all, or both are of the first generation and have no request ids.
    """
    if not (base.v1 and other.v1):
        return ()

    def groups(collection: Collection, side: str) -> str:
        return f"""SELECT model, version, day, sum(len) AS rows,
                          bool_and(request IS NULL AND correlation IS NULL) AS bare,
                          bool_and(first_generation AND request IS NULL) AS own
                   FROM left_{side} JOIN (SELECT {_GROUP}, sum(len) AS in_all FROM {collection.runs}
                                          JOIN files USING (file) GROUP BY ALL) USING (model, version, day)
                   GROUP BY model, version, day HAVING sum(len) = any_value(in_all)"""

    staging.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE by_order AS
            SELECT model, version, day, b.rows <> o.rows AS uneven
            FROM ({groups(base, "base")}) b JOIN ({groups(other, "other")}) o USING (model, version, day)
            WHERE b.bare OR o.bare OR (b.own AND o.own)"""
    )
    if _one(staging, "SELECT count(*) FROM by_order"):
        _join_by(
            staging,
            table,
            ("model", "version", "day"),
            where="(model, version, day) IN (SELECT (model, version, day) FROM by_order)",
            by_order=True,
        )
    days = staging.connection.execute("SELECT DISTINCT day FROM by_order WHERE uneven ORDER BY day").fetchall()
    return tuple(day for (day,) in days)


def _drop_surplus(staging: Staging, collection: Collection, side: str, between: TimeRange | None) -> int:
    """Forget v1 rows that are left over beside an equal row that found its partner, and say how many in the range
    they were."""
    left = f"SELECT run, start, len, correlation FROM left_{side} WHERE correlation IS NOT NULL"
    if not _one(staging, f"SELECT count(*) FROM ({left})"):
        return 0
    staging.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rest AS SELECT run, start + spot AS n FROM (
            SELECT run, start, unnest(range(len)) AS spot FROM ({left}))"""
    )
    cells = "*COLUMNS(* EXCLUDE (n, run, correlation, request, time))"
    rows = f"""SELECT n, hash(correlation, request, time, {cells}) AS digest
               FROM (SELECT r.*, u.correlation, u.request, u.time FROM {collection.rows} r
                     JOIN {collection.runs} u USING (run)
                     WHERE u.correlation IN (SELECT correlation FROM ({left})))"""
    staging.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE surplus AS SELECT n, rest.run FROM ({rows}) JOIN rest USING (n)
            WHERE digest IN (SELECT digest FROM ({rows}) WHERE n NOT IN (SELECT n FROM rest))"""
    )
    staging.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE left_{side} AS
            SELECT run, start, len FROM left_{side} WHERE run NOT IN (SELECT run FROM surplus) UNION ALL
            SELECT run, n, 1 FROM rest WHERE run IN (SELECT run FROM surplus) AND n NOT IN (SELECT n FROM surplus)"""
    )
    return _one(
        staging,
        f"""SELECT count(*) FROM surplus JOIN {collection.runs} r USING (run) JOIN files f USING (file)
            WHERE {inside(between, "r", "f")}""",
    )


def _one(staging: Staging, query: str) -> int:
    found = staging.connection.execute(query).fetchone()
    return int(found[0]) if found else 0
