"""Settings: flag > environment > mlmon.toml up the tree > user file > Azure ML's own config.json > default.

Every value keeps where it came from, so that `mlmon status --settings` can say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mlmon.core.errors import Code, NotFound, UsageError, did_you_mean
from mlmon.settings.drift import DriftSettings
from mlmon.settings.files import (
    FILE,
    Named,
    SettingsFile,
    name_in,
    read,
    there,
    write,
    write_workspace,
    written,
)
from mlmon.settings.target import (
    OPTIONS,
    AzureWorkspace,
    Folder,
    Setting,
    Target,
    azure_config,
    azure_workspace,
    checked,
    required_config,
)

__all__ = [
    "EMBEDDED",
    "FILE",
    "OPTIONS",
    "AzureWorkspace",
    "DriftSettings",
    "Folder",
    "Setting",
    "Settings",
    "Target",
    "azure_config",
    "azure_workspace",
    "load",
    "name_in",
    "required_config",
    "used_as",
    "workspaces",
    "write",
    "write_workspace",
    "written",
]

EMBEDDED: Final = "workspace.toml"
_AZURE_CONFIGS: Final = ("config.json", ".azureml/config.json")


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
    speaks: bool
    """Whether a default service in `file` is this workspace's: not where the file names another one."""
    state: Path
    """The folder beside whose settings `.mlmon` belongs."""
    options: tuple[Setting, ...]
    """How a workspace on Azure is used, as `target` has it, each with where it was said."""
    timeout: Setting
    drift: DriftSettings
    """What the nearest mlmon.toml says of drift, else the user's file."""

    def all(self) -> tuple[Setting, ...]:
        """Every setting, in the order of the documentation; one that is set nowhere has no value."""
        known = {"workspace": self.workspace, "service": self.service, "output": self.output}
        first = (setting or Setting(name, "", "default") for name, setting in known.items())
        return (*first, *self.options, self.timeout, *self.drift.all())

    def require_target(self) -> Target:
        """The workspace to work on. Raises `NotFound` when there is none."""
        if self.target is None:
            raise NotFound(
                f"no workspace here ({self.cwd}) or in any folder above",
                hint="mlmon init connects this folder to one on Azure, mlmon demo makes one to try",
                code=Code.NO_WORKSPACE,
            )
        return self.target


def load(
    *,
    cwd: Path,
    environ: Mapping[str, str],
    workspace: str | None = None,
    flags: Mapping[str, str | None] | None = None,
) -> Settings:
    """Read every source and decide. `flags` are the values of `OPTIONS` and of `timeout` that options gave.

    Raises:
        UsageError: a settings file cannot be read, or something has a key or value that means nothing.
        NotFound: the named workspace is in no settings file.
    """
    project, user = _project_file(cwd), _user_file(environ)
    files = [file for file in (project, user) if file]
    chosen = _choose(workspace, cwd=cwd, environ=environ, project=project, user=user)
    file = chosen.file if chosen else cwd / FILE
    named = chosen.named if chosen else None
    options = tuple(_option(name, flags or {}, environ, named=named) for name in OPTIONS)
    target = named.target if named else None
    if isinstance(target, AzureWorkspace):
        target = replace(target, **{option.name: option.value for option in options})
    speaks = _speaks(chosen, environ=environ, files=files)
    return Settings(
        cwd=cwd,
        workspace=chosen.setting if chosen else None,
        target=target,
        service=_service(environ, _at(file, files) if speaks else None),
        output=_first("output", environ, files),
        file=file,
        speaks=speaks,
        state=named.path.parent if named else file.parent,
        options=options,
        timeout=_said("timeout", flags or {}, environ) or Setting("timeout", "", "default"),
        drift=files[0].drift if files else DriftSettings(),
    )


def _option(name: str, flags: Mapping[str, str | None], environ: Mapping[str, str], *, named: Named | None) -> Setting:
    if said := _said(name, flags, environ):
        return Setting(name, checked(name, said.value, origin=said.origin), said.origin)
    if named and (value := named.options.get(name)):
        return Setting(name, value, str(named.path))
    return Setting(name, OPTIONS[name], "default")


def _said(name: str, flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Setting | None:
    if value := flags.get(name):
        return Setting(name, value, f"--{name.replace('_', '-')}")
    return _first(name, environ, [])


def used_as(settings: Settings, target: AzureWorkspace) -> tuple[AzureWorkspace, dict[str, str]]:
    """A workspace with the options that hold for it, and those of them that somebody said.

    What a settings file says of another workspace does not hold for this one.
    """
    own = settings.target
    same = target.is_same(own)
    said = {one.name: one.value for one in settings.options if same or one.origin.startswith(("--", "MLMON_"))}
    said = {name: value for name, value in said.items() if value}
    return replace(target, **said), said


def workspaces(*, cwd: Path, environ: Mapping[str, str]) -> dict[str, Target]:
    """Every workspace that a settings file names; the nearest file wins. Raises `UsageError` as `load`."""
    known = _known([file for file in (_project_file(cwd), _user_file(environ)) if file])
    return {name: named.target for name, named in known.items()}


@dataclass(frozen=True, slots=True)
class _Choice:
    """The workspace, who chose it, and the mlmon.toml that speaks of it."""

    setting: Setting
    named: Named
    file: Path


def _choose(
    flag: str | None, *, cwd: Path, environ: Mapping[str, str], project: SettingsFile | None, user: SettingsFile | None
) -> _Choice | None:
    """Flag, variable, the nearest folder that says something, the user's file, Azure ML's config.json."""
    files = [file for file in (project, user) if file]
    said = Setting("workspace", flag, "--workspace") if flag else _first("workspace", environ, [])
    if said:
        named = _named(said, cwd, environ=environ, files=files)
        own = named.target.path / FILE if isinstance(named.target, Folder) else project.path if project else cwd / FILE
        speaking = (file.path for file in files if _names(file, named.target, environ=environ, files=files))
        return _Choice(said, named, next(speaking, own))
    for folder in (cwd, *cwd.parents):
        # nearest first: who stands in a workspace means that one, whatever a folder above says
        if project and project.path.parent == folder and (value := project.values.get("workspace")):
            said = Setting("workspace", value, str(project.path))
            return _Choice(said, _named(said, folder, environ=environ, files=files), project.path)
        if there(folder / EMBEDDED):
            said = Setting("workspace", str(folder), str(folder / EMBEDDED))
            return _Choice(said, _folder(folder), folder / FILE)
    if user and (value := user.values.get("workspace")):
        said = Setting("workspace", value, str(user.path))
        return _Choice(said, _named(said, user.path.parent, environ=environ, files=files), user.path)
    for folder, config in ((folder, folder / name) for folder in (cwd, *cwd.parents) for name in _AZURE_CONFIGS):
        if there(config) and (found := azure_config(config)):
            file = project.path if project else folder / FILE
            return _Choice(Setting("workspace", found.name, str(config)), Named(found, file, {}), file)
    return None


def _folder(path: Path) -> Named:
    return Named(Folder(path), path / FILE, {})


def _named(said: Setting, base: Path, *, environ: Mapping[str, str], files: list[SettingsFile]) -> Named:
    if said.value == "~" or said.value.startswith("~/"):
        home = environ.get("HOME") or environ.get("USERPROFILE") or ""
        return _folder(Path(home, said.value[2:]))
    if said.value.startswith((".", "/")) or Path(said.value).is_absolute():
        return _folder((base / said.value).resolve())
    known = _known(files)
    if said.value in known:
        return known[said.value]
    if said.value.startswith("~"):
        name = Path(said.value).parts[0]
        raise UsageError(
            f"only one's own home folder can be named, not {name} (asked for by {said.origin})",
            hint=f"write the whole path; a folder of that name is written ./{name}",
        )
    named = f"they name {', '.join(sorted(known))}; " if known else ""
    raise NotFound(
        f"no workspace named {said.value!r} in the settings (asked for by {said.origin})",
        hint=did_you_mean(said.value, sorted(known)) or f"{named}a folder is written as a path: ./{said.value}",
        code=Code.WORKSPACE_NOT_FOUND,
    )


def _known(files: list[SettingsFile]) -> dict[str, Named]:
    return {name: named for file in reversed(files) for name, named in file.workspaces.items()}


def _names(file: SettingsFile, target: Target, *, environ: Mapping[str, str], files: list[SettingsFile]) -> bool:
    """Whether this is the workspace that a file names."""
    value = file.values.get("workspace")
    if not value:
        return False
    try:
        named = _named(Setting("workspace", value, str(file.path)), file.path.parent, environ=environ, files=files)
    except (NotFound, UsageError):
        return False
    if isinstance(target, AzureWorkspace):
        return target.is_same(named.target)
    return isinstance(named.target, Folder) and named.target.path.resolve() == target.path.resolve()


def _speaks(chosen: _Choice | None, *, environ: Mapping[str, str], files: list[SettingsFile]) -> bool:
    """Whether a default service in the file that goes with a choice counts. A file that names no workspace speaks of
    the embedded one that it stands in, and of the one that it was not passed over for."""
    file = _at(chosen.file, files) if chosen else None
    if chosen is None or file is None:
        return True
    if file.values.get("workspace"):
        return _names(file, chosen.named.target, environ=environ, files=files)
    return isinstance(chosen.named.target, Folder) or chosen.setting.origin not in {"--workspace", "MLMON_WORKSPACE"}


def _at(path: Path, files: list[SettingsFile]) -> SettingsFile | None:
    return next((one for one in files if one.path == path), None) or (read(path) if there(path) else None)


def _service(environ: Mapping[str, str], file: SettingsFile | None) -> Setting | None:
    if found := environ.get("MLMON_SERVICE"):
        return Setting("service", found, "MLMON_SERVICE")
    return _first("service", {}, [file] if file else [])


def _first(name: str, environ: Mapping[str, str], files: list[SettingsFile]) -> Setting | None:
    variable = f"MLMON_{name.upper()}"
    if value := environ.get(variable):
        return Setting(name, value, variable)
    for file in files:
        if value := file.values.get(name):
            return Setting(name, value, str(file.path))
    return None


def _project_file(cwd: Path) -> SettingsFile | None:
    """The nearest mlmon.toml: those in folders above it belong to somebody else."""
    return next((read(folder / FILE) for folder in (cwd, *cwd.parents) if there(folder / FILE)), None)


def _user_file(environ: Mapping[str, str]) -> SettingsFile | None:
    home = environ.get("HOME") or environ.get("USERPROFILE")
    base = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    path = Path(base) / "mlmon" / "config.toml"
    return read(path) if base and there(path) else None
