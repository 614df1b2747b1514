"""What Application Insights makes of an envelope: the table and the row under its classic column names.

The mapping is that of https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete, the limits are those of
https://learn.microsoft.com/azure/azure-monitor/service-limits#application-insights. Written down nowhere, and so an
assumption, is how a property that is no text becomes one; exporters send booleans, numbers and lists.
"""

from __future__ import annotations

import json
import re
import uuid
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, Final

LONGEST_ITEM: Final = 65_536
LONGEST_VALUE: Final = 8_192
LONGEST_NAME: Final = 150
LONGEST_MESSAGE: Final = 32_768

_TABLES: Final = {
    "MessageData": ("traces", "trace"),
    "RequestData": ("requests", "request"),
    "RemoteDependencyData": ("dependencies", "dependency"),
    "ExceptionData": ("exceptions", "exception"),
    "EventData": ("customEvents", "customEvent"),
    "MetricData": ("customMetrics", "customMetric"),
}
_TAGS: Final = {
    "ai.operation.id": "operation_Id",
    "ai.operation.name": "operation_Name",
    "ai.operation.parentId": "operation_ParentId",
    "ai.operation.syntheticSource": "operation_SyntheticSource",
    "ai.cloud.role": "cloud_RoleName",
    "ai.cloud.roleInstance": "cloud_RoleInstance",
    "ai.application.ver": "application_Version",
    "ai.device.type": "client_Type",
    "ai.device.model": "client_Model",
    "ai.device.osVersion": "client_OS",
    "ai.internal.sdkVersion": "sdkVersion",
    "ai.session.id": "session_Id",
    "ai.user.id": "user_Id",
    "ai.user.authUserId": "user_AuthenticatedId",
    "ai.user.accountId": "user_AccountId",
}
_SPAN: Final = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(\.\d{1,7})?")
_BUCKET_ENDS: Final = (250, 500, 1000, 3000, 7000, 15_000, 30_000, 60_000, 120_000, 300_000)
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

Envelope = Mapping[str, Any]


class Refused(ValueError):
    """Application Insights does not take this envelope; its text says why."""


def row_of(envelope: Envelope, *, app: str = "") -> tuple[str, dict[str, Any]]:
    """The classic table and the row. `app` is the component's name.

    Raises:
        Refused: it is none, of no known kind, or too large.
    """
    if len(json.dumps(envelope)) > LONGEST_ITEM:
        raise Refused(f"Telemetry item length must not exceed {LONGEST_ITEM}")
    try:
        kind, data = envelope["data"]["baseType"], envelope["data"]["baseData"]
        table, item = _TABLES[kind]
        common = _common(envelope, data, item)
        return table, {**common, "appName": app, **_own(table, data)}
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as wrong:
        raise Refused(f"Field cannot be read: {wrong!r}") from wrong


def milliseconds(written: str) -> float:
    """A duration as envelopes write it, `d.hh:mm:ss.fffffff`."""
    found = _SPAN.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no duration")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[:4])
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return round(whole * 1000 + float(found[5] or 0) * 1000, 4)


def _common(envelope: Envelope, data: Envelope, item: str) -> dict[str, Any]:
    tags = envelope.get("tags") or {}
    return {
        "timestamp": envelope["time"],
        "customDimensions": {name[:LONGEST_NAME]: _text(each) for name, each in _bag(data, "properties").items()},
        "customMeasurements": dict(_bag(data, "measurements")),
        **{column: tags[tag] for tag, column in _TAGS.items() if tag in tags},
        "client_IP": "0.0.0.0",  # masked, unless a component is told to keep it
        "iKey": envelope["iKey"],
        "itemId": str(uuid.uuid4()),
        "itemType": item,
        "itemCount": round(100 / float(envelope.get("sampleRate") or 100)),
    }


def _bag(data: Envelope, name: str) -> Mapping[str, Any]:
    return data.get(name) or {}


def _text(value: object) -> str:
    """A property as customDimensions shows it: text, whatever was sent."""
    if isinstance(value, bool):
        value = str(value)
    return (value if isinstance(value, str) else json.dumps(value))[:LONGEST_VALUE]


def _own(table: str, data: Envelope) -> dict[str, Any]:
    """The columns that are this table's own."""
    if table == "traces":
        return {"message": data["message"][:LONGEST_MESSAGE], "severityLevel": _level(data)}
    if table == "exceptions":
        return _exception(data)
    if table == "customEvents":
        return {"name": data["name"]}
    return _metric(data) if table == "customMetrics" else _call(table, data)


def _call(table: str, data: Envelope) -> dict[str, Any]:
    took = milliseconds(data["duration"])
    if table == "requests":
        own = {"url": data.get("url", ""), "source": data.get("source", ""), "resultCode": str(data["responseCode"])}
    else:
        own = {name: data.get(name, "") for name in ("data", "target", "type")}
        own["resultCode"] = str(data.get("resultCode", ""))
    return {
        "id": data["id"],
        "name": data.get("name", ""),
        "success": str(data.get("success", True)),  # text in the classic tables
        "duration": took,
        "performanceBucket": _BUCKETS[bisect_right(_BUCKET_ENDS, took)],
        **own,
    }


def _exception(data: Envelope) -> dict[str, Any]:
    chain = data["exceptions"]
    outer, inner = chain[0], chain[-1]
    method = _method(outer)
    return {
        "problemId": f"{outer['typeName']} at {method}" if method else outer["typeName"],
        "type": outer["typeName"],
        "method": method,
        "outerType": outer["typeName"],
        "outerMessage": outer["message"][:LONGEST_MESSAGE],
        "outerMethod": method,
        "innermostType": inner["typeName"],
        "innermostMessage": inner["message"][:LONGEST_MESSAGE],
        "innermostMethod": _method(inner),
        "severityLevel": _level(data),
        "details": [_detail(each) for each in chain],
    }


def _detail(exception: Envelope) -> dict[str, Any]:
    return {
        "id": str(exception.get("id", 0)),
        "outerId": str(exception.get("outerId") or 0),
        "type": exception["typeName"],
        "message": exception["message"][:LONGEST_MESSAGE],
        "parsedStack": exception.get("parsedStack") or [],
        "rawStack": exception.get("stack") or "",
    }


def _method(exception: Envelope) -> str:
    frames = exception.get("parsedStack") or []
    return next((str(frame.get("method", "")) for frame in frames if frame.get("level") == 0), "")


def _metric(data: Envelope) -> dict[str, Any]:
    metric = data["metrics"][0]
    value = float(metric["value"])
    return {
        "name": metric["name"],
        "value": value,
        "valueSum": value,
        "valueCount": metric.get("count") or 1,
        "valueMin": metric.get("min", value),
        "valueMax": metric.get("max", value),
        "valueStdDev": metric.get("stdDev") or 0.0,
    }


def _level(data: Envelope) -> int | None:
    """0 for verbose to 4 for critical; some exporters send it as text."""
    level = data.get("severityLevel")
    return None if level is None else int(level)
