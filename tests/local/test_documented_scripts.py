"""Scripts of the shape that Azure's documentation prints, served over HTTP and called."""

from __future__ import annotations

import json
from pathlib import Path

import joblib
import numpy
import pytest
from sklearn.linear_model import Ridge

from local.test_http import process, send
from mlmon.core.model import ServiceName
from mlmon.local.workspace import LocalWorkspace

# what goes in and comes out is printed:
# https://learn.microsoft.com/azure/machine-learning/v1/how-to-enable-app-insights
PRINTS_JSON = """
import json
import time

import joblib
import numpy
from azureml.core.model import Model


def init():
    global regressor
    print("regressor loading at " + time.strftime("%H:%M:%S"))
    regressor = joblib.load(Model.get_model_path(model_name="regressor.pkl"))


def run(raw_data):
    try:
        rows = numpy.array(json.loads(raw_data)["data"])
        predicted = regressor.predict(rows)
        print(json.dumps({"input": raw_data, "output": predicted.tolist()}))
        return predicted.tolist()
    except Exception as problem:
        print(str(problem) + time.strftime("%H:%M:%S"))
        return str(problem)
"""

# inputs and predictions are collected:
# https://learn.microsoft.com/azure/machine-learning/v1/how-to-enable-data-collection
COLLECTS = """
import json

import joblib
import numpy as np
from azureml.core.model import Model
from azureml.monitoring import ModelDataCollector


def init():
    global model, inputs_dc, prediction_dc
    model = joblib.load(Model.get_model_path("regressor.pkl"))
    inputs_dc = ModelDataCollector("regressor", designation="inputs", feature_names=["first", "second"])
    prediction_dc = ModelDataCollector("regressor", designation="predictions", feature_names=["prediction"])


def run(raw_data):
    data = np.array(json.loads(raw_data)["data"])
    result = model.predict(data)
    inputs_dc.collect(data)
    prediction_dc.collect(result)
    return result.tolist()
"""


@pytest.fixture
def workspace(folder: Path) -> LocalWorkspace:
    return LocalWorkspace.create(folder, name="Shop", subscription="SUB", resource_group="Group")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A ridge regression that has learned to add two numbers."""
    rows = numpy.array([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0], [4.0, 1.0]])
    path = tmp_path / "a folder of its own" / "trained.pkl"
    path.parent.mkdir()
    joblib.dump(Ridge(alpha=0.0).fit(rows, rows.sum(axis=1)), path)
    return path


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "score.py"
    path.parent.mkdir()
    return path


def test_a_script_that_prints_what_goes_in_and_comes_out(workspace: LocalWorkspace, model: Path, script: Path) -> None:
    script.write_text(PRINTS_JSON)
    name = ServiceName("regression")
    body = '{"data": [[1, 2], [3, 4]]}'
    with process(workspace, name, script, str(model)) as (address, _):
        status, text, _ = send(address, "POST", "/score", body.encode())
        assert status == 200
        assert json.loads(text) == pytest.approx([3, 7])
        # the script itself answers its own errors, so the request succeeds
        assert send(address, "POST", "/score", b'{"rows": 1}')[:2] == (200, "\"'data'\"")
    (file,) = (workspace.folder / "telemetry" / "traces").iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["message"] for row in rows] == ["STDOUT"] * 3
    contents = [row["customDimensions"]["Content"] for row in rows]
    assert contents[0].startswith("regressor loading at ")
    assert json.loads(contents[1]) == {"input": body, "output": json.loads(text)}
    assert contents[2].startswith("'data'")
    assert set(contents) <= set(workspace.logs.snapshot(name, lines=99).lines)


def test_a_script_that_collects_inputs_and_predictions(workspace: LocalWorkspace, model: Path, script: Path) -> None:
    script.write_text(COLLECTS)
    name = ServiceName("regression")
    with process(workspace, name, script, str(model)) as (address, _):
        answers = [
            json.loads(send(address, "POST", "/score", body)[1])
            for body in (b'{"data": [[1, 2], [3, 4]]}', b'{"data": [[5, 6.5]]}')
        ]
    root = workspace.blobs.roots(name)[0]
    contents = {
        blob.name.removeprefix(root.prefix).split("/")[2]: b"".join(workspace.blobs.read(blob)).decode()
        for blob in workspace.blobs.list(root.container, root.prefix)
    }
    assert sorted(contents) == ["inputs", "predictions"]
    assert contents["predictions"] == "prediction\r\n" + "".join(
        f"{value}\r\n" for answer in answers for value in answer
    )
    inputs = [line.split(",")[:3] for line in contents["inputs"].split("\r\n")]
    assert inputs[0] == ["first", "second", "$aml_dc_correlation_id"]
    assert [row[:2] for row in inputs[1:]] == [["1", "2"], ["3", "4"], ["5.0", "6.5"], [""]]
    # rows of one call share their id
    assert len({row[2] for row in inputs[1:4]}) == 2
