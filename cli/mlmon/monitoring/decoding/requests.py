"""Requests as they went, where the server's own columns do not say so.

azureml-inference-server-http up to 1.3.4 sends rows with `success` true, code "0" and no name, later ones with a name,
and for a duration how long sending the row took; what happened stands in the bag (observed with 1.3.4 and 1.5.1).
`kql.requests.truth` is the same rule in KQL.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

from mlmon.core.model import Json, Value

_SPAN: Final = re.compile(r"(?:(\d{1,8})\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d{1,7})?)", re.ASCII)
_CODE: Final = re.compile(r"\s*[+-]?\d{1,9}\s*", re.ASCII)
# the names that Application Insights has for durations, and the milliseconds at which each ends
_BUCKET_ENDS: Final = (250, 500, 1_000, 3_000, 7_000, 15_000, 30_000, 60_000, 120_000, 300_000)
_BUCKETS: Final = (
    *("<250ms", "250ms-500ms", "500ms-1sec", "1sec-3sec", "3sec-7sec", "7sec-15sec", "15sec-30sec"),
    *("30sec-1min", "1min-2min", "2min-5min", ">=5min"),
)


def corrected(row: Mapping[str, Value], bag: Mapping[str, Json], names: Mapping[str, str]) -> Mapping[str, Value]:
    """The columns that are wrong, as they should be; none where the row says it itself.

    `names` are the columns' names by their classic ones.
    """
    code, success = row.get(names["resultCode"]), row.get(names["success"])
    written = bag.get("resultCode")
    if str(code) != "0" or str(success).lower() != "true" or written is None or str(written) == "":
        return {}
    went_well = bool(_CODE.fullmatch(str(written))) and 1 <= int(str(written)) <= 399
    right: dict[str, Value] = {
        names["resultCode"]: str(written),
        names["success"]: went_well if isinstance(success, bool) else str(went_well),
    }
    took = _milliseconds(bag.get("duration"))
    if took is not None and _is_less(row.get(names["duration"]), took):
        right[names["duration"]] = took
        right[names["performanceBucket"]] = _BUCKETS[bisect_right(_BUCKET_ENDS, took)]
    called = bag.get("name")
    if not row.get(names["name"]) and isinstance(called, str):
        right[names["name"]] = called
    return {name: value for name, value in right.items() if name in row and row[name] != value}


def _is_less(native: Value, took: float) -> bool:
    """Whether a row's own duration is no measurement: the bag has whole milliseconds, rounded down."""
    return native is None or (isinstance(native, int | float) and native < took)


def _milliseconds(span: Json) -> float | None:
    found = _SPAN.fullmatch(span) if isinstance(span, str) else None
    if found is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000, 4)
