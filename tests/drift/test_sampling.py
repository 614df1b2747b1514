"""A sample depends on which rows there are, not on their order or their parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from drift.same import rows
from mlmon.drift import sampling
from mlmon.drift.kinds import category_of
from mlmon.drift.reading import opened
from mlmon.drift.result import Kind
from mlmon.drift.sampling import Sampled, together

KINDS: dict[str, Kind] = {"a": "number", "b": "category"}


def sampled(path: Path, most: int, kinds: dict[str, Kind] = KINDS) -> Sampled:
    with opened(path) as file:
        found = file.sample(kinds, most=most)
    assert found is not None
    return found


def written(path: Path, frame: pd.DataFrame) -> Path:
    frame.to_parquet(path, index=False)
    return path


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(3)
    # many rows are equal: three values of one column, two of the other
    numbers = random.choice([1.0, 2.5, np.nan], 3_000)
    return pd.DataFrame({"a": numbers, "b": random.choice(["x", "y", None], 3_000)})


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path, frame: pd.DataFrame) -> None:
    one = written(tmp_path / "one.parquet", frame)
    other = written(tmp_path / "other.parquet", frame.sample(frac=1, random_state=1))
    assert rows(sampled(one, 100)) == rows(sampled(other, 100))
    assert len(sampled(one, 100)) == 100


def test_rows_that_are_frequent_are_frequent_in_the_sample(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0] * 9_000 + [2.0] * 1_000, "b": "x"})
    found = sampled(written(tmp_path / "t.parquet", frame), 1_000)
    share = float(np.mean(np.asarray(found.columns["a"]) == 2.0))
    assert share == pytest.approx(0.1, abs=0.04)


def test_a_larger_sample_begins_with_the_smaller_one(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = written(tmp_path / "t.parquet", frame)
    assert rows(sampled(path, 500))[:50] == rows(sampled(path, 50))
    assert rows(together([sampled(path, 500)], most=50)) == rows(sampled(path, 50))


def test_few_rows_are_all_in_it(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"a": 1, "b": True},
        {"a": "x", "b": 2.0},
        {"a": None, "b": None},
        {"a": 1, "b": True},
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    found = sampled(path, 10)
    pairs = sorted(zip(np.asarray(found.columns["a"]).tolist(), found.columns["b"], strict=True), key=str)
    assert str(pairs) == "[(1.0, 'true'), (1.0, 'true'), (nan, '2'), (nan, None)]"


def test_a_feature_that_is_no_column_has_no_values(tmp_path: Path) -> None:
    path = written(tmp_path / "t.parquet", pd.DataFrame({"a": [1.0]}))
    found = sampled(path, 5, {"a": "number", "gone": "category", "none": "number"})
    assert found.columns["gone"] == [None]
    assert np.isnan(found.columns["none"]).tolist()  # type: ignore[arg-type]  # numbers
    assert [*found.columns] == ["a", "gone", "none"]


def test_parts_put_together_are_the_sample_of_the_whole() -> None:
    marks = np.random.default_rng(1).permutation(1_000).astype(np.uint64)
    parts = [
        Sampled(np.sort(some), {"a": np.sort(some).astype(np.float64), "b": [str(each) for each in np.sort(some)]})
        for some in (marks[:300], marks[300:])
    ]
    whole = together(parts, most=100)
    assert whole.marks.tolist() == list(range(100))
    assert np.asarray(whole.columns["a"]).tolist() == [float(each) for each in range(100)]
    assert whole.columns["b"] == [category_of(str(each)) for each in range(100)]
    assert rows(together(reversed(parts), most=100)) == rows(whole)


def test_a_part_without_a_feature_has_no_values_of_it() -> None:
    one = Sampled(np.array([1], np.uint64), {"a": np.array([5.0])})
    other = Sampled(np.array([0], np.uint64), {"b": ["x"]})
    both = together([one, other])
    assert str(np.asarray(both.columns["a"]).tolist()) == "[nan, 5.0]"
    assert both.columns["b"] == ["x", None]


def test_rows_that_are_looked_at_in_turns_are_the_same_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(8)
    frame = pd.DataFrame({"a": random.integers(0, 2_000, 5_000) / 7, "b": random.choice(["x", "y", None], 5_000)})
    path = written(tmp_path / "t.parquet", frame)
    at_once = rows(sampled(path, 300))
    monkeypatch.setattr(sampling, "_NUMBERED", 700)
    assert rows(sampled(path, 300)) == at_once
