"""The rows of one collection with those of others that belong to them.

Rows belong together that have the same ids and the same place among the rows of those ids, in order of collection:
a request has many rows, and a script may use one id for several requests. So no row is ever joined twice, and ids
that stand in the data more often than they should leave rows over instead of multiplying them.

What is the same is looked for in this order, each time among what is left over: correlation id and request id; the
correlation id; the request id (v1 collectors before 0.1.0a16 give inputs and predictions correlation ids of their own).
v1 rows whose ids can join nothing are joined by their order within a model's version and a day, and marked as that.

A line of v2 that is there twice, letter by letter, is a second delivery and left out; so is a v1 row that is left over
beside an equal one that found its partner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlmon.collected.staging import Collection, Staging, explained

BY_ID: Final = "id"
BY_ORDER: Final = "order"

_PASSES: Final = (
    ("correlation", "coalesce(request, '')"),
    ("correlation",),
    ("request",),
)


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which rows of `base` and `other` belong together: a table `base BIGINT, other BIGINT, how VARCHAR`.

    `duplicates` are rows of the two that were left out; `uneven` are the days on which rows were joined by their order
    although there are more of the one than of the other, so that their order says little.
    """

    base: Collection
    other: Collection
    table: str
    matched: int
    by_order: int
    unmatched_base: int
    unmatched_other: int
    uneven: tuple[str, ...]


def drop_second_deliveries(staging: Staging, collection: Collection) -> int:
    """Delete the rows of v2 lines that are there twice, and say how many rows that were."""
    with explained():
        return _one(
            staging,
            f"""DELETE FROM {collection.table} WHERE (file, line) IN (
                SELECT (file, line) FROM (
                    SELECT file, line, row_number() OVER (PARTITION BY digest ORDER BY file, line) AS nth
                    FROM (SELECT DISTINCT file, line, digest FROM {collection.table} JOIN files USING (file)
                          WHERE NOT v1 AND digest IN (SELECT digest FROM {collection.table} WHERE place = 0
                                         GROUP BY digest HAVING count(*) > 1))
                ) WHERE nth > 1)""",
        )


def pair(staging: Staging, base: Collection, other: Collection) -> Pairing:
    """Find what belongs together. Both collections must not change afterwards.

    Raises:
        Failure: there is no room for it.
    """
    table = f"pairs_{base.table}_{other.table}"
    with explained():
        staging.connection.execute(f"CREATE TABLE {table} (base BIGINT, other BIGINT, how VARCHAR)")
        for keys in _PASSES:
            if not _join_by_ids(staging, table, base, other, keys=keys):
                break
        uneven = _join_by_order(staging, table, base, other)
        found = dict(staging.connection.execute(f"SELECT how, count(*) FROM {table} GROUP BY how").fetchall())
    matched = sum(found.values())
    return Pairing(
        base=base,
        other=other,
        table=table,
        matched=matched,
        by_order=found.get(BY_ORDER, 0),
        unmatched_base=_rows(staging, base) - matched,
        unmatched_other=_rows(staging, other) - matched,
        uneven=uneven,
    )


def drop_surplus(staging: Staging, pairing: Pairing) -> int:
    """Delete v1 rows that are left over beside an equal row that found its partner, and say how many they were."""
    dropped = 0
    with explained():
        for collection, side in ((pairing.base, "base"), (pairing.other, "other")):
            dropped += _one(
                staging,
                f"""DELETE FROM {collection.table} WHERE correlation IS NOT NULL
                    AND file IN (SELECT file FROM files WHERE v1)
                    AND n NOT IN (SELECT {side} FROM {pairing.table})
                    AND digest IN (SELECT digest FROM {collection.table}
                                   WHERE n IN (SELECT {side} FROM {pairing.table}))""",
            )
    return dropped


def _join_by_ids(staging: Staging, table: str, base: Collection, other: Collection, *, keys: Sequence[str]) -> bool:
    """Join what has the same ids, and say whether rows of both are left over."""

    def placed(collection: Collection, side: str) -> str:
        named = ", ".join(f"{key} AS k{at}" for at, key in enumerate(keys))
        return f"""SELECT n, {named}, row_number() OVER (PARTITION BY {", ".join(keys)} ORDER BY n) AS nth
                   FROM {collection.table} WHERE {keys[0]} IS NOT NULL
                   AND n NOT IN (SELECT {side} FROM {table})"""

    same = ", ".join([*(f"k{at}" for at in range(len(keys))), "nth"])
    staging.connection.execute(
        f"""INSERT INTO {table} SELECT b.n, o.n, '{BY_ID}'
            FROM ({placed(base, "base")}) b JOIN ({placed(other, "other")}) o USING ({same})"""
    )
    matched = _one(staging, f"SELECT count(*) FROM {table}")
    return matched < min(_rows(staging, base), _rows(staging, other))


def _join_by_order(staging: Staging, table: str, base: Collection, other: Collection) -> tuple[str, ...]:
    """Join v1 rows whose ids can join nothing, and name the days with more of the one than of the other.

    Those are the rows of a model's version and a day in which no id has joined anything, where one of the two has no
    ids at all, or both are of the first generation and have no request ids.
    """

    def left(collection: Collection, side: str) -> str:
        return f"""SELECT n, model, files.version AS version, day, correlation, request, first_generation,
                          row_number() OVER (PARTITION BY model, files.version, day ORDER BY n) AS nth
                   FROM {collection.table} JOIN files USING (file)
                   WHERE v1 AND (model, files.version, day) NOT IN (
                       SELECT (f.model, f.version, f.day) FROM {table} p
                       JOIN {collection.table} r ON r.n = p.{side} JOIN files f USING (file))"""

    def groups(rows: str) -> str:
        return f"""SELECT model, version, day, count(*) AS rows,
                          bool_and(request IS NULL AND correlation IS NULL) AS bare,
                          bool_and(first_generation AND request IS NULL) AS own
                   FROM ({rows}) GROUP BY ALL"""

    left_base, left_other = left(base, "base"), left(other, "other")
    staging.connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE by_order AS
            SELECT model, version, day, b.rows <> o.rows AS uneven
            FROM ({groups(left_base)}) b JOIN ({groups(left_other)}) o USING (model, version, day)
            WHERE b.bare OR o.bare OR (b.own AND o.own)"""
    )
    staging.connection.execute(
        f"""INSERT INTO {table} SELECT b.n, o.n, '{BY_ORDER}' FROM ({left_base}) b
            JOIN ({left_other}) o USING (model, version, day, nth) JOIN by_order USING (model, version, day)"""
    )
    days = staging.connection.execute("SELECT DISTINCT day FROM by_order WHERE uneven ORDER BY day").fetchall()
    return tuple(day for (day,) in days)


def _rows(staging: Staging, collection: Collection) -> int:
    return _one(staging, f"SELECT count(*) FROM {collection.table}")


def _one(staging: Staging, query: str) -> int:
    found = staging.connection.execute(query).fetchone()
    return int(found[0]) if found else 0
