"""What a local Azure holds, and the builders with which tests fill it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from emulators import resources
from emulators.access import Access
from emulators.resources import Contents, Document, Resources

INFERENCE_SERVER: Final = "InferenceServer"
STORAGE_INITIALIZER: Final = "StorageInitializer"


@dataclass(frozen=True, slots=True)
class WorkspaceName:
    """The three parts by which people name a workspace."""

    subscription: str
    group: str
    name: str

    @property
    def id(self) -> str:
        return f"{self.group_id}/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"


class Estate:
    """Resources are plain documents, to be read and altered by tests. `workspace` is the default one."""

    workspace: WorkspaceName

    def __init__(self, access: Access) -> None:
        self.access = access
        self.resources = Resources()

    def url(self, plane: str) -> str:
        """The base URL of a plane, without a slash at its end."""
        raise NotImplementedError

    @property
    def contents(self) -> Contents:
        """What the default workspace holds."""
        return self.resources.contents[self.workspace.name]

    @property
    def workspaces(self) -> dict[str, Document]:
        return self.resources.workspaces

    @property
    def endpoints(self) -> dict[str, Document]:
        return self.contents.endpoints

    @property
    def deployments(self) -> dict[tuple[str, str], Document]:
        """By endpoint and deployment: `azure.deployments["ep1", "blue"]["properties"]`."""
        return self.contents.deployments

    @property
    def datastores(self) -> dict[str, Document]:
        return self.contents.datastores

    @property
    def data(self) -> dict[tuple[str, str], Document]:
        """By name and version."""
        return self.contents.data

    @property
    def jobs(self) -> dict[str, Document]:
        return self.contents.jobs

    @property
    def schedules(self) -> dict[str, Document]:
        return self.contents.schedules

    @property
    def component(self) -> Document:
        """The Application Insights component of the default workspace."""
        return self.resources.components[f"{self.workspace.name}-insights"]

    @property
    def log_workspace(self) -> Document:
        """The Log Analytics workspace of the default workspace."""
        return self.resources.log_workspaces[f"{self.workspace.name}-logs"]

    @property
    def storage_account(self) -> tuple[str, str]:
        """Name and key of the storage account of the default workspace."""
        name = self._storage_of(self.workspace)
        return name, self.resources.storage_keys[name]

    def new_storage(self, workspace: str) -> tuple[str, str]:
        """Name and key for the storage account of a workspace in the making."""
        return resources.storage_name(workspace), resources.new_key()

    def _storage_of(self, workspace: WorkspaceName) -> str:
        return str(self.workspaces[workspace.name]["properties"]["storageAccount"]).rpartition("/")[2]

    def add_subscription(self, name: str, *, id_: str = "") -> str:
        """A further subscription, with a new id if none is given; its id."""
        made = resources.subscription(name, tenant=self.access.tenant, id_=id_ or str(uuid.uuid4()))
        self.resources.subscriptions[made["subscriptionId"]] = made
        return str(made["subscriptionId"])

    def add_workspace(self, name: str, *, group: str = "rg", subscription: str = "") -> WorkspaceName:
        """A workspace with the storage account, component, log workspace and datastores that come with one."""
        known = self.resources
        subscription = subscription or next(iter(known.subscriptions), "") or self.add_subscription("Production")
        made = WorkspaceName(subscription, group, name)
        known.groups.add(made.group_id)
        storage, key = self.new_storage(name)
        known.storage_keys[storage] = key
        document = resources.workspace(made.group_id, name, tenant=self.access.tenant, storage=storage)
        document["properties"]["discoveryUrl"] = f"{self.url('v1')}/discovery"
        known.workspaces[name] = document
        known.contents[name] = Contents(made.id)
        self._add_companions(made, str(document["properties"]["storageAccount"]))
        for store, prefix in (("workspaceblobstore", "azureml-blobstore"), ("workspaceartifactstore", "azureml")):
            container = f"{prefix}-{document['properties']['workspaceId']}" if "blob" in prefix else prefix
            self.add_datastore(store, container=container, default="blob" in prefix, workspace=made)
        return made

    def _add_companions(self, workspace: WorkspaceName, storage_id: str) -> None:
        known, providers = self.resources, f"{workspace.group_id}/providers"
        logs = f"{providers}/Microsoft.OperationalInsights/workspaces/{workspace.name}-logs"
        insights = f"{providers}/microsoft.insights/components/{workspace.name}-insights"
        known.log_workspaces[f"{workspace.name}-logs"] = resources.log_workspace(logs)
        known.components[f"{workspace.name}-insights"] = resources.component(
            insights, log_workspace=logs, tenant=self.access.tenant
        )
        storage = resources.storage_account(storage_id)
        known.storage_accounts[storage["name"]] = storage

    def add_datastore(
        self, name: str, *, container: str, default: bool = False, workspace: WorkspaceName | None = None
    ) -> Document:
        """A blob datastore in the workspace's own storage account."""
        where = workspace or self.workspace
        account = self._storage_of(where)
        made = resources.datastore(where.id, name, account=account, container=container, default=default)
        self.resources.contents[where.name].datastores[name] = made
        return made

    def add_endpoint(self, name: str, *, kind: str = "Managed") -> Document:
        """An online endpoint, in the default workspace."""
        made = resources.endpoint(self.workspace.id, name, scoring=f"{self.url('scoring')}/{name}/score", kind=kind)
        self.endpoints[name] = made
        self.contents.keys[name] = resources.new_key()
        return made

    def add_deployment(self, endpoint: str, name: str, *, kind: str = "Managed", **properties: Any) -> Document:
        """An online deployment (kind `Managed` or `Kubernetes`), and its endpoint where that is missing.

        `properties` are put over those of an ordinary deployment, by the names of the REST interface.
        """
        if endpoint not in self.endpoints:
            self.add_endpoint(endpoint, kind=kind)
        made = resources.deployment(self.workspace.id, endpoint, name, kind=kind)
        made["properties"].update(properties)
        self.deployments[endpoint, name] = made
        traffic = self.endpoints[endpoint]["properties"]["traffic"]
        traffic[name] = 0 if traffic else 100
        return made

    def add_data(self, name: str, version: str = "1", *, uri: str, kind: str = "uri_folder") -> Document:
        """A version of a data asset."""
        made = resources.data_version(self.workspace.id, name, version, uri=uri, kind=kind)
        self.data[name, version] = made
        return made

    def add_schedule(self, name: str, properties: Document) -> Document:
        """A schedule, monitors included."""
        made = resources.proxy(
            f"{self.workspace.id}/schedules/{name}", {"provisioningState": "Succeeded", **properties}
        )
        self.schedules[name] = made
        return made

    def set_log(self, endpoint: str, deployment: str, container: str, lines: Sequence[str] | str) -> None:
        """The log of a container: lines below the status block, or the whole answer as one string."""
        log = lines if isinstance(lines, str) else list(lines)
        self.contents.logs[endpoint, deployment, container] = log
