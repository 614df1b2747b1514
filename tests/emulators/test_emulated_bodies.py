"""The bodies that the published contract forbids, each refused with what is wrong and where."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators import resources
from emulators.azure import LocalAzure
from emulators.bodies import DEPLOYMENT
from emulators.conftest import Caller, body_of
from emulators.schemas import read

BLUE = "/onlineEndpoints/ep1/deployments/blue"
GREEN = "/onlineEndpoints/ep1/deployments/green"
PROBLEM = "The request is invalid. "

pytestmark = pytest.mark.usefixtures("as_it_was")


def collecting(**collection: object) -> Callable[[dict[str, Any]], None]:
    """A body in which the first collection has these keys too."""

    def change(body: dict[str, Any]) -> None:
        body["properties"]["dataCollector"]["collections"]["model_inputs"].update(collection)

    return change


def put(*path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """A body with another value at a path."""

    def change(body: dict[str, Any]) -> None:
        for part in path[:-1]:
            body = body[part]
        body[path[-1]] = value

    return change


INPUTS = "properties.dataCollector.collections.model_inputs"
FORBIDDEN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (
        collecting(samplingRate="abc"),
        f"{INPUTS}.samplingRate: The value 'abc' is not valid; expected a number from 0 to 1.",
    ),
    (
        collecting(samplingRate=50),
        f"{INPUTS}.samplingRate: The value 50 is not valid; expected a number from 0 to 1.",
    ),
    (collecting(sampling_rate=1), f"{INPUTS}.sampling_rate: Could not find member 'sampling_rate'."),
    (
        collecting(dataCollectionMode="on"),
        f"{INPUTS}.dataCollectionMode: The value 'on' is not valid; expected one of Enabled, Disabled.",
    ),
    (
        put("properties", "dataCollector", "rollingRate", value="Fortnight"),
        (
            "properties.dataCollector.rollingRate: The value 'Fortnight' is not valid; "
            "expected one of Year, Month, Day, Hour, Minute."
        ),
    ),
    (
        put("properties", "dataCollector", value={"rollingRate": "Hour"}),
        "properties.dataCollector.collections: The field is required.",
    ),
    (
        put("properties", "app_insights_enabled", value=True),
        "properties.app_insights_enabled: Could not find member 'app_insights_enabled'.",
    ),
    (
        put("properties", "appInsightsEnabled", value="true"),
        "properties.appInsightsEnabled: The value 'true' is not valid; expected a boolean.",
    ),
    (lambda body: body.pop("location"), "location: The field is required."),
    (
        put("properties", "endpointComputeType", value="Quantum"),
        (
            "properties.endpointComputeType: The value 'Quantum' is not valid; "
            "expected one of Managed, Kubernetes, AzureMLCompute."
        ),
    ),
    (
        put("properties", "containerResourceRequirements", value={}),
        "properties.containerResourceRequirements: Could not find member 'containerResourceRequirements'.",
    ),
    (
        put("properties", "requestSettings", "requestTimeout", value="5s"),
        "properties.requestSettings.requestTimeout: The value '5s' is not valid; expected an ISO 8601 duration.",
    ),
    (
        put("properties", "instanceType", value="Standard_F2s_v2"),
        "properties.instanceType: The property cannot be changed after creation.",
    ),
    (
        put("properties", "properties", value={}),
        "properties.properties: Properties can be added, but not removed or altered.",
    ),
]


@pytest.mark.parametrize(("change", "told"), FORBIDDEN, ids=[told.partition(":")[0] for _, told in FORBIDDEN])
def test_what_the_contract_forbids_is_refused_and_nothing_changes(
    azure: LocalAzure, call: Caller, change: Callable[[dict[str, Any]], object], told: str
) -> None:
    before, body = copy.deepcopy(azure.deployments), body_of(azure, "blue")
    change(body)
    answer = call.error("PUT", BLUE, body=body)
    assert answer == (400, "ValidationError", PROBLEM + told)
    assert azure.deployments == before


def test_a_collection_needs_data_that_somebody_registered(azure: LocalAzure, call: Caller) -> None:
    body, nowhere = body_of(azure), f"{azure.workspace.id}/data/nowhere/versions/1"
    collection = {"dataCollectionMode": "Enabled", "dataId": nowhere}
    body["properties"]["dataCollector"] = {"collections": {"model_inputs": collection}}
    assert call.error("PUT", GREEN, body=body) == (
        400,
        "ValidationError",
        f"{PROBLEM}{INPUTS}.dataId: The data asset '{nowhere}' was not found.",
    )


def test_null_and_kubernetes_bodies_are_allowed(azure: LocalAzure, call: Caller) -> None:
    body = body_of(azure, "main", "edge")
    body["properties"]["dataCollector"] = None
    assert call.in_workspace("PUT", "/onlineEndpoints/edge/deployments/main", body=body).status_code == 200


def test_no_json_is_no_body(azure: LocalAzure, call: Caller) -> None:
    nonsense: list[Any] = [[], "text", 7]
    for body in nonsense:
        assert call.error("PUT", GREEN, body=body)[:2] == (400, "ValidationError")
    assert call.error("PUT", GREEN)[:2] == (400, "InvalidRequestContent")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
NAMES = st.sampled_from(["appInsightsEnabled", "requestSettings", "instanceType", "dataCollector"]) | st.text(
    max_size=5
)


@given(st.dictionaries(NAMES, ANYTHING), st.sampled_from(["Managed", "Kubernetes"]), st.booleans())
def test_whatever_the_service_sent_it_takes_back_with_one_field_changed(
    sent: dict[str, Any],
    kind: str,
    enabled: bool,  # noqa: FBT001 - drawn by position
) -> None:
    stored = resources.deployment("/subscriptions/s/resourceGroups/g/providers/p/workspaces/w", "e", "d", kind=kind)
    stored["properties"].update(sent)
    body = {**stored, "properties": {**stored["properties"], "appInsightsEnabled": enabled}}
    assert read(DEPLOYMENT, body, stored=stored) == (body, [])


@given(st.text(max_size=8).filter(lambda name: name not in resources.filled_in("Managed")), ANYTHING)
def test_a_key_that_neither_the_contract_nor_the_service_knows_is_named(name: str, value: object) -> None:
    stored = resources.deployment(
        "/subscriptions/s/resourceGroups/g/providers/p/workspaces/w", "e", "d", kind="Managed"
    )
    body = {**stored, "properties": {**stored["properties"], f"x{name}": value}}
    assert read(DEPLOYMENT, body, stored=stored)[1] == [(f"properties.x{name}", f"Could not find member 'x{name}'.")]
