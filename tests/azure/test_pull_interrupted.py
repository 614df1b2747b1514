"""Ctrl-C during a pull: a real signal to a process of its own. Whole files stay, and the next pull does the rest."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from azured import runner
from collected.files import tree
from emulators.azure import LocalAzure
from emulators.faults import meanwhile, slow
from running import Runner

SLOW = 12
SOON = 10
"""Seconds within which the process is gone, on a busy machine."""
RANGE = "time range: all there is\n"
HINT = "hint: they stay; the same command again fetches the rest\n"
NAMES = [f"inputs/2026/03/01/{number:03}.csv" for number in range(120)]


@pytest.fixture
def mlmon(azure: LocalAzure, tmp_path: Path) -> Runner:
    """mlmon in a workspace with a v1 service that has collected 120 files."""
    ws = azure.workspace
    azure.webservices.add("svc")
    place = f"{ws.subscription}/{ws.group}/{ws.name}".lower()
    for name in NAMES:
        azure.blobs.put("modeldata", f"{place}/svc/m/1/{name}", b"a\r\n1\n")
    made = runner(azure, tmp_path / "here")
    assert made("ls svc").code == 0
    azure.requests.clear()
    return made


def interrupted(mlmon: Runner, ready: Callable[[], bool]) -> tuple[int, str, str]:
    """A pull that is sent SIGINT when it is so far, and what it ended with."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mlmon", "pull", "svc"],
        cwd=mlmon.folder,
        env={**mlmon.environ, "HOME": str(mlmon.folder), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while not ready() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < SOON
    return process.returncode, out, err


def test_whole_files_stay_and_are_counted_and_the_next_pull_fetches_the_rest(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.fault(slow(2), plane="blob", path=r"/0[6-9]\d\.csv$"):
        ended = interrupted(mlmon, lambda: azure.requests.count("blob") > 61)
    found = tree(mlmon.folder / "modeldata")
    assert ended == (
        130,
        "",
        f"{RANGE}error: interrupted: {len(found)} of 120 files are whole\n{HINT}",
    )
    assert 0 < len(found) < 120
    assert set(found.values()) == {b"a\r\n1\n"}
    rows = mlmon("pull svc -o json").json
    assert [row["status"] for row in rows].count("unchanged") == len(found)
    assert len(tree(mlmon.folder / "modeldata")) == 120


def test_while_it_is_being_listed_nothing_was_changed(azure: LocalAzure, mlmon: Runner) -> None:
    asked = Event()

    def take_long() -> None:
        asked.set()
        time.sleep(SLOW)

    with azure.fault(meanwhile(take_long), plane="blob"):
        ended = interrupted(mlmon, asked.is_set)
    assert ended == (130, "", f"{RANGE}error: interrupted before there was anything to fetch\n")
    assert not (mlmon.folder / "modeldata").exists()


def test_rows_come_while_files_land_and_those_that_came_are_printed(azure: LocalAzure, mlmon: Runner) -> None:
    with (
        subprocess.Popen(
            [sys.executable, "-m", "mlmon", "pull", "svc", "-o", "jsonl", "--parallel", "2"],
            cwd=mlmon.folder,
            env={**mlmon.environ, "HOME": str(mlmon.folder), "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        azure.fault(slow(2), plane="blob", path=r"/0[3-9]\d\.csv$"),
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        # `communicate` would pass over what came with the first line
        rows = [first, *map(json.loads, process.stdout)]
        err = process.stderr.read()
    assert [(row["path"].rpartition("/")[2], row["status"]) for row in rows] == [
        (f"{number:03}.csv", "fetched") for number in range(len(rows))
    ]
    assert len(rows) < 120
    assert process.returncode == 130
    assert json.loads(err.splitlines()[-1])["code"] == "interrupted"
    assert len(tree(mlmon.folder / "modeldata")) >= len(rows)


def test_a_reader_that_has_seen_enough_ends_the_pull_and_whole_files_stay(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.fault(slow(1), plane="blob", path=r"/0[3-9]\d\.csv$"):
        done = subprocess.run(
            f"'{sys.executable}' -m mlmon pull svc -o jsonl --parallel 2 | head -n 1",
            shell=True,
            cwd=mlmon.folder,
            env={**mlmon.environ, "HOME": str(mlmon.folder), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert json.loads(done.stdout)["status"] == "fetched"
    notes = [json.loads(line)["message"] for line in done.stderr.splitlines()]
    assert notes[-1].startswith("stopped, as nobody reads its rows any more: fetched ")
    found = tree(mlmon.folder / "modeldata")
    assert 0 < len(found) < 120
    assert set(found.values()) == {b"a\r\n1\n"}
