"""Workspaces of the local Azure whose blobs lie elsewhere: what mlmon needs to find them as it does on Azure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from benchmarks.blobserver.containers import COLLECTION, Blobs
from emulators import resources
from emulators.arm import ArmPlane
from emulators.azure import LocalAzure, login_plane
from emulators.estate import WorkspaceName
from emulators.loganalytics import LogsPlane
from emulators.management import ManagementPlane

PLANES = (login_plane, ArmPlane, ManagementPlane, LogsPlane)


class ElsewhereAzure(LocalAzure):
    """Sign-in and control plane as ever; storage accounts are where `blobs_at` says, by their workspace's name."""

    blobs_at: ClassVar[dict[str, str]] = {}

    def new_storage(self, workspace: str) -> tuple[str, str]:
        return workspace, resources.new_key()

    def blob_endpoint(self, account: str) -> str:
        return f"{self.blobs_at[account]}/"


@contextmanager
def local_azure(folder: Path) -> Iterator[ElsewhereAzure]:
    """One that runs in this process, which has nothing else to do while clients are measured."""
    with ElsewhereAzure.start(folder, planes=PLANES) as azure:
        yield azure


def add(azure: ElsewhereAzure, name: str, *, url: str, blobs: Iterable[Blobs]) -> WorkspaceName:
    """A workspace whose account is at `url`, with a datastore and collecting deployments for each container."""
    azure.blobs_at[name] = url
    azure.workspace = azure.add_workspace(name)
    for each in blobs:
        azure.add_datastore(each.name, container=each.name)
        for deployment in each.deployments:
            uri = f"azureml://datastores/{each.name}/paths/{each.prefix(deployment)}"
            asset = azure.add_data(f"{each.name}-{deployment}-{COLLECTION}", uri=uri)
            collected = {COLLECTION: {"dataCollectionMode": "Enabled", "samplingRate": 1.0, "dataId": asset["id"]}}
            azure.add_deployment(each.name, deployment, dataCollector={"collections": collected, "rollingRate": "Hour"})
    return azure.workspace


def settle(folder: Path, where: WorkspaceName) -> Path:
    """A folder whose mlmon.toml names the workspace."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlmon.toml").write_text(
        f'workspace = "prod"\n\n[workspaces.prod]\nsubscription = "{where.subscription}"\n'
        f'resource_group = "{where.group}"\nname = "{where.name}"\n'
    )
    return folder
