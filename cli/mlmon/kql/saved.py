"""Queries with a name: the ones that mlmon brings, and a person's own in the folder `queries/` beside mlmon.toml.

They stand there and not in `.mlmon/`, which is safe to delete: a query is somebody's work, to be committed and
reviewed.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlmon.core.errors import Failure, NotFound, UsageError, did_you_mean
from mlmon.core.locking import NO_FOLLOW

FOLDER: Final = "queries"
SUFFIX: Final = ".kql"
_SHIPPED: Final = Path(__file__).with_name("canned")
# no capital letters, since some file systems do not tell them apart
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_DEVICES: Final = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")  # no file can be called so on Windows
_MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Saved:
    """A query with a name. `shipped` ones came with mlmon."""

    name: str
    text: str
    shipped: bool

    @property
    def description(self) -> str:
        """What its first line says, where that is a comment."""
        first = self.text.lstrip().partition("\n")[0].strip()
        return first.removeprefix("//").strip() if first.startswith("//") else ""


class SavedQueries:
    """The queries of a folder (the one with mlmon.toml), and mlmon's own; of two of one name the folder's counts.

    Links and what is no query are passed over: a folder may have come from somebody else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER

    def names(self) -> list[str]:
        """Every name, sorted. Reads no query."""
        return sorted({path.stem for path in (*_files(_SHIPPED), *_files(self.folder))})

    def all(self) -> list[Saved]:
        """Every query, sorted by name. Raises `Failure` for one that cannot be read."""
        return [self.get(name) for name in self.names()]

    def get(self, name: str) -> Saved:
        """Raises `NotFound`, `UsageError` for what can be no name, and `Failure` where it cannot be read."""
        for folder in (self.folder, _SHIPPED):
            path = folder / f"{checked(name)}{SUFFIX}"
            if _is_file(path):
                return Saved(name, _read(path), shipped=folder is _SHIPPED)
        raise NotFound(
            f"there is no saved query {name!r}",
            hint=did_you_mean(name, self.names()) or "mlmon query --list shows those there are",
        )

    def path(self, name: str) -> Path:
        """Where a query of the folder stands, or would. Raises `UsageError` for what can be no name."""
        return self.folder / f"{checked(name)}{SUFFIX}"

    def save(self, name: str, text: str, *, replacing: bool) -> Path:
        """Write a query, whole or not at all. Returns where it stands.

        Raises:
            UsageError: there is one already, and it is not to be replaced; or it is too long, or the name can be none.
            OSError: the folder cannot be written.
        """
        path = self.path(name)
        data = f"{text.strip()}\n".encode("utf-8", "surrogateescape")
        if len(data) > _MOST_BYTES:
            raise UsageError("the query is longer than 1 MB", hint="keep it as a file: mlmon query -f FILE")
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, partial = tempfile.mkstemp(prefix=f".{name}.", dir=self.folder)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
                file.write(data)
            Path(partial).chmod(0o666 & ~_umask())  # mkstemp leaves it to its owner alone
            _put(Path(partial), path, replacing=replacing)
        finally:
            Path(partial).unlink(missing_ok=True)
        return path

    def delete(self, name: str) -> Path:
        """Delete a query of the folder. Returns where it stood. Raises `NotFound`, `UsageError`, `OSError`."""
        path = self.path(name)
        if not os.path.lexists(path):
            if _is_file(_SHIPPED / path.name):
                raise UsageError(f"{name} came with mlmon and cannot be deleted", hint=f"--save {name} makes your own")
            raise NotFound(f"there is no saved query {name!r}", hint="mlmon query --list shows those there are")
        path.unlink()
        return path


def checked(name: str) -> str:
    """The name of a query, which can lead nowhere else. Raises `UsageError`."""
    if not _NAME.fullmatch(name) or _DEVICES.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a query", hint="a name has small letters, digits, - and _: slowest-requests"
        )
    return name


def _put(partial: Path, path: Path, *, replacing: bool) -> None:
    if not replacing:
        try:
            path.hardlink_to(partial)  # unlike a rename it refuses where something stands
        except FileExistsError:
            raise UsageError(f"there is a saved query {path.stem!r} already", hint="--yes replaces it") from None
        except OSError:  # a file system without links
            if os.path.lexists(path):
                raise UsageError(f"there is a saved query {path.stem!r} already", hint="--yes replaces it") from None
        else:
            return
    partial.replace(path)


def _files(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        for path in folder.iterdir():
            if path.suffix == SUFFIX and _NAME.fullmatch(path.stem) and _is_file(path):
                yield path


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _read(path: Path) -> str:
    try:
        with open(os.open(path, os.O_RDONLY | NO_FOLLOW), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror or error}", hint="see that you may read it") from None
    if len(data) > _MOST_BYTES:
        raise Failure(f"{path} is longer than 1 MB", hint=f"run it as a file: mlmon query -f {path}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"{path} is not UTF-8 text", hint="save it as UTF-8") from None


def _umask() -> int:
    mask = os.umask(0o077)  # the only way to ask is to set it
    os.umask(mask)
    return mask
