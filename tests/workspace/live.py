"""The conformance suite on a workspace that lives: for a maintainer with a subscription, never in CI.

    MLMON_LIVE_WORKSPACE=live.toml pytest tests/workspace -k live

`live.toml` names the workspace and three services that were deployed with the scripts of `conftest.py`, each scored
with `{"data": [[1, 2], [3, 4]]}` twice and with `fail` once on three days, both switches on:

    subscription = "…"
    resource_group = "…"
    name = "…"
    v1 = "sums"             # on AKS
    v2 = "ep/blue"
    sibling = "ep/blue2"
    day = 2026-03-02        # one of the three days
    storage = "https://ACCOUNT.blob.core.windows.net"

The suite switches these services off and on again, and appends to and deletes collected blobs of theirs: they should be
nobody's. It signs in as mlmon does and needs Storage Blob Data Contributor.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.model import BlobInfo, RequestCounts, ServiceName
from mlmon.core.timerange import day_range
from mlmon.settings import AzureWorkspace
from workspace.backend import Backend

LIVE: Final = "MLMON_LIVE_WORKSPACE"


@contextmanager
def live(folder: Path) -> Iterator[Backend]:
    """The workspace that the variable's file describes."""
    told: dict[str, Any] = tomllib.loads(Path(os.environ[LIVE]).read_text("utf-8"))
    v1, v2, sibling = (ServiceName.parse(told[each]) for each in ("v1", "v2", "sibling"))
    workspace = AzureMLWorkspace.connect(
        AzureWorkspace(told["subscription"], resource_group=told["resource_group"], name=told["name"]),
        state=folder,
        environ=os.environ,
        timeout=None,
        clock=lambda: datetime.now(UTC),
        debug=print,
    )

    def client(blob: BlobInfo) -> Any:
        from azure.storage.blob import BlobClient

        return BlobClient(told["storage"], blob.container, blob.name, credential=workspace.connection.wire.credential)

    def grow(blob: BlobInfo, more: bytes) -> None:
        there = client(blob)
        if not there.exists():
            there.create_append_blob()
        there.append_block(more)

    yield Backend(
        workspace=workspace,
        v1=v1,
        v2=v2,
        sibling=sibling,
        day=day_range(told["day"]),
        counts=dict.fromkeys((v1, v2, sibling), RequestCounts(requests=3, failed=1)),
        grow=grow,
        delete=lambda blob: client(blob).delete_blob(),
    )
