"""What a job made is taken for what it says only where it can be that: all that we make, and nothing that would trip us
up later."""

from __future__ import annotations

import io
import json
import pickle
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, V2
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.errors import Failure
from mlmon.core.model import BlobInfo
from mlmon.drift.cache import Day, packed
from mlmon.drift.days import Days
from mlmon.drift.result import Kind
from mlmon.drift.sampling import Sampled
from mlmon.drift.spark.handover import asked_of, brought
from mlmon.drift.spark.packing import ASKED, Found
from mlmon.drift.spark.soundness import see_sound
from mlmon.drift.summary import (
    Categories,
    Quality,
    Summary,
    coarsened,
    merged,
    summary_of_categories,
    summary_of_numbers,
)

KINDS: dict[str, Kind] = {"age": "number", "city": "category"}
FIRST, LAST = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2))
BLOB = BlobInfo(INPUTS.container, f"{INPUTS.prefix}2026/03/01/08/a.jsonl", 1, "", FIRST)
SELECTED = [CollectedBlob(BLOB, V2, "model_inputs", "", "", FIRST, LAST)]
NUMBERS = summary_of_numbers(np.array([1.0, 2.0, 2.0, 5.5]), nulls=1)
COARSE = summary_of_numbers(np.linspace(0.0, 1.0, 5000))
WORDS = summary_of_categories({"a": 3, "b": 1})
ASKED_ROW = (ASKED, "", json.dumps(asked_of(SELECTED, KINDS, between=None, most=0)), b"", 0)
Row = tuple[Any, ...]


def row(summary: Any, feature: str = "age", *, day: str = "2026-03-01", sample: Sampled | None = None) -> Row:
    return ("summary", day, feature, packed(Day({feature: summary} if summary else {}, sample)), 0)


def sampled(**columns: Any) -> Row:
    return row(None, day="2026-03-01", sample=Sampled(np.array([1, 2], np.uint64), columns))


def came(folder: Path, *rows: Row, asked: Row = ASKED_ROW, types: str = "VARCHAR VARCHAR VARCHAR BLOB BIGINT") -> Days:
    """What comes home of these rows in a file of parquet."""
    names = ("sort", "day", "feature", "content", "count")
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, types.split(), strict=True))
    with duckdb.connect(":memory:") as run:
        run.execute(f"CREATE TABLE made ({columns})")
        run.executemany("INSERT INTO made VALUES (?, ?, ?, ?, ?)", [asked, *rows])
        run.execute(f"COPY made TO '{folder}/made.parquet'")
    days, _ = brought(
        [folder / "made.parquet"], asked_of(SELECTED, KINDS, between=None, most=0), SELECTED, KINDS, job="j"
    )
    return days


def test_what_was_made_comes_home(tmp_path: Path) -> None:
    extra = Categories(Quality(4, 1))
    days = came(tmp_path, row(NUMBERS), row(WORDS, "city"), row(extra, "new"), ("left out", "", "x: no JSON", b"", 2))
    assert {day: [*one.summaries] for day, one in days.by_day.items()} == {date(2026, 3, 1): ["age", "city", "new"]}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(allow_subnormal=True), max_size=6), min_size=1, max_size=3), st.integers(0, 3))
def test_all_numbers_that_we_summarize_are_sound(parts: list[list[float]], nulls: int) -> None:
    made = merged([summary_of_numbers(np.array(each, np.float64), nulls=nulls, failures=1) for each in parts])
    see({"age": made})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=5), min_size=1, max_size=3),
    st.integers(0, 63),
)
def test_all_categories_that_we_summarize_are_sound(parts: list[dict[str, int]], level: int) -> None:
    made = merged([coarsened(summary_of_categories(each, nulls=1), level) for each in parts])
    see({"city": made})


def test_many_values_are_sound() -> None:
    wide = summary_of_numbers(np.geomspace(1e-300, 1e300, 50_000) * np.tile([1.0, -1.0], 25_000))
    see({"age": merged([wide, COARSE]), "city": summary_of_categories({f"{at}": 1 for at in range(20_000)})})


def see(summaries: Mapping[str, Summary]) -> None:
    see_sound(Found({FIRST.date(): Day(summaries)}, {}), KINDS, SELECTED)


ODD_SUMMARIES = {
    "words where numbers were asked for": row(WORDS),
    "numbers where words were asked for": row(NUMBERS, "city"),
    "values of what is counted only": row(WORDS, "new"),
    "rows that are a text": row(replace(NUMBERS, quality=Quality("5", 1))),  # type: ignore[arg-type]
    "fewer than no rows": row(replace(NUMBERS, quality=Quality(-5, -9))),
    "more missing than there are": row(replace(NUMBERS, quality=Quality(4, 5))),
    "other counts than rows": row(replace(NUMBERS, quality=Quality(50, 1))),
    "a count below nothing": row(replace(NUMBERS, counts=np.array([-1, 4, 1]))),
    "a count beyond all sums": row(replace(NUMBERS, counts=np.array([1, 1 << 62, 1]))),
    "buckets out of order": row(replace(NUMBERS, buckets=NUMBERS.buckets[::-1])),
    "a bucket twice": row(replace(NUMBERS, buckets=NUMBERS.buckets[[0, 0, 2]])),
    "a level that there is none of": row(replace(COARSE, level=500)),
    "a level below the lowest": row(replace(NUMBERS, level=-1)),
    "a level that is no integer": row(replace(NUMBERS, level=0.5)),  # type: ignore[arg-type]
    "another cap": row(replace(NUMBERS, cap=0)),
    "ends that are no numbers": row(replace(NUMBERS, least=float("nan"))),
    "ends outside of the buckets": row(replace(NUMBERS, greatest=1e300)),
    "places beyond their buckets": row(replace(COARSE, offsets=(COARSE.offsets[0], COARSE.offsets[1] + (1 << 60)))),
    "labels that are no texts": row(replace(WORDS, labels=(1, 2)), "city"),  # type: ignore[arg-type]
    "too few labels": row(replace(WORDS, labels=("a",)), "city"),
    "marks that are no truth": row(replace(WORDS, shared=("", "")), "city"),  # type: ignore[arg-type]
    "no cap of words": row(replace(WORDS, cap=None), "city"),  # type: ignore[arg-type]
}
ODD_ROWS = {
    "a sample of another feature": sampled(height=np.zeros(2)),
    "a sample of words for numbers": sampled(age=["a", "b"]),
    "a sample of numbers for words": sampled(city=np.zeros(2)),
    "a day long before": row(NUMBERS, day="0001-01-01"),
    "a day long after": row(NUMBERS, day="9999-12-31"),
    "rows without a day": row(NUMBERS, day=""),
    "a day that is none": row(NUMBERS, day="yesterday"),
    "nothing where a text has to be": ("summary", None, "age", b"", 0),
    "nothing where a summary has to be": ("summary", "2026-03-01", "age", None, 0),
    "fewer than none left out": ("left out", "", "x", b"", -1),
}


@pytest.mark.parametrize("odd", [pytest.param(odd, id=why) for why, odd in (ODD_SUMMARIES | ODD_ROWS).items()])
def test_what_cannot_be_is_not_read(tmp_path: Path, odd: Row) -> None:
    with pytest.raises(Failure, match=r"^what the job j made cannot be read$"):
        came(tmp_path, odd)


class Touching:
    """What makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def test_nothing_that_came_home_is_run(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    alone, inside = pickle.dumps(Touching(touched)), io.BytesIO()
    objects = np.array([Touching(touched)], object)
    np.savez(inside, said=objects, ints=objects, floats=objects)
    for content in (alone, zlib.compress(alone), inside.getvalue(), zlib.compress(inside.getvalue())):
        with pytest.raises(Failure, match="cannot be read"):
            came(tmp_path, ("summary", "2026-03-01", "age", content, 0))
    assert not touched.exists()
    pickle.loads(alone)
    assert touched.exists()


def test_columns_of_other_types_are_not_read(tmp_path: Path) -> None:
    asked = (*ASKED_ROW[:4], [0])
    with pytest.raises(Failure, match="cannot be read"):
        came(tmp_path, asked=asked, types="VARCHAR VARCHAR VARCHAR BLOB INTEGER[]")
