"""The one state folder, `.mlmon/` beside mlmon.toml: what was found out once. Versioned, locked, and safe to delete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mlmon.core.model import Json

FOLDER: Final = ".mlmon"


class Remembered:
    """What is known of one workspace, in a file of the state folder. A file that cannot be read is as if not there."""

    def __init__(self, folder: Path, *, key: str) -> None:
        self._folder = folder
        self._key = key

    def read(self) -> Mapping[str, Json]:
        """Everything remembered under the key."""
        raise NotImplementedError

    def remember(self, found: Mapping[str, Json]) -> None:
        """Add to it, whatever other runs add meanwhile; where nothing can be written, nothing is remembered."""
        raise NotImplementedError
