"""From files to summaries by Spark: what is read, how it is parted, and what comes home."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial, reduce
from typing import Any, Final

from mlmon.collected.handoff.patterns import Source, sources
from mlmon.collected.handoff.spark_cell import paths_of, root_of
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.model import BlobInfo, CollectedRoot
from mlmon.core.timerange import TimeRange
from mlmon.drift.cache import Day
from mlmon.drift.days import Days, with_all_rows
from mlmon.drift.result import Kind
from mlmon.drift.spark import collecting, rows
from mlmon.drift.spark.packing import CELL, SCHEMA, Found, home, joined
from mlmon.drift.summary import CAP

_BATCH: Final = "spark.sql.execution.arrow.maxRecordsPerBatch"
_DAY_OF_V1: Final = r"/([0-9]{4}/[0-9]{1,2}/[0-9]{1,2})(?:/[0-9]{1,2})?/[^/]*$"


def summarize_collected(
    spark: Any,
    selected: Sequence[CollectedBlob],
    kinds: Mapping[str, Kind],
    *,
    roots: Sequence[CollectedRoot],
    address: Callable[[str], str],
    now: datetime,
    between: TimeRange | None = None,
    most: int = 0,
    others: Iterable[BlobInfo] = (),
) -> tuple[Days, Mapping[str, int]]:
    """What `drift.days.read_days` gives of the files of one collection, read by Spark by wildcard, and how many lines
    of which file could not be read.

    `address` gives the URL of a container; `others` are blobs that stand between the files and are not meant. Of a
    sample, rows that are alike may be drawn more often than on one machine; summaries are the same.
    """
    parts = []
    for source in sources(selected, between, address=address, others=others):
        task = collecting.Task(
            selected[0].service,
            tuple(root for root in roots if root.container == source.container),
            root_of(source),
            source.address,
            dict(kinds),
            between,
            now,
            most,
        )
        files = _files(spark, source) if task.is_v1 else _lines(spark, source)
        parts.append(_summarized(files, partial(collecting.summarized, task=task)))
    found = _merged(parts, most=most) if parts else Found({}, {})
    days = {day: Day(with_all_rows(one.summaries, kinds), one.sample) for day, one in found.by_day.items() if day}
    passed_over = {
        f"{one.blob.name}: it is passed over by Spark, as is every file whose name begins like this": 1
        for one in selected
        if one.blob.name.rpartition("/")[2].startswith(("_", "."))
    }
    return Days(dict(kinds), dict(sorted(days.items()))), {**found.left_out, **passed_over}


def summarize_rows(
    frame: Any, kinds: Mapping[str, Kind], *, day: str = "", cap: int = CAP, has_words: bool = False
) -> Found:
    """The summaries of a DataFrame's columns, by the days of the column `day` where there is one.

    A column that `kinds` does not know is counted only. `has_words` says that the cells are the text of csv files.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

    names = tuple(name for name in frame.columns if name != day)
    quoted = {name: F.col(f"`{name.replace('`', '``')}`") for name in frame.columns}
    number = F.coalesce(F.datediff(F.to_date(quoted[day]), F.lit("1970-01-01")), F.lit(rows.NO_DAY)) if day else None
    cells = [
        # a moment without its zone, which is UTC: with one, its text would differ
        quoted[name].cast("timestamp_ntz") if kind == "timestamp" else quoted[name]
        for name, kind in frame.dtypes
        if name != day
    ]
    chosen = frame.select((F.lit(rows.NO_DAY) if number is None else number).alias("day"), *cells)
    task = rows.Task(names, dict(kinds), cap, has_words)
    return _merged([_summarized(chosen, partial(rows.summarized, task=task))])


def _summarized(frame: Any, summarized: Callable[[Iterable[Any]], Iterator[Any]]) -> Any:
    return frame.mapInArrow(summarized, SCHEMA)


def _merged(parts: Sequence[Any], *, most: int = 0) -> Found:
    together = reduce(lambda one, other: one.union(other), parts)
    return home(together.groupBy(*CELL).applyInPandas(partial(joined, most=most), SCHEMA).collect())


def _lines(spark: Any, source: Source) -> Any:
    """The lines of v2 files with their file; equal ones in the same part."""
    from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

    spark.conf.set(_BATCH, "2000")
    read = spark.read.option("recursiveFileLookup", "true").option("lineSep", "\n")
    lines = read.text(paths_of(source)).select(
        F.input_file_name().alias("path"), F.col("value").cast("binary").alias("content")
    )
    return lines.repartition(F.xxhash64("content"))


def _files(spark: Any, source: Source) -> Any:
    """Whole v1 files; those of a day in the same part, one after the other."""
    from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

    spark.conf.set(_BATCH, "1")
    read = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(paths_of(source))
    day = F.regexp_replace(F.regexp_extract("path", _DAY_OF_V1, 1), "/0", "/")
    files = read.select(F.input_file_name().alias("path"), "content").withColumn("day", day)
    return files.repartition("day").sortWithinPartitions("day").select("path", "content")
