"""What `mlmon init` needs of Azure: which workspaces there are, what stands behind one, and what of it may be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlmon.azure.rest.wire import Wire
from mlmon.azure.setup.az import Defaults, defaults
from mlmon.core.errors import MlmonError
from mlmon.core.model import Discovered, Permission
from mlmon.settings import AzureWorkspace
from mlmon.state import Draft

if TYPE_CHECKING:
    from mlmon.azure.workspace import AzureMLWorkspace


@dataclass(frozen=True, slots=True)
class Setup:
    """One person's view of Azure, before a workspace is chosen. `state` is the folder whose `.mlmon` remembers."""

    wire: Wire
    state: Path
    clock: Callable[[], datetime]

    def connect(self, target: AzureWorkspace) -> AzureMLWorkspace:
        """A workspace, with what is remembered of it. Nothing is asked yet."""
        from mlmon.azure.workspace import AzureMLWorkspace

        return AzureMLWorkspace.over(self.wire, target, state=self.state, clock=self.clock)

    def afresh(self, target: AzureWorkspace) -> tuple[AzureMLWorkspace, Draft]:
        """A workspace of which nothing is known, and what this run finds out about it. Nothing is asked yet."""
        from mlmon.azure.connection import Connection
        from mlmon.azure.memory import memory_of
        from mlmon.azure.workspace import AzureMLWorkspace

        draft = Draft(memory_of(target, state=self.state, environ=self.wire.environ))
        return AzureMLWorkspace(Connection(target, wire=self.wire, memory=draft, clock=self.clock)), draft

    def subscription(self, said: str) -> str:
        """The id of a subscription that is named by its id or its name. Raises as `finding.subscription`."""
        from mlmon.azure.setup.finding import subscription

        return subscription(self.wire, said)

    def spelled(self, workspace: AzureMLWorkspace) -> AzureWorkspace:
        """The names of a workspace as Azure writes them. Raises as `Discovery.workspace`."""
        from mlmon.azure.setup.finding import spelled

        return spelled(workspace.connection)

    def defaults(self, cwd: Path) -> Defaults:
        """The names that az takes for granted."""
        return defaults(self.wire.environ, cwd=cwd)

    def visible(self, subscription: str = "") -> list[AzureWorkspace]:
        """The workspaces that this sign-in can see, in one subscription or in all. Raises as `finding.visible`."""
        from mlmon.azure.setup.finding import visible

        return visible(self.wire, subscription=subscription)

    def discovered(self, workspace: AzureMLWorkspace, *, warn: Callable[[MlmonError], None]) -> Discovered:
        """Everything that can be remembered of a workspace, found out anew. Raises as `finding.discovered`."""
        from mlmon.azure.setup.finding import discovered

        return discovered(workspace.connection, warn=warn)

    def permissions(self, workspace: AzureMLWorkspace) -> list[Permission]:
        """Whether each plane may be read. Raises as `checking.permissions`."""
        from mlmon.azure.setup.checking import permissions

        return permissions(workspace)
