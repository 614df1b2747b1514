"""Container logs of both generations over the wire."""

from __future__ import annotations

import pytest

from azured import counted
from emulators.azure import LocalAzure
from emulators.faults import answer
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import NotAllowed, NotFound
from mlmon.core.model import LogSnapshot, ServiceName

BLUE = ServiceName("ep1", "blue")
WEB = ServiceName("svc")


@pytest.fixture(autouse=True)
def _services(azure: LocalAzure) -> None:
    azure.add_deployment("ep1", "blue")
    azure.set_log("ep1", "blue", "InferenceServer", [f"request {number}" for number in range(1, 301)])
    azure.set_log("ep1", "blue", "StorageInitializer", ["model downloaded"])
    azure.webservices.add("svc")
    azure.webservices.logs["svc", False] = "".join(f"scored {number}\r\n" for number in range(1, 301))
    azure.webservices.logs["svc", True] = "image unpacked\n"


def test_each_generation_has_its_containers(workspace: AzureMLWorkspace) -> None:
    assert list(workspace.logs.containers(BLUE)) == ["inference-server", "storage-initializer"]
    assert list(workspace.logs.containers(WEB)) == ["scoring", "init"]
    for name in (ServiceName("ep1", "green"), ServiceName("nobody")):
        with pytest.raises(NotFound):
            workspace.logs.containers(name)
        with pytest.raises(NotFound):
            workspace.logs.snapshot(name, lines=1)


def test_a_log_is_its_last_lines_and_costs_one_request(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.requests.clear()
    found = workspace.logs.snapshot(BLUE, lines=3)
    assert found.lines == ("request 298", "request 299", "request 300")
    assert found.status.startswith("Instance status:\nSystemSetup: Succeeded\n")
    assert counted(azure) == ["POST /onlineEndpoints/ep1/deployments/blue/getLogs"]
    written = LogSnapshot(("scored 299\r", "scored 300\r"))  # to the letter, with the line ends of Windows
    assert workspace.logs.snapshot(WEB, lines=2) == written


@pytest.mark.parametrize("lines", [0, 1, 299, 300, 301, 10**9, 10**30])
def test_any_number_of_lines_can_be_asked_for(workspace: AzureMLWorkspace, lines: int) -> None:
    for name in (BLUE, WEB):
        assert len(workspace.logs.snapshot(name, lines=lines).lines) == min(lines, 300)


def test_other_containers_are_chosen_by_name(workspace: AzureMLWorkspace) -> None:
    assert workspace.logs.snapshot(BLUE, lines=9, container="storage-initializer").lines == ("model downloaded",)
    assert workspace.logs.snapshot(WEB, lines=9, container="init").lines == ("image unpacked",)


def test_an_unknown_container_is_not_found_with_a_suggestion(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.requests.clear()
    for name, container, hint in (
        (BLUE, "inference", "did you mean 'inference-server'?"),
        (BLUE, "sidecar", "its containers are inference-server, storage-initializer"),
        (WEB, "inference-server", "its containers are scoring, init"),
    ):
        with pytest.raises(NotFound) as caught:
            workspace.logs.snapshot(name, lines=1, container=container)
        assert (caught.value.message, caught.value.hint) == (f"{name} has no container {container!r}", hint)
    assert counted(azure) == []


@pytest.mark.parametrize("body", [{}, {"content": None}, {"content": 7}, {"content": ["a"]}, [], None, "text", 7])
def test_an_answer_without_a_text_is_an_empty_log(azure: LocalAzure, workspace: AzureMLWorkspace, body: object) -> None:
    with azure.fault(answer(body), plane="arm", path="getLogs"), azure.fault(answer(body), plane="v1", path="/logs$"):
        for name in (BLUE, WEB):
            assert workspace.logs.snapshot(name, lines=9) == LogSnapshot(())


def test_what_is_written_in_a_log_is_no_ones_business_but_the_readers(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    hostile = "a\x00b \x1b[2J 10%\r 100%\x07"
    azure.set_log("ep1", "blue", "InferenceServer", [hostile, "x" * 1_000_000])
    assert workspace.logs.snapshot(BLUE, lines=9).lines == (hostile, "x" * 1_000_000)


def test_who_may_not_read_logs_hears_which_role_is_missing(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    with azure.deny(".*/getLogs/action"), pytest.raises(NotAllowed) as caught:
        workspace.logs.snapshot(BLUE, lines=1)
    assert "AzureML Data Scientist" in caught.value.hint
