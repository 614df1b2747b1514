"""Runs cells for Spark in one session, in an environment of its own.

Their texts come in, and the rows of every DataFrame that they make go out, as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pyspark.sql import DataFrame, SparkSession


def main() -> None:
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    told = {name: _frames(spark, cell) for name, cell in json.load(sys.stdin).items()}
    json.dump(told, sys.stdout, default=str)
    spark.stop()


def _frames(spark: SparkSession, cell: str) -> dict[str, Any]:
    names: dict[str, Any] = {"spark": spark}
    exec(cell, names)
    return {
        name: {"columns": frame.columns, "rows": [list(row) for row in frame.collect()]}
        for name, frame in names.items()
        if isinstance(frame, DataFrame)
    }


if __name__ == "__main__":
    main()
