"""`mlmon dataset` held against the services' own request log, and over Azure against the same on a folder."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from acceptance.conftest import Shell
from emulators.__main__ import write
from emulators.azure import LocalAzure
from handoff import readers
from handoff.truth import rows_in, rows_of

V1, V2 = "diabetes", "diabetes-v2/blue"
FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
PREDICTION = {V1: "progression", V2: "model_outputs.0"}


@pytest.fixture(scope="module")
def there(environment: Path, azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder that is connected to the workspace on Azure."""
    connected = Shell(environment, tmp_path_factory.mktemp("there"), azure.environ)
    write(azure, connected.folder)
    (connected.folder / "env.sh").unlink()
    connected("mlmon init --config config.json")
    return connected


@pytest.mark.parametrize("service", [V1, V2])
def test_every_row_that_was_scored_in_march_is_there_once_with_its_prediction(
    here: Shell, tmp_path: Path, service: str
) -> None:
    """Against what the runtime itself logged: the answer of each request, and what the script saw of its rows."""
    march = dataset(here, f"{service} --month 3", tmp_path / "march.parquet").to_pylist()
    answers, failed = answered(here, service)
    assert len(answers) > 100
    scored = [row for row in march if row["match"] == "id"]
    found: dict[str, list[float]] = {}
    for row in scored:
        found.setdefault(row["request_id"], []).append(row[PREDICTION[service]])
    assert found == answers
    columns = [*FEATURES, PREDICTION[service]]
    assert Counter(tuple(row[name] for name in columns) for row in scored) == printed(here, service)
    # what was collected and never answered is kept, and marked
    alone = [row for row in march if row["match"] != "id"]
    assert {row["request_id"] for row in alone} <= failed
    assert {(row[PREDICTION[service]], row["match"]) for row in alone} <= {(None, "no model_outputs")}


@pytest.mark.parametrize("service", [V1, V2])
@pytest.mark.parametrize("said", ["--month 3", "--from 2026-02-28T16:00 --to 2026-03-02T09:00"])
def test_azure_and_the_folder_give_the_same_table(
    there: Shell, here: Shell, tmp_path: Path, service: str, said: str
) -> None:
    local = dataset(here, f"{service} {said}", tmp_path / "here.parquet")
    remote = dataset(there, f"{service} {said}", tmp_path / "there.parquet")
    assert local.num_rows > 0
    assert remote.equals(local)


@pytest.mark.parametrize("service", [V1, V2])
@pytest.mark.parametrize("tool", ["powerbi", "databricks", "duckdb", "pandas"])
def test_what_is_handed_over_on_azure_names_the_account_and_no_secret(
    there: Shell, here: Shell, azure: LocalAzure, service: str, tool: str
) -> None:
    name, key = azure.storage_account
    text, local = (shell(f"mlmon handoff {tool} {service} --month 3") for shell in (there, here))
    assert azure.blob_endpoint(name).removeprefix("https://").rstrip("/") in text
    assert (azure.environ["AZURE_CLIENT_SECRET"] in text, key in text) == (False, False)
    # the rest is the same place: what stands below the container
    [path, *_] = (row["path"] for row in rows(here, f"mlmon ls {service} --month 3"))
    below = re.compile(f"{re.escape(path.partition('/')[0])}/[^'\"]*2026/03/[^'\"]*")
    assert below.findall(text) == below.findall(local) != []


@pytest.mark.parametrize("service", [V1, V2])
def test_pandas_runs_what_is_handed_over_on_azure(
    there: Shell, demo: Path, azure: LocalAzure, tmp_path: Path, service: str
) -> None:
    """The cell as it is printed, signed in by the variables of a service principal."""
    line = f"{service} --from 2026-02-28 --to 2026-03-03"
    told = readers.pandas_on_azure(there(f"mlmon handoff pandas {line}"), azure.environ, scratch=tmp_path)
    files: dict[str, list[Path]] = {}
    for row in rows(there, f"mlmon ls {line}"):
        files.setdefault(row["collection"], []).extend((demo / "blobs").glob(f"*/{row['path']}"))
    found = {name: rows_of(frame["columns"], frame["rows"]) for name, frame in told.items()}
    assert found == {name: rows_in(paths) for name, paths in files.items()}


def rows(shell: Shell, line: str) -> list[dict[str, Any]]:
    """A line's answer as JSON objects."""
    return [json.loads(each) for each in shell(f"{line} -o jsonl").splitlines()]


def answered(shell: Shell, service: str) -> tuple[dict[str, list[float]], set[str]]:
    """What the service answered to each request of March, and the requests that failed, by its own request log."""
    kql = f"""requests | where cloud_RoleName == "{service}"
        | where timestamp >= datetime(2026-03-01) and timestamp < datetime(2026-04-01)
        | project id, success, answer = tostring(customDimensions["Response Value"])"""
    logged = rows(shell, f"mlmon query '{kql}'")
    answers = {row["id"]: json.loads(json.loads(row["answer"])) for row in logged if row["success"] == "True"}
    return answers, {row["id"] for row in logged if row["success"] == "False"}


def printed(shell: Shell, service: str) -> Counter[tuple[float, ...]]:
    """The rows of March and their predictions, as the script printed them."""
    line = f"mlmon traces {service} --since 2026-03-01 --until 2026-04-01 --limit 100000"
    texts = [row["customDimensions"].get("Content") or row["message"] for row in rows(shell, line)]
    return Counter(
        (*row, value)
        for text in map(json.loads, texts)
        for row, value in zip(text["input"], text["output"], strict=True)
    )


def dataset(shell: Shell, said: str, file: Path) -> pyarrow.Table:
    """What the command puts into the file that its output goes to."""
    assert shell(f"mlmon dataset {said} -o parquet > {file}") == ""
    return pyarrow.parquet.read_table(file)
