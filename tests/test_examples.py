"""Every example in the help works exactly as it is written, in a demo folder."""

from __future__ import annotations

import json
import shlex
import shutil
from itertools import filterfalse
from pathlib import Path

import pytest
import typer

from azured import local_azure
from emulators import seed
from mlmon.commands.tree import tree
from running import Runner

ELSEWHERE = {"serve", "demo"}  # one ends with Ctrl-C, the other takes seconds: tests of their own run them


def examples() -> list[str]:
    commands = typer.main.get_command(tree()).commands  # type: ignore[attr-defined]  # it is a group
    lines = [
        line.strip()
        for name, command in commands.items()
        if name not in ELSEWHERE
        for line in command.help.partition("Examples:")[2].splitlines()
    ]
    return [line for line in lines if line]


@pytest.fixture(scope="module")
def folder(demo: Runner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that the examples may change."""
    copy = shutil.copytree(demo.folder, tmp_path_factory.mktemp("examples") / "mlmon-demo")
    (copy / "failures.kql").write_text("requests | where success == false | take 3\n")
    for name, rows in (("february", "31,Bern\n64,Genf\n"), ("march", "35,Bern\n,Bern\n")):
        (copy / f"{name}.csv").write_text(f"age,city\n{rows}")
    return copy


def on_azure(line: str) -> bool:
    return line.startswith("mlmon init") and "--local" not in line


@pytest.mark.parametrize("line", [*filter(on_azure, examples())])
def test_an_example_for_azure_works_there(tmp_path: Path, line: str) -> None:
    with local_azure(tmp_path / "azure") as azure:
        seed.small(azure)
        where = azure.workspace
        names = {"subscription_id": where.subscription, "resource_group": where.group, "workspace_name": where.name}
        (tmp_path / "config.json").write_text(json.dumps(names))
        outcome = Runner(tmp_path, dict(azure.environ))(line.removeprefix("mlmon "), terminal=True)
    assert outcome.code == 0, outcome.err
    assert outcome.out


@pytest.mark.parametrize("line", [*filterfalse(on_azure, examples())])
def test_an_example_works_as_it_is_written(folder: Path, line: str) -> None:
    *before, command = line.split(" | mlmon ") if line.startswith(("echo ", "cat ")) else [line.removeprefix("mlmon ")]
    fed = ""
    for feeding in before:
        words = shlex.split(feeding)
        fed = (folder / words[1]).read_text() if words[0] == "cat" else words[1]
    # a person at a terminal, who says yes when asked; rows are fed through a pipe
    outcome = Runner(folder)(command, stdin=fed or "y\n", terminal=not fed)
    assert outcome.code == 0, outcome.err
    assert outcome.out or "no " in outcome.err
