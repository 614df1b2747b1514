"""A registered data asset as a baseline."""

from __future__ import annotations

import gzip
from pathlib import Path
from tempfile import gettempdir

import pytest

from collected.memory import MemoryBlobs
from mlmon.core.errors import UsageError
from mlmon.drift.assets import is_asset, opened_asset
from mlmon.local.workspace import LocalWorkspace
from running import NOW

NAME = "azureml:train:1"
ROWS = b"age,city\n31,Bern\n64,Genf\n"


def stored(**files: bytes) -> MemoryBlobs:
    return MemoryBlobs(stored={(NAME, name.replace("__", ".")): content for name, content in files.items()})


def test_only_the_name_of_an_asset_is_one() -> None:
    assert [is_asset(one) for one in (NAME, "train.csv", "./azureml:train.csv")] == [True, False, False]


@pytest.mark.parametrize(
    ("name", "content"), [("rows__csv", ROWS), ("rows__v2__CSV__gz", gzip.compress(ROWS, mtime=0))]
)
def test_its_file_is_read_as_any_other_and_gone_afterwards(name: str, content: bytes) -> None:
    before = {*Path(gettempdir()).glob("mlmon-*")}
    with opened_asset(stored(**{name: content}), NAME) as file:
        assert (file.rows, file.kinds()) == (2, {"age": "number", "city": "category"})
        held = file.path
        assert held.exists()
    assert not held.exists()
    assert held.parent not in before


def test_what_is_no_file_of_rows_beside_it_does_not_matter() -> None:
    with opened_asset(stored(MLTable=b"", rows__csv=ROWS, readme__md=b""), NAME) as file:
        assert file.rows == 2


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a__csv": ROWS, "b__csv": ROWS}, "azureml:train:1 has 2 files of rows, and a baseline is one"),
        ({"model__pkl": b""}, "azureml:train:1 has no file of rows, and a baseline is one"),
    ],
)
def test_an_asset_of_several_files_or_of_none_is_a_usage_error(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(UsageError) as caught, opened_asset(stored(**files), NAME):
        pass
    assert caught.value.message == said


def test_a_local_workspace_has_no_assets(tmp_path: Path) -> None:
    workspace = LocalWorkspace.create(tmp_path / "ws", name="ws", clock=lambda: NOW)
    with pytest.raises(UsageError) as caught, opened_asset(workspace.blobs, NAME):
        pass
    assert caught.value.message == "a local workspace has no data assets, and so no azureml:train:1"
