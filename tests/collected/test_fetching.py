"""One blob into one file, where storage changes under it: what is kept is what was listed, or what is there now."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import md5, sha256
from pathlib import Path
from threading import Event

import pytest

from collected.files import tree
from collected.memory import V2, MemoryBlobs
from mlmon.collected.pulling.fetching import Fetching, Overwrite, Standing
from mlmon.collected.pulling.outcomes import Failed, Fetched, Result, SetAside, Target
from mlmon.collected.pulling.pulled import known, opened
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.errors import Replaced
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo, CollectedRoot, Generation
from mlmon.core.parallel import GivenUp

FLAT = CollectedRoot("c", "", Generation.V2, "model_inputs")
NAME = "2026/03/01/x"


@dataclass
class Changing(MemoryBlobs):
    """Storage where something happens between a listing and a read, and where another blob is not read for it."""

    before_read: Callable[[], None] = lambda: None
    digests: bool = False

    def info(self, container: str, name: str) -> BlobInfo:
        one = super().info(container, name)
        return replace(one, md5=md5(self.stored[container, name]).digest()) if self.digests else one

    def read(self, blob: BlobInfo, *, start: int = 0, flow: Flow | None = None) -> Iterator[bytes]:
        self.before_read()
        now = self.stored.get((blob.container, blob.name))
        if now is not None and self.info(blob.container, blob.name).etag != blob.etag and not blob.lineage:
            self.calls.append(("read", blob.name))
            raise Replaced(f"{blob.name} was replaced while it was read")
        if flow:
            flow.pace(blob.size - start)
        yield from super().read(blob, start=start, flow=flow)


def storage(content: bytes = b"one\n", *, digests: bool = False) -> Changing:
    blobs = Changing({V2: (FLAT,)}, digests=digests)
    blobs.put(FLAT, NAME, content=content)
    return blobs


def target(blobs: MemoryBlobs) -> Target:
    [selected] = select(blobs, V2, Selection())
    return Target(selected, NAME)


def fetched(blobs: MemoryBlobs, one: Target, to_dir: Path) -> Result:
    with opened(to_dir) as pulled:
        fetching = Fetching(blobs, to_dir, pulled, Standing(to_dir, pulled.entries))
        return fetching.land(fetching.fetch(one))


def anew(blobs: Changing, *contents: bytes) -> None:
    """From now on each read but the last ones finds another blob."""
    left = list(contents)

    def change() -> None:
        if left:
            blobs.put(FLAT, NAME, content=left.pop(0))

    blobs.before_read = change


def test_a_blob_that_is_replaced_while_it_is_read_is_fetched_as_it_is_now(tmp_path: Path) -> None:
    blobs = storage()
    listed = target(blobs)
    anew(blobs, b"another one\n")
    result = fetched(blobs, listed, tmp_path)
    assert isinstance(result, Fetched)
    assert (result.bytes, tree(tmp_path)) == (12, {NAME: b"another one\n"})
    assert fetched(blobs, target(blobs), tmp_path) == replace(result, status="unchanged", saved=12)


@pytest.mark.parametrize("size", [4, 100_000], ids=["held", "written while it comes"])
def test_a_file_that_appears_while_its_blob_is_read_is_told_as_lost(tmp_path: Path, size: int) -> None:
    blobs, file = storage(b"x" * size), tmp_path / NAME

    def write() -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"mine\n")
        os.utime(file, (1, 1))  # of before: one that is as new as this pull may be another pull's

    blobs.before_read = write
    result = fetched(blobs, target(blobs), tmp_path)
    assert isinstance(result, Fetched)
    assert result.replaced == "a file that pull did not write"
    assert file.read_bytes() == b"x" * size


def test_a_large_blob_that_has_no_place_is_not_read(tmp_path: Path) -> None:
    blobs = storage(b"x" * 100_000)
    (tmp_path / NAME).mkdir(parents=True)
    asked: list[None] = []
    blobs.before_read = lambda: asked.append(None)
    assert isinstance(fetched(blobs, target(blobs), tmp_path), SetAside)
    assert asked == []


def test_one_that_is_replaced_again_and_again_fails_in_a_sentence(tmp_path: Path) -> None:
    blobs = storage()
    listed = target(blobs)
    anew(blobs, *(b"%d\n" % number for number in range(9)))
    reason = "it was replaced each time it was read"
    assert fetched(blobs, listed, tmp_path) == Failed("c", NAME, reason, "run the same command again")
    assert tree(tmp_path) == {}


def test_one_that_is_replaced_and_then_gone_is_gone(tmp_path: Path) -> None:
    blobs = storage()
    listed = target(blobs)

    def change() -> None:
        del blobs.stored["c", NAME]
        blobs.put(FLAT, f"{NAME}y")
        blobs.before_read = lambda: None
        blobs.calls.append(("read", NAME))
        raise Replaced("it was replaced")

    blobs.before_read = change
    gone = Failed("c", NAME, "it is gone from storage", "it was deleted after it was listed")
    assert fetched(blobs, listed, tmp_path) == gone


def test_the_digest_kept_of_a_file_is_storage_s_own_where_it_has_one(tmp_path: Path) -> None:
    content = b"one\ntwo\n"
    kept = []
    for digests in (True, False):
        blobs = storage(content, digests=digests)
        (tmp_path / f"{digests}").mkdir()
        fetched(blobs, target(blobs), tmp_path / f"{digests}")
        kept += [entry.digest for entry in known(tmp_path / f"{digests}").values()]
    assert kept == [f"md5:{md5(content).hexdigest()}", f"sha256:{sha256(content).hexdigest()}"]


def test_a_cap_is_kept_between_blobs_and_giving_up_does_not_wait_for_it(tmp_path: Path) -> None:
    """Two blobs of a megabit each and a megabit a second: the second one would have to wait."""
    blobs = storage(b"x" * 125_000)
    listed = target(blobs)
    stop = Stopped()
    with opened(tmp_path) as pulled:
        standing = Standing(tmp_path, pulled.entries, overwrite=Overwrite.ALWAYS)
        fetching = Fetching(blobs, tmp_path, pulled, standing, stop=stop, cap_mbps=1.0)
        assert isinstance(fetching.fetch(listed), Fetched)
        with pytest.raises(GivenUp):
            fetching.fetch(listed)
    assert 0 < stop.waited[-1] <= 1
    assert tree(tmp_path) == {NAME: b"x" * 125_000}


def test_what_comes_after_all_gave_up_lands_nowhere(tmp_path: Path) -> None:
    """Ctrl-C does not wait for ever for a service that is silent, and then its answer comes after all."""
    blobs = storage()
    one = target(blobs)
    stop = Event()

    def late() -> Iterator[bytes]:
        yield b"one\n"
        stop.set()

    blobs.reads[NAME] = late
    with opened(tmp_path) as pulled:
        fetching = Fetching(blobs, tmp_path, pulled, Standing(tmp_path, pulled.entries), stop=stop)
        assert fetching.land(fetching.fetch(one)) == Failed("c", NAME, "it was given up", "run the same command again")
    assert (tree(tmp_path), dict(known(tmp_path))) == ({}, {})


class Stopped(Event):
    """Set by the first wait that would take time."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0)
        if timeout:
            self.set()
        return self.is_set()


def test_what_is_still_written_to_is_told_by_its_time(tmp_path: Path) -> None:
    one = target(storage())
    begins = one.collected.start
    assert not Standing(tmp_path, {}).is_open(one)
    assert Standing(tmp_path, {}, now=begins).is_open(one)
    assert not Standing(tmp_path, {}, now=datetime(2100, 1, 1, tzinfo=UTC)).is_open(one)
