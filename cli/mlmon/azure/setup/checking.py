"""Which planes of a workspace this identity may read, tried by reading them as commands do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mlmon.azure.rest.faults import Plane
from mlmon.core.errors import MlmonError, NotAllowed, NotFound, Unavailable
from mlmon.core.model import Permission, Service

if TYPE_CHECKING:
    from mlmon.azure.workspace import AzureMLWorkspace

ROLES: Final = {
    Plane.CONTROL: "Reader",
    Plane.LOGS: "AzureML Data Scientist",
    Plane.TELEMETRY: "Monitoring Reader",
    Plane.DATA: "Storage Blob Data Reader",
}
"""The least of Azure's own roles that lets each plane be read."""


def permissions(workspace: AzureMLWorkspace) -> Iterator[Permission]:
    """Each plane in turn, as it answers.

    Raises:
        NotAllowed: nobody is signed in.
        NotFound: the workspace is gone.
    """
    connection = workspace.connection
    connection.wire.credential.get_token_info(connection.wire.cloud.resource_manager_scope)
    services: list[Service] = []

    def control() -> str:
        services.extend(workspace.services.list())
        return ""

    def logs() -> str:
        if not services:
            return "no service to try it on"
        workspace.logs.snapshot(services[0].name, lines=1)
        return ""

    def telemetry() -> str:
        workspace.telemetry.query("print 1")
        return ""

    def data() -> str:
        container = connection.discovery.storage().container
        next(iter(workspace.blobs.children(container, "modelDataCollector/")), None)
        return ""

    tries: dict[Plane, Callable[[], str]] = {
        Plane.CONTROL: control,
        Plane.LOGS: logs,
        Plane.TELEMETRY: telemetry,
        Plane.DATA: data,
    }
    for plane, ask in tries.items():
        yield _permission(workspace, plane, ask)


def _permission(workspace: AzureMLWorkspace, plane: Plane, ask: Callable[[], str]) -> Permission:
    allowed: bool | None = True
    failed = False
    try:
        reason = ask()
        if reason:
            allowed = None
    except NotAllowed as error:
        allowed, reason = False, error.message
    except (NotFound, Unavailable) as error:
        allowed, failed, reason = None, True, error.message
    return Permission(
        str(plane),
        allowed=allowed,
        account=workspace.connection.wire.account(),
        scope=_scope(workspace, plane),
        role=ROLES[plane],
        reason=reason,
        failed=failed,
    )


def _scope(workspace: AzureMLWorkspace, plane: Plane) -> str:
    """Where the role is needed, as far as it is known."""
    discovery = workspace.connection.discovery
    with suppress(MlmonError):
        if plane is Plane.TELEMETRY:
            return discovery.telemetry().component
        if plane is Plane.DATA:
            return discovery.workspace().storage_account
    return workspace.connection.path
