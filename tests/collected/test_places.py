"""Files land in the folders that were seen, whatever becomes of their names meanwhile."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from collected.files import tree
from mlmon.collected.pulling.folder import Refused
from mlmon.collected.pulling.places import Places

DEEP = "/".join("abcdefghijklmnopqrst")
"""More levels than are kept open."""


def temporary(tmp_path: Path, content: bytes = b"1") -> Path:
    file = tmp_path / "temporary"
    file.write_bytes(content)
    return file


@pytest.fixture
def to_dir(tmp_path: Path) -> Path:
    (tmp_path / "to").mkdir()
    return tmp_path / "to"


@pytest.mark.parametrize("level", ["2026/03/01", DEEP], ids=["usual", "deep"])
class TestAtAnyDepth:
    def test_a_file_lands_in_folders_that_are_made_for_it(self, tmp_path: Path, to_dir: Path, level: str) -> None:
        places = Places(to_dir)
        assert places.standing(f"{level}/x") is None
        places.see(f"{level}/x")
        assert (to_dir / level).is_dir()
        told: list[os.stat_result | None] = []
        for content in (b"1", b"2"):
            told.append(places.standing(f"{level}/x"))
            places.land(f"{level}/x", temporary(tmp_path, content), look=told.append)
        found = places.standing(f"{level}/x")
        [before, told_then, after, told_last] = told
        assert (before, told_then) == (None, None)
        assert after == told_last is not None
        assert (found and found.st_size, tree(to_dir)) == (1, {f"{level}/x": b"2"})
        places.remove(f"{level}/x")
        assert (places.standing(f"{level}/x"), list(to_dir.iterdir())) == (None, [])

    def test_a_pipe_that_stands_there_is_no_file_that_could_be_read(
        self, tmp_path: Path, to_dir: Path, level: str
    ) -> None:
        (to_dir / level).mkdir(parents=True)
        os.mkfifo(to_dir / level / "x")
        places = Places(to_dir)
        told: list[os.stat_result | None] = []
        places.land(f"{level}/x", temporary(tmp_path, b"whole"), look=told.append)
        assert told == [None]
        assert tree(to_dir) == {f"{level}/x": b"whole"}

    def test_a_file_goes_with_its_folders_up_to_one_that_has_something_in_it(
        self, tmp_path: Path, to_dir: Path, level: str
    ) -> None:
        places, top = Places(to_dir), level.partition("/")[0]
        places.land(f"{level}/x", temporary(tmp_path))
        (to_dir / top / "empty, but somebody's").mkdir()
        places.remove(f"{level}/x")
        assert [path.name for path in (to_dir / top).iterdir()] == ["empty, but somebody's"]

    def test_a_folder_that_another_pull_found_empty_and_removed_is_made_again(
        self, tmp_path: Path, to_dir: Path, level: str
    ) -> None:
        ours, theirs = Places(to_dir), Places(to_dir)
        theirs.land(f"{level}/old", temporary(tmp_path))
        for name, removed in (("seen/x", ""), ("x", f"{level}/old")):
            ours.see(f"{level}/{name}")  # its folder is open from now on
            if removed:
                (to_dir / level / "seen").rmdir()
                theirs.remove(removed)
                assert list(to_dir.iterdir()) == []
        ours.see(f"{level}/x")
        theirs.land(f"{level}/old", temporary(tmp_path))
        theirs.remove(f"{level}/old")
        ours.land(f"{level}/x", temporary(tmp_path, b"ours"))
        assert tree(to_dir) == {f"{level}/x": b"ours"}

    def test_files_of_many_folders_land_where_they_belong_in_any_order(
        self, tmp_path: Path, to_dir: Path, level: str
    ) -> None:
        places = Places(to_dir)
        paths = [f"{level}/{number * 7 % 20:02}/{number}" for number in range(100)]
        for path in paths:
            places.see(path)
            places.land(path, temporary(tmp_path, path.encode()))
        assert tree(to_dir) == {path: path.encode() for path in paths}

    def test_nothing_is_written_through_a_link_that_takes_a_folder_s_place(
        self, tmp_path: Path, to_dir: Path, level: str
    ) -> None:
        places = Places(to_dir)
        places.see(f"{level}/x")
        top = level.partition("/")[0]
        (tmp_path / "elsewhere" / level.partition("/")[2]).mkdir(parents=True)
        (to_dir / top).rename(tmp_path / "moved")
        (to_dir / top).symlink_to(tmp_path / "elsewhere")
        with suppress(Refused):  # or it lands in the folder that was seen, wherever that is now
            places.land(f"{level}/x", temporary(tmp_path))
        assert tree(tmp_path / "elsewhere") == {}
        with pytest.raises(Refused) as fresh:
            Places(to_dir).see(f"{level}/x")
        assert str(fresh.value) == f"would be written through the symbolic link {top!r}"

    def test_what_stands_in_the_way_is_left(self, tmp_path: Path, to_dir: Path, level: str) -> None:
        (to_dir / level).mkdir(parents=True)
        (to_dir / level / "folder").mkdir()
        (to_dir / level / "link").symlink_to(tmp_path)
        (to_dir / level / "file").write_bytes(b"mine")
        places = Places(to_dir)
        reasons = {}
        for name in ("folder", "link", "file/x", "link/x", "n" * 300):
            for act in (places.see, lambda path: places.land(path, temporary(tmp_path))):
                with pytest.raises(Refused) as refused:
                    act(f"{level}/{name}")
                reasons[name] = str(refused.value)
        assert reasons == {
            "folder": "would be a file where a folder is",
            "link": "would replace a symbolic link",
            "file/x": f"needs a folder where '{level}/file' is a file",
            "link/x": f"would be written through the symbolic link '{level}/link'",
            "n" * 300: "cannot be a file here (file name too long)",
        }
        assert [places.standing(f"{level}/{name}") for name in reasons] == [None] * 5
        assert tree(to_dir) == {f"{level}/file": b"mine"}


def test_threads_find_their_own_way_and_few_folders_stay_open(tmp_path: Path, to_dir: Path) -> None:
    places = Places(to_dir)
    before = descriptors()

    def land(thread: int) -> None:
        for number in range(50):
            file = tmp_path / f"{thread}"
            file.write_bytes(b"%d" % thread)
            places.see(f"{number % 7}/{thread}/{number}/x")
            places.land(f"{number % 7}/{thread}/{number}/x", file)

    threads = [Thread(target=land, args=(thread,)) for thread in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tree(to_dir) == {f"{n % 7}/{t}/{n}/x": b"%d" % t for t in range(16) for n in range(50)}
    assert descriptors() - before <= 8 * 4


def test_nothing_stays_open_when_a_pull_is_over(to_dir: Path) -> None:
    before = descriptors()
    Places(to_dir).see("2026/03/01/x")
    assert descriptors() == before


def descriptors() -> int:
    """How many files this process has open."""
    return len(list(Path("/dev/fd").iterdir()))
