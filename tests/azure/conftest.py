"""What tests of the Azure backend start from: an empty local Azure, and the backend over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from azured import connect, local_azure
from emulators.azure import LocalAzure
from mlmon.azure.workspace import AzureMLWorkspace


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    """An Azure with a workspace that has no services yet."""
    with local_azure(tmp_path / "azure") as made:
        yield made


@pytest.fixture
def workspace(azure: LocalAzure, tmp_path: Path) -> AzureMLWorkspace:
    """The backend, with a memory of its own."""
    return connect(azure, tmp_path)
