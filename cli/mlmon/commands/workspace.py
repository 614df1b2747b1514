"""Connecting a folder to a workspace: init, use."""

from pathlib import Path
from typing import Annotated

import typer

from mlmon.commands.command import Group, command
from mlmon.core.errors import UsageError
from mlmon.output.results import Field, Record, Result
from mlmon.session import Session
from mlmon.settings import FILE


@command("init", Group.START, examples=["mlmon init --local my-workspace", "mlmon init --local . -o json"])
def init(
    session: Session,
    *,
    local: Annotated[
        Path | None,
        typer.Option("--local", metavar="DIR", help="An embedded workspace in this folder, made when it is not there."),
    ] = None,
) -> Result:
    """Connect this folder to a workspace; writes mlmon.toml.

    The embedded workspace is an ordinary folder: switches in workspace.toml, logs as text, telemetry as JSON
    lines, collected blobs as the files that the Azure collectors write. It can be queried at once.
    """
    if local is None:
        raise UsageError("say which workspace", hint="mlmon init --local DIR makes or connects an embedded one")
    folder = session.path(local).resolve()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", hint="name a folder")
    existed = (folder / "workspace.toml").exists()
    workspace = session.create_embedded(folder)
    settings = session.world.cwd / FILE
    _remember(settings, "workspace", _as_written(folder, session.world.cwd))
    session.terminal.note(f"{'connected to' if existed else 'made'} {workspace.folder}")
    return Record(
        (Field("workspace"), Field("folder"), Field("created", kind="flag"), Field("settings")),
        {
            "workspace": workspace.name,
            "folder": str(workspace.folder),
            "created": not existed,
            "settings": str(settings),
        },
    )


@command("use", Group.START, examples=["mlmon use diabetes", "mlmon use diabetes-v2/blue"])
def use(
    session: Session,
    *,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The service that commands mean by default.")],
) -> Result:
    """Choose the default service of this folder."""
    found = session.service(session.connect(), service)
    settings = session.settings.folder / FILE
    changed = _remember(settings, "service", str(found.name))
    return Record(
        (Field("service"), Field("changed", kind="flag"), Field("settings")),
        {"service": str(found.name), "changed": changed, "settings": str(settings)},
    )


def _as_written(folder: Path, cwd: Path) -> str:
    """The folder as mlmon.toml names it: relative when it is below, so that both can move together."""
    return f"./{folder.relative_to(cwd).as_posix()}" if folder.is_relative_to(cwd) else str(folder)


def _remember(path: Path, key: str, value: str) -> bool:
    """Set one key in mlmon.toml, keeping everything else a person wrote there; whether that changed anything."""
    import tomlkit

    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    if document.get(key) == value:
        return False
    document[key] = value
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(tomlkit.dumps(document), "utf-8")
    partial.replace(path)
    return True
