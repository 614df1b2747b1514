"""Completion scripts: an engine for each shell, with the grammar written into it as that shell's data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Final

from mlmon.commands.completion.grammar import Argument, Command, Option

FILES: Final[Mapping[str, str]] = {
    "bash": "mlmon.bash",
    "zsh": "_mlmon",
    "fish": "mlmon.fish",
    "powershell": "mlmon.ps1",
}
"""The shells, and what their script is called."""

_PLACE: Final = "@GRAMMAR@\n"


def script(shell: str, grammar: Sequence[Command]) -> str:
    """The script for a shell of `FILES`, or for `pwsh`, which is PowerShell's newer name."""
    name = "powershell" if shell == "pwsh" else shell
    template = files(__package__).joinpath("templates", FILES[name]).read_text("utf-8")
    return template.replace(_PLACE, "".join(f"{line}\n" for line in _WRITERS[name](grammar)))


def _posix(grammar: Sequence[Command]) -> Iterable[str]:
    """bash and zsh: a case for each command. zsh has parameters of its own called options and commands."""
    root, *commands = grammar
    yield "  case $1 in"
    for command in grammar:
        yield f"    {_backslashed(command.name)})"
        yield from _list("known_options", map(_option, command.options), _backslashed, indent=6)
        if command is root:
            yield from _list("known_commands", (f"{one.name} {one.help}" for one in commands), _backslashed, indent=6)
        yield f"      known_arguments=({' '.join(_backslashed(_argument(one)) for one in command.arguments)})"
        yield "      ;;"
    yield "    *) return 1 ;;"
    yield "  esac"


def _fish(grammar: Sequence[Command]) -> Iterable[str]:
    root, *commands = grammar
    yield "    switch $argv[1]"
    for command in grammar:
        yield f"        case {_fish_quoted(command.name)}"
        for one in command.options:
            yield f"            set -a options {_fish_quoted(_option(one))}"
        if command is root:
            for each in commands:
                yield f"            set -a commands {_fish_quoted(f'{each.name} {each.help}')}"
        for argument in command.arguments:
            yield f"            set -a arguments {_fish_quoted(_argument(argument))}"
    yield "        case '*'"
    yield "            return 1"
    yield "    end"


def _powershell(grammar: Sequence[Command]) -> Iterable[str]:
    for command in grammar:
        yield f"        {_doubled(command.name)} = @{{"
        yield f"            help = {_doubled(command.help)}"
        yield from _list("options", map(_option, command.options), _doubled, indent=12, start=" = @(")
        yield f"            arguments = @({', '.join(_doubled(_argument(one)) for one in command.arguments)})"
        yield "        }"


_WRITERS: Final[Mapping[str, Callable[[Sequence[Command]], Iterable[str]]]] = {
    "bash": _posix,
    "zsh": _posix,
    "fish": _fish,
    "powershell": _powershell,
}


def _option(option: Option) -> str:
    """`--output,-o =table,json once How data is written`: names, value, how often, help."""
    return f"{','.join(option.names)} {option.value} {_often(option.repeatable)} {option.help}"


def _argument(argument: Argument) -> str:
    return f"{argument.value} {_often(argument.repeatable)}"


def _often(repeatable: bool) -> str:  # noqa: FBT001 - one value, and the function's only one
    return "many" if repeatable else "once"


def _list(
    name: str, words: Iterable[str], quoted: Callable[[str], str], *, indent: int, start: str = "=("
) -> Iterable[str]:
    margin = " " * indent
    yield f"{margin}{name}{start}"
    yield from (f"{margin}  {quoted(word)}" for word in words)
    yield f"{margin})"


def _backslashed(text: str) -> str:
    """A word for bash and zsh, where nothing is special between single quotes but their end."""
    return "'" + text.replace("'", "'\\''") + "'"


def _fish_quoted(text: str) -> str:
    """A word for fish, whose single quotes know two escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _doubled(text: str) -> str:
    """A word for PowerShell, which doubles single quotes."""
    return "'" + text.replace("'", "''") + "'"
