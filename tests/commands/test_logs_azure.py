"""Container logs as a person reads them, from a workspace on Azure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from azured import local_azure, runner
from emulators.azure import LocalAzure
from running import Runner


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    with local_azure(tmp_path / "azure") as made:
        made.add_deployment("ep1", "blue")
        made.webservices.add("svc")
        yield made


@pytest.fixture
def mlmon(azure: LocalAzure, tmp_path: Path) -> Runner:
    return runner(azure, tmp_path / "folder")


def test_the_log_is_on_stdout_and_what_is_said_about_the_container_is_not(azure: LocalAzure, mlmon: Runner) -> None:
    azure.set_log("ep1", "blue", "InferenceServer", [f"request {number}" for number in range(1, 501)])
    outcome = mlmon("logs ep1/blue -n 2")
    assert (outcome.code, outcome.out) == (0, "request 499\nrequest 500\n")
    assert outcome.err.startswith("Instance status:\nSystemSetup: Succeeded\n")
    assert mlmon("logs ep1/blue -n 2 --quiet").err == ""
    assert mlmon("logs ep1/blue -i '^request 7$' --quiet").out == "request 7\n"


def test_a_container_that_is_not_up_has_no_lines(azure: LocalAzure, mlmon: Runner) -> None:
    azure.set_log("ep1", "blue", "InferenceServer", "The container is not running, so it has no logs yet.")
    outcome = mlmon("logs ep1/blue")
    assert (outcome.code, outcome.out, outcome.err) == (
        0,
        "",
        "The container is not running, so it has no logs yet.\nno lines in the log of ep1/blue\n",
    )


def test_other_containers_are_asked_for_by_name(azure: LocalAzure, mlmon: Runner) -> None:
    azure.set_log("ep1", "blue", "StorageInitializer", ["model downloaded"])
    azure.webservices.logs["svc", True] = "image unpacked\n"
    assert mlmon("logs ep1/blue --container storage-initializer --quiet").out == "model downloaded\n"
    assert mlmon("logs svc --container init").out == "image unpacked\n"
    outcome = mlmon("logs svc --container inits")
    assert (outcome.code, outcome.err) == (
        5,
        "error: svc has no container 'inits'\nhint: did you mean 'init'?\n",
    )


def test_what_a_script_printed_does_nothing_to_the_terminal(azure: LocalAzure, mlmon: Runner) -> None:
    azure.set_log("ep1", "blue", "InferenceServer", ["\x1b]0;owned\x07\x1b[2J gone\r\x00"])
    outcome = mlmon("logs ep1/blue --quiet", terminal=True)
    assert not {"\x1b", "\x07", "\r", "\x00"} & set(outcome.out.rstrip("\r\n"))
