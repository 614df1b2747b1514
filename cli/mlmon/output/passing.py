"""Rows and text on their way to stdout: counted, held until they are whole, and in a shape that stdout can take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from mlmon.output.results import Entry, Format, Lines, Row
from mlmon.output.terminal import Terminal


def line_rows(lines: Lines) -> Iterator[Row]:
    """The lines as rows."""
    for line in lines.lines:
        yield {lines.text: line} if isinstance(line, str) else line.row if isinstance(line, Entry) else line


def counted(rows: Iterable[Row], empty: str, terminal: Terminal) -> Iterator[Row]:
    """The rows, and a note on stderr when there were none."""
    row = None
    for row in rows:
        yield row
    if row is None and empty:
        terminal.note(empty)


def held(pieces: Iterator[str]) -> Iterator[str]:
    """The same text, once all of it is there: in a file when it is long."""
    from tempfile import SpooledTemporaryFile  # why here: few runs need it

    with SpooledTemporaryFile(_HELD_IN_MEMORY, mode="w+", encoding="utf-8", errors="surrogatepass", newline="") as file:
        file.writelines(pieces)
        file.seek(0)
        while text := file.read(_HELD_CHUNK):
            yield text


_HELD_IN_MEMORY: Final = 8_000_000
_HELD_CHUNK: Final = 64 * 1024


def writer(format: Format, terminal: Terminal, *, raw: bool) -> Callable[[str], None]:  # noqa: A002 - the option's name
    """How a machine format reaches stdout: exact bytes through a pipe, nothing that acts on a terminal."""
    from mlmon.output import text

    if not terminal.stdout.is_terminal:
        return lambda piece: terminal.write_bytes(piece.encode("utf-8", "backslashreplace"))
    if format in {Format.JSON, Format.JSONL}:
        return lambda piece: terminal.write(text.json_for(piece, terminal.stdout))
    return terminal.write if raw else lambda piece: terminal.write(text.safe_text(piece))
