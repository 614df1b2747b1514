"""Traces as people and programs see them: rows, and one row in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mlmon.commands.telemetry import rows_of
from mlmon.core.model import Column, Json, Table, Value
from mlmon.output.results import Field, Lines, Record, Row, Rows
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.monitoring.decoding import Decoded

EMPTY: Final = "no traces match"
_MOST_COLUMNS: Final = 40  # of payloads; what is beyond stands in one more
_MARKS: Final = {"corrected": "corrected", "truncated": "cut"}


@dataclass(frozen=True, slots=True)
class Traces:
    """Rows as they were meant, each with its id and its payload."""

    table: Table
    records: Sequence[Row]
    ids: Sequence[str]
    payloads: Sequence[Mapping[str, Json] | None]

    @classmethod
    def of(cls, stored: Table, decoded: Decoded) -> Traces:
        """The ids are those of the rows as they are stored."""
        from mlmon.monitoring.decoding import payload
        from mlmon.monitoring.rowid import row_id

        records = decoded.table.records()
        ids = [row_id(record) for record in stored.records()]
        return cls(decoded.table, records, ids, [payload(record) for record in records])

    def framed(self) -> Table:
        """The table with the ids before and the payloads behind its own columns."""
        payloads = [None if payload is None else dict(payload) for payload in self.payloads]
        rows = tuple((name, *row, parts) for name, row, parts in zip(self.ids, self.table.rows, payloads, strict=True))
        columns = (Column("id", "string"), *self.table.columns, Column("payload", "dynamic"))
        return replace(self.table, columns=columns, rows=rows)


def for_programs(session: Session, traces: Traces) -> Rows:
    """The decoded rows with their columns, each with its `id` before and its `payload` behind."""
    return rows_of(session, traces.framed(), empty=EMPTY)


def printed(table: Table) -> Lines:
    """The printed lines alone, as they were printed."""
    from mlmon.monitoring import decoding

    return Lines((decoding.text(record) for record in table.records()), empty=EMPTY)


def for_people(traces: Traces) -> Rows:
    """Time, level, text and a column for each part of the payloads, in the order they first appear.

    Payloads that have no part in common with the usual one are text: columns for all of them would leave most cells
    empty, and most of the columns out.
    """
    usual = _usual(traces.payloads)
    unfolded = [payload if payload and usual.intersection(payload) else None for payload in traces.payloads]
    keys = list(dict.fromkeys(key for parts in unfolded if parts for key in parts if key not in _LESSER or parts[key]))
    shown, rest = keys[:_MOST_COLUMNS], keys[_MOST_COLUMNS:]
    fields = (
        Field("id", whole=True),
        Field("time", kind="time"),
        Field("level", whole=True),
        *([Field("marks", optional=True, dear=True)] if any(map(_marks, traces.records)) else []),
        *([Field("message")] if not all(unfolded) else []),
        *(Field(f"payload.{key}", header=key, kind="json", optional=key in _LESSER) for key in shown),
        *([Field("more", kind="json", optional=True)] if rest else []),
    )
    return Rows(fields, _people_rows(traces, unfolded, shown, rest), empty=EMPTY)


def _people_rows(
    traces: Traces, unfolded: Sequence[Mapping[str, Json] | None], shown: Sequence[str], rest: Sequence[str]
) -> Iterator[Row]:
    from mlmon.monitoring.decoding import text

    for name, record, payload, parts in zip(traces.ids, traces.records, traces.payloads, unfolded, strict=True):
        has = parts or {}
        yield {
            **_head(name, record),
            "marks": _marks(record) or None,
            "message": None if parts else text(record) if payload is None else dict(payload),
            "more": {key: has[key] for key in rest if key in has} or None,
            **{f"payload.{key}": has.get(key) for key in shown},
        }


_LESSER: Final = frozenset({"Request Id", "Client Request Id", "Models"})


def _usual(payloads: Sequence[Mapping[str, Json] | None]) -> frozenset[str]:
    """The parts that most payloads have; of two sets as frequent, those of the newer."""
    counts = Counter(tuple(payload) for payload in payloads if payload)
    return frozenset(key for keys, _ in counts.most_common(1) for key in keys)


def in_full(traces: Traces) -> tuple[Record, Record]:
    """One row, for people and for programs: every part of it that has a value."""
    framed = traces.framed()
    [row] = framed.records()
    programs = Record(tuple(Field(column.name) for column in framed.columns), row)
    told = dict(_told(traces))
    return Record(tuple(Field(key) for key in told), told), programs


def _told(traces: Traces) -> Iterator[tuple[str, Value]]:
    from mlmon.monitoring.decoding import text

    record, payload = traces.records[0], traces.payloads[0]
    yield from _head(traces.ids[0], record).items()
    if marks := _marks(record):
        yield "marks", marks
    if payload is None:
        yield "message", text(record)
    for key, part in (payload or {}).items():
        yield f"payload.{key}", part
    told = _told_already(record, payload)
    for name, value in record.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items() if key not in told)
        elif value not in (None, "") and name not in {*_TOLD, *_MARKS}:
            yield name, value


_TOLD: Final = frozenset({"timestamp", "TimeGenerated", "severityLevel", "SeverityLevel", "message", "Message"})


def _told_already(record: Row, payload: Mapping[str, Json] | None) -> frozenset[str]:
    """The parts of the bag that stand above it, as the payload or as the text."""
    from mlmon.monitoring.decoding import MODEL_DATA

    message = record.get("message", record.get("Message"))
    return frozenset(payload or () if message == MODEL_DATA else ("Content",) if message == "STDOUT" else ())


def _head(name: str, record: Row) -> dict[str, Value]:
    return {
        "id": name,
        "time": record.get("timestamp") or record.get("TimeGenerated"),
        "level": level_word(record.get("severityLevel", record.get("SeverityLevel"))),
    }


def level_word(number: Value) -> Value:
    """What a severityLevel is called; any other value as it is."""
    from mlmon.kql.filters import LEVELS

    known = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(LEVELS)
    return LEVELS[number] if known else number  # type: ignore[index]  # an int then


def _marks(record: Row) -> str:
    return ", ".join(word for name, word in _MARKS.items() if record.get(name) is True)
