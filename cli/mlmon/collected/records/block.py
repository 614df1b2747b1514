"""Some rows of one collected blob, and what could not become rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.model import Json

Cell = Json
"""A value: text in v1, whose files say nothing of types; whatever JSON has in v2. None is a value that is missing."""

BLOCK_ROWS: Final = 5_000
_BLOCK_CELLS: Final = 200_000
_BLOCK_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Aside:
    """A line (counted from 1) that could not be read. `line` is 0 where it is the whole file.

    `reason` follows the place, like "is no JSON". `growing` says that the file is still written to, so that its last
    line may be whole the next time.
    """

    source: CollectedBlob
    line: int
    reason: str
    growing: bool = False


OnAside = Callable[[Aside], None]


@dataclass(slots=True)
class Block:
    """Rows of one file, column by column, in the file's order.

    A row stands at (`lines`, `positions`): its line, counted from 1, and its place in that line, from 0. `digests`
    are equal for what the collector wrote twice: the text of a whole line in v2, without its end; v1 rows have none.
    `first_generation` marks rows of v1 collectors before 0.1.0a16, which give inputs and predictions ids of their own.
    `size` is about how many bytes of the file the rows were.
    """

    source: CollectedBlob
    names: tuple[str, ...]
    first_generation: bool = False
    lines: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    digests: list[str | None] = field(default_factory=list)
    times: list[datetime | None] = field(default_factory=list)
    requests: list[str | None] = field(default_factory=list)
    correlations: list[str | None] = field(default_factory=list)
    versions: list[str | None] = field(default_factory=list)
    columns: list[list[Cell]] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        self.columns = [[] for _ in self.names]

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def full(self) -> bool:
        """Whether it is time to hand it on."""
        rows = len(self.lines)
        return rows >= BLOCK_ROWS or rows * len(self.names) >= _BLOCK_CELLS or self.size >= _BLOCK_BYTES

    def cells(self, row: int) -> tuple[Cell, ...]:
        """One row's values, in the order of `names`."""
        return tuple(column[row] for column in self.columns)
