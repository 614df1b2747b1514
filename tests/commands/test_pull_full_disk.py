"""`mlmon pull` onto a disk of 5 MB: killed while it fills, then filling it, and finished when there is room."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from collected.files import tree
from collected.killing import SERVICE, complaints, counted, local_source
from collected.test_pull_process import MOUNTS, can_mount

AT_ONCE = 2
RUNS = 4  # three that are killed, and one that the disk stops
SCRIPT = """
mount -t tmpfs -o size=5m tmpfs "$DISK" || exit 1
for seconds in 0.3 0.5 0.7; do timeout --signal=KILL $seconds "$@" 2>/dev/null; done
"$@"
echo "code $?"
cp -r "$DISK" "$FULL"
mount -o remount,size=50m "$DISK"
"$@"
echo "code $?"
cp -r "$DISK" "$WHOLE"
umount "$DISK"
"""


def test_a_full_disk_keeps_whole_files_and_the_rest_comes_when_there_is_room(tmp_path: Path) -> None:
    way = next((way for way in MOUNTS if can_mount(tmp_path, way)), None)
    if way is None:
        pytest.skip("this system lets nobody mount anything")
    source = local_source(tmp_path / "ws", count=60, size=150_000)
    disk, full, whole = (tmp_path / name for name in ("disk", "full", "whole"))
    disk.mkdir()
    pull = [str(Path(sys.executable).with_name("mlmon")), "pull", SERVICE, "--from", "2026-03-01", "--to", "2026-04-01"]
    pull += ["--parallel", str(AT_ONCE), "--to-dir", str(disk)]
    done = subprocess.run(
        [*way, "sh", "-c", SCRIPT, "sh", *pull],
        cwd=source.folder,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DISK": str(disk), "FULL": str(full), "WHOLE": str(whole)},
        capture_output=True,
        text=True,
        check=True,
    )
    kept = tree(full)
    error, hint = complaints(done.stderr)
    said = re.fullmatch(rf"error: the disk that holds '{disk}' is full: (\d+) of 60 files are whole", error)
    assert said
    # each of the four pulls may have landed what it had in flight and had no time, or no room, to remember
    forgotten = RUNS * AT_ONCE
    assert len(kept) - forgotten <= int(said[1]) <= len(kept)
    assert hint == "hint: free some space and run the same command again; files that are whole stay"
    assert 20 <= len(kept) < 36  # 5 MB
    assert kept == {name: source.blobs[name] for name in kept}
    first, fetched, second = done.stdout.splitlines()
    assert (first, second) == ("code 1", "code 0")
    unchanged = int(counted(fetched).split()[-2])  # "fetched 13 files, 3.9 MB, 2 days, 17 unchanged"
    assert len(kept) - forgotten <= unchanged <= len(kept)
    assert tree(whole) == source.blobs
