"""The scripts: generated from the command tree, the same from `mlmon completion` as in completions/."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from mlmon.commands.completion import SHELLS
from mlmon.commands.completion.grammar import FREE, Argument, Command, Option, read
from mlmon.commands.completion.scripts import FILES, script
from mlmon.commands.options import CollectionOption, ServicesArgument, one_of
from running import Runner
from shells import SCRIPTS, program


def test_the_scripts_in_the_repository_are_those_of_the_tree(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(Path(__file__).with_name("write_scripts.py")), str(tmp_path)], check=True)

    stale = [file for file in FILES.values() if (tmp_path / file).read_bytes() != (SCRIPTS / file).read_bytes()]
    assert stale == [], "rewrite them, from the top of the repository: python tests/completion/write_scripts.py"


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_prints_the_script_byte_for_byte(mlmon: Runner, shell: str) -> None:
    outcome = mlmon(["completion", shell])

    file = FILES["powershell" if shell == "pwsh" else shell]
    assert (outcome.code, outcome.out, outcome.err) == (0, (SCRIPTS / file).read_bytes().decode(), "")


def test_another_shell_gets_the_nearest_that_there_is(mlmon: Runner) -> None:
    outcome = mlmon("completion powershel")

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "error: 'powershel' is not a shell mlmon knows\nhint: did you mean 'powershell' or 'pwsh'?\n"
    )


@pytest.mark.parametrize("shell", FILES)
def test_a_script_is_ascii_with_line_feeds(shell: str) -> None:
    """Windows PowerShell reads a file without a byte order mark in the system's old encoding."""
    content = (SCRIPTS / FILES[shell]).read_bytes()

    assert content.isascii()
    assert b"\r" not in content


def test_no_script_evaluates_words() -> None:
    """`eval` and its like are how a service's name would be run."""
    code = {
        shell: [line for line in (SCRIPTS / file).read_text().splitlines() if not line.lstrip().startswith("#")]
        for shell, file in FILES.items()
    }
    evaluating = re.compile(r"\b(eval|Invoke-Expression|iex|ExpandString)\b|\$\{\(e|compgen -W")

    assert [line for lines in code.values() for line in lines if evaluating.search(line)] == []


@pytest.mark.parametrize(("shell", "check"), [("bash", "-n"), ("zsh", "-n"), ("fish", "-n")])
def test_the_shell_itself_finds_no_fault_in_its_script(shell: str, check: str) -> None:
    done = subprocess.run(
        [program(shell), check, str(SCRIPTS / FILES[shell])], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def _tree() -> typer.Typer:
    """A tree as a later version may have: every sort of option and argument once."""
    tree = typer.Typer()

    @tree.callback()
    def root(*, loud: Annotated[bool, typer.Option("--loud/--soft", "-l", help="How loud. Or not.")] = False) -> None:
        """Not used."""

    @tree.command("greet", short_help="Say it's so…", help="More.")
    def greet(
        *,
        services: ServicesArgument = None,
        collection: CollectionOption = None,
        colour: Annotated[Any, typer.Option("--colour", parser=one_of(("red", "blue"), "a colour"))] = None,
        into: Annotated[Path | None, typer.Option("--into", metavar="DIR")] = None,
        secret: Annotated[str, typer.Option("--secret", hidden=True)] = "",
        words: Annotated[str, typer.Option("--words", metavar="TEXT", help="Any words; 'quoted' too.")] = "",
    ) -> None:
        """Not used."""

    tree.command("hidden", hidden=True)(lambda: None)
    return tree


def test_a_new_command_is_completed_with_no_further_work() -> None:
    usage = Option(("--help",), "flag", repeatable=False, help="Show this message and exit")
    collections = "Only this collection or designation; repeatable"
    assert [
        Command(one.name, one.help, tuple(each for each in one.options if "completion" not in each.help), one.arguments)
        for one in read(_tree())
    ] == [
        Command("", "", (Option(("--loud", "--soft", "-l"), "flag", repeatable=False, help="How loud"), usage), ()),
        Command(
            "greet",
            "Say it's so...",
            (
                Option(("--collection",), "collections", repeatable=True, help=collections),
                Option(("--colour",), "=red,blue", repeatable=False, help=""),
                Option(("--into",), "folders", repeatable=False, help=""),
                Option(("--words",), FREE, repeatable=False, help="Any words; 'quoted' too"),
                usage,
            ),
            (Argument("services", repeatable=True),),
        ),
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_help_with_any_characters_is_only_data_in_a_script(shell: str, tmp_path: Path) -> None:
    """The grammar is written into code: quotes, dollars and backslashes in a help text must stay text."""
    nasty = "a'b\"c $(touch x) `touch x` \\' ; & | [x]: é"
    command = Command("greet", nasty, (Option(("--words",), FREE, repeatable=False, help=nasty),), ())
    path = tmp_path / "script"
    path.write_text(script(shell, [Command("", "", (), ()), command]))
    show = {
        "bash": 'source "$1"; _mlmon_grammar ""; echo "$known_commands"; _mlmon_grammar greet; echo "$known_options"',
        "zsh": 'compdef() { }; source "$1"; _mlmon_grammar ""; print -r -- "$known_commands[1]"; '
        '_mlmon_grammar greet; print -r -- "$known_options[1]"',
        "fish": "set options; set arguments; set commands; source $argv[-1]; "
        "__mlmon_grammar ''; echo $commands[1]; __mlmon_grammar greet; echo $options[1]",
    }[shell]
    tail = [str(path)] if shell == "fish" else [shell, str(path)]

    done = subprocess.run(
        [program(shell), "-c", show, *tail], capture_output=True, text=True, cwd=tmp_path, check=False
    )

    assert (done.stderr, done.stdout) == ("", f"greet {nasty}\n--words text once {nasty}\n")
    assert not (tmp_path / "x").exists()
