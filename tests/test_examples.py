"""Every example in the help works exactly as it is written, in a demo folder."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
import typer

from mlmon.commands.tree import app
from running import Runner

ELSEWHERE = {"serve", "demo"}  # one ends with Ctrl-C, the other takes seconds: tests of their own run them


def examples() -> list[str]:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # it is a group
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
    return copy


@pytest.mark.parametrize("line", examples())
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
