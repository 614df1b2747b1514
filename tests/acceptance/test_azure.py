"""The main job on Azure as an operator does it: the built wheel, public variables, and the local Azure.

The local Azure mirrors an embedded workspace, so that every command can be held against what it says of the folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.conftest import Shell
from emulators.azure import LocalAzure


@pytest.fixture(scope="module")
def azure(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    with LocalAzure.start(tmp_path_factory.mktemp("azure"), mirror=demo) as azure:
        yield azure


@pytest.fixture(scope="module")
def demo(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded workspace, with thirteen months of history."""
    folder = tmp_path_factory.mktemp("folder")
    Shell(environment, folder)("mlmon demo")
    return folder / "mlmon-demo"


@pytest.fixture
def there(shell: Shell, azure: LocalAzure) -> Shell:
    """A folder that holds Azure ML's own config.json and nothing else, and the variables of a service principal."""
    config = {
        "subscription_id": azure.workspace.subscription,
        "resource_group": azure.workspace.resource_group,
        "workspace_name": azure.workspace.name,
    }
    (shell.folder / "config.json").write_text(json.dumps(config))
    return replace(shell, variables=azure.environ)


def test_the_main_job_on_azure(there: Shell, demo: Path) -> None:
    """Each line as it is written in the issue; its outcome is that of the same line on the folder."""
    here = replace(there, folder=demo, variables={})

    there("mlmon init --config config.json")
    assert (there.folder / "mlmon.toml").exists()
