"""What a command may return. Data only: how it looks in each format is `render.py`'s and `text.py`'s business."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal

from mlmon.core.errors import ExitCode, MlmonError
from mlmon.core.model import FieldChange, Value

SCHEMA_VERSION: Final = 1
"""The first key of every JSON document that is not a plain list of rows."""

Row = Mapping[str, Value]
FieldKind = Literal["text", "number", "bytes", "time", "duration", "flag", "json"]


class Format(StrEnum):
    """What `-o/--output` takes."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    MD = "md"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `key` is the stable name in every machine format, `header` what people see instead of it.

    The kind says how people see a value: `bytes` is a size (an int), `duration` a timedelta or a number of
    seconds, `flag` a bool shown as on or off. `optional` columns are the first to be left out of a table that
    is too wide for the terminal, and of them the `dear` ones the last; no other format leaves any out. A `whole`
    column is left out rather than cut. `prose` is sentences: beside its key, a terminal has it broken at blanks.
    """

    key: str
    header: str = ""
    kind: FieldKind = "text"
    optional: bool = False
    whole: bool = False
    dear: bool = False
    prose: bool = False

    @property
    def label(self) -> str:
        """The name people see."""
        return self.header or self.key


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: a plain list of objects in JSON.

    `rows` may be lazy: jsonl, csv and tsv then print row by row. Only the keys of `fields` are shown; one that
    a row lacks is null. `empty` is said on stderr when there is no row; `caption` stands above the table that
    people see (table and md). `parquet` gives the file where there is a better way to make it than from the rows, and
    `written` what a format writes of them, or None for the formats that it cannot write.
    """

    fields: tuple[Field, ...]
    rows: Iterable[Row]
    empty: str = ""
    exit_code: ExitCode = ExitCode.DONE
    caption: str = ""
    parquet: Callable[[], Iterator[bytes]] | None = None
    written: Callable[[Format], Iterator[str] | None] | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Bytes by day, from the day `first` to the day `last`. A day that is not in `days` has nothing at all."""

    title: str
    days: Mapping[date, int]
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Record:
    """One thing: a JSON document with `schema_version` first, `key: value` lines for people.

    With nested rows, JSON carries them under `rows_key` after the values, people see them as a table below the
    lines, and the formats that know rows only (jsonl, csv, tsv, md, parquet) carry the rows alone. Below that people
    see the `calendars`.
    """

    fields: tuple[Field, ...]
    values: Row
    rows: Rows | None = None
    rows_key: str = "rows"
    calendars: tuple[Calendar, ...] = ()
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: a value for each of its times, None where nothing was measured."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TimeChart:
    """Values over time. `times` are the starts of intervals of one length, in order; `kind` is that of the values."""

    title: str
    times: tuple[datetime, ...]
    series: tuple[Series, ...]
    kind: FieldKind = "number"


@dataclass(frozen=True, slots=True)
class BarChart:
    """An amount for each name, in the order they are shown."""

    title: str
    bars: tuple[tuple[str, float], ...]
    kind: FieldKind = "number"


@dataclass(frozen=True, slots=True)
class Page:
    """What people see, one part below the other. It is no answer of its own: a program gets rows (see `Faces`)."""

    parts: tuple[Record | Rows | TimeChart | BarChart | Text, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """Pages that take each other's place on a terminal, one whenever there is a new one. Nothing else can show them."""

    pages: Iterable[Page]
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Change:
    """What a switch did to one service, or would do (`dry_run`). `sentence` is what people read first."""

    service: str
    switch: str
    sentence: str
    changes: tuple[FieldChange, ...]
    changed: bool
    dry_run: bool = False
    exit_code: ExitCode = ExitCode.DONE


LINE: Final = (Field("line"),)


@dataclass(frozen=True, slots=True)
class Entry:
    """What belongs together in a log: people see its lines, machines its row.

    `source` says whose it is before each line, where several are shown. `tone` is its colour where there is colour, "",
    `error`, `warning` or `dim`. A `gap` is none of the log's own: it says what may be missing there.
    """

    row: Row
    lines: tuple[str, ...]
    source: str = ""
    tone: str = ""
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a log, printed as they come; every one is flushed, so that following works through a pipe.

    A line is a str, a mapping or an `Entry`; people see the mapping's `text` key only, machine formats see `fields`.
    In entries, what a `marked` expression finds is shown marked where there is colour; `widest` is the longest source.
    """

    lines: Iterable[Row | str | Entry]
    fields: tuple[Field, ...] = LINE
    text: str = "line"
    empty: str = ""
    exit_code: ExitCode = ExitCode.DONE
    marked: tuple[re.Pattern[str], ...] = ()
    widest: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """Text of mlmon's own (a completion script), printed as it is; nothing is neutralised."""

    text: str
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing to print."""

    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Faces:
    """One answer in two shapes: `people` is the table form, `machines` every other format.

    `error` is what went wrong although there is an answer: it is raised when the answer has been printed. `ending` says
    the exit code where that is known only then, as with rows that are made while they are printed; `unread` then says
    what is wrong where whoever read them went away, None where nothing is.
    """

    people: Rows | Record | Lines | Text | Page
    machines: Rows | Record
    exit_code: ExitCode = ExitCode.DONE
    error: MlmonError | None = None
    ending: Callable[[], ExitCode] | None = None
    unread: Callable[[], MlmonError | None] | None = None


Result = Rows | Record | Change | Lines | Text | Nothing | Faces | Watched
