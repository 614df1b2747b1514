"""v2 online deployments: listed, read, and switched without touching anything else."""

from __future__ import annotations

import copy
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer
from time import sleep
from typing import Any

import pytest

from azured import connect, counted, switch, unhurried
from emulators.azure import LocalAzure
from emulators.faults import Fault, answer, dropped, html, refuse
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import Failure, Interrupted, NotAllowed, NotFound, Unavailable, UsageError
from mlmon.core.model import CollectionSetting, FieldChange, Kind, Service, ServiceName, Switch, SwitchRequest
from mlmon.core.parallel import GivenUp

BLUE = ServiceName("ep1", "blue")
ON = SwitchRequest(Switch.COLLECTION, on=True)
OFF = SwitchRequest(Switch.COLLECTION, on=False)
INSIGHTS = SwitchRequest(Switch.INSIGHTS, on=True)
COLLECTOR = {
    "collections": {
        "model_outputs": {"dataCollectionMode": "disabled", "samplingRate": 0.25, "dataId": "azureml:elsewhere:7"},
        "Model_Inputs": {"dataCollectionMode": "enabled", "samplingRate": 0.5, "dataId": "azureml:elsewhere:6"},
        "audit": {"dataCollectionMode": "Disabled", "dataId": "azureml:elsewhere:5"},
    },
    "rollingRate": "Minute",
}


# listing and reading


def test_every_deployment_of_every_endpoint_is_listed_by_name(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.page_size = 2
    for number in range(5):
        for deployment in ("green", "blue"):
            azure.add_deployment(f"ep{number}", deployment, kind="Kubernetes" if number == 3 else "Managed")
    azure.add_endpoint("empty")
    listed = workspace.services.list()
    assert [str(service.name) for service in listed] == [
        f"ep{number}/{deployment}" for number in range(5) for deployment in ("blue", "green")
    ]
    assert [service.kind for service in listed if service.name.endpoint in {"ep2", "ep3"}] == [
        *[Kind.MANAGED] * 2,
        *[Kind.KUBERNETES] * 2,
    ]
    assert listed == [workspace.services.get(service.name) for service in listed]


def test_a_deployment_is_read_with_its_collections_whatever_case_its_words_are_in(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.add_deployment("ep1", "blue", appInsightsEnabled=True, dataCollector=copy.deepcopy(COLLECTOR))
    assert workspace.services.get(BLUE) == Service(
        name=BLUE,
        kind=Kind.MANAGED,
        state="Succeeded",
        collection=True,
        insights=True,
        collections=(
            CollectionSetting("Model_Inputs", enabled=True, sampling_rate=0.5),
            CollectionSetting("audit", enabled=False, sampling_rate=1.0),
            CollectionSetting("model_outputs", enabled=False, sampling_rate=0.25),
        ),
    )


def test_an_endpoint_asks_once_for_the_list_and_once_for_its_deployments(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    for number in range(7):
        azure.add_deployment(f"ep{number}", "blue")
    azure.requests.clear()
    workspace.services.list()
    asked = [line for line in counted(azure) if "onlineEndpoints" in line]
    assert sorted(asked) == [
        "GET /onlineEndpoints",
        *(f"GET /onlineEndpoints/ep{number}/deployments" for number in range(7)),
    ]
    azure.requests.clear()
    raw = workspace.services.online.deployment(ServiceName("ep3", "blue"))
    assert raw == azure.deployments["ep3", "blue"]
    assert counted(azure) == []


def test_an_endpoint_that_vanishes_while_the_list_is_read_is_passed_over(azure: LocalAzure, tmp_path: Path) -> None:
    azure.add_deployment("ep1", "blue")
    azure.add_deployment("gone", "blue")
    said: list[str] = []
    missing = refuse(404, {"error": {"code": "ResourceNotFound", "message": "The endpoint gone was not found."}})
    with azure.fault(missing, plane="arm", path="/gone/deployments"):
        listed = connect(azure, tmp_path, said=said).services.list()
    assert [service.name for service in listed] == [BLUE]
    assert "the endpoint gone is gone since it was listed" in said


def test_names_that_are_none_are_passed_over_and_an_unknown_compute_is_shown(azure: LocalAzure, tmp_path: Path) -> None:
    azure.add_deployment("ep1", "blue")
    hostile: list[Any] = [
        {"name": name, "properties": {"endpointComputeType": "Quantum", "provisioningState": "\x1b[31mred"}}
        for name in ("ok", "", ".", "..", "a/b", "a b", "\x1b[2J", "x" * 10, None, 7, ["n"], {"n": 1})
    ]
    said: list[str] = []
    with azure.fault(answer({"value": [*hostile, None, 7, "text", []]}), plane="arm", path="/ep1/deployments"):
        listed = connect(azure, tmp_path, said=said).services.list()
    assert [(str(service.name), service.kind) for service in listed] == [
        ("ep1/ok", Kind.OTHER),
        ("ep1/xxxxxxxxxx", Kind.OTHER),
    ]
    assert "passed over: '' is not a service name" in said


def test_who_is_not_there_is_not_found(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_endpoint("ep1")
    for name in (BLUE, ServiceName("nobody", "blue"), ServiceName("a?b", "c#d%2f")):
        for ask in (workspace.services.get, lambda name: workspace.services.plan(name, ON)):
            with pytest.raises(NotFound) as caught:
                ask(name)
            assert caught.value.hint


def test_who_may_not_read_hears_which_role_is_missing(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    with azure.deny(".*/onlineEndpoints/.*"), pytest.raises(NotAllowed) as caught:
        workspace.services.list()
    assert "'Reader'" in caught.value.hint


# switching


def test_a_plan_says_what_would_be_sent_and_sends_nothing(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    azure.requests.clear()
    ids = {name: f"{azure.workspace.id}/data/ep1-blue-{name}/versions/1" for name in ("model_inputs", "model_outputs")}
    rated = SwitchRequest(Switch.COLLECTION, on=True, collections=("inputs",), sampling_rate=0.5)
    at = "dataCollector.collections"
    assert workspace.services.plan(BLUE, ON).changes == (
        FieldChange(f"{at}.model_inputs.dataCollectionMode", None, "Enabled"),
        FieldChange(f"{at}.model_inputs.dataId", None, ids["model_inputs"]),
        FieldChange(f"{at}.model_outputs.dataCollectionMode", None, "Enabled"),
        FieldChange(f"{at}.model_outputs.dataId", None, ids["model_outputs"]),
    )
    assert workspace.services.plan(BLUE, rated).changes == (
        FieldChange(f"{at}.model_inputs.dataCollectionMode", None, "Enabled"),
        FieldChange(f"{at}.model_inputs.samplingRate", None, 0.5),
        FieldChange(f"{at}.model_inputs.dataId", None, ids["model_inputs"]),
    )
    assert workspace.services.plan(BLUE, INSIGHTS).changes == (FieldChange("appInsightsEnabled", False, True),)
    assert workspace.services.plan(BLUE, OFF).changes == ()
    assert {line.split()[0] for line in counted(azure)} == {"GET"}


def test_enabling_takes_what_is_there_in_its_own_spelling_and_disabling_keeps_all_else(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.add_deployment("ep1", "blue", dataCollector=copy.deepcopy(COLLECTOR))
    before = copy.deepcopy(azure.deployments["ep1", "blue"])
    switch(workspace, BLUE, ON)
    collections = azure.deployments["ep1", "blue"]["properties"]["dataCollector"]["collections"]
    assert collections == {
        "model_outputs": {"dataCollectionMode": "Enabled", "samplingRate": 0.25, "dataId": "azureml:elsewhere:7"},
        "Model_Inputs": {"dataCollectionMode": "enabled", "samplingRate": 0.5, "dataId": "azureml:elsewhere:6"},
        "audit": {"dataCollectionMode": "Disabled", "dataId": "azureml:elsewhere:5"},
    }
    assert azure.data == {}
    after = switch(workspace, BLUE, OFF)
    assert (after.collection, [each.enabled for each in after.collections]) == (False, [False] * 3)
    for each in before["properties"]["dataCollector"]["collections"].values():
        each["dataCollectionMode"] = "Disabled"
    assert azure.deployments["ep1", "blue"] == before


def test_what_only_azure_itself_may_say_is_not_sent_and_all_else_is(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.add_deployment("ep1", "blue")
    expected = copy.deepcopy(azure.deployments["ep1", "blue"])
    for key in ("id", "name", "type", "systemData"):
        del expected[key]
    del expected["properties"]["provisioningState"]
    expected["properties"]["appInsightsEnabled"] = True
    switch(workspace, BLUE, INSIGHTS)
    [sent] = azure.requests.of("arm", "PUT")
    assert json.loads(sent.body) == expected


def test_missing_data_assets_are_registered_and_existing_ones_are_used(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.add_deployment("ep1", "blue")
    mine = azure.add_data("ep1-blue-model_inputs", uri="azureml://datastores/other/paths/mine")
    switch(workspace, BLUE, ON)
    assert azure.data["ep1-blue-model_inputs", "1"] is mine
    made = azure.data["ep1-blue-model_outputs", "1"]["properties"]
    assert made["dataType"] == "uri_folder"
    assert made["dataUri"] == (
        "azureml://datastores/workspaceblobstore/paths/modelDataCollector/ep1/blue/model_outputs"
    )
    azure.requests.clear()
    place = workspace.connection.discovery.place_of(azure.data["ep1-blue-model_outputs", "1"]["id"])
    assert place.prefix == "modelDataCollector/ep1/blue/model_outputs/"
    assert counted(azure) == []


def test_what_changed_since_the_plan_is_left_alone(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    plan = workspace.services.plan(BLUE, ON)
    azure.deployments["ep1", "blue"]["tags"]["owner"] = "somebody else"
    azure.requests.clear()
    with pytest.raises(Unavailable, match="ep1/blue was changed meanwhile; nothing was written"):
        workspace.services.apply(plan)
    assert {line.split()[0] for line in counted(azure)} == {"GET"}
    assert azure.data == {}


def test_what_changes_while_data_assets_are_registered_is_left_alone_too(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.add_deployment("ep1", "blue")
    plan = workspace.services.plan(BLUE, ON)
    late = copy.deepcopy(azure.deployments["ep1", "blue"])
    late["tags"]["owner"] = "somebody else"
    here = "/deployments/blue$"
    # the first reading shows what was planned for, the second something else
    first = azure.fault(answer(azure.deployments["ep1", "blue"]), plane="arm", method="GET", path=here, times=1)
    later = azure.fault(answer(late), plane="arm", method="GET", path=here)
    with later, first, pytest.raises(Unavailable, match="changed meanwhile"):
        workspace.services.apply(plan)
    assert "ep1-blue-model_inputs" in {name for name, _ in azure.data}
    assert azure.requests.count("arm", "PUT", here) == 0


@pytest.mark.parametrize("state", ["Updating", "Creating", "Scaling", "Deleting", "Sleeping"])
def test_a_deployment_that_something_else_changes_is_left_alone(
    azure: LocalAzure, workspace: AzureMLWorkspace, state: str
) -> None:
    azure.add_deployment("ep1", "blue")
    plan = workspace.services.plan(BLUE, INSIGHTS)
    azure.deployments["ep1", "blue"]["properties"]["provisioningState"] = state
    for attempt in (lambda: workspace.services.plan(BLUE, INSIGHTS), lambda: workspace.services.apply(plan)):
        with pytest.raises(Unavailable) as caught:
            attempt()
        assert str(caught.value) == f"ep1/blue is {state}; nothing was written"
    assert azure.requests.count("arm", "PUT") == 0


@pytest.mark.parametrize("state", ["Succeeded", "Failed", "Canceled"])
def test_a_deployment_whose_last_change_is_over_can_be_changed(
    azure: LocalAzure, workspace: AzureMLWorkspace, state: str
) -> None:
    azure.add_deployment("ep1", "blue", provisioningState=state)
    assert switch(workspace, BLUE, INSIGHTS).insights


def test_a_conflict_at_the_last_moment_is_worth_another_try(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    conflict = refuse(409, {"error": {"code": "Conflict", "message": "Another operation is in progress."}})
    plan = workspace.services.plan(BLUE, INSIGHTS)
    with azure.fault(conflict, plane="arm", method="PUT"), pytest.raises(Unavailable) as caught:
        workspace.services.apply(plan)
    assert "Another operation is in progress" in str(caught.value)


@pytest.mark.parametrize(("status", "ended"), [("Failed", "failed"), ("Canceled", "was cancelled")])
def test_an_operation_that_does_not_succeed_is_a_failure_with_azures_reason(
    azure: LocalAzure, workspace: AzureMLWorkspace, status: str, ended: str
) -> None:
    azure.add_deployment("ep1", "blue")
    reason = {"code": "BadArgument", "message": "The scoring script raised an error in init()."}
    with azure.operations.going(status=status, error=reason), pytest.raises(Failure) as caught:
        switch(workspace, BLUE, INSIGHTS)
    assert f"the operation {ended}" in str(caught.value)
    assert "The scoring script raised an error in init()" in str(caught.value)
    assert not workspace.services.get(BLUE).insights


def test_what_was_begun_is_not_called_undone_when_its_end_cannot_be_seen(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.add_deployment("ep1", "blue")
    azure.webservices.add("svc")
    unhurried(workspace)
    for name, kind in ((BLUE, "deployment"), (ServiceName("svc"), "v1 web service")):
        plan = workspace.services.plan(name, INSIGHTS)
        with azure.fault(html(502), path="operation"), pytest.raises(Unavailable) as unseen:
            workspace.services.apply(plan)
        assert unseen.value.message == (
            f"could not see the end of what was begun (change the {kind} {name}): Azure answered 502"
        )
        azure.operations.finish()
        plan = workspace.services.plan(name, replace(INSIGHTS, on=False))
        # the reading before the change still passes
        unread = azure.fault(html(502), method="GET", path="/(blue|svc)$", after=1)
        with unread, pytest.raises(Unavailable) as unread_:
            workspace.services.apply(plan)
        assert unread_.value.message == (
            f"could not read back the {kind} {name}, which was changed: Azure answered 502"
        )
        assert not workspace.services.get(name).insights


def test_without_waiting_the_change_goes_on(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    with azure.operations.going(polls=None):
        plan = workspace.services.plan(BLUE, INSIGHTS)
        after = workspace.services.apply(plan, wait=False)
    assert (after.state, after.insights) == ("Updating", True)
    assert azure.requests.count("arm", path="mfeOperation") == 0
    azure.operations.finish()
    assert workspace.services.get(BLUE) == replace(after, state="Succeeded")


def test_setting_stop_ends_the_waiting_and_azure_goes_on(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    plan = workspace.services.plan(BLUE, INSIGHTS)
    stop = Event()
    with azure.operations.going(polls=None):
        azure.operations.course = type(azure.operations.course)(polls=None, retry_after=20)
        Timer(0.3, stop.set).start()
        with pytest.raises(Interrupted) as caught:
            workspace.services.apply(plan, stop=stop)
    assert str(caught.value) == "interrupted: Azure goes on with what it has begun on ep1/blue"
    assert azure.deployments["ep1", "blue"]["properties"]["provisioningState"] == "Updating"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ({"method": "GET", "path": "/deployments/blue"}, None),
        ({"method": "PUT"}, "interrupted: Azure may have begun to change ep1/blue"),
        ({"path": "mfeOperation"}, "interrupted: Azure goes on with what it has begun on ep1/blue"),
        ({"method": "GET", "path": "/deployments/blue", "after": 1}, None),
    ],
    ids=["before the change", "while it is sent", "while it is waited for", "while it is read back"],
)
def test_what_ctrl_c_says_is_true_at_every_moment(
    azure: LocalAzure, workspace: AzureMLWorkspace, moment: dict[str, Any], said: str | None
) -> None:
    azure.add_deployment("ep1", "blue")
    plan = workspace.services.plan(BLUE, INSIGHTS)
    interrupt = Fault(delay=1, first=lambda: os.kill(os.getpid(), signal.SIGINT))
    with azure.fault(interrupt, plane="arm", times=1, **moment):
        with pytest.raises(Interrupted if said else KeyboardInterrupt) as caught:
            workspace.services.apply(plan)
        sleep(1.1)  # the emulator answers all the same
    assert said in {None, str(caught.value)}
    begun = moment.get("method") != "GET" or "after" in moment
    assert azure.requests.count("arm", "PUT") == begun


def test_nothing_is_begun_once_stop_is_set(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    azure.webservices.add("svc")
    stop = Event()
    stop.set()
    for name in (BLUE, ServiceName("svc")):
        with pytest.raises(GivenUp):
            workspace.services.apply(workspace.services.plan(name, INSIGHTS), stop=stop)
    assert azure.requests.count(method="PUT") == azure.requests.count(method="PATCH") == 0


def test_a_name_in_another_case_is_the_deployment_s_own(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    assert workspace.services.get(ServiceName("EP1", "Blue")).name == BLUE
    assert switch(workspace, ServiceName("EP1", "BLUE"), ON).name == BLUE
    assert sorted(azure.data) == [("ep1-blue-model_inputs", "1"), ("ep1-blue-model_outputs", "1")]


def test_an_answer_that_never_comes_back_is_not_sent_again(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    plan = workspace.services.plan(BLUE, INSIGHTS)
    with azure.fault(dropped(), plane="arm", method="PUT"), pytest.raises(Unavailable):
        workspace.services.apply(plan)
    assert azure.requests.count("arm", "PUT") == 1


def test_a_resource_that_could_not_be_sent_back_is_not_planned_for(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.add_deployment("ep1", "blue")
    for body in (b'{"properties": {"x": NaN}}', b'{"properties": {"x": 1e999}}', b"[]", b"null", b"{", b"\xff"):
        with azure.fault(answer(body), plane="arm", path="/deployments/blue"), pytest.raises(Unavailable):
            workspace.services.plan(BLUE, INSIGHTS)


@pytest.mark.parametrize("broken", [7, "text", [1], True])
def test_what_stands_where_an_object_belongs_is_not_overwritten(
    azure: LocalAzure, workspace: AzureMLWorkspace, broken: object
) -> None:
    azure.add_deployment("ep1", "blue", dataCollector=broken)
    plan = workspace.services.plan(BLUE, ON)
    with pytest.raises(Unavailable, match="nothing was written"):
        workspace.services.apply(plan)
    assert azure.deployments["ep1", "blue"]["properties"]["dataCollector"] == broken
    assert azure.data == {}


def test_more_custom_collections_than_a_deployment_may_have_are_refused(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    collections = {name: {"dataCollectionMode": "Disabled", "dataId": "azureml:x:1"} for name in "abcde"}
    azure.add_deployment("ep1", "blue", dataCollector={"collections": collections})
    with pytest.raises(UsageError) as caught:
        workspace.services.plan(BLUE, SwitchRequest(Switch.COLLECTION, on=True, collections=("another",)))
    assert str(caught.value) == "ep1/blue would have 6 custom collections, and a deployment has at most 5"
    assert workspace.services.plan(BLUE, ON).changes


# notes


SCRIPT = "the deployment has a scoring script: data flows only if it calls Collector of azureml.ai.monitoring"
NO_SCRIPT = (
    "the deployment has no scoring script: for an MLflow model data flows automatically, a container of your own "
    "has to call Collector of azureml.ai.monitoring"
)
ASSETS = "registers the data assets ep1-blue-model_inputs, ep1-blue-model_outputs where they do not exist yet"


def test_enabling_says_what_it_takes_for_data_to_flow(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("ep1", "blue")
    assert workspace.services.plan(BLUE, ON).notes == (SCRIPT, ASSETS)
    azure.add_deployment("ep1", "blue", codeConfiguration=None)
    assert workspace.services.plan(BLUE, ON).notes == (NO_SCRIPT, ASSETS)


def test_nothing_is_said_where_nothing_needs_a_script(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    known = {name: {"dataCollectionMode": "Disabled", "dataId": "azureml:x:1"} for name in ("request", "response")}
    azure.add_deployment("ep1", "blue", dataCollector={"collections": known})
    payload = SwitchRequest(Switch.COLLECTION, on=True, collections=("request", "Response"))
    for request in (payload, INSIGHTS, OFF):
        assert workspace.services.plan(BLUE, request).notes == ()
