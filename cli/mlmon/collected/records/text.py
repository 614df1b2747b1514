"""A blob's bytes as lines: unpacked where they are gzip, cut at line feeds alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from itertools import chain
from typing import Final

from mlmon.core.errors import MlmonError
from mlmon.core.model import Chunk

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_UNPACKED_AT_ONCE: Final = 1 << 20
_PIECE: Final = 1 << 20
LONGEST_LINE: Final = 64 * 1024 * 1024


class Unpacked(Exception):
    """The file breaks off, or is not what it begins as. The message follows the place."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its end, counted from 1. Only a file's last line may be without an end."""

    number: int
    data: bytes

    @property
    def ended(self) -> bool:
        """Whether the collector has finished it."""
        return self.data.endswith(b"\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of a file as they stand there, from line `number` on. Only the last of a file may be without an end.

    `ends` is how many have one.
    """

    number: int
    data: bytes
    ends: int

    def lines(self) -> Iterator[Line]:
        """Each line by itself."""
        return (Line(at, data) for at, data in enumerate(BytesIO(self.data), self.number))


def pieces(chunks: Iterator[Chunk]) -> Iterator[Piece]:
    """A file in order, cut at line feeds, some megabytes at once; a byte order mark is left out.

    Raises:
        Unpacked: packed bytes that cannot be unpacked, or a line of more than 64 MiB. What stands before has come.
    """
    held: list[bytes] = []
    size, number = 0, 1
    try:
        for chunk in _cut(_without_mark(_unpacked(map(bytes, chunks)))):
            size += len(chunk)
            end = chunk.rfind(b"\n") + 1 if size >= _PIECE else 0
            held.append(chunk[:end] if end else chunk)
            if end:
                piece = _piece(number, b"".join(held))
                yield piece
                number += piece.ends
                held, size = [chunk[end:]], len(chunk) - end
            elif size > LONGEST_LINE:
                raise Unpacked(f"has a line of more than {LONGEST_LINE >> 20} MiB, and is not read from there on")
    except (Unpacked, MlmonError):
        whole, ended, _ = b"".join(held).rpartition(b"\n")
        if ended:
            yield _piece(number, whole + ended)
        raise
    if rest := b"".join(held):
        yield _piece(number, rest)


def lines(chunks: Iterator[Chunk]) -> Iterator[Line]:
    """The lines of a file in order, as `pieces`."""
    return (line for piece in pieces(chunks) for line in piece.lines())


def _piece(number: int, data: bytes) -> Piece:
    return Piece(number, data, data.count(b"\n"))


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes themselves, or what they unpack to. gzip files may stand one behind the other."""
    first = next(chunks, b"")
    while len(first) < len(_GZIP) and (more := next(chunks, b"")):
        first += more
    chunks = chain([first], chunks)
    if not first.startswith(_GZIP):
        yield from chunks
        return
    unpacking = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            packed = chunk
            while packed:
                if unpacking.eof:
                    unpacking = zlib.decompressobj(wbits=31)
                yield unpacking.decompress(packed, _UNPACKED_AT_ONCE)
                packed = unpacking.unconsumed_tail or unpacking.unused_data
    except zlib.error:
        raise Unpacked("is damaged gzip, and is not read from there on") from None
    if not unpacking.eof:
        raise Unpacked("is gzip that breaks off")


def _cut(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, none of the chunks larger than a piece: a reader may hand out what it likes."""
    for chunk in chunks:
        if len(chunk) <= _PIECE:
            yield chunk
        else:
            yield from (chunk[start : start + _PIECE] for start in range(0, len(chunk), _PIECE))


def _without_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    while len(first) < len(_BOM) and (more := next(chunks, b"")):
        first += more
    yield first.removeprefix(_BOM)
    yield from chunks


@lru_cache(maxsize=4096)  # the rows of a request have the same
def moment(text: str) -> datetime | None:
    """A point in time as collectors write it, in UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def identifier(text: object) -> str | None:
    """An id, or None for what stands where there is none: nothing, or zeros alone."""
    return text if isinstance(text, str) and text.strip("0-") else None
