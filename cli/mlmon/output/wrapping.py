"""How wide text is on a terminal, and where its lines are broken."""

from __future__ import annotations

import re
from typing import Final

_INDENT: Final = "  "
_UNBROKEN: Final = re.compile(r"\(?(?:mlmon|az|pip)(?: [^ ]*[^ ,;:])* [^ ]+|[^ ]+")
"""A word; or a command, up to the next mark of punctuation: it is copied, and a line end in it would run half of it."""


def wrapped(text: str, width: int, *, taken: int = 0) -> str:
    """Broken at blanks, so that no line is wider where its words are not; all but the first line are indented.

    So many cells of the first line are taken. What fits stays as it is.
    """
    if taken + cells_of(text) <= width:
        return text
    lines, line, room = list[str](), "", width - taken
    for word in _UNBROKEN.findall(text):
        longer = f"{line} {word}" if line else word
        if line and cells_of(longer) > room:
            lines.append(line)
            longer, room = word, width - len(_INDENT)
        line = longer
    return f"\n{_INDENT}".join([*lines, line])


def cells_of(text: str) -> int:
    """How many terminal cells the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # why here: few texts need it

    return cell_len(text)
