"""Connecting a folder to a workspace, and choosing its default service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlmon.drift.checking import Options
from mlmon.settings.drift import THRESHOLD
from running import Runner


def test_an_empty_workspace_can_be_queried_at_once(mlmon: Runner) -> None:
    outcome = mlmon("init --local ws")
    assert (outcome.code, outcome.err) == (0, f"made {mlmon.folder / 'ws'}\n")
    assert (mlmon.folder / "mlmon.toml").read_text() == 'workspace = "./ws"\n'
    assert mlmon("query 'traces | count'").jsonl == [{"Count": 0}]
    assert mlmon.at(mlmon.folder / "ws")("query 'requests | count'").jsonl == [{"Count": 0}]
    status = mlmon("status -o json")
    assert (status.code, status.json) == (0, [])
    assert mlmon("logs").err == (
        f"error: the workspace {mlmon.folder / 'ws'} has no services\nhint: mlmon serve score.py --name NAME adds one\n"
    )


def test_init_again_connects_and_keeps_what_a_person_wrote(mlmon: Runner) -> None:
    mlmon("init --local ws")
    made = (mlmon.folder / "ws" / "workspace.toml").read_bytes()
    (mlmon.folder / "mlmon.toml").write_text('# mine\nworkspace = "./old"  # for now\noutput = "json"\n')
    outcome = mlmon("init --local ws -o json")
    assert outcome.json == {
        "schema_version": 1,
        "workspace": str(mlmon.folder / "ws"),
        "created": False,
        "settings": str(mlmon.folder / "mlmon.toml"),
    }
    assert (mlmon.folder / "mlmon.toml").read_text() == '# mine\nworkspace = "./ws"  # for now\noutput = "json"\n'
    assert (mlmon.folder / "ws" / "workspace.toml").read_bytes() == made


def test_init_where_a_file_stands(mlmon: Runner) -> None:
    (mlmon.folder / "ws").write_text("mine")
    outcome = mlmon("init --local ws")
    assert (outcome.code, outcome.err) == (2, f"error: {mlmon.folder / 'ws'} is a file\nhint: choose a folder\n")
    assert sorted(path.name for path in mlmon.folder.iterdir()) == ["ws"]


def test_use_sets_the_default_service_of_the_folder(churn: Runner) -> None:
    outcome = churn("use churn-v2 -o json")
    assert outcome.json == {
        "schema_version": 1,
        "service": "churn-v2/blue",
        "changed": True,
        "settings": str(churn.folder / "mlmon.toml"),
    }
    assert (churn.folder / "mlmon.toml").read_text() == 'workspace = "."\nservice = "churn-v2/blue"\n'
    assert churn("use churn-v2/blue").out == (
        f"service: churn-v2/blue\nchanged: false\nsettings: {churn.folder / 'mlmon.toml'}\n"
    )
    assert churn("enable-insights -o json").json["service"] == "churn-v2/blue"


@pytest.mark.parametrize("terminal", [True, False])
def test_the_settings_and_where_each_came_from(churn: Runner, *, terminal: bool) -> None:
    outcome = churn.at(churn.folder, MLMON_SERVICE="churn-v2/blue")("status --settings -o json", terminal=terminal)
    path = str(churn.folder / "mlmon.toml")
    assert outcome.json == [
        {"setting": "workspace", "value": ".", "origin": path},
        {"setting": "service", "value": "churn-v2/blue", "origin": "MLMON_SERVICE"},
        {"setting": "output", "value": None, "origin": "default"},
        {"setting": "tenant", "value": None, "origin": "default"},
        {"setting": "cloud", "value": None, "origin": "default"},
        {"setting": "storage_auth", "value": "identity", "origin": "default"},
        {"setting": "telemetry_scope", "value": "component", "origin": "default"},
        {"setting": "timeout", "value": None, "origin": "default"},
        {"setting": "drift.baseline", "value": None, "origin": "default"},
        {"setting": "drift.label", "value": None, "origin": "default"},
        {"setting": "drift.threshold", "value": "0.1", "origin": "default"},
    ]


def test_what_a_file_says_of_drift_is_among_the_settings(churn: Runner) -> None:
    path = churn.folder / "mlmon.toml"
    with path.open("a") as file:
        file.write('[drift]\nbaseline = "data/train.csv"\n[drift.features.age]\nkind = "category"\nthreshold = 0.25\n')
        file.write('[drift.features."a.b c"]\nthreshold = 0\n')
    said = churn("status --settings -o json").json
    assert [(each["setting"], each["value"], each["origin"]) for each in said if "drift" in each["setting"]] == [
        ("drift.baseline", str(churn.folder / "data/train.csv"), str(path)),
        ("drift.label", None, "default"),
        ("drift.threshold", "0.1", "default"),
        ('drift.features."a.b c".threshold', "0", str(path)),
        ("drift.features.age.kind", "category", str(path)),
        ("drift.features.age.threshold", "0.25", str(path)),
    ]


def test_the_threshold_that_is_said_to_hold_is_the_one_that_holds() -> None:
    assert float(THRESHOLD) == Options().threshold


def test_an_output_in_a_file_counts_on_a_terminal_only(churn: Runner) -> None:
    """So that no script reads something else because of somebody's preferences."""
    with (churn.folder / "mlmon.toml").open("a") as file:
        file.write('output = "json"\n')
    on_terminal = churn("status", terminal=True).out
    assert [row["service"] for row in json.loads(on_terminal)] == ["churn", "churn-v2/blue"]
    assert churn("status").out.startswith("service ")
    assert churn.at(churn.folder, MLMON_OUTPUT="csv")("status").out.startswith("service,kind,")
    assert churn.at(churn.folder, MLMON_OUTPUT="csv")("status -o md").out.startswith("| service |")


def test_options_may_stand_before_the_command_too(churn: Runner, tmp_path: Path) -> None:
    away = churn.at(tmp_path)
    assert away("--workspace ./ws -o json status").json == away("status --workspace ./ws -o json").json
    assert away("-o csv status --workspace ./ws -o json").json
    assert away("--quiet --workspace ./ws ls").err == ""


def test_use_for_another_workspace_is_remembered_in_that_folder(churn: Runner, tmp_path: Path) -> None:
    own = tmp_path / "own"
    mine = Runner(own)
    own.mkdir()
    mine("init --local .")
    (own / "mlmon.toml").write_text('workspace = "."\nservice = "mine"\n')
    outcome = mine("use churn-v2 --workspace ../ws -o json")
    assert outcome.json["settings"] == str(churn.folder / "mlmon.toml")
    assert (own / "mlmon.toml").read_text() == 'workspace = "."\nservice = "mine"\n'
    assert mine("enable-insights --workspace ../ws -o json").json["service"] == "churn-v2/blue"


def test_init_elsewhere_forgets_the_default_service_of_the_workspace_before(churn: Runner) -> None:
    outcome = churn("init --local ../fresh")
    assert outcome.err == (
        f"made {churn.folder.parent / 'fresh'}\nwarning: {churn.folder / 'mlmon.toml'} named . before\n"
    )
    assert (churn.folder / "mlmon.toml").read_text() == f'workspace = "{churn.folder.parent / "fresh"}"\n'
    assert churn("status -o json").json == []


def test_init_beside_a_broken_settings_file_makes_nothing(mlmon: Runner) -> None:
    (mlmon.folder / "mlmon.toml").write_text("workspace = \n")
    outcome = mlmon("init --local ws")
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: {mlmon.folder / 'mlmon.toml'} cannot be read: ")
    assert sorted(path.name for path in mlmon.folder.iterdir()) == ["mlmon.toml"]


def test_init_here_again_changes_nothing(mlmon: Runner) -> None:
    mlmon("init --local .")
    before = (mlmon.folder / "mlmon.toml").read_text()
    assert before == 'workspace = "."\n'
    assert mlmon("init --local .").code == 0
    assert (mlmon.folder / "mlmon.toml").read_text() == before


@pytest.mark.parametrize("where", ["", "--workspace ./ws"])
def test_an_embedded_workspace_has_no_permissions_to_check(mlmon: Runner, where: str) -> None:
    mlmon("init --local ws")
    said = f"{mlmon.folder / 'ws'} is an embedded workspace: a folder, with no permissions to check"
    outcome = mlmon(f"init --check {where}")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"{said}\n")
    assert mlmon(f"init --check {where} -o json").json == []
    assert mlmon("init --check --workspace ./nowhere").code == 5
