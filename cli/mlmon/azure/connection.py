"""A workspace on Azure as its planes see it: the wire to the cloud, and what was found out about the workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import TYPE_CHECKING
from urllib.parse import quote

from mlmon.azure.rest.wire import Wire
from mlmon.settings import AzureWorkspace

if TYPE_CHECKING:
    from mlmon.azure.discovery import Discovery, Memory
    from mlmon.azure.rest.client import Client


@dataclass(slots=True)
class Connection:
    """What the planes are built on. Nothing is asked of Azure before it is needed. Several threads may use it."""

    target: AzureWorkspace
    wire: Wire
    memory: Memory
    clock: Callable[[], datetime]
    _arm: Client | None = field(default=None)
    _discovery: Discovery | None = field(default=None)
    _lock: RLock = field(default_factory=RLock)

    @property
    def path(self) -> str:
        """The workspace's ARM id."""
        return arm_path(self.target)

    @property
    def arm(self) -> Client:
        """The control plane."""
        with self._lock:
            if self._arm is None:
                cloud = self.wire.cloud
                self._arm = self.wire.client(
                    cloud.resource_manager,
                    scope=cloud.resource_manager_scope,
                    # what is remembered of a workspace that was deleted is wrong for one made again under its name
                    gone=self._forget,
                )
            return self._arm

    def _forget(self) -> None:
        self.discovery.forget()

    @property
    def discovery(self) -> Discovery:
        """What was found out about the workspace."""
        with self._lock:
            if self._discovery is None:
                from mlmon.azure.discovery import Discovery

                self._discovery = Discovery(self.path, arm=self.arm, wire=self.wire, memory=self.memory)
            return self._discovery


def arm_path(target: AzureWorkspace) -> str:
    """The ARM id of a workspace, as part of an address."""
    subscription, group, name = (
        quote(part, safe="") for part in (target.subscription, target.resource_group, target.name)
    )
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    )
