"""Entries of logs as people read them: whose they are, how bad they are, and what was to be marked in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from zlib import crc32

from mlmon.core.patterns import spans
from mlmon.output.controls import neutral
from mlmon.output.results import Entry, Lines
from mlmon.output.streams import SOURCES, Stream
from mlmon.output.terminal import Terminal

_SHARE: Final = 3
"""The part of a terminal's width, one third, that names are made to line up in. A longer one stays whole."""

Span = tuple[int, int]


def entry_text(entry: Entry, lines: Lines, terminal: Terminal) -> str:
    """The entry, a line for each of its lines: `name | text`. Does nothing to a terminal; tabs stay. Raises as
    `core.patterns.spans`."""
    stream = terminal.stdout
    room = terminal.width // _SHARE if stream.is_terminal else lines.widest
    before = _before(entry.source, min(lines.widest, room), stream)
    if entry.gap:
        said = "".join(f"{stream.ellipsis} {neutral(line)}" for line in entry.lines)
        return f"{before}{stream.styled(said, 'warning')}\n"
    marked = spans(lines.marked, "\n".join(entry.lines)) if stream.colour and lines.marked else []
    made, start = [], 0
    for line in entry.lines:
        made.append(f"{before}{_line(line, start, marked, tone=entry.tone, stream=stream)}\n")
        start += len(line) + 1
    return stream.shown("".join(made))


def raw_text(entry: Entry) -> bytes:
    """The lines as they were written: a byte that is no UTF-8 came as a lone surrogate (PEP 383)."""
    text = "".join(f"{line}\n" for line in entry.lines)
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # one that came in JSON stands for nothing
        return text.encode("utf-8", "backslashreplace")


def _before(source: str, width: int, stream: Stream) -> str:
    """The colour is the name's own, in every run; the name says the same without it."""
    if not source:
        return ""
    colour = SOURCES[crc32(source.encode("utf-8", "backslashreplace")) % len(SOURCES)]
    return stream.styled(f"{neutral(source).ljust(width)} |", colour) + " "


def _line(line: str, start: int, marked: Sequence[Span], *, tone: str, stream: Stream) -> str:
    """One line, in pieces: styles cannot stand inside each other. The carriage return of a CRLF stays out."""
    pieces = []
    for text, found in _pieces(line.removesuffix("\r"), start, marked):
        style = "mark" if found else tone
        shown = neutral(text, keep="\t")
        pieces.append(stream.styled(shown, style) if style and shown else shown)
    return "".join(pieces)


def _pieces(line: str, start: int, marked: Sequence[Span]) -> Iterator[tuple[str, bool]]:
    at = 0
    for first, last in marked:
        begin, end = max(first - start, at), min(last - start, len(line))
        if begin < end:
            yield line[at:begin], False
            yield line[begin:end], True
            at = end
    yield line[at:], False
