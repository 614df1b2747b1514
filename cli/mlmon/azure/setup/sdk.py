"""azure-ai-ml, for `mlmon init` alone: it takes 1.5 s to import, so no other command may come here.

It finds the workspace and its default datastore. It prints, logs and sets variables as it likes; none of that leaves
this module. Nor do its exceptions: whoever gets None asks the service again by the light client, which has the patience
and the words for what is wrong.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mlmon.azure.discovery.facts import Datastore, WorkspaceFacts, datastore, workspace_facts
from mlmon.azure.rest.cloud import KNOWN_NAMES
from mlmon.core.errors import MlmonError
from mlmon.settings import AzureWorkspace, azure_workspace

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    from mlmon.azure.rest.wire import Wire
    from mlmon.core.model import Json

T = TypeVar("T")
_CLOUD_VARIABLE: Final = "AZUREML_CURRENT_CLOUD"


class Sdk:
    """Azure by `MLClient`, over a wire of ours."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def found(self, target: AzureWorkspace, *, path: str) -> tuple[WorkspaceFacts, Datastore] | None:
        """The workspace and its default datastore; None where azure-ai-ml cannot tell."""

        def ask() -> tuple[WorkspaceFacts, Datastore] | None:
            client = self._client(target.subscription, group=target.resource_group, name=target.name)
            store = datastore(_as_document(client.datastores.get_default()))
            workspace = workspace_facts(_described(client.workspaces.get(target.name)), path=path)
            return (workspace, store) if store else None

        return self._quietly(ask)

    def workspaces(self, subscription: str) -> list[AzureWorkspace] | None:
        """The workspaces of a subscription that this sign-in can see; None where azure-ai-ml cannot tell."""

        def ask() -> list[AzureWorkspace]:
            listed = self._client(subscription).workspaces.list(scope="subscription")
            return [
                azure_workspace(subscription, str(each.resource_group), str(each.name), origin="Azure")
                for each in listed
            ]

        return self._quietly(ask)

    def _quietly(self, ask: Callable[[], T]) -> T | None:
        try:
            with _unheard():
                return ask()
        except MlmonError:
            raise  # the sign-in's own: it would say the same again
        except Exception as error:
            self._wire.debug(f"azure-ai-ml could not tell ({type(error).__name__}); asking without it")
            return None

    def _client(self, subscription: str, *, group: str = "", name: str = "") -> MLClient:
        from azure.ai.ml import MLClient

        cloud = self._wire.cloud
        return MLClient(
            self._wire.credential,
            subscription,
            group or None,
            name or None,
            cloud=_registered(cloud.name, resource_manager=cloud.resource_manager, authority=cloud.authority),
            enable_telemetry=False,
            show_progress=False,
            transport=self._wire.transport,
            retry_total=0,  # it would keep every Retry-After, however long
        )


def _registered(cloud: str, *, resource_manager: str, authority: str) -> str:
    """The name under which azure-ai-ml knows the cloud. It learns a private one here, as its own keyword would teach
    it, but for a second client too."""
    from azure.ai.ml._azure_environments import EndpointURLS, _environments

    if cloud not in KNOWN_NAMES:
        own = {
            EndpointURLS.AZURE_PORTAL_ENDPOINT: f"{resource_manager}/",
            EndpointURLS.RESOURCE_MANAGER_ENDPOINT: f"{resource_manager}/",
            EndpointURLS.ACTIVE_DIRECTORY_ENDPOINT: f"{authority}/",
            EndpointURLS.AML_RESOURCE_ID: f"{resource_manager}/",
            EndpointURLS.STORAGE_ENDPOINT: "core.windows.net",  # a datastore names its own
            EndpointURLS.REGISTRY_DISCOVERY_ENDPOINT: f"{resource_manager}/",
        }
        _environments[cloud] = own
    return cloud


@contextmanager
def _unheard() -> Iterator[None]:
    """Let nobody see what is printed, nor keep the variable that is set."""
    before = os.environ.get(_CLOUD_VARIABLE)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")  # its dependencies' are nobody's business here
            yield
    finally:
        os.environ.pop(_CLOUD_VARIABLE, None)
        if before is not None:
            os.environ[_CLOUD_VARIABLE] = before


def _described(workspace: Any) -> Json:
    """azure-ai-ml's workspace as the document it was made of."""
    return {
        "id": workspace.id,
        "location": workspace.location,
        "properties": {
            "workspaceId": workspace._workspace_id,  # noqa: SLF001 - it has no other name there
            "storageAccount": workspace.storage_account,
            "applicationInsights": workspace.application_insights,
            "discoveryUrl": workspace.discovery_url,
        },
    }


def _as_document(store: Any) -> Json:
    return {
        "name": store.name,
        "properties": {
            "accountName": getattr(store, "account_name", None),
            "containerName": getattr(store, "container_name", None),
            "filesystem": getattr(store, "filesystem", None),
            "endpoint": getattr(store, "endpoint", None),
        },
    }
