"""The texts for DuckDB and pandas, run here over folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas

from collected.memory import MemoryBlobs
from handoff.truth import Rows, rows_of


def in_duckdb(sql: str) -> dict[str, Rows]:
    """The rows of each collection's view, once the text was run."""
    found = {}
    with duckdb.connect(":memory:") as connection:
        connection.execute(sql)
        views = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        for (name,) in views:
            if not name.endswith("_events"):
                quoted = '"' + name.replace('"', '""') + '"'
                # times with a zone would need pytz to come here
                read = connection.execute(f"SELECT COLUMNS(* EXCLUDE (filename))::VARCHAR FROM {quoted}")
                found[name] = rows_of([column[0] for column in read.description or []], read.fetchall())
    return found


def in_pandas(cell: str) -> dict[str, Rows]:
    """The rows of each frame, once the cell was run."""
    names: dict[str, Any] = {}
    exec(cell, names)
    return {
        name: rows_of(list(frame.columns), frame.to_numpy(object).tolist())
        for name, frame in names.items()
        if isinstance(frame, pandas.DataFrame)
    }


def on_disk(folder: Path, blobs: MemoryBlobs) -> Callable[[str], str]:
    """The blobs as files, and the address of the folder that stands for each container."""
    for (container, name), content in blobs.stored.items():
        place = folder / container / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return lambda container: (folder / container).as_uri()
