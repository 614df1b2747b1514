"""What `az` takes for granted on this machine: `az configure --defaults` and `az account set`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass
from pathlib import Path

from mlmon.azure.rest import shape
from mlmon.core.model import Json


@dataclass(frozen=True, slots=True)
class Defaults:
    """The names that az uses where none are given; "" where it has none."""

    subscription: str
    resource_group: str
    name: str


def defaults(environ: Mapping[str, str], *, cwd: Path) -> Defaults:
    """From variables, else from az's files; a file that cannot be read says nothing.

    az looks into `.azure/config` of the folder before that of the home, and into `AZURE_DEFAULTS_GROUP` before both.
    https://learn.microsoft.com/cli/azure/azure-cli-configuration
    """
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    folder = Path(environ.get("AZURE_CONFIG_DIR") or Path(home, ".azure"))
    configs = [_config(path) for path in (cwd / ".azure" / "config", folder / "config")]

    def said(name: str) -> str:
        return environ.get(f"AZURE_DEFAULTS_{name.upper()}") or next(
            (one[name] for one in configs if one.get(name)), ""
        )

    subscription = environ.get("AZURE_SUBSCRIPTION_ID") or _subscription(folder / "azureProfile.json")
    return Defaults(subscription, resource_group=said("group"), name=said("workspace"))


def _config(path: Path) -> Mapping[str, str]:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text("utf-8-sig"))
    except (OSError, ValueError, Error):
        return {}
    return dict(parser["defaults"]) if parser.has_section("defaults") else {}


def _subscription(path: Path) -> str:
    try:
        document: Json = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return ""
    chosen = (each for each in shape.items(document, "subscriptions") if shape.flag(each, "isDefault"))
    return next((found for each in chosen if (found := shape.text(each, "id"))), "")
