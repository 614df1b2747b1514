"""How a name that Azure can hold is written as file names, and read back.

A segment of a blob name stands as it is where a file system can hold it. What it cannot hold is
percent-encoded, so every `%` in a file name begins two hexadecimal digits, except in three marks
of our own that therefore never collide with a name:

* a trailing `%`: the empty segment, or a file beside a folder of the same name (a blob store has both);
* a trailing `%~`: a folder whose name goes on in the entries below it (segments longer than a file name may be);
* a trailing `%appending`: no blob at all, but the note of a writer at work (see `store.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

APPENDING: Final = "%appending"
CONTINUES: Final = "%~"
_LONGEST: Final = 200
_UNSAFE: Final = re.compile(r'[%\\/:*?"<>|\x00-\x1f\x7f\ud800-\udfff]|^\.{1,2}$|[. ]$')
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_ESCAPES: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNIT: Final = re.compile(r"%[0-9A-F]{2}|.", re.DOTALL)


def encode(segment: str) -> tuple[str, ...]:
    """The file name of one segment (text between slashes); more than one for a very long segment.

    All but the last are folders ending in `CONTINUES`.
    """
    escaped = _UNSAFE.sub(_percent, segment)
    if len(escaped.encode()) <= _LONGEST:
        return (_guarded(escaped) or "%",)
    *folders, last = _pieces(escaped)
    return (*(piece + CONTINUES for piece in folders), _guarded(last))


def decode(file_name: str) -> str:
    """The segment, or the part of one, that a file name stands for."""
    text = file_name.removesuffix(CONTINUES).rstrip("%")
    if "%" not in text:
        return text
    raw = _ESCAPES.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogatepass"))
    return raw.decode("utf-8", "surrogatepass" if _well_formed(raw) else "replace")


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def _guarded(escaped: str) -> str:
    """Windows gives device names a meaning of their own, with any extension."""
    return f"%{ord(escaped[0]):02X}{escaped[1:]}" if _RESERVED.match(escaped) else escaped


def _pieces(escaped: str) -> Iterator[str]:
    """Cut into pieces that a file name can hold, never inside an escape."""
    piece: list[str] = []
    size = 0
    for unit in _UNIT.findall(escaped):
        width = len(unit.encode())
        if size + width > _LONGEST:
            yield "".join(piece)
            piece, size = [], 0
        piece.append(unit)
        size += width
    yield "".join(piece)


def _well_formed(raw: bytes) -> bool:
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
