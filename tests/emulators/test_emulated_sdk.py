"""azure-ai-ml itself, unmodified and in a process of its own, works against the local Azure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulators.azure import LocalAzure

SCRIPT = Path(__file__).with_name("sdk_session.py")
MONITOR = {
    "displayName": "Every night",
    "isEnabled": True,
    "trigger": {"triggerType": "Recurrence", "frequency": "day", "interval": 1},
    "action": {
        "actionType": "CreateMonitor",
        "monitorDefinition": {
            "computeConfiguration": {
                "computeType": "ServerlessSpark",
                "runtimeVersion": "3.4",
                "instanceType": "standard_e4s_v3",
                "computeIdentity": {"computeIdentityType": "AmlToken"},
            },
            "signals": {},
        },
    },
}


@pytest.fixture(scope="module")
def seen(azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one session saw; lists come in pages of one."""
    azure.add_schedule("nightly", MONITOR)
    azure.page_size = 1
    results = tmp_path_factory.mktemp("sdk") / "results.json"
    where = azure.workspace
    # -P: the script's own folder, which has an azure.py, stays off the import path
    command = [sys.executable, "-P", str(SCRIPT), str(results), where.subscription, where.group, where.name]
    home = {"HOME": str(results.parent), "PATH": ""}  # no az, nobody's files
    done = subprocess.run(
        command, env={**azure.environ, **home}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(results.read_text()))


def test_it_reads_the_workspace_and_its_datastores(azure: LocalAzure, seen: dict[str, Any]) -> None:
    container = azure.datastores["workspaceblobstore"]["properties"]["containerName"]
    told = {name: seen[name] for name in ("workspace", "workspaces", "default", "secret")}
    assert told == {"workspace": "westeurope", "workspaces": ["ws"], "default": container, "secret": "sas"}


def test_it_reads_endpoints_and_deployments_of_both_kinds(azure: LocalAzure, seen: dict[str, Any]) -> None:
    told = {name: seen[name] for name in ("endpoints", "traffic", "key", "deployments", "blue", "edge")}
    assert told == {
        "endpoints": ["ep1", "edge"],
        "traffic": {"blue": 100, "green": 0},
        "key": azure.contents.keys["ep1"],
        "deployments": ["blue", "green"],
        "blue": {
            "kind": "ManagedOnlineDeployment",
            "insights": False,
            "collections": {"model_inputs": "true", "model_outputs": "true"},
        },
        "edge": {"kind": "KubernetesOnlineDeployment", "insights": False, "collections": {}},
    }


def test_it_reads_the_logs_of_both_containers(seen: dict[str, Any]) -> None:
    assert seen["log"].endswith("Container logs:\nrequest 99 scored\nrequest 100 scored\n")
    assert seen["init"].endswith("Container logs:\nModel downloaded\n")


def test_it_reads_data_assets_and_schedules(azure: LocalAzure, seen: dict[str, Any]) -> None:
    uri = azure.data["ep1-blue-model_inputs", "1"]["properties"]["dataUri"]
    told = {name: seen[name] for name in ("data", "schedules", "schedule")}
    assert told == {"data": [uri, "1"], "schedules": ["nightly"], "schedule": "Every night"}


def test_it_creates_deployments_and_registers_the_data_they_collect(azure: LocalAzure, seen: dict[str, Any]) -> None:
    collected = {"model_inputs": "true"}
    assert (seen["managed"], seen["kubernetes"]) == (
        {"kind": "ManagedOnlineDeployment", "insights": True, "collections": collected},
        {"kind": "KubernetesOnlineDeployment", "insights": True, "collections": {}},
    )
    assert azure.data["ep1-new-model_inputs", "1"]["properties"]["dataUri"] == (
        "azureml://datastores/workspaceblobstore/paths/modelDataCollector/ep1/new/model_inputs"
    )
    stored = azure.deployments["ep1", "new"]["properties"]["dataCollector"]
    assert (stored["rollingRate"], stored["collections"]["model_inputs"]["dataCollectionMode"]) == ("Hour", "Enabled")


def test_it_understands_what_is_refused(seen: dict[str, Any]) -> None:
    assert (seen["nowhere"], seen["missing"]) == (
        ["ResourceNotFoundError", 404, "ResourceNotFound"],
        ["ResourceNotFoundError", 404, "ResourceNotFound"],
    )


def test_every_request_was_one_the_service_answered(azure: LocalAzure, seen: dict[str, Any]) -> None:
    assert [str(one) for one in azure.requests if one.status not in {200, 201, 202, 404}] == []
    assert azure.requests.count("arm", path="/metadata/") >= 1
