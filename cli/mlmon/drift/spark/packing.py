"""What travels between Spark's workers: rows with a packed summary each, and how those of a cell become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from mlmon.drift.cache import Day, packed, unpacked
from mlmon.drift.sampling import together
from mlmon.drift.summary import merged

SCHEMA: Final = "sort string, day string, feature string, content binary, count bigint"
CELL: Final = ("sort", "day", "feature")
"""Rows that are alike in these become one."""
_SUMMARY, _SAMPLE, _LEFT_OUT = "summary", "sample", "left out"
ASKED: Final = "asked"
"""The one row that says what all others are of, where they are kept."""


@dataclass(slots=True)
class Rows:
    """Rows of `SCHEMA`, column by column."""

    columns: dict[str, list[Any]] = field(
        default_factory=lambda: {"sort": [], "day": [], "feature": [], "content": [], "count": []}
    )

    def add_day(self, day: date | None, found: Day) -> None:
        """The summaries and the sample of a day; None is the day of rows that have none."""
        said = day.isoformat() if day else ""
        for name, summary in found.summaries.items():
            self._add(_SUMMARY, said, name, packed(Day({name: summary})))
        if found.sample is not None:
            self._add(_SAMPLE, said, "", packed(Day({}, found.sample)))

    def leave_out(self, what: str, count: int = 1) -> None:
        """Say what could not be read, and how much of it there is."""
        self._add(_LEFT_OUT, "", what, b"", count)

    def batch(self) -> Any:
        """The rows as a batch of pyarrow's."""
        import pyarrow as pa

        types = {"content": pa.binary(), "count": pa.int64()}
        schema = pa.schema([(name, types.get(name, pa.string())) for name in self.columns])
        return pa.RecordBatch.from_pydict(self.columns, schema=schema)

    def _add(self, sort: str, day: str, feature: str, content: bytes, count: int = 0) -> None:
        values = (sort, day, feature.encode("utf-8", "backslashreplace").decode(), content, count)
        for column, value in zip(self.columns.values(), values, strict=True):
            column.append(value)


@dataclass(frozen=True, slots=True)
class Found:
    """What came home: the days (None where rows have no day), and how much of what could not be read."""

    by_day: Mapping[date | None, Day]
    left_out: Mapping[str, int]


def joined(rows: Any, most: int = 0) -> Any:
    """The one row that rows of a cell become, as DataFrames of pandas; a sample has `most` rows."""
    import pandas as pd

    if len(rows) == 1:  # as it mostly is where a day is little
        return rows
    first = rows.iloc[0]
    content = _joined(str(first["sort"]), [bytes(each) for each in rows["content"]], most)
    said: dict[str, list[Any]] = {name: [str(first[name])] for name in CELL}
    return pd.DataFrame({**said, "content": [content], "count": [int(rows["count"].sum())]})


def home(rows: Iterable[Any]) -> Found:
    """Joined rows, as Spark collects them, as what they say."""
    days: dict[date | None, Day] = {}
    left_out: dict[str, int] = {}
    for row in sorted(rows, key=lambda one: (one["day"], one["feature"])):
        if row["sort"] == _LEFT_OUT:
            left_out[row["feature"]] = row["count"]
            continue
        day = date.fromisoformat(row["day"]) if row["day"] else None
        more, known = unpacked(bytes(row["content"])), days.get(day, Day({}))
        days[day] = Day({**known.summaries, **more.summaries}, known.sample if more.sample is None else more.sample)
    return Found(days, left_out)


def _joined(sort: str, contents: Sequence[bytes], most: int) -> bytes:
    if sort == _LEFT_OUT:
        return b""
    days = [unpacked(content) for content in contents]
    if sort == _SAMPLE:
        return packed(Day({}, together([day.sample for day in days if day.sample is not None], most=most)))
    [name] = days[0].summaries
    return packed(Day({name: merged(day.summaries[name] for day in days)}))
