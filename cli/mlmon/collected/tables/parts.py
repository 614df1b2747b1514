"""The tables that a collection's rows stand in.

There are several (`Part`): one for each load of plain lines, with typed columns as its lines show them, and one of
texts for the lines that were read one by one. `columns` makes one view of them.

Rows are numbered in order of collection. A *run* is a stretch of rows that follow one another and have the same time
and ids: the rows of a v2 line, or of a request in a v1 file. Its number is that of its first row, which alone holds
what they share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

LOAD_BITS: Final = 40
"""A row's number holds its load and, below these bits, its line there; in v2 above its place in the line."""
PLACE_BITS: Final = 19

Sort = Literal["int", "float", "bool", "str", "nested", "text"]
"""What a value is in its file. A v1 file has text alone, which may still be a number."""

STORED: Final[dict[Sort, str]] = {
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "str": "VARCHAR",
    "nested": "VARCHAR",
    "text": "VARCHAR",
}

SHARED: Final = {
    "file": "INTEGER",
    "time": "BIGINT",
    "request": "VARCHAR",
    "correlation": "VARCHAR",
    "version": "VARCHAR",
    "digest": "UBIGINT",
}
"""What the rows of a run share. `time` is microseconds since 1970 in UTC; equal digests are equal v2 lines."""


DIGEST: Final = "md5_number_lower({})"
"""The SQL of a line's digest. DuckDB's own hash is the same for many lines that differ in the same id twice."""


@dataclass(slots=True)
class Part:
    """A table of a collection's rows: `n`, `run`, what is `SHARED`, and the stored columns by their names.

    The values of a column are of one sort in a typed table; one of texts has whatever sorts were seen. `rows` is how
    many there are in a typed one.
    """

    table: str
    stored: dict[str, str] = field(default_factory=dict)
    sorts: dict[str, set[Sort]] = field(default_factory=dict)
    typed: bool = True
    rows: int = 0
    first: dict[str, int] = field(default_factory=dict)
    """The row in which each column is seen first."""


@dataclass(slots=True)
class Collection:
    """One collection's rows. `texts` are columns of v1 that are no numbers, although some of their cells are."""

    name: str
    v1: bool
    number: int
    parts: list[Part] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    row_bytes: int = 1
    """How many bytes of a file a row is, on an average of the load where it is most."""

    @property
    def rows(self) -> str:
        """The view of all rows: `n`, `run`, and the columns c0, c1, … of their names in order."""
        return f"rows{self.number}"

    @property
    def runs(self) -> str:
        """The table of the runs: `run`, `len`, and what is `SHARED`."""
        return f"runs{self.number}"

    @property
    def names(self) -> list[str]:
        """The names of its columns, in the order in which they come in the files."""
        first: dict[str, tuple[int, int]] = {}
        for part in self.parts:
            for place, (name, row) in enumerate(part.first.items()):
                first[name] = min(first.get(name, (row, place)), (row, place))
        return sorted(first, key=lambda name: first[name])
