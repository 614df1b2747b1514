"""Random resources, as Azure and its older, newer and other clients may have left them."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]
Strategy = st.SearchStrategy[Any]

_WORD = st.text(alphabet=string.ascii_letters, min_size=1, max_size=8)
_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
_LEAF = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
)
ANYTHING: Strategy = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=6
)
"""Any JSON value."""
_UNKNOWN = st.dictionaries(_WORD.map("x".__add__), ANYTHING, max_size=2)
"""Fields that no contract knows."""
_DURATION = st.sampled_from(["PT0.5S", "PT0.0001S", "PT1M30.25S", "P1DT2H", "PT5S", None])
_PROBE = st.none() | st.fixed_dictionaries(
    {"period": _DURATION, "timeout": _DURATION}, optional={"failureThreshold": st.integers(1, 30)}
)
_IDENTITY = st.sampled_from(
    [
        None,
        {"type": "None"},
        {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"},
        {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s/x": {"clientId": "c"}, "/y": None}},
    ]
)
_TAGS = st.none() | st.dictionaries(_TEXT, st.none() | _TEXT, max_size=3)
_RATE = st.floats(0, 1) | st.sampled_from([0, 1])
_WHOLE_COLLECTION = st.fixed_dictionaries(
    {
        "dataCollectionMode": st.sampled_from(["Enabled", "Disabled"]),
        "dataId": st.just("azureml:/subscriptions/s/data/somebodys/versions/3"),
        "samplingRate": _RATE,
    },
    optional={"clientId": st.none() | st.just("c1")},
)
_RAGGED_COLLECTION = st.fixed_dictionaries(
    {},
    optional={
        "dataCollectionMode": st.sampled_from(["Enabled", "enabled", "Disabled", "disabled", None]),
        "dataId": st.sampled_from([None, "", "azureml:somebodys:3"]),
        "samplingRate": st.none() | _RATE,
        "clientId": st.none() | st.just("c1"),
    },
)
_COLLECTION_NAMES = st.sampled_from(["model_inputs", "Model_Outputs", "model_outputs", "request", "audit", "a.b"])


@st.composite
def deployments(draw: st.DrawFn, workspace: str, name: tuple[str, str]) -> Document:
    """A deployment of an endpoint, managed or on Kubernetes; whole, or with parts that are null, missing or odd."""
    kind = draw(st.sampled_from(["Managed", "Kubernetes"]))
    whole = draw(st.booleans())
    properties = {
        "endpointComputeType": kind,
        "provisioningState": "Succeeded",
        **draw(_settings(kind)),
        **draw(_collector(whole=whole)),
        **draw(_UNKNOWN),
    }
    if whole:
        # azure-ai-ml reads no deployment without these
        limits = {"cpu": "1", "memory": "2Gi", "gpu": None}
        properties["scaleSettings"] = {"scaleType": "Default"}
        properties["containerResourceRequirements"] = {"containerResourceLimits": limits, "xNew": draw(ANYTHING)}
    sku = {"name": "Default", "tier": "Standard", "capacity": draw(st.integers(0, 9)), **draw(_UNKNOWN)}
    id_ = f"{workspace}/onlineEndpoints/{name[0]}/deployments/{name[1]}"
    document: Document = {
        "id": id_,
        "name": name[1],
        "type": "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
        "systemData": {"createdAt": "2026-01-05T08:00:00.1234567+00:00"},
        "location": "westeurope",
        "properties": properties,
        "sku": sku,
    }
    if not whole:
        document["sku"] = draw(st.sampled_from([None, {"name": "Default"}, sku]))
        document |= draw(_UNKNOWN)
    return document | draw(
        st.fixed_dictionaries({}, optional={"kind": st.none() | _WORD, "tags": _TAGS, "identity": _IDENTITY})
    )


def _settings(kind: str) -> Strategy:
    optional: dict[str, Strategy] = {
        "appInsightsEnabled": st.booleans(),
        "codeConfiguration": st.none() | st.just({"codeId": "/codes/c/versions/1", "scoringScript": "score.py"}),
        "description": st.none() | _TEXT,
        "environmentVariables": st.none() | st.dictionaries(_TEXT, _TEXT, max_size=2),
        "instanceType": st.just("Standard_DS3_v2"),
        "livenessProbe": _PROBE,
        "model": st.none() | st.just("azureml://registries/r/models/m/versions/1"),
        "modelMountPath": st.none() | st.just("/var/model"),
        "properties": st.none() | st.dictionaries(_WORD, _TEXT, max_size=2),
        "readinessProbe": _PROBE,
        "requestSettings": st.none()
        | st.fixed_dictionaries({"maxQueueWait": _DURATION, "requestTimeout": _DURATION}, optional={"xNew": ANYTHING}),
        "scaleSettings": st.sampled_from([None, {"scaleType": "Default"}]),
        "startupProbe": _PROBE,
    }
    if kind == "Managed":
        optional["egressPublicNetworkAccess"] = st.just("Disabled")
    return st.fixed_dictionaries({}, optional=optional)


def _collector(*, whole: bool) -> Strategy:
    """Nothing, or `dataCollector` in one of the shapes that it is found in."""
    collection = _WHOLE_COLLECTION if whole else _RAGGED_COLLECTION
    extended = st.builds(lambda known, more: {**known, **more}, collection, st.just({}) if whole else _UNKNOWN)
    collections = st.dictionaries(_COLLECTION_NAMES, extended, max_size=4)
    optional: dict[str, Strategy] = {
        "rollingRate": st.sampled_from(["Hour", "Minute", "Day"]),
        "requestLogging": st.none() | st.just({"captureHeaders": ["x-ms-client-request-id"]}),
        "xNew": ANYTHING,
    }
    collector = st.fixed_dictionaries({"collections": collections}, optional=optional)
    if not whole:
        collector |= st.sampled_from([None, {}, {"collections": None}, {"collections": {"model_inputs": None}}])
    return st.just({}) | collector.map(lambda made: {"dataCollector": made})


@st.composite
def web_services(draw: st.DrawFn, whole: Document) -> Document:
    """A v1 web service like `whole`, with fields that are null, missing or unknown."""
    kept = {
        key: value
        for key, value in whole.items()
        if key in {"id", "name", "computeType", "state"} or draw(st.booleans())
    }
    collection: Strategy = st.fixed_dictionaries(
        {"storageEnabled": st.booleans()}, optional={"eventHubEnabled": st.booleans(), "xNew": ANYTHING}
    )
    return {**kept, "dataCollection": draw(collection), "appInsightsEnabled": draw(st.booleans()), **draw(_UNKNOWN)}
