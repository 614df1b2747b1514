"""Pages about a workspace or a service, in a browser."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import ServiceArgument
from mlmon.core.errors import Failure, UsageError
from mlmon.core.model import PageKind
from mlmon.output.controls import neutral
from mlmon.output.results import Faces, Field, Format, Record, Result, Text
from mlmon.session import Session

_PAGE: Final = (Field("page"), Field("service"), Field("address"), Field("opened"))
_ALLOWED: Final = ("https://", "file://")
_AWAY: Final = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")
_WINDOWS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


@command(
    "open",
    Group.TELEMETRY,
    examples=["mlmon open --storage", "mlmon open diabetes --storage --print -o json"],
    piped=Format.TABLE,
)
def open_page(
    session: Session,
    *,
    service: ServiceArgument = None,
    insights: Annotated[bool, typer.Option("--insights", help="The Application Insights component.")] = False,
    studio: Annotated[bool, typer.Option("--studio", help="Azure ML studio.")] = False,
    storage: Annotated[
        bool, typer.Option("--storage", help="The storage account; of an embedded workspace, its folder.")
    ] = False,
    print_: Annotated[bool, typer.Option("--print", help="Print the address, and open nothing.")] = False,
) -> Result:
    """Open the Azure portal's page of a service, or of the workspace where no service is named or set.

    The address is printed too. Over SSH, and where there is no browser, it is printed alone.
    """
    kinds = {PageKind.INSIGHTS: insights, PageKind.STUDIO: studio, PageKind.STORAGE: storage}
    wanted = [kind for kind, given in kinds.items() if given] or [PageKind.PORTAL]
    if len(wanted) > 1:
        given = " and ".join(f"--{kind}" for kind in wanted)
        raise UsageError(f"{given} cannot be combined", hint="open one page after the other")
    workspace = session.connect()
    is_meant = bool(service or session.settings.service)
    found = session.service(workspace, service) if is_meant else None
    address = workspace.page(wanted[0], found.name if found else None)
    if not address.startswith(_ALLOWED):
        raise Failure("the page has an address that is not opened", hint="mlmon init --check looks at the workspace")
    opened = False if print_ else _opened(session, address)
    values = {"page": str(wanted[0]), "service": str(found.name) if found else None, "address": address}
    return Faces(Text(f"{neutral(address)}\n"), Record(_PAGE, {**values, "opened": opened}))


def _opened(session: Session, address: str) -> bool:
    """Whether a browser took it; says so where none did."""
    if reason := _no_browser(session.world.environ):
        session.terminal.note(f"{reason}: open the address yourself")
        return False
    import webbrowser  # why here: 10 ms that nothing else needs

    try:
        with _stdout_spared():
            taken = webbrowser.open(address)
    except (webbrowser.Error, OSError):
        taken = False
    session.terminal.note(
        "opened in the browser" if taken else "no browser could be started: open the address yourself"
    )
    return taken


@contextmanager
def _stdout_spared() -> Iterator[None]:
    """A browser prints where it likes, and inherits this process's streams: what it prints goes to stderr.

    Raises:
        OSError: one of the two streams is closed.
    """
    stdout, stderr = 1, 2
    kept = os.dup(stdout)
    try:
        os.dup2(stderr, stdout)
        yield
    finally:
        os.dup2(kept, stdout)
        os.close(kept)


def _no_browser(environ: Mapping[str, str]) -> str:
    if any(environ.get(name) for name in _AWAY) and not environ.get("BROWSER"):
        return "this is an SSH session, whose browser is elsewhere"
    windows = sys.platform in {"darwin", "win32"} or any(environ.get(name) for name in _WINDOWS)
    return "" if windows else "there is no browser here"
