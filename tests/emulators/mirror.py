"""An Azure workspace that holds what an embedded one holds: the same commands must come to the same outcomes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emulators.estate import INFERENCE_SERVER, STORAGE_INITIALIZER, WorkspaceName
from emulators.telemetry import as_inference_server
from mlmon.core.model import BlobInfo, CollectionSetting, Generation, Json, Response, ServiceName, Switch, SwitchRequest
from mlmon.local import definition
from mlmon.local.blobs import V1_CONTAINER, v2_container
from mlmon.local.definition import Definition, ServiceEntry
from mlmon.local.workspace import LocalWorkspace

if TYPE_CHECKING:  # azure.py makes one of these
    from emulators.azure import LocalAzure

DATASTORE: Final = "workspaceblobstore"
_CONTAINERS: Final = {INFERENCE_SERVER: "inference-server", STORAGE_INITIALIZER: "storage-initializer"}
_V1_SCORING: Final = "/api/v1/service/{}/score"


def copy_in(folder: Path) -> Path:
    """Where in the folder of an Azure the copy of the embedded workspace lies."""
    return folder / "mirrored"


class Mirror:
    """Fills an Azure from the folder of an embedded workspace, and scores with a copy of it.

    v1 services are on AKS, v2 deployments are managed. The folder itself stays as it is.
    """

    def __init__(self, azure: LocalAzure, folder: Path) -> None:
        self._azure = azure
        copied = copy_in(azure.folder)
        shutil.copytree(folder, copied, symlinks=True)
        # asked anew each time: a test may put another clock there
        self._local = LocalWorkspace.open(copied, clock=lambda: azure.log_analytics.clock())  # noqa: PLW0108
        path = copied / definition.FILE_NAME
        self._definition: Definition = definition.parse(path.read_bytes(), path)
        self._rows_read: dict[Path, int] = {}
        self._sizes: dict[tuple[str, str], int] = {}

    def add_workspace(self) -> WorkspaceName:
        """The Azure workspace with the embedded one's names and id."""
        own, azure = self._definition, self._azure
        azure.add_subscription("Mirrored", id_=own.subscription)
        made = azure.add_workspace(own.name, group=own.resource_group, subscription=own.subscription)
        azure.workspaces[own.name]["properties"]["workspaceId"] = str(own.id)
        azure.add_datastore(DATASTORE, container=v2_container(own), default=True, workspace=made)
        return made

    def fill(self) -> None:
        """Services, logs, telemetry and blobs; the workspace must be the default one by now."""
        for entry in self._definition.services.values():
            self._add_service(entry)
            self._copy_logs(entry.name)
        self._copy_rows()
        for container in (V1_CONTAINER, v2_container(self._definition)):
            self._azure.blobs.make_container(container)
            self._copy_blobs(self._local.blobs.list(container, ""))

    def score(self, name: ServiceName, body: str) -> Response:
        """Score in the copy, switched as the Azure resource is, and keep what came of it in Azure."""
        self._switch(name)
        answer = self._local.scoring.invoke(name, body)
        self._copy_logs(name)
        self._copy_rows()
        for root in self._local.blobs.roots(name):
            self._copy_blobs(self._local.blobs.list(root.container, root.prefix))
        return answer

    # services

    def _add_service(self, entry: ServiceEntry) -> None:
        name = entry.name
        if name.generation is Generation.V2:
            collector: dict[str, Any] = {"dataCollector": self._collector(entry)} if entry.collections else {}
            self._azure.add_deployment(name.endpoint, name.deployment, appInsightsEnabled=entry.insights, **collector)
            return
        self._azure.webservices.add(
            str(name),
            appInsightsEnabled=entry.insights,
            dataCollection={"eventHubEnabled": False, "storageEnabled": entry.collection},
            scoringUri=self._azure.url("scoring") + _V1_SCORING.format(name),
        )

    def _collector(self, entry: ServiceEntry) -> dict[str, Any]:
        return {
            "collections": {each.name: self._collection(entry.name, each) for each in entry.collections},
            "rollingRate": "Hour",
        }

    def _collection(self, name: ServiceName, setting: CollectionSetting) -> dict[str, Json]:
        path = f"modelDataCollector/{name}/{setting.name}"
        asset = self._azure.add_data(
            f"{name.endpoint}-{name.deployment}-{setting.name}", uri=f"azureml://datastores/{DATASTORE}/paths/{path}"
        )
        return {
            "dataCollectionMode": "Enabled" if setting.enabled else "Disabled",
            "samplingRate": setting.sampling_rate,
            "dataId": asset["id"],
        }

    def _switch(self, name: ServiceName) -> None:
        """Put the copy's switches where the Azure resource has them."""
        services = self._local.services
        for request in self._wanted(name):
            services.apply(services.plan(name, request))

    def _wanted(self, name: ServiceName) -> Iterator[SwitchRequest]:
        if name.generation is Generation.V1:
            service = self._azure.webservices.services[str(name)]
            yield SwitchRequest(Switch.INSIGHTS, on=service["appInsightsEnabled"])
            yield SwitchRequest(Switch.COLLECTION, on=service["dataCollection"]["storageEnabled"])
            return
        properties = self._azure.deployments[name.endpoint, name.deployment]["properties"]
        yield SwitchRequest(Switch.INSIGHTS, on=properties["appInsightsEnabled"])
        yield SwitchRequest(Switch.COLLECTION, on=False)
        for collection, setting in ((properties.get("dataCollector") or {}).get("collections") or {}).items():
            if str(setting["dataCollectionMode"]).lower() == "enabled":
                rate = setting.get("samplingRate", 1.0)
                yield SwitchRequest(Switch.COLLECTION, on=True, collections=(collection,), sampling_rate=rate)

    # what they wrote

    def _copy_logs(self, name: ServiceName) -> None:
        logs = self._local.logs
        if name.generation is Generation.V1:
            lines = logs.snapshot(name, lines=1_000_000).lines
            self._azure.webservices.logs[str(name), False] = "".join(f"{line}\n" for line in lines)
            return
        for theirs, ours in _CONTAINERS.items():
            kept = logs.snapshot(name, lines=1_000_000, container=ours).lines
            self._azure.set_log(name.endpoint, name.deployment, theirs, kept)

    def _copy_rows(self) -> None:
        """The rows that are new since the last time."""
        for path in sorted(self._local.folder.glob("telemetry/*/*.jsonl")):
            known = self._rows_read.get(path, 0)
            if path.stat().st_size == known:
                continue
            with path.open("rb") as file:
                file.seek(known)
                new = file.read()
            self._rows_read[path] = known + len(new)
            table = path.parent.name
            self._azure.telemetry.extend(table, [_as_sent(table, json.loads(line)) for line in new.splitlines()])

    def _copy_blobs(self, blobs: Iterator[BlobInfo]) -> None:
        """What was added to blobs since the last time."""
        for blob in blobs:
            known = self._sizes.get((blob.container, blob.name))
            if blob.size == known:
                continue
            data = b"".join(self._local.blobs.read(blob))
            self._sizes[blob.container, blob.name] = blob.size
            if known is None:
                self._azure.blobs.put(blob.container, blob.name, data)
            else:
                self._azure.blobs.append(blob.container, blob.name, data[known:])


def _as_sent(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row with the defects that it has on Azure; the embedded workspace writes it without."""
    is_v2 = "/" in str(row.get("cloud_RoleName", ""))
    return as_inference_server(row) if is_v2 and table == "requests" else row
