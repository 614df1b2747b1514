"""The rows that Application Insights keeps: once as a component shows them, once as its workspace does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mlmon.core.timerange import TimeRange
from mlmon.kql.schema import WORKSPACE_COLUMNS, WORKSPACE_TABLES

Row = Mapping[str, Any]
"""A row under its classic column names, as `mlmon.kql` reads rows: dynamic columns nested, datetimes RFC 3339."""

_CLASSIC_TABLES: Final = {table: classic for classic, table in WORKSPACE_TABLES.items()}


@dataclass(slots=True)
class Telemetry:
    """Every row of the Log Analytics workspace. `component` is the id of the component that rows are added to."""

    folder: Path
    component: Callable[[], str]
    _rows: dict[str, list[tuple[str, Row]]] = field(default_factory=dict)
    _files: dict[tuple[str, str], _Written] = field(default_factory=dict)

    def add(self, table: str, row: Row, *, component: str = "") -> None:
        """Keep a row of a classic table, of this component or of another one in the same workspace."""
        self.extend(table, [row], component=component)

    def extend(self, table: str, rows: Iterable[Row], *, component: str = "") -> None:
        """Keep many rows."""
        owner = (component or self.component()).lower()
        self._rows.setdefault(table, []).extend((owner, row) for row in rows)

    def rows(self, table: str) -> list[Row]:
        """A classic table's rows of every component, in the order they came."""
        return [row for _, row in self._rows.get(table, [])]

    def of_component(self, component: str) -> RowsOf:
        """What a query of this component's scope sees: its own rows, under the classic names."""
        owner = component.lower()
        return RowsOf(self, scope=owner, keep=lambda _table, of, row: dict(row) if of == owner else None)

    def of_workspace(self, customer_id: str) -> RowsOf:
        """What a query of the workspace's scope sees: the rows of every component, under the `App*` names."""
        return RowsOf(self, scope="", keep=lambda table, of, row: _renamed(table, of, row, customer_id))

    def written(self, table: str, scope: str, keep: Keep) -> Path | None:
        """A JSON-lines file of what a scope sees of a table; only rows that are new since the last time are written."""
        classic = _CLASSIC_TABLES.get(table, table)
        rows = self._rows.get(classic, [])
        known = self._files.setdefault((table, scope), _Written(self.folder / f"{table}-{len(self._files)}.jsonl"))
        # an Azure that was started in this folder before may have left such a file
        with known.path.open("a" if known.count else "w", encoding="utf-8") as file:
            for owner, row in rows[known.count :]:
                if (seen := keep(classic, owner, row)) is not None:
                    file.write(f"{json.dumps(seen)}\n")
        known.count = len(rows)
        return known.path if rows else None


@dataclass(slots=True)
class _Written:
    path: Path
    count: int = 0


Keep = Callable[[str, str, Row], dict[str, Any] | None]
"""`keep(classic table, the row's component, row)`: the row as a scope sees it, or None where it does not."""


@dataclass(frozen=True, slots=True)
class RowsOf:
    """`mlmon.kql.engine.RowFiles` for one scope."""

    telemetry: Telemetry
    scope: str
    keep: Keep

    @contextmanager
    def open(self, table: str, between: TimeRange | None) -> Iterator[Mapping[Path, Path]]:
        path = self.telemetry.written(table, self.scope, self.keep)
        yield {path: path} if path is not None else {}


def _renamed(table: str, component: str, row: Row, customer_id: str) -> dict[str, Any]:
    names = WORKSPACE_COLUMNS[table]
    renamed = {new: value for name, value in row.items() if (new := names.get(name)) is not None}
    if "success" in row:
        renamed["Success"] = str(row["success"]).lower() == "true"
    return {
        **renamed,
        "Type": WORKSPACE_TABLES[table],
        "TenantId": customer_id,
        "SourceSystem": "Azure",
        "_IsBillable": "True",
        "_ResourceId": component,  # the service writes it in lower case
    }


def as_inference_server(row: Row) -> dict[str, Any]:
    """A v2 request as azureml-inference-server-http 1.5.1 sends it: its own columns wrong, the truth in the bag."""
    return {**row, "duration": 0, "resultCode": "0", "success": "True", "performanceBucket": "<250ms"}
