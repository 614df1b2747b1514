"""mlmon against a local Azure: the variables that a real user has, and the backend or the commands over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from emulators.azure import LocalAzure
from mlmon.azure.workspace import AzureMLWorkspace, wire_for
from mlmon.core.model import Service, ServiceName, SwitchRequest
from mlmon.settings import AzureWorkspace
from running import Runner


@contextmanager
def local_azure(folder: Path, *, mirror: Path | None = None) -> Iterator[LocalAzure]:
    """A local Azure whose variables stand in this process's environment, where azure-identity and requests read.

    With `mirror` it holds what that embedded workspace holds.
    """
    folder.mkdir(exist_ok=True)
    with LocalAzure.start(folder, mirror=mirror) as azure, pytest.MonkeyPatch.context() as patch:
        for name, value in azure.environ.items():
            patch.setenv(name, value)
        yield azure


def connect(
    azure: LocalAzure, folder: Path, *, timeout: timedelta | None = None, said: list[str] | None = None
) -> AzureMLWorkspace:
    """The backend over the default workspace; what it says with `--debug` goes into `said`."""
    where = azure.workspace
    target = AzureWorkspace(where.subscription, resource_group=where.group, name=where.name)
    debug = (said if said is not None else []).append
    wire = wire_for(target, environ=azure.environ, timeout=timeout, debug=debug)
    return AzureMLWorkspace.over(wire, target, state=folder, clock=lambda: datetime.now(UTC))


def runner(azure: LocalAzure, folder: Path) -> Runner:
    """mlmon in a folder whose mlmon.toml names the default workspace."""
    where = azure.workspace
    folder.mkdir(exist_ok=True)
    (folder / "mlmon.toml").write_text(
        f'workspace = "prod"\n\n[workspaces.prod]\nsubscription = "{where.subscription}"\n'
        f'resource_group = "{where.group}"\nname = "{where.name}"\n'
    )
    return Runner(folder, dict(azure.environ))


class Unhurried(Event):
    """A `stop` for an operation that is followed without pauses, and given up at the fifth of them."""

    def __init__(self) -> None:
        super().__init__()
        self._left = 5

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        if not self._left:
            self.set()
        return self.is_set()


def unhurried(workspace: AzureMLWorkspace) -> list[float]:
    """From now on the pauses between tries take no time; they are kept, in seconds."""
    paused: list[float] = []
    workspace.connection.wire.transport.sleep = paused.append  # type: ignore[method-assign]
    return paused


def switch(
    workspace: AzureMLWorkspace, name: ServiceName, request: SwitchRequest, *, stop: Event | None = None
) -> Service:
    """Plan and apply."""
    return workspace.services.apply(workspace.services.plan(name, request), stop=stop)


def counted(azure: LocalAzure) -> list[str]:
    """What was asked of the control plane besides metadata and operations: `GET …/deployments/blue`."""
    paths = [(one.method, one.path) for one in azure.requests.of("arm")]
    return [
        f"{method} {path.removeprefix(azure.workspace.id)}"
        for method, path in paths
        if not path.startswith("/metadata") and "/mfeOperation" not in path
    ]


def at(document: Any, keys: Sequence[str]) -> Any:
    """What stands below these keys; None where nothing does."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
