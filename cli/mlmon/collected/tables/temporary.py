"""A temporary folder that is gone in the end: where its process could not see to that, the next one does."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Final

from mlmon.core.locking import NO_FOLLOW, try_lock

_PREFIX: Final = "mlmon-"
_HELD: Final = "held"
"""The file in it that is locked as long as its process lives."""


@dataclass(slots=True)
class TemporaryFolder:
    """A folder of this process, with a file in it that is locked."""

    path: Path
    _lock: int

    @classmethod
    def make(cls) -> TemporaryFolder:
        """A new one; those of processes that were killed are deleted. Raises `OSError`."""
        sweep()
        path = Path(mkdtemp(prefix=_PREFIX))
        descriptor = os.open(path / f"{_HELD}.new", os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_FOLLOW, 0o600)
        try_lock(descriptor)
        (path / f"{_HELD}.new").rename(path / _HELD)  # nobody else sees it unlocked
        return cls(path, descriptor)

    def delete(self) -> None:
        """Delete it with all that is in it. Harmless a second time."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
            shutil.rmtree(self.path, ignore_errors=True)


def sweep() -> None:
    """Delete such folders of ours whose processes are gone. What cannot be deleted is left."""
    for held in Path(gettempdir()).glob(f"{_PREFIX}*/{_HELD}"):
        try:
            if _is_ours(held.parent) and _is_let_go(held):
                shutil.rmtree(held.parent, ignore_errors=True)
        except OSError:
            continue


def _is_ours(folder: Path) -> bool:
    """Anybody may put something into the folder for temporary files."""
    about = folder.lstat()
    return stat.S_ISDIR(about.st_mode) and (not hasattr(os, "getuid") or about.st_uid == os.getuid())


def _is_let_go(held: Path) -> bool:
    descriptor = os.open(held, os.O_RDWR | NO_FOLLOW)
    try:
        return try_lock(descriptor)
    finally:
        os.close(descriptor)
