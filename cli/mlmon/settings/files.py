"""Settings files: reading what a person wrote, and writing into it without losing any of that."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlmon.core.errors import UsageError, did_you_mean
from mlmon.settings.drift import NOTHING_SAID, DriftSettings, drift_settings
from mlmon.settings.target import NAMES, OPTIONS, AzureWorkspace, Folder, Target, azure_table

FILE: Final = "mlmon.toml"
KEYS: Final = ("workspace", "service", "output")
_TABLES: Final = ("workspaces", "drift")


@dataclass(frozen=True, slots=True)
class Named:
    """A workspace as a settings file names it, with the options that the file sets for it."""

    target: Target
    path: Path
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What one file says."""

    path: Path
    values: Mapping[str, str]
    workspaces: Mapping[str, Named]
    drift: DriftSettings = NOTHING_SAID


def there(path: Path) -> bool:
    """Whether the file is there and can be reached: a folder above that is closed to us holds nothing of ours."""
    try:
        return path.is_file()
    except OSError:
        return False


def read(path: Path) -> SettingsFile:
    """Raises `UsageError`, naming the file: it cannot be read, or has a key or value that means nothing."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="correct that line, or remove the file") from None
    for key, value in content.items():
        if key in _TABLES:
            continue
        if key not in KEYS:
            known = [*KEYS, *_TABLES]
            raise UsageError(
                f"{path} has an unknown key {key!r}",
                hint=did_you_mean(key, known) or f"known keys: {', '.join(known)}",
            )
        if not isinstance(value, str):
            raise UsageError(f"{key!r} in {path} is not text", hint=f'write it like {key} = "…"')
    workspaces = content.pop("workspaces", {})
    drift = drift_settings(content.pop("drift", {}), path=path)
    return SettingsFile(path, content, dict(_workspaces(path, workspaces)), drift)


def _workspaces(path: Path, tables: Any) -> Iterator[tuple[str, Named]]:
    if not isinstance(tables, dict):
        raise UsageError(f"'workspaces' in {path} is not a table", hint="write [workspaces.NAME]")
    for name, table in tables.items():
        match table:
            case {"folder": str(folder)} if len(table) == 1:
                yield name, Named(Folder((path.parent / folder).resolve()), path, {})
            case {"subscription": _, "resource_group": _, "name": _} if "folder" not in table:
                target, options = azure_table(name, table, path=path)
                yield name, Named(target, path, options)
            case _:
                raise UsageError(
                    f"[workspaces.{name}] in {path} names neither a folder nor an Azure workspace",
                    hint=f"give it folder, or {', '.join(NAMES)}",
                )


def written(path: Path) -> Mapping[str, str]:
    """What a settings file says; nothing when it is not there. Raises `UsageError` as `read`."""
    return read(path).values if there(path) else {}


def write(path: Path, values: Mapping[str, str | None]) -> bool:
    """Set keys in a settings file (None: take it out), keeping what a person wrote; whether that changed anything.

    Raises:
        UsageError: the file cannot be read; it is left as it is.
    """
    before = written(path)
    changes = {key: value for key, value in values.items() if before.get(key) != value}
    if not changes:
        return False
    document = _document(path)
    for key, value in changes.items():
        if value is not None:
            document[key] = value
        elif key in document:
            document.remove(key)
    _replace(path, document)
    return True


def write_workspace(path: Path, target: AzureWorkspace, *, options: Mapping[str, str]) -> bool:
    """Name a workspace in a settings file and make it the one that is used; whether that changed anything.

    It keeps the name that the file has for it, else it goes by its own. What else stands in the file stays as it is.

    Raises:
        UsageError: the file cannot be read, or names another workspace so; it is left as it is.
    """
    name = name_in(path, target)
    before = _before(path)
    known, chosen = before.workspaces.get(name), before.values.get("workspace")
    had = known.options if known else {}
    options = {key: value for key, value in options.items() if value != had.get(key, OPTIONS[key])}
    if known and not options and chosen == name:
        return False
    import tomlkit

    document = _document(path)
    document["workspace"] = name
    if chosen not in {None, name} and "service" in document:
        document.remove("service")  # it named a service of the workspace before
    tables = document.setdefault("workspaces", tomlkit.table(is_super_table=True))
    table = tables.setdefault(name, tomlkit.table())
    values = dict(zip(NAMES, (target.subscription, target.resource_group, target.name), strict=True))
    for key, value in {**values, **options}.items():
        table[key] = value
    _replace(path, document)
    return True


def name_in(path: Path, target: AzureWorkspace) -> str:
    """What a settings file calls a workspace, or would. Raises `UsageError` as `write_workspace`."""
    tables = _before(path).workspaces
    if name := next((name for name, named in tables.items() if target.is_same(named.target)), ""):
        return name
    if target.name in tables:
        raise UsageError(
            f"{path} names another workspace {target.name!r} already",
            hint="rename or remove its table, or choose another folder",
        )
    return target.name


def _before(path: Path) -> SettingsFile:
    return read(path) if there(path) else SettingsFile(path, {}, {})


def _document(path: Path) -> Any:
    import tomlkit  # why here: 30 ms that only two commands need

    return tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()


def _replace(path: Path, document: Any) -> None:
    import tempfile

    import tomlkit

    descriptor, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(tomlkit.dumps(document))
    Path(partial).chmod(0o644)  # mkstemp makes it private; a project's settings are shared
    Path(partial).replace(path)
