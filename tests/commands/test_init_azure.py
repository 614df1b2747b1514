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
from emulators import blobfront, seed
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
    for text, message in {
        '{"name": "package"}': "must have 'subscription_id', 'resource_group', 'workspace_name' as text",
        '{"subscription_id": "s", "resource_group": 3, "workspace_name": "w"}': "must have 'resource_group' as text",
        "[]": "must have 'subscription_id', 'resource_group', 'workspace_name' as text",
        "{": "is not JSON",
        "": "is not JSON",
    }.items():
        (here.folder / "mine.json").write_text(text)
        outcome = here("init --config mine.json")
        assert (outcome.code, outcome.err) == (
            2,
            f"error: mine.json {message}\nhint: Azure ML studio offers the file: Download config file\n",
        )
    (here.folder / "folder").mkdir()
    assert here("init --config folder").err.startswith("error: folder cannot be read: Is a directory\n")


def test_an_embedded_workspace_and_one_on_azure_are_not_both_meant(here: Runner) -> None:
    outcome = here("init --local . --name ws")
    assert outcome.code == 2
    assert outcome.err.startswith("error: --local names an embedded workspace, the other options one on Azure\n")


def az(here: Runner, **defaults: str) -> None:
    """What az takes for granted."""
    folder = here.folder / "no-home" / ".azure"
    folder.mkdir(parents=True)
    subscription = defaults.pop("subscription", "")
    (folder / "config").write_text("[defaults]\n" + "".join(f"{key} = {value}\n" for key, value in defaults.items()))
    profile = {"subscriptions": [{"id": subscription, "isDefault": True}] if subscription else []}
    (folder / "azureProfile.json").write_text(json.dumps(profile))


def test_what_az_adds_to_a_name_is_said(azure: LocalAzure, here: Runner) -> None:
    az(here, subscription=azure.workspace.subscription, group="local")
    outcome = here("init --name ws")
    assumed = (
        f"subscription {azure.workspace.subscription} from the defaults of az, "
        "resource group local from the defaults of az"
    )
    note, error, *hints = outcome.err.splitlines()
    assert outcome.code == 5
    assert note == f"looking at ws in local ({assumed})"
    assert error == "error: could not read the workspace: Resource group 'local' could not be found"
    assert hints == [
        f"hint: check the defaults of az, --name ({assumed})",
        "hint: in the subscription there is ws (rg)",
    ]


def test_the_part_that_is_missing_is_named_with_what_there_is(azure: LocalAzure, here: Runner) -> None:
    azure.add_workspace("other")
    azure.add_workspace("elsewhere", group="more")
    outcome = here(f"init --resource-group RG --subscription {azure.workspace.subscription}")
    assert (outcome.code, outcome.err) == (
        2,
        (
            f"error: which workspace? --name is missing (known: subscription {azure.workspace.subscription} from "
            "--subscription, resource group RG from --resource-group)\n"
            "hint: in RG there is other, ws\n"
            "hint: mlmon init --config config.json\n"
            "hint: or: mlmon init --subscription ID --resource-group NAME --name NAME\n"
            "hint: or: mlmon init --local DIR makes or connects an embedded one\n"
        ),
    )
    alone = here("init --resource-group rg")
    assert (alone.code, alone.err.splitlines()[:2]) == (
        2,
        [
            (
                "error: which workspace? --subscription and --name are missing (known: resource group rg from "
                "--resource-group)"
            ),
            "hint: in rg there is other, ws",
        ],
    )
    az(here, subscription=azure.workspace.subscription)
    usual = here("init")
    assert (usual.code, usual.err.splitlines()[:2]) == (
        2,
        [
            (
                f"error: which workspace? --resource-group and --name are missing (known: subscription "
                f"{azure.workspace.subscription} from the defaults of az)"
            ),
            "hint: in the subscription there is elsewhere (more), other (rg), ws (rg)",
        ],
    )


def test_a_name_that_resembles_none_is_answered_with_those_there_are(azure: LocalAzure, here: Runner) -> None:
    outcome = here("init --name nope")
    assert (outcome.code, outcome.err) == (
        5,
        "looking for workspaces\nerror: this sign-in sees no workspace named 'nope'\nhint: it sees ws (rg)\n",
    )


def test_a_subscription_goes_by_its_name_too(azure: LocalAzure, here: Runner) -> None:
    outcome = here("init --subscription production --resource-group rg --name ws -o json")
    assert (outcome.code, outcome.json["workspace"]) == (0, full(azure)), outcome.err
    assert written(here) == f'workspace = "ws"\n\n{table(azure)}'
    azure.add_subscription("Twice")
    azure.add_subscription("Twice")
    for said, code, error, hint in (
        ("Producton", 5, "this sign-in sees no subscription named 'Producton'", "did you mean 'Production'?"),
        ("Mars", 5, "this sign-in sees no subscription named 'Mars'", "it sees Production, Twice"),
        ("twice", 2, "2 subscriptions are named 'twice'", "write an id: "),
    ):
        wrong = here(["init", "--subscription", said, "--resource-group", "rg", "--name", "ws"])
        assert (wrong.code, wrong.err.splitlines()[0]) == (code, f"error: {error}")
        assert wrong.err.splitlines()[1].startswith(f"hint: {hint}")


def test_a_name_alone_chooses_on_a_terminal(azure: LocalAzure, here: Runner) -> None:
    azure.add_workspace("another", group="more")
    outcome = here("init", stdin="9\nWS\n", terminal=True)
    assert outcome.code == 0, outcome.err
    assert "'9' is none of them; type a number from 1 to 2\n" in outcome.err
    assert written(here) == f'workspace = "ws"\n\n{table(azure)}'


# what is written


def test_names_are_kept_as_azure_writes_them(azure: LocalAzure, here: Runner) -> None:
    """Azure compares them in any case, so another spelling is no other workspace."""
    outcome = here(f"init --subscription {azure.workspace.subscription.upper()} --resource-group RG --name WS -o json")
    assert (outcome.code, outcome.json["workspace"]) == (0, full(azure))
    assert written(here) == f'workspace = "ws"\n\n{table(azure)}'
    assert (
        here(f"init --subscription {azure.workspace.subscription} --resource-group Rg --name Ws -o json").json[
            "changed"
        ]
        is False
    )
    assert written(here) == f'workspace = "ws"\n\n{table(azure)}'


def test_a_folder_that_takes_no_files_is_said_before_anything_is_asked(azure: LocalAzure, here: Runner) -> None:
    closed = Path("/proc/self")  # closed to root too
    outcome = here.at(closed, HOME=str(here.folder))(f"init {names(azure)} -o json")
    error = json.loads(outcome.err)
    assert (outcome.code, error["code"], error["hint"]) == (
        1,
        "folder-unwritable",
        "choose a folder for mlmon.toml that you may write to",
    )
    assert error["message"].startswith("'/proc/self' cannot be written to (")
    assert len(azure.requests) == 0


def test_use_beside_azure_mls_own_file_names_the_workspace_with_the_service(azure: LocalAzure, here: Runner) -> None:
    """A service alone would be the default of every other workspace too."""
    config(azure, here.folder / ".azureml" / "config.json")
    outcome = here("use ep1/blue -o json")
    assert (outcome.code, outcome.json["changed"]) == (0, True), outcome.err
    assert written(here) == f'workspace = "ws"\nservice = "ep1/blue"\n\n{table(azure)}'
    assert here("use ep1/blue -o json").json["changed"] is False
    assert here("logs -n 1").out == "request 100 scored\n"


def test_the_default_service_of_one_workspace_is_not_that_of_another(azure: LocalAzure, here: Runner) -> None:
    dev = table(azure).replace("[workspaces.ws]", "[workspaces.dev]").replace('name = "ws"', 'name = "dev"')
    (here.folder / "mlmon.toml").write_text(f'workspace = "ws"\nservice = "ep1/blue"\n\n{table(azure)}\n{dev}')
    before = written(here)
    settings = here("status --settings --workspace dev -o json").json
    assert [one["value"] for one in settings[:2]] == ["dev", None]
    outcome = here("use ep1/green --workspace dev")
    file = here.folder / "mlmon.toml"
    assert (outcome.code, outcome.err) == (
        2,
        (
            f"error: {file} names another workspace, and a default service counts only for that one\n"
            "hint: mlmon init makes this one the folder's workspace; MLMON_SERVICE names a service for a while\n"
        ),
    )
    assert written(here) == before
    assert len(azure.requests) == 0


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
    assert outcome.err.endswith("hint: check --subscription, --resource-group, --name\nhint: in rg there is ws\n")
    assert not (here.folder / "mlmon.toml").exists()


# what is remembered


@pytest.mark.parametrize("path", ["/workspaces/ws$|datastores", "workspaces"])
def test_an_init_that_fails_forgets_nothing(azure: LocalAzure, here: Runner, path: str) -> None:
    here(f"init {names(azure)}")
    memory = here.folder / ".mlmon" / "discovered.json"
    before = memory.read_text()
    with azure.fault(html(502), path=path):
        assert here("init").code == 6
    assert memory.read_text() == before


def test_an_init_that_succeeds_forgets_what_was_wrong(azure: LocalAzure, here: Runner) -> None:
    here(f"init {names(azure)}")
    memory = here.folder / ".mlmon" / "discovered.json"
    before = memory.read_text()
    memory.write_text(before.replace("westeurope", "mars").replace('"management":', '"old": "x",\n"management":'))
    assert here("init").code == 0
    assert json.loads(memory.read_text()) == json.loads(before)


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


def test_logs_are_tried_on_each_generation(azure: LocalAzure, here: Runner) -> None:
    """They have a permission of their own in each, and the first of all services may be of either."""
    azure.webservices.add("a-first", kind="AKS")
    here(f"init {names(azure)}")
    assert here("init --check -o json").code == 0
    with azure.deny(".*/getLogs/action"):
        outcome = here("init --check -o json")
    row = outcome.json[1]
    assert (outcome.code, row["plane"], row["allowed"], row["role"]) == (4, "logs", False, "AzureML Data Scientist")
    with azure.deny(".*", scope="/services/a-first/logs"):
        other = here("init --check -o json")
    assert (other.code, [row["allowed"] for row in other.json]) == (4, [True, False, True, True])


def test_without_a_list_of_services_nobody_knows_of_logs(azure: LocalAzure, here: Runner) -> None:
    here(f"init {names(azure)}")
    with azure.fault(html(502), path="onlineEndpoints$"):
        outcome = here("init --check -o json")
    assert outcome.code == 6
    assert outcome.json[1]["reason"] == "the services could not be listed, so there was none to try it on"


def test_people_read_whom_to_ask_for_what(azure: LocalAzure, here: Runner) -> None:
    """They send it to whoever gives out roles, so nothing of it is cut, on a terminal of 80 columns either."""
    here(f"init {names(azure)}")
    here.width = 80
    with azure.deny(".*/getLogs/action"), azure.deny(".*blobs/read"), azure.stop_plane("logs"):
        outcome = here("init --check", terminal=True)
    logs, account = azure.url("logs").removeprefix("https://"), azure.storage_account[0]
    assert outcome.code == 4
    assert outcome.out.splitlines() == [
        "account: mlmon-tests",
        "control: allowed",
        (
            "logs: not allowed: mlmon-tests may not read the log of edge/main: it needs "
            "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments/getLogs/action"
        ),
        f"  ask for the role 'AzureML Data Scientist' on {azure.workspace.id}",
        f"telemetry: not known: could not query telemetry: {logs} refuses connections",
        "  check the network, and HTTPS_PROXY",
        (
            f"data: not allowed: mlmon-tests may not list the blobs of the storage account {account}: "
            "This request is not authorized to perform this operation using this permission"
        ),
        f"  ask for the role 'Storage Blob Data Reader' on the storage account {account}",
        "  or, where account keys are allowed: --storage-auth key",
    ]


def test_a_firewall_asks_for_no_role(azure: LocalAzure, here: Runner) -> None:
    here(f"init {names(azure)}")
    with azure.fault(blobfront.firewalled(), plane="blob"):
        row = here("init --check -o json").json[3]
    assert (row["allowed"], row["role"]) == (False, None)
    assert row["reason"].startswith("could not list the blobs of the storage account ")
    assert row["reason"].endswith(": its firewall does not let this machine in")
    assert row["hint"] == "use its network or a private endpoint, or have this address allowed"


def test_with_the_key_it_is_the_key_that_needs_a_role(azure: LocalAzure, here: Runner) -> None:
    here(f"init {names(azure)}")
    row = here("init --check --storage-auth key -o json").json[3]
    assert (row["allowed"], row["role"], row["scope"]) == (True, "AzureML Data Scientist", azure.workspace.id)
    with azure.deny(".*/listSecrets/action"):
        row = here("init --check --storage-auth key -o json").json[3]
    assert (row["allowed"], row["role"], row["scope"]) == (False, "AzureML Data Scientist", azure.workspace.id)
    assert row["hint"] == f"ask for the role 'AzureML Data Scientist' on {azure.workspace.id}"


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
