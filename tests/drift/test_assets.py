"""A registered data asset as a baseline: one file, or all files of rows in a folder."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from collected.memory import MemoryBlobs
from mlmon.core.errors import NotFound, UsageError
from mlmon.drift.assets import is_asset, opened_asset
from mlmon.drift.summary import Categories, Numbers, Quality
from mlmon.local.workspace import LocalWorkspace
from running import NOW

NAME = "azureml:train:1"
ROWS = b"age,city\n31,Bern\n64,Genf\n"


def stored(files: Mapping[str, bytes]) -> MemoryBlobs:
    return MemoryBlobs(stored={(NAME, name): content for name, content in files.items()})


def values(files: Mapping[str, bytes]) -> dict[str, dict[Any, int]]:
    """How often each column has each of its values."""
    with opened_asset(stored(files), NAME) as file:
        found = file.summaries(file.kinds())
    return {
        name: dict(
            zip(one.means.tolist() if isinstance(one, Numbers) else one.labels, one.counts.tolist(), strict=True)
        )
        for name, one in found.items()
    }


def refused(files: Mapping[str, bytes]) -> str:
    with pytest.raises(UsageError) as caught, opened_asset(stored(files), NAME):
        pass
    return caught.value.message


def parquet(**columns: Any) -> bytes:
    into = io.BytesIO()
    pd.DataFrame(columns).to_parquet(into, index=False)
    return into.getvalue()


def test_only_the_name_of_an_asset_is_one() -> None:
    assert [is_asset(one) for one in (NAME, "train.csv", "./azureml:train.csv")] == [True, False, False]


@pytest.mark.parametrize(("name", "content"), [("rows.csv", ROWS), ("rows.v2.CSV.gz", gzip.compress(ROWS, mtime=0))])
def test_its_file_is_read_as_any_other_and_gone_afterwards(
    name: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with opened_asset(stored({name: content}), NAME) as file:
        assert (file.name, file.rows, file.kinds()) == (NAME, 2, {"age": "number", "city": "category"})
        assert [*tmp_path.iterdir()]
    assert not [*tmp_path.iterdir()]


def test_what_is_no_file_of_rows_beside_it_does_not_matter() -> None:
    assert values({"MLTable": b"", "rows.csv": ROWS, "readme.md": b""}) == {
        "age": {31.0: 1, 64.0: 1},
        "city": {"Bern": 1, "Genf": 1},
    }


@pytest.mark.parametrize(
    "files",
    [
        {"d/a.csv": ROWS, "d/b/c.csv.gz": gzip.compress(b"city;age\nBern;31\n", mtime=0)},
        {
            "d/a.jsonl": b'{"age": 31, "city": "Bern"}\n{"age": 64, "city": "Genf"}\n',
            "d/b.json": b'[{"city": "Bern", "age": 31}]',
        },
        {
            "d/a.parquet": parquet(age=[31, 64], city=["Bern", "Genf"]),
            "d/b.snappy.parquet": parquet(city=["Bern"], age=[31.0]),
        },
    ],
    ids=["csv", "JSON", "parquet"],
)
def test_all_files_of_a_folder_are_one_baseline_whatever_the_order_of_their_columns(files: dict[str, bytes]) -> None:
    assert values(files) == {"age": {31.0: 2, 64.0: 1}, "city": {"Bern": 2, "Genf": 1}}


def test_a_column_is_what_it_is_in_all_files_and_missing_where_a_file_lacks_it() -> None:
    files = {"a.csv": b"x,y\n1,\n2,\n", "b.csv": b"y\n5\n", "c.csv": b"x\nNA\n", "d.csv": b"", "e.csv": b"x,y\n"}
    with opened_asset(stored(files), NAME) as file:
        assert file.rows == 4
        found = file.summaries(kinds := file.kinds())
    assert kinds == {"x": "number", "y": "number"}
    assert {name: one.quality for name, one in found.items()} == {"x": Quality(4, 2), "y": Quality(4, 3)}


def test_one_word_in_one_file_makes_categories_of_all_and_the_same_ones() -> None:
    texts = {"a.parquet": parquet(x=[1, 2]), "b.parquet": parquet(x=["1", "two"])}
    assert values(texts) == {"x": {"1": 2, "2": 1, "two": 1}}


def test_whole_numbers_of_two_widths_stay_whole() -> None:
    wide = {"a.parquet": parquet(x=pd.array([1], "int8")), "b.parquet": parquet(x=pd.array([2**63], "uint64"))}
    with opened_asset(stored(wide), NAME) as file:
        found = file.summaries({"x": "category"})["x"]
    assert isinstance(found, Categories)
    assert {*found.labels} == {"1", str(2**63)}


def test_columns_that_count_rows_are_left_out_of_each_file() -> None:
    with opened_asset(stored({"a.csv": b",x\n0,5\n1,6\n", "b.csv": b",x\n2,7\n"}), NAME) as file:
        assert (file.left_out, [*file.kinds()]) == (("column0",), ["x"])


def test_what_spark_writes_beside_its_files_is_passed_over() -> None:
    files = {
        "_data/train/part-0.csv": ROWS,
        "_data/train/_SUCCESS": b"",
        "_data/train/_temporary/part-9.csv": ROWS,
        "_data/train/.part-0.csv": b"crc",
        "_data/train/part-1.csv": ROWS,
    }
    assert values(files)["age"] == {31.0: 2, 64.0: 2}


def test_a_single_file_may_be_called_as_it_likes() -> None:
    assert values({"_train.csv": ROWS})["age"] == {31.0: 1, 64.0: 1}


def test_names_that_no_file_could_have_are_read_and_shown_as_text(tmp_path: Path) -> None:
    names = [
        "../../etc/passwd.csv",
        "a/\x1b[31m\x00.csv",
        f"{'long' * 200}.csv",
        "'; DROP TABLE given; --.csv",
        "*.csv",
    ]
    assert values(dict.fromkeys(names, ROWS))["age"] == {31.0: 5, 64.0: 5}
    assert refused({names[0]: ROWS, names[1]: b"a,b\n1,2\n3\n4,5,6\n"}).startswith(
        "'\\x1b[31m\\x00.csv' cannot be read: "
    )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"model.pkl": b""}, "azureml:train:1 has no file of rows"),
        (
            {"a.csv": ROWS, "b.parquet": b"", "c.csv": ROWS},
            (
                "azureml:train:1 has files of several kinds, csv ('a.csv') and parquet ('b.parquet'),"
                " and a baseline is of one"
            ),
        ),
        (
            {"t/MLTable": b"", "t/a.csv": ROWS, "t/b.csv": ROWS},
            "azureml:train:1 is an MLTable, which says which parts of its 2 files are its rows",
        ),
        (
            {"t/_delta_log/00.json": b"{}", "t/a.parquet": b"", "t/old.parquet": b""},
            "azureml:train:1 is a Delta table, whose files are not all of its rows",
        ),
    ],
)
def test_what_is_not_all_rows_of_one_kind_is_a_usage_error(files: dict[str, bytes], said: str) -> None:
    assert refused(files) == said


@pytest.fixture
def local(tmp_path: Path) -> LocalWorkspace:
    workspace = LocalWorkspace.create(tmp_path / "ws", name="ws", clock=lambda: NOW)
    for name in ("1/a.csv", "1/more/b.csv", "10/c.csv"):
        path = workspace.folder / "blobs/assets/train" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ROWS)
    return workspace


def test_a_local_workspace_has_the_assets_whose_files_are_in_its_blobs(local: LocalWorkspace) -> None:
    assert [one.name for one in local.blobs.asset(NAME)] == ["train/1/a.csv", "train/1/more/b.csv"]
    with opened_asset(local.blobs, NAME) as file:
        assert file.rows == 4


@pytest.mark.parametrize("name", ["azureml:train", "azureml:..:1", "azureml:train:..", "azureml:a/b:1", "azureml::"])
def test_names_that_no_asset_can_have_are_refused(local: LocalWorkspace, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        local.blobs.asset(name)
    assert caught.value.message == f"{name!r} is no version of a data asset"


def test_an_asset_that_is_not_there_says_where_its_files_belong(local: LocalWorkspace) -> None:
    with pytest.raises(NotFound) as caught:
        local.blobs.asset("azureml:train:2")
    assert caught.value.hint == "its files are those below blobs/assets/train/2/"
