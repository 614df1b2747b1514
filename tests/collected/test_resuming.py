"""The second pull: what is there is not fetched again, what grew is gone on with, and nothing is trusted unseen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path

import pytest

from collected.files import tree
from collected.memory import V2, MemoryBlobs
from collected.pulling import Outcome, run
from mlmon.collected.pulling.fetching import OVERLAP, Overwrite
from mlmon.collected.pulling.outcomes import Failed, SetAside
from mlmon.collected.pulling.planning import plan
from mlmon.collected.selecting.selection import Selection
from mlmon.core.errors import UsageError
from mlmon.core.model import BlobInfo, CollectedRoot, Generation

FLAT = CollectedRoot("c", "", Generation.V2, "model_inputs")
OPEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOSED = datetime(2026, 3, 2, tzinfo=UTC)
LOG = "2026/03/01/log"
STATE = ".mlmon/pulled.jsonl"


def storage(**content: bytes) -> MemoryBlobs:
    blobs = MemoryBlobs({V2: (FLAT,)}, lineage="appended")
    for name, data in content.items():
        blobs.put(FLAT, f"2026/03/01/{name}", content=data)
    return blobs


def pull(
    blobs: MemoryBlobs, to_dir: Path, *, now: datetime | None = CLOSED, overwrite: Overwrite = Overwrite.CHANGED
) -> Outcome:
    blobs.calls.clear()
    blobs.fetched = 0
    return run(plan(blobs, V2, Selection(), to_dir=to_dir), blobs, now=now, overwrite=overwrite)


def statuses(outcome: Outcome) -> list[str]:
    return [one.status.value for one in outcome.fetched]


def read(blobs: MemoryBlobs) -> Sequence[str]:
    return [name for call, name in blobs.calls if call == "read"]


def test_an_unchanged_blob_is_not_read_again(tmp_path: Path) -> None:
    blobs = storage(a=b"one\n", b=b"", log=b"no end")
    assert statuses(pull(blobs, tmp_path)) == ["fetched"] * 3
    before = tree(tmp_path)
    outcome = pull(blobs, tmp_path)
    assert (statuses(outcome), outcome.bytes, read(blobs)) == (["unchanged"] * 3, 0, [])
    assert (
        tree(tmp_path) == before == {f"2026/03/01/{n}": c for n, c in (("a", b"one\n"), ("b", b""), ("log", b"no end"))}
    )


def test_only_what_is_new_changed_or_damaged_is_read(tmp_path: Path) -> None:
    blobs = storage(same=b"same\n", changed=b"old\n", lost=b"lost\n", edited=b"right\n", touched=b"touched\n")
    pull(blobs, tmp_path)
    blobs.lineage = ""
    storage_now = {"changed": b"new\n", "new": b"new\n"}
    for name, content in storage_now.items():
        blobs.put(FLAT, f"2026/03/01/{name}", content=content)
    (tmp_path / "2026/03/01/lost").unlink()
    (tmp_path / "2026/03/01/edited").write_bytes(b"wrong\n")
    (tmp_path / "2026/03/01/touched").touch()
    outcome = pull(blobs, tmp_path)
    assert sorted(read(blobs)) == [f"2026/03/01/{name}" for name in ("changed", "edited", "lost", "new")]
    assert outcome.complete
    assert tree(tmp_path) == {name: content for (_, name), content in blobs.stored.items()}


def test_a_blob_that_grew_is_read_from_where_it_ended(tmp_path: Path) -> None:
    before = b"".join(f"line {number}\n".encode() for number in range(2000))
    blobs = storage(log=before)
    pull(blobs, tmp_path)
    blobs.put(FLAT, LOG, content=before + b"more\n")
    outcome = pull(blobs, tmp_path)
    assert (statuses(outcome), outcome.bytes, blobs.fetched) == (["resumed"], OVERLAP + 5, OVERLAP + 5)
    assert tree(tmp_path) == {LOG: before + b"more\n"}
    assert statuses(pull(blobs, tmp_path)) == ["unchanged"]


@pytest.mark.parametrize("size", [100, 3 * OVERLAP])
def test_a_blob_that_was_made_anew_is_not_taken_for_one_that_grew(tmp_path: Path, size: int) -> None:
    blobs = storage(log=b"a" * size)
    pull(blobs, tmp_path)
    blobs.put(FLAT, LOG, content=b"b" * (size + 10))
    assert statuses(pull(blobs, tmp_path)) == ["fetched"]
    assert tree(tmp_path) == {LOG: b"b" * (size + 10)}
    blobs.put(FLAT, LOG, content=b"b" * (size - 10))
    assert statuses(pull(blobs, tmp_path)) == ["fetched"]
    blobs.lineage = "another one's"
    blobs.put(FLAT, LOG, content=b"b" * size)
    pull(blobs, tmp_path)
    assert blobs.fetched == size


def test_a_damaged_file_is_no_beginning(tmp_path: Path) -> None:
    blobs = storage(log=b"a" * 3 * OVERLAP)
    pull(blobs, tmp_path)
    file = tmp_path / LOG
    file.write_bytes(b"x" + file.read_bytes()[1:])
    blobs.put(FLAT, LOG, content=b"a" * 3 * OVERLAP + b"b")
    assert statuses(pull(blobs, tmp_path)) == ["fetched"]
    assert tree(tmp_path) == {LOG: b"a" * 3 * OVERLAP + b"b"}


def test_a_line_that_is_still_being_written_is_left_until_it_is_whole_or_its_day_over(tmp_path: Path) -> None:
    blobs = storage(log=b'{"a": 1}\n{"a": ')
    assert [one.bytes for one in pull(blobs, tmp_path, now=OPEN).fetched] == [9]
    assert tree(tmp_path) == {LOG: b'{"a": 1}\n'}
    assert (statuses(pull(blobs, tmp_path, now=OPEN)), read(blobs)) == (["unchanged"], [])
    blobs.put(FLAT, LOG, content=b'{"a": 1}\n{"a": 2}\n{"a"')
    assert statuses(pull(blobs, tmp_path, now=OPEN)) == ["resumed"]
    assert tree(tmp_path) == {LOG: b'{"a": 1}\n{"a": 2}\n'}
    assert (statuses(pull(blobs, tmp_path)), blobs.fetched) == (["resumed"], 4)
    assert tree(tmp_path) == {LOG: b'{"a": 1}\n{"a": 2}\n{"a"'}
    assert statuses(pull(blobs, tmp_path)) == ["unchanged"]


def test_an_open_blob_without_a_whole_line_is_an_empty_file(tmp_path: Path) -> None:
    blobs = storage(log=b"half")
    pull(blobs, tmp_path, now=OPEN)
    assert tree(tmp_path) == {LOG: b""}
    pull(blobs, tmp_path)
    assert tree(tmp_path) == {LOG: b"half"}


def test_what_is_there_is_overwritten_as_asked(tmp_path: Path) -> None:
    blobs = storage(a=b"theirs\n", b=b"theirs\n")
    (tmp_path / "2026/03/01").mkdir(parents=True)
    (tmp_path / "2026/03/01/a").write_bytes(b"mine\n")
    assert statuses(pull(blobs, tmp_path, overwrite=Overwrite.NEVER)) == ["unchanged", "fetched"]
    assert tree(tmp_path) == {"2026/03/01/a": b"mine\n", "2026/03/01/b": b"theirs\n"}
    assert statuses(pull(blobs, tmp_path)) == ["fetched", "unchanged"]
    assert statuses(pull(blobs, tmp_path, overwrite=Overwrite.ALWAYS)) == ["fetched", "fetched"]
    assert tree(tmp_path) == dict.fromkeys(["2026/03/01/a", "2026/03/01/b"], b"theirs\n")


class Digested(MemoryBlobs):
    """Storage that says each blob's MD5, and wrongly for `wrong`."""

    def info(self, container: str, name: str) -> BlobInfo:
        one = super().info(container, name)
        said = b"" if name.endswith("wrong") else self.stored[container, name]
        return BlobInfo(container, name, one.size, one.etag, one.last_modified, md5=md5(said).digest())


def test_bytes_that_storage_has_another_digest_of_are_not_kept(tmp_path: Path) -> None:
    blobs = Digested({V2: (FLAT,)}).put(FLAT, "2026/03/01/right", "2026/03/01/wrong")
    outcome = pull(blobs, tmp_path)
    assert outcome.failed == (
        Failed(
            "c",
            "2026/03/01/wrong",
            "its bytes are not those that storage has the MD5 of",
            "run the same command again",
        ),
    )
    assert tree(tmp_path) == {"2026/03/01/right": b"row\n"}


class TestState:
    """The file in `.mlmon/` may be anything, and nothing but time is lost with it."""

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda text: b"",
            lambda text: b"\x00\xff" * 1000,
            lambda text: text[:-20],
            lambda text: text.replace(b'"version": 2', b'"version": 99'),
            lambda text: text.replace(b", 4, 4, ", b", null, 4, "),
            lambda text: text.splitlines(keepends=True)[0] + b"[" * 100_000 + b"\n",
            lambda text: text.splitlines(keepends=True)[0] + b'{"path": 3}\n[]\n7\n',
        ],
        ids=["empty", "binary", "half a line", "another version", "null", "deep", "other shapes"],
    )
    def test_a_state_that_cannot_be_read_costs_a_fetch_and_no_more(self, tmp_path: Path, spoil) -> None:
        blobs = storage(a=b"one\n", b=b"two\n")
        pull(blobs, tmp_path)
        state = tmp_path / STATE
        state.write_bytes(spoil(state.read_bytes()))
        outcome = pull(blobs, tmp_path)
        assert "fetched" in statuses(outcome)
        assert outcome.complete
        assert statuses(pull(blobs, tmp_path)) == ["unchanged"] * 2

    def test_it_does_not_grow_with_every_pull(self, tmp_path: Path) -> None:
        blobs = storage(**{f"{number:03}": b"row\n" for number in range(300)})
        for _ in range(6):
            pull(blobs, tmp_path, overwrite=Overwrite.ALWAYS)
        lines = (tmp_path / STATE).read_bytes().splitlines()
        assert len(lines) < 1700
        assert json.loads(lines[0]) == {"version": 2}
        assert statuses(pull(blobs, tmp_path)) == ["unchanged"] * 300

    def test_a_blob_cannot_be_written_into_it(self, tmp_path: Path) -> None:
        roots = [CollectedRoot("c", f"{name}/", Generation.V2, "x") for name in (".mlmon", ".MLMON", ".ml\u200dmon")]
        blobs = MemoryBlobs({V2: tuple(roots)})
        for root in roots:
            blobs.put(root, "2026/03/01/x")
        outcome = pull(blobs, tmp_path)
        assert {one.reason for one in outcome.set_aside} == {"would be in '.mlmon', which is mlmon's own"}
        assert (len(outcome.set_aside), tree(tmp_path)) == (3, {})

    @pytest.mark.parametrize("kind", ["link", "file"])
    def test_another_s_in_its_place_is_refused(self, tmp_path: Path, kind: str) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        to_dir = tmp_path / "to"
        to_dir.mkdir()
        if kind == "link":
            (to_dir / ".mlmon").symlink_to(outside)
        else:
            (to_dir / ".mlmon").write_bytes(b"mine")
        with pytest.raises(UsageError) as refused:
            pull(storage(a=b"x"), to_dir)
        assert refused.value.message == f"'{to_dir}/.mlmon' is not a folder of mlmon's own"
        assert tree(outside) == {}

    def test_a_link_in_the_place_of_a_file_of_it_is_not_followed(self, tmp_path: Path) -> None:
        blobs = storage(a=b"x")
        pull(blobs, tmp_path)
        (tmp_path / "mine").write_bytes(b"mine")
        (tmp_path / STATE).unlink()
        (tmp_path / STATE).symlink_to(tmp_path / "mine")
        pull(blobs, tmp_path)
        assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_folder_that_was_a_link_is_not_believed(tmp_path: Path) -> None:
    """Files that were fetched and now stand elsewhere are not whole here."""
    blobs = storage(a=b"x\n")
    to_dir = tmp_path / "to"
    pull(blobs, to_dir)
    (to_dir / "2026").rename(tmp_path / "moved")
    (to_dir / "2026").symlink_to(tmp_path / "moved")
    reason = "would be written through the symbolic link '2026'"
    assert pull(blobs, to_dir).set_aside == (SetAside("c", "2026/03/01/a", reason),)
