"""From files to summaries by Spark: what is read, how it is parted, and what comes home."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial, reduce
from typing import Any, Final

from mlmon.collected.handoff.patterns import sources
from mlmon.collected.handoff.spark_cell import globs_of, root_of, uri_of
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
    spark: Any, parts: Sequence[Part], kinds: Mapping[str, Kind], selected: Sequence[CollectedBlob], *, most: int = 0
) -> tuple[Days, Mapping[str, int]]:
    """What `drift.days.read_days` gives of the selected files, of which `parts` were made by `parts_of`; and how many
    lines of which file could not be read.

    Of a sample, rows that are alike may be drawn more often than on one machine; summaries are the same.
    """
    found = home(merged_rows(spark, parts, most=most).collect()) if parts else Found({}, {})
    return days_of(found, kinds, selected)


@dataclass(frozen=True, slots=True)
class Part:
    """One collection in one container: what Spark reads below `uri`, and how.

    `container` is called as its blobs call it.
    """

    container: str
    uri: str
    globs: tuple[str, ...]
    task: collecting.Task


def parts_of(
    selected: Sequence[CollectedBlob],
    kinds: Mapping[str, Kind],
    *,
    roots: Sequence[CollectedRoot],
    address: Callable[[str], str],
    now: datetime,
    between: TimeRange | None = None,
    most: int = 0,
    others: Iterable[BlobInfo] = (),
) -> list[Part]:
    """What is to be read of these files of one collection, by wildcard.

    `address` gives the URL of a container; `others` are blobs that stand between the files and are not meant.
    """
    parts = []
    for source in sources(selected, between, address=address, others=others):
        own = tuple(root for root in roots if address(root.container) == source.address)
        task = collecting.Task(
            selected[0].service, own, root_of(source), source.address, dict(kinds), between, now, most
        )
        container = next(one.blob.container for one in selected if address(one.blob.container) == source.address)
        parts.append(Part(container, uri_of(source), tuple(globs_of(source)), task))
    return parts


def merged_rows(spark: Any, parts: Sequence[Part], *, most: int) -> Any:
    """The DataFrame of the summaries of all parts, a row a cell."""
    read = [_files(spark, part) if part.task.is_v1 else _lines(spark, part) for part in parts]
    return _merged(
        [
            _summarized(files, partial(collecting.summarized, task=part.task))
            for files, part in zip(read, parts, strict=True)
        ],
        most=most,
    )


def days_of(
    found: Found, kinds: Mapping[str, Kind], selected: Sequence[CollectedBlob]
) -> tuple[Days, Mapping[str, int]]:
    """What came home as `summarize_collected` returns it."""
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
    return home(_merged([_summarized(chosen, partial(rows.summarized, task=task))]).collect())


def _summarized(frame: Any, summarized: Callable[[Iterable[Any]], Iterator[Any]]) -> Any:
    return frame.mapInArrow(summarized, SCHEMA)


def _merged(parts: Sequence[Any], *, most: int = 0) -> Any:
    together = reduce(lambda one, other: one.union(other), parts)
    return together.groupBy(*CELL).applyInPandas(partial(joined, most=most), SCHEMA)


def _paths(part: Part) -> list[str]:
    return [f"{part.uri.rstrip('/')}/{glob}" for glob in part.globs]


def _lines(spark: Any, part: Part) -> Any:
    """The lines of v2 files with their file; equal ones in the same part."""
    from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

    spark.conf.set(_BATCH, "2000")
    read = spark.read.option("recursiveFileLookup", "true").option("lineSep", "\n")
    lines = read.text(_paths(part)).select(
        F.input_file_name().alias("path"), F.col("value").cast("binary").alias("content")
    )
    return lines.repartition(F.xxhash64("content"))


def _files(spark: Any, part: Part) -> Any:
    """Whole v1 files; those of a day in the same part, one after the other."""
    from pyspark.sql import functions as F  # noqa: N812 - as everybody calls it

    spark.conf.set(_BATCH, "1")
    read = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(_paths(part))
    day = F.regexp_replace(F.regexp_extract("path", _DAY_OF_V1, 1), "/0", "/")
    files = read.select(F.input_file_name().alias("path"), "content").withColumn("day", day)
    return files.repartition("day").sortWithinPartitions("day").select("path", "content")
