"""What a person sees who presses Tab, in real bash, zsh and fish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlmon.commands.completion import SHELLS
from mlmon.commands.completion.grammar import read
from mlmon.commands.options import FORMATS
from mlmon.commands.tree import tree
from shells import HOSTILE, SCRIPTS, Shell, World

COMMANDS = sorted(command.name for command in read(tree()) if command.name)
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
    "mlmon logs diabetes ": ["ep/blue"],
    "mlmon query --saved f": ["failures"],
    "mlmon query --delete pay": ["payload-sizes"],
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


BEGUN = [
    ("a:b=c", "a:"),
    ("a:b=c", "a:b="),
    ("a:b=c", "a\\:b"),
    ("a b", "a\\ "),
    ("a b", "'a "),
    ("a$(touch x)", "a\\$\\("),
    ("a$(touch x)", "'a$("),
    ("a'b\"c", "a\\'b"),
    ("a`touch x`", "a\\`t"),
]


def test_a_hostile_name_begun_by_hand_is_finished(shell: Shell) -> None:
    """What is typed already may be quoted in another way than the shell would do it."""
    for name, typed in BEGUN:
        (shell.world.folder / "workspace.toml").write_text(f"[services.{json.dumps(name)}]")
        assert shell.run(f"mlmon logs {typed}\t") == ["logs", name]

    assert not (shell.world.folder / "x").exists()


def test_names_that_begin_alike_are_finished_one_step_at_a_time(shell: Shell) -> None:
    """The common part comes first, even where it ends in the middle of what must be quoted."""
    (shell.world.folder / "workspace.toml").write_text(
        '[services]\n"my model" = {}\n"my model$x" = {}\n"my other" = {}'
    )

    assert shell.run("mlmon logs m\tm\t\\$\t") == ["logs", "my model$x"]


def test_an_alias_of_mlmon_and_other_word_breaks_are_the_persons_own_business(tmp_path: Path) -> None:
    """bash only: what separates words for readline is a setting, and `complete` can be told of another name."""
    world = World(tmp_path)
    (world.folder / "workspace.toml").write_text('[services."a:b=c"]')
    with Shell("bash", world) as bash:
        for breaks in ("$' \\t\\n\"\\'><=;|&(:'", "$' \\t\\n'", "$' \\t\\n\"\\'><;|&('"):
            assert bash.run(f"COMP_WORDBREAKS={breaks}; mlmon") == []
            assert bash.run("mlmon logs a:\t") == ["logs", "a:b=c"]
            assert bash.run("mlmon --output=js\tl logs") == ["--output=jsonl", "logs"]
            assert bash.run("mlmon --output=pa\t logs") == ["--output=parquet", "logs"]
        assert bash.run("alias m=mlmon; complete -F _mlmon m; mlmon") == []
        assert bash.run("X=1 m logs a\t") == ["logs", "a:b=c"]


def test_zsh_takes_the_script_from_a_pipe_too(tmp_path: Path) -> None:
    """`source <(mlmon completion zsh)` in .zshrc, where it is not a function of fpath."""
    world = World(tmp_path)
    (world.folder / "workspace.toml").write_text("[services.diabetes]")
    with Shell("zsh", world) as zsh:
        assert zsh.run(f"compdef -d mlmon; unfunction _mlmon; source <(cat {SCRIPTS}/_mlmon); mlmon") == []
        assert zsh.run("mlmon lo\td\t") == ["logs", "diabetes"]
