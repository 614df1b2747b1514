"""The one state folder, `.mlmon/` beside mlmon.toml: what was found out once. Versioned, locked, and safe to delete."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from mlmon.core.locking import NO_FOLLOW, lock
from mlmon.core.model import Json

FOLDER: Final = ".mlmon"
FILE: Final = "discovered.json"
VERSION: Final = 1
"""Raised when what is remembered changes its meaning; what another version wrote is as if not there."""
_MOST_BYTES: Final = 16 * 1024 * 1024


class Remembered:
    """What is known under one key, in a file of the state folder. A file that cannot be read is as if not there.

    `folder` is the one that holds mlmon.toml. Several processes may read and write at once. Nothing here ever fails:
    where nothing can be written, nothing is remembered. Nothing secret may be put here.
    """

    def __init__(self, folder: Path, *, key: str) -> None:
        self._folder = folder / FOLDER
        self._key = key

    def read(self) -> Mapping[str, Json]:
        """Everything remembered under the key."""
        found = self._document().get(self._key)
        return found if isinstance(found, dict) else {}

    def remember(self, found: Mapping[str, Json]) -> None:
        """Add to it, whatever other runs add meanwhile; a name whose value is None is forgotten."""
        with suppress(OSError, ValueError), self._locked():
            document = self._document()
            before = document.get(self._key)
            after = {**(before if isinstance(before, dict) else {}), **found}
            document[self._key] = {name: value for name, value in after.items() if value is not None}
            if document[self._key] == before:
                return
            self._replace(json.dumps({"version": VERSION, "known": document}, indent=1, allow_nan=False))

    def _document(self) -> dict[str, Json]:
        try:
            with (self._folder / FILE).open("rb") as file:
                document: Json = json.loads(file.read(_MOST_BYTES), parse_float=_finite, parse_constant=_finite)
        except (OSError, ValueError, RecursionError):
            return {}
        match document:
            case {"version": int(version), "known": dict(known)} if version == VERSION:
                return known
        return {}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = _opened(self._folder, "lock")
        try:
            lock(descriptor, exclusive=True)
            yield
        finally:
            os.close(descriptor)

    def _replace(self, text: str) -> None:
        descriptor, partial = tempfile.mkstemp(prefix=f".{FILE}.", dir=self._folder)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
                file.write(text)
            Path(partial).replace(self._folder / FILE)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise


def _finite(text: str) -> float:
    """A number that can be written again. Raises `ValueError` for one that JSON has not."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Wait until no other run is in a block of this name, and keep others waiting meanwhile.

    `folder` is the one that holds mlmon.toml. `Remembered` may be used inside. Where nothing can be written, nobody
    waits.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            descriptor = _opened(folder / FOLDER, name)
            stack.callback(os.close, descriptor)
            lock(descriptor, exclusive=True)
        yield


def _opened(folder: Path, name: str) -> int:
    """A file to lock, in the state folder, which is made where it is missing."""
    folder.mkdir(exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", "utf-8")  # what one person's sign-in found is nobody else's
    return os.open(folder / name, os.O_RDWR | os.O_CREAT | NO_FOLLOW, 0o600)


class Draft:
    """What a run finds out anew: nothing is known at first, and what was known stays so until `keep`."""

    def __init__(self, kept: Remembered) -> None:
        self._kept = kept
        self._found: dict[str, Json] = {}

    def read(self) -> Mapping[str, Json]:
        """All that was found out by this run."""
        return dict(self._found)

    def remember(self, found: Mapping[str, Json]) -> None:
        """As `Remembered.remember`, for this run."""
        self._found = {name: value for name, value in {**self._found, **found}.items() if value is not None}

    def keep(self) -> None:
        """Put it in the place of all that was known."""
        self._kept.remember({**dict.fromkeys(self._kept.read()), **self._found})
