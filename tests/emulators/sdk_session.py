"""What a person does with azure-ai-ml in one session, knowing the workspace by its environment alone.

Run by its path: `python -P sdk_session.py RESULTS SUBSCRIPTION GROUP WORKSPACE`; writes what it saw as JSON to RESULTS
(azure-ai-ml itself prints to stdout).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    DataCollector,
    DeploymentCollection,
    KubernetesOnlineDeployment,
    ManagedOnlineDeployment,
    OnlineDeployment,
)
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential


def reading(client: MLClient, workspace: str) -> dict[str, object]:
    """Everything that only reads."""
    store = client.datastores.get("workspaceblobstore", include_secrets=True)
    data, latest = (
        client.data.get("ep1-blue-model_inputs", "1"),
        client.data.get("ep1-blue-model_inputs", label="latest"),
    )
    return {
        "workspace": client.workspaces.get(workspace).location,
        "workspaces": [one.name for one in client.workspaces.list()],
        "default": client.datastores.get_default().container_name,
        "secret": store.credentials.type,
        "endpoints": [one.name for one in client.online_endpoints.list()],
        "traffic": client.online_endpoints.get("ep1").traffic,
        "key": client.online_endpoints.get_keys("ep1").primary_key,
        "deployments": [one.name for one in client.online_deployments.list("ep1")],
        "blue": seen(client.online_deployments.get("blue", "ep1")),
        "edge": seen(client.online_deployments.get("main", "edge")),
        "log": client.online_deployments.get_logs("blue", "ep1", 2),
        "init": client.online_deployments.get_logs("blue", "ep1", 5, container_type="storage-initializer"),
        "data": [data.path, latest.version],
        "schedules": [one.name for one in client.schedules.list()],
        "schedule": client.schedules.get("nightly").display_name,
    }


def seen(deployment: OnlineDeployment) -> dict[str, object]:
    """A deployment as the SDK understands it."""
    collector = deployment.data_collector
    collections = {name: str(one.enabled) for name, one in collector.collections.items()} if collector else {}
    return {"kind": type(deployment).__name__, "insights": deployment.app_insights_enabled, "collections": collections}


def writing(client: MLClient, workspace: str) -> dict[str, object]:
    """A new deployment of each kind, the first with a collector; then a failure."""
    parts: dict[str, Any] = {
        "model": f"{workspace}/models/churn/versions/1",
        "environment": f"{workspace}/environments/scoring/versions/1",
        "app_insights_enabled": True,
    }
    collector = DataCollector(collections={"model_inputs": DeploymentCollection(enabled="true")}, rolling_rate="hour")
    managed = ManagedOnlineDeployment(
        name="new", endpoint_name="ep1", instance_type="Standard_DS3_v2", data_collector=collector, **parts
    )
    kubernetes = KubernetesOnlineDeployment(name="new", endpoint_name="edge", **parts)
    nowhere = ManagedOnlineDeployment(name="new", endpoint_name="none", instance_type="Standard_DS3_v2", **parts)
    create = client.online_deployments.begin_create_or_update
    return {
        "managed": seen(create(managed).result()),
        "kubernetes": seen(create(kubernetes).result()),
        "nowhere": refusal(lambda: create(nowhere)),
        "missing": refusal(lambda: client.online_deployments.get("none", "ep1")),
    }


def refusal(act: Callable[[], object]) -> list[object]:
    """How the SDK reports what the service refused."""
    try:
        act()
    except HttpResponseError as error:
        return [type(error).__name__, error.status_code, error.error.code if error.error else None]
    return []


def main(results: Path, subscription: str, group: str, name: str) -> None:
    # an authority that is not Microsoft's cannot be looked up at Microsoft's
    credential = DefaultAzureCredential(disable_instance_discovery=True)
    client = MLClient(credential, subscription, group, name, enable_telemetry=False, show_progress=False)
    workspace = client.workspaces.get(name).id
    results.write_text(json.dumps({**reading(client, name), **writing(client, workspace)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
