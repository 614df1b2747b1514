"""A blob's bytes on their way into a file: counted, compared with what was listed, and ended at a whole line."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from mlmon.collected.folder import NotWritten, explained
from mlmon.core.locking import NO_FOLLOW

_CHUNK: Final = 1024 * 1024


class PastChanged(Exception):
    """What was fetched before is not what the blob begins with now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must arrive: so many bytes, with this digest where one is known. With `whole_lines`, a last line without its
    end is left out of the file: it is still being written."""

    size: int
    md5: bytes = b""
    whole_lines: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the file: how many bytes, their MD5 in hexadecimal, and when it was written."""

    kept: int
    md5: str
    mtime_ns: int


def write(file: Path, chunks: Iterator[bytes], wanted: Wanted, *, to_dir: Path, stop: Event) -> Written:
    """Write a new file. `chunks` are taken until they end, are more than wanted, or `stop` is set; their errors pass
    through.

    Raises:
        NotWritten: the bytes were not those wanted, `stop` was set, or this one file failed.
        Unwritable: the disk is full, or the folder takes no files.
    """
    with explained(to_dir):
        # unbuffered: closing a buffered file after a full disk would fail a second time
        opened = file.open("xb", buffering=0)
    with opened:
        lines = _copy(chunks, opened, wanted, to_dir=to_dir, stop=stop)
        with explained(to_dir):
            if lines.kept < wanted.size:
                opened.truncate(lines.kept)
            return Written(lines.kept, lines.md5.hexdigest(), os.fstat(opened.fileno()).st_mtime_ns)


def _copy(chunks: Iterator[bytes], file: io.FileIO, wanted: Wanted, *, to_dir: Path, stop: Event) -> _Kept:
    written = 0
    everything, lines = _Kept(), _Kept()
    for chunk in chunks:
        written += len(chunk)
        if stop.is_set():
            raise NotWritten("it was given up")
        if written > wanted.size:
            raise NotWritten(f"it has more than the {wanted.size} bytes that were listed")
        if wanted.whole_lines and (end := chunk.rfind(b"\n") + 1):
            lines = everything.copy().add(memoryview(chunk)[:end])
        everything.add(chunk)
        with explained(to_dir):
            rest = memoryview(chunk)
            while rest:
                rest = rest[file.write(rest) :]
    if written < wanted.size:
        raise NotWritten(f"it has {written} bytes where {wanted.size} were listed")
    if wanted.md5 and wanted.md5 != everything.md5.digest():
        raise NotWritten("its bytes are not those that storage has the MD5 of")
    return lines if wanted.whole_lines else everything


class _Kept:
    """Bytes so far: how many, and their digest."""

    def __init__(self) -> None:
        self.kept = 0
        self.md5 = _digest()

    def add(self, data: bytes | memoryview) -> _Kept:
        self.kept += len(data)
        self.md5.update(data)
        return self

    def copy(self) -> _Kept:
        other = _Kept()
        other.kept, other.md5 = self.kept, self.md5.copy()
        return other


def _digest() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)  # storage's own: it finds damage, not forgery


def has(file: Path, md5: str) -> bool:
    """Whether a file has this content."""
    digest = _digest()
    try:
        for chunk in _read(file):
            digest.update(chunk)
    except OSError:
        return False
    return digest.hexdigest() == md5


def continued(file: Path, chunks: Iterator[bytes], *, md5: str, overlap: int) -> Iterator[bytes]:
    """What a file holds, then what follows it. The first `overlap` bytes of `chunks` are the file's last ones again.

    Raises:
        PastChanged: the file has another digest than `md5`, or the overlapping bytes differ.
    """
    digest, tail = _digest(), b""
    try:
        for chunk in _read(file):
            digest.update(chunk)
            tail = (tail + chunk)[-overlap:] if overlap else b""
            yield chunk
    except OSError:
        raise PastChanged from None
    if digest.hexdigest() != md5:
        raise PastChanged
    for chunk in chunks:
        again = len(chunk[: len(tail)])
        if chunk[:again] != tail[:again]:
            raise PastChanged
        tail = tail[again:]
        if len(chunk) > again:
            yield chunk[again:]


def _read(file: Path) -> Iterator[bytes]:
    descriptor = os.open(file, os.O_RDONLY | NO_FOLLOW)
    with open(descriptor, "rb", buffering=0) as opened:  # noqa: PTH123 - a descriptor, not a path
        while chunk := opened.read(_CHUNK):
            yield chunk
