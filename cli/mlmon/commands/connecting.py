"""Connecting a folder to a workspace on Azure: which one is meant, what is remembered of it, and what may be read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from mlmon import settings
from mlmon.commands.choosing import NOTHING, Asked, Chosen, Visible, chosen, nearby
from mlmon.core.errors import Code, ExitCode, Failure, MlmonError, NotFound
from mlmon.core.model import Generation, Permission, Service
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Workspace
from mlmon.output.results import Faces, Field, Lines, Record, Result, Row, Rows
from mlmon.session import Session
from mlmon.settings import FILE, Folder

_FOUND: Final = (
    Field("workspace"),
    Field("region"),
    Field("storage"),
    Field("telemetry"),
    Field("logs_workspace", header="logs workspace"),
    Field("v1", header="v1 services"),
    Field("services", kind="number"),
    Field("changed"),
    Field("settings"),
)
_PERMISSIONS: Final = (
    Field("plane"),
    Field("allowed"),
    Field("account", optional=True),
    Field("role"),
    Field("scope", optional=True),
    Field("reason"),
    Field("hint"),
)
_AT_ONCE: Final = 4


def connected(session: Session, asked: Asked) -> Result:
    """Find out all that can be remembered of the workspace, and write mlmon.toml. Raises as `Setup.discovered`."""
    file = session.world.cwd / FILE
    _require_writable(file.parent)
    meant = chosen(session, asked)
    target, said = settings.used_as(session.settings, meant.target)
    settings.name_in(file, meant.target)  # before anything is asked: it may not do
    assumed = f" ({meant.assumed})" if meant.assumed else ""
    session.terminal.note(f"looking at {target.name} in {target.resource_group}{assumed}")
    setup = session.setup(target, state=file.parent)
    workspace, draft = setup.afresh(target)
    with _saying_what_to_check(setup.visible, meant):
        found = setup.discovered(workspace, warn=lambda error: _warn(session, error))
    services = _services(session, workspace)
    for sentence in workspace.services.unseen if found.v1 else ():  # else it has just been said
        session.terminal.note(sentence, level="warning")
    spelled = setup.spelled(workspace)
    changed = settings.write_workspace(file, spelled, options=said)
    draft.keep()
    full = "/".join((spelled.subscription, spelled.resource_group, spelled.name))
    session.terminal.note(f"connected to {full}")
    values: Row = {
        "workspace": full,
        "region": found.region or None,
        "storage": found.storage or None,
        "telemetry": found.telemetry or None,
        "logs_workspace": found.logs_workspace or None,
        "v1": found.v1,
        "services": None if services is None else len(services),
        "changed": changed,
        "settings": str(file),
    }
    return Record(_FOUND, values)


def checked(session: Session, asked: Asked) -> Result:
    """Whether each plane of the workspace may be read. Raises as `Setup.permissions`."""
    if asked == NOTHING and isinstance(session.settings.target, Folder):
        embedded = f"{session.embedded().name} is an embedded workspace: a folder, with no permissions to check"
        return Rows(_PERMISSIONS, [], empty=embedded)
    meant = chosen(session, asked)
    target, _ = settings.used_as(session.settings, meant.target)
    setup = session.setup(target, state=session.settings.state)
    with _saying_what_to_check(setup.visible, meant):
        found = setup.permissions(setup.connect(target))
    machines = Rows(_PERMISSIONS, [_row(one) for one in found])
    return Faces(people=Lines(_lines(found)), machines=machines, exit_code=_outcome(found))


def _row(one: Permission) -> Row:
    return {
        "plane": one.plane,
        "allowed": one.allowed,
        "account": one.account or None,
        "role": one.role or None,
        "scope": one.scope or None,
        "reason": one.reason or None,
        "hint": one.hint or None,
    }


def _lines(found: Sequence[Permission]) -> Iterator[str]:
    """What people read, and send to whoever gives out roles: nothing of it is cut."""
    for account in dict.fromkeys(one.account for one in found if one.account):
        yield f"account: {account}"
    for one in found:
        word = {True: "allowed", False: "not allowed", None: "not known"}[one.allowed]
        yield f"{one.plane}: {word}{f': {one.reason}' if one.reason else ''}"
        yield from (f"  {line}" for line in one.hint.splitlines())


def _require_writable(folder: Path) -> None:
    """Before anything is asked of Azure: what it would take seconds to find out could not be kept."""
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Failure(
            f"{str(folder)!r} cannot be written to ({(error.strerror or 'no reason given').lower()})",
            hint="choose a folder for mlmon.toml that you may write to",
            code=Code.FOLDER_UNWRITABLE,
        ) from None


@contextmanager
def _saying_what_to_check(visible: Visible, meant: Chosen) -> Iterator[None]:
    """Whoever just named a workspace that is not there needs to hear what is, and not how one is named."""
    try:
        yield
    except NotFound as error:
        if error.code is not Code.WORKSPACE_NOT_FOUND or not meant.parts:
            raise
        assumed = f" ({meant.assumed})" if meant.assumed else ""
        hints = [f"check {meant.origins}{assumed}", nearby(visible, meant.target)]
        raise NotFound(error.message, hint="\n".join(filter(None, hints)), code=error.code) from None


def _outcome(found: Sequence[Permission]) -> ExitCode:
    if any(one.allowed is False for one in found):
        return ExitCode.NOT_ALLOWED
    return ExitCode.UNAVAILABLE if any(one.failed for one in found) else ExitCode.DONE


def _warn(session: Session, error: MlmonError) -> None:
    session.terminal.note(error.message, level="warning")


def _services(session: Session, workspace: Workspace) -> Sequence[Service] | None:
    """The services, with where their collected data stands looked up, so that it is remembered; None if unknown."""
    try:
        services = workspace.services.list()
    except MlmonError as error:
        _warn(session, error)
        return None

    def look_up(service: Service) -> None:
        with suppress(MlmonError):  # whoever needs the data hears what is wrong with it
            workspace.blobs.roots(service.name)

    collecting = [one for one in services if one.generation is Generation.V2 and one.collections]
    for _ in map_bounded(look_up, collecting, workers=_AT_ONCE, only_reads=True):
        pass
    return services
