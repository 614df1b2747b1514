"""The journal of a folder: a mapping that is not in memory, lines that are added by several, files that are let go."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collected.files import tree
from mlmon.collected.pulling.journal import HEADING, Entries, Entry, Writer, line_of, rewrite
from mlmon.collected.pulling.pulled import FILE, known, opened
from mlmon.state import FOLDER

ENTRY = Entry("c", '"0x1"', "appended", 8, 4, "sha256:00", 17)

entries = st.builds(
    Entry,
    container=st.text(),
    etag=st.text(),
    lineage=st.text(),
    size=st.integers(0, 1 << 50),
    kept=st.integers(0, 1 << 50),
    digest=st.text(),
    mtime_ns=st.integers(0, 1 << 62),
)


@settings(deadline=None, max_examples=60)  # each makes and reads files
@given(written=st.lists(st.tuples(st.sampled_from('abcdé"\\\n') | st.text(), st.none() | entries)))
def test_it_is_the_mapping_of_the_last_line_of_each_file(written: list[tuple[str, Entry | None]]) -> None:
    expected: dict[str, Entry] = {}
    with TemporaryDirectory() as folder:
        file = Path(folder) / FILE
        writer = Writer(file)
        for path, entry in written:
            writer.add(line_of(path, entry))
            expected.pop(path, None)
            if entry:
                expected[path] = entry
        writer.close()
        found = Entries(file)
        assert dict(found) == expected
        assert (list(found), len(found)) == (list(expected), len(expected))
        assert {path: found.get(path) for path, _ in written} == {path: expected.get(path) for path, _ in written}
        assert "nobody's" not in found
        if written:
            rewrite(file, found)
            assert dict(Entries(file)) == expected
            assert len(file.read_bytes().splitlines()) == len(expected) + 1


def test_many_files_take_a_few_dozen_bytes_each(tmp_path: Path) -> None:
    count = 20_000
    lines = (line_of(f"modelDataCollector/ep/blue/{number:06}.jsonl", ENTRY) for number in range(count))
    (tmp_path / FILE).write_bytes(HEADING + b"".join(lines))
    tracemalloc.start()
    try:
        found = Entries(tmp_path / FILE)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found["modelDataCollector/ep/blue/019999.jsonl"] == ENTRY
    assert len(found) == count
    assert kept < 32 * count


def test_what_was_known_at_the_beginning_stays_so_while_others_write(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_bytes(HEADING + line_of("a", ENTRY) + line_of("b", ENTRY))
    found = Entries(file)
    with file.open("ab") as journal:
        journal.write(line_of("b", None) + line_of("c", ENTRY))
    assert list(found) == ["a", "b"]
    rewrite(file, Entries(file))
    assert dict(found) == {"a": ENTRY, "b": ENTRY}
    assert list(Entries(file)) == ["a", "c"]


class TestWriting:
    def test_a_line_that_another_left_half_does_not_spoil_the_next(self, tmp_path: Path) -> None:
        file = tmp_path / FILE
        mine, other = Writer(file), Writer(file)
        mine.add(line_of("a", ENTRY))
        other.add(line_of("b", ENTRY))
        with file.open("ab") as journal:
            journal.write(line_of("killed", ENTRY)[:20])
        mine.add(line_of("c", ENTRY))
        other.add(line_of("d", ENTRY))
        assert list(Entries(file)) == ["a", "b", "c", "d"]
        mine.close()
        other.close()

    @pytest.mark.parametrize(("lost", "left"), [(True, ["b"]), (False, ["a", "b"])], ids=["removed", "written anew"])
    def test_lines_go_into_the_file_that_has_the_name_now(self, tmp_path: Path, *, lost: bool, left: list[str]) -> None:
        file = tmp_path / FILE
        writer = Writer(file)
        writer.add(line_of("a", ENTRY))
        if lost:
            file.unlink()
        else:
            rewrite(file, Entries(file))
        writer.add(line_of("b", ENTRY))
        assert list(Entries(file)) == left
        writer.close()

    def test_two_pulls_and_their_threads_write_whole_lines(self, tmp_path: Path) -> None:
        with opened(tmp_path) as one, opened(tmp_path) as other:

            def write(name: str) -> None:
                for number in range(100):
                    (one if number % 2 else other).record(f"{name}/{number}", ENTRY)

            threads = [Thread(target=write, args=(f"{thread}",)) for thread in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        found = known(tmp_path)
        assert len(found) == 400
        assert set(found.values()) == {ENTRY}


class TestForgetting:
    """What was deleted in storage goes, where it was asked for; what is somebody's stays."""

    @staticmethod
    def written(to_dir: Path, path: str, content: bytes = b"1234") -> Entry:
        from hashlib import sha256

        file = to_dir / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        digest = f"sha256:{sha256(content).hexdigest()}"
        entry = Entry("c", "e", "", len(content), len(content), digest, file.stat().st_mtime_ns)
        with opened(to_dir) as pulled:
            pulled.record(path, entry)
        return entry

    def test_a_file_as_it_was_written_is_removed_and_no_longer_known(self, tmp_path: Path) -> None:
        self.written(tmp_path, "2026/03/a")
        kept = self.written(tmp_path, "2026/03/b")
        with opened(tmp_path) as pulled:
            assert [pulled.forget(path) for path in ("2026/03/a", "nobody's")] == [True, False]
        assert tree(tmp_path) == {"2026/03/b": b"1234"}
        assert dict(known(tmp_path)) == {"2026/03/b": kept}

    def test_one_that_was_touched_is_still_pull_s(self, tmp_path: Path) -> None:
        self.written(tmp_path, "a")
        os.utime(tmp_path / "a", (1, 1))
        with opened(tmp_path) as pulled:
            assert pulled.forget("a")
        assert tree(tmp_path) == {}

    @pytest.mark.parametrize("theirs", [b"4321", b"longer"])
    def test_one_that_somebody_changed_is_theirs_from_now_on(self, tmp_path: Path, theirs: bytes) -> None:
        self.written(tmp_path, "a")
        (tmp_path / "a").write_bytes(theirs)
        os.utime(tmp_path / "a", (1, 1))
        with opened(tmp_path) as pulled:
            assert not pulled.forget("a")
        assert tree(tmp_path) == {"a": theirs}
        assert dict(known(tmp_path)) == {}

    def test_nothing_is_removed_through_a_link(self, tmp_path: Path) -> None:
        to_dir = tmp_path / "to"
        to_dir.mkdir()
        self.written(to_dir, "2026/a")
        (to_dir / "2026").rename(tmp_path / "moved")
        (to_dir / "2026").symlink_to(tmp_path / "moved")
        with opened(to_dir) as pulled:
            assert not pulled.forget("2026/a")
        assert tree(tmp_path / "moved") == {"a": b"1234"}

    def test_a_place_of_mlmon_s_own_stays_clean(self, tmp_path: Path) -> None:
        self.written(tmp_path, "a")
        assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == [".gitignore", FILE, "pulled.lock"]
