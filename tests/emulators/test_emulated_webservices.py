"""The v1 plane is as strict as model management is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import requests

from emulators.azure import LocalAzure

JSON_PATCH = {"Content-Type": "application/json-patch+json"}
COLLECT = [{"op": "replace", "path": "/dataCollection/storageEnabled", "value": True}]
QUIET = [{"op": "replace", "path": "/appInsightsEnabled", "value": False}]


def call(
    azure: LocalAzure, method: str, path: str, *, body: object = None, headers: dict[str, str] | None = None
) -> requests.Response:
    """One request below the workspace's model management."""
    given = {"Authorization": f"Bearer {azure.token(azure.url('arm'))}", **(headers or {})}
    place = f"{azure.v1.url}/modelmanagement/v1.0{azure.workspace.id}"
    url = path if path.startswith("https://") else place + path
    certificate = str(azure.certificate.authority)
    return requests.request(method, url, json=body, headers=given, verify=certificate, timeout=10)


@pytest.fixture
def services(azure: LocalAzure) -> dict[str, dict[str, Any]]:
    """`svc` on AKS and `small` on ACI, with Application Insights on."""
    azure.webservices.services.clear()
    azure.webservices.logs.clear()
    for name, kind in (("svc", "AKS"), ("small", "ACI")):
        azure.webservices.add(name, kind=kind, appInsightsEnabled=True)
    return azure.webservices.services


def test_discovery_needs_no_sign_in_and_everything_else_does(azure: LocalAzure, services: object) -> None:
    found = requests.get(azure.v1.discovery_url, verify=str(azure.certificate.authority), timeout=10)
    assert found.json()["modelmanagement"] == azure.v1.url
    assert azure.workspaces["ws"]["properties"]["discoveryUrl"] == azure.v1.discovery_url
    assert call(azure, "GET", "/services", headers={"Authorization": ""}).status_code == 401
    other = {"Authorization": f"Bearer {azure.token('https://storage.azure.com')}"}
    assert call(azure, "GET", "/services", headers=other).status_code == 401


def test_a_list_is_paged_and_can_be_of_one_compute_type(
    azure: LocalAzure, services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure, "page_size", 1)
    first = call(azure, "GET", "/services?expand=true").json()
    second = call(azure, "GET", first["nextLink"]).json()
    assert [*first["value"], *second["value"]] == [services["svc"], services["small"]]
    assert "nextLink" not in second
    monkeypatch.undo()
    only = call(azure, "GET", "/services?expand=true&computeType=aci").json()
    assert only == {"value": [services["small"]]}


@pytest.mark.parametrize("accepted", [True, False])
def test_a_change_runs_is_asked_after_and_done(
    azure: LocalAzure, services: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *, accepted: bool
) -> None:
    monkeypatch.setattr(azure.v1, "accepted", accepted)
    before = copy.deepcopy(services["svc"])
    with azure.operations.going(polls=1):
        answer = call(azure, "PATCH", "/services/svc", body=COLLECT + QUIET, headers=JSON_PATCH)
    if accepted:
        assert answer.status_code == 202
        operation = answer.headers["Operation-Location"]
    else:
        assert answer.status_code == 200
        operation = f"/operations/{answer.json()['operationId']}"
    assert services["svc"] == {**before, "state": "Transitioning"}
    assert call(azure, "PATCH", "/services/svc", body=QUIET, headers=JSON_PATCH).json()["code"] == "Conflict"
    assert call(azure, "GET", operation).json()["state"] == "Running"
    assert call(azure, "GET", operation).json()["state"] == "Succeeded"
    collecting = {**before["dataCollection"], "storageEnabled": True}
    assert services["svc"] == {**before, "dataCollection": collecting, "appInsightsEnabled": False}


@pytest.mark.parametrize("ending", ["Failed", "Cancelled", "TimedOut"])
def test_a_change_that_comes_to_nothing_says_so(azure: LocalAzure, services: dict[str, Any], ending: str) -> None:
    with azure.operations.going(polls=0, status=ending):
        answer = call(azure, "PATCH", "/services/svc", body=COLLECT, headers=JSON_PATCH)
    operation = call(azure, "GET", answer.headers["Operation-Location"]).json()
    assert (operation["state"], operation["error"]["details"][0]["code"]) == (ending, "CrashLoopBackOff")
    assert services["svc"]["dataCollection"]["storageEnabled"] is False


@pytest.mark.parametrize(
    ("name", "patch", "headers", "status"),
    [
        ("svc", COLLECT, {}, 415),
        ("svc", COLLECT[0], JSON_PATCH, 400),
        ("svc", [], JSON_PATCH, 400),
        ("svc", [{**COLLECT[0], "op": "remove"}], JSON_PATCH, 400),
        ("svc", [{**COLLECT[0], "value": "true"}], JSON_PATCH, 400),
        ("svc", [{**COLLECT[0], "path": "/dataCollection/eventHubEnabled"}], JSON_PATCH, 400),
        ("svc", [{**COLLECT[0], "path": "dataCollection/storageEnabled"}], JSON_PATCH, 400),
        ("svc", [{**COLLECT[0], "path": "/state"}], JSON_PATCH, 400),
        ("svc", [{"op": "replace", "path": "/numReplicas", "value": True}], JSON_PATCH, 400),
        ("small", COLLECT, JSON_PATCH, 400),  # ACI has no such switch
        ("nobody", QUIET, JSON_PATCH, 404),
    ],
)
def test_what_the_service_would_not_take_changes_nothing(
    azure: LocalAzure, services: dict[str, Any], name: str, patch: object, *, headers: dict[str, str], status: int
) -> None:
    before = copy.deepcopy(services)
    answer = call(azure, "PATCH", f"/services/{name}", body=patch, headers=headers)
    assert (answer.status_code, answer.json()["statusCode"]) == (status, status)
    assert services == before


def test_validating_tells_what_would_be_refused_without_refusing(azure: LocalAzure, services: object) -> None:
    def validate(name: str, patch: object) -> object:
        body = {"type": "Update", "serviceName": name, "createRequest": None, "updateRequest": patch}
        answer = call(azure, "POST", "/services/validate", body=body)
        assert answer.status_code == 200
        return answer.json()

    assert validate("svc", COLLECT) == {}
    refused = validate("small", COLLECT)
    assert isinstance(refused, dict)
    expected = "The field '/dataCollection/storageEnabled' cannot be updated for services of compute type ACI"
    assert refused["error"]["message"] == expected


def test_unknown_fields_survive_a_change(azure: LocalAzure, services: dict[str, Any]) -> None:
    services["svc"]["brandNew"] = {"nested": [1, None]}
    with azure.operations.going(polls=0):
        answer = call(azure, "PATCH", "/services/svc", body=COLLECT, headers=JSON_PATCH)
    assert call(azure, "GET", answer.headers["Operation-Location"]).json()["state"] == "Succeeded"
    assert call(azure, "GET", "/services/svc?expand=true").json()["brandNew"] == {"nested": [1, None]}


def test_logs_are_the_last_lines_of_either_container(azure: LocalAzure, services: object) -> None:
    azure.webservices.logs["svc", False] = "a\nb\nc\n"
    azure.webservices.logs["svc", True] = "init\n"
    assert call(azure, "GET", "/services/svc/logs?tail=2&init=False").json() == {"content": "b\nc\n"}
    assert call(azure, "GET", "/services/svc/logs?tail=0").json() == {"content": ""}
    assert call(azure, "GET", "/services/svc/logs?init=True").json() == {"content": "init\n"}
    assert call(azure, "GET", "/services/svc/logs?tail=-1").status_code == 400


def test_a_service_may_vanish_between_the_list_and_the_get(azure: LocalAzure, services: dict[str, Any]) -> None:
    assert len(call(azure, "GET", "/services?expand=true").json()["value"]) == 2
    del services["svc"]
    answer = call(azure, "GET", "/services/svc?expand=true")
    assert (answer.status_code, answer.json()["details"][0]["code"]) == (404, "ServiceNotFound")


def test_whoever_lacks_the_role_is_forbidden(azure: LocalAzure, services: object) -> None:
    with azure.deny(".*/services/aks/write"):
        assert call(azure, "PATCH", "/services/svc", body=QUIET, headers=JSON_PATCH).status_code == 403
        assert call(azure, "GET", "/services/svc").status_code == 200
    elsewhere = azure.v1.url + "/modelmanagement/v1.0" + azure.workspace.id.replace("/ws", "/gone") + "/services"
    assert call(azure, "GET", elsewhere).json()["code"] == "WorkspaceNotFound"
