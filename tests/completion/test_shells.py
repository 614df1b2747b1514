"""What a person sees who presses Tab, in real bash, zsh and fish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlmon.commands.completion import SHELLS
from mlmon.commands.completion.grammar import read
from mlmon.commands.options import FORMATS
from mlmon.commands.tree import app
from shells import HOSTILE, Shell, World

COMMANDS = sorted(command.name for command in read(app) if command.name)
WORKSPACE = """
[services.diabetes]
[services."ep/blue".collections.model_outputs]
[services."ep/blue".collections.model_inputs]
"""
SETTINGS = """
workspace = "."
service = "diabetes"
[workspaces.other]
folder = "../other"
"""

OFFERED = {
    "mlmon ": COMMANDS,
    "mlmon enable-": ["enable-collection", "enable-insights"],
    "mlmon nothing ": [],
    "mlmon logs ": ["diabetes", "ep/blue"],
    "mlmon logs e": ["ep/blue"],
    "mlmon logs diabetes ": [],
    "mlmon status diabetes ": ["ep/blue"],
    "mlmon logs -- ": ["diabetes", "ep/blue"],
    "mlmon logs --n": ["--no-color"],
    "mlmon logs -- --n": [],
    "mlmon logs --no-color --n": [],
    "mlmon logs -o json --output": [],
    "mlmon -o json logs --output": [],
    "mlmon logs -qo json --qui": [],
    "mlmon logs --since 1h --fr": [],
    "mlmon logs -i a --inc": ["--include"],
    "mlmon -o ": sorted(FORMATS),
    "mlmon logs -qo ": sorted(FORMATS),
    "mlmon --output=": sorted(FORMATS),
    "mlmon --output=j": ["json", "jsonl"],
    "mlmon completion ": sorted(SHELLS),
    "mlmon pull --month ": sorted(str(month) for month in range(1, 13)),
    "mlmon pull --collection ": ["inputs", "predictions"],
    "mlmon pull --collection=": ["inputs", "predictions"],
    "mlmon pull --collection inputs --collection ": ["inputs", "predictions"],
    "mlmon pull ep/blue --collection ": ["model_inputs", "model_outputs"],
    "mlmon pull ep --collection model_i": ["model_inputs"],
    "mlmon --workspace ": ["other"],
    "mlmon --workspace other logs ": ["churn"],
    "mlmon --workspace=../other logs ": ["churn"],
    "mlmon logs --workspace other ": ["churn"],
    "mlmon --workspace=nowhere logs ": [],
    "mlmon query ": [],
    "mlmon serve sc": ["score.py", "scripts/"],
    "mlmon serve --model=sc": ["score.py", "scripts/"],
    "mlmon pull --to-dir sc": ["scripts/"],
    "mlmon --workspace ./sc": ["./scripts/"],
}

QUOTED = ["a$(touch x)", "a`touch x`", "a'b\"c", "'", '"', "a\\b", "!!", "~root", "$HOME"]


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    """A shell in a folder with two services, and a second workspace beside it."""
    world = World(tmp_path)
    (world.folder / "workspace.toml").write_text(WORKSPACE)
    (world.folder / "mlmon.toml").write_text(SETTINGS)
    (world.folder / "score.py").touch()
    (world.folder / "scripts").mkdir()
    for designation in ("inputs", "predictions"):
        (world.folder / "blobs/modeldata/sub/group/here/diabetes/model/1" / designation).mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/workspace.toml").write_text("[services.churn]")
    with Shell(request.param, world) as shell:
        yield shell


def test_tab_offers_what_can_come_next_and_nothing_else(shell: Shell) -> None:
    """One table for all shells; each line is typed, and what is offered at its end compared."""
    offered = {line: sorted(_bare(word) for word in shell.offers(line)) for line in OFFERED}

    assert offered == {line: [_bare(word) for word in words] for line, words in OFFERED.items()}


def _bare(path: str) -> str:
    """A path without the marks that some shells add only when they insert it."""
    return path.removeprefix("./").rstrip("/")


def test_tab_asks_mlmon_only_for_names(shell: Shell) -> None:
    """Commands, options and choices stand in the script: those Tabs start no process."""
    for line in ("mlmon ", "mlmon logs -", "mlmon -o ", "mlmon serve "):
        assert shell.offers(line)
    assert not (shell.world.notes / "asked").exists()

    shell.offers("mlmon --workspace ../other pull ep/blue --collection ")
    asked = (shell.world.notes / "asked").read_text().splitlines()
    assert set(asked) == {"__complete collections --workspace=../other --service=ep/blue"}


def test_a_command_line_completed_word_by_word_is_what_mlmon_gets(shell: Shell) -> None:
    typed = "mlmon --outp\tpar\tpul\te\t--coll\tmodel_i\t"

    assert shell.run(typed) == ["--output", "parquet", "pull", "ep/blue", "--collection", "model_inputs"]


def test_a_hostile_name_runs_nothing_and_arrives_as_it_is(shell: Shell) -> None:
    """Each name is the only service, so Tab puts it into the line, and Enter gives it to mlmon."""
    for name in HOSTILE:
        (shell.world.folder / "workspace.toml").write_text(f"[services.{json.dumps(name)}]")
        # a name that looks like an option can only be an argument behind --
        words = ["logs", "--", name] if name.startswith("-") else ["logs", name]
        assert shell.run(f"mlmon {' '.join(words[:-1])} \t") == words

    assert not (shell.world.folder / "x").exists()


def test_a_hostile_name_arrives_as_it_is_between_quotation_marks(shell: Shell) -> None:
    for name in QUOTED:
        (shell.world.folder / "workspace.toml").write_text(f"[services.{json.dumps(name)}]")
        for mark in "'\"":
            assert shell.run(f"mlmon logs {mark}\t") == ["logs", name]

    assert not (shell.world.folder / "x").exists()


def test_a_hostile_workspace_name_behind_an_option_arrives_as_it_is(shell: Shell) -> None:
    for name in ("a$(touch x)", "a b", "a'b\"c", "-rf", "~root"):
        (shell.world.folder / "mlmon.toml").write_text(f'[workspaces.{json.dumps(name)}]\nfolder = "."')
        assert shell.run("mlmon --workspace=\t") == [f"--workspace={name}"]

    assert not (shell.world.folder / "x").exists()


def test_a_word_already_typed_in_quotes_is_read_and_never_run(shell: Shell) -> None:
    """The service named on the line decides the collections: it is passed on exactly, and its `$(…)` is not run."""
    (shell.world.folder / "workspace.toml").write_text('[services."a$(touch x) b".collections.mine]')

    assert shell.run("mlmon pull 'a$(touch x) b' --collection \t")[-1] == "mine"
    assert shell.run('mlmon pull "a\\$(touch x) b" --collection \t')[-1] == "mine"
    assert shell.run("mlmon pull a\\$\\(touch\\ x\\)\\ b --collection \t")[-1] == "mine"
    assert not (shell.world.folder / "x").exists()


def test_where_nothing_is_known_tab_offers_nothing_and_says_nothing(shell: Shell) -> None:
    (shell.world.folder / "mlmon.toml").write_text("not toml")

    assert shell.offers("mlmon logs ") == []
    assert "error" not in shell.screen


def test_fish_leaves_out_a_name_that_it_would_read_as_a_home_folder(shell: Shell) -> None:
    """fish never escapes a leading ~ that it completes; the other shells do, so they offer the name."""
    (shell.world.folder / "workspace.toml").write_text('[services."~root"]')

    assert shell.run("mlmon logs \t") == (["logs"] if shell.name == "fish" else ["logs", "~root"])
