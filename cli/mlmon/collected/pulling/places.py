"""Where the files of a target folder stand, looked at and changed through open folders.

A folder that is open stays the one that was seen, whatever happens to its name. So no link is ever written through,
and the folders on the way to a file are looked at when they are opened instead of for every file.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final

from mlmon.collected.pulling import folder
from mlmon.collected.pulling.folder import explained, in_the_way, kind_of

_OPEN: Final = getattr(os, "O_PATH", getattr(os, "O_SEARCH", 0))
"""Opening a folder to go through it, where the system has that: it needs no right to list it."""
_FLAGS: Final = _OPEN | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NEEDED: Final = {os.open, os.mkdir, os.stat, os.rename, os.unlink, os.rmdir}
_BY_DESCRIPTOR: Final = bool(_OPEN) and os.supports_dir_fd >= _NEEDED
_DEEPEST: Final = 16
"""Levels that are kept open; what stands deeper is reached by its path."""
_KEPT_WAYS: Final = 8
"""Ways that are kept for the next one who needs one: systems let a process have as few as 256 files open."""
_TRUSTED_SECONDS: Final = 1.0
"""How long a folder is kept open: somebody may move it, and a file that lands in it would not be where it should."""


def _see_nothing(found: os.stat_result | None) -> None:
    pass


class Places:
    """The files below one folder. Several threads may use it at once."""

    def __init__(self, to_dir: Path) -> None:
        self.to_dir: Final = to_dir
        self._ways: list[_Way] = []  # those used last at the end
        self._choosing = Lock()

    def see(self, path: str) -> None:
        """As `folder.see`."""
        *levels, name = path.split("/")
        if not _reachable(levels):
            folder.see(self.to_dir, path)
            return
        self._in_folder(path, lambda at: _replaceable(at, name))

    def land(self, path: str, temporary: Path, *, look: Callable[[os.stat_result | None], None] = _see_nothing) -> None:
        """As `folder.land`. Just before, `look` is told of the file that will be no more, None where there is none."""
        *levels, name = path.split("/")
        if not _reachable(levels):
            look(folder.standing(self.to_dir, path))
            folder.land(self.to_dir, path, temporary)
            return

        def put(at: int) -> None:
            look(_file(_replaceable(at, name)))
            try:
                os.rename(temporary, name, dst_dir_fd=at)
            except PermissionError as error:
                folder.raise_unreplaceable(self.to_dir / path, error)

        self._in_folder(path, put)

    def standing(self, path: str) -> os.stat_result | None:
        """As `folder.standing`."""
        *levels, name = path.split("/")
        if not _reachable(levels):
            return folder.standing(self.to_dir, path)
        try:
            with self._way(levels) as way:
                found = os.stat(name, dir_fd=way.to(levels, make=False), follow_symlinks=False)
        except (OSError, ValueError, folder.Refused):
            return None
        return _file(found)

    def remove(self, path: str) -> None:
        """Remove the file there, which `standing` found, and the folders that are empty without it, but never the
        target folder. Raises as `explained`."""
        *levels, name = path.split("/")
        with explained(self.to_dir):
            if _reachable(levels):
                with self._way(levels) as way:
                    os.unlink(name, dir_fd=way.to(levels, make=False))
                    way.leave_empty()
            else:
                (self.to_dir / path).unlink()
                folder.remove_empty(self.to_dir, levels)

    def _in_folder(self, path: str, act: Callable[[int], object]) -> None:
        """Do something in the folder of a file, made where it is missing."""
        *levels, name = path.split("/")
        with explained(self.to_dir), self._way(levels) as way:
            try:
                act(way.to(levels, make=True))
            except FileNotFoundError:
                # another pull deleted the last file in a folder that is open here, and the folder with it
                way.leave()
                act(way.to(levels, make=True))
            except PermissionError as error:
                if error.filename == name:  # asked for within its folder
                    error.filename = str(self.to_dir / path)
                raise

    @contextmanager
    def _way(self, levels: list[str]) -> Iterator[_Way]:
        """A way for one thread at a time."""
        way = self._chosen(levels)
        try:
            yield way  # one that met an error is not kept
        except FileNotFoundError:
            self._keep(way)  # that something is not there, most files begin with
            raise
        self._keep(way)

    def _chosen(self, levels: list[str]) -> _Way:
        """The way that ends in this folder, or the one used longest ago: blobs of a few folders come at once, in any
        order."""
        with self._choosing:
            for at, way in enumerate(self._ways):
                if way.levels == levels:
                    return self._ways.pop(at)
            return self._ways.pop(0) if len(self._ways) == _KEPT_WAYS else _Way(self.to_dir)

    def _keep(self, way: _Way) -> None:
        with self._choosing:
            if len(self._ways) < _KEPT_WAYS:
                self._ways.append(way)


def _reachable(levels: Sequence[str]) -> bool:
    return _BY_DESCRIPTOR and len(levels) <= _DEEPEST


def _found(at: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _file(found: os.stat_result | None) -> os.stat_result | None:
    return found if found and stat.S_ISREG(found.st_mode) else None


def _replaceable(at: int, name: str) -> os.stat_result | None:
    """What stands there, which a file can take the place of. Raises `Refused`."""
    if found := _found(at, name):
        in_the_way(kind_of(found))
    return found


class _Way:
    """The folders from the target folder to where a thread was last, all of them open."""

    __slots__ = ("_descriptors", "_since", "_to_dir", "levels")

    def __init__(self, to_dir: Path) -> None:
        self._to_dir = str(to_dir)
        self.levels: list[str] = []
        self._descriptors: list[int] = []
        self._since = 0.0

    def to(self, levels: list[str], *, make: bool) -> int:
        """The folder some levels below, with no link on the way to it; made where it is missing and `make` says so.

        Raises:
            Refused: a link or a file is in its place.
            OSError: what the system says, with the whole path.
        """
        if not self._is_fresh():
            self._leave(0)
            self._descriptors.append(os.open(self._to_dir, _FLAGS))
            self._since = time.monotonic()
        if levels != self.levels:
            self._leave(1 + _shared(self.levels, levels))
            for level in levels[len(self.levels) :]:
                self._descriptors.append(self._step(levels[: len(self.levels) + 1], make=make))
                self.levels.append(level)
        return self._descriptors[-1]

    def leave(self) -> None:
        """Begin anew with the next file."""
        self._leave(0)

    def leave_empty(self) -> None:
        """Step back out of the folder where it was last, and remove it if it is empty; so with each one above it."""
        with suppress(OSError):  # this one has something in it
            while self.levels:
                os.rmdir(self.levels[-1], dir_fd=self._descriptors[-2])
                self._leave(len(self.levels))

    def _is_fresh(self) -> bool:
        return bool(self._descriptors) and time.monotonic() - self._since < _TRUSTED_SECONDS

    def _step(self, levels: list[str], *, make: bool) -> int:
        above, level = self._descriptors[-1], levels[-1]
        try:
            try:
                return os.open(level, _FLAGS, dir_fd=above)
            except FileNotFoundError:
                if not make:
                    raise
            with suppress(FileExistsError):  # another thread was faster
                os.mkdir(level, dir_fd=above)
            return os.open(level, _FLAGS, dir_fd=above)
        except OSError as error:
            if found := _found(above, level):
                folder.see_passable(kind_of(found), levels)
            error.filename = "/".join((self._to_dir, *levels))
            raise

    def _leave(self, count: int) -> None:
        """Close all but the first folders."""
        while len(self._descriptors) > count:
            os.close(self._descriptors.pop())
        del self.levels[max(0, count - 1) :]

    def __del__(self) -> None:
        # nobody says when the last file was looked at, and what is opened here is nothing that could be lost
        self._leave(0)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many levels two ways have in common at their beginning."""
    for count, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs:
            return count
    return min(len(one), len(other))
