"""What runs as a job of its own on a cluster with Spark: it reads, summarizes, and writes one file of summaries."""

from __future__ import annotations

import argparse
import json
import pkgutil
from collections.abc import Sequence

from mlmon.drift.spark.handover import PACKAGE, WORK, parts_in
from mlmon.drift.spark.packing import ASKED, SCHEMA
from mlmon.drift.spark.running import merged_rows


def main(argv: Sequence[str] | None = None) -> None:
    """`--data URI`, once for each part of the work that stands in the archive, and `--output URI`, a folder."""
    from pyspark.sql import SparkSession

    parser = argparse.ArgumentParser(description="Summarizes collected data for mlmon drift.")
    parser.add_argument("--data", action="append", required=True)
    parser.add_argument("--output", required=True)
    given = parser.parse_args(argv)
    work = json.loads(pkgutil.get_data(PACKAGE, WORK) or b"")
    parts = parts_in(work, given.data)

    spark = SparkSession.builder.appName("mlmon drift").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    rows = merged_rows(spark, parts, most=work["asked"]["sample"])
    asked = spark.createDataFrame([(ASKED, "", json.dumps(work["asked"]), b"", 0)], SCHEMA)
    rows.union(asked).repartition(1).write.mode("overwrite").parquet(given.output)
    spark.stop()
