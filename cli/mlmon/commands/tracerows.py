"""Traces as people and programs see them: rows, and one row in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlmon.commands.telemetry import rows_of
from mlmon.core.model import Column, Table, Value
from mlmon.output.results import Field, Lines, Record, Row, Rows
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.monitoring.decoding import Decoded

EMPTY: Final = "no traces match"
_MOST_COLUMNS: Final = 40  # of payloads; what is beyond stands in one more
_MARKS: Final = {"corrected": "corrected", "truncated": "cut"}


def for_programs(session: Session, stored: Table, decoded: Decoded) -> Rows:
    """The decoded rows with their columns, each with its `id` before and its `payload` behind."""
    return rows_of(session, _framed(stored, decoded.table), empty=EMPTY)


def printed(table: Table) -> Lines:
    """The printed lines alone, as they were printed."""
    from mlmon.monitoring import decoding

    return Lines([decoding.text(record) for record in table.records()], empty=EMPTY)


def for_people(stored: Table, decoded: Decoded) -> Rows:
    """Time, level, text and a column for each part of the payloads, in the order they first appear.

    Payloads that have no part in common with the usual one are text: columns for all of them would leave most cells
    empty, and most of the columns out.
    """
    from mlmon.monitoring import decoding

    records = decoded.table.records()
    payloads = [decoding.payload(record) for record in records]
    usual = _usual(payloads)
    unfolded = [payload if payload and usual.intersection(payload) else None for payload in payloads]
    keys = list(dict.fromkeys(key for parts in unfolded if parts for key in parts if key not in _LESSER or parts[key]))
    shown, rest = keys[:_MOST_COLUMNS], keys[_MOST_COLUMNS:]
    rows: list[dict[str, Value]] = [
        {
            **_head(raw, record),
            "marks": _marks(record) or None,
            "message": None if parts else decoding.text(record) if payload is None else payload,
            "more": {key: parts[key] for key in rest if parts and key in parts} or None,
            **{f"payload.{key}": (parts or {}).get(key) for key in shown},
        }
        for raw, record, payload, parts in zip(stored.records(), records, payloads, unfolded, strict=True)
    ]
    fields = (
        Field("id", whole=True),
        Field("time", kind="time"),
        Field("level", whole=True),
        *([Field("marks", optional=True, dear=True)] if any(row["marks"] for row in rows) else []),
        *([Field("message")] if not all(unfolded) else []),
        *(Field(f"payload.{key}", header=key, kind="json", optional=key in _LESSER) for key in shown),
        *([Field("more", kind="json", optional=True)] if rest else []),
    )
    return Rows(fields, rows, empty=EMPTY)


_LESSER: Final = frozenset({"Request Id", "Client Request Id", "Models"})


def _usual(payloads: Sequence[Mapping[str, object] | None]) -> frozenset[str]:
    """The parts that most payloads have; of two sets as frequent, those of the newer."""
    counts = Counter(tuple(payload) for payload in payloads if payload)
    return frozenset(key for keys, _ in counts.most_common(1) for key in keys)


def in_full(stored: Table, decoded: Decoded) -> tuple[Record, Record]:
    """One row, for people and for programs: every part of it that has a value."""
    framed = _framed(stored, decoded.table)
    [row] = framed.records()
    programs = Record(tuple(Field(column.name) for column in framed.columns), row)
    told = dict(_told(stored.records()[0], decoded.table.records()[0]))
    return Record(tuple(Field(key) for key in told), told), programs


def _told(raw: Row, record: Row) -> Iterator[tuple[str, Value]]:
    from mlmon.monitoring import decoding

    yield from _head(raw, record).items()
    if marks := _marks(record):
        yield "marks", marks
    payload = decoding.payload(record)
    if payload is None:
        yield "message", decoding.text(record)
    for key, part in (payload or {}).items():
        yield f"payload.{key}", part
    for name, value in record.items():
        if isinstance(value, dict):
            told = _told_already(record, payload)
            yield from ((f"{name}.{key}", inner) for key, inner in value.items() if key not in told)
        elif value not in (None, "") and name not in {*_TOLD, *_MARKS}:
            yield name, value


_TOLD: Final = frozenset({"timestamp", "TimeGenerated", "severityLevel", "SeverityLevel", "message", "Message"})


def _told_already(record: Row, payload: Mapping[str, object] | None) -> frozenset[str]:
    """The parts of the bag that stand above it, as the payload or as the text."""
    from mlmon.monitoring.decoding import MODEL_DATA

    message = record.get("message", record.get("Message"))
    return frozenset(payload or () if message == MODEL_DATA else ("Content",) if message == "STDOUT" else ())


def _head(raw: Row, record: Row) -> dict[str, Value]:
    from mlmon.monitoring.rowid import row_id

    return {
        "id": row_id(raw),
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


def _framed(stored: Table, table: Table) -> Table:
    from mlmon.monitoring import decoding
    from mlmon.monitoring.rowid import row_id

    ids = [row_id(record) for record in stored.records()]
    payloads: Sequence[Value] = [decoding.payload(record) for record in table.records()]
    rows = tuple((name, *row, payload) for name, row, payload in zip(ids, table.rows, payloads, strict=True))
    columns = (Column("id", "string"), *table.columns, Column("payload", "dynamic"))
    return replace(table, columns=columns, rows=rows)
