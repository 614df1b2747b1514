"""Settings: flag > environment > mlmon.toml up the tree > user file > Azure ML's own config.json > default.

Every value keeps where it came from, so that `mlmon status --settings` can say it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlmon.core.errors import Code, NotFound, UsageError, did_you_mean

FILE: Final = "mlmon.toml"
EMBEDDED: Final = "workspace.toml"
_KEYS: Final = ("workspace", "service", "output")
_AZURE_KEYS: Final = ("subscription", "resource_group", "name")
_AZURE_CONFIGS: Final = ("config.json", ".azureml/config.json")


@dataclass(frozen=True, slots=True)
class Setting:
    """One value and where it was set: a flag, a variable, a file, or `default`."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Folder:
    """An embedded workspace."""

    path: Path


@dataclass(frozen=True, slots=True)
class AzureWorkspace:
    """An Azure ML workspace."""

    subscription: str
    resource_group: str
    name: str


Target = Folder | AzureWorkspace


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for one run. `target` is None when no workspace is named anywhere."""

    cwd: Path
    workspace: Setting | None
    target: Target | None
    service: Setting | None
    output: Setting | None
    file: Path
    """The mlmon.toml that speaks of this workspace, whether or not it exists yet: where its default service belongs."""

    def all(self) -> tuple[Setting, ...]:
        """Every setting, in the order of the documentation; one that is set nowhere has no value."""
        known = {"workspace": self.workspace, "service": self.service, "output": self.output}
        return tuple(setting or Setting(name, "", "default") for name, setting in known.items())

    def require_target(self) -> Target:
        """The workspace to work on. Raises `NotFound` when there is none."""
        if self.target is None:
            raise NotFound(
                f"no workspace here ({self.cwd}) or in any folder above",
                hint="mlmon demo makes one to try, mlmon init --local DIR an empty one",
                code=Code.NO_WORKSPACE,
            )
        return self.target


def load(*, cwd: Path, environ: Mapping[str, str], workspace: str | None = None) -> Settings:
    """Read every source and decide.

    Raises:
        UsageError: a settings file cannot be read, or has a key or value that means nothing.
        NotFound: the named workspace is in no settings file.
    """
    project, user = _project_file(cwd), _user_file(environ)
    files = [file for file in (project, user) if file]
    chosen = _choose(workspace, cwd=cwd, environ=environ, project=project, user=user)
    file = chosen.file if chosen else cwd / FILE
    return Settings(
        cwd=cwd,
        workspace=chosen.setting if chosen else None,
        target=chosen.target if chosen else None,
        service=_service(environ, file, files),
        output=_first("output", environ, files),
        file=file,
    )


def workspaces(*, cwd: Path, environ: Mapping[str, str]) -> dict[str, Target]:
    """Every workspace that a settings file names; the nearest file wins. Raises `UsageError` as `load`."""
    return _known([file for file in (_project_file(cwd), _user_file(environ)) if file])


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    values: Mapping[str, str]
    workspaces: Mapping[str, Target]


@dataclass(frozen=True, slots=True)
class _Choice:
    """The workspace, who chose it, and the mlmon.toml that speaks of it."""

    setting: Setting
    target: Target
    file: Path


def _choose(
    flag: str | None, *, cwd: Path, environ: Mapping[str, str], project: _File | None, user: _File | None
) -> _Choice | None:
    """Flag, variable, the nearest folder that says something, the user's file, Azure ML's config.json."""
    files = [file for file in (project, user) if file]
    said = Setting("workspace", flag, "--workspace") if flag else _first("workspace", environ, [])
    if said:
        target = _named(said, cwd, environ=environ, files=files)
        own = target.path if isinstance(target, Folder) else cwd
        return _Choice(said, target, own / FILE)
    for folder in (cwd, *cwd.parents):
        # nearest first: who stands in a workspace means that one, whatever a folder above says
        if project and project.path.parent == folder and (value := project.values.get("workspace")):
            said = Setting("workspace", value, str(project.path))
            return _Choice(said, _named(said, folder, environ=environ, files=files), project.path)
        if _there(folder / EMBEDDED):
            return _Choice(Setting("workspace", str(folder), str(folder / EMBEDDED)), Folder(folder), folder / FILE)
    if user and (value := user.values.get("workspace")):
        said = Setting("workspace", value, str(user.path))
        return _Choice(said, _named(said, user.path.parent, environ=environ, files=files), user.path)
    for config in (folder / name for folder in (cwd, *cwd.parents) for name in _AZURE_CONFIGS):
        if _there(config) and (found := _azure_config(config)):
            file = project.path if project else config.parent / FILE
            return _Choice(Setting("workspace", found.name, str(config)), found, file)
    return None


def _named(said: Setting, base: Path, *, environ: Mapping[str, str], files: list[_File]) -> Target:
    if said.value == "~" or said.value.startswith("~/"):
        home = environ.get("HOME") or environ.get("USERPROFILE") or ""
        return Folder(Path(home, said.value[2:]))
    if said.value.startswith((".", "/")) or Path(said.value).is_absolute():
        return Folder((base / said.value).resolve())
    known = _known(files)
    if said.value in known:
        return known[said.value]
    raise NotFound(
        f"no workspace named {said.value!r} in the settings (asked for by {said.origin})",
        hint=did_you_mean(said.value, sorted(known)) or f"a folder is written as a path: ./{said.value}",
        code=Code.WORKSPACE_NOT_FOUND,
    )


def _known(files: list[_File]) -> dict[str, Target]:
    return {name: target for file in reversed(files) for name, target in file.workspaces.items()}


def _service(environ: Mapping[str, str], file: Path, files: list[_File]) -> Setting | None:
    """The default service. One in a file counts only where that file speaks of the workspace that was chosen."""
    if found := environ.get("MLMON_SERVICE"):
        return Setting("service", found, "MLMON_SERVICE")
    read = next((one for one in files if one.path == file), None) or (_read(file) if _there(file) else None)
    return _first("service", {}, [read] if read else [])


def _first(name: str, environ: Mapping[str, str], files: list[_File]) -> Setting | None:
    variable = f"MLMON_{name.upper()}"
    if value := environ.get(variable):
        return Setting(name, value, variable)
    for file in files:
        if value := file.values.get(name):
            return Setting(name, value, str(file.path))
    return None


def _project_file(cwd: Path) -> _File | None:
    """The nearest mlmon.toml: those in folders above it belong to somebody else."""
    return next((_read(folder / FILE) for folder in (cwd, *cwd.parents) if _there(folder / FILE)), None)


def _user_file(environ: Mapping[str, str]) -> _File | None:
    home = environ.get("HOME") or environ.get("USERPROFILE")
    base = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    path = Path(base) / "mlmon" / "config.toml"
    return _read(path) if base and _there(path) else None


def _there(path: Path) -> bool:
    """Whether the file is there and can be reached: a folder above that is closed to us holds nothing of ours."""
    try:
        return path.is_file()
    except OSError:
        return False


def _read(path: Path) -> _File:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="correct that line, or remove the file") from None
    for key, value in content.items():
        if key == "workspaces":
            continue
        if key not in _KEYS:
            raise UsageError(
                f"{path} has an unknown key {key!r}",
                hint=did_you_mean(key, [*_KEYS, "workspaces"]) or f"known keys: {', '.join([*_KEYS, 'workspaces'])}",
            )
        if not isinstance(value, str):
            raise UsageError(f"{key!r} in {path} is not text", hint=f'write it like {key} = "…"')
    workspaces = content.pop("workspaces", {})
    return _File(path, content, dict(_workspaces(path, workspaces)))


def _workspaces(path: Path, tables: Any) -> Iterator[tuple[str, Target]]:
    if not isinstance(tables, dict):
        raise UsageError(f"'workspaces' in {path} is not a table", hint="write [workspaces.NAME]")
    for name, table in tables.items():
        match table:
            case {"folder": str(folder)} if len(table) == 1:
                yield name, Folder((path.parent / folder).resolve())
            case {"subscription": str(sub), "resource_group": str(group), "name": str(ws)} if len(table) == len(
                _AZURE_KEYS
            ):
                yield name, AzureWorkspace(sub, group, ws)
            case _:
                raise UsageError(
                    f"[workspaces.{name}] in {path} names neither a folder nor an Azure workspace",
                    hint=f"give it folder, or {', '.join(_AZURE_KEYS)}",
                )


def _azure_config(path: Path) -> AzureWorkspace | None:
    """Azure ML's own file; None when a config.json belongs to something else."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError, RecursionError):
        return None
    match content:
        case {"subscription_id": str(sub), "resource_group": str(group), "workspace_name": str(name)}:
            return AzureWorkspace(sub, group, name)
    return None


def written(path: Path) -> Mapping[str, str]:
    """What a settings file says; nothing when it is not there. Raises `UsageError` as `load`."""
    return _read(path).values if _there(path) else {}


def write(path: Path, values: Mapping[str, str | None]) -> bool:
    """Set keys in a settings file (None: take it out), keeping what a person wrote; whether that changed anything.

    Raises:
        UsageError: the file cannot be read; it is left as it is.
    """
    before = written(path)
    changes = {key: value for key, value in values.items() if before.get(key) != value}
    if not changes:
        return False
    import tempfile

    import tomlkit  # why here: 30 ms that only two commands need

    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    for key, value in changes.items():
        if value is None:
            document.remove(key)
        else:
            document[key] = value
    descriptor, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(tomlkit.dumps(document))
    Path(partial).chmod(0o644)  # mkstemp makes it private; a project's settings are shared
    Path(partial).replace(path)
    return True
