"""Blob names as file names: whatever Azure can hold, a folder can, and nothing leaves the folder."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from local.steady import NOON
from mlmon.core.model import BlobInfo
from mlmon.local import names
from mlmon.local.workspace import LocalWorkspace

SEGMENTS = st.one_of(
    st.sampled_from(
        ["", ".", "..", "a", "a ", "a.", "A", "%", "%2E", "a%", "con", "NUL.csv", "x" * 300, "é" * 150, "~"]
    ),
    st.text(max_size=12),
    st.text(alphabet="ab/%.~", max_size=6),
)


@given(SEGMENTS.filter(lambda text: "/" not in text))
@example("a\x00b\\c:d")
@example("aux")
@example("\udcff")
def test_a_segment_is_read_back_from_its_file_names(segment: str) -> None:
    written = names.encode(segment)
    assert "".join(names.decode(part) for part in written) == segment
    for part in written:
        assert 0 < len(part.encode()) <= 230
        assert part not in {".", ".."}
        assert not re.search(r'[\x00-\x1f\\/:*?"<>|]|[. ]$', part)
        assert not part.endswith(names.APPENDING)


def test_ordinary_names_stand_as_they_are() -> None:
    for name in ("inputs.csv", "2026", "0dc898e2-396f-520a-871c-0c0ff52d3975.jsonl", "Größe", "a b", "$web"):
        assert names.encode(name) == (name,)
    assert names.encode("..") == ("%2E%2E",)
    assert names.encode("a\x00\\") == ("a%00%5C",)
    assert names.encode("NUL.csv") == ("%4EUL.csv",)
    assert names.encode("") == ("%",)


def test_file_names_that_mlmon_did_not_write_are_read_leniently() -> None:
    assert names.decode("100%.csv") == "100%.csv"
    assert names.decode("%FF") == "\ufffd"


BLOB_NAMES = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join).filter(lambda name: name and len(name) < 900)


@settings(max_examples=40)
@given(st.dictionaries(BLOB_NAMES, st.binary(max_size=9), max_size=8), st.data())
@example({"a": b"1", "a/b": b"2", "a/": b"3", "a//b": b"4", "a!": b"5", "a0": b"6"}, None)
@example({"x" * 200: b"1", "x" * 200 + "/y": b"2", "x" * 300: b"3", "x" * 200 + "!": b"4"}, None)
def test_a_folder_lists_and_reads_as_a_blob_store_does(blobs: dict[str, bytes], data: st.DataObject | None) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        workspace = LocalWorkspace.create(Path(temporary) / "inner", name="shop", clock=lambda: NOON)
        for name, content in blobs.items():
            workspace._blob_folders.append("box", name, content)
        reading = LocalWorkspace.open(workspace.folder).blobs
        prefixes = [""] if data is None else ["", data.draw(BLOB_NAMES), *(name[: len(name) // 2] for name in blobs)]
        for prefix in [*prefixes, *blobs]:
            listed = list(reading.list("box", prefix))
            expected = sorted((name, content) for name, content in blobs.items() if name.startswith(prefix))
            assert [(blob.name, b"".join(reading.read(blob))) for blob in listed] == expected
            assert [blob.size for blob in listed] == [len(content) for _, content in expected]
        for folder in {name[: place + 1] for name in blobs for place, mark in enumerate(name) if mark == "/"}:
            below = {name[len(folder) :].partition("/")[:2] for name in blobs if name.startswith(folder)}
            level = [item if isinstance(item, str) else item.name for item in reading.children("box", folder)]
            assert level == sorted(f"{folder}{first}{slash}" for first, slash in below)
        for middle in [name[: 1 + len(name) // 2] for name in blobs]:
            after = [blob.name for blob in reading.list("box", "", start_from=middle)]
            assert after == sorted(name for name in blobs if name >= middle)
        assert {path.name for path in Path(temporary).iterdir()} == {"inner"}


def test_two_blob_infos_of_the_same_bytes_agree_and_grown_ones_do_not(tmp_path: Path) -> None:
    workspace = LocalWorkspace.create(tmp_path, name="shop")
    workspace._blob_folders.append("box", "a/b.csv", b"1\n")

    def only() -> BlobInfo:
        (blob,) = workspace.blobs.list("box", "a/")
        return blob

    first = only()
    assert first == only()
    workspace._blob_folders.append("box", "a/b.csv", b"2\n")
    assert first.etag != only().etag
    assert b"".join(workspace.blobs.read(first)) == b"1\n"
