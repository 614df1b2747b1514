"""What is remembered of a workspace on Azure, and the names in it, which Tab offers without asking anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlmon.azure.rest import shape
from mlmon.azure.rest.cloud import METADATA_URL
from mlmon.core.model import Json, Service
from mlmon.settings import AzureWorkspace
from mlmon.state import Remembered

_SERVICES: Final = "services"


def memory_of(target: AzureWorkspace, *, state: Path, environ: Mapping[str, str]) -> Remembered:
    """What the `.mlmon` of a folder knows: by the cloud, and by the names in the case that Azure compares them."""
    cloud = "/".join(part for part in (environ.get(METADATA_URL, ""), target.cloud) if part) or "AzureCloud"
    names = (target.subscription, target.resource_group, target.name)
    return Remembered(state, key="/".join([cloud, *(name.lower() for name in names)]))


def listed(services: Iterable[Service]) -> Mapping[str, Json]:
    """The names of all services and of their collections, to be remembered for `ListedNames`."""
    return {_SERVICES: {str(service.name): [each.name for each in service.collections] for service in services}}


@dataclass(frozen=True, slots=True)
class ListedNames:
    """The names as they were when the services were last listed; none before."""

    memory: Remembered

    def services(self) -> list[str]:
        """Every service, sorted."""
        return sorted(self._listed())

    def collections(self, service: str) -> list[str]:
        """The collections of a service, sorted. An endpoint alone means its deployments, and "" every service."""
        known = self._listed()
        meant = (name for name in known if not service or name == service or name.startswith(f"{service}/"))
        return sorted({each for name in meant for each in shape.items(known, name) if isinstance(each, str)})

    def _listed(self) -> dict[str, Json]:
        return dict(shape.mapping(dict(self.memory.read()), _SERVICES))
