"""A registered data asset as a baseline: its files are fetched, read as any others, and gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Final

from mlmon.collected.tables.temporary import TemporaryFolder
from mlmon.core.errors import Failure, UsageError
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo
from mlmon.core.ports import Blobs
from mlmon.drift.formats import FORMATS
from mlmon.drift.reading import Opened, Watch
from mlmon.drift.together import Part, opened_together

PREFIX: Final = "azureml:"
_NO_ROOM: Final = "TMPDIR names the folder that files are held in"


def is_asset(baseline: str) -> bool:
    """Whether a baseline is the name of a data asset and not that of a file."""
    return baseline.startswith(PREFIX)


@contextmanager
def opened_asset(blobs: Blobs, name: str, *, watch: Watch = lambda _: None) -> Iterator[Opened]:
    """The rows of a data asset, `azureml:NAME:VERSION`: those of its file, or of all files of rows in its folder.

    Raises:
        NotFound: there is no such asset, or no file of it.
        UsageError: there is no file of rows in it, they are not of one kind or not all of its rows, or cannot be read.
        Failure: there is no room for them.
    """
    found = _files(name, blobs.asset(name))
    try:
        folder = TemporaryFolder.make()
    except OSError as error:
        raise _no_room(name, error) from None
    try:
        parts = []
        for at, blob in enumerate(found):
            # a blob may be called what no file can be: a number says as much here
            parts.append(Part(folder.path / f"{at}{_ending(blob.name)}", PurePosixPath(blob.name).name))
            _fetch(blobs, blob, parts[-1].path, name)
        with opened_together(parts, name, watch=watch) as rows:
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


def _files(name: str, files: Sequence[BlobInfo]) -> Sequence[BlobInfo]:
    """The files of rows, without those that only say something of others."""
    parts = {one.name: PurePosixPath(one.name).parts for one in files}
    above = sum(1 for _ in takewhile(_alike, zip(*(each[:-1] for each in parts.values()), strict=False)))
    inside = {at: each[above:] for at, each in parts.items()}
    if any("_delta_log" in each for each in inside.values()):
        raise UsageError(
            f"{name} is a Delta table, whose files are not all of its rows",
            hint="write its rows as parquet, and register or name that",
        )
    found = [one for one in files if _ending(one.name)]
    # what Spark writes beside the rows begins like this, and readers of folders pass over it
    found = [one for one in found if not any(map(_is_hidden, inside[one.name]))] or found
    if not found:
        ends = ", ".join(FORMATS)
        raise UsageError(
            f"{name} has no file of rows", hint=f"register one, or name a file here; files of rows end in {ends}"
        )
    if len(found) > 1 and any(each[-1:] == ("MLTable",) for each in inside.values()):
        raise UsageError(
            f"{name} is an MLTable, which says which parts of its {len(found)} files are its rows",
            hint="write its rows as one file, and register or name that",
        )
    return found


def _is_hidden(part: str) -> bool:
    return part.startswith(("_", ".")) and part != ".."


def _alike(level: tuple[str, ...]) -> bool:
    return len({*level}) == 1


def _ending(name: str) -> str:
    """The end of a name that says how its rows are written, "" where it says nothing of the kind."""
    ends = PurePosixPath(name).suffixes[-2:]
    plain = "".join(ends).lower()
    for ending in FORMATS:
        if plain.endswith((ending, f"{ending}.gz")):
            return ending if plain.endswith(ending) else f"{ending}.gz"
    return ""
