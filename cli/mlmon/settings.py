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

from mlmon.core.errors import NotFound, UsageError, did_you_mean

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

    folder: Path
    """Where mlmon.toml stands, or would be written."""
    workspace: Setting | None
    target: Target | None
    service: Setting | None
    output: Setting | None

    def all(self) -> tuple[Setting, ...]:
        """Every setting that has a value, in the order of the documentation."""
        return tuple(setting for setting in (self.workspace, self.service, self.output) if setting)

    def require_target(self) -> Target:
        """The workspace to work on. Raises `NotFound` when there is none."""
        if self.target is None:
            raise NotFound(
                f"no workspace here ({self.folder}) or in any folder above",
                hint="mlmon demo makes one to try, mlmon init --local DIR an empty one",
                code="no-workspace",
            )
        return self.target


def load(*, cwd: Path, environ: Mapping[str, str], workspace: str | None = None) -> Settings:
    """Read every source and decide.

    Raises:
        UsageError: a settings file cannot be read, or has a key or value that means nothing.
        NotFound: the named workspace is in no settings file.
    """
    files = [*_project_files(cwd), *_user_file(environ)]
    near = files[0].path.parent if files and files[0].path.name == FILE else cwd
    chosen, target = _workspace(workspace, cwd=cwd, environ=environ, files=files)
    return Settings(
        folder=near,
        workspace=chosen,
        target=target,
        service=_service(environ, files, chosen, target),
        output=_first("output", environ, files),
    )


def workspaces(*, cwd: Path, environ: Mapping[str, str]) -> dict[str, Target]:
    """Every workspace that a settings file names; the nearest file wins. Raises `UsageError` as `load`."""
    return _known([*_project_files(cwd), *_user_file(environ)])


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    values: Mapping[str, str]
    workspaces: Mapping[str, Target]


def _workspace(
    flag: str | None, *, cwd: Path, environ: Mapping[str, str], files: list[_File]
) -> tuple[Setting | None, Target | None]:
    said = Setting("workspace", flag, "--workspace") if flag else _first("workspace", environ, files)
    if said:
        base = Path(said.origin).parent if said.origin.endswith(".toml") else cwd
        return said, _named(said, base, environ=environ, files=files)
    for folder in (cwd, *cwd.parents):
        if (folder / EMBEDDED).is_file():
            return Setting("workspace", str(folder), str(folder / EMBEDDED)), Folder(folder)
        for config in _AZURE_CONFIGS:
            if (folder / config).is_file() and (found := _azure_config(folder / config)):
                return Setting("workspace", found.name, str(folder / config)), found
    return None, None


def _named(said: Setting, base: Path, *, environ: Mapping[str, str], files: list[_File]) -> Target:
    if said.value.startswith("~"):
        home = environ.get("HOME") or environ.get("USERPROFILE") or ""
        return Folder(Path(home) / said.value.lstrip("~").lstrip("/\\"))
    if said.value.startswith((".", "/")) or Path(said.value).is_absolute():
        return Folder((base / said.value).resolve())
    known = _known(files)
    if said.value in known:
        return known[said.value]
    raise NotFound(
        f"no workspace named {said.value!r} in the settings (asked for by {said.origin})",
        hint=did_you_mean(said.value, sorted(known)) or f"a folder is written as a path: ./{said.value}",
        code="workspace-not-found",
    )


def _known(files: list[_File]) -> dict[str, Target]:
    return {name: target for file in reversed(files) for name, target in file.workspaces.items()}


def _service(
    environ: Mapping[str, str], files: list[_File], workspace: Setting | None, target: Target | None
) -> Setting | None:
    """The default service. One from a file counts only where that file also decides the workspace."""
    if found := environ.get("MLMON_SERVICE"):
        return Setting("service", found, "MLMON_SERVICE")
    if workspace is not None and not workspace.origin.endswith((".toml", ".json")):
        own = _read(target.path / FILE) if isinstance(target, Folder) and (target.path / FILE).is_file() else None
        files = [own] if own else []
    return _first("service", {}, files)


def _first(name: str, environ: Mapping[str, str], files: list[_File]) -> Setting | None:
    variable = f"MLMON_{name.upper()}"
    if value := environ.get(variable):
        return Setting(name, value, variable)
    for file in files:
        if value := file.values.get(name):
            return Setting(name, value, str(file.path))
    return None


def _project_files(cwd: Path) -> Iterator[_File]:
    """The nearest mlmon.toml: folders above it belong to somebody else."""
    for folder in (cwd, *cwd.parents):
        if (folder / FILE).is_file():
            yield _read(folder / FILE)
            return


def _user_file(environ: Mapping[str, str]) -> Iterator[_File]:
    home = environ.get("HOME") or environ.get("USERPROFILE")
    base = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    path = Path(base) / "mlmon" / "config.toml"
    if base and path.is_file():
        yield _read(path)


def _read(path: Path) -> _File:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
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
    except (ValueError, OSError):
        return None
    match content:
        case {"subscription_id": str(sub), "resource_group": str(group), "workspace_name": str(name)}:
            return AzureWorkspace(sub, group, name)
    return None
