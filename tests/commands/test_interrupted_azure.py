"""Ctrl-C while Azure is slow to answer: a real signal to a process of its own, and the prompt is back at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from azured import local_azure, runner
from emulators.azure import LocalAzure
from emulators.faults import meanwhile
from running import Runner

SLOW = 10
SOON = 3
"""Seconds within which the process is gone; a second of our own, and what a busy machine adds."""


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    with local_azure(tmp_path / "azure") as made:
        for endpoint in ("ep1", "ep2", "ep3"):
            made.add_deployment(endpoint, "blue")
        made.webservices.add("svc")
        yield made


@pytest.fixture
def mlmon(azure: LocalAzure, tmp_path: Path) -> Runner:
    """mlmon that has found out everything about the workspace."""
    made = runner(azure, tmp_path / "folder")
    assert made("status").code == 0
    return made


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("status", "/onlineEndpoints$"),
        ("status", "/deployments$"),
        ("enable-insights --all --yes", "/deployments$"),
        ("enable-insights --all --yes", "/deployments/blue$"),
        ("traces ep1/blue", "/deployments$"),
        ("logs ep1/blue", "/deployments/blue$"),
    ],
    ids=[
        "listing endpoints",
        "listing deployments",
        "listing for all",
        "planning for all",
        "attributing",
        "reading one",
    ],
)
def test_nobody_waits_for_an_answer_that_is_not_wanted_any_more(
    azure: LocalAzure, mlmon: Runner, words: str, path: str
) -> None:
    azure.requests.clear()
    asked = Event()

    def take_long() -> None:
        asked.set()
        time.sleep(SLOW)

    with azure.fault(meanwhile(take_long), plane="arm", path=path):
        process = subprocess.Popen(
            [sys.executable, "-m", "mlmon", *words.split()],
            cwd=mlmon.folder,
            env={**mlmon.environ, "HOME": str(mlmon.folder), "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert asked.wait(30), process.communicate(timeout=1)
        time.sleep(0.5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        took = time.monotonic() - began
    assert (process.returncode, out, err) == (130, "", "error: interrupted\n")
    assert took < SOON
    assert azure.requests.count("arm", "PUT") == 0
