"""Rows of the Application Insights tables, in the columns that every table has."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mlmon.core.model import ServiceName
from mlmon.local.runtime.call import Call
from mlmon.local.runtime.text import Row, fitted
from mlmon.local.runtime.world import World
from mlmon.local.telemetry import TelemetryFiles, row_time

_ITEM_TYPES: Final = {"requests": "request", "traces": "trace", "exceptions": "exception"}
_BUCKET_ENDS: Final = (250, 500, 1_000, 3_000, 7_000, 15_000, 30_000, 60_000, 120_000, 300_000)
_BUCKETS: Final = (
    "<250ms",
    "250ms-500ms",
    "500ms-1sec",
    "1sec-3sec",
    "3sec-7sec",
    "7sec-15sec",
    "15sec-30sec",
    "30sec-1min",
    "1min-2min",
    "2min-5min",
    ">=5min",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Which service, of which workspace, on which instance."""

    service: ServiceName
    workspace: str
    instance: str


@dataclass(frozen=True, slots=True)
class TelemetryRows:
    """Writes rows of one service."""

    files: TelemetryFiles
    world: World
    origin: Origin
    sdk: str

    def add(self, table: str, moment: datetime, columns: Row, *, operation_id: str, parent_id: str = "") -> None:
        """One row, cut to the limits and marked where it was cut."""
        row: Row = {
            "timestamp": row_time(moment),
            **columns,
            "operation_Name": "POST /score",
            "operation_Id": operation_id,
            "operation_ParentId": parent_id,
            "cloud_RoleName": str(self.origin.service),
            "cloud_RoleInstance": self.origin.instance,
            "appName": self.origin.workspace,
            "sdkVersion": self.sdk,
            "client_Type": "PC",
            "itemId": str(self.world.ids()),
            "itemType": _ITEM_TYPES[table],
            "itemCount": 1,
        }
        self.files.add(table, moment.date(), f"{fitted(row)}\n".encode())


def request_columns(call: Call, status: int, duration: timedelta) -> Row:
    """The columns that are the requests table's own."""
    elapsed = round(duration / timedelta(milliseconds=1), 3)
    return {
        "id": call.request_id,
        "name": "POST /score",
        "url": call.caller.url,
        "success": str(status < 400),
        "resultCode": str(status),
        "duration": elapsed,
        "performanceBucket": _BUCKETS[bisect_right(_BUCKET_ENDS, elapsed)],
    }
