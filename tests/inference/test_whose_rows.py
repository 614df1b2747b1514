"""Printed lines and exceptions of 1.3.4, which name no service, are found with the requests of their host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from azured import local_azure, runner
from emulators.azure import LocalAzure
from inference.conftest import TEN, Scored
from inference.serving import VERSIONS, deployment, service
from running import Runner

OLD = "/".join(deployment("1.3.4"))
SCOPES = ["component", "workspace"]
WELL = sum(call.ends == "well" for call in TEN)
# what is printed of an answer that the script made itself
BESIDE = {"1.3.4": 2, "1.5.1": 0}
RAISED = {"1.3.4": {"UserScriptException": 2}, "1.5.1": {"UserScriptException": 2, "TypeError": 1}}


def messages(mlmon: Runner, name: str, *more: str) -> list[str]:
    """What the traces of a service say, in the order of their times."""
    outcome = mlmon(["traces", name, "--limit", "100", "-o", "jsonl", *more])
    assert outcome.code == 0, outcome.err
    return [row.get("message") or row["Message"] for row in reversed(outcome.jsonl)]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("version", VERSIONS)
def test_all_that_a_service_printed_is_its_own(scored: Scored, version: str, scope: str) -> None:
    told = messages(scored.mlmon, "/".join(deployment(version)), "--since", "1h", "--scope", scope)
    assert told[0] == "the model is loaded"
    assert told.count("the model is loaded") == 1
    assert sum(line.startswith('{"rows"') for line in told) == len(TEN)
    assert told.count("model_data_collection") == WELL
    assert len(told) == 1 + len(TEN) + WELL + BESIDE[version]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("version", VERSIONS)
def test_all_that_was_raised_is_counted(scored: Scored, version: str, scope: str) -> None:
    name = "/".join(deployment(version))
    told = scored.mlmon(["metrics", name, "--since", "1h", "--scope", scope, "-o", "json"]).json
    assert told["exceptions"] == sum(RAISED[version].values())
    assert {one["type"]: one["exceptions"] for one in told["exception_types"]} == RAISED[version]


def test_a_line_is_shown_in_full_by_its_id(scored: Scored) -> None:
    row = scored.mlmon(["traces", OLD, "--where", "the model is loaded", "-o", "json"]).json[0]
    assert scored.mlmon(["traces", "--show", row["id"], "-o", "json"]).json["message"] == "the model is loaded"


def test_a_line_is_found_in_a_range_that_has_no_request(scored: Scored) -> None:
    """The service cuts every table to the range that is asked for: it has to be asked for more."""
    sent = [row for row in scored.azure.telemetry.rows("requests") if row["cloud_RoleName"] == "azmlinfsrv"]
    first = min(str(row["timestamp"]) for row in sent)
    assert messages(scored.mlmon, OLD, "--until", first)[-1] == "the model is loaded"


# hosts


@pytest.fixture
def two_hosts(scored: Scored, tmp_path: Path) -> Iterator[tuple[LocalAzure, Runner]]:
    """What 1.3.4 sent, once as it is and once as a service on another host sends it."""
    with local_azure(tmp_path / "azure") as azure:
        azure.add_deployment(*deployment("1.3.4"), appInsightsEnabled=True)
        azure.add_deployment("other", "blue", appInsightsEnabled=True)
        for table in ("requests", "traces", "exceptions"):
            rows = [row for row in scored.azure.telemetry.rows(table) if row["cloud_RoleName"] == "azmlinfsrv"]
            azure.telemetry.extend(table, [*rows, *(on_another_host(row) for row in rows)])
        yield azure, replace(runner(azure, tmp_path / "mlmon"), clock=lambda: datetime.now(UTC))


def on_another_host(row: Mapping[str, Any]) -> dict[str, Any]:
    bag = dict(row["customDimensions"])
    if bag.get("Service Name") == service("1.3.4"):
        bag["Service Name"] = "other-blue"
    message = {"message": f"other: {row['message']}"} if "message" in row else {}
    return {**row, "cloud_RoleInstance": "other-host", "customDimensions": bag, **message}


@pytest.mark.parametrize("scope", SCOPES)
def test_services_on_two_hosts_are_kept_apart(two_hosts: tuple[LocalAzure, Runner], scope: str) -> None:
    _, mlmon = two_hosts
    for name, others in ((OLD, False), ("other/blue", True)):
        told = messages(mlmon, name, "--since", "1h", "--scope", scope)
        assert len(told) == 1 + len(TEN) + WELL + BESIDE["1.3.4"]
        assert {line.startswith("other: ") for line in told} == {others}
        counted = mlmon(["metrics", name, "--since", "1h", "--scope", scope, "-o", "json"]).json
        assert (counted["requests"], counted["exceptions"]) == (10, 2)


def test_a_program_without_requests_of_the_service_or_without_a_host_is_nobodys(
    two_hosts: tuple[LocalAzure, Runner],
) -> None:
    azure, mlmon = two_hosts
    now = datetime.now(UTC) - timedelta(minutes=1)
    line = {"timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "cloud_RoleName": "azmlinfsrv", "message": "stray"}
    host = azure.telemetry.rows("traces")[0]["cloud_RoleInstance"]
    strays = ({"cloud_RoleInstance": "third"}, {"cloud_RoleInstance": ""}, {})
    of_another = {"cloud_RoleInstance": host, "customDimensions": {"Service Name": "one more"}}
    another_program = {"cloud_RoleInstance": host, "cloud_RoleName": "cron"}
    for more in (*strays, of_another, another_program):
        azure.telemetry.add("traces", {"customDimensions": {}, **line, **more})
    azure.telemetry.add("requests", {**azure.telemetry.rows("requests")[0], "cloud_RoleInstance": ""})
    for scope in SCOPES:
        assert "stray" not in messages(mlmon, OLD, "--since", "1h", "--scope", scope)
        assert "stray" not in messages(mlmon, "other/blue", "--since", "1h", "--scope", scope)
