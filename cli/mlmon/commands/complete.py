"""`mlmon __complete KIND`: the names that a completion script offers, from local files alone.

Of a workspace on Azure they are those that were there when its services were last listed.

The protocol, which the scripts of `mlmon completion` speak:

    mlmon __complete services|collections|workspaces|queries [--workspace=NAME] [--service=NAME]

prints one name a line in UTF-8, with a TAB and a description behind it where there is one. A name with a control
character is left out, so lines and TABs are unambiguous; everything else is data that the shell must quote. Whatever
goes wrong, nothing is printed and the exit code is 0: an error would land in the line that a person is typing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from mlmon import settings
from mlmon.session import World, names_in
from mlmon.settings import Folder

_FLAGS: Final = ("--workspace=", "--service=")


def complete(argv: Sequence[str], world: World) -> int:
    """Print the names. Never fails and never writes to stderr."""
    with suppress(Exception):
        kind, *flags = argv
        workspace, service = (_value(flags, flag) for flag in _FLAGS)
        found = [each for each in _names(kind, workspace, service, world) if _fits("".join(each))]
        lines = [f"{name}\t{about}\n" if about else f"{name}\n" for name, about in found]
        # bytes, because the scripts read UTF-8 and line feeds on every system
        world.stdout.buffer.write("".join(lines).encode())
        world.stdout.flush()
    return 0


def _names(kind: str, workspace: str, service: str, world: World) -> Iterator[tuple[str, str]]:
    """Names with descriptions. Raises `MlmonError` and `OSError`."""
    if kind == "workspaces":
        for name, known in settings.workspaces(cwd=world.cwd, environ=world.environ).items():
            yield name, str(known.path) if isinstance(known, Folder) else f"{known.name} on Azure"
        return
    found = settings.load(cwd=world.cwd, environ=world.environ, workspace=workspace or None)
    if kind == "queries":
        from mlmon.kql.saved import SavedQueries

        for query in SavedQueries(found.file.parent).all():
            yield query.name, query.description
        return
    default = found.service.value if found.service else ""
    names = names_in(found, environ=world.environ)
    if names is None:
        return
    if kind == "services":
        for name in names.services():
            about = "v2 online deployment" if "/" in name else "v1 web service"
            yield name, f"{about}, the default here" if name == default else about
    if kind == "collections":
        for name in names.collections(service or default):
            yield name, ""


def _value(flags: Sequence[str], flag: str) -> str:
    return next((word.removeprefix(flag) for word in flags if word.startswith(flag)), "")


def _fits(text: str) -> bool:
    """Whether it can stand on a line, and be typed: control characters and broken text cannot."""
    return not any(letter < " " or "\x7f" <= letter <= "\x9f" or "\ud800" <= letter <= "\udfff" for letter in text)
