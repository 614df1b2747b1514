"""What a workspace can be: a folder, or a workspace of Azure Machine Learning with how it is to be used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlmon.core.errors import UsageError, did_you_mean


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
    """An Azure ML workspace, and how it is to be used: the words of `OPTIONS`."""

    subscription: str
    resource_group: str
    name: str
    tenant: str = ""
    cloud: str = ""
    storage_auth: str = "identity"
    telemetry_scope: str = "component"

    def is_same(self, other: Target | None) -> bool:
        """Whether it is the same workspace, however each is used: Azure compares names in any case."""
        if not isinstance(other, AzureWorkspace):
            return False
        ours, theirs = ((one.subscription, one.resource_group, one.name) for one in (self, other))
        return [name.lower() for name in ours] == [name.lower() for name in theirs]

    def bare(self) -> AzureWorkspace:
        """Its names alone."""
        return AzureWorkspace(self.subscription, self.resource_group, self.name)


Target = Folder | AzureWorkspace

NAMES: Final = ("subscription", "resource_group", "name")
OPTIONS: Final = {"tenant": "", "cloud": "", "storage_auth": "identity", "telemetry_scope": "component"}
"""What may be said about how a workspace on Azure is used, with what holds where nothing is said."""
_SAID: Final = {"storage_auth": "way to open storage", "telemetry_scope": "scope of telemetry"}
_CHOICES: Final = {"storage_auth": ("identity", "key"), "telemetry_scope": ("component", "workspace")}
# no slash, question mark or percent sign: these are parts of addresses
_NAME: Final = re.compile(r"(?!\.+$)[\w.()-]{1,260}")
_TENANT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")
_CLOUD: Final = re.compile(r"[\w.-]{1,100}")


def checked(option: str, value: str, *, origin: str) -> str:
    """A value of one of `OPTIONS`. Raises `UsageError` when it cannot be one."""
    if choices := _CHOICES.get(option):
        if value not in choices:
            raise UsageError(
                f"{value!r} is not a {_SAID[option]} ({origin})",
                hint=did_you_mean(value, choices) or f"it is one of: {', '.join(choices)}",
            )
    elif not (_TENANT if option == "tenant" else _CLOUD).fullmatch(value):
        example = "the tenant's id or its domain" if option == "tenant" else "AzureCloud, AzureChinaCloud, …"
        raise UsageError(f"{value!r} is not a {option} ({origin})", hint=f"write {example}")
    return value


def azure_workspace(subscription: str, resource_group: str, name: str, *, origin: str) -> AzureWorkspace:
    """A workspace by its names. Raises `UsageError` when they cannot be parts of an address."""
    for what, text in zip(NAMES, (subscription, resource_group, name), strict=True):
        if not _NAME.fullmatch(text):
            raise UsageError(
                f"{text!r} cannot be the {what.replace('_', ' ')} of a workspace ({origin})",
                hint="letters, digits, and ._-() are what Azure allows",
            )
    return AzureWorkspace(subscription, resource_group, name)


def azure_table(name: str, table: Mapping[str, Any], *, path: Path) -> tuple[AzureWorkspace, Mapping[str, str]]:
    """What `[workspaces.NAME]` says: the workspace, and the options that it sets. Raises `UsageError`."""
    where = f"[workspaces.{name}] in {path}"
    for key, value in table.items():
        known = (*NAMES, *OPTIONS)
        if key not in known:
            hint = did_you_mean(key, known) or f"known keys: {', '.join(known)}"
            raise UsageError(f"{where} has an unknown key {key!r}", hint=hint)
        if not isinstance(value, str):
            raise UsageError(f"{key!r} of {where} is not text", hint=f'write it like {key} = "…"')
    options = {key: checked(key, table[key], origin=where) for key in OPTIONS if table.get(key)}
    return azure_workspace(*(table[key] for key in NAMES), origin=where), options


def required_config(path: Path, *, said: str) -> AzureWorkspace:
    """Azure ML's own file, where somebody says that this is one: `said` is how. Raises `UsageError` when it is none."""
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{said} cannot be read: {error.strerror}", hint=_DOWNLOAD) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{said} is not JSON", hint=_DOWNLOAD) from None
    known = content if isinstance(content, dict) else {}
    wrong = [key for key in CONFIG_KEYS if not isinstance(known.get(key), str)]
    if wrong:
        raise UsageError(f"{said} must have {', '.join(map(repr, wrong))} as text", hint=_DOWNLOAD)
    return azure_workspace(*(known[key] for key in CONFIG_KEYS), origin=said)


CONFIG_KEYS: Final = ("subscription_id", "resource_group", "workspace_name")
_DOWNLOAD: Final = "Azure ML studio offers the file: Download config file"


def azure_config(path: Path) -> AzureWorkspace | None:
    """Azure ML's own file; None when a config.json belongs to something else.

    Raises:
        UsageError: it is Azure ML's, and names what cannot be a workspace.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError, RecursionError):
        return None
    match content:
        case {"subscription_id": str(sub), "resource_group": str(group), "workspace_name": str(name)}:
            return azure_workspace(sub, group, name, origin=str(path))
    return None
