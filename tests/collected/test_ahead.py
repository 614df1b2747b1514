"""Reading ahead: the same bytes and the same errors, sooner."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier

import pytest

from collected.memory import INPUTS, V2, MemoryBlobs
from collected.rows import NOW, line
from mlmon.collected.selecting.selection import Selection, select
from mlmon.collected.tables.ahead import reading_ahead
from mlmon.collected.tables.filling import fill
from mlmon.collected.tables.staging import Staging
from mlmon.core.errors import NotFound
from mlmon.core.model import BlobInfo


def stored(*sizes: int) -> tuple[MemoryBlobs, list[BlobInfo]]:
    blobs = MemoryBlobs()
    for number, size in enumerate(sizes):
        blobs.put(INPUTS, f"{number}", content=bytes([65 + number]) * size)
    return blobs, [blobs.info(*key) for key in sorted(blobs.stored)]


def test_each_blob_is_what_it_would_be_without() -> None:
    blobs, infos = stored(10, 0, 300_000, 20)
    with reading_ahead(blobs, infos) as ahead:
        assert [b"".join(ahead.read(one)) for one in infos] == [b"A" * 10, b"", b"C" * 300_000, b"D" * 20]
    assert blobs.fetched == 300_030


def test_small_blobs_are_fetched_at_once() -> None:
    blobs, infos = stored(*[5] * 8)
    all_there = Barrier(8, timeout=10)

    def together() -> Iterator[bytes]:
        all_there.wait()
        yield b"x"

    blobs.reads = dict.fromkeys([one.name for one in infos], together)
    with reading_ahead(blobs, infos) as ahead:
        assert [b"".join(ahead.read(one)) for one in infos] == [b"x"] * 8


def test_a_dataset_fetches_its_files_at_once() -> None:
    blobs = MemoryBlobs()
    names = [f"2026/03/01/{hour:02}/a.jsonl" for hour in range(8)]
    blobs.put(INPUTS, *names)
    all_there = Barrier(8, timeout=10)

    def together() -> Iterator[bytes]:
        all_there.wait()
        yield line([{"a": 1}])

    blobs.reads = {INPUTS.prefix + name: together for name in names}
    staging = Staging.open()
    try:
        read = fill(staging, blobs, select(blobs, V2, Selection()), now=NOW, on_aside=print)
        assert [one.blob.name for one in read] == [INPUTS.prefix + name for name in names]
    finally:
        staging.close()


def test_a_blob_that_is_gone_is_gone_in_its_turn_and_the_others_are_there() -> None:
    blobs, infos = stored(1, 2, 3)
    del blobs.stored[infos[1].container, infos[1].name]
    with reading_ahead(blobs, infos) as ahead:
        assert b"".join(ahead.read(infos[0])) == b"A"
        with pytest.raises(NotFound):
            list(ahead.read(infos[1]))
        assert b"".join(ahead.read(infos[2])) == b"CCC"


def test_one_that_was_not_announced_and_one_out_of_turn_are_read_as_ever() -> None:
    blobs, infos = stored(1, 2, 3)
    with reading_ahead(blobs, infos[:2]) as ahead:
        assert b"".join(ahead.read(infos[2])) == b"CCC"
        assert b"".join(ahead.read(infos[1])) == b"BB"
        assert b"".join(ahead.read(infos[0])) == b"A"
        assert b"".join(ahead.read(infos[2], start=1)) == b"CC"


def test_no_more_than_some_are_held() -> None:
    blobs, infos = stored(*[5] * 26)
    infos = infos * 10
    with reading_ahead(blobs, infos) as ahead:
        next(iter(ahead.read(infos[0])))
        assert len(blobs.calls) <= 64


class OnDisk(MemoryBlobs):
    def address(self, container: str) -> str:
        return f"file:///data/{container}"


def test_files_of_a_disk_are_read_in_their_turn() -> None:
    blobs = OnDisk()
    blobs.put(INPUTS, "0", content=b"A")
    infos = [blobs.info(*key) for key in blobs.stored]
    with reading_ahead(blobs, infos) as ahead:
        assert ahead is blobs
