"""`mlmon __complete KIND`: the names that a script asks for, and silence whatever goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azured import local_azure, runner
from emulators import seed
from emulators.faults import throttled
from running import Runner

SERVICES = """
format = 1
[services.diabetes]
script = "score.py"
[services."ep/blue".collections.model_outputs]
enabled = true
[services."ep/blue".collections.custom]
enabled = false
[services."ep/green".collections.model_inputs]
enabled = true
"""
NOTHING = (0, b"", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace that was never opened: only its files are there."""
    (tmp_path / "workspace.toml").write_text(SERVICES)
    for version, designation in (("1", "inputs"), ("2", "inputs"), ("2", "predictions"), ("2", "odd%3Aname")):
        (tmp_path / "blobs/modeldata/sub/group/ws/diabetes/model" / version / designation).mkdir(parents=True)
    (tmp_path / "blobs/modeldata/sub/group/ws/other/model/1/foreign").mkdir(parents=True)
    (tmp_path / "blobs/modeldata/sub/a file").touch()
    return tmp_path


def _printed(text: str) -> tuple[int, bytes, str]:
    return (0, text.encode(), "")


def _answer(mlmon: Runner, command: str | list[str]) -> tuple[int, bytes, str]:
    """Exit code, stdout's bytes, stderr."""
    outcome = mlmon(command)
    return (outcome.code, outcome.data, outcome.err)


def test_services_come_sorted_with_what_they_are(folder: Path, mlmon: Runner) -> None:
    assert _answer(mlmon, "__complete services") == _printed(
        "diabetes\tv1 web service\nep/blue\tv2 online deployment\nep/green\tv2 online deployment\n"
    )


def test_the_default_service_is_marked(folder: Path, mlmon: Runner) -> None:
    (folder / "mlmon.toml").write_text('workspace = "."\nservice = "diabetes"')

    assert mlmon("__complete services").data.splitlines()[0] == b"diabetes\tv1 web service, the default here"


@pytest.mark.parametrize(
    ("service", "names"),
    [
        ("diabetes", "inputs\nodd:name\npredictions\n"),
        ("ep/blue", "custom\nmodel_outputs\n"),
        ("ep", "custom\nmodel_inputs\nmodel_outputs\n"),
        ("nobody", ""),
        ("", "custom\ninputs\nmodel_inputs\nmodel_outputs\nodd:name\npredictions\n"),
    ],
)
def test_collections_are_those_of_the_service_on_the_line(
    folder: Path, mlmon: Runner, service: str, names: str
) -> None:
    """v2 declares them; v1 has what was once collected; no service named and no default: those of all."""
    assert _answer(mlmon, ["__complete", "collections", f"--service={service}"]) == _printed(names)


def test_without_a_service_on_the_line_collections_are_those_of_the_default(folder: Path, mlmon: Runner) -> None:
    assert _answer(mlmon.at(folder, MLMON_SERVICE="ep/blue"), "__complete collections") == _printed(
        "custom\nmodel_outputs\n"
    )


def test_workspaces_are_those_of_the_settings_with_where_they_are(folder: Path, mlmon: Runner) -> None:
    (folder / "mlmon.toml").write_text(
        '[workspaces.near]\nfolder = "near"\n'
        '[workspaces.cloud]\nsubscription = "s"\nresource_group = "g"\nname = "prod-ws"\n'
    )

    assert _answer(mlmon, "__complete workspaces") == _printed(f"near\t{folder}/near\ncloud\tprod-ws on Azure\n")


def test_the_workspace_on_the_line_counts(folder: Path, mlmon: Runner, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "workspace.toml").write_text("[services.churn]")

    assert _answer(mlmon, "__complete services --workspace=./elsewhere") == _printed("churn\tv1 web service\n")


def test_a_typo_elsewhere_in_the_file_does_not_take_the_names_away(folder: Path, mlmon: Runner) -> None:
    (folder / "workspace.toml").write_text('fromat = 1\n[services]\nodd = "no table"\ndiabetes = { scirpt = 3 }')
    assert _answer(mlmon, "__complete services") == _printed("diabetes\tv1 web service\nodd\tv1 web service\n")


def test_names_that_cannot_stand_on_a_line_are_left_out(folder: Path, mlmon: Runner) -> None:
    (folder / "workspace.toml").write_text(
        '[services]\n"a\\nb" = {}\n"a\\tb" = {}\n"a\\u001b[2J" = {}\n"a\\u0085b" = {}\n"plain é" = {}\n'
    )
    broken = b"blobs/modeldata/sub/group/ws/plain \xc3\xa9/model/1/broken\xff"
    Path(str(folder), broken.decode("utf-8", "surrogateescape")).mkdir(parents=True)

    assert _answer(mlmon, "__complete services") == _printed("plain é\tv1 web service\n")
    assert _answer(mlmon, "__complete collections") == NOTHING


@pytest.mark.parametrize(
    "command",
    ["__complete", "__complete nonsense", "__complete services --workspace=nowhere", "__complete services --unknown=1"],
)
def test_what_makes_no_sense_is_answered_with_silence(mlmon: Runner, command: str) -> None:
    assert _answer(mlmon, command) == NOTHING


@pytest.mark.parametrize("text", ["no toml", "services = 3", "\ufeff", "[" * 5000])
@pytest.mark.parametrize("file", ["mlmon.toml", "workspace.toml"])
def test_a_damaged_file_is_answered_with_silence(mlmon: Runner, tmp_path: Path, file: str, text: str) -> None:
    """An error would land in the line that a person is typing."""
    (tmp_path / file).write_text(text)

    assert _answer(mlmon, "__complete services") == NOTHING
    assert _answer(mlmon, "__complete collections") == NOTHING


AZURE = '{"subscription_id": "S", "resource_group": "g", "workspace_name": "w"}'


def test_a_workspace_on_azure_is_not_asked(mlmon: Runner, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(AZURE)

    assert _answer(mlmon, "__complete services") == NOTHING
    assert _answer(mlmon, "__complete collections") == NOTHING


@pytest.mark.parametrize("services", [None, 3, [], {"a": None, "b\nc": {}, "b": [3, None, "x\ty"]}])
def test_names_on_azure_are_remembered_as_anything(mlmon: Runner, tmp_path: Path, services: object) -> None:
    (tmp_path / "config.json").write_text(AZURE)
    document = {"version": 1, "known": {"AzureCloud/s/g/w": {"services": services}}}
    (tmp_path / ".mlmon").mkdir()
    (tmp_path / ".mlmon" / "discovered.json").write_text(json.dumps(document))

    names = "a\tv1 web service\nb\tv1 web service\n" if isinstance(services, dict) else ""
    assert _answer(mlmon, "__complete services") == _printed(names)
    assert _answer(mlmon, "__complete collections") == NOTHING


def test_names_on_azure_are_those_that_were_last_listed(tmp_path: Path) -> None:
    with local_azure(tmp_path / "azure") as azure:
        seed.small(azure)
        azure.webservices.add("svc", kind="AKS")
        here = runner(azure, tmp_path / "here")
        assert here("status").code == 0
        del azure.deployments["edge", "main"]
        azure.add_deployment("ep2", "red")
        with azure.fault(throttled(60), plane="v1"):
            assert here("status").code == 7
        azure.requests.clear()
        unseen = _answer(here, "__complete services")
        collections = _answer(here, ["__complete", "collections", "--service=ep1"])
        assert azure.requests.count() == 0
        assert here("status").code == 0

    about = "v2 online deployment"
    assert unseen == _printed(f"edge/main\t{about}\nep1/blue\t{about}\nep1/green\t{about}\nsvc\tv1 web service\n")
    assert collections == _printed("model_inputs\nmodel_outputs\n")
    assert _answer(here, "__complete services") == _printed(
        f"ep1/blue\t{about}\nep1/green\t{about}\nep2/red\t{about}\nsvc\tv1 web service\n"
    )
