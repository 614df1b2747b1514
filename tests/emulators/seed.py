"""A small workspace to look at: for people trying by hand, and for tests that need no particular one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # only an annotation
    from emulators.azure import LocalAzure

COLLECTED = ("model_inputs", "model_outputs")


def small(azure: LocalAzure) -> None:
    """`ep1/blue` (managed, collecting), `ep1/green` (managed, all off), `edge/main` (Kubernetes), with logs."""
    collections = {name: _collection(azure, name) for name in COLLECTED}
    azure.add_deployment("ep1", "blue", dataCollector={"collections": collections, "rollingRate": "Hour"})
    azure.add_deployment("ep1", "green")
    azure.add_deployment("edge", "main", kind="Kubernetes")
    for endpoint, deployment in azure.deployments:
        azure.set_log(endpoint, deployment, "StorageInitializer", ["Model downloaded"])
        azure.set_log(endpoint, deployment, "InferenceServer", [f"request {number} scored" for number in range(1, 101)])


def _collection(azure: LocalAzure, name: str) -> dict[str, object]:
    uri = f"azureml://datastores/workspaceblobstore/paths/modelDataCollector/ep1/blue/{name}"
    asset = azure.add_data(f"ep1-blue-{name}", uri=uri)
    return {"dataCollectionMode": "Enabled", "samplingRate": 1.0, "dataId": asset["id"]}
