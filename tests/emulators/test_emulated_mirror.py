"""An Azure made from an embedded workspace holds the same, with Azure's own defects, and scores as switched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from emulators import webservices
from emulators.azure import LocalAzure
from mlmon.core.model import ServiceName
from mlmon.core.ports import Dialect
from mlmon.kql.engine import run
from mlmon.kql.schema import SCHEMAS
from mlmon.local.workspace import LocalWorkspace
from workspace.backend import FAILING, WORKING
from workspace.conftest import COLLECTING, PLAIN

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
V1, V2 = ServiceName("sums"), ServiceName("ep", "blue")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> LocalWorkspace:
    """A v1 and a v2 service that have scored and failed."""
    folder = tmp_path_factory.mktemp("embedded")
    ticks = iter(range(1_000_000))
    workspace = LocalWorkspace.create(
        folder / "shop", name="shop", clock=lambda: NOW + timedelta(milliseconds=next(ticks))
    )
    for name, script in ((V1, COLLECTING), (V2, PLAIN)):
        path = workspace.folder / f"{name.endpoint}.py"
        path.write_text(script)
        workspace.register(name, script=path, features=["a", "b"])
        for body in (WORKING, FAILING):
            workspace.scoring.invoke(name, body)
    return workspace


@pytest.fixture
def mirrored(embedded: LocalWorkspace, tmp_path: Path) -> Iterator[LocalAzure]:
    with LocalAzure.start(tmp_path, mirror=embedded.folder) as azure:
        ticks = iter(range(1_000_000))
        azure.log_analytics.clock = lambda: NOW + timedelta(minutes=1, milliseconds=next(ticks))
        yield azure


def every_blob(workspace: LocalWorkspace) -> dict[tuple[str, str], bytes]:
    blobs = workspace.blobs
    return {
        (blob.container, blob.name): b"".join(blobs.read(blob))
        for name in (V1, V2)
        for root in blobs.roots(name)
        for blob in blobs.list(root.container, root.prefix)
    }


def asked(azure: LocalAzure, kql: str, dialect: Dialect = Dialect.CLASSIC) -> list[tuple[Any, ...]]:
    rows = azure.telemetry.of_component(azure.component["id"])
    if dialect is Dialect.WORKSPACE:
        rows = azure.telemetry.of_workspace("guid")
    return list(run(kql, files=rows, now=NOW, schema=SCHEMAS[dialect]).rows)


def score(azure: LocalAzure, name: ServiceName, body: str) -> requests.Response:
    if name.deployment:
        url = azure.endpoints[name.endpoint]["properties"]["scoringUri"]
        key = azure.contents.keys[name.endpoint]
    else:
        url, key = azure.webservices.services[str(name)]["scoringUri"], webservices.key(str(name))
    headers = {"Authorization": f"Bearer {key}", "azureml-model-deployment": name.deployment}
    return requests.post(url, data=body, headers=headers, verify=str(azure.certificate.authority), timeout=10)


def test_services_have_the_same_switches(embedded: LocalWorkspace, mirrored: LocalAzure) -> None:
    assert mirrored.workspace.name == "shop"
    assert mirrored.webservices.services["sums"]["dataCollection"]["storageEnabled"] is True
    properties = mirrored.deployments["ep", "blue"]["properties"]
    assert properties["appInsightsEnabled"] is True
    assert {name: each["dataCollectionMode"] for name, each in properties["dataCollector"]["collections"].items()} == {
        "model_inputs": "Enabled",
        "model_outputs": "Enabled",
    }
    for name, setting in properties["dataCollector"]["collections"].items():
        asset = mirrored.data[f"ep-blue-{name}", "1"]
        assert setting["dataId"] == asset["id"]
        uri = f"azureml://datastores/workspaceblobstore/paths/modelDataCollector/ep/blue/{name}"
        assert asset["properties"]["dataUri"] == uri


def test_blobs_stand_in_the_same_places(embedded: LocalWorkspace, mirrored: LocalAzure) -> None:
    container = mirrored.datastores["workspaceblobstore"]["properties"]["containerName"]
    found = every_blob(embedded)
    assert {place for place, _ in found} == {"modeldata", container}
    assert {place: mirrored.blobs.read(*place) for place in found} == found


def test_logs_are_the_same_lines(embedded: LocalWorkspace, mirrored: LocalAzure) -> None:
    v1, v2 = (embedded.logs.snapshot(name, lines=1000).lines for name in (V1, V2))
    assert mirrored.webservices.logs["sums", False].splitlines() == list(v1)
    assert mirrored.contents.logs["ep", "blue", "InferenceServer"] == list(v2)


def test_v2_requests_have_the_defects_of_the_inference_server(mirrored: LocalAzure) -> None:
    own = "requests | summarize count() by cloud_RoleName, success, resultCode, native = duration == 0"
    assert sorted(asked(mirrored, own)) == [
        ("ep/blue", "True", "0", True, 2),
        ("sums", "False", "500", False, 1),
        ("sums", "True", "200", False, 1),
    ]
    true = (
        'AppRequests | where AppRoleName == "ep/blue" | extend ms = totimespan(tostring(Properties.duration)) / 1ms '
        "| project tostring(Properties.resultCode), ms > 0 | order by Properties_resultCode asc"
    )
    assert asked(mirrored, true, Dialect.WORKSPACE) == [("200", True), ("500", True)]


def test_printed_text_is_where_each_server_puts_it(mirrored: LocalAzure) -> None:
    kql = 'traces | summarize count() by cloud_RoleName, printed = iff(message == "STDOUT", "bag", "message")'
    assert sorted(asked(mirrored, kql)) == [("ep/blue", "message", 1), ("sums", "bag", 1)]


@pytest.mark.parametrize("name", [V1, V2])
def test_scoring_writes_what_the_azure_switches_say(
    embedded: LocalWorkspace, mirrored: LocalAzure, name: ServiceName
) -> None:
    before = every_blob(embedded)
    answer = score(mirrored, name, WORKING)
    assert (answer.status_code, answer.json()) == (200, [3, 7])
    assert asked(mirrored, f'requests | where cloud_RoleName == "{name}" | count') == [(3,)]
    grown = {place: len(mirrored.blobs.read(*place)) - len(data) for place, data in before.items()}
    assert len([place for place, more in grown.items() if more > 0]) == 2
    _switch_off(mirrored, name)
    assert score(mirrored, name, FAILING).status_code == 500
    assert asked(mirrored, f'requests | where cloud_RoleName == "{name}" | count') == [(3,)]
    assert {place: len(mirrored.blobs.read(*place)) - len(data) for place, data in before.items()} == grown
    assert every_blob(embedded) == before


def _switch_off(azure: LocalAzure, name: ServiceName) -> None:
    if not name.deployment:
        azure.webservices.services[str(name)]["appInsightsEnabled"] = False
        azure.webservices.services[str(name)]["dataCollection"]["storageEnabled"] = False
        return
    properties = azure.deployments[name.endpoint, name.deployment]["properties"]
    properties["appInsightsEnabled"] = False
    for collection in properties["dataCollector"]["collections"].values():
        collection["dataCollectionMode"] = "Disabled"


def test_scoring_needs_a_key_and_something_deployed(mirrored: LocalAzure) -> None:
    url = mirrored.endpoints["ep"]["properties"]["scoringUri"]
    refused = requests.post(url, data=WORKING, verify=str(mirrored.certificate.authority), timeout=10)
    assert (refused.status_code, json.loads(refused.text)["error"]["code"]) == (401, "Unauthorized")
    assert score(mirrored, ServiceName("ep", "green"), WORKING).status_code == 404
