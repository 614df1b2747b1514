"""Files that several processes write and read at once, some of them killed."""

from __future__ import annotations

import errno
import random
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from mlmon.core.errors import DamagedWorkspace, Failure, MlmonError
from mlmon.local.store import Store, cannot

APPENDER = Path(__file__).with_name("appender.py")
ROW = re.compile(rb'"(\w)\n(\d+)",')


def start(folder: Path, mark: str, *, size: int, count: int, name: str = "rows.csv") -> subprocess.Popen[str]:
    arguments = [sys.executable, str(APPENDER), str(folder), mark, str(size), str(count), name]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def rows_in(content: bytes, size: int) -> list[tuple[str, int]]:
    """The rows of a file that must be made of whole rows only, whose filling has `size` letters."""
    assert content.startswith(b"head\r\n")
    place, found = len(b"head\r\n"), []
    while place < len(content):
        begin = ROW.match(content, place)
        assert begin
        mark, number = begin[1], int(begin[2])
        rest = mark * size + b"\nend %s %d\n" % (mark, number)
        assert content.startswith(rest, begin.end())
        place = begin.end() + len(rest)
        found.append((mark.decode(), number))
    return found


def whole(store: Store, path: Path) -> bytes:
    with store.reading(path) as (file, size):
        return file.read(size)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "rows.csv"


def test_two_writers_lose_nothing_and_a_reader_sees_only_whole_rows(tmp_path: Path, path: Path) -> None:
    store, count, size = Store(tmp_path), 150, 20_000
    writers = [start(tmp_path, mark, size=size, count=count) for mark in "ab"]
    seen = 0
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            content = whole(store, path)
            assert len(content) >= seen
            seen = len(content)
            if content:
                rows_in(content, size)
    for writer in writers:
        writer.communicate()
    rows = rows_in(path.read_bytes(), size)
    for mark in "ab":
        assert [number for each, number in rows if each == mark] == list(range(count))


def test_killed_writers_leave_no_torn_row_and_lose_none_that_was_done(tmp_path: Path, path: Path) -> None:
    store, chance, size = Store(tmp_path), random.Random(7), 1_000_000
    done: dict[str, int] = {}
    for mark in "abcdefgh":
        # large rows, so that some are killed in the middle of a write
        with start(tmp_path, mark, size=size, count=10_000) as writer:
            assert writer.stdout
            writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.01))
            writer.kill()
            done[mark] = 1 + len(writer.stdout.readlines())
        rows = rows_in(whole(store, path), size)
        for each, least in done.items():
            numbers = [number for one, number in rows if one == each]
            # the last one may have been written without having been reported
            assert numbers == list(range(len(numbers)))
            assert len(numbers) in (least, least + 1)


def test_a_torn_end_is_never_shown_and_the_next_writer_drops_it(tmp_path: Path, path: Path) -> None:
    store = Store(tmp_path)
    store.append(path, b"one\n", header=b"head\n")
    # what a writer leaves that is killed in the middle of its write
    path.with_name("rows.csv%appending").write_text("9\n")
    with path.open("ab") as file:
        file.write(b"two is to")
    assert whole(store, path) == b"head\none\n"
    store.append(path, b"three\n", header=b"head\n")
    assert path.read_bytes() == b"head\none\nthree\n"
    assert [each.name for each in path.parent.iterdir()] == ["rows.csv"]


def test_a_writer_killed_before_it_began_changed_nothing(tmp_path: Path, path: Path) -> None:
    store = Store(tmp_path)
    store.append(path, b"one\n")
    for left in ("", "not a number\n"):
        path.with_name("rows.csv%appending").write_text(left)
        assert whole(store, path) == b"one\n"
    store.append(path, b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_name_as_long_as_a_file_system_takes_grows_and_is_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for length in (245, 246, 255):
        path = tmp_path / "data" / ("x" * length)
        store.append(path, b"one\n", header=b"head\n")
        store.append(path, b"two\n")
        assert whole(store, path) == b"head\none\ntwo\n"
    assert sorted(len(each.name) for each in (tmp_path / "data").iterdir()) == [245, 246, 255]


def test_a_writer_killed_over_a_long_name_leaves_no_torn_row(tmp_path: Path) -> None:
    with start(tmp_path, "a", size=1_000_000, count=10_000, name="é" * 127) as writer:
        assert writer.stdout
        writer.stdout.readline()
        writer.kill()
        writer.communicate()
    store, path = Store(tmp_path), tmp_path / "data" / ("é" * 127)
    rows = rows_in(whole(store, path), 1_000_000)
    store.append(path, b"after")
    assert rows
    assert path.read_bytes().endswith(b"\nafter")
    rows_in(path.read_bytes().removesuffix(b"after"), 1_000_000)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


FULL = """
    import resource, signal, sys
    from pathlib import Path
    from mlmon.core.errors import Failure
    from mlmon.local.store import Store

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
    store, path = Store(Path(sys.argv[1])), Path(sys.argv[1], "data", "rows.csv")
    store.append(path, b"x" * 4000)
    for write in (lambda: store.append(path, b"y" * 4000), lambda: store.replace(path, b"z" * 9000)):
        try:
            write()
        except Failure as error:
            print(error, "|", error.hint)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_where_there_is_no_room_the_file_stays_as_it_was(tmp_path: Path, path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path)], capture_output=True, text=True, check=True
    )
    complaint = f"{path} cannot be written: File too large | free some space, or choose another folder\n"
    assert (run.stdout, run.stderr) == (complaint * 2, "")
    assert path.read_bytes() == b"x" * 4000
    assert [each.name for each in path.parent.iterdir()] == ["rows.csv"]


def test_appends_held_back_are_the_same_bytes_in_the_end(tmp_path: Path) -> None:
    direct, held = Store(tmp_path / "direct"), Store(tmp_path / "held")
    for store in (direct, held):
        store.folder.mkdir()

    def write(store: Store) -> None:
        for number in range(3):
            store.append(store.folder / "a.csv", b"%d\n" % number, header=b"head\n")
            store.append(store.folder / "logs" / "b.log", b"line\n")

    write(direct)
    with held.buffered(), held.buffered():
        write(held)
        assert held.buffering
        assert list(held.folder.iterdir()) == []
    assert not held.buffering
    for name in ("a.csv", "logs/b.log"):
        assert (held.folder / name).read_bytes() == (direct.folder / name).read_bytes()


def test_what_was_held_back_is_written_when_the_block_fails_too(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def fail() -> None:
        with store.buffered():
            store.append(tmp_path / "a", b"1\n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (tmp_path / "a").read_bytes() == b"1\n"


def test_much_that_is_held_back_is_written_on_the_way(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.buffered():
        for _ in range(3):
            store.append(tmp_path / "a", b"x" * 6_000_000)
        assert (tmp_path / "a").stat().st_size == 18_000_000


def test_what_the_system_refuses_has_another_hint_than_what_fails(tmp_path: Path) -> None:
    # the system's error is made here, because the suite may run as root, whom nothing is refused
    refused = cannot("read", tmp_path / "a", PermissionError(errno.EACCES, "Permission denied"))
    assert (type(refused), refused.hint) == (Failure, f"check who may use it: ls -ld {tmp_path}")
    failed = cannot("read", tmp_path / "a", OSError(errno.EIO, "Input/output error"))
    assert (type(failed), str(failed)) == (Failure, f"{tmp_path / 'a'} cannot be read: Input/output error")


def test_what_cannot_be_written_or_read_says_why(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for call in (
        lambda: store.append(tmp_path / "folder", b""),
        lambda: store.append(tmp_path / "file" / "below", b""),
        lambda: store.append(tmp_path / "link", b""),
        lambda: store.replace(tmp_path / "folder", b""),
        lambda: store.locked(tmp_path / "folder").__enter__(),
    ):
        with pytest.raises(Failure, match="cannot be written"):
            call()
    with pytest.raises(DamagedWorkspace):
        store.append(tmp_path / "link" / "below", b"")
    for missing in ("folder", "link", "nothing", "file/below"):
        with pytest.raises(FileNotFoundError), store.reading(tmp_path / missing):
            pass
    with pytest.raises(MlmonError, match="cannot be read"), store.reading(tmp_path / ("x" * 300)):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "link"]
