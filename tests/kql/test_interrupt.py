"""Ctrl-C ends a query at once, wherever it is."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import signal, sys
from contextlib import contextmanager
from datetime import UTC, datetime
from mlmon.kql.engine import run

class Nothing:
    @contextmanager
    def open(self, table, between):
        yield {}

print("ready", flush=True)
try:
    table = run(sys.argv[1], files=Nothing(), now=datetime(2024, 1, 1, tzinfo=UTC))
    # from here on Ctrl-C is no longer the query's business
    signal.signal(signal.SIGINT, signal.SIG_IGN)
except KeyboardInterrupt:
    sys.exit(130)
print(table.rows)
"""
# ten thousand million pairs: minutes of work
HEAVY = (
    "range x from 1 to 100000 step 1 | extend k = 1"
    " | join kind=inner (range y from 1 to 100000 step 1 | extend k = 1) on k | summarize sum(x * y)"
)
SHORT = "range x from 1 to 2000000 step 1 | summarize sum(x)"


def test_ctrl_c_ends_a_heavy_query() -> None:
    with started(HEAVY) as process:
        working(process.pid)
        os.kill(process.pid, signal.SIGINT)
        # a query that went on would outlast this by far
        assert process.communicate(timeout=20) == (b"", b"")
    assert process.returncode == 130


@pytest.mark.parametrize("moment", range(12))
def test_ctrl_c_at_any_moment_ends_the_query_or_comes_too_late(moment: int) -> None:
    # from before duckdb is imported until after a short query has been answered
    wait = random.Random(moment).uniform(0, 0.1) + moment * 0.1
    with started(SHORT if moment % 3 == 0 else HEAVY) as process:
        time.sleep(wait)
        os.kill(process.pid, signal.SIGINT)
        ended = process.communicate(timeout=20)
    assert (process.returncode, *ended) in ((130, b"", b""), (0, b"((2000001000000,),)\n", b""))


def started(query: str) -> subprocess.Popen[bytes]:
    """A process whose next step is the query."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, query], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def working(pid: int) -> None:
    """Wait until the process has spent two seconds of processor time, so that it is inside the query."""
    ticks = os.sysconf("SC_CLK_TCK")
    while True:
        used = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        if sum(map(int, used[11:13])) > 2 * ticks:
            return
        time.sleep(0.05)
