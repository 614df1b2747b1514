"""`mlmon status` over the local Azure: how much it asks, and what it shows when something does not answer."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from azured import counted, runner
from emulators.azure import LocalAzure
from emulators.blobfront import firewalled
from emulators.faults import html, refuse, slow
from emulators.loganalytics import throttled
from running import NOW, Runner

AN_HOUR_AGO = (NOW - timedelta(hours=1)).isoformat()


def container(azure: LocalAzure) -> str:
    return str(azure.datastores["workspaceblobstore"]["properties"]["containerName"])


def add_v2(azure: LocalAzure, endpoint: str, deployment: str) -> None:
    """A deployment that collects inputs and outputs, of two years."""
    collections = {}
    for name in ("model_inputs", "model_outputs"):
        path = f"modelDataCollector/{endpoint}/{deployment}/{name}"
        asset = azure.add_data(
            f"{endpoint}-{deployment}-{name}", uri=f"azureml://datastores/workspaceblobstore/paths/{path}"
        )
        collections[name] = {"dataCollectionMode": "Enabled", "samplingRate": 1.0, "dataId": asset["id"]}
        for when in ("2025/12/31/23", "2026/11/20/09"):
            azure.blobs.put(container(azure), f"{path}/{when}/x.jsonl", b"{}\n")
    azure.add_deployment(endpoint, deployment, appInsightsEnabled=True, dataCollector={"collections": collections})


def add_request(azure: LocalAzure, role: str, *, service: str = "", success: str = "True") -> None:
    bag = {"Service Name": service} if service else {}
    row = {"timestamp": AN_HOUR_AGO, "success": success, "resultCode": "200", "duration": 1.0, "cloud_RoleName": role}
    azure.telemetry.add("requests", {**row, "customDimensions": bag})


def planes(azure: LocalAzure) -> Counter[str]:
    """What was asked, by plane and kind; metadata and tokens aside."""
    found = Counter(one.plane for one in azure.requests if not one.path.startswith("/metadata"))
    del found["login"]
    return found


@pytest.mark.parametrize(("endpoints", "deployments"), [(20, ["blue", "green"]), (40, ["blue"])])
def test_forty_services_cost_one_request_an_endpoint_one_query_and_three_listings_a_collection(
    azure: LocalAzure, tmp_path: Path, endpoints: int, deployments: list[str]
) -> None:
    for endpoint in range(endpoints):
        for deployment in deployments:
            add_v2(azure, f"ep{endpoint:02}", deployment)
            add_request(azure, f"ep{endpoint:02}/{deployment}")
    mlmon = runner(azure, tmp_path / "here")
    azure.requests.clear()
    first = mlmon("status -o json")
    assert (first.code, first.err) == (0, "")
    assert [(row["requests"], row["newest_data"]) for row in first.json] == [(1, "2026-11-20T09:00:00Z")] * 40
    # to begin with also: the workspace and what stands around it, and where each collection's data asset stands
    assert planes(azure)["arm"] <= endpoints + 8 + 80
    azure.requests.clear()
    again = mlmon("status -o json")
    assert again.json == first.json
    counted = planes(azure)
    assert counted["arm"] <= endpoints + 1
    assert counted["logs"] == 1
    assert counted["blob"] <= 3 * 80
    assert counted["v1"] <= 1


def test_the_first_status_after_init_finds_nothing_out(azure: LocalAzure, tmp_path: Path) -> None:
    """`init` has looked up where each of 80 collections stands."""
    for endpoint in range(40):
        add_v2(azure, f"ep{endpoint:02}", "blue")
    mlmon = runner(azure, tmp_path / "here")
    assert mlmon("init --quiet").code == 0
    azure.requests.clear()
    outcome = mlmon("status -o json")
    assert [row["newest_data"] for row in outcome.json] == ["2026-11-20T09:00:00Z"] * 40
    asked = counted(azure)
    assert asked[0] == "GET /onlineEndpoints"
    assert sorted(asked[1:]) == [f"GET /onlineEndpoints/ep{endpoint:02}/deployments" for endpoint in range(40)]
    assert azure.requests.count("v1", path="discovery") == 0


def test_v1_services_cost_one_listing_each(azure: LocalAzure, tmp_path: Path) -> None:
    ws = azure.workspace
    place = f"{ws.subscription}/{ws.group}/{ws.name}".lower()
    for number in range(12):
        azure.webservices.add(f"svc{number:02}")
        azure.blobs.put("modeldata", f"{place}/svc{number:02}/m/1/inputs/2026/03/0{number % 9 + 1}/inputs.csv", b"a\n")
        add_request(azure, "", service=f"svc{number:02}", success="False")
    mlmon = runner(azure, tmp_path / "here")
    first = mlmon("status -o json")
    assert [(row["requests"], row["failed"]) for row in first.json] == [(1, 1)] * 12
    assert first.json[3]["newest_data"] == "2026-03-04T00:00:00Z"
    azure.requests.clear()
    assert mlmon("status -o json").json == first.json
    assert planes(azure) == {"arm": 1, "v1": 1, "logs": 1, "blob": 12}


@pytest.fixture
def three(azure: LocalAzure, tmp_path: Path) -> Runner:
    """mlmon where `ep/blue`, `ep/green` and the v1 service `svc` are; all planes known already."""
    add_v2(azure, "ep", "blue")
    add_v2(azure, "ep", "green")
    azure.webservices.add("svc")
    add_request(azure, "ep-green", success="False")
    add_request(azure, "ep/blue")
    add_request(azure, "nobody at all")
    mlmon = replace(runner(azure, tmp_path / "here"), width=120)
    assert mlmon("status").code == 0
    return mlmon


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()[1:]]


def test_everything_answers(three: Runner) -> None:
    outcome = three("status", terminal=True)
    assert (outcome.code, outcome.err) == (0, "")
    assert table(outcome.out) == [
        ["ep/blue", "managed", "v2", "Succeeded", "on", "on", "2026-11-20", "09:00", "1", "0"],
        ["ep/green", "managed", "v2", "Succeeded", "on", "on", "2026-11-20", "09:00", "1", "1"],
        ["svc", "aks", "v1", "Healthy", "off", "off", "-", "0", "0"],
    ]


def test_rows_of_nobody_are_said_with_debug(three: Runner) -> None:
    assert "debug: requests of no service here: nobody at all\n" in three("status --debug").err


def test_some_are_chosen_in_the_order_they_were_named(three: Runner) -> None:
    assert [row["service"] for row in three("status svc ep/green -o json").json] == ["svc", "ep/green"]
    outcome = three("status ep/grey")
    assert outcome.code == 5
    assert "did you mean 'ep/green'" in outcome.err


def test_telemetry_that_does_not_answer_leaves_the_rest(azure: LocalAzure, three: Runner) -> None:
    with azure.fault(throttled(30), plane="logs"):
        people, machines = three("status", terminal=True), three("status -o json")
    assert people.code == machines.code == 7
    assert [line[-4:] for line in table(people.out)] == [
        ["2026-11-20", "09:00", "?", "?"],
        ["2026-11-20", "09:00", "?", "?"],
        ["off", "-", "?", "?"],
    ]
    assert people.err == (
        "warning: requests not known: could not query telemetry: Azure throttles; try again in 30 s\n"
    )
    assert [(row["requests"], row["failed"]) for row in machines.json] == [(None, None)] * 3
    assert machines.json[0]["newest_data"] == "2026-11-20T09:00:00Z"


def test_storage_that_lets_nobody_in_leaves_the_rest(azure: LocalAzure, three: Runner) -> None:
    with azure.fault(firewalled(), plane="blob"):
        people, machines = three("status", terminal=True), three("status -o json")
    assert people.code == machines.code == 7
    assert [line[-3:] for line in table(people.out)] == [["?", "1", "0"], ["?", "1", "1"], ["?", "0", "0"]]
    account = azure.storage_account[0]
    locked = f"could not list the blobs of the storage account {account}: its firewall does not let this machine in"
    allowed = "use its network or a private endpoint, or have this address allowed"
    assert people.err.replace("\n  ", " ") == f"warning: collected data not known: {locked}; {allowed}\n"
    assert {row["newest_data"] for row in machines.json} == {None}


def test_one_service_whose_data_cannot_be_found_does_not_fail_the_others(azure: LocalAzure, three: Runner) -> None:
    collections = azure.deployments["ep", "green"]["properties"]["dataCollector"]["collections"]
    collections["model_inputs"]["dataId"] = f"{azure.workspace.id}/data/gone/versions/1"
    outcome = three("status -o json")
    assert outcome.code == 7
    assert [row["newest_data"] for row in outcome.json] == ["2026-11-20T09:00:00Z", None, None]
    assert [row["requests"] for row in outcome.json] == [1, 1, 0]
    assert "collected data of ep/green not known" in outcome.err


def test_v1_services_that_cannot_be_seen_are_said(azure: LocalAzure, three: Runner) -> None:
    with azure.fault(html(502), plane="v1"):
        outcome = three("status -o json")
    assert outcome.code == 7
    assert [row["service"] for row in outcome.json] == ["ep/blue", "ep/green"]
    assert json.loads(outcome.err) == {
        "level": "warning",
        "message": "the v1 web services are left out: could not list the v1 web services: Azure answered 502",
    }


@pytest.mark.parametrize("where", ["^/discovery", ""], ids=["before it was ever found", "since it was found"])
def test_where_v1_has_ended_that_is_said_and_nothing_is_wrong(azure: LocalAzure, three: Runner, where: str) -> None:
    if where:
        (three.folder / ".mlmon" / "discovered.json").unlink()
    ended = "v1 web services cannot be reached any more in westeurope"
    with azure.fault(refuse(404, {}), plane="v1", path=where):
        people = three("status")
        outcome = three("status -o json")
        named, endpoint = three("logs svc"), three("status ep -o json")
    assert (people.code, people.err) == (0, f"{ended}\n")
    assert [row["service"] for row in outcome.json] == ["ep/blue", "ep/green"]
    assert (outcome.code, json.loads(outcome.err)) == (0, {"level": "info", "message": ended})
    ws, hint = azure.workspace, "hint: its services: ep/blue, ep/green; see mlmon status"
    assert (named.code, named.err) == (
        5,
        f"error: no service named 'svc' in {ws.subscription}/{ws.group}/{ws.name}: {ended}\n{hint}\n",
    )
    assert [row["service"] for row in endpoint.json] == ["ep/blue", "ep/green"]
    assert three("status svc -o json").code == 0, "an address that is good again is found again"


def test_an_error_that_v1_has_ended_has_a_code_of_its_own(azure: LocalAzure, three: Runner) -> None:
    with azure.fault(refuse(404, {}), plane="v1"):
        assert json.loads(three("logs svc -o json").err)["code"] == "v1-ended"
        assert json.loads(three("logs ep/grey -o json").err)["code"] == "service-not-found"


def test_a_v1_service_that_answers_404_for_its_list_alone_is_not_called_ended(azure: LocalAzure, three: Runner) -> None:
    with azure.fault(refuse(404, {}), plane="v1", path="/services$"):
        outcome = three("status")
    assert (outcome.code, outcome.err) == (
        7,
        "warning: the v1 web services are left out: could not list the v1 web services: Azure knows no such thing\n",
    )


def test_an_endpoint_names_all_its_deployments(three: Runner) -> None:
    assert [row["service"] for row in three("status svc ep ep/green -o json").json] == ["svc", "ep/blue", "ep/green"]
    refused = three("use ep")
    assert (refused.code, refused.err.splitlines()[0]) == (
        2,
        "error: the endpoint 'ep' has 2 deployments: ep/blue, ep/green",
    )


@pytest.mark.parametrize("state", ["Updating", "Failed"])
def test_a_state_that_is_not_as_it_should_be_is_shown_on_any_terminal(
    azure: LocalAzure, three: Runner, state: str
) -> None:
    narrow = replace(three, width=75)
    as_it_should = narrow("status", terminal=True)
    assert as_it_should.out.splitlines()[0].split()[:3] == ["service", "collection", "insights"]
    azure.deployments["ep", "green"]["properties"]["provisioningState"] = state
    outcome = narrow("status", terminal=True)
    assert table(outcome.out) == [
        ["ep/blue", "Succeeded", "on", "2026-11-20", "09:00", "1", "0"],
        ["ep/green", state, "on", "2026-11-20", "09:00", "1", "1"],
        ["svc", "Healthy", "off", "-", "0", "0"],
    ]
    assert outcome.err == "left out to fit 75 columns: kind, generation, insights (-o json has them)\n"
    [wider] = table(replace(three, width=95)("status ep/green", terminal=True).out)
    assert wider[:5] == ["ep/green", "managed", state, "on", "on"]


def test_a_part_of_the_requests_is_not_shown_as_all(azure: LocalAzure, three: Runner) -> None:
    with azure.log_analytics.partial("One of the nodes was stopped."):
        outcome = three("status")
    assert outcome.code == 7
    assert outcome.err == (
        "warning: requests not known: the answer is not complete: One of the nodes was stopped; try again in a minute\n"
    )


def test_a_role_that_is_missing_is_said_once_for_the_storage_account(azure: LocalAzure, three: Runner) -> None:
    with azure.deny("Microsoft.Storage/storageAccounts/blobServices/.*"):
        outcome = three("status")
    account = f"the storage account {azure.storage_account[0]}"
    assert outcome.code == 7
    assert outcome.err == (
        f"warning: collected data not known: mlmon-tests may not list the blobs of {account}: This request is not "
        "authorized to perform this operation using this permission; ask for the role 'Storage Blob Data Reader' on "
        f"{account}; or, where account keys are allowed: --storage-auth key\n"
    )


def test_services_that_cannot_be_listed_are_an_error(azure: LocalAzure, three: Runner) -> None:
    with azure.fault(html(502), plane="arm", path="/onlineEndpoints"):
        outcome = three("status -o json")
    assert (outcome.code, outcome.out) == (6, "")


def test_nothing_at_all_answers(azure: LocalAzure, three: Runner) -> None:
    began = monotonic()
    with azure.stop_plane("logs"), azure.stop_plane("blob"):
        outcome = three("status -o json")
    assert monotonic() - began < 15
    assert outcome.code == 7
    assert [(row["requests"], row["newest_data"]) for row in outcome.json] == [(None, None)] * 3


def test_telemetry_and_data_are_asked_at_the_same_time(azure: LocalAzure, three: Runner) -> None:
    azure.requests.clear()
    with azure.fault(slow(2), plane="logs", times=1), azure.fault(slow(2), plane="blob", times=1):
        assert three("status -o json").code == 0
    answered = {plane: [one.time for one in azure.requests.of(plane)] for plane in ("logs", "blob")}
    # one after the other they would be two seconds apart
    assert abs(min(answered["logs"]) - sorted(answered["blob"])[-1]) < 1.9


def test_a_service_that_vanishes_meanwhile(azure: LocalAzure, three: Runner) -> None:
    """Listed, and then its data asset is gone as well."""
    name = "ep-green-model_inputs"
    (Path(three.folder) / ".mlmon" / "discovered.json").unlink()
    removed: list[Any] = [azure.data.pop(key) for key in list(azure.data) if key[0] == name]
    assert removed
    outcome = three("status -o json")
    assert outcome.code == 7
    assert datetime.fromisoformat(outcome.json[0]["newest_data"]) == datetime(2026, 11, 20, 9, tzinfo=UTC)
