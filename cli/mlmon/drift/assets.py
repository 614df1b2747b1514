"""A registered data asset as a baseline: its file is fetched, read as any other, and gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from mlmon.collected.tables.temporary import TemporaryFolder
from mlmon.core.errors import Failure, UsageError
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo
from mlmon.core.ports import Blobs
from mlmon.drift.formats import ENDINGS
from mlmon.drift.reading import Opened, Watch, opened

PREFIX: Final = "azureml:"
_NO_ROOM: Final = "TMPDIR names the folder that files are held in"


def is_asset(baseline: str) -> bool:
    """Whether a baseline is the name of a data asset and not that of a file."""
    return baseline.startswith(PREFIX)


@contextmanager
def opened_asset(blobs: Blobs, name: str, *, watch: Watch = lambda _: None) -> Iterator[Opened]:
    """The rows of a data asset, `azureml:NAME:VERSION`, that is one file or a folder with one file of rows.

    Raises:
        NotFound: there is no such asset, or no file of it.
        UsageError: there is not exactly one file of rows in it, or it cannot be read.
        Failure: there is no room for it.
    """
    blob = _only(name, blobs.asset(name))
    try:
        folder = TemporaryFolder.make()
    except OSError as error:
        raise _no_room(name, error) from None
    try:
        path = folder.path / f"asset{_ending(blob.name)}"
        _fetch(blobs, blob, path, name)
        with opened(path, watch=watch) as rows:
            yield rows
    finally:
        folder.delete()


def _fetch(blobs: Blobs, blob: BlobInfo, path: Path, name: str) -> None:
    try:
        with path.open("wb") as file:
            for chunk in blobs.read(blob, flow=Flow()):
                file.write(chunk)
    except OSError as error:
        raise _no_room(name, error) from None


def _no_room(name: str, error: OSError) -> Failure:
    return Failure(f"{name} cannot be held: {error.strerror or error}", hint=_NO_ROOM)


def _only(name: str, files: Sequence[BlobInfo]) -> BlobInfo:
    found = [one for one in files if _ending(one.name)]
    if len(found) != 1:
        many = f"{len(found)} files of rows" if found else "no file of rows"
        raise UsageError(
            f"{name} has {many}, and a baseline is one",
            hint="register that file, or fetch it and name it here; files of rows end in " + ", ".join(ENDINGS),
        )
    return found[0]


def _ending(name: str) -> str:
    """The end of a name that says how its rows are written, "" where it says nothing of the kind."""
    ends = PurePosixPath(name).suffixes[-2:]
    plain = "".join(ends).lower()
    for ending in ENDINGS:
        if plain.endswith((ending, f"{ending}.gz")):
            return ending if plain.endswith(ending) else f"{ending}.gz"
    return ""
