"""What the notebook cells share: text and names, written as Python."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from typing import Final

from mlmon.collected.handoff.naming import distinct
from mlmon.collected.handoff.patterns import Source

_IMPORTED: Final = ("fsspec", "glob", "json", "pd", "reduce", "rows", "spark")
_BUILT_IN: Final = ("dict", "enumerate", "isinstance", "list", "open", "sorted", "ValueError")


def literal(text: str) -> str:
    """Text as Python, in ASCII and on one line."""
    return ascii(text)


def variables(
    sources: Sequence[Source], *, taken: Iterable[str] = (), with_endings: Sequence[str] = ("",)
) -> list[str]:
    """A variable for each collection, none alike and none that the cells themselves use; `taken` are more of those."""
    names = [_name(source.collection) for source in sources]
    return distinct(names, (*_IMPORTED, *_BUILT_IN, *taken), with_endings=with_endings)


def listed(paths: Sequence[str], *, indent: str = "    ") -> str:
    """Paths as the inside of a list, each on its line."""
    return "".join(f"{indent}{literal(path)},\n" for path in paths)


def _name(collection: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_]", "_", collection) or "_"
    return f"_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name
