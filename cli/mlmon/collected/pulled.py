"""What a target folder holds already: the file in its `.mlmon/` that lets the next pull fetch only what is new.

One line a file, the last one counts, so that each is written as soon as its file is whole and nothing is lost with the
process. Safe to delete: then everything is fetched again. Nothing secret is in it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from mlmon.collected import folder
from mlmon.core.locking import NO_FOLLOW, lock, try_lock
from mlmon.core.model import Json
from mlmon.state import FOLDER

FILE: Final = "pulled.jsonl"
VERSION: Final = 1
"""Raised when a line changes its meaning; what another version wrote is as if not there."""
_PARTS: Final = "parts"
_LOCK: Final = "pulled.lock"
_SPARE_LINES: Final = 1000
"""So many lines that no longer count are left before the file is written anew."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as it was fetched: of which blob, and as what. `size` is the blob's, `kept` the file's, smaller where a
    line was not whole; `md5` is of the file, in hexadecimal."""

    container: str
    etag: str
    lineage: str
    size: int
    kept: int
    md5: str
    mtime_ns: int


class Pulled:
    """The state of a target folder during one pull. Several pulls, and threads of one, may use it at once."""

    def __init__(self, own: Path, part: Path, entries: dict[str, Entry]) -> None:
        self._own = own
        self._part = part
        self.entries: Final = entries
        """What is known of each file, as of the beginning of this pull."""

    def temporary(self) -> Path:
        """A place for a file that is not whole yet. It goes away with this pull, or else with the next one."""
        return self._part / secrets.token_hex(8)

    def record(self, path: str, entry: Entry, *, land: Callable[[], None] = lambda: None) -> None:
        """Have `land` put a file in its place and remember it, as one step for every other pull.

        Raises what `land` does, and `folder.Unwritable`.
        """
        line = _line(path, entry)
        with folder.explained(self._own.parent), _locked(self._own):
            land()
            _append(self._own / FILE, line)


def known(to_dir: Path) -> dict[str, Entry]:
    """What is known of the files of a folder, before any pull into it and without changing anything."""
    own = to_dir / FOLDER
    return {} if own.is_symlink() else _read(own / FILE)[0]


@contextmanager
def opened(to_dir: Path) -> Iterator[Pulled]:
    """The state of a target folder that is there.

    Raises:
        UsageError: what has the name of mlmon's own folder there is something else.
        Unwritable: it cannot be written to.
    """
    own = folder.own(to_dir, FOLDER)
    with folder.explained(to_dir):
        ignored = own / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", "utf-8")
        with _locked(own):
            parts = folder.own(own, _PARTS)
            _sweep(parts)
            part = parts / secrets.token_hex(8)
            part.mkdir()
            alive = _descriptor(part / "lock")
            try_lock(alive)
            entries = _load(own / FILE)
    try:
        yield Pulled(own, part, entries)
    finally:
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


def _append(file: Path, line: bytes) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o600)
    with open(descriptor, "ab+", buffering=0) as journal:  # noqa: PTH123 - a descriptor, not a path
        size = journal.seek(0, os.SEEK_END)
        if not size:
            line = _heading() + line
        else:
            journal.seek(size - 1)
            # a process that was ended in the middle of its line
            line = line if journal.read(1) == b"\n" else b"\n" + line
        journal.write(line)


def _line(path: str, entry: Entry) -> bytes:
    named = {field.name: getattr(entry, field.name) for field in fields(entry)}
    return json.dumps({"path": path, **named}).encode() + b"\n"


def _heading() -> bytes:
    return json.dumps({"version": VERSION}).encode() + b"\n"


def _load(file: Path) -> dict[str, Entry]:
    """What the file says. Written anew where most of it is history, and removed where it is another version's: what
    follows would be lines of one version under the heading of another."""
    entries, lines = _read(file)
    with suppress(OSError):
        if lines is None:
            file.unlink(missing_ok=True)
        elif lines > len(entries) + _SPARE_LINES:
            _rewrite(file, entries)
    return entries


def _read(file: Path) -> tuple[dict[str, Entry], int | None]:
    """What the file says, and in how many lines; None where it is not such a file. A line that cannot be read is as if
    not there."""
    entries: dict[str, Entry] = {}
    lines = 0
    try:
        with open(os.open(file, os.O_RDONLY | NO_FOLLOW), "rb") as journal:  # noqa: PTH123 - a descriptor, not a path
            if journal.readline() != _heading():
                return {}, None
            for lines, line in enumerate(journal, start=1):  # noqa: B007 - their number is wanted after them
                if read := _entry(line):
                    entries[read[0]] = read[1]
    except OSError:
        return {}, None
    return entries, lines


def _rewrite(file: Path, entries: dict[str, Entry]) -> None:
    fresh = file.with_name(f".{FILE}.new")
    with fresh.open("wb") as journal:
        journal.write(_heading())
        journal.writelines(_line(path, entry) for path, entry in entries.items())
    fresh.replace(file)


def _entry(line: bytes) -> tuple[str, Entry] | None:
    try:
        found: Json = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match found:
        case {
            "path": str(path),
            "container": str(container),
            "etag": str(etag),
            "lineage": str(lineage),
            "size": int(size),
            "kept": int(kept),
            "md5": str(md5),
            "mtime_ns": int(mtime_ns),
        }:
            return path, Entry(container, etag, lineage, size, kept, md5, mtime_ns)
    return None
