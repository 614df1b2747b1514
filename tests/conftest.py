"""What tests of commands start from: an empty folder, a small workspace of their own, or the demo."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from mlmon.core.model import ServiceName
from mlmon.local.workspace import LocalWorkspace
from running import NOW, Runner

# no test says how long something may take: a busy machine is slow now and then, and then only
settings.register_profile("mlmon", deadline=None)
settings.load_profile("mlmon")

# a suite in the background or under nohup ignores these, and so would each program that it starts and ends
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)  # a program begins without a handler of ours

SCRIPT_V1 = """\
import json
from azureml.monitoring import ModelDataCollector

def init():
    global inputs, predictions
    inputs = ModelDataCollector("churn", designation="inputs", feature_names=["age", "spent"])
    predictions = ModelDataCollector("churn", designation="predictions", feature_names=["score"])

def run(raw_data):
    rows = json.loads(raw_data)["data"]
    scores = [sum(row) for row in rows]
    inputs.collect(rows)
    predictions.collect([[score] for score in scores])
    print(json.dumps({"input": rows, "output": scores}))
    return scores
"""
SCRIPT_V2 = """\
import json

def init():
    pass

def run(raw_data):
    scores = [sum(row) for row in json.loads(raw_data)["data"]]
    print(json.dumps({"input": json.loads(raw_data)["data"], "output": scores}))
    return scores
"""


@pytest.fixture
def mlmon(tmp_path: Path) -> Runner:
    """mlmon in an empty folder."""
    return Runner(tmp_path)


@pytest.fixture
def churn(tmp_path: Path) -> Runner:
    """mlmon in a workspace with a v1 service (the default) and a v2 one, both switched on, never called yet."""
    folder = tmp_path / "ws"
    workspace = LocalWorkspace.create(folder, name="ws", clock=lambda: NOW)
    (folder / "v1.py").write_text(SCRIPT_V1)
    (folder / "v2.py").write_text(SCRIPT_V2)
    workspace.register(ServiceName("churn"), script=folder / "v1.py", model_name="churn")
    workspace.register(ServiceName("churn-v2", "blue"), script=folder / "v2.py", features=["age", "spent"])
    (folder / "mlmon.toml").write_text('workspace = "."\nservice = "churn"\n')
    (folder / "rows.json").write_text(json.dumps({"data": [[31, 2.5], [64, 0]]}))
    return Runner(folder)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """mlmon in a demo folder, made once by the command itself; nobody changes it."""
    folder = tmp_path_factory.mktemp("demo")
    outcome = Runner(folder)("demo -o json --quiet")
    assert (outcome.code, outcome.err) == (0, "")
    return Runner(folder / "mlmon-demo")
