"""The JSON lines of v2 deployments: collected by the script's own `Collector`, or by the server itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from local.steady import Clock, counted_ids, lots
from mlmon.core.model import ServiceName, Switch, SwitchRequest
from mlmon.local.workspace import LocalWorkspace

Add = Callable[..., ServiceName]
PLACE = "modelDataCollector/ep/blue"
SOURCE = (
    "/subscriptions/SUB/resourceGroups/Group/providers/Microsoft.MachineLearningServices/workspaces/Shop"
    "/onlineEndpoints/ep/deployments/blue"
)

OWN = """
import pandas
from azureml.ai.monitoring import Collector
from azureml.ai.monitoring.context import BasicCorrelationContext

errors = []


def init():
    global inputs, outputs
    inputs = Collector(name="model_inputs", on_error=errors.append)
    outputs = Collector(name="Model_Outputs")


def run(raw_data):
    frame = pandas.DataFrame({"a": [1.5, None], "when": pandas.to_datetime(["2024-01-01", None])})
    context = inputs.collect(frame)
    outputs.collect(pandas.DataFrame({"y": [raw_data]}), context)
    inputs.collect([1, 2])
    return [type(error).__name__ for error in errors]
"""

ECHO = "def init(): pass\ndef run(raw_data): return {answer}"


def container(workspace: LocalWorkspace) -> str:
    return "azureml-blobstore-00000000-0000-0000-0000-000000000001"


def blobs(workspace: LocalWorkspace) -> dict[str, str]:
    place = container(workspace)
    return {blob.name: b"".join(workspace.blobs.read(blob)).decode() for blob in workspace.blobs.list(place, "")}


def data_of(workspace: LocalWorkspace) -> dict[str, list[object]]:
    """What was collected, by collection."""
    return {
        name.split("/")[3]: [json.loads(line)["data"] for line in text.splitlines()]
        for name, text in blobs(workspace).items()
    }


def test_a_request_and_its_answer_are_a_line_each(workspace: LocalWorkspace, add: Add, clock: Clock) -> None:
    name = add("ep/blue", features=["age", "größe"])
    workspace.scoring.invoke(name, '{"data": [[59, 32.1], [48, 21.6]]}')
    instance = next(iter(blobs(workspace))).rpartition("/")[2]
    request = (
        '"correlationid":"00000000-0000-0000-0000-000000000002","xrequestid":"00000000-0000-0000-0000-000000000002"'
    )
    assert blobs(workspace) == {
        f"{PLACE}/model_inputs/2026/03/01/12/{instance}": (
            '{"specversion":"1.0","id":"00000000-0000-0000-0000-000000000004",'
            f'"source":"{SOURCE}","type":"azureml.inference.model_inputs",'
            '"datacontenttype":"application/json","time":"2026-03-01T12:00:00Z",'
            '"data":[{"age":59,"größe":32.1},{"age":48,"größe":21.6}],'
            f'{request},"modelversion":"default","collectdatatype":"pandas.core.frame.DataFrame",'
            '"agent":"azureml-ai-monitoring/1.0.0","contentrange":"bytes 0-52/53"}\n'
        ),
        f"{PLACE}/model_outputs/2026/03/01/12/{instance}": (
            '{"specversion":"1.0","id":"00000000-0000-0000-0000-000000000006",'
            f'"source":"{SOURCE}","type":"azureml.inference.model_outputs",'
            '"datacontenttype":"application/json","time":"2026-03-01T12:00:00Z",'
            f'"data":[{{"0":91.1}},{{"0":69.6}}],'
            f'{request},"modelversion":"default","collectdatatype":"pandas.core.frame.DataFrame",'
            '"agent":"azureml-ai-monitoring/1.0.0","contentrange":"bytes 0-22/23"}\n'
        ),
    }
    # the same hour goes to the same blob, from another process too; the next hour to a new one
    later = LocalWorkspace.open(workspace.folder, clock=clock, ids=counted_ids(100), random=lots(0.5))
    later.scoring.invoke(name, '{"data": [[1, 2]]}')
    clock.now += timedelta(hours=1)
    later.scoring.invoke(name, '{"data": [[1, 2]]}')
    counts = {blob.removeprefix(f"{PLACE}/"): text.count("\n") for blob, text in blobs(workspace).items()}
    assert counts == {
        f"{each}/2026/03/01/{hour}/{instance}": count
        for each in ("model_inputs", "model_outputs")
        for hour, count in (("12", 2), ("13", 1))
    }


REQUESTS = {
    '{"data": [[1, 2], [3, 4]]}': [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
    '{"data": [1, 2]}': [{"a": 1, "b": 2}],
    '{"data": [[1, 2, 3]]}': [{"0": 1, "1": 2, "2": 3}],
    '{"data": [{"x": 1, "y": [2]}]}': [{"x": 1, "y": [2]}],
    '{"input_data": {"columns": ["p", "q"], "index": [0], "data": [[1, null]]}}': [{"p": 1, "q": None}],
    '{"input_data": [[1, 2]]}': [{"a": 1, "b": 2}],
    '{"input_data": [{"x": "é"}]}': [{"x": "é"}],
    "[[1, 2]]": [{"a": 1, "b": 2}],
    "[5]": [{"0": 5}],
    '[[1, NaN], [Infinity, "\\ud800"]]': [{"a": 1, "b": None}, {"a": None, "b": "\ufffd"}],
}


@pytest.mark.parametrize("body", REQUESTS)
def test_rows_are_seen_in_every_documented_form_of_request(body: str, workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue", ECHO.format(answer="1"), features=["a", "b"])
    workspace.scoring.invoke(name, body)
    assert data_of(workspace) == {"model_inputs": [REQUESTS[body]], "model_outputs": [[{"0": 1}]]}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no JSON",
        "3",
        "{}",
        '{"data": []}',
        '{"data": 3}',
        '{"input_data": {"columns": 3, "data": []}}',
        "[" * 99_999,
    ],
)
def test_a_request_without_rows_collects_none(body: str, workspace: LocalWorkspace, add: Add) -> None:
    workspace.scoring.invoke(add("ep/blue", ECHO.format(answer="[]")), body)
    assert data_of(workspace) == {}


ANSWERS = {
    "[[1, 2], [3, 4]]": [{"0": 1, "1": 2}, {"0": 3, "1": 4}],
    "[1, 2]": [{"0": 1}, {"0": 2}],
    '[{"y": 1}]': [{"y": 1}],
    '{"predictions": [1, 2]}': [{"predictions": [1, 2]}],
    '"ill"': [{"0": "ill"}],
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_rows_are_seen_in_every_form_of_answer(answer: str, workspace: LocalWorkspace, add: Add) -> None:
    workspace.scoring.invoke(add("ep/blue", ECHO.format(answer=answer)), "{}")
    assert data_of(workspace) == {"model_outputs": [ANSWERS[answer]]}


def test_a_failed_request_has_inputs_and_no_outputs(workspace: LocalWorkspace, add: Add) -> None:
    assert workspace.scoring.invoke(add("ep/blue", ECHO.format(answer="1/0")), "[[1]]").status == 500
    assert data_of(workspace) == {"model_inputs": [[{"0": 1}]]}


def test_a_script_with_collectors_of_its_own_is_left_to_them(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue", OWN)
    # a list is no DataFrame: on_error is told, and scoring goes on
    assert workspace.scoring.invoke(name, "[[9]]").body == '["TypeError"]'
    instance = next(iter(blobs(workspace))).rpartition("/")[2]
    lines = {blob: json.loads(text) for blob, text in blobs(workspace).items()}
    same = {
        "specversion": "1.0",
        "source": SOURCE,
        "datacontenttype": "application/json",
        "time": "2026-03-01T12:00:00Z",
        "correlationid": "00000000-0000-0000-0000-000000000002",
        "xrequestid": "00000000-0000-0000-0000-000000000002",
        "modelversion": "default",
        "agent": "azureml-ai-monitoring/1.0.0",
    }
    kind = lines[f"{PLACE}/model_inputs/2026/03/01/12/{instance}"]["collectdatatype"]
    assert kind in {"pandas.DataFrame", "pandas.core.frame.DataFrame"}
    assert lines == {
        f"{PLACE}/model_inputs/2026/03/01/12/{instance}": {
            **same,
            "id": "00000000-0000-0000-0000-000000000004",
            "type": "azureml.inference.model_inputs",
            "data": [{"a": 1.5, "when": 1_704_067_200_000}, {"a": None, "when": None}],
            "collectdatatype": kind,
            "contentrange": "bytes 0-54/55",
        },
        f"{PLACE}/model_outputs/2026/03/01/12/{instance}": {
            **same,
            "id": "00000000-0000-0000-0000-000000000005",
            "type": "azureml.inference.model_outputs",
            "data": [{"y": "[[9]]"}],
            "collectdatatype": kind,
            "contentrange": "bytes 0-14/15",
        },
    }


CONTEXT = """
import pandas
from azureml.ai.monitoring import Collector
from azureml.ai.monitoring.context import BasicCorrelationContext, CorrelationContext


def init():
    global collector
    collector = Collector(name="model_inputs")
    collector.collect(pandas.DataFrame({"a": [0]}))


def run(raw_data):
    context = BasicCorrelationContext("loan-7", {"agent": "branch"})
    same = collector.collect(pandas.DataFrame({"a": [1]}), context)
    assert same is context and isinstance(same, CorrelationContext)
    return [same.get_id(), same.get_headers()]
"""


def test_a_script_may_bring_its_own_correlation_context(workspace: LocalWorkspace, add: Add) -> None:
    assert workspace.scoring.invoke(add("ep/blue", CONTEXT), "{}").body == '["loan-7", {"agent": "branch"}]'
    (text,) = blobs(workspace).values()
    assert [json.loads(line)["correlationid"] for line in text.splitlines()] == [
        "00000000-0000-0000-0000-000000000002",
        "loan-7",
    ]


@pytest.mark.parametrize("call", ["Collector(name='')", "Collector(name='a').collect([1])"])
def test_a_collector_used_wrongly_fails_in_the_script(call: str, workspace: LocalWorkspace, add: Add) -> None:
    script = f"from azureml.ai.monitoring import Collector\ndef init(): pass\ndef run(raw): {call}"
    assert workspace.scoring.invoke(add("ep/blue", script), "{}").status == 500


def switch(
    workspace: LocalWorkspace, name: ServiceName, *collections: str, on: bool = True, rate: float | None = None
) -> None:
    request = SwitchRequest(Switch.COLLECTION, on=on, collections=collections, sampling_rate=rate)
    workspace.services.apply(workspace.services.plan(name, request))


def test_switches_act_on_the_next_request(workspace: LocalWorkspace, add: Add) -> None:
    own, auto = add("ep/own", OWN), add("ep/blue")
    for name in (own, auto):
        switch(workspace, name, on=False)
        assert workspace.scoring.invoke(name, '{"data": [[1]]}').status == 200
    assert blobs(workspace) == {}
    switch(workspace, auto, "model_outputs")
    workspace.scoring.invoke(auto, '{"data": [[1]]}')
    assert data_of(workspace) == {"model_outputs": [[{"0": 1}]]}


def test_a_sampling_rate_takes_inputs_and_outputs_together(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue")
    switch(workspace, name, rate=0.5)
    drawing = LocalWorkspace.open(workspace.folder, random=lots(0.1, 0.5, 0.49, 0.9))
    for number in range(8):
        drawing.scoring.invoke(name, f'{{"data": [[{number}]]}}')
    rows = [[{"0": number}] for number in (0, 2, 4, 6)]
    assert data_of(workspace) == {"model_inputs": rows, "model_outputs": rows}


def test_whole_payloads_are_collected_when_that_is_switched_on(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue", ECHO.format(answer="raw_data"))
    switch(workspace, name, on=False)
    switch(workspace, name, "request", "response")
    workspace.scoring.invoke(name, '{"any": [1, "x"]}')
    workspace.scoring.invoke(name, "no JSON")
    assert data_of(workspace) == {
        "request": [{"any": [1, "x"]}, "no JSON"],
        "response": ['{"any": [1, "x"]}', "no JSON"],
    }
    first = json.loads(next(iter(blobs(workspace).values())).splitlines()[0])
    assert (first["path"], first["method"]) == ("/score", "POST")
    assert "collectdatatype" not in first


def test_a_collection_is_found_whatever_its_case(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue", OWN.replace('"model_inputs"', '"AUDIT"'))
    switch(workspace, name, "Audit")
    assert workspace.scoring.invoke(name, "{}").status == 200
    assert sorted(data_of(workspace)) == ["Audit", "model_outputs"]
