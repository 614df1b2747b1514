"""One request's story over Azure: the same as in the folder that it mirrors, with few requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azured import local_azure, runner
from emulators.azure import LocalAzure
from emulators.faults import refuse
from running import NOW, Runner

SERVICES = ("diabetes", "diabetes-v2/blue")


@pytest.fixture(scope="module")
def azure(demo: Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    with local_azure(tmp_path_factory.mktemp("azure") / "azure", mirror=demo.folder) as made:
        made.log_analytics.clock = lambda: NOW
        yield made


@pytest.fixture
def over(azure: LocalAzure, tmp_path: Path) -> Runner:
    return runner(azure, tmp_path / "mlmon")


def told(mlmon: Runner, id_: str, *more: str) -> Any:
    outcome = mlmon(["request", id_, *more, "-o", "json"])
    assert outcome.code == 0, outcome.err
    return outcome.json


def alike(story: Any) -> Any:
    """The story without what a server's rows get wrong, which is said, and whole milliseconds of a duration."""
    story.pop("corrected")
    story["latency_ms"] = int(story["latency_ms"] + 0.5)
    request = next(event for event in story["events"] if event["source"] == "request")
    request["text"] = re.sub(r"in [\d.]+ ms", "", request["text"])
    return story


@pytest.mark.parametrize("which", ["latest", "latest-failed"])
@pytest.mark.parametrize("service", SERVICES)
def test_the_story_is_the_same_in_a_folder_and_on_azure(demo: Runner, over: Runner, service: str, which: str) -> None:
    found = told(demo, which, service)
    for id_ in (found["request_id"], found["operation_id"], found["request_id"].upper()):
        here, there = told(demo, id_), told(over, id_)
        assert alike(here) == alike(there)
        assert (here["service"], here["request_id"]) == (service, found["request_id"])
    assert found["succeeded"] is (which == "latest")


def test_a_request_that_telemetry_calls_a_success_is_told_as_the_failure_it_was(demo: Runner, over: Runner) -> None:
    id_ = told(demo, "latest-failed", SERVICES[1])["request_id"]
    there = told(over, id_)
    assert (there["succeeded"], there["result_code"], there["corrected"]) == (False, "500", True)
    [exception] = [event for event in there["events"] if event["source"] == "exception"]
    assert (exception["matched_by"], exception["certain"]) == ("request id", True)


def listed(azure: LocalAzure) -> list[str]:
    """The prefixes that were listed, from the year on."""
    found = [one for one in azure.requests.of("blob") if one.query.get("comp") == "list"]
    return sorted(one.query["prefix"] for one in found)


def looks_at_logs(azure: LocalAzure) -> int:
    return azure.requests.count("arm", "POST", "/getLogs$") + azure.requests.count("v1", "GET", "/logs$")


@pytest.mark.parametrize("service", SERVICES)
def test_a_story_takes_two_queries_one_look_at_a_log_and_the_listings_of_its_day(
    demo: Runner, over: Runner, azure: LocalAzure, service: str
) -> None:
    story = told(demo, "latest", service)
    told(over, story["request_id"])  # what is found out once and remembered
    azure.requests.clear()
    told(over, story["request_id"])
    assert azure.requests.count("logs") == 2
    assert looks_at_logs(azure) == 1
    year, month, day, hour = re.split("[-T:]", story["time"])[:4]
    if service == "diabetes":
        above = "00000000-0000-0000-0000-000000000000/local/mlmon-demo/diabetes/"
        series = [f"{above}diabetes/1/{name}/" for name in ("inputs", "predictions")]
        wanted = [above, f"{above}diabetes/", f"{above}diabetes/1/", *(f"{one}{year}/{month}/{day}/" for one in series)]
    else:
        series = [f"modelDataCollector/diabetes-v2/blue/model_{name}/" for name in ("inputs", "outputs")]
        levels = [f"{year}/", f"{year}/{month}/", f"{year}/{month}/{day}/", f"{year}/{month}/{day}/{hour}/"]
        wanted = [f"{one}{level}" for one in series for level in levels]
    assert listed(azure) == sorted(wanted)


def test_an_id_that_only_collected_data_knows_takes_four_queries(demo: Runner, over: Runner, azure: LocalAzure) -> None:
    story = told(demo, "latest", "diabetes")
    [correlation] = story["correlation_ids"]
    azure.requests.clear()
    assert told(over, correlation)["request_id"] == story["request_id"]
    assert (azure.requests.count("logs"), looks_at_logs(azure)) == (4, 1)


def test_an_id_that_nothing_has_is_looked_for_in_two_queries(over: Runner, azure: LocalAzure) -> None:
    azure.requests.clear()
    outcome = over("request 11111111-2222-3333-4444-555555555555")
    assert outcome.code == 5
    assert (azure.requests.count("logs"), looks_at_logs(azure)) == (2, 0)


@pytest.mark.parametrize(("plane", "lost"), [("blob", {"collected"}), ("arm", {"log"})])
def test_where_one_plane_refuses_the_rest_is_told(
    demo: Runner, over: Runner, azure: LocalAzure, plane: str, lost: set[str]
) -> None:
    id_ = told(demo, "latest", SERVICES[1])["request_id"]
    whole = {event["source"] for event in told(over, id_)["events"]}
    path = "/getLogs" if plane == "arm" else ""
    with azure.fault(refuse(403, {"error": {"code": "AuthorizationFailed", "message": "no"}}), plane=plane, path=path):
        outcome = over(["request", id_, "-o", "json"])
    assert outcome.code == 7
    assert {event["source"] for event in outcome.json["events"]} == whole - lost
    notes = [json.loads(line) for line in outcome.err.splitlines()]
    assert [note["message"].partition(":")[0] for note in notes if note["level"] == "warning"] == sorted(lost)


def test_where_telemetry_refuses_collected_data_and_the_log_tell_what_they_know(
    demo: Runner, over: Runner, azure: LocalAzure
) -> None:
    id_ = told(demo, "latest", SERVICES[1])["request_id"]
    with azure.fault(refuse(403, {"error": {"code": "AuthorizationFailed", "message": "no"}}), plane="logs"):
        outcome = over(["request", id_, "-o", "json"])
        nothing = over(["request", "4711-4711", SERVICES[1]])
    assert outcome.code == 7
    assert {event["source"] for event in outcome.json["events"]} == {"log", "collected"}
    assert nothing.code == 4
    assert nothing.out == ""


def test_a_plane_that_refuses_is_not_said_to_have_nothing(over: Runner, azure: LocalAzure) -> None:
    with azure.fault(refuse(403, {"error": {"code": "AuthorizationFailed", "message": "no"}}), plane="blob"):
        outcome = over(["request", "4711-4711", SERVICES[1]])
    assert outcome.code == 5
    hints = outcome.err.splitlines()[1:]
    assert hints[0].startswith("hint: collected data could not be looked at: ")
    assert re.search(r"^hint: telemetry of .* and the log were looked at: ", hints[1])


def test_names_of_a_workspace_are_asked_where_a_person_wants_them(demo: Runner, over: Runner) -> None:
    id_ = told(demo, "latest", "diabetes")["request_id"]
    assert alike(told(over, id_, "--scope", "workspace")) == alike(told(demo, id_))
