"""A pull where one thing is wrong: everything else comes, and what is wrong is said once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collected.files import tree
from collected.killing import SERVICE, complaints, local_source
from collected.test_pull_process import NOBODY
from commands.test_pull import ROOT, Place, place
from running import Runner

__all__ = ["place"]  # a fixture

# once before as oneself, so that all is imported: others may not look into every folder that Python is in
AS_NOBODY = f"""
import contextlib, io, os, sys
from mlmon.main import entry
before = sys.argv.pop(1)
words = sys.argv[:]
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    with contextlib.suppress(SystemExit):
        sys.argv[sys.argv.index("--to-dir") + 1] = before
        entry()
sys.argv[:] = words
{NOBODY}
entry()
"""


def pulled_as_nobody(source: Path, to_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Pull as somebody whom the files of root are closed to."""
    for folder in [to_dir, *to_dir.parents][:4]:
        if folder.stat().st_uid == os.getuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o111)
    words = ["pull", SERVICE, "--month", "2026-03", "--to-dir", str(to_dir), *options]
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(to_dir.with_name("before")), *words],
        cwd=source,
        env={"PATH": "/usr/bin:/bin", "HOME": str(to_dir)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_blob_that_may_not_be_read_fails_and_the_rest_comes(tmp_path: Path) -> None:
    source, to_dir = local_source(tmp_path / "ws", count=5, size=1000), tmp_path / "to"
    to_dir.mkdir(mode=0o777)
    to_dir.chmod(0o777)
    closed = sorted(source.blobs)[1]
    [file] = (source.folder / "blobs").glob(f"*/{closed}")
    file.chmod(0)
    done = pulled_as_nobody(source.folder, to_dir)
    assert (done.returncode, done.stdout) == (7, f"fetched 4 files, 4.0 kB, 1 day into {to_dir}; 1 failed\n")
    assert complaints(done.stderr) == [
        f"warning: failed: {closed}: {file} cannot be read: Permission denied",
        f"hint: check who may use it: ls -ld {file.parent}",
    ]
    assert tree(to_dir) == {name: content for name, content in source.blobs.items() if name != closed}


def test_a_folder_that_may_not_be_written_to_fails_and_the_rest_comes(tmp_path: Path) -> None:
    source, to_dir = local_source(tmp_path / "ws", count=30, size=1000), tmp_path / "to"
    day = Path(sorted(source.blobs)[-1]).parent.parent
    (to_dir / day).mkdir(parents=True)
    for place_ in (to_dir, *(to_dir / day).parents):
        if place_.is_relative_to(to_dir):
            place_.chmod(0o777)
    (to_dir / day).chmod(0o555)
    done = pulled_as_nobody(source.folder, to_dir)
    assert (done.returncode, done.stdout) == (7, f"fetched 24 files, 24.0 kB, 1 day into {to_dir}; 6 failed\n")
    first, hint, more = complaints(done.stderr)
    assert first.endswith(f": the folder '{day}' cannot be written to (permission denied)")
    assert hint == f"hint: see who may write to it: ls -ld {to_dir / day}"
    assert more == "warning: and 5 more: same reason; --debug names them"


class TestItsOwnSource:
    @pytest.mark.parametrize("target", ["blobs", "blobs/modeldata", "blobs/modeldata/new/er", "linked/modeldata"])
    @pytest.mark.parametrize("options", ["", "--overwrite always", "--dry-run"])
    def test_the_blobs_of_an_embedded_workspace_are_no_target(self, place: Place, target: str, options: str) -> None:
        ws = place.mlmon.folder
        (ws / "linked").symlink_to(ws / "blobs")
        before = tree(ws)
        outcome = place.mlmon(f"pull churn --month 3 --to-dir {target} {options}")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.endswith(
            f"error: '{ws / target}' is where the blobs themselves are\nhint: choose another one with --to-dir\n"
        )
        assert tree(ws) == before

    def test_a_folder_beside_them_is_one(self, place: Place) -> None:
        assert place.mlmon("pull churn --month 3 --to-dir blobs-too").code == 0


def test_a_cap_holds_for_an_embedded_workspace_too(place: Place) -> None:
    for day in ("05", "06", "07"):
        place.put(f"inputs/2026/03/{day}/inputs.csv", "x" * 40_000)
    began = time.monotonic()
    assert place.pull("--cap-mbps 0.8").code == 0  # 100 kB a second
    assert time.monotonic() - began > 0.7
