"""azure-ai-ml, for `mlmon init`: it finds the workspace and its default datastore.

Its exceptions do not leave this module: whoever gets None asks the service again by the light client, which has the
patience and the words for what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from mlmon.azure.discovery.facts import Datastore, WorkspaceFacts, datastore, workspace_facts
from mlmon.azure.sdk import client, unheard
from mlmon.core.errors import MlmonError
from mlmon.settings import AzureWorkspace, azure_workspace

if TYPE_CHECKING:
    from mlmon.azure.rest.wire import Wire
    from mlmon.core.model import Json

T = TypeVar("T")


class Sdk:
    """Azure by `MLClient`, over a wire of ours."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def found(self, target: AzureWorkspace, *, path: str) -> tuple[WorkspaceFacts, Datastore] | None:
        """The workspace and its default datastore; None where azure-ai-ml cannot tell."""

        def ask() -> tuple[WorkspaceFacts, Datastore] | None:
            sdk = client(self._wire, target.subscription, group=target.resource_group, name=target.name)
            store = datastore(_as_document(sdk.datastores.get_default()))
            workspace = workspace_facts(_described(sdk.workspaces.get(target.name)), path=path)
            return (workspace, store) if store else None

        return self._quietly(ask)

    def workspaces(self, subscription: str) -> list[AzureWorkspace] | None:
        """The workspaces of a subscription that this sign-in can see; None where azure-ai-ml cannot tell."""

        def ask() -> list[AzureWorkspace]:
            listed = client(self._wire, subscription).workspaces.list(scope="subscription")
            return [
                azure_workspace(subscription, str(each.resource_group), str(each.name), origin="Azure")
                for each in listed
            ]

        return self._quietly(ask)

    def _quietly(self, ask: Callable[[], T]) -> T | None:
        try:
            with unheard():
                return ask()
        except MlmonError:
            raise  # the sign-in's own: it would say the same again
        except Exception as error:
            self._wire.debug(f"azure-ai-ml could not tell ({type(error).__name__}); asking without it")
            return None


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
