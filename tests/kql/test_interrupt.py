"""Ctrl-C ends a query at once, wherever DuckDB is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

# ten thousand million pairs: minutes of work
PROGRAM = """
import sys, time
from contextlib import contextmanager
from datetime import UTC, datetime
from mlmon.kql.engine import run
import mlmon.kql.engine.tables

class Nothing:
    @contextmanager
    def open(self, table, between):
        yield []

print("ready", flush=True)
try:
    run(
        "range x from 1 to 100000 step 1 | extend k = 1"
        " | join kind=inner (range y from 1 to 100000 step 1 | extend k = 1) on k | summarize sum(x * y)",
        files=Nothing(),
        now=datetime(2024, 1, 1, tzinfo=UTC),
    )
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_ends_a_heavy_query(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"ready\n"
        working(process.pid)
        os.kill(process.pid, signal.SIGINT)
        # a query that went on would outlast this by far
        assert process.wait(timeout=20) == 130
        assert process.stderr.read() == b""


def working(pid: int) -> None:
    """Wait until the process has spent a second of processor time, so that it is inside the query."""
    ticks = os.sysconf("SC_CLK_TCK")
    while True:
        used = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        if sum(map(int, used[11:13])) > 2 * ticks:
            return
        time.sleep(0.05)
