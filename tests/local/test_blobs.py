"""Blobs in folders: only what stands below the prefix, nothing through links, exact sizes while they grow."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlmon.core.errors import DamagedWorkspace, NotFound, Unavailable
from mlmon.core.flow import Flow
from mlmon.core.model import CollectedRoot, Generation, ServiceName
from mlmon.core.parallel import GivenUp
from mlmon.local.workspace import LocalWorkspace

Add = Callable[..., ServiceName]


def put(workspace: LocalWorkspace, name: str, content: bytes = b"x\n") -> Path:
    workspace._blob_folders.append("box", name, content)
    return workspace.folder / "blobs" / "box" / name


def test_the_roots_say_where_data_will_stand_before_there_is_any(workspace: LocalWorkspace, add: Add) -> None:
    assert workspace.blobs.roots(add("sums")) == [CollectedRoot("modeldata", "sub/group/shop/sums/", Generation.V1)]
    assert workspace.blobs.roots(add("old", column_generation=1)) == [
        CollectedRoot("modeldata", "SUB/Group/Shop/old/", Generation.V1)
    ]
    container = "azureml-blobstore-00000000-0000-0000-0000-000000000001"
    assert workspace.blobs.roots(add("ep/blue")) == [
        CollectedRoot(container, f"modelDataCollector/ep/blue/{each}/", Generation.V2, collection=each)
        for each in ("model_inputs", "model_outputs")
    ]
    assert list(workspace.blobs.list(container, "modelDataCollector/")) == []
    assert list(workspace.blobs.children("no-such-container", "a/")) == []


def test_a_folder_that_holds_no_blob_is_not_shown(workspace: LocalWorkspace) -> None:
    put(workspace, "a/full/x.csv")
    (workspace.folder / "blobs/box/a/empty").mkdir()
    assert list(workspace.blobs.children("box", "a/")) == ["a/full/"]


def test_links_are_neither_listed_nor_read_nor_written_through(workspace: LocalWorkspace, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("secret\n")
    real = put(workspace, "a/real.csv")
    (real.parent / "link.csv").symlink_to(outside / "secret.csv")
    (real.parent / "linked").symlink_to(outside)
    blobs = workspace.blobs
    (seen,) = blobs.list("box", "")
    assert seen.name == "a/real.csv"
    for name in ("a/link.csv", "a/linked/secret.csv"):
        with pytest.raises(NotFound):
            list(blobs.read(dataclasses.replace(seen, name=name)))
    with pytest.raises(DamagedWorkspace) as caught:
        put(workspace, "a/linked/new.csv")
    assert str(caught.value) == f"{real.parent / 'linked'} is a link, and nothing is written through links"
    assert [path.name for path in outside.iterdir()] == ["secret.csv"]


def test_a_blob_replaced_by_a_link_between_listing_and_reading_is_gone(
    workspace: LocalWorkspace, tmp_path: Path
) -> None:
    path = put(workspace, "a.csv")
    (listed,) = workspace.blobs.list("box", "")
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotFound) as caught:
        list(workspace.blobs.read(listed))
    assert (str(caught.value), caught.value.hint) == ("the blob 'a.csv' is gone", "see mlmon ls")


def test_a_blob_reads_as_many_bytes_as_were_listed_while_it_grows(workspace: LocalWorkspace) -> None:
    first = b"0123456789" * 200_000
    put(workspace, "a.csv", first)
    (listed,) = workspace.blobs.list("box", "")
    reading = workspace.blobs.read(listed)
    parts = [next(reading)]
    put(workspace, "a.csv", b"more\n")
    parts.extend(reading)
    assert len(parts) > 1
    assert b"".join(parts) == first


def test_a_blob_that_became_shorter_is_not_passed_off_as_whole(workspace: LocalWorkspace) -> None:
    path = put(workspace, "a.csv", b"1\n2\n")
    (listed,) = workspace.blobs.list("box", "")
    path.write_bytes(b"1\n")
    with pytest.raises(Unavailable):
        list(workspace.blobs.read(listed))


def test_a_file_with_the_longest_name_there_can_be_does_not_hide_its_neighbours(workspace: LocalWorkspace) -> None:
    put(workspace, "by/hand.csv")
    long = "x" * 251 + ".csv"
    (workspace.folder / "blobs" / "box" / "by" / long).write_bytes(b"a,b\n1,2")
    listed = list(workspace.blobs.list("box", "by/"))
    assert [each.name for each in listed] == ["by/hand.csv", f"by/{long}"]
    assert b"".join(workspace.blobs.read(listed[1])) == b"a,b\n1,2"


def test_blobs_that_a_person_put_there_are_listed_too(workspace: LocalWorkspace) -> None:
    path = workspace.folder / "blobs" / "box" / "by" / "hand.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a,b\n1,2")
    (listed,) = workspace.blobs.list("box", "by/")
    assert (listed.name, listed.size) == ("by/hand.csv", 7)
    assert b"".join(workspace.blobs.read(listed)) == b"a,b\n1,2"


def test_names_by_hand_that_mlmon_would_write_otherwise_are_found_all_the_same(workspace: LocalWorkspace) -> None:
    folder = workspace.folder / "blobs" / "box" / "by" / "50% off"
    folder.mkdir(parents=True)
    (folder / "100%.csv").write_bytes(b"1\n")
    blobs = workspace.blobs
    (listed,) = blobs.list("box", "by/50% off/")
    assert listed.name == "by/50% off/100%.csv"
    assert list(blobs.children("box", "by/50% off/")) == [listed]
    assert b"".join(blobs.read(listed)) == b"1\n"


def test_a_cap_on_the_flow_holds_for_reading(workspace: LocalWorkspace) -> None:
    put(workspace, "a.csv", b"x" * 300_000)
    (listed,) = workspace.blobs.list("box", "")
    began = time.monotonic()
    parts = list(workspace.blobs.read(listed, flow=Flow(cap_mbps=4)))  # 500 kB a second
    assert time.monotonic() - began > 0.2
    assert (b"".join(parts), max(map(len, parts)) <= 125_000) == (b"x" * 300_000, True)


def test_a_flow_that_is_stopped_ends_the_reading(workspace: LocalWorkspace) -> None:
    put(workspace, "a.csv", b"x" * 300_000)
    (listed,) = workspace.blobs.list("box", "")
    flow = Flow(cap_mbps=0.1)
    reading = workspace.blobs.read(listed, flow=flow)
    next(reading)
    flow.stop.set()
    with pytest.raises(GivenUp):
        next(reading)
