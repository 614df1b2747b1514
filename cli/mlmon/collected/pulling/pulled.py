"""What a target folder holds already: the file in its `.mlmon/` that lets the next pull fetch only what is new.

One line a file, the last one counts, so that each is written as soon as its file is whole and nothing is lost with the
process. Safe to delete: then everything is fetched again. Nothing secret is in it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Final

from mlmon.collected.pulling import content, folder
from mlmon.collected.pulling.journal import Entries, Entry, Writer, line_of, rewrite
from mlmon.collected.pulling.places import Places
from mlmon.core.locking import NO_FOLLOW, lock, try_lock, unlock
from mlmon.state import FOLDER

FILE: Final = "pulled.jsonl"
_PARTS: Final = "parts"
_LOCK: Final = "pulled.lock"
_SPARE_LINES: Final = 1000
"""So many lines that no longer count are left before the file is written anew."""


class Pulled:
    """The state of a target folder during one pull. Several pulls, and threads of one, may use it at once."""

    def __init__(self, own: Path, part: Path, entries: Mapping[str, Entry]) -> None:
        self._to_dir = own.parent
        self._part = part
        self._numbers = count()
        self._turn = _Turn(own)
        self._file = own / FILE
        self._journal = Writer(self._file)
        self.places: Final = Places(own.parent)
        self.entries: Final = entries
        """What is known of each file, as of the beginning of this pull."""

    def temporary(self) -> Path:
        """A place for a file that is not whole yet. It goes away with this pull, or else with the next one."""
        return self._part / str(next(self._numbers))

    def record(self, path: str, entry: Entry, *, land: Callable[[], None] = lambda: None) -> None:
        """Have `land` put a file in its place and remember it, as one step for every other pull.

        Raises what `land` does, and `folder.Unwritable`.
        """
        line = line_of(path, entry)
        with folder.explained(self._to_dir), self._turn:
            land()
            self._remember(line)

    def forget(self, path: str) -> bool:
        """Remove a file that pull wrote, and no longer know it, as one step for every other pull; whether there was
        one to remove. A file that somebody changed meanwhile stays and is theirs from now on. Folders that are empty
        without it go too.

        Raises `folder.NotWritten` and `folder.Unwritable`.
        """
        entry = self.entries.get(path)
        if entry is None:
            return False
        with folder.explained(self._to_dir), self._turn:
            is_ours = stands(self.places, path, entry)
            if is_ours:
                self.places.remove(path)
            self._remember(line_of(path, None))
        return is_ours

    def _remember(self, line: bytes) -> None:
        try:
            self._journal.add(line)
        except OSError as error:
            raise folder.unwritable_file(self._file, error) from None

    def close(self) -> None:
        """Let go of the files that were kept open. Harmless a second time."""
        self._turn.close()
        self._journal.close()


def stands(places: Places, path: str, entry: Entry) -> bool:
    """Whether the file that stands there is the one that was written."""
    found = places.standing(path)
    if not found or found.st_size != entry.kept:
        return False
    return found.st_mtime_ns == entry.mtime_ns or content.has(places.to_dir / path, entry.digest)


class _Turn:
    """The folder's lock, which threads of one pull and other pulls take in turn. The file is opened once."""

    def __init__(self, own: Path) -> None:
        self._own = own
        self._lock = Lock()
        self._descriptor = -1

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            if self._descriptor < 0:
                self._descriptor = _descriptor(self._own / _LOCK)
            lock(self._descriptor, exclusive=True)
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            unlock(self._descriptor)
        finally:
            self._lock.release()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def known(to_dir: Path) -> Mapping[str, Entry]:
    """What is known of the files of a folder, before any pull into it and without changing anything."""
    own = to_dir / FOLDER
    return {} if own.is_symlink() else Entries(own / FILE)


@contextmanager
def opened(to_dir: Path) -> Iterator[Pulled]:
    """The state of a target folder that is there.

    Raises:
        UsageError: what has the name of mlmon's own folder there, or of a file in it, is something else.
        Unwritable: it cannot be written to.
    """
    own = folder.own(to_dir, FOLDER)
    for name in (FILE, _LOCK):
        if name is not FILE or not (own / name).is_symlink():  # which is taken away below, not followed
            folder.own_file(own, name)
    with folder.explained(to_dir):
        ignored = own / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", "utf-8")
        with _locked(own):
            parts = folder.own(own, _PARTS)
            _sweep(parts)
            part = parts / token_hex(8)
            part.mkdir()
            alive = _descriptor(part / "lock")
            try_lock(alive)
            entries = _load(own / FILE)
    pulled = Pulled(own, part, entries)
    try:
        yield pulled
    finally:
        pulled.close()
        os.close(alive)
        with suppress(OSError), _locked(own):
            shutil.rmtree(part, ignore_errors=True)
            parts.rmdir()  # unless another pull's is in it


def _sweep(parts: Path) -> None:
    """Remove what pulls left that ended without a word: those whose lock nobody holds."""
    for left in parts.iterdir():
        try:
            descriptor = _descriptor(left / "lock")
        except OSError:
            continue
        try:
            dead = try_lock(descriptor)
        finally:
            os.close(descriptor)
        if dead:
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _locked(own: Path) -> Iterator[None]:
    descriptor = _descriptor(own / _LOCK)
    try:
        lock(descriptor, exclusive=True)
        yield
    finally:
        os.close(descriptor)


def _descriptor(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT | NO_FOLLOW, 0o600)


def _load(file: Path) -> Entries:
    """What the file says. Written anew where most of it is history, and removed where it is another version's: what
    follows would be lines of one version under the heading of another."""
    entries = Entries(file)
    if entries.readable and entries.lines <= len(entries) + _SPARE_LINES:
        return entries
    with suppress(OSError):
        if entries.readable:
            rewrite(file, entries)
        else:
            entries.close()
            file.unlink(missing_ok=True)
    return Entries(file)
