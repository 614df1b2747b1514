"""Temporary folders: those of processes that are gone are deleted, and no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlmon.collected.tables.temporary import TemporaryFolder

KILLED = """
import os, signal
from mlmon.collected.tables.temporary import TemporaryFolder
made = TemporaryFolder.make()
(made.path / "rows").write_text("x")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # it is asked for once, and kept
    return tmp_path


def test_one_of_a_process_that_was_killed_is_swept_away_by_the_next(temporary: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    [left] = temporary.iterdir()
    assert (left / "rows").read_text() == "x"
    made = TemporaryFolder.make()
    assert [*temporary.iterdir()] == [made.path]
    made.delete()
    made.delete()
    assert [*temporary.iterdir()] == []


def test_one_that_is_in_use_and_what_is_not_ours_stay(temporary: Path) -> None:
    (temporary / "mlmon-other").mkdir()
    (temporary / "elsewhere").mkdir()
    (temporary / "elsewhere/held").write_text("")
    (temporary / "mlmon-link").symlink_to(temporary / "elsewhere")
    first = TemporaryFolder.make()
    second = TemporaryFolder.make()
    assert first.path.is_dir()
    first.delete()
    second.delete()
    assert sorted(path.name for path in temporary.iterdir()) == ["elsewhere", "mlmon-link", "mlmon-other"]
    assert (temporary / "elsewhere/held").exists()
