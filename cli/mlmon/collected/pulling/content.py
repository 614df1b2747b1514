"""A blob's bytes on their way into a file: counted, compared with what was listed, and ended at a whole line."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from mlmon.collected.pulling.folder import NotWritten, explained
from mlmon.core.locking import NO_FOLLOW
from mlmon.core.model import Chunk

_CHUNK: Final = 1024 * 1024
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW
_MD5: Final = "md5"
"""Storage's own digest, taken where storage has one to compare it with."""
_OWN: Final = "sha256"
"""The digest of what storage has none of: processors have instructions for it, and MD5 takes 2.5 times as long."""


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
    """What stands in the file: how many bytes, their digest (`md5:` or `sha256:` and hexadecimal), and when it was
    written."""

    kept: int
    digest: str
    mtime_ns: int


def write(file: Path, chunks: Iterable[Chunk], wanted: Wanted, *, to_dir: Path, stop: Event) -> Written:
    """Write a new file. `chunks` are taken until they end, are more than wanted, or `stop` is set; their errors pass
    through.

    Raises:
        NotWritten: the bytes were not those wanted, `stop` was set, or this one file failed.
        Unwritable: the disk is full, or the folder takes no files.
    """
    with explained(to_dir):
        # without Python's layers above it: they cost as much as the file, and close a full disk's file with an error
        opened = os.open(file, _NEW, 0o666)
    try:
        kept = _copy(chunks, opened, wanted, to_dir=to_dir, stop=stop)
        with explained(to_dir):
            if kept.count < wanted.size:
                os.truncate(opened, kept.count)
            return Written(kept.count, kept.named, os.fstat(opened).st_mtime_ns)
    finally:
        os.close(opened)


def _copy(chunks: Iterable[Chunk], file: int, wanted: Wanted, *, to_dir: Path, stop: Event) -> _Kept:
    everything = _Kept(_MD5 if wanted.md5 else _OWN)
    lines = everything.copy()
    for chunk in chunks:
        if stop.is_set():
            raise NotWritten("it was given up")
        if everything.count + len(chunk) > wanted.size:
            raise NotWritten(f"it has more than the {wanted.size} bytes that were listed")
        if wanted.whole_lines and (end := bytes(chunk).rfind(b"\n") + 1):
            lines = everything.copy()
            lines.add(memoryview(chunk)[:end])
        everything.add(chunk)
        _put(file, chunk, to_dir=to_dir)
    if everything.count < wanted.size:
        raise NotWritten(f"it has {everything.count} bytes where {wanted.size} were listed")
    if wanted.md5 and wanted.md5 != everything.digest.digest():
        raise NotWritten("its bytes are not those that storage has the MD5 of")
    return lines if wanted.whole_lines else everything


def _put(file: int, chunk: Chunk, *, to_dir: Path) -> None:
    with explained(to_dir):
        written = os.write(file, chunk)
        while written < len(chunk):  # more than 2 GiB, or a disk that is about to be full
            written += os.write(file, memoryview(chunk)[written:])


class _Kept:
    """Bytes so far: how many, and their digest."""

    __slots__ = ("_name", "count", "digest")

    def __init__(self, name: str, digest: hashlib._Hash | None = None, count: int = 0) -> None:
        self._name = name
        self.count = count
        self.digest = digest or _digest(name)

    @property
    def named(self) -> str:
        return f"{self._name}:{self.digest.hexdigest()}"

    def add(self, data: Chunk) -> None:
        self.count += len(data)
        self.digest.update(data)

    def copy(self) -> _Kept:
        return _Kept(self._name, self.digest.copy(), self.count)


def _digest(name: str) -> hashlib._Hash:
    # it finds damage, not forgery
    return hashlib.md5(usedforsecurity=False) if name == _MD5 else hashlib.sha256(usedforsecurity=False)


def has(file: Path, digest: str) -> bool:
    """Whether a file has this content."""
    found = _Kept(digest.partition(":")[0])
    try:
        for chunk in _read(file):
            found.add(chunk)
    except OSError:
        return False
    return found.named == digest


def continued(file: Path, chunks: Iterator[Chunk], *, digest: str, overlap: int) -> Iterator[Chunk]:
    """What a file holds, then what follows it. The first `overlap` bytes of `chunks` are the file's last ones again.

    Raises:
        PastChanged: the file has another digest, or the overlapping bytes differ.
    """
    found, tail = _Kept(digest.partition(":")[0]), b""
    try:
        for chunk in _read(file):
            found.add(chunk)
            tail = (tail + chunk)[-overlap:] if overlap else b""
            yield chunk
    except OSError:
        raise PastChanged from None
    if found.named != digest:
        raise PastChanged
    for piece in chunks:
        again = len(piece[: len(tail)])
        if piece[:again] != tail[:again]:
            raise PastChanged
        tail = tail[again:]
        if len(piece) > again:
            yield piece[again:]


def _read(file: Path) -> Iterator[bytes]:
    descriptor = os.open(file, os.O_RDONLY | NO_FOLLOW)
    with open(descriptor, "rb", buffering=0) as opened:  # noqa: PTH123 - a descriptor, not a path
        while chunk := opened.read(_CHUNK):
            yield chunk
