"""The command tree as completion sees it: which words may come where, and what completes a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import typer

FLAG: Final = "flag"
"""An option that takes no value."""

FREE: Final = "text"
"""A value that only the person knows."""

_BY_OPTION: Final[Mapping[str, str]] = {
    "--collection": "collections",
    "--workspace": "workspaces",
    "--saved": "queries",
    "--delete": "queries",
    "--month": "=" + ",".join(str(month) for month in range(1, 13)),
}
_BY_METAVAR: Final[Mapping[str, str]] = {
    "SERVICE": "services",
    "DIR": "folders",
    "FILE": "files",
    "PATH": "files",
    "SCRIPT": "files",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One option under all its names.

    `value` says what completes its value: `services`, `collections`, `workspaces`, `queries` (asked of
    `mlmon __complete`), `files`, `folders`, `=a,b,c` (these words), `FREE`, or `FLAG` when it takes none.
    """

    names: tuple[str, ...]
    value: str
    repeatable: bool
    help: str


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument; `value` as in `Option`."""

    value: str
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Command:
    """One command; the first of a grammar has no name and stands for what comes before a command."""

    name: str
    help: str
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]


def read(app: typer.Typer) -> tuple[Command, ...]:
    """The grammar of a command tree: its root, then its commands in their order. Hidden parts are left out."""
    root: Any = typer.main.get_command(app)
    context = typer.Context(root, **root.context_settings)
    shown = [(name, one) for name, one in root.commands.items() if not one.hidden]
    commands = (_command(name, one, typer.Context(one, parent=context)) for name, one in shown)
    return (_command("", root, context), *commands)


def _command(name: str, command: Any, context: typer.Context) -> Command:
    parameters = command.get_params(context)  # unlike .params, with --help
    return Command(
        name=name,
        help=_one_line(command.short_help or ""),
        options=tuple(
            Option(
                # long ones first; typer keeps the names of --help in a set, whose order is chance
                names=tuple(sorted((*one.opts, *one.secondary_opts), key=lambda each: not each.startswith("--"))),
                value=FLAG if one.is_flag else _value(one),
                repeatable=one.multiple,
                help=_one_line(one.help or ""),
            )
            for one in parameters
            if one.param_type_name == "option" and not one.hidden
        ),
        arguments=tuple(
            Argument(_value(one), repeatable=one.nargs == -1) for one in parameters if one.param_type_name == "argument"
        ),
    )


def _value(parameter: Any) -> str:
    """What completes it: the words its parser takes, else what its name or metavar says.

    The metavar is what help shows a person, so a new command that is clear to people completes as well.
    """
    parser = getattr(parameter.type, "func", parameter.type)
    if choices := getattr(parser, "choices", ()):
        return "=" + ",".join(choices)
    for name in parameter.opts:
        if name in _BY_OPTION:
            return _BY_OPTION[name]
    return _BY_METAVAR.get(re.sub(r"[\[\].]", "", parameter.metavar or ""), FREE)


def _one_line(text: str) -> str:
    """The first sentence in ASCII: Windows PowerShell reads a script without a mark as some other encoding."""
    sentence = re.split(r"\.(?:\s|$)", " ".join(text.split()), maxsplit=1)[0]
    return sentence.replace("…", "...").encode("ascii", "ignore").decode()
