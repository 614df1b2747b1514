"""Shell completion: the scripts, generated from the command tree."""

from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import one_of
from mlmon.output.results import Result, Text
from mlmon.session import Session

SHELLS: Final = ("bash", "zsh", "fish", "powershell", "pwsh")


@command(
    "completion",
    Group.SHELL,
    examples=["mlmon completion bash", "mlmon completion zsh", "mlmon completion fish", "mlmon completion powershell"],
)
def completion(
    session: Session,  # noqa: ARG001 - every command takes one
    *,
    shell: Annotated[
        str,
        typer.Argument(
            metavar="SHELL", parser=one_of(SHELLS, "a shell mlmon knows"), help="bash, zsh, fish, powershell or pwsh."
        ),
    ],
) -> Result:
    """Print the script that lets a shell complete mlmon's commands, options, services and collections.

    To install it, for every shell started from then on:

    bash: add to ~/.bashrc: source <(mlmon completion bash)

    zsh: add to ~/.zshrc, below compinit: source <(mlmon completion zsh)

    fish: mlmon completion fish > ~/.config/fish/completions/mlmon.fish

    PowerShell: add to $PROFILE: mlmon completion powershell | Out-String | Invoke-Expression
    """
    from mlmon.commands.completion.grammar import read
    from mlmon.commands.completion.scripts import script
    from mlmon.commands.tree import tree

    return Text(script(shell, read(tree())))
