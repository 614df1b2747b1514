"""Which planes of a workspace this identity may read, tried by reading them as commands do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mlmon.azure.rest.faults import Plane, RoleMissing
from mlmon.core.errors import Code, MlmonError, NotAllowed
from mlmon.core.model import Permission, Service, ServiceName
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
    return [
        one for found in map_bounded(lambda each: each(), tries, workers=len(tries), only_reads=True) for one in found
    ]


def _services(workspace: AzureMLWorkspace) -> list[Permission]:
    """The planes of the services: a log can be tried where there is one."""
    services: list[Service] = []

    def control() -> str:
        services.extend(workspace.services.list())
        return ""

    tried = _permission(workspace, Plane.CONTROL, control)

    def logs() -> str:
        if not tried.allowed:
            return "the services could not be listed, so there was none to try it on"
        # each generation keeps its logs elsewhere, and has a permission of its own for them
        firsts = {service.generation: service.name for service in reversed(services)}
        refusals = [error for name in firsts.values() if (error := _refusal(workspace, name))]
        for error in sorted(refusals, key=lambda each: not isinstance(each, NotAllowed)):
            raise error
        return "" if firsts else "no service to try it on"

    return [tried, _permission(workspace, Plane.LOGS, logs)]


def _refusal(workspace: AzureMLWorkspace, name: ServiceName) -> MlmonError | None:
    """Why the log of a service cannot be read."""
    try:
        workspace.logs.snapshot(name, lines=1)
    except MlmonError as error:
        return error
    return None


def _permission(workspace: AzureMLWorkspace, plane: Plane, ask: Callable[[], str]) -> Permission:
    """What came of asking; `ask` says why there was nothing to ask."""
    allowed: bool | None = True
    failed, hint, missing = False, "", None
    try:
        reason = ask()
        if reason:
            allowed = None
    except NotAllowed as error:
        allowed, reason, hint, missing = False, error.message, error.hint, error
    except MlmonError as error:
        if error.code is Code.WORKSPACE_NOT_FOUND:
            raise
        allowed, failed, reason, hint = None, True, error.message, error.hint
    role, scope = _needed(workspace, plane, failed=failed, missing=missing)
    return Permission(
        str(plane),
        allowed=allowed,
        account=workspace.connection.wire.account(),
        scope=scope,
        role=role,
        reason=reason,
        hint=hint,
        failed=failed,
    )


def _needed(workspace: AzureMLWorkspace, plane: Plane, *, failed: bool, missing: NotAllowed | None) -> tuple[str, str]:
    """The role, and where it is needed, as far as that is known. A firewall, say, asks for none."""
    by_key = plane is Plane.DATA and workspace.connection.target.storage_auth == "key"
    role = ROLES[Plane.LOGS] if by_key else ROLES[plane]  # whoever may ask for the key needs none on the data
    if isinstance(missing, RoleMissing):
        role = missing.role
    elif missing:
        role = ""
    if isinstance(missing, RoleMissing) and missing.scope.startswith("/"):
        return role, missing.scope
    return role, workspace.connection.path if failed or by_key else _scope(workspace, plane)


def _scope(workspace: AzureMLWorkspace, plane: Plane) -> str:
    """Where the role of a plane is needed, as far as it is known."""
    discovery = workspace.connection.discovery
    with suppress(MlmonError):
        if plane is Plane.TELEMETRY:
            return discovery.telemetry().component
        if plane is Plane.DATA:
            return discovery.workspace().storage_account
    return workspace.connection.path
