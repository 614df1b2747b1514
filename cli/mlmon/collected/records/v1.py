"""v1 files: CSV of two generations, whose header ends in CR LF and whose rows may end in either.

Rows of lists and arrays have no header unless the script named its features. Predictions have the columns of ids only
where the script asked for them.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mlmon.collected.records.block import Aside, Block, OnAside
from mlmon.collected.records.text import Line, identifier, moment
from mlmon.collected.selecting.layout import CollectedBlob

FIRST: Final = ("$Timestamp", "$CorrelationId", "$RequestId")
LAST: Final = (
    "$aml_dc_correlation_id",
    "$aml_dc_scoring_timestamp",
    "$aml_dc_boundary",
    "$aml_workspace",
    "$aml_service_name",
    "$aml_model_name",
    "$aml_model_version",
    "$aml_request_id",
)
META: Final = frozenset((*FIRST, *LAST))
_NUMBER: Final = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*|\s*-?(nan|inf|infinity)\s*|", re.IGNORECASE)
_MANY_LINES: Final = 1_000
_LONGEST_CELL: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a file's columns, and where those of the collector itself and of the script stand."""

    names: tuple[str, ...]
    time: int | None
    correlation: int | None
    request: int | None
    payload: tuple[int, ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> Header:
        def at(first: str, last: str) -> int | None:
            return next((place for place, name in enumerate(names) if name in {first, last}), None)

        payload = tuple(place for place, name in enumerate(names) if name not in META)
        return cls(tuple(names), at(FIRST[0], LAST[1]), at(FIRST[1], LAST[0]), at(FIRST[2], LAST[7]), payload)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, the line it begins on, and whether that and its last line are well."""

    line: int
    cells: list[str]
    ending: bytes
    fault: str = ""


def blocks(
    source: CollectedBlob, lines: Iterator[Line], *, on_aside: OnAside, growing: bool, header: Header | None = None
) -> Iterator[Block]:
    """The rows of a v1 file. `growing` says that its last line may still be being written.

    With a header the lines are those below it.
    """
    block = _new(source, header) if header else Block(source, ())
    rows = _Rows(lines)
    for row in rows:
        if row.fault:
            on_aside(Aside(source, row.line, row.fault, growing and rows.at_end))
            continue
        is_header = header is None or not META.isdisjoint(row.cells)
        if is_header:
            header, is_header = header_of(row, rows.peek() if header is None else None)
            if len(block):
                yield block
            block = _new(source, header)
        if is_header or header is None:
            continue
        if len(row.cells) != len(header.names):
            reason = f"has {len(row.cells)} cells where {len(header.names)} are expected"
            on_aside(Aside(source, row.line, reason))
            continue
        _append(block, header, row)
        if block.full:
            yield block
            block = _new(source, header)
    if len(block):
        yield block


def first_header(lines: Sequence[Line]) -> tuple[Header | None, bool]:
    """The header that a file's first two lines tell, and whether the first is its line; None where they do not."""
    rows = [_parsed([line]) for line in lines if line.data.strip(b"\r\n")]
    if not rows or len(rows) < len(lines) or any(row.fault for row in rows):
        return None, False
    return header_of(rows[0], rows[1] if len(rows) > 1 else None)


def header_of(row: Row, following: Row | None) -> tuple[Header, bool]:
    """The header that a file's first row is, or stands for; and whether it is one itself; if not, it is data.

    A header ends in CR LF and rows of a DataFrame in LF, so that a difference tells. Otherwise names are what no
    number is.
    """
    cells = row.cells
    if META.intersection(cells) or (row.ending == b"\r\n" and following and following.ending == b"\n"):
        return Header.of(_distinct(cells)), True
    if not any(_NUMBER.fullmatch(cell) for cell in cells) and len(set(cells)) == len(cells) and not _meta_of(cells):
        return Header.of(_distinct(cells)), True
    return Header.of(_unnamed(cells)), False


def _unnamed(cells: Sequence[str]) -> tuple[str, ...]:
    before, after = _meta_of(cells) or ((), ())
    own = len(cells) - len(before) - len(after)
    return (*before, *(str(place) for place in range(own)), *after)


def _meta_of(cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The collector's own columns that a row without a header can be seen to have: before and behind."""
    if len(cells) > len(LAST) and moment(cells[-7]) and cells[-6].isdigit() and "/" in cells[-5]:
        return (), LAST
    if len(cells) > len(FIRST) and len(cells[0]) >= len("2026-01-01T00:00:00") and moment(cells[0]):
        return FIRST, ()
    return None


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names, the second of two alike with a number behind it."""
    known: dict[str, None] = {}
    for name in names:
        given, number = name, 1
        while given in known:
            number += 1
            given = f"{name}_{number}"
        known[given] = None
    return tuple(known)


def _new(source: CollectedBlob, header: Header) -> Block:
    names = tuple(header.names[place] for place in header.payload)
    return Block(source, names, first_generation=FIRST[0] in header.names)


def _append(block: Block, header: Header, row: Row) -> None:
    cells = row.cells
    block.lines.append(row.line)
    block.positions.append(0)
    block.digests.append(None)
    block.times.append(moment(cells[header.time]) if header.time is not None else None)
    block.correlations.append(identifier(cells[header.correlation]) if header.correlation is not None else None)
    block.requests.append(identifier(cells[header.request]) if header.request is not None else None)
    block.versions.append(block.source.model_version or None)
    block.size += sum(map(len, cells))
    for column, place in zip(block.columns, header.payload, strict=True):
        column.append(cells[place] or None)


@dataclass(slots=True)
class _Rows:
    """The rows of CSV lines, one after the other. A quote that is never closed costs its own line, no other."""

    lines: Iterator[Line]
    at_end: bool = False
    _ahead: deque[Line] = field(default_factory=deque)
    _peeked: deque[Row] = field(default_factory=deque)

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        return self._peeked.popleft() if self._peeked else self._next()

    def peek(self) -> Row | None:
        """The row that comes next, None at the end."""
        try:
            self._peeked.append(self._next())
        except StopIteration:
            return None
        return self._peeked[0]

    def _next(self) -> Row:
        while True:
            line = self._line()
            if line is None:
                raise StopIteration
            if line.data.strip(b"\r\n"):
                return self._row(line)

    def _line(self) -> Line | None:
        return self._ahead.popleft() if self._ahead else next(self.lines, None)

    def _row(self, line: Line) -> Row:
        taken = [line]
        is_open = _opens(line)
        while is_open and len(taken) < _MANY_LINES:
            following = self._line()
            if following is None:
                break
            taken.append(following)
            is_open ^= _opens(following)
        row = _parsed(taken)
        if row.fault and len(taken) > 1:
            self._ahead.extendleft(reversed(taken[1:]))
            row = _parsed(taken[:1])
        self.at_end = not taken[-1].ended
        return row


def _quoted_cells(text: str) -> list[str]:
    """The cells of a row with quotes in it. Raises `csv.Error` and `ValueError`."""
    csv.field_size_limit(_LONGEST_CELL)
    if "\r" not in text:
        [cells] = csv.reader([text], strict=True)
        return cells
    # collectors quote a carriage return only where lines end in one, and the reader takes any for a line's end
    other = next(letter for letter in map(chr, range(0xE000, 0xF8FF)) if letter not in text)
    [cells] = csv.reader([text.replace("\r", other)], strict=True)
    return [cell.replace(other, "\r") for cell in cells]


def _opens(line: Line) -> bool:
    """Whether a line opens a quote that it does not close, or the other way round."""
    return line.data.count(b'"') % 2 == 1


def _parsed(taken: list[Line]) -> Row:
    first, last = taken[0], taken[-1]
    ending = b"\r\n" if last.data.endswith(b"\r\n") else b"\n"
    if not last.ended:
        return Row(first.number, [], ending, "has no end, so that it may be cut off")
    try:
        text = b"".join(line.data for line in taken).decode().removesuffix("\n").removesuffix("\r")
        if '"' not in text:
            return Row(first.number, text.split(","), ending)
        cells = _quoted_cells(text)
    except UnicodeDecodeError:
        return Row(first.number, [], ending, "is not UTF-8")
    except (csv.Error, ValueError):
        return Row(first.number, [], ending, "is not CSV")
    return Row(first.number, cells, ending)
