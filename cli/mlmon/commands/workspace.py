"""Connecting a folder to a workspace: init, use."""

from pathlib import Path
from typing import Annotated

import typer

from mlmon import settings
from mlmon.commands.choosing import NOTHING, Asked
from mlmon.commands.command import Group, command
from mlmon.commands.connecting import checked, connected
from mlmon.core.errors import UsageError
from mlmon.output.results import Field, Record, Result
from mlmon.session import Session
from mlmon.settings import FILE, AzureWorkspace


@command(
    "init",
    Group.START,
    examples=[
        "mlmon init --config config.json",
        "mlmon init --name ws",
        "mlmon init --check",
        "mlmon init --local my-workspace",
        "mlmon init --local . -o json",
    ],
)
def init(
    session: Session,
    *,
    local: Annotated[
        Path | None,
        typer.Option("--local", metavar="DIR", help="An embedded workspace in this folder, made when it is not there."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Azure ML's own config.json, which names one.")
    ] = None,
    subscription: Annotated[
        str, typer.Option("--subscription", metavar="ID", help="The subscription of the workspace.", show_default=False)
    ] = "",
    resource_group: Annotated[
        str, typer.Option("--resource-group", metavar="NAME", help="Its resource group.", show_default=False)
    ] = "",
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Its name.", show_default=False)] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Only say for each plane whether this identity may read it.")
    ] = False,
) -> Result:
    """Connect this folder to a workspace; writes mlmon.toml.

    A workspace on Azure is named by config.json (also .azureml/config.json), by options, by the defaults of az, or
    chosen on a terminal. What is found out about it once is remembered beside mlmon.toml, in .mlmon.

    The embedded workspace is an ordinary folder: switches in workspace.toml, logs as text, telemetry as JSON
    lines, collected blobs as the files that the Azure collectors write. It can be queried at once.
    """
    asked = Asked(config, subscription=subscription, resource_group=resource_group, name=name)
    if local is None:
        return checked(session, asked) if check else connected(session, asked)
    if check or asked != NOTHING:
        raise UsageError("--local names an embedded workspace, the other options one on Azure", hint="give one of both")
    folder = session.path(local).resolve()
    file = session.world.cwd / FILE
    before = settings.written(file).get("workspace")
    existed = (folder / settings.EMBEDDED).exists()
    workspace = session.create_embedded(folder)
    values: dict[str, str | None] = {"workspace": _as_written(folder, session.world.cwd)}
    if before not in {None, values["workspace"]}:
        values["service"] = None  # it named a service of the workspace before
    settings.write(file, values)
    session.terminal.note(f"{'connected to' if existed else 'made'} {workspace.folder}")
    if "service" in values:
        session.terminal.note(f"{file} named {before} before", level="warning")
    return Record(
        (Field("workspace"), Field("created"), Field("settings")),
        {"workspace": str(workspace.folder), "created": not existed, "settings": str(file)},
    )


@command("use", Group.START, examples=["mlmon use diabetes", "mlmon use diabetes-v2/blue"])
def use(
    session: Session,
    *,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The service that commands mean by default.")],
) -> Result:
    """Choose the default service of this folder."""
    file, target = session.settings.file, session.settings.require_target()
    if not session.settings.speaks:
        raise UsageError(
            f"{file} names another workspace, and a default service counts only for that one",
            hint="mlmon init makes this one the folder's workspace; MLMON_SERVICE names a service for a while",
        )
    found = session.service(session.connect(), service)
    named = False
    if isinstance(target, AzureWorkspace) and not settings.written(file).get("workspace"):
        # it was found in Azure ML's config.json; with a file that names none, another one would have this service too
        named = settings.write_workspace(file, target.bare(), options={})
    changed = settings.write(file, {"service": str(found.name)}) or named
    return Record(
        (Field("service"), Field("changed"), Field("settings")),
        {"service": str(found.name), "changed": changed, "settings": str(file)},
    )


def _as_written(folder: Path, cwd: Path) -> str:
    """The folder as mlmon.toml names it: relative when it is below, so that both can move together."""
    if folder == cwd:
        return "."
    return f"./{folder.relative_to(cwd).as_posix()}" if folder.is_relative_to(cwd) else str(folder)
