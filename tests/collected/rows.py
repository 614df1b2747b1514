"""Collected files made in a test: CSV as both generations of v1 collectors write it, and v2 lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from collected.memory import V1, V2, MemoryBlobs
from mlmon.collected.records import Aside, Block, read
from mlmon.collected.selecting.selection import Selection, select
from mlmon.collected.tables import dataset as tables
from mlmon.collected.tables.dataset import Dataset
from mlmon.collected.tables.filling import fill
from mlmon.collected.tables.plan import Wanted
from mlmon.collected.tables.staging import Staging
from mlmon.core.model import ServiceName, Value

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
ZERO = "00000000-0000-0000-0000-000000000000"
LAST = (
    "$aml_dc_correlation_id,$aml_dc_scoring_timestamp,$aml_dc_boundary,$aml_workspace,"
    "$aml_service_name,$aml_model_name,$aml_model_version,$aml_request_id"
)


def meta(correlation: str, request: str = ZERO, *, second: int = 0) -> str:
    """The last columns of a second-generation row."""
    return f"{correlation},2026-03-01T08:22:{second:02}.507660,1440,1a2b/rg/ws,churn,m,1,{request}"


def line(data: Any, *, correlation: str | None = "c1", **more: Any) -> bytes:
    """One v2 line."""
    ids = {} if correlation is None else {"correlationid": correlation, "xrequestid": correlation}
    event = {
        "specversion": "1.0",
        "time": "2026-03-01T08:51:30Z",
        "data": data,
        "modelversion": "default",
        **ids,
        **more,
    }
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def blocks_of(blobs: MemoryBlobs, service: ServiceName, *, now: datetime = NOW) -> tuple[list[Block], list[Aside]]:
    """Everything that is read of a service, and what was set aside."""
    asides: list[Aside] = []
    selected = select(blobs, service, Selection())
    return list(read(blobs, selected, now=now, on_aside=asides.append)), asides


def rows_of(blocks: Sequence[Block]) -> list[dict[str, Value]]:
    """The rows of blocks, without what says where they stood."""
    return [dict(zip(block.names, block.cells(row), strict=True)) for block in blocks for row in range(len(block))]


def dataset_of(blobs: MemoryBlobs, service: ServiceName = V1, **wanted: Any) -> tuple[Dataset, list[dict[str, Value]]]:
    """The dataset of everything that a service collected, and its rows."""
    staging = Staging.open()
    try:
        assert list(fill(staging, blobs, select(blobs, service, Selection()), now=NOW, on_aside=print))
        made = tables.build(staging, Wanted(**wanted))
        return made, list(made.rows())
    finally:
        staging.close()


__all__ = ["LAST", "NOW", "V1", "V2", "ZERO", "blocks_of", "dataset_of", "line", "meta", "rows_of"]
