"""Changing a deployment: what is allowed, what runs meanwhile, what is there afterwards."""

from __future__ import annotations

import copy

import pytest
import requests

from emulators.azure import LocalAzure
from emulators.conftest import Caller, body_of

GREEN = "/onlineEndpoints/ep1/deployments/green"
PROBLEM = "The request is invalid. "

pytestmark = pytest.mark.usefixtures("as_it_was")


def status_of(call: Caller, answer: requests.Response) -> str:
    return str(call("GET", answer.headers["Azure-AsyncOperation"]).json()["status"])


def test_a_change_is_seen_only_when_its_operation_is_done(azure: LocalAzure, call: Caller) -> None:
    body = body_of(azure)
    body["properties"]["appInsightsEnabled"] = True
    with azure.operations.going(polls=2):
        started = call.in_workspace("PUT", GREEN, body=body)

    def seen() -> tuple[str, bool]:
        properties = call.in_workspace("GET", GREEN).json()["properties"]
        return properties["provisioningState"], properties["appInsightsEnabled"]

    assert (started.status_code, started.headers["x-ms-async-operation-timeout"]) == (200, "PT1H")
    assert "/locations/westeurope/mfeOperationsStatus/od:" in started.headers["Azure-AsyncOperation"]
    history = [(status_of(call, started), seen()) for _ in range(4)]
    assert history == [
        ("InProgress", ("Updating", False)),
        ("InProgress", ("Updating", False)),
        ("Succeeded", ("Succeeded", True)),
        ("Succeeded", ("Succeeded", True)),
    ]


def test_a_client_is_told_how_long_to_wait(azure: LocalAzure, call: Caller) -> None:
    told = []
    for seconds in (10, 0.02):
        with azure.operations.going(retry_after=seconds):
            headers = call.in_workspace("PUT", GREEN, body=body_of(azure)).headers
        told.append((headers.get("Retry-After"), headers.get("x-ms-retry-after-ms")))
        azure.operations.finish()
    assert told == [("10", None), (None, "20")]


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_a_change_that_fails_leaves_the_deployment_as_it_was(azure: LocalAzure, call: Caller, status: str) -> None:
    body = body_of(azure)
    body["properties"]["appInsightsEnabled"] = True
    error = {"code": "OutOfQuota", "message": "Not enough quota available"}
    with azure.operations.going(polls=0, status=status, error=error):
        started = call.in_workspace("PUT", GREEN, body=body)
    document = call("GET", started.headers["Azure-AsyncOperation"]).json()
    properties = azure.deployments["ep1", "green"]["properties"]
    assert (document["status"], document["error"]) == (status, error)
    assert (properties["provisioningState"], properties["appInsightsEnabled"]) == (status, False)
    assert call.in_workspace("PUT", GREEN, body=body).status_code == 200


def test_while_one_change_runs_another_is_a_conflict(azure: LocalAzure, call: Caller) -> None:
    with azure.operations.going(polls=None):
        assert call.in_workspace("PUT", GREEN, body=body_of(azure)).status_code == 200
    told = (
        409,
        "Conflict",
        "Cannot change deployment 'green': another operation is in progress, its state is Updating.",
    )
    changes: list[tuple[str, object]] = [("PUT", body_of(azure)), ("PATCH", {"tags": {}}), ("DELETE", None)]
    assert [call.error(method, GREEN, body=body) for method, body in changes] == [told] * 3


def test_a_new_deployment_is_created_with_what_the_service_fills_in(azure: LocalAzure, call: Caller) -> None:
    least = {"endpointComputeType": "managed", "instanceType": "Standard_DS3_v2"}
    path = "/onlineEndpoints/EP1/deployments/fresh"
    started = call.in_workspace("PUT", path, body={"location": "westeurope", "properties": least})
    assert (started.status_code, started.json()["properties"]["provisioningState"]) == (201, "Creating")
    azure.operations.finish()
    properties = azure.deployments["ep1", "fresh"]["properties"]
    assert (properties["endpointComputeType"], properties["scaleSettings"], properties["provisioningState"]) == (
        "Managed",
        {"scaleType": "Default"},
        "Succeeded",
    )


def test_a_deployment_of_no_endpoint_cannot_be_created(azure: LocalAzure, call: Caller) -> None:
    told = call.error("PUT", "/onlineEndpoints/none/deployments/blue", body=body_of(azure))
    assert told == (
        404,
        "ParentResourceNotFound",
        (
            "Failed to perform 'write' on resource(s) of type 'workspaces/onlineEndpoints/deployments', because the "
            f"parent resource '{azure.workspace.id}/onlineEndpoints/none' could not be found."
        ),
    )


def test_a_put_replaces_so_that_what_is_left_out_is_gone(azure: LocalAzure, call: Caller) -> None:
    body = body_of(azure, "blue")
    del body["properties"]["dataCollector"], body["properties"]["requestSettings"]
    call.in_workspace("PUT", "/onlineEndpoints/ep1/deployments/blue", body=body)
    azure.operations.finish()
    kept = azure.deployments["ep1", "blue"]["properties"]
    assert ("dataCollector" in kept, "requestSettings" in kept) == (False, False)


def test_what_the_service_sent_may_come_back_unknown_keys_and_nulls_included(azure: LocalAzure, call: Caller) -> None:
    stored = azure.deployments["ep1", "blue"]
    stored["futureTop"] = [1, {"a": None}]
    stored["properties"] |= {"futureField": {"deep": [None]}, "startupProbe": None, "modelMountPath": None}
    stored["properties"]["dataCollector"]["collections"]["model_inputs"]["futureKnob"] = 0.5
    stored["properties"]["livenessProbe"]["future"] = "PT1S"
    before = copy.deepcopy(stored)
    assert call.in_workspace("PUT", "/onlineEndpoints/ep1/deployments/blue", body=body_of(azure, "blue")).ok
    azure.operations.finish()
    assert azure.deployments["ep1", "blue"] == before


def test_the_service_spells_words_its_own_way(azure: LocalAzure, call: Caller) -> None:
    body = body_of(azure, "blue")
    collector = body["properties"]["dataCollector"]
    collector["rollingRate"] = "hour"
    collector["collections"]["model_inputs"]["dataCollectionMode"] = "enabled"
    collector["collections"]["model_outputs"]["dataCollectionMode"] = "DISABLED"
    call.in_workspace("PUT", "/onlineEndpoints/ep1/deployments/blue", body=body)
    azure.operations.finish()
    kept = azure.deployments["ep1", "blue"]["properties"]["dataCollector"]
    modes = {name: one["dataCollectionMode"] for name, one in kept["collections"].items()}
    assert (kept["rollingRate"], modes) == ("Hour", {"model_inputs": "Enabled", "model_outputs": "Disabled"})


def test_a_patch_changes_tags_and_sku_and_nothing_else(azure: LocalAzure, call: Caller) -> None:
    started = call.in_workspace("PATCH", GREEN, body={"tags": {"team": "churn"}, "sku": {"capacity": 3}})
    waiting = call("GET", started.headers["Location"])
    done = call("GET", started.headers["Location"])
    assert [started.status_code, waiting.status_code, done.status_code] == [202, 202, 200]
    assert (done.json()["tags"], done.json()["sku"]["capacity"]) == ({"team": "churn"}, 3)
    assert call.error("PATCH", GREEN, body={"properties": {"appInsightsEnabled": True}}) == (
        400,
        "ValidationError",
        f"{PROBLEM}properties: Could not find member 'properties'.",
    )


def test_older_versions_have_never_heard_of_data_collection(call: Caller) -> None:
    path = "/onlineEndpoints/ep1/deployments/blue"
    knows = {
        version: "dataCollector" in call.in_workspace("GET", path, api=version).json()["properties"]
        for version in ("2022-10-01", "2023-04-01-preview", "2024-10-01")
    }
    assert knows == {"2022-10-01": False, "2023-04-01-preview": True, "2024-10-01": True}


def test_a_deleted_deployment_is_gone_when_its_operation_is_done(azure: LocalAzure, call: Caller) -> None:
    started = call.in_workspace("DELETE", GREEN)
    states = [status_of(call, started), status_of(call, started)]
    assert (started.status_code, states) == (202, ["InProgress", "Succeeded"])
    assert call.in_workspace("GET", GREEN).status_code == 404
    assert call.in_workspace("DELETE", GREEN).status_code == 204


def log(call: Caller, **body: object) -> str:
    return str(call.in_workspace("POST", f"{GREEN}/getLogs", body=body).json()["content"])


def test_a_log_is_the_status_block_and_the_last_lines(azure: LocalAzure, call: Caller) -> None:
    azure.set_log("ep1", "green", "InferenceServer", ["one", "two\t ", "three"])
    head, _, lines = log(call, tail=2).partition("Container logs:\n")
    assert head.startswith("Instance status:\nSystemSetup: Succeeded\n")
    assert "\n\nContainer events:\nKind: Pod, Name: Pulling, Type: Normal, Time: " in head
    assert lines == "two\t \nthree\n"
    assert log(call).endswith("logs:\none\ntwo\t \nthree\n")
    assert log(call, tail=0).endswith("logs:\n")


def test_each_container_has_its_own_log_and_a_sentence_may_stand_for_one(azure: LocalAzure, call: Caller) -> None:
    azure.set_log("ep1", "green", "StorageInitializer", ["Model downloaded"])
    azure.set_log("ep1", "green", "InferenceServer", "The container is not running yet. Try again later.")
    assert log(call, containerType="storageinitializer").endswith("Container logs:\nModel downloaded\n")
    assert log(call, tail=50) == "The container is not running yet. Try again later."


@pytest.mark.parametrize("body", [{"containerType": "inference-server"}, {"tail": "5"}, {"lines": 5}])
def test_logs_are_asked_for_in_the_contracts_words(call: Caller, body: dict[str, object]) -> None:
    assert call.error("POST", f"{GREEN}/getLogs", body=body)[:2] == (400, "ValidationError")
