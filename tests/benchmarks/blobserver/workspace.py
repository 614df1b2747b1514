"""A workspace of the local Azure whose blobs lie elsewhere: what mlmon needs to find them as it does on Azure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.blobserver.containers import COLLECTION, Blobs
from emulators.arm import ArmPlane
from emulators.azure import LocalAzure, login_plane
from emulators.estate import WorkspaceName
from emulators.loganalytics import LogsPlane
from emulators.management import ManagementPlane

PLANES = (login_plane, ArmPlane, ManagementPlane, LogsPlane)


class ElsewhereAzure(LocalAzure):
    """Sign-in and control plane as ever; the storage account's endpoint is told with `blobs_at`."""

    blobs_at = ""

    def blob_endpoint(self, account: str) -> str:
        return f"{self.blobs_at}/"


@contextmanager
def local_azure(folder: Path) -> Iterator[ElsewhereAzure]:
    """One that runs in this process, which has nothing else to do while clients are measured."""
    with ElsewhereAzure.start(folder, planes=PLANES) as azure:
        yield azure


def add(azure: LocalAzure, blobs: Iterable[Blobs]) -> None:
    """A datastore and a collecting deployment for each container."""
    for each in blobs:
        azure.add_datastore(each.name, container=each.name)
        for deployment in each.deployments:
            uri = f"azureml://datastores/{each.name}/paths/{each.prefix(deployment)}"
            asset = azure.add_data(f"{each.name}-{deployment}-{COLLECTION}", uri=uri)
            collected = {COLLECTION: {"dataCollectionMode": "Enabled", "samplingRate": 1.0, "dataId": asset["id"]}}
            azure.add_deployment(each.name, deployment, dataCollector={"collections": collected, "rollingRate": "Hour"})


def settle(folder: Path, where: WorkspaceName) -> Path:
    """A folder whose mlmon.toml names the workspace."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlmon.toml").write_text(
        f'workspace = "prod"\n\n[workspaces.prod]\nsubscription = "{where.subscription}"\n'
        f'resource_group = "{where.group}"\nname = "{where.name}"\n'
    )
    return folder
