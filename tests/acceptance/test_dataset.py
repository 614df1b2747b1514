"""`mlmon dataset` held against the services' own request log, and over Azure against the same on a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from acceptance.conftest import Shell
from emulators.__main__ import write
from emulators.azure import LocalAzure

V1, V2 = "diabetes", "diabetes-v2/blue"
FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
PREDICTION = {V1: "progression", V2: "0"}


@pytest.fixture(scope="module")
def demo(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded workspace, with thirteen months of history."""
    folder = tmp_path_factory.mktemp("folder")
    Shell(environment, folder)("mlmon demo")
    return folder / "mlmon-demo"


@pytest.fixture(scope="module")
def azure(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """The same workspace on Azure: its v1 service on AKS, its v2 deployment managed."""
    with LocalAzure.start(tmp_path_factory.mktemp("azure"), mirror=demo) as azure:
        yield azure


@pytest.fixture
def here(shell: Shell, demo: Path) -> Shell:
    """The embedded workspace."""
    return replace(shell, folder=demo)


@pytest.fixture
def there(shell: Shell, azure: LocalAzure) -> Shell:
    """A folder that is connected to the workspace on Azure."""
    write(azure, shell.folder)
    (shell.folder / "env.sh").unlink()
    connected = replace(shell, variables=azure.environ)
    connected("mlmon init --config config.json")
    return connected


@pytest.mark.parametrize("service", [V1, V2])
def test_every_row_that_was_scored_in_march_is_there_once_with_its_prediction(
    here: Shell, tmp_path: Path, service: str
) -> None:
    """Against what the runtime itself logged: the answer of each request, and what the script saw of its rows."""
    march = dataset(here, f"{service} --month 3", tmp_path / "march.parquet")
    answers = answered(here, service)
    assert len(answers) > 100
    found: dict[str, list[float]] = {request: [] for request in answers}
    for row in march.to_pylist():
        found[row["request_id"]].append(row[PREDICTION[service]])
    assert found == answers
    seen = {(*row, value) for row, value in printed(here, service)}
    assert {tuple(row[name] for name in [*FEATURES, PREDICTION[service]]) for row in march.to_pylist()} == seen


@pytest.mark.parametrize("service", [V1, V2])
@pytest.mark.parametrize("said", ["--month 3", "--from 2026-02-28T16:00 --to 2026-03-02T09:00", "--day 2026-03-01"])
def test_azure_and_the_folder_give_the_same_table(
    there: Shell, here: Shell, tmp_path: Path, service: str, said: str
) -> None:
    local = dataset(here, f"{service} {said}", tmp_path / "here.parquet")
    remote = dataset(there, f"{service} {said}", tmp_path / "there.parquet")
    assert local.num_rows > 0
    assert remote.equals(local)
    assert there(f"mlmon dataset {service} {said}") == here(f"mlmon dataset {service} {said}")


@pytest.mark.parametrize("service", [V1, V2])
@pytest.mark.parametrize("tool", ["powerbi", "databricks", "duckdb", "pandas"])
def test_what_is_handed_over_on_azure_names_the_account_and_no_secret(
    there: Shell, here: Shell, azure: LocalAzure, service: str, tool: str
) -> None:
    endpoint = azure.storage["properties"]["primaryEndpoints"]["blob"].rstrip("/")
    account, text = azure.storage["name"], there(f"mlmon handoff {tool} {service} --month 3")
    assert endpoint.partition("://")[2] in text
    assert account in text
    for secret in (azure.environ["AZURE_CLIENT_SECRET"], *keys(azure)):
        assert secret not in text
    local = here(f"mlmon handoff {tool} {service} --month 3")
    assert patterns(text) == patterns(local) != []


def dataset(shell: Shell, said: str, file: Path) -> pyarrow.Table:
    """What the command puts into the file that its output goes to."""
    assert shell(f"mlmon dataset {said} -o parquet > {file}") == ""
    return pyarrow.parquet.read_table(file)
