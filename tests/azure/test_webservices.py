"""v1 web services: listed, read, and switched by JSON patches."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest

from azured import connect, switch
from emulators.azure import LocalAzure
from emulators.faults import answer, html, refuse
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import Code, Failure, Interrupted, NotAllowed, NotFound, Unavailable, UsageError
from mlmon.core.model import FieldChange, Kind, Service, ServiceName, Switch, SwitchRequest

AKS = ServiceName("svc-aks")
ACI = ServiceName("svc-aci")
ON = SwitchRequest(Switch.COLLECTION, on=True)
OFF = SwitchRequest(Switch.COLLECTION, on=False)
INSIGHTS = SwitchRequest(Switch.INSIGHTS, on=True)


@pytest.fixture(autouse=True)
def _services(azure: LocalAzure) -> None:
    azure.webservices.add("svc-aks")
    azure.webservices.add("svc-aci", kind="ACI")


def patches(azure: LocalAzure) -> list[Any]:
    """The bodies of the changes that were sent."""
    return [json.loads(one.body) for one in azure.requests.of("v1", "PATCH")]


def test_every_web_service_is_listed_page_by_page(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.v1.page_size = 1
    azure.webservices.add("svc-far", kind="EDGE", state="Failed", appInsightsEnabled=True)
    assert workspace.services.list() == [
        Service(ACI, Kind.ACI, "Healthy", collection=False, insights=False),
        Service(AKS, Kind.AKS, "Healthy", collection=False, insights=False),
        Service(ServiceName("svc-far"), Kind.OTHER, "Failed", collection=False, insights=True),
    ]
    assert [workspace.services.get(service.name) for service in workspace.services.list()] == workspace.services.list()


def test_both_generations_are_listed_together_by_name(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.add_deployment("pricing", "blue")
    azure.add_deployment("zeta", "blue")
    azure.webservices.add("upsell")
    assert [str(service.name) for service in workspace.services.list()] == [
        "pricing/blue",
        "svc-aci",
        "svc-aks",
        "upsell",
        "zeta/blue",
    ]
    assert workspace.services.unseen == ()


def test_where_v1_has_ended_there_are_simply_no_v1_services(azure: LocalAzure, tmp_path: Path) -> None:
    azure.add_deployment("ep1", "blue")
    gone = connect(azure, tmp_path)
    with azure.fault(refuse(404, {}), plane="v1", path="^/discovery"):
        assert [str(service.name) for service in gone.services.list()] == ["ep1/blue"]
        assert gone.services.unseen == ()
        assert gone.services.ended == ("v1 web services cannot be reached any more in westeurope",)
        with pytest.raises(NotFound) as caught:
            gone.services.get(AKS)
    assert caught.value.code is Code.V1_ENDED


def test_one_generation_that_does_not_answer_does_not_hide_the_other(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.add_deployment("ep1", "blue")
    refused = {"error": {"code": "Forbidden", "message": "no"}}
    with azure.fault(refuse(403, refused), plane="v1", path="/services"):
        assert [str(service.name) for service in workspace.services.list()] == ["ep1/blue"]
        [sentence] = workspace.services.unseen
        assert sentence.startswith("the v1 web services are left out: ")
    assert len(workspace.services.list()) == 3
    assert workspace.services.unseen == ()


def test_without_the_control_plane_nothing_is_sure(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    with azure.deny(".*/onlineEndpoints/read"), pytest.raises(NotAllowed):
        workspace.services.list()


def test_the_switches_of_aks_are_patched_one_field_at_a_time(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    before = copy.deepcopy(azure.webservices.services["svc-aks"])
    plan = workspace.services.plan(AKS, ON)
    assert plan.changes == (FieldChange("dataCollection.storageEnabled", False, True),)
    assert plan.notes == (
        "data flows only if the scoring script uses ModelDataCollector and its image has azureml-monitoring installed",
    )
    assert workspace.services.apply(plan).collection
    assert switch(workspace, AKS, INSIGHTS).insights
    assert not switch(workspace, AKS, OFF).collection
    assert patches(azure) == [
        [{"op": "replace", "path": "/dataCollection/storageEnabled", "value": True}],
        [{"op": "replace", "path": "/appInsightsEnabled", "value": True}],
        [{"op": "replace", "path": "/dataCollection/storageEnabled", "value": False}],
    ]
    assert azure.webservices.services["svc-aks"] == {**before, "appInsightsEnabled": True}


@pytest.mark.parametrize(
    ("collection", "operation"),
    [
        ({"eventHubEnabled": True}, {"op": "add", "path": "/dataCollection/storageEnabled", "value": True}),
        ({}, {"op": "add", "path": "/dataCollection/storageEnabled", "value": True}),
        (None, {"op": "replace", "path": "/dataCollection", "value": {"storageEnabled": True}}),
    ],
)
def test_what_is_not_there_yet_is_added(
    azure: LocalAzure, workspace: AzureMLWorkspace, collection: object, operation: object
) -> None:
    azure.webservices.services["svc-aks"]["dataCollection"] = collection
    sent = azure.fault(answer({}), plane="v1", method="PATCH", path="/services/")
    plan = workspace.services.plan(AKS, ON)
    with sent, azure.fault(answer({"error": None}), plane="v1", path="/validate"):
        workspace.services.apply(plan)
    assert patches(azure) == [[operation]]


def test_collection_on_aci_is_refused_with_the_reason_and_insights_are_not(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    with pytest.raises(UsageError) as caught:
        workspace.services.plan(ACI, ON)
    assert (caught.value.message, caught.value.hint) == (
        "svc-aci runs on ACI, and v1 services collect model data on AKS only",
        "deploy it to AKS or as a v2 deployment; its telemetry can be switched: mlmon enable-insights",
    )
    assert workspace.services.plan(ACI, OFF).changes == ()
    assert switch(workspace, ACI, INSIGHTS).insights


def test_a_change_that_the_service_finds_invalid_is_not_sent(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    plan = workspace.services.plan(AKS, INSIGHTS)
    invalid = refuse(400, {"code": "BadRequest", "message": "The image is too old for this."})
    with azure.fault(invalid, plane="v1", path="/validate"), pytest.raises(Failure) as caught:
        workspace.services.apply(plan)
    assert "The image is too old for this" in str(caught.value)
    assert patches(azure) == []


@pytest.mark.parametrize("fault", [refuse(404, {}), html(502), refuse(500, {})])
def test_where_nothing_can_be_validated_the_change_is_sent(
    azure: LocalAzure, workspace: AzureMLWorkspace, fault: Any
) -> None:
    plan = workspace.services.plan(AKS, INSIGHTS)
    with azure.fault(fault, plane="v1", path="/validate"):
        assert workspace.services.apply(plan).insights


def test_what_changed_since_the_plan_is_left_alone(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    plan = workspace.services.plan(AKS, INSIGHTS)
    azure.webservices.services["svc-aks"]["description"] = "changed"
    with pytest.raises(Unavailable, match="svc-aks was changed meanwhile; nothing was written"):
        workspace.services.apply(plan)
    assert patches(azure) == []


def test_replicas_that_come_and_go_are_no_change(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    plan = workspace.services.plan(AKS, INSIGHTS)
    azure.webservices.services["svc-aks"]["deploymentStatus"] = {"replicas": 7, "availableReplicas": 3}
    assert workspace.services.apply(plan).insights


@pytest.mark.parametrize("request_", [ON, OFF], ids=["a change", "nothing to change"])
def test_what_something_else_is_changing_is_not_planned_for(
    azure: LocalAzure, workspace: AzureMLWorkspace, request_: SwitchRequest
) -> None:
    plan = workspace.services.plan(AKS, INSIGHTS)
    azure.webservices.services["svc-aks"]["state"] = "Transitioning"
    for attempt in (lambda: workspace.services.plan(AKS, request_), lambda: workspace.services.apply(plan)):
        with pytest.raises(Unavailable) as caught:
            attempt()
        assert (caught.value.message, caught.value.hint) == (
            "svc-aks is Transitioning; nothing was written",
            "try again when mlmon status shows it done",
        )
    assert patches(azure) == []


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(
    ("status", "ended"), [("Failed", "failed"), ("Canceled", "was cancelled"), ("TimedOut", "timed out")]
)
def test_an_operation_that_does_not_succeed_is_a_failure_with_the_reason(
    azure: LocalAzure, workspace: AzureMLWorkspace, *, status: str, ended: str, accepted: bool
) -> None:
    azure.v1.accepted = accepted
    with azure.operations.going(polls=0, status=status), pytest.raises(Failure) as caught:
        switch(workspace, AKS, INSIGHTS)
    assert str(caught.value) == (
        f"could not change the v1 web service svc-aks: the operation {ended}: "
        "Kubernetes Deployment failed: CrashLoopBackOff"
    )


def test_another_change_under_way_is_worth_another_try(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    with azure.operations.going(polls=None):
        workspace.services.apply(workspace.services.plan(AKS, INSIGHTS), wait=False)
        with pytest.raises(Unavailable, match="svc-aks is Transitioning; nothing was written"):
            switch(workspace, AKS, ON)


def test_what_is_not_done_in_time_goes_on_without_us(azure: LocalAzure, tmp_path: Path) -> None:
    hurried = connect(azure, tmp_path, timeout=timedelta(seconds=1))
    with azure.operations.going(polls=None), pytest.raises(Unavailable) as caught:
        switch(hurried, AKS, INSIGHTS)
    assert "Azure goes on with it" in str(caught.value)


def test_setting_stop_ends_the_waiting(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    plan = workspace.services.plan(AKS, INSIGHTS)
    stop = Event()
    Timer(0.3, stop.set).start()
    with azure.operations.going(polls=None), pytest.raises(Interrupted, match="Azure goes on with what it has begun"):
        workspace.services.apply(plan, stop=stop)


def test_who_is_not_there_is_not_found(workspace: AzureMLWorkspace) -> None:
    for name in (ServiceName("nobody"), ServiceName("a?b#c%2f")):
        for ask in (workspace.services.get, lambda name: workspace.services.plan(name, ON)):
            with pytest.raises(NotFound):
                ask(name)


def test_names_that_are_none_are_passed_over(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    hostile: list[object] = [{"name": name} for name in ("ok", "", "..", "a/b", "a b", "\x1b[2J", None, 7, {})]
    with azure.fault(answer({"value": [*hostile, None, "text"]}), plane="v1", path="/services$"):
        listed = workspace.services.list()
    assert listed == [Service(ServiceName("ok"), Kind.OTHER, "Unknown", collection=False, insights=False)]
