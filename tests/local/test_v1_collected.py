"""The CSV blobs of `azureml.monitoring.ModelDataCollector`, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from local.steady import Clock
from mlmon.core.model import ServiceName, Switch, SwitchRequest
from mlmon.local.workspace import LocalWorkspace

Add = Callable[..., ServiceName]
PLACE = "sub/group/shop/sums/best/7"
META = (
    "$aml_dc_correlation_id,$aml_dc_scoring_timestamp,$aml_dc_boundary,$aml_workspace,"
    "$aml_service_name,$aml_model_name,$aml_model_version,$aml_request_id"
)

BOTH = """
import json
from azureml.monitoring import ModelDataCollector


def init():
    global inputs, predictions
    inputs = ModelDataCollector("best", designation="inputs", feature_names=["age", "bmi"])
    predictions = ModelDataCollector("best", designation="predictions", feature_names=["y"])


def run(raw_data):
    rows = json.loads(raw_data)["data"]
    result = [sum(row) for row in rows]
    correlations = inputs.collect(rows)
    predictions.collect(predictions.add_correlations(result, correlations))
    return sorted(correlations)
"""

ANY = """
import json
import numpy
import pandas
from azureml.monitoring import ModelDataCollector


def init():
    global collector
    collector = ModelDataCollector({arguments})


def run(raw_data):
    collector.collect({data})
"""


def blobs(workspace: LocalWorkspace) -> dict[str, bytes]:
    found = workspace.blobs.list("modeldata", "")
    return {blob.name: b"".join(workspace.blobs.read(blob)) for blob in found}


def meta(correlation: int, request: int, *, milliseconds: int, model: str = "best") -> str:
    """The meta cells of a row: numbered ids, and the clock's steps since noon."""
    moment = "2026-03-01T12:00:00" + (f".{milliseconds:03d}000" if milliseconds else "")
    ids = [f"00000000-0000-0000-0000-{number:012x}" for number in (correlation, request)]
    return f"{ids[0]},{moment},1440,sub/group/shop,sums,{model},7,{ids[1]}"


def test_inputs_and_predictions_are_written_as_azure_writes_them(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", BOTH, model_version="7")
    first = workspace.scoring.invoke(name, '{"data": [[59, 32.1], [48, 21.6]]}')
    assert first.body == str(sorted(META.split(","))).replace("'", '"')
    workspace.scoring.invoke(name, '{"data": [[72, 30.5]]}')
    one, two = (meta(4, 2, milliseconds=15), meta(8, 6, milliseconds=35))
    # inputs and predictions of a request carry the same ids and time
    assert blobs(workspace) == {
        f"{PLACE}/inputs/2026/03/01/inputs.csv": (
            f"age,bmi,{META}\r\n59,32.1,{one}\r\n48,21.6,{one}\r\n72,30.5,{two}\r\n".encode()
        ),
        f"{PLACE}/predictions/2026/03/01/predictions.csv": (
            f"y,{META}\r\n91.1,{one}\r\n69.6,{one}\r\n102.5,{two}\r\n".encode()
        ),
    }


def test_a_new_day_has_a_new_blob_with_a_header_of_its_own(workspace: LocalWorkspace, add: Add, clock: Clock) -> None:
    name = add("sums", BOTH, model_version="7")
    for _ in range(2):
        workspace.scoring.invoke(name, '{"data": [[1, 2]]}')
        clock.now += timedelta(days=1)
    found = blobs(workspace)
    days = [blob.removeprefix(f"{PLACE}/inputs/") for blob in found if "/inputs/" in blob]
    assert days == ["2026/03/01/inputs.csv", "2026/03/02/inputs.csv"]
    assert all(content.startswith((b"age,bmi,$aml", b"y,$aml")) for content in found.values())


def test_switched_off_no_blob_is_written_and_the_script_goes_on(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", BOTH)
    services = workspace.services
    for on, count in ((False, 0), (True, 2)):
        services.apply(services.plan(name, SwitchRequest(Switch.COLLECTION, on=on)))
        assert workspace.scoring.invoke(name, '{"data": [[1, 2]]}').status == 200
        assert len(blobs(workspace)) == count


NAMED = '"best", designation="inputs", feature_names=["a", "b"]'
PREDICTED = '"best", designation="predictions", feature_names=["y"]'
CELLS = meta(4, 2, milliseconds=15)

SHAPES: dict[str, tuple[str, str, str, str]] = {
    "a list of lists": (
        NAMED,
        '[[1, "x"], [None, "y,z"]]',
        "inputs/…/inputs.csv",
        f'a,b,{META}\r\n1,x,{CELLS}\r\n,"y,z",{CELLS}\r\n',
    ),
    "an array": (
        NAMED,
        "numpy.array([[1.5, 2], [3, 4e-7]])",
        "inputs/…/inputs.csv",
        f"a,b,{META}\r\n1.5,2.0,{CELLS}\r\n3.0,4e-07,{CELLS}\r\n",
    ),
    "a DataFrame": (
        '"best", designation="inputs"',
        'pandas.DataFrame({"a": [1.5, 2.0], "b": ["x", "y,z"]})',
        "inputs/…/inputs.csv",
        f'a,b,{META}\r\n1.5,x,{CELLS}\n2.0,"y,z",{CELLS}\n',
    ),
    "a DataFrame of predictions": (
        PREDICTED,
        'pandas.DataFrame({"pred": [1]})',
        "predictions/…/predictions.csv",
        "pred\r\n1\n",
    ),
    "one row, flat": (NAMED, "[1, 2]", "inputs/…/inputs.csv", f"a,b,{META}\r\n1,2,{CELLS}\r\n"),
    "a prediction a row, flat": (
        PREDICTED,
        "numpy.array([1.5, 2.5])",
        "predictions/…/predictions.csv",
        "y\r\n1.5\r\n2.5\r\n",
    ),
    "lists without names": ('"best", designation="inputs"', "[[1, 2]]", "inputs/…/inputs.csv", f"1,2,{CELLS}\r\n"),
    "a row of mixed depth": (PREDICTED, "[[1], 2]", "predictions/…/predictions.csv", "y\r\n1\r\n2\r\n"),
    "the old word for it": (
        '"best", identifier="labels", feature_names=["y"]',
        "[1]",
        "labels/…/labels.csv",
        "y\r\n1\r\n",
    ),
    "no designation": ('"best", feature_names=["y"]', "[1]", "default/…/default.csv", "y\r\n1\r\n"),
    "a collection of another name": (
        '"best", "predictions", ["y"], collection_name="audit"',
        "[1]",
        "predictions/…/audit.csv",
        "y\r\n1\r\n",
    ),
    "a user's own id": (
        NAMED,
        '[[1, 2]], user_correlation_id="loan-7"',
        "inputs/…/inputs.csv",
        f"a,b,{META}\r\n1,2,loan-7-{CELLS}\r\n",
    ),
    "a text that would break a line": (
        NAMED,
        '[["one\\ntwo", "\\ud800"]]',
        "inputs/…/inputs.csv",
        f'a,b,{META}\r\n"one\ntwo",\ufffd,{CELLS}\r\n',
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_rows_has_its_bytes(shape: str, workspace: LocalWorkspace, add: Add) -> None:
    arguments, data, place, expected = SHAPES[shape]
    name = add("sums", ANY.format(arguments=arguments, data=data), model_version="7")
    assert workspace.scoring.invoke(name, "{}").status == 200
    assert blobs(workspace) == {f"{PLACE}/{place.replace('…', '2026/03/01')}": expected.encode()}


def test_the_older_columns_stand_first_under_the_older_name(workspace: LocalWorkspace, add: Add) -> None:
    listed = 'pandas.DataFrame({"a": [1.5], "b": ["x"]}), user_correlation_id="loan-7"'
    name = add("sums", ANY.format(arguments=NAMED, data=listed), model_version="7", column_generation=1)
    workspace.scoring.invoke(name, "{}")
    add("sums", ANY.format(arguments=NAMED, data="[[2.0, 'y']]"))
    workspace.scoring.invoke(name, "{}")
    zeros = "00000000-0000-0000-0000-0000000000"
    assert blobs(workspace) == {
        "SUB/Group/Shop/sums/best/7/inputs/2026/03/01/data.csv": (
            "$Timestamp,$CorrelationId,$RequestId,a,b\r\n"
            f"2026-03-01T12:00:00.015000,loan-7,{zeros}02,1.5,x\n"
            f"2026-03-01T12:00:00.040000,{zeros}07,{zeros}05,2.0,y\r\n"
        ).encode()
    }


CORRELATED = """
import pandas
from azureml.monitoring import ModelDataCollector


def init():
    global inputs, predictions
    inputs = ModelDataCollector("best", designation="inputs")
    predictions = ModelDataCollector("best", designation="predictions")
    # outside a request there is no request id
    inputs.collect(pandas.DataFrame({"a": [0]}))


def run(raw_data):
    frame = pandas.DataFrame({"a": [1, 2]})
    correlations = inputs.collect(frame)
    result = predictions.add_correlations(pandas.DataFrame({"y": [10, 20]}), correlations)
    predictions.collect(result)
    assert list(frame.columns) == ["a"]
"""


def test_frames_are_correlated_too_and_left_as_they_were(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", CORRELATED, model_version="7")
    assert workspace.scoring.invoke(name, "{}").status == 200
    during, first = meta(5, 3, milliseconds=20), meta(2, 0, milliseconds=5)
    assert blobs(workspace) == {
        f"{PLACE}/inputs/2026/03/01/inputs.csv": f"a,{META}\r\n0,{first}\n1,{during}\n2,{during}\n".encode(),
        f"{PLACE}/predictions/2026/03/01/predictions.csv": f"y,{META}\r\n10,{during}\n20,{during}\n".encode(),
    }


def test_a_collector_may_name_another_place(workspace: LocalWorkspace, add: Add) -> None:
    arguments = '"m", "predictions", ["y"], "S/G/W", "other", "3"'
    workspace.scoring.invoke(add("sums", ANY.format(arguments=arguments, data="[1]")), "{}")
    assert list(blobs(workspace)) == ["s/g/w/other/m/3/predictions/2026/03/01/predictions.csv"]


def test_a_designation_that_climbs_stays_in_its_container(workspace: LocalWorkspace, add: Add) -> None:
    arguments = '"m", "../../../../../../../escape", ["y"]'
    workspace.scoring.invoke(add("sums", ANY.format(arguments=arguments, data="[1]")), "{}")
    climbing = "/".join([".."] * 7)
    assert list(blobs(workspace)) == [f"sub/group/shop/sums/m/1/{climbing}/escape/2026/03/01/{climbing}/escape.csv"]
    assert all(path.is_relative_to(workspace.folder) for path in workspace.folder.parent.rglob("escape*"))


@pytest.mark.parametrize("data", ["3", '"text"', "None"])
def test_what_is_no_table_fails_in_the_script(data: str, workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", ANY.format(arguments=NAMED, data=data))
    assert workspace.scoring.invoke(name, "{}").status == 500
    assert blobs(workspace) == {}


def test_a_collector_needs_a_model_name(workspace: LocalWorkspace, add: Add) -> None:
    script = "from azureml.monitoring import ModelDataCollector\ndef init(): pass\ndef run(raw): ModelDataCollector('')"
    assert workspace.scoring.invoke(add("sums", script), "{}").status == 500
