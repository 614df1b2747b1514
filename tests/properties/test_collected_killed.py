"""A law of pulls: ended at any moment by `kill -9`, the next finishes, and fetches twice only what was in flight."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collected.files import KEPT, tree

WORKERS = 4
SIZE = 30_000
COUNT = 60
SCRIPT = f"""
import os, sys, time
from pathlib import Path
sys.path[:0] = [{str(Path(__file__).parents[1])!r}]
from collected.memory import V2, MemoryBlobs
from collected.pulling import run
from mlmon.collected.planning import plan
from mlmon.collected.selection import Selection
from mlmon.core.model import CollectedRoot, Generation

FLAT = CollectedRoot("c", "", Generation.V2, "model_inputs")
blobs = MemoryBlobs({{V2: (FLAT,)}})
for number in range({COUNT}):
    blobs.put(FLAT, f"2026/03/{{number:03}}", content=b"%06d\\n" % number * ({SIZE} // 7))
asked = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def slowly(name):
    os.write(asked, (name + "\\n").encode())
    content = blobs.stored["c", name]
    for start in range(0, len(content), 4096):
        time.sleep(0.002)
        yield content[start : start + 4096]
blobs.reads = {{name: (lambda name=name: slowly(name)) for _, name in blobs.stored}}
outcome = run(plan(blobs, V2, Selection(), to_dir=Path(sys.argv[1])), blobs, workers={WORKERS})
assert outcome.complete, outcome
"""
SOURCE = {f"2026/03/{number:03}": b"%06d\n" % number * (SIZE // 7) for number in range(COUNT)}


@pytest.fixture
def pulling(tmp_path: Path) -> list[str]:
    script = tmp_path / "pulling.py"
    script.write_text(SCRIPT)
    return [sys.executable, str(script)]


def begun(asked: Path) -> list[str]:
    return asked.read_text().splitlines() if asked.exists() else []


@pytest.mark.parametrize("seed", range(int(os.environ.get("MLMON_TEST_KILLS", "8"))))
def test_a_pull_that_is_killed_is_finished_by_the_next(pulling: list[str], tmp_path: Path, seed: int) -> None:
    drawn, to_dir, asked = random.Random(seed), tmp_path / "to", tmp_path / "asked"
    kills = 0
    for _ in range(drawn.randint(1, 3)):
        with subprocess.Popen([*pulling, str(to_dir), str(asked)]) as process:
            before, moment = len(begun(asked)), drawn.randint(1, COUNT // 2)
            while len(begun(asked)) < before + moment and process.poll() is None:
                time.sleep(0.001)
            time.sleep(drawn.random() * 0.01)
            kills += process.poll() is None
            process.send_signal(signal.SIGKILL)
    subprocess.run([*pulling, str(to_dir), str(asked)], check=True)
    assert tree(to_dir) == SOURCE  # which has no temporary file, however often it was killed
    again = len(begun(asked)) - COUNT
    assert 0 <= again <= kills * WORKERS
    assert kills


def test_two_pulls_at_once_do_not_harm_each_other(pulling: list[str], tmp_path: Path) -> None:
    to_dir = tmp_path / "to"
    commands = [[*pulling, str(to_dir), str(tmp_path / f"asked{number}")] for number in range(3)]
    running = [subprocess.Popen(command) for command in commands]
    running[0].kill()
    assert [process.wait() for process in running][1:] == [0, 0]
    assert tree(to_dir) == SOURCE
    subprocess.run([*pulling, str(to_dir), str(tmp_path / "last")], check=True)
    assert begun(tmp_path / "last") == []
    assert {path.name for path in (to_dir / ".mlmon").iterdir()} == {name.rpartition("/")[2] for name in KEPT}
