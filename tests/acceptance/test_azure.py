"""The main job on Azure as an operator does it: the built wheel, public variables, and the local Azure.

The local Azure mirrors an embedded workspace, so that every line can be held against what it says of the folder.
"""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.conftest import Shell
from emulators.__main__ import write
from emulators.azure import LocalAzure

V1, V2 = "diabetes", "diabetes-v2/blue"
QUERY = 'traces | where customDimensions contains "input" | limit 10'


@pytest.fixture
def there(shell: Shell, azure: LocalAzure) -> Shell:
    """A folder with Azure ML's own config.json and nothing else, and the variables of a service principal."""
    write(azure, shell.folder)
    (shell.folder / "env.sh").unlink()
    return replace(shell, variables=azure.environ)


def rows(shell: Shell, line: str) -> list[dict[str, Any]]:
    """A line's answer as JSON objects."""
    return [json.loads(each) for each in shell(f"{line} -o jsonl").splitlines()]


def test_the_main_job_on_azure(there: Shell, here: Shell) -> None:
    """Each line comes to what the same line comes to on the folder."""
    there("mlmon init --config config.json")
    checked = rows(there, "mlmon init --check")
    assert [(each["plane"], each["allowed"]) for each in checked] == [
        ("control", True),
        ("logs", True),
        ("telemetry", True),
        ("data", True),
    ]

    def seen(shell: Shell) -> list[dict[str, Any]]:
        return [
            {key: value for key, value in row.items() if key not in {"kind", "state"}}
            for row in rows(shell, "mlmon status")
        ]

    assert seen(there) == seen(here)
    assert [(row["service"], row["kind"]) for row in rows(there, "mlmon status")] == [(V1, "aks"), (V2, "managed")]

    for line in (
        f"mlmon logs {V1} -n 20",
        f"mlmon logs {V2} -n 20",
        f"mlmon logs {V2} --container storage-initializer",
        f"mlmon query '{QUERY.replace('limit 10', 'count')}'",
        f"mlmon query 'requests | where cloud_RoleName == \"{V1}\" | summarize count(), countif(success == false)'",
        f"mlmon ls {V1} --month 3 -o csv | cut -d, -f1-7",
        f"mlmon ls {V2} --month 3 -o csv | cut -d, -f1-7",
        f"mlmon pull {V1} --month 3 --to-dir pulled",
        f"mlmon pull {V2} --month 3 --to-dir pulled",
    ):
        assert printed(there, line) == printed(here, line), line
    assert files(there.folder / "pulled") == files(here.folder / "pulled")

    for service in (V1, V2):
        line = f"mlmon traces {service} --where input --since 2026-11-01 --limit 50"
        assert prints(there, line) == prints(here, line) != []
        # the same texts are found under the names of the Log Analytics workspace
        assert prints(there, f"{line} --scope workspace") == prints(here, line)
    assert len(there(f"mlmon query '{QUERY}'").splitlines()) == 10


def test_switches_on_azure(there: Shell, azure: LocalAzure) -> None:
    """What a switch says, what the resource is afterwards, and that nothing else of it has changed."""
    there("mlmon init --config config.json")
    before = copy.deepcopy(azure.deployments["diabetes-v2", "blue"])
    assert there(f"mlmon disable-collection {V2} --yes").splitlines()[-1] == "changed: true"
    collector = azure.deployments["diabetes-v2", "blue"]["properties"]["dataCollector"]
    assert {each["dataCollectionMode"] for each in collector["collections"].values()} == {"Disabled"}
    assert there(f"mlmon enable-collection {V2} --yes").splitlines()[-1] == "changed: true"
    assert there(f"mlmon enable-collection {V2} --yes").splitlines()[-1] == "changed: false"
    assert without_system_data(azure.deployments["diabetes-v2", "blue"]) == without_system_data(before)

    original = copy.deepcopy(azure.webservices.services[V1])
    assert there(f"mlmon disable-insights {V1} --yes").splitlines()[-1] == "changed: true"
    assert azure.webservices.services[V1]["appInsightsEnabled"] is False
    assert there(f"mlmon enable-insights {V1} --yes").splitlines()[-1] == "changed: true"
    now = azure.webservices.services[V1]
    assert {key for key in original if original[key] != now.get(key)} <= {"updatedTime", "updatedAt"}


def test_a_bare_line_works_where_a_default_service_is_chosen(there: Shell) -> None:
    """The four lines of the mission, exactly as written."""
    there("mlmon init --config config.json")
    there(f"mlmon use {V2}")
    assert there("mlmon enable-collection").splitlines()[-1] == "changed: false"
    assert len(there("mlmon logs").splitlines()) == 100
    assert len(there("mlmon traces --where input").splitlines()) == 10
    assert there("mlmon pull --month 3").startswith("fetched ")


def test_scoring_on_azure_is_collected_as_it_is_switched(there: Shell, here: Shell) -> None:
    """A call to the service is counted, and its rows are collected while collection is on."""
    there("mlmon init --config config.json")
    (there.folder / "rows.json").write_bytes((here.folder / "rows.json").read_bytes())
    scored = json.loads((there.folder / "rows.json").read_text())["data"]
    for service in (V1, V2):
        counted = f"mlmon ls {service} --day today -o json"
        before = json.loads(there(counted))["total_bytes"]
        assert len(json.loads(there(f"mlmon invoke {service} --data rows.json"))) == len(scored)
        assert json.loads(there(counted))["total_bytes"] > before


def printed(shell: Shell, line: str) -> str:
    """What a line prints, wherever the folder is."""
    return shell(line).replace(str(shell.folder), "FOLDER")


def prints(shell: Shell, line: str) -> list[tuple[str, str]]:
    """When something was printed, and what: in the order of both, because rows of one moment have none."""
    return sorted((at(row), text(row)) for row in rows(shell, line))


def at(row: dict[str, Any]) -> str:
    return str(row.get("timestamp") or row.get("TimeGenerated"))[:19]


def text(row: dict[str, Any]) -> str:
    message = row.get("message") or row.get("Message")
    bag = row.get("customDimensions") or row.get("Properties") or {}
    return str(bag["Content"] if message == "STDOUT" else message)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    found = (path for path in folder.rglob("*") if path.is_file() and ".mlmon" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def without_system_data(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource without the service's own note of when it was changed."""
    return {key: value for key, value in resource.items() if key != "systemData"}
