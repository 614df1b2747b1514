"""Results as people read them. On a terminal a table is drawn by rich; through a pipe it is plain and uncut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain, islice
from typing import Final, Literal

from mlmon.core.model import FieldChange, Json, Value
from mlmon.output.cells import exact, readable
from mlmon.output.controls import neutral
from mlmon.output.results import Change, Field, Record, Row, Rows
from mlmon.output.streams import Stream
from mlmon.output.terminal import Terminal
from mlmon.output.wrapping import cells_of, wrapped

_GAP: Final = 2
_LINES_A_CELL: Final = 3
_LINES_A_BLOCK: Final = 200
_SHORTEST: Final = 12
_RIGHT: Final = frozenset({"number", "bytes", "duration"})
_CUT: Final = frozenset({"text", "json"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table as text in pieces, and the columns that did not fit."""

    pieces: Iterable[str]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    field: Field
    label: str
    cells: tuple[str, ...]
    natural: int
    right: bool

    @property
    def least(self) -> int:
        """The width below which the column is not worth showing. Only text may be cut."""
        may_cut = self.field.kind in _CUT and not self.field.whole
        return min(self.natural, max(_SHORTEST, cells_of(self.label))) if may_cut else self.natural


def table(rows: Rows, known: Sequence[Row], terminal: Terminal) -> Drawn:
    """At least one row, below the caption; on a terminal as wide as that at most."""
    stream = terminal.stdout
    caption = f"{stream.shown(neutral(rows.caption))}\n\n" if rows.caption else ""
    columns = [_column(field, known, stream) for field in rows.fields]
    if not stream.is_terminal:
        return Drawn((caption, _aligned(columns, stream)))
    fitting = _fitting(columns, terminal.width)
    left_out = tuple(column.label for column in columns if column not in fitting)
    return Drawn(chain((caption,), _drawn(fitting, terminal)), left_out)


def record_lines(record: Record, terminal: Terminal) -> str:
    """`key: value` lines; prose is wrapped on a terminal."""
    return "".join(_record_line(field, record.values.get(field.key), terminal) for field in record.fields)


def _record_line(field: Field, value: Value, terminal: Terminal) -> str:
    stream, label, text = terminal.stdout, neutral(field.label), readable(value, field)
    if field.prose and stream.is_terminal:
        text = wrapped(text, terminal.width, taken=cells_of(label) + 2)
    return f"{stream.styled(label, 'bold')}: {text}\n"


def change_text(change: Change) -> str:
    """A sentence, what changes in each field, and whether anything was changed."""
    sentence = neutral(change.sentence)
    return f"{sentence}\n{field_changes(change.changes)}changed: {'true' if change.changed else 'false'}\n"


def field_changes(changes: Sequence[FieldChange]) -> str:
    """`collection: off -> on`, a line for each field."""
    return "".join(f"{neutral(change.field)}: {_side(change.before)} -> {_side(change.after)}\n" for change in changes)


def safe_line(value: Value) -> str:
    """A log line that does nothing to a terminal; tabs stay."""
    return neutral(exact(value), keep="\t") + "\n"


def raw_line(value: Value) -> str:
    """A log line as it was written."""
    return exact(value) + "\n"


def safe_text(text: str) -> str:
    """Lines of csv, tsv or md that do nothing to a terminal."""
    return neutral(text.replace("\r\n", "\n"), keep="\n\t")


def json_for(document: str, stream: Stream) -> str:
    """A JSON text as this stream can show it, and still JSON."""
    if stream.unicode:
        return document
    units = (character.encode("utf-16-be").hex() if character > "\x7f" else character for character in document)
    return "".join(
        unit if len(unit) == 1 else "".join(f"\\u{unit[at : at + 4]}" for at in range(0, len(unit), 4))
        for unit in units
    )


def _side(value: Json) -> str:
    match value:
        case None:
            return "(not set)"
        case bool():
            return "on" if value else "off"
        case _:
            return neutral(exact(value)) or '""'


def _column(field: Field, rows: Sequence[Row], stream: Stream) -> _Column:
    label = stream.shown(neutral(field.label))
    cells = tuple(stream.shown(readable(row.get(field.key), field)) for row in rows)
    numeric = field.kind in _RIGHT
    return _Column(field, label, cells, max(cells_of(label), *map(cells_of, cells)), numeric)


def _aligned(columns: Sequence[_Column], stream: Stream) -> str:
    """Plain columns at their full width; no blanks end a line."""
    head = _padded(columns, [column.label for column in columns])
    lines = [_padded(columns, line) for line in zip(*(column.cells for column in columns), strict=True)]
    return "\n".join([stream.styled(head, "bold"), *lines]) + "\n"


def _padded(columns: Sequence[_Column], line: Sequence[str]) -> str:
    parts = []
    for column, cell in zip(columns, line, strict=True):
        blanks = " " * (column.natural - cells_of(cell))
        parts.append(blanks + cell if column.right else cell + blanks)
    return (" " * _GAP).join(parts).rstrip(" ")


def _fitting(columns: Sequence[_Column], width: int) -> list[_Column]:
    """The columns that fit: optional ones go first, from the right, then the others; the first one stays."""
    kept = list(columns)
    leaving = list(reversed(columns[1:]))
    leaving.sort(key=lambda column: (not column.field.optional, column.field.dear))
    for column in leaving:
        if sum(one.least for one in kept) + _GAP * (len(kept) - 1) <= width:
            break
        kept.remove(column)
    return kept


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """Every column its least, and what is left to those that want more, shared evenly."""
    widths = [min(column.least, width) for column in columns]
    spare = width - sum(widths) - _GAP * (len(columns) - 1)
    while spare > 0:
        wanting = [at for at, column in enumerate(columns) if widths[at] < column.natural]
        if not wanting:
            break
        for at in wanting:
            more = min(max(1, spare // len(wanting)), columns[at].natural - widths[at], spare)
            widths[at] += more
            spare -= more
    return widths


def _drawn(columns: Sequence[_Column], terminal: Terminal) -> Iterator[str]:
    """The table in blocks, so that a long one appears at once; only the first has the header."""
    widths = _widths(columns, terminal.width)
    lines = zip(*(column.cells for column in columns), strict=True)
    header = True
    while block := list(islice(lines, _LINES_A_BLOCK)):
        yield _block(columns, widths, block, terminal, header=header)
        header = False


def _block(
    columns: Sequence[_Column],
    widths: Sequence[int],
    lines: Sequence[Sequence[str]],
    terminal: Terminal,
    *,
    header: bool,
) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    stream = terminal.stdout
    drawing = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold", show_header=header)
    for column, width in zip(columns, widths, strict=True):
        side: Literal["right", "left"] = "right" if column.right else "left"
        drawing.add_column(Text(column.label), justify=side, width=width, overflow="fold")
    for line in lines:
        cells = [cut(cell, _LINES_A_CELL * width, stream) for cell, width in zip(line, widths, strict=True)]
        drawing.add_row(*map(Text, cells))
    page = StringIO()
    console = Console(
        file=page,
        width=terminal.width,
        force_terminal=True,
        force_jupyter=False,
        legacy_windows=False,
        color_system="standard" if stream.colour else None,
    )
    console.print(drawing)
    return "\n".join(line.rstrip(" ") for line in page.getvalue().split("\n"))


def cut(cell: str, width: int, stream: Stream) -> str:
    """The cell, or as much of it as goes into the width with a mark that something is missing."""
    if cells_of(cell) <= width:
        return cell
    from rich.cells import set_cell_size

    mark = stream.ellipsis
    return set_cell_size(cell, max(0, width - len(mark))).rstrip() + mark[:width]
