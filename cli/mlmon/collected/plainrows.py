"""The plain rows of v1 files, read by DuckDB many at a time.

Plain is a row without quotes, with as many cells as its header. From the first quote or second header of a file on, and
wherever a row is not plain, it is read line by line in Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from mlmon.collected.layout import CollectedBlob
from mlmon.collected.records.text import Line
from mlmon.collected.records.v1 import FIRST, Header, first_header
from mlmon.collected.staging import PLACE_BITS, Staging, explained

_BATCH_BYTES: Final = 24 * 1024 * 1024


@dataclass(slots=True)
class PlainRows:
    """Rows under one header at a time, on their way into a collection's table."""

    staging: Staging
    header: Header | None = None
    source: CollectedBlob | None = None
    rows: list[bytes] = field(default_factory=list)
    size: int = 0

    def sort_out(self, source: CollectedBlob, lines: Iterator[Line]) -> tuple[Header | None, Iterator[Line]]:
        """A file's header, and those of its lines that have to be read one by one; the others are taken.

        Without a header the lines are all there are.
        """
        ahead = list(islice(lines, 2))
        header, has_line = first_header(ahead)
        if header is None:
            return None, chain(ahead, lines)
        if self.header != header or self.size > _BATCH_BYTES:
            self.flush()
        self.header, self.source = header, source
        return header, self._left(source, header, chain(ahead[1:] if has_line else ahead, lines))

    def flush(self) -> None:
        """Add the rows of what was taken."""
        if not self.rows or self.header is None or self.source is None:
            return
        path = self.staging.folder / "plain"
        with path.open("wb") as file:
            file.writelines(self.rows)
        self.rows.clear()
        self.size = 0
        with explained():
            self._insert(self.header, self.source, str(path))

    def _left(self, source: CollectedBlob, header: Header, lines: Iterator[Line]) -> Iterator[Line]:
        commas = len(header.names) - 1
        number = self.staging.row_number
        file = self.staging.file_of(source, first_generation=FIRST[0] in header.names)
        for line in lines:
            data = line.data.removesuffix(b"\n").removesuffix(b"\r")
            if b'"' in data or b",$" in data or data[:1] == b"$":
                yield from chain([line], lines)
                return
            if data.count(b",") != commas or not data or not line.ended or b"\r" in data or not _is_text(data):
                yield line
                continue
            self.rows.append(b"%d,%b\n" % (number(file, line.number, 0), data))
            self.size += len(data)
            if self.size > _BATCH_BYTES:
                self.flush()

    def _insert(self, header: Header, source: CollectedBlob, path: str) -> None:
        names = [header.names[place] for place in header.payload]
        columns = self.staging.columns_of(source.collection, {name: {"text"} for name in names})
        given = ", ".join(["'n': 'BIGINT'", *(f"'a{at}': 'VARCHAR'" for at in range(len(header.names)))])
        cells = "".join(f", {column}" for column in columns)
        values = "".join(f", nullif(a{place}, '')" for place in header.payload)
        everything = ", ".join(f"a{at}" for at in range(len(header.names)))
        self.staging.connection.execute(
            f"""INSERT INTO {self.staging.table_of(source.collection)}
                (n, file, line, place, digest, time, request, correlation, version{cells})
                SELECT n, n >> {PLACE_BITS[0]}, (n >> {PLACE_BITS[1]}) & {(1 << (PLACE_BITS[0] - PLACE_BITS[1])) - 1},
                    0, (hash({everything}) >> 1)::BIGINT, epoch_us(TRY_CAST({_cell(header.time)} AS TIMESTAMPTZ)),
                    {_identifier(header.request)}, {_identifier(header.correlation)}, $2{values}
                FROM read_csv($1, columns = {{{given}}}, delim = ',', quote = '', escape = '', header = false,
                    auto_detect = false, new_line = '\\n', max_line_size = 1048576, buffer_size = 4194304)""",
            [path, source.model_version or None],
        )


def _is_text(data: bytes) -> bool:
    if data.isascii():
        return len(data) < 500_000 and b"\0" not in data
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return len(data) < 500_000 and b"\0" not in data


def _cell(place: int | None) -> str:
    return "NULL" if place is None else f"a{place}"


def _identifier(place: int | None) -> str:
    return f"CASE WHEN trim({_cell(place)}, '0-') <> '' THEN {_cell(place)} END"
