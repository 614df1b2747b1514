"""`python tests/completion/write_scripts.py [DIR]`: write the scripts into a folder, by default ./completions."""

import sys
from pathlib import Path

from mlmon.commands.completion.grammar import read
from mlmon.commands.completion.scripts import FILES, script
from mlmon.commands.tree import tree


def write(folder: Path) -> None:
    """Write every script, making the folder when it is not there."""
    folder.mkdir(exist_ok=True)
    for shell, file in FILES.items():
        (folder / file).write_text(script(shell, read(tree())), "utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(*sys.argv[1:2] or ["completions"]))
