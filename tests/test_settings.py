"""Where settings come from, which of them wins, and what is said about a file with a mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlmon.core.errors import NotFound, UsageError
from mlmon.settings import AzureWorkspace, Folder, Setting, load


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_nothing_anywhere_is_said_with_the_next_step(tmp_path: Path) -> None:
    settings = load(cwd=tmp_path, environ={})
    assert [(setting.name, setting.value) for setting in settings.all()] == [
        ("workspace", ""),
        ("service", ""),
        ("output", ""),
        ("tenant", ""),
        ("cloud", ""),
        ("storage_auth", "identity"),
        ("telemetry_scope", "component"),
        ("timeout", ""),
        ("drift.baseline", ""),
        ("drift.label", ""),
        ("drift.threshold", "0.1"),
    ]
    assert {setting.origin for setting in settings.all()} == {"default"}
    with pytest.raises(NotFound) as caught:
        settings.require_target()
    assert caught.value.message == f"no workspace here ({tmp_path}) or in any folder above"
    assert caught.value.hint == "mlmon init connects this folder to one on Azure, mlmon demo makes one to try"


def test_a_flag_beats_a_variable_beats_the_nearest_file_beats_the_users_file(tmp_path: Path) -> None:
    project = write(tmp_path / "work" / "mlmon.toml", 'workspace = "./near"\nservice = "churn"\n')
    user = write(tmp_path / "home" / ".config" / "mlmon" / "config.toml", 'workspace = "/far"\noutput = "json"\n')
    below = tmp_path / "work" / "notebooks" / "deep"
    below.mkdir(parents=True)
    environ = {"HOME": str(tmp_path / "home")}

    from_file = load(cwd=below, environ=environ)
    assert from_file.all()[:3] == (
        Setting("workspace", "./near", str(project)),
        Setting("service", "churn", str(project)),
        Setting("output", "json", str(user)),
    )
    assert from_file.target == Folder(tmp_path / "work" / "near")
    assert from_file.file == project

    from_variable = load(cwd=below, environ={**environ, "MLMON_WORKSPACE": "./own", "MLMON_SERVICE": "fraud"})
    assert from_variable.target == Folder(below / "own")
    assert from_variable.service == Setting("service", "fraud", "MLMON_SERVICE")

    from_flag = load(cwd=below, environ={**environ, "MLMON_WORKSPACE": "./own"}, workspace="../flagged")
    assert from_flag.workspace == Setting("workspace", "../flagged", "--workspace")
    assert from_flag.target == Folder(tmp_path / "work" / "notebooks" / "flagged")

    assert load(cwd=tmp_path, environ=environ).target == Folder(Path("/far"))


def test_a_default_service_belongs_to_the_workspace_its_file_names(tmp_path: Path) -> None:
    """With another workspace chosen for one command, this folder's default would name a stranger."""
    write(tmp_path / "mlmon.toml", 'workspace = "./near"\nservice = "churn"\n')
    write(tmp_path / "other" / "mlmon.toml", 'workspace = "."\nservice = "fraud"\n')
    (tmp_path / "bare").mkdir()
    assert load(cwd=tmp_path, environ={}, workspace="./bare").service is None
    found = load(cwd=tmp_path, environ={}, workspace="./other").service
    assert found == Setting("service", "fraud", str(tmp_path / "other" / "mlmon.toml"))


def test_an_embedded_workspace_needs_no_settings_file(tmp_path: Path) -> None:
    write(tmp_path / "ws" / "workspace.toml", "")
    below = tmp_path / "ws" / "logs"
    below.mkdir()
    assert load(cwd=below, environ={}).target == Folder(tmp_path / "ws")


@pytest.mark.parametrize("name", ["config.json", ".azureml/config.json"])
def test_azure_mls_own_config_is_understood(tmp_path: Path, name: str) -> None:
    content = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
    path = write(tmp_path / name, json.dumps(content))
    settings = load(cwd=tmp_path, environ={})
    assert settings.target == AzureWorkspace("s", "g", "w")
    assert settings.workspace == Setting("workspace", "w", str(path))


@pytest.mark.parametrize("text", ["{", "[]", '{"subscription_id": 1}', "\ud800"])
def test_anybody_elses_config_json_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert load(cwd=tmp_path, environ={}).target is None


def test_workspaces_have_names(tmp_path: Path) -> None:
    write(
        tmp_path / "mlmon.toml",
        'workspace = "prod"\n'
        '[workspaces.prod]\nsubscription = "s"\nresource_group = "g"\nname = "w"\n'
        '[workspaces.try]\nfolder = "demo"\n',
    )
    assert load(cwd=tmp_path, environ={}).target == AzureWorkspace("s", "g", "w")
    assert load(cwd=tmp_path, environ={}, workspace="try").target == Folder(tmp_path / "demo")
    with pytest.raises(NotFound) as caught:
        load(cwd=tmp_path, environ={}, workspace="prdo")
    assert caught.value.message == "no workspace named 'prdo' in the settings (asked for by --workspace)"
    assert caught.value.hint == "did you mean 'prod'?"
    with pytest.raises(NotFound) as caught:
        load(cwd=tmp_path, environ={"MLMON_WORKSPACE": "nope"})
    assert caught.value.message == "no workspace named 'nope' in the settings (asked for by MLMON_WORKSPACE)"
    assert caught.value.hint == "they name prod, try; a folder is written as a path: ./nope"


def test_home_is_written_as_a_tilde(tmp_path: Path) -> None:
    assert load(cwd=tmp_path, environ={"HOME": "/h"}, workspace="~/x").target == Folder(Path("/h/x"))
    assert load(cwd=tmp_path, environ={"HOME": "/h"}, workspace="~").target == Folder(Path("/h"))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('workspce = "."', "{path} has an unknown key 'workspce'", "did you mean 'workspace'"),
        ("service = 3", "'service' in {path} is not text", 'write it like service = "…"'),
        ("service = ", "{path} cannot be read: ", "correct that line, or remove the file"),
        ("workspaces = 3", "'workspaces' in {path} is not a table", "write [workspaces.NAME]"),
        (
            '[workspaces.a]\nfolder = "x"\nname = "y"',
            "[workspaces.a] in {path} names neither a folder nor an Azure workspace",
            "give it folder, or subscription, resource_group, name",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = write(tmp_path / "mlmon.toml", text)
    with pytest.raises(UsageError) as caught:
        load(cwd=tmp_path, environ={})
    assert caught.value.message.startswith(message.format(path=path))
    assert caught.value.hint.startswith(hint)


def test_the_nearest_folder_wins(tmp_path: Path) -> None:
    """Who stands in a workspace means that one, whatever a folder above says."""
    write(tmp_path / "mlmon.toml", 'workspace = "./other"\nservice = "churn"\n')
    write(tmp_path / "ws" / "workspace.toml", "")
    settings = load(cwd=tmp_path / "ws", environ={})
    assert settings.target == Folder(tmp_path / "ws")
    assert settings.service is None
    assert settings.file == tmp_path / "ws" / "mlmon.toml"


def test_a_default_service_of_the_users_file_is_for_the_users_workspace(tmp_path: Path) -> None:
    write(tmp_path / "work" / "mlmon.toml", 'workspace = "./near"\n')
    write(tmp_path / "home" / ".config" / "mlmon" / "config.toml", 'workspace = "/far"\nservice = "fraud"\n')
    environ = {"HOME": str(tmp_path / "home")}
    assert load(cwd=tmp_path / "work", environ=environ).service is None
    far = load(cwd=tmp_path, environ=environ).service
    assert far is not None
    assert far.value == "fraud"


@pytest.mark.parametrize("name", ["mlmon.toml", "config.json"])
def test_a_file_nested_beyond_reason_is_no_traceback(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ("x = " if name.endswith("toml") else "") + "[" * 100_000)
    if name == "config.json":
        assert load(cwd=tmp_path, environ={}).target is None
        return
    with pytest.raises(UsageError) as caught:
        load(cwd=tmp_path, environ={})
    assert caught.value.message.startswith(f"{path} cannot be read: ")


AZURE = '[workspaces.prod]\nsubscription = "s"\nresource_group = "g"\nname = "w"\n'


def test_how_a_workspace_on_azure_is_used_stands_in_its_table_and_can_be_overruled(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mlmon.toml",
        f'workspace = "prod"\n{AZURE}tenant = "contoso.com"\ncloud = "AzureChinaCloud"\n'
        'storage_auth = "key"\ntelemetry_scope = "workspace"\n',
    )
    settings = load(cwd=tmp_path, environ={})
    assert settings.target == AzureWorkspace("s", "g", "w", "contoso.com", "AzureChinaCloud", "key", "workspace")
    assert [(one.name, one.value, one.origin) for one in settings.options] == [
        ("tenant", "contoso.com", str(path)),
        ("cloud", "AzureChinaCloud", str(path)),
        ("storage_auth", "key", str(path)),
        ("telemetry_scope", "workspace", str(path)),
    ]
    environ = {"MLMON_TENANT": "t1", "MLMON_CLOUD": "AzureCloud", "MLMON_TELEMETRY_SCOPE": "component"}
    flags = {"tenant": "t2", "storage_auth": "identity", "timeout": "90s"}
    settings = load(cwd=tmp_path, environ=environ, flags=flags)
    assert settings.target == AzureWorkspace("s", "g", "w", "t2", "AzureCloud", "identity", "component")
    assert settings.all()[3:8] == (
        Setting("tenant", "t2", "--tenant"),
        Setting("cloud", "AzureCloud", "MLMON_CLOUD"),
        Setting("storage_auth", "identity", "--storage-auth"),
        Setting("telemetry_scope", "component", "MLMON_TELEMETRY_SCOPE"),
        Setting("timeout", "90s", "--timeout"),
    )


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ('tenat = "x"', "[workspaces.prod] in {path} has an unknown key 'tenat'", "did you mean 'tenant'?"),
        ("tenant = 3", "'tenant' of [workspaces.prod] in {path} is not text", 'write it like tenant = "…"'),
        (
            'tenant = "a/b"',
            "'a/b' is not a tenant ([workspaces.prod] in {path})",
            "write the tenant's id or its domain",
        ),
        (
            'storage_auth = "keys"',
            "'keys' is not a way to open storage ([workspaces.prod] in {path})",
            "did you mean 'key'?",
        ),
        (
            'telemetry_scope = "x"',
            "'x' is not a scope of telemetry ([workspaces.prod] in {path})",
            "it is one of: component, workspace",
        ),
    ],
)
def test_a_mistake_in_the_table_of_a_workspace_is_named(tmp_path: Path, line: str, message: str, hint: str) -> None:
    path = write(tmp_path / "mlmon.toml", f"{AZURE}{line}\n")
    with pytest.raises(UsageError) as caught:
        load(cwd=tmp_path, environ={})
    assert (caught.value.message, caught.value.hint) == (message.format(path=path), hint)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "a\nb", "a\\b", "x" * 261])
def test_a_name_that_would_lead_a_request_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    content = {"subscription_id": "s", "resource_group": name, "workspace_name": "w"}
    path = write(tmp_path / "config.json", json.dumps(content))
    with pytest.raises(UsageError) as caught:
        load(cwd=tmp_path, environ={})
    assert caught.value.message == f"{name!r} cannot be the resource group of a workspace ({path})"


def test_a_mistake_in_a_variable_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(cwd=tmp_path, environ={"MLMON_STORAGE_AUTH": "sas"})
    assert caught.value.message == "'sas' is not a way to open storage (MLMON_STORAGE_AUTH)"


def test_what_was_found_out_is_remembered_beside_the_file_that_names_the_workspace(tmp_path: Path) -> None:
    """Else every folder below would find it out again, and have a folder of its own for it."""
    write(tmp_path / "mlmon.toml", f'workspace = "prod"\n{AZURE}')
    below = tmp_path / "notebooks"
    below.mkdir()
    assert load(cwd=below, environ={}).state == tmp_path
    assert load(cwd=below, environ={}, workspace="prod").state == tmp_path
    assert load(cwd=below, environ={}, workspace="prod").file == tmp_path / "mlmon.toml"
    config = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
    write(tmp_path / "other" / ".azureml" / "config.json", json.dumps(config))
    found = load(cwd=tmp_path / "other", environ={})
    assert found.state == tmp_path  # the nearest mlmon.toml speaks first
    write(tmp_path / "alone" / ".azureml" / "config.json", json.dumps(config))
    (tmp_path / "mlmon.toml").unlink()
    assert load(cwd=tmp_path / "alone", environ={}).state == tmp_path / "alone"


def test_a_default_service_is_for_the_workspace_of_its_file_however_that_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "mlmon.toml", f'workspace = "prod"\nservice = "churn"\n{AZURE}')
    with file.open("a") as more:
        more.write('[workspaces.same]\nsubscription = "S"\nresource_group = "G"\nname = "W"\n')
        more.write('[workspaces.dev]\nsubscription = "s"\nresource_group = "g"\nname = "dev"\n')
    churn = Setting("service", "churn", str(file))
    assert load(cwd=tmp_path, environ={}).service == churn
    assert load(cwd=tmp_path, environ={}, workspace="same").service == churn
    assert load(cwd=tmp_path, environ={}, workspace="dev").service is None
    assert load(cwd=tmp_path, environ={"MLMON_WORKSPACE": "dev"}).service is None
    assert load(cwd=tmp_path, environ={"MLMON_SERVICE": "fraud"}, workspace="dev").service is not None


def test_a_default_service_beside_azure_mls_own_file_is_for_that_workspace(tmp_path: Path) -> None:
    config = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
    write(tmp_path / "config.json", json.dumps(config))
    file = write(
        tmp_path / "mlmon.toml",
        'service = "churn"\n[workspaces.dev]\nsubscription = "s"\nresource_group = "g"\nname = "dev"\n',
    )
    assert load(cwd=tmp_path, environ={}).service == Setting("service", "churn", str(file))
    assert load(cwd=tmp_path, environ={}, workspace="dev").service is None
