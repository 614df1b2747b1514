"""Runs in a Python that has pyspark: what Spark makes of the demo and of random rows, beside what one machine makes.

`python spark_local.py DEMO FOLDER [ROWS]` prints, for each case, how many cells there are and which differ: of the
whole demo and a million rows, or of a part of the demo and fewer ROWS.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from drift.same import bits
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.model import BlobInfo, ServiceName
from mlmon.core.timerange import TimeRange, month_range
from mlmon.drift.days import Reading, read_days
from mlmon.drift.reading import opened
from mlmon.drift.spark.running import parts_of, summarize_collected, summarize_rows
from mlmon.drift.spark.session import session
from mlmon.drift.summary import Summary, merged
from mlmon.local.workspace import LocalWorkspace

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
WHOLE = 1_000_000
DEMO = [
    ("diabetes", "inputs", None),
    ("diabetes-v2/blue", "inputs", None),
    ("diabetes-v2/blue", "predictions", None),
]
PART = [
    ("diabetes", "inputs", month_range(2026, 9)),
    (
        "diabetes-v2/blue",
        "inputs",
        TimeRange(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 8, 12, tzinfo=UTC)),
    ),
    (
        "diabetes-v2/blue",
        "predictions",
        TimeRange(datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)),
    ),
]
Cells = dict[tuple[date | None, str], Summary]


def main(demo: Path, folder: Path, rows: int) -> None:
    told: dict[str, Any] = {}
    with session("local[2]") as spark:
        spark.conf.set("spark.sql.shuffle.partitions", "3")
        workspace = LocalWorkspace.open(demo, clock=lambda: NOW)
        for service, collection, between in DEMO if rows >= WHOLE else PART:
            said = f"{service} {collection}"
            told[said] = collected(spark, workspace, ServiceName.parse(service), collection, between)
        told["odd files"] = collected(spark, LocalWorkspace.open(folder / "odd"), ServiceName("s", "d"), "inputs", None)
        for ending in ("parquet", "csv"):
            told[ending] = plain(spark, folder, ending, rows)
    json.dump(told, sys.stdout)


def collected(
    spark: Any, workspace: LocalWorkspace, name: ServiceName, collection: str, between: TimeRange | None
) -> dict[str, Any]:
    strays: list[BlobInfo] = []
    wanted = Selection(between, (collection,))
    selected = list(select(workspace.blobs, name, wanted, on_skip=lambda blob, _: strays.append(blob)))
    asides: list[str] = []
    reading = Reading(workspace.blobs, NOW, lambda one: asides.append(f"{one.source.blob.name}: it {one.reason}"))
    local = read_days(reading, selected, None, between=between, most=100)
    [*roots] = workspace.blobs.roots(name)
    # a column that the baseline lacks
    kinds = {name: kind for name, kind in local.kinds.items() if name != "sex"}
    local = read_days(reading, selected, kinds, between=between, most=100)
    parts = parts_of(
        selected,
        kinds,
        roots=roots,
        address=workspace.blobs.address,
        now=NOW,
        between=between,
        most=100,
        others=strays,
    )
    found, left_out = summarize_collected(spark, parts, kinds, selected, most=100)
    here, there = (
        {(day, feature): one for day, each in days.by_day.items() for feature, one in each.summaries.items()}
        for days in (local, found)
    )
    samples = [{day: len(one.sample or ()) for day, one in days.by_day.items()} for days in (local, found)]
    return {
        **compared(here, there),
        "left out": left_out,
        "asides": sorted(asides)[::2],
        "samples": samples[0] == samples[1],
    }


def plain(spark: Any, folder: Path, ending: str, rows: int) -> dict[str, Any]:
    """Random rows in a file, by Spark in parts of any size, by one machine a file for each day."""
    whole = folder / f"rows.{ending}"
    with duckdb.connect(":memory:") as run:
        run.execute("SELECT setseed(0.5)")
        run.execute(
            f"""CREATE TABLE made AS SELECT DATE '2026-03-01' + CAST(floor(random() * 3) AS INTEGER) AS day,
                CASE WHEN random() < 0.01 THEN NULL WHEN random() < 0.001 THEN 'nan'::DOUBLE
                     WHEN random() < 0.001 THEN '-inf'::DOUBLE ELSE ln(random()) * sqrt(random()) END AS amount,
                CAST(floor(random() * 20) AS INTEGER) AS visits, exp(20 * (random() - 0.5)) AS wide,
                CASE WHEN random() < 0.5 THEN 'c' || CAST(floor(random() * 15000) AS INTEGER) END AS city,
                random() < 0.3 AS flag, TIMESTAMP '2026-03-01 08:00:00' + INTERVAL 1 HOUR * floor(random() * 5) AS at,
                CASE WHEN random() < 0.01 THEN 'word' ELSE CAST(random() AS VARCHAR) END AS mixed
                FROM range({rows})"""
        )
        run.execute(f"COPY made TO '{whole}'")
        days = [day for [day] in run.execute("SELECT DISTINCT day FROM made ORDER BY day").fetchall()]
        for day in days:
            run.execute(f"COPY (SELECT * EXCLUDE day FROM made WHERE day = '{day}') TO '{folder}/{day}.{ending}'")
    with opened(whole) as file:
        kinds = {name: kind for name, kind in file.kinds().items() if name != "day"} | {"mixed": "number"}
    here: Cells = {}
    began = time.monotonic()
    for day in days:
        with opened(folder / f"{day}.{ending}") as file:
            here |= {(day, name): one for name, one in file.summaries(kinds, cap=2048).items()}
    alone = time.monotonic() - began
    text = ending == "csv"
    frame = spark.read.option("header", "true").csv(str(whole), escape='"') if text else spark.read.parquet(str(whole))
    began = time.monotonic()
    found = summarize_rows(frame.repartition(7), kinds, day="day", has_words=text)
    seconds = [round(alone, 2), round(time.monotonic() - began, 2)]
    there = {(day, name): one for day, each in found.by_day.items() for name, one in each.summaries.items()}
    undated = summarize_rows(frame.drop("day").repartition(3), kinds, has_words=text).by_day[None].summaries
    again = {(None, name): one for name, one in undated.items()}
    wholly: Cells = {(None, name): merged([one for (_, at), one in here.items() if at == name]) for name in undated}
    return {**compared({**here, **wholly}, {**there, **again}), "seconds": seconds}


def compared(here: Cells, there: Cells) -> dict[str, Any]:
    differing = [
        f"{day} {name}"
        for day, name in sorted({*here, *there}, key=str)
        if (day, name) not in here or (day, name) not in there or bits(here[day, name]) != bits(there[day, name])
    ]
    return {"cells": len(here), "rows": sum(one.quality.rows for one in here.values()), "differing": differing}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else WHOLE)
