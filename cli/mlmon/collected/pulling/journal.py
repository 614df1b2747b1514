"""The lines that say what pull wrote: one for each file, the last one counts. Added to while files come, and read
without ever being in memory as a whole: a folder may have a million files."""

from __future__ import annotations

import io
import json
import os
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final
from weakref import finalize

from mlmon.core.locking import NO_FOLLOW
from mlmon.core.model import Json

VERSION: Final = 2
"""Raised when a line changes its meaning; what another version wrote is as if not there."""
HEADING: Final = json.dumps({"version": VERSION}).encode() + b"\n"
_BLOCK: Final = 256 * 1024
# a place of the table: where the line begins, whether it counts, and the rest is of the path's hash
_OFFSET_BITS: Final = 39
_OFFSET: Final = (1 << _OFFSET_BITS) - 1
_LIVE: Final = 1 << _OFFSET_BITS
_TAG: Final = (1 << 64) - (_LIVE << 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as it was fetched: of which blob, and as what. `size` is the blob's, `kept` the file's, smaller where a
    line was not whole; `digest` is of the file, as `content.Written` has it."""

    container: str
    etag: str
    lineage: str
    size: int
    kept: int
    digest: str
    mtime_ns: int


def line_of(path: str, entry: Entry | None) -> bytes:
    """The line that says what a file is; None where it is pull's no more."""
    if entry is None:
        return json.dumps([path]).encode() + b"\n"
    said = [path, entry.container, entry.etag, entry.lineage, entry.size, entry.kept, entry.digest, entry.mtime_ns]
    return json.dumps(said).encode() + b"\n"


class Entries(Mapping[str, Entry]):
    """What a journal says, as of the moment this was made. Several threads may ask.

    In memory there are eight bytes for each place of a table that is at most two thirds full: where a line begins, and
    enough of its path's hash that hardly any other path is looked up there.
    """

    def __init__(self, file: Path) -> None:
        self.lines = 0
        """How many lines there are, with those that no longer count. None of a file that is not such a journal."""
        self.readable = False
        self._live = 0
        self._reading = Lock()
        self._slots = array("Q", [0])
        self._file = _opened(file)
        self.close: Final = finalize(self, self._file.close)
        """Let go of the file, when nothing more will be asked."""
        self.readable = self._file.readline() == HEADING
        if self.readable:
            self._fill()

    def __getitem__(self, path: str) -> Entry:
        _, found = self._found(path)
        if found is None:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[str]:
        return (read[0] for line in self.lines_that_count() if (read := _understood(line)))

    def __len__(self) -> int:
        return self._live

    def lines_that_count(self) -> Iterator[bytes]:
        """The last line of each file that is still pull's, in the order in which they were written."""
        for at, line in self._lines():
            head = _head(line)
            if head and self._slots[self._place(head[0])] == _slot(head[0], at, live=True):
                yield line

    def _fill(self) -> None:
        count = sum(block.count(b"\n") + 1 for _, block in self._blocks())
        # a power of two above 1.5 times as many: without an empty place, a search would have no end
        self._slots = array("Q", bytes(8 << (count * 3 // 2 + 1).bit_length()))
        for at, line in self._lines():
            self.lines += 1
            if head := _head(line):
                self._put(head[0], at, live=head[1])

    def _put(self, path: str, at: int, *, live: bool) -> None:
        place = self._place(path)
        self._live += live - bool(self._slots[place] & _LIVE)
        self._slots[place] = _slot(path, at, live=live)

    def _place(self, path: str) -> int:
        return self._found(path)[0]

    def _found(self, path: str) -> tuple[int, Entry | None]:
        """The place of a path in the table, or the empty one where it would be, and what its line says."""
        slots, last = self._slots, len(self._slots) - 1
        place, tag = hash(path) & last, _slot(path, 0, live=False)
        while slot := slots[place]:
            if slot & _TAG == tag and (read := self._read(slot & _OFFSET)) and read[0] == path:
                return place, read[1]
            place = (place + 1) & last
        return place, None

    def _read(self, at: int) -> tuple[str, Entry | None] | None:
        with self._reading:
            self._file.seek(at)
            return _understood(self._file.readline())

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Every whole line behind the heading, with where it begins."""
        for at, block in self._blocks():
            begin = at
            for line in block.split(b"\n"):
                yield begin, line
                begin += len(line) + 1

    def _blocks(self) -> Iterator[tuple[int, bytes]]:
        """Whole lines, many at once. What is longer than any line of ours comes in parts, which say nothing."""
        at = len(HEADING)
        while True:
            with self._reading:
                self._file.seek(at)
                block = self._file.read(_BLOCK)
            end = block.rfind(b"\n") + 1 or (len(block) if len(block) == _BLOCK else 0)
            if not end:
                return
            yield at, block[:end].removesuffix(b"\n")
            at += end


def _slot(path: str, at: int, *, live: bool) -> int:
    # the upper bits of the hash: the lower ones chose the place
    return ((hash(path) >> 16) << (_OFFSET_BITS + 1)) & _TAG | (_LIVE if live else 0) | at


def _opened(file: Path) -> BinaryIO:
    try:
        return open(os.open(file, os.O_RDONLY | NO_FOLLOW), "rb")  # noqa: PTH123 - a descriptor, not a path
    except OSError:
        return io.BytesIO()


def _head(line: bytes) -> tuple[str, bool] | None:
    """The path that a line is about, and whether it is more than that it is pull's no more. None of what is no line.

    Read without JSON where that is possible: this is done for every line there is.
    """
    end = line.find(b'"', 2)
    if line.startswith(b'["') and end > 0 and line.find(b"\\", 2, end) < 0 and line.isascii():
        return line[2:end].decode(), line[end + 1 : end + 2] == b","
    read = _understood(line)
    return (read[0], read[1] is not None) if read else None


def _understood(line: bytes) -> tuple[str, Entry | None] | None:
    try:
        found: Json = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match found:
        case [str(path)]:
            return path, None
        case [
            str(path), str(container), str(etag), str(lineage), int(size), int(kept), str(digest), int(mtime_ns)
        ]:  # fmt: skip
            return path, Entry(container, etag, lineage, size, kept, digest, mtime_ns)
    return None


class Writer:
    """Adds lines at a journal's end. Whoever calls it holds the folder's lock: others add to the same file."""

    def __init__(self, file: Path) -> None:
        self._file = str(file)
        self._descriptor = -1
        self._identity = (0, 0)
        self._end = -1

    def add(self, line: bytes) -> None:
        """Add a line. Raises `OSError`."""
        try:
            found = os.lstat(self._file)
        except FileNotFoundError:
            found = None
        if not found or (found.st_dev, found.st_ino) != self._identity:
            found = self._open()
        size, expected = found.st_size, self._end
        self._end = -1
        if not size:
            line = HEADING + line
        elif size != expected and not self._ends_whole():
            line = b"\n" + line  # a process that was ended in the middle of its line
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._end = size + len(line)

    def close(self) -> None:
        """Let go of the file. Harmless a second time."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._identity = -1, (0, 0)

    def _open(self) -> os.stat_result:
        """The file that has the name now: another pull may have written it anew."""
        self.close()
        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o600)
        found = os.fstat(self._descriptor)
        self._identity, self._end = (found.st_dev, found.st_ino), -1
        return found

    def _ends_whole(self) -> bool:
        os.lseek(self._descriptor, -1, os.SEEK_END)
        return os.read(self._descriptor, 1) == b"\n"


def rewrite(file: Path, entries: Entries) -> None:
    """Write a journal anew, without what is history; `entries` are over with it. Raises `OSError`."""
    fresh = file.with_name(f".{file.name}.new")
    with fresh.open("wb") as journal:
        journal.write(HEADING)
        journal.writelines(line + b"\n" for line in entries.lines_that_count())
    entries.close()  # not every system replaces a file that is open
    fresh.replace(file)
