"""mlmon against a local Azure: the variables that a real user has, and the backend or the commands over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulators.azure import LocalAzure
from mlmon.azure.workspace import AzureMLWorkspace, wire_for
from mlmon.core.model import Service, ServiceName, SwitchRequest
from mlmon.settings import AzureWorkspace
from running import Runner


@contextmanager
def local_azure(folder: Path) -> Iterator[LocalAzure]:
    """A local Azure whose variables stand in this process's environment, where azure-identity and requests read."""
    folder.mkdir(exist_ok=True)
    with LocalAzure.start(folder) as azure, pytest.MonkeyPatch.context() as patch:
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


def switch(workspace: AzureMLWorkspace, name: ServiceName, request: SwitchRequest) -> Service:
    """Plan and apply."""
    return workspace.services.apply(workspace.services.plan(name, request))


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
