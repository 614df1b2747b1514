"""Connecting a folder to a workspace on Azure: which one is meant, what is remembered of it, and what may be read."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlmon import settings
from mlmon.core.errors import Code, ExitCode, MlmonError, NotFound, UsageError, did_you_mean
from mlmon.core.model import Generation, Permission, Service
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Workspace
from mlmon.output.results import Field, Record, Result, Row, Rows
from mlmon.session import Session
from mlmon.settings import FILE, AzureWorkspace

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
)
_HOW: Final = "mlmon init --config config.json\nor: mlmon init --subscription ID --resource-group NAME --name NAME"
_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options name; "" where they do not."""

    config: Path | None
    subscription: str
    resource_group: str
    name: str


def connected(session: Session, asked: Asked) -> Result:
    """Find out all that can be remembered of the workspace, and write mlmon.toml. Raises as `Setup.discovered`."""
    chosen = _chosen(session, asked)
    target, said = settings.used_as(session.settings, chosen)
    file = session.world.cwd / FILE
    settings.name_in(file, chosen)  # before anything is asked: it may not do
    session.terminal.note(f"looking at {chosen.name} in {chosen.resource_group}")
    setup = session.setup(target, state=file.parent)
    workspace = setup.connect(target)
    found = setup.discovered(workspace, warn=lambda error: _warn(session, error))
    services = _services(session, workspace)
    for sentence in workspace.services.unseen if found.v1 else ():  # else it has just been said
        session.terminal.note(sentence, level="warning")
    changed = settings.write_workspace(file, chosen, options=said)
    session.terminal.note(f"connected to {workspace.name}")
    values: Row = {
        "workspace": workspace.name,
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
    target, _ = settings.used_as(session.settings, _chosen(session, asked))
    setup = session.setup(target, state=session.settings.state)
    found = setup.permissions(setup.connect(target))
    rows = [
        {
            "plane": one.plane,
            "allowed": one.allowed,
            "account": one.account or None,
            "role": one.role,
            "scope": one.scope or None,
            "reason": one.reason or None,
        }
        for one in found
    ]
    return Rows(_PERMISSIONS, rows, exit_code=_outcome(found))


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
    for _ in map_bounded(look_up, collecting, workers=_AT_ONCE):
        pass
    return services


def _chosen(session: Session, asked: Asked) -> AzureWorkspace:
    """The workspace that is meant, by its names: options, else mlmon.toml or config.json, else az, else a choice.

    Raises:
        UsageError: nothing says which, and nobody is there to choose.
        NotFound: none of that name can be seen.
    """
    given = _configured(session, asked.config) if asked.config else None
    names = (asked.subscription, asked.resource_group, asked.name)
    if not any(names):
        known = given or session.settings.target
        if isinstance(known, AzureWorkspace):
            return AzureWorkspace(known.subscription, known.resource_group, known.name)
    anyone, _ = settings.used_as(session.settings, AzureWorkspace("", "", ""))
    setup = session.setup(anyone, state=session.world.cwd)
    usual = given or setup.defaults(session.world.cwd)
    subscription = asked.subscription or usual.subscription
    group, name = asked.resource_group or usual.resource_group, asked.name or usual.name
    if subscription and group and name:
        return settings.azure_workspace(subscription, group, name, origin="--subscription, --resource-group, --name")
    if not asked.name and not session.terminal.can_ask:
        embedded = "or: mlmon init --local DIR makes or connects an embedded one"
        raise UsageError("which workspace? nothing names one", hint=f"{_HOW}\n{embedded}")
    session.terminal.note("looking for workspaces")
    return _choice(session, setup.visible(asked.subscription), asked)


def _configured(session: Session, config: Path) -> AzureWorkspace:
    path = session.path(config)
    if not path.exists():
        raise NotFound(f"there is no file {config}", hint="Azure ML studio offers it: Download config file")
    found = settings.azure_config(path)
    if found is None:
        raise UsageError(
            f"{config} names no workspace",
            hint='it has "subscription_id", "resource_group" and "workspace_name"',
        )
    return found


def _choice(session: Session, visible: Sequence[AzureWorkspace], asked: Asked) -> AzureWorkspace:
    groups = [one for one in visible if _fits(one.resource_group, asked.resource_group)]
    fitting = [one for one in groups if _fits(one.name, asked.name)]
    if not fitting:
        wanted = f" named {asked.name!r}" if asked.name else ""
        raise NotFound(
            f"this sign-in sees no workspace{wanted}",
            hint=did_you_mean(asked.name, tuple(one.name for one in visible)) or _HOW,
            code=Code.WORKSPACE_NOT_FOUND,
        )
    if len(fitting) == 1 and asked.name:
        return fitting[0]
    offered = {f"{one.name} ({one.resource_group}, {one.subscription})": one for one in fitting}
    return offered[session.terminal.choose("Which workspace?", list(offered))]


def _fits(name: str, wanted: str) -> bool:
    return not wanted or name.lower() == wanted.lower()
