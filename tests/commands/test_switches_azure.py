"""The switches as a person uses them, against a workspace on Azure."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azured import at, counted, local_azure, runner
from emulators.azure import LocalAzure
from emulators.faults import answer, refuse
from running import Runner

ON = "dataCollector.collections.{}.dataCollectionMode"
SCRIPT = "the deployment has a scoring script: data flows only if it calls Collector of azureml.ai.monitoring"
ASSETS = "registers the data assets ep1-blue-model_inputs, ep1-blue-model_outputs where they do not exist yet"
ACI = "svc-aci runs on ACI, and v1 services collect model data on AKS only"
AKS_OR_V2 = "deploy it to AKS or as a v2 deployment; its telemetry can be switched: mlmon enable-insights"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    with local_azure(tmp_path / "azure") as made:
        made.add_deployment("ep1", "blue")
        made.webservices.add("svc-aks")
        made.webservices.add("svc-aci", kind="ACI")
        yield made


@pytest.fixture
def mlmon(azure: LocalAzure, tmp_path: Path) -> Runner:
    return runner(azure, tmp_path / "folder")


def leaves(document: Any, path: str = "") -> dict[str, Any]:
    """Every value in a document by its dotted path."""
    if not isinstance(document, dict) or not document:
        return {path: document}
    return {
        below: value
        for key, part in document.items()
        for below, value in leaves(part, f"{path}.{key}" if path else key).items()
    }


def put(azure: LocalAzure) -> Any:
    """The body of the one change that was sent."""
    [one] = azure.requests.of("arm", "PUT", "/deployments/")
    return json.loads(one.body)


def test_a_dry_run_prints_exactly_what_is_then_sent(azure: LocalAzure, mlmon: Runner) -> None:
    before = leaves(azure.deployments["ep1", "blue"]["properties"])
    options = "enable-collection ep1/blue --collection inputs --collection audit --sampling-rate 0.25 -o json"
    planned = mlmon(f"{options} --dry-run")
    assert (planned.code, azure.requests.count("arm", "PUT"), azure.data) == (0, 0, {})
    sent = mlmon(f"{options} --yes")
    assert sent.json == {**planned.json, "changed": True, "dry_run": False}
    after = leaves(put(azure)["properties"])
    missing = object()
    differing = {
        path: after.get(path)
        for path in {*before, *after} - {"provisioningState"}
        if before.get(path, missing) != after.get(path, missing)
    }
    assert differing == {one["field"]: one["after"] for one in planned.json["changes"]}
    assert {one["before"] for one in planned.json["changes"]} == {None}


def test_people_see_what_changes_and_what_it_takes(azure: LocalAzure, mlmon: Runner) -> None:
    outcome = mlmon("enable-collection ep1/blue --dry-run")
    id_ = f"{azure.workspace.id}/data/ep1-blue-{{}}/versions/1"
    assert (outcome.code, outcome.out, outcome.err) == (
        0,
        f"""\
collection of ep1/blue would be switched on
{ON.format("model_inputs")}: (not set) -> Enabled
dataCollector.collections.model_inputs.dataId: (not set) -> {id_.format("model_inputs")}
{ON.format("model_outputs")}: (not set) -> Enabled
dataCollector.collections.model_outputs.dataId: (not set) -> {id_.format("model_outputs")}
changed: false
""",
        f"ep1/blue: {SCRIPT}\nep1/blue: {ASSETS}\n",
    )


def test_a_toggle_costs_at_most_six_requests(azure: LocalAzure, mlmon: Runner) -> None:
    def cost(command: str) -> list[str]:
        azure.requests.clear()
        assert mlmon(command).code == 0
        return [line for line in counted(azure) if "/data/" not in line]

    here = "/onlineEndpoints/ep1/deployments/blue"
    first = cost("enable-collection ep1/blue --yes")
    # where the default datastore stands is found out for the assets, and then known
    assert [line for line in first if here in line] == [f"GET {here}"] * 4 + [f"PUT {here}", f"GET {here}"]
    assert cost("disable-collection ep1/blue --yes") == [f"GET {here}"] * 3 + [f"PUT {here}", f"GET {here}"]
    assert cost("enable-insights ep1/blue --yes") == [f"GET {here}"] * 3 + [f"PUT {here}", f"GET {here}"]
    assert cost("enable-insights ep1/blue --yes") == [f"GET {here}"] * 2
    assert azure.requests.count("v1") == 0


def test_what_is_on_is_on_and_nothing_is_asked(azure: LocalAzure, mlmon: Runner) -> None:
    assert mlmon("enable-collection svc-aks --yes").code == 0
    again = mlmon("enable-collection svc-aks")
    assert (again.code, again.out, again.err) == (0, "collection of svc-aks is already on\nchanged: false\n", "")


def test_aci_cannot_collect_and_says_why(mlmon: Runner) -> None:
    outcome = mlmon("enable-collection svc-aci --yes")
    assert (outcome.code, outcome.out, outcome.err) == (
        2,
        "",
        f"error: {ACI}\nhint: {AKS_OR_V2}\n",
    )
    assert mlmon("enable-insights svc-aci --yes").out == (
        "insights of svc-aci is now on\nappInsightsEnabled: off -> on\nchanged: true\n"
    )


@pytest.mark.parametrize("terminal", [False, True])
def test_all_services_are_switched_and_one_that_cannot_stops_nobody(
    azure: LocalAzure, mlmon: Runner, *, terminal: bool
) -> None:
    azure.add_deployment("ep1", "green", codeConfiguration=None)
    outcome = mlmon("enable-collection --all --yes -o json")
    assert outcome.code == 0
    assert [(one["service"], one["status"], one["skipped"], one["error"]) for one in outcome.json] == [
        ("ep1/blue", "changed", None, None),
        ("ep1/green", "changed", None, None),
        ("svc-aci", "skipped", ACI, None),
        ("svc-aks", "changed", None, None),
    ]
    off = mlmon("disable-collection --all --yes", terminal=terminal)
    assert (off.code, off.out.splitlines()[0]) == (0, "3 of 4 changed")
    said = {
        "collection of ep1/blue is now off",
        "collection of ep1/green is now off",
        "collection of svc-aks is now off",
    }
    assert {line for line in off.err.splitlines() if line.startswith("collection of")} == (said if terminal else set())


def test_what_fails_is_in_the_table_with_its_reason(azure: LocalAzure, mlmon: Runner) -> None:
    azure.add_deployment("ep1", "green", provisioningState="Updating")
    outcome = mlmon("enable-insights --all --yes -o json")
    assert outcome.code == 7
    assert [(one["service"], one["changed"], one["error"]) for one in outcome.json] == [
        ("ep1/blue", True, None),
        ("ep1/green", False, "ep1/green is Updating; nothing was written"),
        ("svc-aci", True, None),
        ("svc-aks", True, None),
    ]


def test_whom_a_rate_means_nothing_to_is_skipped_and_who_fails_is_not(azure: LocalAzure, mlmon: Runner) -> None:
    azure.add_deployment("ep1", "green", provisioningState="Updating")
    outcome = mlmon("enable-collection --all --sampling-rate 0.5 --yes", terminal=True)
    every = "is a v1 web service, which collects every request"
    assert (outcome.code, outcome.out.splitlines()[0]) == (7, "1 of 4 changed, 2 skipped, 1 failed")
    lines = [line.split(maxsplit=2) for line in outcome.out.splitlines() if line.startswith(("svc", "ep1/green"))]
    assert lines == [
        ["ep1/green", "failed", "ep1/green is Updating; nothing was written"],
        ["svc-aci", "skipped", f"svc-aci {every}"],
        ["svc-aks", "skipped", f"svc-aks {every}"],
    ]


@pytest.mark.parametrize("command", ["disable-collection", "enable-collection", "enable-collection --dry-run"])
@pytest.mark.parametrize("terminal", [False, True])
def test_a_service_that_is_being_changed_is_refused_before_anything_is_said_or_asked(
    azure: LocalAzure, mlmon: Runner, command: str, *, terminal: bool
) -> None:
    """Also where nothing would change: what is under way may change it."""
    azure.add_deployment("ep1", "green", provisioningState="Updating")
    azure.webservices.services["svc-aks"]["state"] = "Transitioning"
    for name, state in (("ep1/green", "Updating"), ("svc-aks", "Transitioning")):
        outcome = mlmon(f"{command} {name}", stdin="y\n", terminal=terminal)
        assert (outcome.code, outcome.out, outcome.err) == (
            6,
            "",
            f"error: {name} is {state}; nothing was written\nhint: try again when mlmon status shows it done\n",
        )


def test_data_assets_that_were_registered_for_a_change_that_failed_are_named(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.operations.going(polls=0, status="Failed"):
        outcome = mlmon("enable-collection ep1/blue --collection inputs --yes")
    assert outcome.code == 1
    assert outcome.err.splitlines()[-2:] == [
        "hint: mlmon status shows what holds now",
        "hint: the data assets that were registered for it stay: ep1-blue-model_inputs",
    ]
    azure.requests.clear()
    with azure.operations.going(polls=0, status="Failed"):
        again = mlmon("enable-collection ep1/blue --collection inputs --yes")
    assert again.err.splitlines()[-1] == "hint: mlmon status shows what holds now"


@pytest.mark.parametrize("names", ["ep1/blue", "--all"])
def test_whoever_waits_sees_that_time_passes(azure: LocalAzure, mlmon: Runner, names: str) -> None:
    with azure.operations.going(polls=None):
        outcome = mlmon(f"enable-insights {names} --yes --timeout 6s")
        assert outcome.code in {6, 7}
        [said] = [line for line in outcome.err.splitlines() if not line.startswith(("error", "hint"))]
    if names == "--all":
        assert re.fullmatch(r"Switching: 0 of 3 services, [5-9] s", said)
        return
    assert re.fullmatch(r"ep1/blue: waiting for Azure, [5-9] s", said)
    azure.operations.finish()
    mlmon("disable-insights ep1/blue --yes")
    with azure.operations.going(polls=None):
        seen = mlmon("enable-insights ep1/blue --yes --timeout 2s", terminal=True).err
    assert "ep1/blue: waiting for Azure" in seen
    assert " 1 s" in seen


def test_where_v1_has_ended_all_means_the_others_and_says_so(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.fault(refuse(404, {}), plane="v1"):
        outcome = mlmon("enable-insights --all --yes")
    assert (outcome.code, outcome.out.splitlines()[0], outcome.err) == (
        0,
        "1 of 1 changed",
        "v1 web services cannot be reached any more in westeurope\n",
    )


def test_what_could_not_be_seen_is_said(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.fault(refuse(403, {"code": "Forbidden", "message": "no"}), plane="v1", path="/services"):
        outcome = mlmon("enable-insights --all --yes")
    assert (outcome.code, outcome.out.splitlines()[0]) == (7, "1 of 1 changed")
    assert outcome.err.startswith("warning: the v1 web services are left out: ")


def test_the_same_note_is_said_once_for_all_it_concerns(azure: LocalAzure, mlmon: Runner) -> None:
    azure.add_deployment("ep1", "green")
    noted = mlmon("enable-collection --all --dry-run").err.splitlines()
    assert [line.partition(": ")[0] for line in noted] == ["ep1/blue, ep1/green", "ep1/blue", "ep1/green", "svc-aks"]


def test_without_waiting_it_says_so(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.operations.going(polls=None):
        v2 = mlmon("enable-insights ep1/blue --yes --no-wait")
        v1 = mlmon("enable-insights svc-aks --yes --no-wait")
    assert (v2.code, v2.out, v2.err) == (
        0,
        "insights of ep1/blue is being switched on, and not waited for\nappInsightsEnabled: off -> on\nchanged: true\n",
        "",
    )
    assert v1.out.startswith("insights of svc-aks is being switched on, and not waited for\n")
    assert azure.requests.count(path="operation") == 0


@pytest.mark.parametrize(("status", "ended"), [("Failed", "failed"), ("Canceled", "was cancelled")])
def test_an_operation_that_does_not_succeed_is_exit_1(
    azure: LocalAzure, mlmon: Runner, status: str, ended: str
) -> None:
    with azure.operations.going(polls=0, status=status):
        outcome = mlmon("enable-insights ep1/blue --yes")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"error: could not change the deployment ep1/blue: the operation {ended}: ")


def test_what_changes_meanwhile_is_exit_6_and_nothing_is_written(azure: LocalAzure, mlmon: Runner) -> None:
    late = copy.deepcopy(azure.deployments["ep1", "blue"])
    late["tags"]["owner"] = "somebody else"
    here, stored = "/deployments/blue$", answer(azure.deployments["ep1", "blue"])
    # looked up, planned, and then it is another
    with (
        azure.fault(answer(late), plane="arm", method="GET", path=here),
        azure.fault(stored, plane="arm", method="GET", path=here, times=2),
    ):
        outcome = mlmon("enable-insights ep1/blue --yes")
    assert (outcome.code, outcome.out, outcome.err) == (
        6,
        "",
        "error: ep1/blue was changed meanwhile; nothing was written\nhint: run the command again\n",
    )
    assert azure.requests.count("arm", "PUT") == 0


def test_a_change_that_does_not_hold_is_not_called_done(azure: LocalAzure, mlmon: Runner) -> None:
    unchanged = answer(azure.deployments["ep1", "blue"])
    with azure.fault(unchanged, plane="arm", path="/deployments/blue$"):
        outcome = mlmon("enable-insights ep1/blue --yes")
    assert (outcome.code, outcome.err) == (
        1,
        "error: ep1/blue did not keep the change\nhint: see mlmon status\n",
    )


def test_who_may_not_write_hears_which_role_is_missing(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.deny(".*/deployments/write"):
        outcome = mlmon("enable-insights ep1/blue --yes")
    assert outcome.code == 4
    assert "hint: ask for the role 'AzureML Data Scientist' on /subscriptions/" in outcome.err


@pytest.mark.parametrize("names", [["ep1/blue"], ["--all"]])
def test_ctrl_c_while_azure_works_is_130_and_says_what_goes_on(
    azure: LocalAzure, mlmon: Runner, names: list[str]
) -> None:
    """In a process of its own, so that the signal is a real one."""
    azure.webservices.add("svc-on", appInsightsEnabled=True)
    with azure.operations.going(polls=None):
        azure.operations.course = type(azure.operations.course)(polls=None, retry_after=20)
        process = subprocess.Popen(
            [sys.executable, "-m", "mlmon", "enable-insights", *names, "--yes"],
            cwd=mlmon.folder,
            env={**mlmon.environ, "HOME": str(mlmon.folder), "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        end = time.monotonic() + 30
        wanted = ["arm"] if names == ["ep1/blue"] else ["arm", "v1"]
        while not all(sent(azure, plane) for plane in wanted):
            assert time.monotonic() < end, process.communicate(timeout=1)
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=15)
    assert (process.returncode, out) == (130, "")
    if names == ["ep1/blue"]:
        assert err == (
            "error: interrupted: Azure goes on with what it has begun on ep1/blue\n"
            "hint: mlmon status shows when it is done\n"
        )
    else:
        assert err == (
            "error: interrupted: 0 of 4 changed, and what was begun goes on: ep1/blue, svc-aci, svc-aks\n"
            "hint: mlmon status shows what holds now\n"
        )
    assert at(azure.deployments["ep1", "blue"], ["properties", "provisioningState"]) == "Updating"


def sent(azure: LocalAzure, plane: str) -> bool:
    """Whether every change of a plane has been sent."""
    return azure.requests.count("v1", "PATCH") >= 2 if plane == "v1" else azure.requests.count("arm", "PUT") >= 1
