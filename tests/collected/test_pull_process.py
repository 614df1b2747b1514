"""A pull as a process of its own: interrupted, without permission, on a full disk."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collected.files import tree

HERE = Path(__file__).parent


def pulling(tmp_path: Path, *, size: int, count: int, before: str = "", slow: bool = False) -> list[str]:
    """A command that pulls blobs of some size into `tmp_path/to` and prints what came of it."""
    script = tmp_path / "pulling.py"
    script.write_text(
        f"""
import sys, time
from pathlib import Path
sys.path[:0] = {[str(HERE.parent)]!r}
from collected.memory import V2, MemoryBlobs
from collected.pulling import run
from mlmon.collected.pulling.planning import plan
from mlmon.collected.selecting.selection import Selection
from mlmon.core.errors import MlmonError
from mlmon.core.model import CollectedRoot, Generation
import os
FLAT = CollectedRoot("c", "", Generation.V2, "model_inputs")
names = [f"2026/03/{{number:03}}" for number in range({count})]
blobs = MemoryBlobs({{V2: (FLAT,)}}).put(FLAT, *names, content=b"x" * {size})
def chunks():
    for begun in range({size} // 1000):
        yield b"x" * 1000
        if {slow!r}:
            os.write(1, b"reading\\n")
            time.sleep(0.01)
blobs.reads.update(dict.fromkeys(names, chunks))
{before}
try:
    outcome = run(plan(blobs, V2, Selection(), to_dir=Path({str(tmp_path / "to")!r})), blobs, workers=2)
except MlmonError as error:
    print(type(error).__name__, error.exit_code, error.message, error.hint, sep="|")
else:
    print(len(outcome.fetched), [failed.reason for failed in outcome.failed])
"""
    )
    return [sys.executable, str(script)]


def test_ctrl_c_leaves_whole_files_only(tmp_path: Path) -> None:
    command = pulling(tmp_path, size=20_000, count=50, slow=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(70):
            assert process.stdout.readline() == "reading\n"
        process.send_signal(signal.SIGINT)
        said = process.stdout.read().replace("reading\n", "")
    found = tree(tmp_path / "to")
    assert said == (
        f"Interrupted|130|interrupted: {len(found)} of 50 files are whole|"
        "they stay; the same command again fetches the rest\n"
    )
    assert 0 < len(found) < 50
    assert {len(content) for content in found.values()} == {20_000}


def test_a_folder_one_may_not_write_to_is_said_and_left(tmp_path: Path) -> None:
    to_dir = tmp_path / "to"
    to_dir.mkdir(mode=0o555)
    assert as_nobody(tmp_path, pulling(tmp_path, size=1000, count=3, before=NOBODY)) == (
        f"Unwritable|1|'{to_dir}' cannot be written to (permission denied)|choose another one with --to-dir\n"
    )
    assert tree(to_dir) == {}


def test_a_folder_one_may_not_create_is_said(tmp_path: Path) -> None:
    command = pulling(tmp_path, size=1000, count=3, before=NOBODY)
    tmp_path.chmod(0o555)
    try:
        assert as_nobody(tmp_path, command) == (
            f"Unwritable|1|'{tmp_path}/to' cannot be written to (permission denied)|choose another one with --to-dir\n"
        )
    finally:
        tmp_path.chmod(0o755)


def test_a_closed_folder_inside_is_named_for_each_file_in_it(tmp_path: Path) -> None:
    inside = tmp_path / "to" / "2026" / "03"
    inside.mkdir(parents=True)
    (tmp_path / "to").chmod(0o777)
    inside.chmod(0o555)
    said = "the folder '2026/03' cannot be written to (permission denied)"
    assert as_nobody(tmp_path, pulling(tmp_path, size=1000, count=3, before=NOBODY)) == (f"0 {[said] * 3}\n")


def test_files_beside_a_closed_folder_come_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "to" / "2026" / "04").mkdir(parents=True)
    for place in (tmp_path / "to", tmp_path / "to" / "2026"):
        place.chmod(0o777)
    (tmp_path / "to" / "2026" / "04").chmod(0)
    april = f'{NOBODY}; blobs.put(FLAT, "2026/04/000", content=b"april")'
    said = "the folder '2026/04' cannot be written to (permission denied)"
    assert as_nobody(tmp_path, pulling(tmp_path, size=1000, count=3, before=april)) == (f"3 {[said]}\n")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can leave a file that its folder's writers cannot replace")
def test_a_file_that_cannot_be_replaced_fails_alone(tmp_path: Path) -> None:
    folder = tmp_path / "to" / "2026" / "03"
    folder.mkdir(parents=True)
    (folder / "001").write_bytes(b"protected")
    for place in (tmp_path / "to", folder.parent, folder):
        place.chmod(0o1777)
    assert as_nobody(tmp_path, pulling(tmp_path, size=1000, count=3, before=NOBODY)) == (
        "2 ['the file that is there cannot be replaced']\n"
    )
    assert tree(tmp_path / "to") == {
        "2026/03/000": b"x" * 1000,
        "2026/03/001": b"protected",
        "2026/03/002": b"x" * 1000,
    }


# root may write anywhere, so these pulls give it up, after all is imported
NOBODY = "import concurrent.futures.thread; os.getuid() == 0 and os.setuid(65534)"


def as_nobody(tmp_path: Path, command: list[str]) -> str:
    """Run, with the folders above open to be walked through."""
    for folder in [tmp_path, *tmp_path.parents][:4]:
        if folder.stat().st_uid == os.getuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o111)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_file_above_the_size_limit_fails_alone_and_leaves_nothing(tmp_path: Path) -> None:
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, {resource.RLIM_INFINITY}))"
    command = pulling(tmp_path, size=9000, count=2, before=limit)
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == (
        f"0 {['it could not be written (file too large)'] * 2}\n"
    )
    assert tree(tmp_path / "to") == {}


def test_a_full_disk_stops_it_with_the_folder_s_name_and_leaves_whole_files_only(tmp_path: Path) -> None:
    disk = tmp_path / "to"
    disk.mkdir()
    listing = "find . -path ./.mlmon -prune -o -type f -printf '%f %s\\n' | sort"
    undo = f'trap "cd /; umount {disk}" EXIT'
    script = f'mount -t tmpfs -o size=500k tmpfs "{disk}" && {undo} && "$@" && cd "{disk}" && {listing}'
    way = next((way for way in MOUNTS if can_mount(tmp_path, way)), None)
    if way is None:
        pytest.skip("this system lets nobody mount anything")
    command = [*way, "sh", "-c", script, "sh", *pulling(tmp_path, size=102_000, count=20)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    whole = [line.split()[1] for line in out[1:]]
    assert out[0] in {
        f"Unwritable|1|the disk that holds '{disk}' is full: {count} of 20 files are whole|"
        "free some space and run the same command again; files that are whole stay"
        for count in (len(whole), len(whole) - 1)  # one may have landed and not be remembered
    }
    assert 1 <= len(whole) <= 5
    assert set(whole) == {"102000"}


# in a namespace of its own, which needs no rights; else, where that is refused, as root
MOUNTS = (["unshare", "--user", "--map-root-user", "--mount"], [])


def can_mount(tmp_path: Path, way: list[str]) -> bool:
    if way and not shutil.which(way[0]):
        return False
    place = tmp_path / "probe"
    place.mkdir(exist_ok=True)
    probe = [*way, "sh", "-c", f'mount -t tmpfs tmpfs "{place}" && umount "{place}"']
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def test_a_state_file_that_becomes_a_folder_ends_the_pull_with_one_error(tmp_path: Path) -> None:
    turned = f"""
def turn():
    (Path({str(tmp_path / "to")!r}) / ".mlmon" / "pulled.jsonl").mkdir()
    yield b"x" * 1000
blobs.reads["2026/03/000"] = turn
"""
    said = subprocess.run(
        # alone: another file that landed first would have made the state file already
        pulling(tmp_path, size=1000, count=1, before=turned),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == (
        f"Unwritable|1|'{tmp_path}/to/.mlmon/pulled.jsonl' cannot be written (is a directory)|"
        "delete it, or choose another one with --to-dir\n"
    )
