"""Blob storage in folders: names as `names.py` writes them, listed as a blob store lists them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mlmon.core.errors import Failure, NotFound, Replaced, Unavailable, UsageError
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo, Chunk, CollectedRoot, Generation, ServiceName
from mlmon.local import names
from mlmon.local.definition import Definition, ServiceEntry
from mlmon.local.definition_file import DefinitionFile
from mlmon.local.store import Store, cannot

V1_CONTAINER: Final = "modeldata"
ASSETS: Final = "assets"
"""The container of the data assets' files, below their names and versions."""
_ASSET: Final = re.compile(
    r"azureml:(?P<name>(?!\.+:)[\w.()$-]{1,260}):(?P<version>(?!\.+$)[\w.()$-]{1,260})", re.ASCII
)
_CHUNK: Final = 1024 * 1024


class BlobFolders:
    """Where blobs stand, and how they grow. Names are taken as they are; nothing leaves the folder."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._files: dict[tuple[str, str], Path] = {}
        self._folders: dict[tuple[str, str], Path] = {}

    def append(self, container: str, name: str, data: bytes, *, header: bytes = b"") -> None:
        """Add bytes to a blob's end, making it (with its header) if there is none."""
        path = self._files.get((container, name))
        if path is None:
            path = self._files[container, name] = self._file(container, name)
        self._store.append(path, data, header=header)

    def container(self, container: str) -> Path:
        """The folder of a container."""
        return self._store.folder.joinpath("blobs", *names.encode(container))

    def _file(self, container: str, name: str) -> Path:
        """The file of a blob; a blob may have a folder's name, which a file system cannot have twice."""
        above, slash, last = name.rpartition("/")
        path = (self._folder(container, above) if slash else self.container(container)).joinpath(*names.encode(last))
        return path.with_name(f"{path.name}%") if path.is_dir() else path

    def _folder(self, container: str, name: str) -> Path:
        known = self._folders.get((container, name))
        if known is not None:
            return known
        above, slash, last = name.rpartition("/")
        path = self._folder(container, above) if slash else self.container(container)
        for part in names.encode(last):
            path /= part
        if path.is_file():
            path = path.with_name(f"{path.name}%")
        self._folders[container, name] = path
        return path


class LocalBlobs:
    """`core.ports.Blobs` over the folders."""

    def __init__(self, store: Store, file: DefinitionFile, folders: BlobFolders) -> None:
        self._store = store
        self._file = file
        self._folders = folders

    def roots(self, name: ServiceName) -> Sequence[CollectedRoot]:
        definition = self._file.load()
        entry = definition.entry(name)
        if name.generation is Generation.V1:
            return [CollectedRoot(V1_CONTAINER, v1_prefix(definition, entry), Generation.V1)]
        return [
            CollectedRoot(v2_container(definition), v2_prefix(name, each.name), Generation.V2, collection=each.name)
            for each in entry.collections
        ]

    def children(self, container: str, prefix: str) -> Iterator[str | BlobInfo]:
        before = ""
        for name, path, is_folder in self._below(container, prefix, deeper=False):
            # a folder without a blob in it is nothing that a blob store would show
            if is_folder and name != before and any(_walk(path, name, "", deeper=True)):
                before = name
                yield name
            elif not is_folder:
                with suppress(FileNotFoundError):
                    yield self._info(container, name, path)

    def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:
        for name, path, _ in self._below(container, prefix, deeper=True, start_from=start_from):
            # what vanished meanwhile is not there
            with suppress(FileNotFoundError):
                yield self._info(container, name, path)

    def address(self, container: str) -> str:
        return self._folders.container(container).absolute().as_uri()

    def asset(self, name: str) -> Sequence[BlobInfo]:
        if not (said := _ASSET.fullmatch(name)):
            raise UsageError(f"{name!r} is no version of a data asset", hint="write azureml:NAME:VERSION")
        below = f"{said['name']}/{said['version']}/"
        if found := [*self.list(ASSETS, below)]:
            return found
        raise NotFound(f"there is no data asset {name}", hint=f"its files are those below blobs/{ASSETS}/{below}")

    def read(self, blob: BlobInfo, *, start: int = 0, flow: Flow | None = None) -> Iterator[Chunk]:
        path = self._find(blob)
        left = blob.size - start
        most = min(_CHUNK, flow.piece) if flow else _CHUNK
        try:
            with self._store.reading(path) as (file, size):
                if blob.lineage and blob.lineage != _lineage(os.fstat(file.fileno())):
                    raise Replaced(f"{blob.name} was replaced while it was read", hint="list again")
                if size < blob.size:
                    raise Unavailable(f"{blob.name} became shorter while it was read", hint="list again")
                file.seek(start)
                while left:
                    if flow:
                        flow.pace(min(most, left))
                    if not (chunk := file.read(min(most, left))):
                        return
                    left -= len(chunk)
                    yield chunk
        except FileNotFoundError:
            raise _gone(blob) from None
        except OSError as error:
            raise cannot("read", path, error) from None

    def _find(self, blob: BlobInfo) -> Path:
        *above, last = blob.name.split("/")
        found = [
            place
            for folder in self._standing(blob.container, above)
            for place in _spelled(folder, last)
            if _is(place, stat.S_ISREG)
        ]
        if len(found) == 1:
            return Path(found[0])
        for name, path, _ in _walk(self._folders.container(blob.container), "", blob.name, deeper=True):
            if name == blob.name:
                return path
        raise _gone(blob)

    def _below(self, container: str, prefix: str, *, deeper: bool, start_from: str = "") -> Iterator[_Found]:
        """`_walk` of a container, from the folder on that `prefix` stands in."""
        standing = self._standing(container, prefix.split("/")[:-1])
        if len(standing) == 1:
            at = prefix[: prefix.rfind("/") + 1]
            return _walk(Path(standing[0]), at, prefix, deeper=deeper, start_from=start_from)
        # none that mlmon would write, or two: whoever wrote them by hand spelled them otherwise
        return _walk(self._folders.container(container), "", prefix, deeper=deeper, start_from=start_from)

    def _standing(self, container: str, segments: Sequence[str]) -> Sequence[str]:
        """The folders that these levels of a name may have been written as. Links are not looked at.

        Each blob that is read is looked for here, level by level: texts take a third of the time of paths.
        """
        found = [str(self._folders.container(container))]
        for segment in segments:
            found = [place for folder in found for place in _spelled(folder, segment) if _is(place, stat.S_ISDIR)]
        return found

    def _info(self, container: str, name: str, path: Path) -> BlobInfo:
        size, status = self._measured(path)
        return BlobInfo(
            container=container,
            name=name,
            size=size,
            etag=f'"0x{status.st_mtime_ns:X}{size:X}"',
            last_modified=datetime.fromtimestamp(status.st_mtime, UTC),
            lineage=_lineage(status),
        )

    def _measured(self, path: Path) -> tuple[int, os.stat_result]:
        try:
            with self._store.reading(path) as (file, size):
                return size, os.fstat(file.fileno())
        except Failure:
            # it is there, and whoever reads it is told; one such file must not keep all others from being listed
            with suppress(PermissionError):
                status = path.lstat()
                return status.st_size, status
            raise


def v1_prefix(definition: Definition, entry: ServiceEntry) -> str:
    """Where a v1 service's data stands; collectors since 0.1.0a16 write the first three levels in lower case."""
    place = "/".join((definition.subscription, definition.resource_group, definition.name))
    return f"{place if entry.column_generation == 1 else place.lower()}/{entry.name}/"


def v2_container(definition: Definition) -> str:
    """The container behind the datastore `workspaceblobstore`."""
    return f"azureml-blobstore-{definition.id}"


def v2_prefix(name: ServiceName, collection: str) -> str:
    """Where a v2 collection stands in that container."""
    return f"modelDataCollector/{name}/{collection}/"


def _lineage(stat: os.stat_result) -> str:
    return f"appended to {stat.st_ino}"


def _gone(blob: BlobInfo) -> NotFound:
    return NotFound(f"the blob {blob.name!r} is gone", hint="see mlmon ls")


_Found = tuple[str, Path, bool]


def _spelled(folder: str, segment: str) -> Iterator[str]:
    """Where one segment of a name stands in a folder: as it is, or marked because something else has its name."""
    *above, last = names.encode(segment)
    for part in above:
        folder = f"{folder}{os.sep}{part}"
        if not _is(folder, stat.S_ISDIR):
            return
    yield f"{folder}{os.sep}{last}"
    yield f"{folder}{os.sep}{last}%"


def _is(place: str, kind: Callable[[int], bool]) -> bool:
    try:
        return kind(os.lstat(place).st_mode)
    except (OSError, ValueError):  # not there, or nothing that a file can be called
        return False


def _walk(folder: Path, at: str, prefix: str, *, deeper: bool, start_from: str = "") -> Iterator[_Found]:
    """Blobs whose name starts with `prefix` and is not before `start_from`, in the order of their names, looking only
    where they can be.

    With `deeper` false: what stands directly below `prefix` (which ends in `/`), folders included.
    """
    for name, path, is_folder in sorted(_entries(folder, at)):
        if name < start_from and not (is_folder and start_from.startswith(name)):
            continue
        if name.startswith(prefix) and name != prefix:
            if is_folder and deeper:
                yield from _walk(path, name, prefix, deeper=True, start_from=start_from)
            else:
                yield name, path, is_folder
        elif is_folder and prefix.startswith(name):
            yield from _walk(path, name, prefix, deeper=deeper, start_from=start_from)
        elif name == prefix:
            yield name, path, False


def _entries(folder: Path, at: str) -> Iterator[_Found]:
    """What a folder holds, under full names (a folder's ends in `/`). Links are not looked at."""
    try:
        with os.scandir(folder) as found:
            for entry in found:
                is_folder = entry.is_dir(follow_symlinks=False)
                name = at + names.decode(entry.name)
                if is_folder and entry.name.endswith(names.CONTINUES):
                    yield from _entries(Path(entry.path), name)
                elif is_folder:
                    yield f"{name}/", Path(entry.path), True
                elif entry.is_file(follow_symlinks=False) and not entry.name.endswith(names.APPENDING):
                    yield name, Path(entry.path), False
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise cannot("read", folder, error) from error
