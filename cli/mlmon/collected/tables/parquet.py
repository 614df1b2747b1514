"""Parquet files with the same columns, put together into one without reading their rows.

A file is its pages, and behind them a footer that says where each begins. So the pages are passed on as they are, and
the footers become one with the places moved. It is written in Thrift's compact protocol:
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

_MARK: Final = b"PAR1"
_CHUNK: Final = 1 << 20

_TRUE, _FALSE, _DOUBLE, _BINARY, _LIST, _STRUCT = 1, 2, 7, 8, 9, 12
_WHOLE: Final = frozenset({4, 5, 6})
_LONG_LIST: Final = 15

Struct = dict[int, tuple[int, Any]]
"""Fields by their number, each with its type. A list is the type of what it holds, and that."""

# the fields of parquet.thrift that are needed here
_FILE_ROWS, _FILE_GROUPS = 3, 4
_GROUP_CHUNKS, _GROUP_PLACE, _GROUP_ORDINAL = 1, 5, 7
_CHUNK_PLACE, _CHUNK_META, _CHUNK_OFFSETS, _CHUNK_INDEX = 2, 3, 4, 6
_META_PLACES: Final = (9, 10, 11, 14)


def joined(pieces: Iterable[Path]) -> Iterator[bytes]:
    """The bytes of one file with the rows of all pieces, of which there is at least one; each is deleted behind it.

    The pieces are DuckDB's, and have the same columns of the same types.
    """
    whole: Struct = {}
    size = len(_MARK)
    for path in pieces:
        if not whole:
            yield _MARK  # not before: where the first piece cannot be made, there is no file at all
        with path.open("rb") as file:
            footer, length = _footer(file)
            file.seek(len(_MARK))
            yield from _first(file, length - len(_MARK))
        path.unlink()
        _move(footer, size - len(_MARK))
        whole = _with(whole, footer) if whole else footer
        size += length - len(_MARK)
    made = bytearray()
    _write(made, _STRUCT, whole)
    yield bytes(made) + struct.pack("<I", len(made)) + _MARK


def _footer(file: BinaryIO) -> tuple[Struct, int]:
    """What is said of a file's pages, and where they end."""
    tail = struct.calcsize("<I") + len(_MARK)
    end = file.seek(-tail, 2)
    [length] = struct.unpack("<I", file.read(tail - len(_MARK)))
    file.seek(end - length)
    found: Struct = _Reader(file.read(length)).value(_STRUCT)
    return found, end - length


def _first(file: BinaryIO, count: int) -> Iterator[bytes]:
    while count and (chunk := file.read(min(count, _CHUNK))):
        count -= len(chunk)
        yield chunk


def _move(footer: Struct, by: int) -> None:
    """Let the places be in a file where the pages begin so many bytes later."""
    for group in _listed(footer, _FILE_GROUPS):
        _add(group, _GROUP_PLACE, by)
        for chunk in _listed(group, _GROUP_CHUNKS):
            for place in (_CHUNK_PLACE, _CHUNK_OFFSETS, _CHUNK_INDEX):
                _add(chunk, place, by)
            for place in _META_PLACES:
                _add(chunk[_CHUNK_META][1], place, by)


def _with(whole: Struct, footer: Struct) -> Struct:
    """The footer of one file with the row groups of another behind its own."""
    groups = [*_listed(whole, _FILE_GROUPS), *_listed(footer, _FILE_GROUPS)]
    for at, group in enumerate(groups):
        if _GROUP_ORDINAL in group:
            group[_GROUP_ORDINAL] = (group[_GROUP_ORDINAL][0], at)
    _add(whole, _FILE_ROWS, footer[_FILE_ROWS][1])
    return {**whole, _FILE_GROUPS: (_LIST, (_STRUCT, groups))}


def _listed(found: Struct, field: int) -> list[Struct]:
    structs: list[Struct] = found[field][1][1]
    return structs


def _add(found: Struct, field: int, amount: int) -> None:
    """Where a place is 0, there is nothing there."""
    if field in found and (found[field][1] or field == _FILE_ROWS):
        kind, number = found[field]
        found[field] = (kind, number + amount)


@dataclass(slots=True)
class _Reader:
    data: bytes
    at: int = 0

    def value(self, kind: int) -> Any:
        if kind == _STRUCT:
            return dict(self._fields())
        if kind == _LIST:
            return self._list()
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind in _WHOLE:
            number = self._varint()
            return number >> 1 ^ -(number & 1)
        return self._bytes(1)  # a byte, or a truth value in a list

    def _fields(self) -> Iterator[tuple[int, tuple[int, Any]]]:
        field = 0
        while head := self._bytes(1)[0]:
            kind = head & 15
            field += head >> 4  # the other way to name a field is for those that are more than 15 apart
            yield field, (kind, None if kind in (_TRUE, _FALSE) else self.value(kind))

    def _list(self) -> tuple[int, list[Any]]:
        head = self._bytes(1)[0]
        count = self._varint() if head >> 4 == _LONG_LIST else head >> 4
        return head & 15, [self.value(head & 15) for _ in range(count)]

    def _bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def _varint(self) -> int:
        number = shift = 0
        while True:
            [one] = self._bytes(1)
            number |= (one & 127) << shift
            shift += 7
            if one < 128:
                return number


def _write(out: bytearray, kind: int, value: Any) -> None:
    if kind == _STRUCT:
        _write_fields(out, value)
    elif kind == _LIST:
        of, values = value
        out.append(min(len(values), _LONG_LIST) << 4 | of)
        if len(values) >= _LONG_LIST:
            _write_varint(out, len(values))
        for one in values:
            _write(out, of, one)
    elif kind in _WHOLE:
        _write_varint(out, value << 1 if value >= 0 else (-value << 1) - 1)
    else:
        if kind == _BINARY:
            _write_varint(out, len(value))
        out += value


def _write_fields(out: bytearray, fields: Struct) -> None:
    before = 0
    for field, (kind, value) in fields.items():
        out.append(field - before << 4 | kind)
        before = field
        if value is not None:
            _write(out, kind, value)
    out.append(0)


def _write_varint(out: bytearray, number: int) -> None:
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
