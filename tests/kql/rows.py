"""A workspace's rows as files, for the engine to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlmon.core.model import Table
from mlmon.core.timerange import TimeRange
from mlmon.kql.engine import run

NOW = datetime(2024, 3, 15, 12, tzinfo=UTC)


@dataclass
class Rows:
    """JSON-lines files in a folder, one for each table. `opened` says which tables were read."""

    folder: Path
    opened: list[str] = field(default_factory=list)

    def write(self, table: str, rows: Sequence[Mapping[str, Any]]) -> Path:
        path = self.folder / f"{table}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    @contextmanager
    def open(self, table: str, between: TimeRange | None) -> Iterator[Mapping[Path, Path]]:
        self.opened.append(table)
        path = self.folder / f"{table}.jsonl"
        yield {path: path} if path.exists() else {}

    def query(self, kql: str, between: TimeRange | None = None) -> Table:
        return run(kql, files=self, now=NOW, between=between)
