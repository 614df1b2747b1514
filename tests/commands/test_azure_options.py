"""The options that every command has for Azure, and what commands say that cannot work there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from azured import local_azure, runner
from emulators import seed
from emulators.azure import LocalAzure
from emulators.faults import slow, throttled
from running import Runner


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    """An Azure with a small workspace."""
    with local_azure(tmp_path / "azure") as made:
        seed.small(made)
        yield made


@pytest.fixture
def prod(azure: LocalAzure, tmp_path: Path) -> Runner:
    """mlmon in a folder that is connected to it."""
    return runner(azure, tmp_path / "prod")


def test_each_setting_says_where_it_came_from(prod: Runner) -> None:
    here = prod.at(prod.folder, MLMON_CLOUD="AzureChinaCloud", MLMON_TIMEOUT="5m")
    outcome = here("status --settings --tenant contoso.com -o json")
    file = str(prod.folder / "mlmon.toml")
    assert outcome.json == [
        {"setting": "workspace", "value": "prod", "origin": file},
        {"setting": "service", "value": None, "origin": "default"},
        {"setting": "output", "value": None, "origin": "default"},
        {"setting": "tenant", "value": "contoso.com", "origin": "--tenant"},
        {"setting": "cloud", "value": "AzureChinaCloud", "origin": "MLMON_CLOUD"},
        {"setting": "storage_auth", "value": "identity", "origin": "default"},
        {"setting": "telemetry_scope", "value": "component", "origin": "default"},
        {"setting": "timeout", "value": "5m", "origin": "MLMON_TIMEOUT"},
        {"setting": "drift.baseline", "value": None, "origin": "default"},
        {"setting": "drift.label", "value": None, "origin": "default"},
        {"setting": "drift.threshold", "value": "0.1", "origin": "default"},
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--timeout soon", "'soon' is not a duration (--timeout)"),
        ("--timeout -1s", "the duration '-1s' is negative (--timeout)"),
        ("--timeout 0s", "the timeout '0s' is no time at all (--timeout)"),
        ("--storage-auth sas", "'sas' is not a way to open storage"),
        ("--tenant a/b", "'a/b' is not a tenant (--tenant)"),
        ("--cloud a/b", "'a/b' is not a cloud (--cloud)"),
    ],
)
def test_a_mistake_in_an_option_asks_nobody(azure: LocalAzure, prod: Runner, options: str, message: str) -> None:
    outcome = prod(f"status {options}")
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, f"error: {message}")
    assert len(azure.requests) == 0


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"MLMON_TIMEOUT": "0s"}, "the timeout '0s' is no time at all (MLMON_TIMEOUT)"),
        ({"MLMON_TIMEOUT": "abc"}, "'abc' is not a duration (MLMON_TIMEOUT)"),
        ({"MLMON_CLOUD": "Mars"}, "there is no cloud named 'Mars' (MLMON_CLOUD)"),
        ({"REQUESTS_CA_BUNDLE": "/nowhere.pem"}, "there are no certificates at /nowhere.pem (REQUESTS_CA_BUNDLE)"),
    ],
)
def test_a_mistake_in_a_variable_asks_nobody(
    azure: LocalAzure, prod: Runner, said: dict[str, str], message: str
) -> None:
    prod.environ = {name: value for name, value in prod.environ.items() if name != "ARM_CLOUD_METADATA_URL"}
    outcome = prod.at(prod.folder, **said)("status")
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, f"error: {message}")
    assert len(azure.requests) == 0


@pytest.mark.parametrize(
    ("options", "variables", "origin"),
    [("--cloud bogus", {}, "--cloud"), ("", {"MLMON_CLOUD": "bogus"}, "MLMON_CLOUD")],
)
def test_a_cloud_that_there_is_not_is_named_with_those_there_are(
    prod: Runner, options: str, variables: dict[str, str], origin: str
) -> None:
    """The metadata document is in order, so it is not what has to be checked."""
    outcome = prod.at(prod.folder, **variables)(f"status {options}")
    assert (outcome.code, outcome.err) == (
        2,
        (
            f"error: there is no cloud named 'bogus' ({origin})\n"
            "hint: it is one of: AzureCloud, AzureChinaCloud, AzureUSGovernment, LocalCloud\n"
        ),
    )


def test_a_network_that_is_not_there_is_told_within_seconds(prod: Runner) -> None:
    """Both generations would ask for the cloud's addresses, and wait for them, one after the other."""
    began = time.monotonic()
    outcome = prod.at(prod.folder, ARM_CLOUD_METADATA_URL="https://127.0.0.1:9/metadata/endpoints")("status")
    assert outcome.code == 6
    assert outcome.err == (
        "error: could not read the cloud's metadata: 127.0.0.1:9 refuses connections\n"
        "hint: check the network, and HTTPS_PROXY\n"
    )
    assert time.monotonic() - began < 4.8  # the longest pauses between four tries are 4.2 s together


def test_an_answer_is_waited_for_as_long_as_the_option_says(azure: LocalAzure, prod: Runner) -> None:
    with azure.fault(slow(1.5), path="getLogs"):
        assert prod("logs ep1/blue -n 1").out == "request 100 scored\n"
        began = time.monotonic()
        outcome = prod("logs ep1/blue -n 1 --timeout 1s")
    assert outcome.code == 6
    assert time.monotonic() - began < 4
    host = azure.url("arm").removeprefix("https://")
    assert outcome.err.splitlines() == [
        f"error: could not read the log of ep1/blue: {host} did not answer in time",
        "hint: --timeout 10m waits longer",
    ]


def test_throttling_is_said_at_once_in_json_too(azure: LocalAzure, prod: Runner) -> None:
    with azure.fault(throttled(60), plane="arm", path="onlineEndpoints"):
        outcome = prod("status -o json")
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err == (
        '{"code": "unavailable", "message": "could not list the online endpoints: Azure throttles", '
        '"hint": "try again in 60 s", "exit_code": 6}\n'
    )


def test_a_script_is_served_in_an_embedded_workspace_only(azure: LocalAzure, prod: Runner) -> None:
    (prod.folder / "score.py").write_text("def init(): ...\ndef run(data): return data\n")
    outcome = prod("serve score.py --name churn")
    assert outcome.code == 2
    assert outcome.err == (
        "error: the workspace 'ws' is on Azure, and this needs an embedded one\n"
        "hint: mlmon --workspace ./FOLDER uses one; mlmon init --local FOLDER makes one\n"
    )


def test_an_empty_workspace_says_how_it_gets_services(azure: LocalAzure, prod: Runner) -> None:
    azure.deployments.clear()
    azure.endpoints.clear()
    outcome = prod("logs")
    assert outcome.code == 5
    assert outcome.err == (
        f"error: the workspace {azure.workspace.subscription}/rg/ws has no services\n"
        "hint: az ml online-deployment create deploys one; --workspace NAME names another workspace\n"
    )


def test_a_name_in_the_settings_cannot_lead_a_request_elsewhere(azure: LocalAzure, prod: Runner) -> None:
    text = (prod.folder / "mlmon.toml").read_text()
    (prod.folder / "mlmon.toml").write_text(text.replace('"ws"', '"../../../x?y"'))
    outcome = prod("status")
    assert outcome.code == 2
    assert outcome.err.startswith("error: '../../../x?y' cannot be the name of a workspace")
    assert len(azure.requests) == 0
