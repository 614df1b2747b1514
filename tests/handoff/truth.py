"""What is in collected files, read with the standard library alone, and cells made comparable across tools."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from running import Runner

Rows = Counter[frozenset[tuple[str, Any]]]
"""Rows in no order, each its cells that hold something, by column."""

IDS = ("time", "correlationid", "xrequestid")


def rows_of(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Rows:
    """Rows as a tool told them."""
    return Counter(
        frozenset((name, told) for name, cell in zip(columns, row, strict=True) if (told := _told(cell)) is not None)
        for row in rows
    )


def table(*rows: dict[str, Any]) -> Rows:
    """Rows written out in a test."""
    found = Rows()
    for row in rows:
        found += rows_of([*row], [[*row.values()]])
    return found


def rows_in(files: Iterable[Path]) -> Rows:
    """The rows that stand in files: those of CSV by their header, those of events with their ids and place."""
    found: Rows = Counter()
    for file in files:
        text = file.read_bytes().decode()
        found += _csv_rows(text) if file.suffix == ".csv" else _event_rows(text)
    return found


def listed(demo: Runner, service: str, said: str, *, below: Path | None = None) -> dict[str, list[Path]]:
    """The files of each collection that `mlmon ls` names, in a folder or where they are stored."""
    found: dict[str, list[Path]] = {}
    for blob in demo(f"ls {service} {said} -o json").json["blobs"]:
        [path] = [below / blob["path"]] if below else (demo.folder / "blobs").glob(f"*/{blob['path']}")
        found.setdefault(blob["collection"], []).append(path)
    return found


def _csv_rows(text: str) -> Rows:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return rows_of(header, rows)


def _event_rows(text: str) -> Rows:
    found: Rows = Counter()
    for line in text.splitlines():
        event = json.loads(line)
        ids: Mapping[str, Any] = {name: event.get(name) for name in IDS}
        for at, record in enumerate(event["data"]):
            row = {**ids, "row": at, **record}
            found += rows_of([*row], [[*row.values()]])
    return found


def _told(cell: Any) -> Any:
    """A cell as its value, whether a tool knows its type or keeps its text. Nothing is None."""
    if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        pass
    try:
        moment = datetime.fromisoformat(str(cell))
    except ValueError:
        return str(cell)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
