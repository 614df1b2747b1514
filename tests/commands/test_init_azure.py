"""Connecting a folder to a workspace on Azure: which one is meant, what is remembered, and what may be read."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azured import local_azure
from emulators import seed
from emulators.azure import LocalAzure
from emulators.faults import answer, html, refuse, slow, throttled
from running import Outcome, Runner


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    """An Azure with a small workspace."""
    with local_azure(tmp_path / "azure") as made:
        seed.small(made)
        yield made


@pytest.fixture
def here(azure: LocalAzure, tmp_path: Path) -> Runner:
    """mlmon in an empty folder, signed in."""
    (tmp_path / "here").mkdir()
    return Runner(tmp_path / "here", dict(azure.environ), width=200)


def config(azure: LocalAzure, path: Path) -> Path:
    where = azure.workspace
    names = {"subscription_id": where.subscription, "resource_group": where.group, "workspace_name": where.name}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(names))
    return path


def table(azure: LocalAzure, *more: str) -> str:
    where = azure.workspace
    lines = [f'subscription = "{where.subscription}"', 'resource_group = "rg"', 'name = "ws"', *more]
    return "[workspaces.ws]\n" + "".join(f"{line}\n" for line in lines)


def full(azure: LocalAzure) -> str:
    return f"{azure.workspace.subscription}/rg/ws"


def names(azure: LocalAzure) -> str:
    return f"--subscription {azure.workspace.subscription} --resource-group rg --name ws"


def written(here: Runner) -> str:
    return (here.folder / "mlmon.toml").read_text()


# which workspace


def test_a_config_of_azure_ml_is_enough(azure: LocalAzure, here: Runner) -> None:
    config(azure, here.folder / "down.json")
    outcome = here("init --config down.json -o json")
    container = azure.datastores["workspaceblobstore"]["properties"]["containerName"]
    assert (outcome.code, outcome.json) == (
        0,
        {
            "schema_version": 1,
            "workspace": full(azure),
            "region": "westeurope",
            "storage": f"{azure.storage_account[0]}/{container}",
            "telemetry": "ws-insights",
            "logs_workspace": azure.log_workspace["properties"]["customerId"],
            "v1": True,
            "services": 3,
            "changed": True,
            "settings": str(here.folder / "mlmon.toml"),
        },
    )
    assert [json.loads(line) for line in outcome.err.splitlines()] == [
        {"level": "info", "message": "looking at ws in rg"},
        {"level": "info", "message": f"connected to {full(azure)}"},
    ]
    assert written(here) == f'workspace = "ws"\n\n{table(azure)}'


def test_people_read_it_as_lines(azure: LocalAzure, here: Runner) -> None:
    outcome = here(f"init {names(azure)}")
    assert outcome.err == f"looking at ws in rg\nconnected to {full(azure)}\n"
    assert [line.partition(":")[0] for line in outcome.out.splitlines()] == [
        "workspace",
        "region",
        "storage",
        "telemetry",
        "logs workspace",
        "v1 services",
        "services",
        "changed",
        "settings",
    ]


@pytest.mark.parametrize("name", ["config.json", ".azureml/config.json"])
def test_azure_mls_own_file_up_the_tree_is_found_by_itself(azure: LocalAzure, here: Runner, name: str) -> None:
    config(azure, here.folder.parent / name)
    outcome = here("init -o json")
    assert (outcome.code, outcome.json["workspace"]) == (0, full(azure))
    assert written(here) == f'workspace = "ws"\n\n{table(azure)}'


def test_the_defaults_of_az_are_enough(azure: LocalAzure, here: Runner) -> None:
    folder = here.folder / "no-home" / ".azure"
    folder.mkdir(parents=True)
    (folder / "config").write_text("[defaults]\ngroup = rg\nworkspace = ws\n")
    profile = {"subscriptions": [{"id": azure.workspace.subscription, "isDefault": True}]}
    (folder / "azureProfile.json").write_text(json.dumps(profile))
    assert here("init -o json").json["workspace"] == full(azure)


def test_a_name_alone_is_looked_for_among_those_that_can_be_seen(azure: LocalAzure, here: Runner) -> None:
    azure.add_workspace("other")
    outcome = here("init --name WS -o json")
    assert (outcome.code, outcome.json["workspace"]) == (0, full(azure))
    missing = here("init --name othe")
    assert (missing.code, missing.out) == (5, "")
    assert missing.err == (
        "looking for workspaces\nerror: this sign-in sees no workspace named 'othe'\nhint: did you mean 'other'?\n"
    )


def test_on_a_terminal_one_is_chosen(azure: LocalAzure, here: Runner) -> None:
    azure.add_workspace("another", group="more")
    outcome = here("init", stdin="2\n", terminal=True)
    assert outcome.code == 0, outcome.err
    subscription = azure.workspace.subscription
    assert f"Which workspace?\n  1  another (more, {subscription})\n  2  ws (rg, {subscription})\n" in outcome.err
    assert written(here) == f'workspace = "ws"\n\n{table(azure)}'


def test_nobody_there_to_choose_is_a_usage_error_and_asks_nothing(azure: LocalAzure, here: Runner) -> None:
    outcome = here("init")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "error: which workspace? nothing names one\n"
        "hint: mlmon init --config config.json\n"
        "hint: or: mlmon init --subscription ID --resource-group NAME --name NAME\n"
        "hint: or: mlmon init --local DIR makes or connects an embedded one\n"
    )
    assert len(azure.requests) == 0
    assert not (here.folder / "mlmon.toml").exists()


def test_a_config_that_is_none_is_said(azure: LocalAzure, here: Runner) -> None:
    assert here("init --config nowhere.json").code == 5
    (here.folder / "mine.json").write_text('{"name": "package"}')
    outcome = here("init --config mine.json")
    assert outcome.code == 2
    assert outcome.err.startswith("error: mine.json names no workspace\n")


def test_an_embedded_workspace_and_one_on_azure_are_not_both_meant(here: Runner) -> None:
    outcome = here("init --local . --name ws")
    assert outcome.code == 2
    assert outcome.err.startswith("error: --local names an embedded workspace, the other options one on Azure\n")


# what is written


def test_what_a_person_wrote_is_kept(azure: LocalAzure, here: Runner) -> None:
    tenant = f'tenant = "{azure.access.tenant}" # the second one'
    before = f'# ours\nworkspace = "ws"  # production\nservice = "ep1/blue"\n\n{table(azure, tenant)}'
    (here.folder / "mlmon.toml").write_text(before)
    outcome = here("init -o json")
    assert (outcome.code, outcome.json["changed"]) == (0, False)
    assert written(here) == before


def test_how_it_is_to_be_used_is_written_too(azure: LocalAzure, here: Runner) -> None:
    environ = {"MLMON_TELEMETRY_SCOPE": "workspace"}
    outcome = here.at(here.folder, **environ)(f"init {names(azure)} --storage-auth key --tenant {azure.access.tenant}")
    assert outcome.code == 0, outcome.err
    options = (f'tenant = "{azure.access.tenant}"', 'storage_auth = "key"', 'telemetry_scope = "workspace"')
    assert written(here) == f'workspace = "ws"\n\n{table(azure, *options)}'


def test_another_workspace_takes_the_place_of_the_one_before(azure: LocalAzure, here: Runner) -> None:
    (here.folder / "mlmon.toml").write_text('workspace = "./demo"\nservice = "churn"\n')
    assert here(f"init {names(azure)}").code == 0
    assert written(here) == f'workspace = "ws"\n\n{table(azure)}'


def test_a_workspace_keeps_the_name_that_somebody_gave_it(azure: LocalAzure, here: Runner) -> None:
    prod = table(azure).replace("[workspaces.ws]", "[workspaces.prod]")
    before = f'{prod}\n[workspaces.try]\nfolder = "demo"\n'
    (here.folder / "mlmon.toml").write_text(f'workspace = "try"\nservice = "churn"\n\n{before}')
    assert here(f"init {names(azure)} -o json").json["changed"] is True
    assert written(here) == f'workspace = "prod"\n\n{before}'
    assert here("init -o json").json["changed"] is False
    (here.folder / "mlmon.toml").write_text(before)
    assert here(f"init {names(azure)} --quiet").code == 0
    assert here("status -o json").code == 0  # it stands above the tables, where it means something
    assert here("status --settings -o json").json[0]["value"] == "prod"


def test_a_name_that_means_another_workspace_already_is_left_alone(azure: LocalAzure, here: Runner) -> None:
    before = '[workspaces.ws]\nsubscription = "s"\nresource_group = "g"\nname = "ws"\n'
    (here.folder / "mlmon.toml").write_text(before)
    outcome = here(f"init {names(azure)}")
    assert outcome.code == 2
    assert outcome.err == (
        f"error: {here.folder / 'mlmon.toml'} names another workspace 'ws' already\n"
        "hint: rename or remove its table, or choose another folder\n"
    )
    assert written(here) == before
    assert len(azure.requests) == 0


def test_a_workspace_that_is_not_there_leaves_nothing_behind(azure: LocalAzure, here: Runner) -> None:
    outcome = here(f"init --subscription {azure.workspace.subscription} --resource-group rg --name wz")
    assert outcome.code == 5
    assert outcome.err.startswith("looking at wz in rg\nerror: could not read the workspace: The Resource ")
    assert outcome.err.endswith("hint: mlmon init connects this folder to a workspace that is there\n")
    assert not (here.folder / "mlmon.toml").exists()


# what is remembered


def test_the_next_command_finds_nothing_out_again(azure: LocalAzure, here: Runner) -> None:
    here(f"init {names(azure)}")
    azure.requests.clear()
    assert here("status -o json").code == 0
    found_out = [
        str(one)
        for one in azure.requests
        if one.path == azure.workspace.id or any(word in one.path for word in ("datastores", "/data/", "/discovery"))
    ]
    assert found_out == []
    assert not [one for one in azure.requests.of("arm") if "Microsoft.Storage" in one.path or "components" in one.path]


def test_what_is_missing_is_said_and_does_not_stop_the_rest(azure: LocalAzure, here: Runner) -> None:
    del azure.workspaces["ws"]["properties"]["applicationInsights"]
    with azure.fault(refuse(404, {}), plane="v1", path="discovery"):
        outcome = here(f"init {names(azure)} -o json")
    assert outcome.code == 0
    found = outcome.json
    assert (found["telemetry"], found["logs_workspace"], found["v1"], found["services"]) == (None, None, False, 3)
    assert warnings(outcome) == [
        "the workspace ws has no Application Insights",
        "v1 web services cannot be reached any more in westeurope",
    ]


def warnings(outcome: Outcome) -> list[str]:
    return [one["message"] for one in map(json.loads, outcome.err.splitlines()) if one["level"] == "warning"]


def test_a_component_that_was_deleted_does_not_stop_the_rest(azure: LocalAzure, here: Runner) -> None:
    azure.resources.components.clear()
    outcome = here(f"init {names(azure)} -o json")
    assert outcome.code == 0
    assert (outcome.json["telemetry"], outcome.json["logs_workspace"], outcome.json["v1"]) == (None, None, True)
    (warning,) = warnings(outcome)
    assert warning.startswith("could not read the Application Insights component: ")


@pytest.mark.parametrize("path", ["discovery", "/services$"])
def test_v1_that_is_out_of_order_does_not_stop_the_rest(azure: LocalAzure, here: Runner, path: str) -> None:
    """Who has only v2 could never connect."""
    with azure.fault(throttled(60), plane="v1", path=path):
        outcome = here(f"init {names(azure)} -o json")
    assert (outcome.code, outcome.json["services"], outcome.json["v1"]) == (0, 3, path != "discovery")
    (warning,) = warnings(outcome)
    assert ": Azure throttles" in warning
    assert written(here)


def test_azure_ai_ml_and_the_light_client_find_the_same(azure: LocalAzure, here: Runner) -> None:
    """The first by itself, the second when the first is not let through: it pins an api-version of its own."""
    by_sdk = here(f"init {names(azure)} -o json --debug")
    assert "azure-ai-ml could not tell" not in by_sdk.err
    memory = (here.folder / ".mlmon" / "discovered.json").read_text()
    with azure.fault(html(500), path="/datastores$", times=1):
        by_light = here(f"init {names(azure)} -o json --debug")
    assert "azure-ai-ml could not tell (" in by_light.err
    assert {**by_light.json, "changed": True} == by_sdk.json
    assert json.loads((here.folder / ".mlmon" / "discovered.json").read_text()) == json.loads(memory)


@pytest.mark.parametrize("document", [None, [], 3, {}, {"properties": {"storageAccount": 3}}, {"value": [3, None, {}]}])
def test_answers_of_any_shape_are_no_traceback(azure: LocalAzure, here: Runner, document: Any) -> None:
    for path in ("/workspaces/ws$", "/datastores$", "/subscriptions$", "/workspaces$"):
        with azure.fault(answer(document), plane="arm", path=path):
            for command in (f"init {names(azure)}", "init --name ws"):
                outcome = here(command)
                assert outcome.code in {0, 4, 5, 6}, outcome.err
                assert "mlmon has a fault" not in outcome.err


def test_azure_ai_ml_leaves_no_trace(azure: LocalAzure, here: Runner, capfd: pytest.CaptureFixture[str]) -> None:
    """It prints, and sets a variable that would change what its next user sees."""
    before = dict(os.environ)
    here(f"init {names(azure)}")
    assert dict(os.environ) == before
    assert tuple(capfd.readouterr()) == ("", "")


def test_no_secret_is_said_or_kept(azure: LocalAzure, here: Runner) -> None:
    outcomes: list[Outcome] = [here(f"init {names(azure)} --debug"), here("init --check --debug")]
    outcomes += [here("status --debug --storage-auth key"), here("logs ep1/blue --debug")]
    texts = [outcome.out + outcome.err for outcome in outcomes]
    texts += [path.read_text("utf-8") for path in here.folder.rglob("*") if path.is_file()]
    assert "debug: GET " in texts[0]
    for secret in (azure.principal.secret, azure.storage_account[1], "eyJ", "Bearer ", "sig="):
        assert not [text for text in texts if secret in text], secret


# --check


def checked(outcome: Outcome) -> list[tuple[Any, ...]]:
    return [(row["plane"], row["allowed"], row["account"], row["role"]) for row in outcome.json]


def test_every_plane_is_tried_and_named(azure: LocalAzure, here: Runner) -> None:
    here(f"init {names(azure)}")
    outcome = here("init --check -o json")
    assert (outcome.code, outcome.err) == (0, "")
    assert checked(outcome) == [
        ("control", True, "mlmon-tests", "Reader"),
        ("logs", True, "mlmon-tests", "AzureML Data Scientist"),
        ("telemetry", True, "mlmon-tests", "Monitoring Reader"),
        ("data", True, "mlmon-tests", "Storage Blob Data Reader"),
    ]
    properties = azure.workspaces["ws"]["properties"]
    assert [row["scope"] for row in outcome.json] == [
        azure.workspace.id,
        azure.workspace.id,
        properties["applicationInsights"],
        properties["storageAccount"],
    ]


@pytest.mark.parametrize(
    ("action", "plane"),
    [
        ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints/read", "control"),
        (".*/getLogs/action", "logs"),
        (".*query.*", "telemetry"),
        (".*blobs/read", "data"),
    ],
)
def test_a_plane_that_is_refused_is_exit_4_and_leaves_the_others(
    azure: LocalAzure, here: Runner, action: str, plane: str
) -> None:
    here(f"init {names(azure)}")
    with azure.deny(action):
        outcome = here("init --check -o json")
    assert outcome.code == 4, outcome.out
    rows = {row["plane"]: row for row in outcome.json}
    assert [name for name, row in rows.items() if row["allowed"] is False] == [plane]
    assert rows[plane]["reason"].startswith("mlmon-tests may not ")


def test_a_plane_that_does_not_answer_is_neither_allowed_nor_refused(azure: LocalAzure, here: Runner) -> None:
    here(f"init {names(azure)}")
    with azure.stop_plane("logs"):
        outcome = here("init --check -o json")
    assert outcome.code == 6
    assert [row["allowed"] for row in outcome.json] == [True, True, None, True]


def test_a_workspace_that_was_deleted_has_no_planes(azure: LocalAzure, here: Runner) -> None:
    here(f"init {names(azure)}")
    del azure.workspaces["ws"]
    outcome = here("init --check -o json")
    assert (outcome.code, outcome.out, json.loads(outcome.err)["code"]) == (5, "", "workspace-not-found")


def test_planes_are_waited_for_at_the_same_time(azure: LocalAzure, here: Runner) -> None:
    here(f"init {names(azure)}")
    began = time.monotonic()
    with azure.fault(slow(1.2), path="onlineEndpoints$|query|comp=list|blob"), azure.fault(slow(1.2), plane="blob"):
        outcome = here("init --check -o json")
    assert outcome.code == 0
    assert time.monotonic() - began < 3


def test_a_workspace_without_services_has_no_log_to_try(azure: LocalAzure, here: Runner) -> None:
    azure.deployments.clear()
    azure.endpoints.clear()
    here(f"init {names(azure)}")
    outcome = here("init --check -o json")
    assert outcome.code == 0
    assert [(row["allowed"], row["reason"]) for row in outcome.json][1] == (None, "no service to try it on")


def test_nothing_is_written_by_a_check(azure: LocalAzure, here: Runner) -> None:
    outcome = here(f"init --check {names(azure)} -o json")
    assert outcome.code == 0, outcome.err
    assert not (here.folder / "mlmon.toml").exists()
