"""What `mlmon init` needs of Azure: which workspaces there are, what stands behind one, and what of it may be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlmon.azure.rest.wire import Wire
from mlmon.azure.setup.az import Defaults, defaults
from mlmon.core.errors import MlmonError
from mlmon.core.model import Discovered, Permission
from mlmon.settings import AzureWorkspace

if TYPE_CHECKING:
    from mlmon.azure.workspace import AzureMLWorkspace


@dataclass(frozen=True, slots=True)
class Setup:
    """One person's view of Azure, before a workspace is chosen; `connect` opens one that is. Nothing is asked yet."""

    wire: Wire
    connect: Callable[[AzureWorkspace], AzureMLWorkspace]

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
