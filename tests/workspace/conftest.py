"""The backends of the conformance suite: a folder, the local Azure, and on request a workspace that lives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from azured import connect, local_azure
from mlmon.core.model import BlobInfo, RequestCounts, ServiceName
from mlmon.core.timerange import day_range
from mlmon.local.workspace import LocalWorkspace
from workspace.backend import FAILING, WORKING, Backend
from workspace.live import LIVE, live

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
COLLECTING = """
import json
from azureml.monitoring import ModelDataCollector


def init():
    global inputs, predictions
    inputs = ModelDataCollector("sum", designation="inputs", feature_names=["a", "b"])
    predictions = ModelDataCollector("sum", designation="predictions", feature_names=["y"])


def run(raw_data):
    rows = json.loads(raw_data)["data"]
    result = [sum(row) for row in rows]
    predictions.collect(predictions.add_correlations(result, inputs.collect(rows)))
    print(json.dumps({"input": raw_data, "output": result}))
    return result
"""
PLAIN = """
import json


def init():
    pass


def run(raw_data):
    result = [sum(row) for row in json.loads(raw_data)["data"]]
    print(json.dumps({"input": raw_data, "output": result}))
    return result
"""


@contextmanager
def local(folder: Path) -> Iterator[Backend]:
    """A folder, filled by scoring in it."""
    yield _scored(folder)


@contextmanager
def azure(folder: Path) -> Iterator[Backend]:
    """The same folder mirrored into the local Azure, and mlmon's Azure backend over it."""
    here = _scored(folder)
    with local_azure(folder / "azure", mirror=here.workspace.folder) as there:
        there.log_analytics.clock = lambda: NOW
        yield replace(
            here,
            workspace=connect(there, folder),
            grow=lambda blob, more: there.blobs.append(blob.container, blob.name, more),
            delete=lambda blob: there.blobs.delete(blob.container, blob.name),
        )


def _scored(folder: Path) -> Backend:
    moments = [NOW - timedelta(days=days) for days in (2, 1, 0)]
    clock = _Moved(moments[0])
    workspace = LocalWorkspace.create(folder / "shop", name="shop", clock=clock)
    v1, v2, sibling = ServiceName("sums"), ServiceName("ep", "blue"), ServiceName("ep", "blue2")
    for name, script in ((v1, COLLECTING), (v2, PLAIN), (sibling, PLAIN)):
        path = folder / f"{name.endpoint}{name.deployment}.py"
        path.write_text(script)
        workspace.register(name, script=path, features=["a", "b"])
    for moment in moments:
        clock.now = moment
        for name in (v1, v2, sibling):
            for body in (WORKING, WORKING, FAILING):
                workspace.scoring.invoke(name, body)

    def path_of(blob: BlobInfo) -> Path:
        return workspace.folder / "blobs" / blob.container / blob.name

    def grow(blob: BlobInfo, more: bytes) -> None:
        with path_of(blob).open("ab") as file:
            file.write(more)

    return Backend(
        workspace=workspace,
        v1=v1,
        v2=v2,
        sibling=sibling,
        day=day_range(moments[1].date()),
        counts=dict.fromkeys((v1, v2, sibling), RequestCounts(requests=3, failed=1)),
        grow=grow,
        delete=lambda blob: path_of(blob).unlink(),
    )


class _Moved:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=3)
        return self.now


BACKENDS: dict[str, Callable[[Path], AbstractContextManager[Backend]]] = {"local": local, "azure": azure}
if os.environ.get(LIVE):
    BACKENDS["live"] = live


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    with BACKENDS[request.param](tmp_path) as made:
        yield made
