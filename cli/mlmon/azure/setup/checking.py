"""Which planes of a workspace this identity may read, tried by reading them as commands do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mlmon.azure.rest.faults import Plane
from mlmon.core.errors import Code, MlmonError, NotAllowed
from mlmon.core.model import Permission, Service
from mlmon.core.parallel import map_bounded

if TYPE_CHECKING:
    from mlmon.azure.workspace import AzureMLWorkspace

ROLES: Final = {
    Plane.CONTROL: "Reader",
    Plane.LOGS: "AzureML Data Scientist",
    Plane.TELEMETRY: "Monitoring Reader",
    Plane.DATA: "Storage Blob Data Reader",
}
"""The least of Azure's own roles that lets each plane be read."""


def permissions(workspace: AzureMLWorkspace) -> list[Permission]:
    """Each plane of `ROLES`, in that order. They are tried at the same time: each may be long in saying nothing.

    Raises:
        NotAllowed: nobody is signed in.
        NotFound: the workspace is gone.
        Unavailable: the sign-in does not answer.
    """
    connection = workspace.connection
    connection.wire.credential.get_token_info(connection.wire.cloud.resource_manager_scope)
    _ = connection.discovery  # made here, not by several threads at once; nothing is asked for it

    def telemetry() -> str:
        workspace.telemetry.query("print 1")
        return ""

    def data() -> str:
        container = connection.discovery.storage().container
        next(iter(workspace.blobs.children(container, "modelDataCollector/")), None)
        return ""

    tries: tuple[Callable[[], list[Permission]], ...] = (
        lambda: _services(workspace),
        lambda: [_permission(workspace, Plane.TELEMETRY, telemetry)],
        lambda: [_permission(workspace, Plane.DATA, data)],
    )
    return [one for found in map_bounded(lambda each: each(), tries, workers=len(tries)) for one in found]


def _services(workspace: AzureMLWorkspace) -> list[Permission]:
    """The planes of the services: a log can be tried where there is one."""
    services: list[Service] = []

    def control() -> str:
        services.extend(workspace.services.list())
        return ""

    def logs() -> str:
        if not services:
            return "no service to try it on"
        workspace.logs.snapshot(services[0].name, lines=1)
        return ""

    return [_permission(workspace, Plane.CONTROL, control), _permission(workspace, Plane.LOGS, logs)]


def _permission(workspace: AzureMLWorkspace, plane: Plane, ask: Callable[[], str]) -> Permission:
    """What came of asking; `ask` says why there was nothing to ask."""
    allowed: bool | None = True
    failed = False
    try:
        reason = ask()
        if reason:
            allowed = None
    except NotAllowed as error:
        allowed, reason = False, error.message
    except MlmonError as error:
        if error.code is Code.WORKSPACE_NOT_FOUND:
            raise
        allowed, failed, reason = None, True, error.message
    return Permission(
        str(plane),
        allowed=allowed,
        account=workspace.connection.wire.account(),
        scope=workspace.connection.path if failed else _scope(workspace, plane),
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
