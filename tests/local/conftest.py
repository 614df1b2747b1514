"""Workspaces whose time and identifiers are the same in every run, and small scoring scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from local.steady import Clock, counted_ids, lots
from mlmon.core.model import ServiceName
from mlmon.local.workspace import LocalWorkspace

SUMS = """
import json


def init():
    pass


def run(raw_data):
    sums = [sum(row) for row in json.loads(raw_data)["data"]]
    print(json.dumps({"input": raw_data, "output": sums}))
    return sums
"""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def workspace(folder: Path, clock: Clock) -> LocalWorkspace:
    return LocalWorkspace.create(
        folder,
        name="Shop",
        subscription="SUB",
        resource_group="Group",
        clock=clock,
        ids=counted_ids(),
        random=lots(0.5),
    )


@pytest.fixture
def add(workspace: LocalWorkspace) -> Callable[..., ServiceName]:
    """Register a service with a script of the given text (sums of rows, unless told otherwise)."""

    def register(name: str, script: str = SUMS, **details: object) -> ServiceName:
        path = workspace.folder / "scripts" / name.replace("/", "-") / "score.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script)
        service = ServiceName.parse(name)
        workspace.register(service, script=path, **details)  # type: ignore[arg-type]
        return service

    return register


def files_of(folder: Path) -> dict[str, str]:
    """Every file below a folder that is data, by its relative path, as text with its line ends."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for part in ("logs", "telemetry", "blobs")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    }
