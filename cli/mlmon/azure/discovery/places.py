"""Where data assets say that they stand: their several forms of address, read with suspicion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class InDatastore:
    """A path (ending in `/`) in a datastore of a workspace; `workspace` is its ARM id, "" for the asset's own."""

    workspace: str
    datastore: str
    path: str


@dataclass(frozen=True, slots=True)
class InStorage:
    """A prefix (ending in `/`) in a container of the storage at `host`."""

    host: str
    container: str
    path: str


Place = InDatastore | InStorage

_SHORT: Final = re.compile(r"azureml://datastores/(?P<datastore>[^/]+)/paths/(?P<path>.+)", re.IGNORECASE | re.DOTALL)
_LONG: Final = re.compile(
    r"azureml://subscriptions/(?P<subscription>[^/]+)/resource_?groups/(?P<group>[^/]+)"
    r"(?:/providers/Microsoft\.MachineLearningServices)?/workspaces/(?P<workspace>[^/]+)"
    r"/datastores/(?P<datastore>[^/]+)/paths/(?P<path>.+)",
    re.IGNORECASE | re.DOTALL,
)
_DATA_ID: Final = re.compile(
    r"(?:azureml:)?(?P<workspace>/subscriptions/[^/]+/resourceGroups/[^/]+"
    r"/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+)/data/(?P<name>[^/]+)/versions/(?P<version>[^/]+)",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(r"azureml:(?P<name>[^:/@]+):(?P<version>[^:/@]+)")
_PART: Final = re.compile(r"(?!\.+$)[\w.()$-]{1,260}")
_ID_PART: Final = re.compile(
    r"(?!\.+$)[^/\\?#%]{1,260}"
)  # an Application Insights component may have spaces in its name
_CONTAINER: Final = re.compile(r"\$?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def asset_path(data_id: str, *, workspace: str) -> str:
    """The ARM path of a data asset's version, from its ARM id or `azureml:NAME:VERSION`; "" where it is neither."""
    found = _DATA_ID.fullmatch(data_id) or _NAMED.fullmatch(data_id)
    if found is None or not are_parts(found["name"], found["version"]):
        return ""
    owner = found.groupdict().get("workspace") or workspace
    return f"{owner}/data/{found['name']}/versions/{found['version']}" if is_arm_id(owner) else ""


def is_arm_id(text: str) -> bool:
    """Whether a text is an ARM id and, percent-encoded, nothing else when it becomes a part of an address."""
    empty, *parts = text.split("/")
    whole = all(_ID_PART.fullmatch(part) for part in parts) and text.isprintable()
    return empty == "" and len(parts) >= 2 and parts[0].lower() == "subscriptions" and whole


def are_parts(*texts: str) -> bool:
    """Whether each of these stays one part of an address."""
    return all(_PART.fullmatch(text) and text.isascii() for text in texts)


def is_container(text: str) -> bool:
    """Whether blob storage allows this as a container's name."""
    return _CONTAINER.fullmatch(text) is not None


def parse(uri: str) -> Place | None:
    """What a `dataUri` says; None where it says nothing that collected data could stand at."""
    if found := _SHORT.fullmatch(uri) or _LONG.fullmatch(uri):
        return _in_datastore(**found.groupdict())
    try:
        parts = urlsplit(uri)
        host, port, user = parts.hostname or "", parts.port, parts.username or ""
    except ValueError:
        return None
    if parts.password is not None:
        return None
    authority = f"{host}:{port}" if port else host
    path = unquote(parts.path).lstrip("/")
    match parts.scheme.lower():
        case "https" if not user:
            container, _, path = path.partition("/")
        case "wasbs" | "wasb" | "abfss" | "abfs":
            container, authority = user, authority.replace(".dfs.", ".blob.", 1)
        case _:
            return None
    prefix = prefix_of(path)
    return InStorage(authority, container, prefix) if is_container(container) and host and prefix else None


def _in_datastore(
    datastore: str, path: str, subscription: str = "", group: str = "", workspace: str = ""
) -> InDatastore | None:
    owner = ""
    if subscription:
        owner = (
            f"/subscriptions/{subscription}/resourceGroups/{group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
        )
    prefix = prefix_of(path)
    if not are_parts(datastore) or (owner and not is_arm_id(owner)) or not prefix:
        return None
    return InDatastore(owner, datastore, prefix)


def prefix_of(path: str) -> str:
    """A path as a prefix of blob names; "" where it is none: the root, what cannot be seen, or what leads upwards."""
    parts = [part for part in path.split("/") if part]
    if not parts or not path.isprintable() or any(part in {".", ".."} for part in parts) or len(path) > 1024:
        return ""
    return "/".join(parts) + "/"
