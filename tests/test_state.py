"""What is remembered between runs: whole or not at all, by many at once, and never a reason to fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlmon.state import FILE, FOLDER, Draft, Remembered


def known(folder: Path) -> Path:
    return folder / FOLDER / FILE


def test_what_one_run_remembers_the_next_one_reads(tmp_path: Path) -> None:
    assert Remembered(tmp_path, key="a").read() == {}
    Remembered(tmp_path, key="a").remember({"region": "westeurope", "storage": {"account": "x"}})
    Remembered(tmp_path, key="a").remember({"region": "norway"})
    Remembered(tmp_path, key="b").remember({"region": "china"})
    assert Remembered(tmp_path, key="a").read() == {"region": "norway", "storage": {"account": "x"}}
    assert Remembered(tmp_path, key="b").read() == {"region": "china"}


def test_nothing_is_forgotten_but_what_is_named(tmp_path: Path) -> None:
    memory = Remembered(tmp_path, key="a")
    memory.remember({"one": 1, "two": 2})
    memory.remember({"one": None, "three": None})
    assert memory.read() == {"two": 2}


def test_it_stays_out_of_version_control(tmp_path: Path) -> None:
    Remembered(tmp_path, key="a").remember({"one": 1})
    assert (tmp_path / FOLDER / ".gitignore").read_text() == "*\n"
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == [".gitignore", FILE, "lock"]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"version": 2, "known": {"a": {"one": 1}}}',
        b'{"version": "1", "known": {"a": {"one": 1}}}',
        b'{"version": 1, "known": []}',
        b'{"version": 1, "known": {"a": 3}}',
        b'{"version": 1, "known": {"a": {"one": 1}, "b": 1e999}}',
        b'{"version": 1, "known": {"a": {"one": NaN}}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_or_one_of_another_version_is_as_if_not_there(tmp_path: Path, damage: bytes) -> None:
    Remembered(tmp_path, key="a").remember({"one": 1})
    known(tmp_path).write_bytes(damage)
    memory = Remembered(tmp_path, key="a")
    assert memory.read() == {}
    memory.remember({"two": 2})
    assert memory.read() == {"two": 2}


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("a file stands where the folder belongs")
    memory = Remembered(tmp_path, key="a")
    memory.remember({"one": 1})
    assert memory.read() == {}
    gone = Remembered(tmp_path / "gone", key="a")
    gone.remember({"one": 1})
    assert not (tmp_path / "gone").exists()


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each process adds its own names; a reader beside them never meets half a file."""
    program = (
        "import sys; from pathlib import Path; from mlmon.state import Remembered\n"
        "for number in range(20):\n"
        "    Remembered(Path(sys.argv[1]), key='a').remember({f'{sys.argv[2]}-{number}': number})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "abc"]
    while any(one.poll() is None for one in running):
        if known(tmp_path).exists():
            assert json.loads(known(tmp_path).read_text())["version"] == 1
    assert [one.returncode for one in running] == [0, 0, 0]
    assert len(Remembered(tmp_path, key="a").read()) == 60


def test_it_is_safe_to_delete(tmp_path: Path) -> None:
    memory = Remembered(tmp_path, key="a")
    memory.remember({"one": 1})
    known(tmp_path).unlink()
    assert memory.read() == {}
    memory.remember({"two": 2})
    assert memory.read() == {"two": 2}


def test_a_draft_takes_the_place_of_what_was_known_when_it_is_kept_and_not_before(tmp_path: Path) -> None:
    memory = Remembered(tmp_path, key="a")
    memory.remember({"one": 1, "two": 2})
    draft = Draft(memory)
    assert draft.read() == {}
    draft.remember({"two": 3, "three": 4, "four": 5})
    draft.remember({"four": None})
    assert draft.read() == {"two": 3, "three": 4}
    assert memory.read() == {"one": 1, "two": 2}
    draft.keep()
    assert memory.read() == {"two": 3, "three": 4}
