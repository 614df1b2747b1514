"""Serving a script over HTTP and sending it rows, by the installed command as processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from running import Runner

# The shape of the scoring scripts in Microsoft's documentation, in words of our own:
# https://learn.microsoft.com/azure/machine-learning/v1/how-to-enable-app-insights
PRINTING = """\
import pickle
import json
import time
import numpy
import joblib
from sklearn.linear_model import Ridge
from azureml.core.model import Model

def init():
    global model
    print("ready at " + time.strftime("%H:%M:%S"))
    model_path = Model.get_model_path(model_name = 'ridge.pkl')
    model = joblib.load(model_path)

def run(raw_data):
    try:
        data = numpy.array(json.loads(raw_data)['data'])
        result = model.predict(data)
        print (json.dumps({"input": raw_data, "output": result.tolist()}))
        return result.tolist()
    except Exception as e:
        error = str(e)
        print (error + time.strftime("%H:%M:%S"))
        return error
"""
# https://learn.microsoft.com/azure/machine-learning/v1/how-to-enable-data-collection
COLLECTING = """\
import json
import numpy as np
import joblib
from azureml.core.model import Model
from azureml.monitoring import ModelDataCollector

def init():
    global model, inputs_dc, prediction_dc
    model = joblib.load(Model.get_model_path('ridge.pkl'))
    inputs_dc = ModelDataCollector("best_model", {keyword}="inputs", feature_names=["feat1", "feat2"])
    prediction_dc = ModelDataCollector("best_model", {keyword}="predictions", feature_names=["prediction1"])

def run(raw_data):
    data = np.array(json.loads(raw_data)['data'])
    result = model.predict(data)
    inputs_dc.collect(data)
    prediction_dc.collect(result)
    return result.tolist()
"""


@pytest.fixture
def folder(mlmon: Runner) -> Path:
    """An empty workspace with a trained model beside the scripts to come."""
    import joblib
    from sklearn.linear_model import Ridge

    mlmon("init --local .")
    model = Ridge(alpha=1e-9).fit([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0.0, 2.0, 3.0])
    joblib.dump(model, mlmon.folder / "ridge.pkl")
    return mlmon.folder


@contextmanager
def served(folder: Path, *options: str) -> Iterator[str]:
    """`mlmon serve` as a process; its address. Ended with Ctrl-C, which must be a clean end."""
    with subprocess.Popen(
        [sys.executable, "-m", "mlmon", "serve", *options, "--port", "0"],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/score", line)
        assert found, line + process.stderr.read()
        try:
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
    assert (process.returncode, rest) == (130, "stopped\n")


def post(address: str, body: bytes) -> tuple[int, object]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data=body), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_documentations_printing_script(folder: Path) -> None:
    (folder / "score.py").write_text(PRINTING)
    with served(folder, "score.py", "--name", "my-service", "--kind", "v1") as address:
        status, answer = post(address, b'{"data": [[1, 1], [2, 0]]}')
        assert status == 200
        assert [round(value, 3) for value in answer] == [5.0, 4.0]  # type: ignore[attr-defined]  # a list
        assert post(address, b"not json")[0] == 200  # this script answers with the error's text
    mlmon = Runner(folder)
    rows = mlmon("traces --where input -o json").json
    assert len(rows) == 1
    content = json.loads(rows[0]["customDimensions"]["Content"])
    assert json.loads(content["input"]) == {"data": [[1, 1], [2, 0]]}
    assert mlmon("traces --where 'ready at' -o json").json[0]["message"] == "STDOUT"
    assert mlmon(["query", "requests | summarize count() by resultCode, success"]).jsonl == [
        {"resultCode": "200", "success": "True", "count_": 2}
    ]


@pytest.mark.parametrize("keyword", ["designation", "identifier"])
def test_the_documentations_collecting_script(folder: Path, keyword: str) -> None:
    (folder / "score.py").write_text(COLLECTING.replace("{keyword}", keyword))
    with served(folder, "score.py", "--name", "aks-w-coll", "--kind", "v1") as address:
        assert post(address, b'{"data": [[1, 1], [2, 0]]}')[0] == 200
        assert post(address, b'{"data": [[0, 0]]}')[0] == 200
        status, _ = post(address, b'{"data": [["a", "b"]]}')
        assert status == 500
    mlmon = Runner(folder)
    blobs = mlmon("ls -o json").json["blobs"]
    assert [(one["collection"], one["model"]) for one in blobs] == [
        ("inputs", "best_model"),
        ("predictions", "best_model"),
    ]
    mlmon("pull -o json")
    inputs, predictions = ((folder / "modeldata" / one["path"]).read_text().splitlines() for one in blobs)
    assert inputs[0].startswith("feat1,feat2,$aml_dc_correlation_id,$aml_dc_scoring_timestamp,")
    assert [line.split(",")[:2] for line in inputs[1:]] == [["1", "1"], ["2", "0"], ["0", "0"]]
    assert predictions[0] == "prediction1"
    assert len(predictions) == 4
    assert mlmon(["query", "exceptions | project type"]).jsonl[0]["type"]


def test_switches_act_on_a_running_server_and_invoke_uses_it(churn: Runner) -> None:
    with served(churn.folder, "v2.py", "--name", "churn-v2/blue") as address:
        assert post(address, b'{"data": [[1, 2]]}') == (200, [3])
        churn("disable-collection churn-v2 --yes")
        churn("disable-insights churn-v2 --yes")
        before = churn("ls churn-v2 -o json").json["total_bytes"]
        outcome = churn("invoke churn-v2 --data rows.json -o json")
        assert outcome.json["answer"] == [33.5, 64]
        assert outcome.json["status"] == 200
        assert churn("ls churn-v2 -o json").json["total_bytes"] == before
        assert churn("logs churn-v2").out.count("POST /score") >= 2
    assert churn(["query", "requests | count"]).jsonl == [{"Count": 1}]


def test_a_script_that_fails_is_an_answer_and_exit_1(churn: Runner) -> None:
    outcome = churn("invoke --data - -o json", stdin="{}")
    assert (outcome.code, outcome.json["status"]) == (1, 500)
    assert json.loads(outcome.err) == {
        "code": "script-failed",
        "message": "churn answered with status 500",
        "hint": "see mlmon logs churn",
        "exit_code": 1,
    }
    assert churn(["query", "exceptions | project type, message"]).jsonl == [{"type": "KeyError", "message": "'data'"}]
    [request] = churn(["query", "requests | project resultCode, success"]).jsonl
    assert request == {"resultCode": "500", "success": "False"}


def test_a_script_that_cannot_start_is_an_error(churn: Runner) -> None:
    (churn.folder / "broken.py").write_text(
        "def init():\n    raise RuntimeError('no model')\n\ndef run(raw):\n    return 1\n"
    )
    outcome = churn("serve broken.py --name broken --port 0")
    assert outcome.code == 1
    assert outcome.err.startswith("error: ")
    assert "RuntimeError" in outcome.err
    log = churn.folder / "logs" / "broken" / "scoring.log"
    assert outcome.err.endswith(f"hint: the whole traceback is at the end of {log}\n")
    assert log.read_text().rstrip().endswith("RuntimeError: no model")
    assert churn("status broken").code == 5  # nothing stays of what never came up


def test_a_script_that_cannot_start_does_not_replace_one_that_can(churn: Runner) -> None:
    before = (churn.folder / "workspace.toml").read_bytes()
    (churn.folder / "broken.py").write_text("def run(raw):\n    return 1\n")
    assert churn("serve broken.py --name churn --port 0").code == 1
    assert (churn.folder / "workspace.toml").read_bytes() == before


def test_a_port_that_is_taken(churn: Runner) -> None:
    with served(churn.folder, "v1.py", "--name", "churn") as address:
        port = address.rsplit(":", 1)[1].split("/")[0]
        outcome = churn(f"serve v2.py --name churn-v2/blue --port {port}")
        assert outcome.code == 1
        assert port in outcome.err
        assert "\nhint: " in outcome.err
