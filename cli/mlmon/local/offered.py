"""What an embedded workspace holds, by name alone: what Tab offers.

Read straight from the files and forgivingly, where `definition.py` checks every key: this runs on every Tab, and
a typo elsewhere in the file must not take the names away from a person who is mending it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlmon.local.names import decode
from mlmon.settings import EMBEDDED

_COLLECTED: Final = Path("blobs", "modeldata")


@dataclass(frozen=True, slots=True)
class Names:
    """The names in one workspace folder."""

    folder: Path

    def services(self) -> list[str]:
        """Every service, sorted. Raises `OSError`, and `ValueError` for a file that is not TOML."""
        return sorted(self._tables())

    def collections(self, service: str) -> list[str]:
        """The collections (v2: declared) and designations (v1: found) of a service, sorted.

        An endpoint alone means its deployments, and "" every service. Raises as `services`.
        """
        tables = self._tables()
        meant = [name for name in tables if not service or name == service or name.startswith(f"{service}/")]
        found: set[str] = set()
        for name in meant:
            declared = tables[name].get("collections")
            found.update(declared if isinstance(declared, dict) else ())
            found.update(self._designations(name) if "/" not in name else ())
        return sorted(found)

    def _tables(self) -> Mapping[str, Mapping[str, Any]]:
        document = tomllib.loads((self.folder / EMBEDDED).read_text("utf-8"))
        services = document.get("services")
        tables = services if isinstance(services, dict) else {}
        return {name: table if isinstance(table, dict) else {} for name, table in tables.items()}

    def _designations(self, service: str) -> Iterator[str]:
        """`subscription/resource group/workspace/service/model/version/designation/`, as the v1 collector writes."""
        workspaces = _below(_below(_below([self.folder / _COLLECTED])))
        roots = [path for path in _below(workspaces) if _name(path) == service]
        for designation in _below(_below(_below(roots))):
            yield _name(designation)


def _below(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if path.is_dir())


def _name(path: Path) -> str:
    """A folder's name as it is in storage."""
    return decode(path.name)
