"""Container logs as a person reads them, from a workspace on Azure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from azured import local_azure, runner
from emulators.azure import LocalAzure
from emulators.faults import html, meanwhile, refuse, slow, throttled
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


@dataclass
class InFlight:
    """How many requests were answered at the same time, at most; each takes its time."""

    seconds: float
    now: int = 0
    most: int = 0
    all: int = 0
    lock: Lock = field(default_factory=Lock)

    def __call__(self) -> None:
        with self.lock:
            self.now, self.all = self.now + 1, self.all + 1
            self.most = max(self.most, self.now)
        time.sleep(self.seconds)
        with self.lock:
            self.now -= 1


def test_following_never_has_two_requests_under_way_for_one_log(azure: LocalAzure, mlmon: Runner) -> None:
    azure.set_log("ep1", "blue", "InferenceServer", ["one"])
    azure.requests.clear()
    slow = InFlight(1.5)
    with azure.fault(meanwhile(slow), plane="arm", path="getLogs", times=100):
        outcome = mlmon("logs ep1/blue -f --for 5s --quiet")
    assert (outcome.code, outcome.out) == (0, "one\n")
    assert slow.most == 1
    assert slow.all >= 2
    # nothing else is asked for while it is followed: one look at the service before
    assert azure.requests.count("arm", "GET", "deployments/blue") == 1


def test_following_goes_on_through_throttling_and_says_so(azure: LocalAzure, mlmon: Runner) -> None:
    log = [f"request {number}" for number in range(1, 31)]
    azure.set_log("ep1", "blue", "InferenceServer", log)
    stop = Event()

    def write() -> None:
        for number in range(31, 40):
            log.append(f"request {number}")
            azure.set_log("ep1", "blue", "InferenceServer", log)
            if stop.wait(0.3):
                return

    writer = Thread(target=write)
    with azure.fault(throttled(1), plane="arm", path="getLogs", after=1, times=5):
        writer.start()
        outcome = mlmon("logs ep1/blue svc -f -n 2 --for 15s -o jsonl")
    stop.set()
    writer.join()
    rows = [row for row in outcome.jsonl if row["service"] == "ep1/blue"]
    numbers = [int(row["message"].split()[-1]) for row in rows]
    # the first two lines are the last of those that were there when it began, and none is missing after them
    assert numbers == list(range(numbers[0], 40))
    assert {(row["type"], row["container"]) for row in rows} == {("record", "inference-server")}
    assert "trying again in" in outcome.err
    assert outcome.code == 0


def test_following_that_cannot_begin_at_once_begins_with_the_last_lines_all_the_same(
    azure: LocalAzure, mlmon: Runner
) -> None:
    azure.set_log("ep1", "blue", "InferenceServer", [f"request {number}" for number in range(1, 31)])
    with azure.fault(html(502), plane="arm", path="getLogs", times=1):
        outcome = mlmon("logs ep1/blue -f -n 2 --for 4s")
    assert (outcome.code, outcome.out) == (0, "request 29\nrequest 30\n")
    assert "Azure answered 502; trying again in" in outcome.err


def test_a_log_that_answers_late_begins_with_its_last_lines_too(azure: LocalAzure, mlmon: Runner) -> None:
    azure.set_log("ep1", "blue", "InferenceServer", [f"request {number}" for number in range(1, 31)])
    azure.webservices.logs["svc", False] = "scored\n"
    with azure.fault(slow(4), plane="arm", path="getLogs", times=1):
        outcome = mlmon("logs ep1/blue svc -f -n 2 --for 7s --quiet -o jsonl")
    assert [(row["service"], row["line"]) for row in outcome.jsonl] == [
        ("svc", "scored"),
        ("ep1/blue", "request 29"),
        ("ep1/blue", "request 30"),
    ]


def test_many_services_of_both_generations_are_merged(azure: LocalAzure, mlmon: Runner) -> None:
    azure.set_log("ep1", "blue", "InferenceServer", ["2026-03-01 10:00:01,000 I [7] azmlinfsrv - second"])
    azure.webservices.logs["svc", False] = (
        "2026-03-01 10:00:00,000 | root | INFO | first\n2026-03-01 10:00:02,000 | root | ERROR | third\n"
    )
    outcome = mlmon("logs --all --quiet")
    assert outcome.code == 0
    assert outcome.out == (
        "svc      | 2026-03-01 10:00:00,000 | root | INFO | first\n"
        "ep1/blue | 2026-03-01 10:00:01,000 I [7] azmlinfsrv - second\n"
        "svc      | 2026-03-01 10:00:02,000 | root | ERROR | third\n"
    )


def test_one_log_that_cannot_be_read_does_not_keep_the_others(azure: LocalAzure, mlmon: Runner) -> None:
    azure.set_log("ep1", "blue", "InferenceServer", ["scored"])
    with azure.fault(refuse(403, {"error": {"code": "AuthorizationFailed", "message": "no"}}), plane="v1", path="logs"):
        outcome = mlmon("logs ep1/blue svc --quiet -n 1")
    assert (outcome.code, outcome.out) == (7, "ep1/blue | scored\n")
    assert outcome.err.startswith("warning: svc: ")
