"""A blob's bytes as lines: unpacked where they are gzip, cut at line feeds alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Final

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_UNPACKED_AT_ONCE: Final = 1 << 20
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


def lines(chunks: Iterator[bytes]) -> Iterator[Line]:
    """The lines of a file in order, a byte order mark left out.

    Raises:
        Unpacked: packed bytes that cannot be unpacked, or a line of more than 64 MiB.
    """
    pieces: list[bytes] = []  # of a line that is longer than a chunk
    held = 0
    number = 1
    for chunk in _without_mark(_unpacked(chunks)):
        *whole, rest = chunk.split(b"\n")
        for data in whole:
            pieces.append(data)
            yield Line(number, b"".join(pieces) + b"\n")
            pieces.clear()
            number += 1
        held = len(rest) if whole else held + len(rest)
        pieces.append(rest)
        if held > LONGEST_LINE:
            raise Unpacked(f"has a line of more than {LONGEST_LINE >> 20} MiB, and is not read from there on")
    if last := b"".join(pieces):
        yield Line(number, last)


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
