"""Rows as either inference server writes them, and what mlmon's own queries must say of them, computed without KQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from kql.rows import NOW, Rows
from mlmon.kql.schema import WORKSPACE_COLUMNS, WORKSPACE_TABLES

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Request:
    """What really happened."""

    when: datetime
    service: str
    code: int
    ms: float
    weight: int
    server: str
    id: str

    def row(self) -> dict[str, Any]:
        """The row of a server that says it (`plain`), or of one of the two that do not."""
        bag = {
            "Service Name": self.service if self.server != "plain" else "",
            "resultCode": str(self.code),
            "success": str(self.code < 400),
            "duration": _span(self.ms),
            "name": "POST /score",
        }
        true = {
            "success": str(self.code < 400),
            "resultCode": str(self.code),
            "duration": self.ms,
            "name": "POST /score",
        }
        wrong = {"success": "True", "resultCode": "0"}
        said = {
            "plain": true,
            "1.3.4": {**true, **wrong, "name": ""},
            "1.5.1": {**true, **wrong, "duration": 0},
        }[self.server]
        role = self.service if self.server == "plain" else "container"
        return {
            "timestamp": _text(self.when),
            **said,
            "id": self.id,
            "operation_Id": f"op-{self.id}",
            "cloud_RoleName": role,
            "customDimensions": bag if self.server != "plain" else {},
            "itemCount": self.weight,
        }


def requests() -> Iterator[Request]:
    """Over five days, three servers, of which every fourth request fails."""
    for at in range(240):
        yield Request(
            when=NOW - timedelta(minutes=30 * at + 7, microseconds=at),
            service=f"service-{at % 2}",
            code=(200, 200, 404, 500)[at % 4] if at % 3 else 200,
            ms=float(1 + (at * 37) % 997),
            weight=1 + at % 2,
            server=("plain", "1.3.4", "1.5.1")[at % 3],
            id=f"r{at:03}",
        )


REQUESTS = tuple(requests())
EXCEPTIONS: tuple[tuple[datetime, str, str, int], ...] = tuple(
    (NOW - timedelta(hours=3 * at, minutes=1), ("ValueError", "KeyError")[at % 3 == 0], f"service-{at % 2}", 1 + at % 2)
    for at in range(40)
)
TRACES: tuple[tuple[datetime, str, str], ...] = tuple(
    (NOW - timedelta(hours=2 * at, minutes=1), ("v1", "v2", "1.3.4", "1.5.1")[at % 4], "x" * (10 + 300 * at))
    for at in range(60)
)


def trace_row(trace: tuple[datetime, str, str]) -> dict[str, Any]:
    """One payload in the place where each server puts it, cut as Application Insights cuts it."""
    when, server, payload = trace
    cut = payload[:8192]
    placed: dict[str, dict[str, Any]] = {
        "v1": {"message": "STDOUT", "customDimensions": {"Content": cut}},
        "v2": {"message": payload[:32768], "customDimensions": {}},
        "1.3.4": {"message": "model_data_collection", "customDimensions": {"Input": cut, "Prediction": "[1]"}},
        "1.5.1": {"message": "model_data_collection", "customDimensions": {"custom_dimensions": cut}},
    }
    return {"timestamp": _text(when), "cloud_RoleName": server, **placed[server]}


def _trace_length(trace: tuple[datetime, str, str]) -> tuple[int, bool]:
    _, server, payload = trace
    if server == "v2":
        return min(len(payload), 32768), len(payload) >= 32768
    return min(len(payload), 8192) + 3 * (server == "1.3.4"), len(payload) >= 8192


def exception_row(one: tuple[datetime, str, str, int]) -> dict[str, Any]:
    when, kind, service, weight = one
    return {
        "timestamp": _text(when),
        "type": kind,
        "outerMessage": f"a {kind}",
        "cloud_RoleName": service,
        "customDimensions": {},
        "itemCount": weight,
    }


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """The rows of each classic table."""
    return {
        "requests": [one.row() for one in REQUESTS],
        "exceptions": [exception_row(one) for one in EXCEPTIONS],
        "traces": [trace_row(one) for one in TRACES],
    }


def written(rows: Rows) -> None:
    """The rows under both names; in the workspace stand those of another component too."""
    for table, known in all_rows().items():
        rows.write(table, known)
        names = WORKSPACE_COLUMNS[table]
        renamed = [{str(names[key]): value for key, value in row.items()} for row in known]
        for row in renamed:
            if "Success" in row:
                row["Success"] = row["Success"] == "True"
        both = [{"_ResourceId": owner, **row} for owner in ("/Mine", "/other") for row in renamed]
        rows.write(WORKSPACE_TABLES[table], both)


def answers(name: str, start: datetime, end: datetime) -> list[dict[str, object]]:
    """What a query must say of `[start, end)`."""
    return _ANSWERS[name](start, end)


def _asked(one: Request) -> dict[str, object]:
    return {
        "when": one.when,
        "service": one.service,
        "request": "POST /score",
        "code": str(one.code),
        "latencyMs": one.ms,
        "requestId": one.id,
        "operationId": f"op-{one.id}",
    }


def _failures(start: datetime, end: datetime) -> list[dict[str, object]]:
    failed = [one for one in REQUESTS if start <= one.when < end and one.code >= 400]
    return [_asked(one) for one in sorted(failed, key=lambda one: one.when, reverse=True)[:50]]


def _slowest(start: datetime, end: datetime) -> list[dict[str, object]]:
    found = [one for one in REQUESTS if start <= one.when < end]
    return [_asked(one) for one in sorted(found, key=lambda one: -one.ms)[:20]]


def _by_hour(start: datetime, end: datetime) -> list[dict[str, object]]:
    hours: dict[datetime, list[Request]] = {}
    for one in REQUESTS:
        if start <= one.when < end:
            hours.setdefault(one.when.replace(minute=0, second=0, microsecond=0), []).append(one)
    return [
        {
            "hour": hour,
            "requests": sum(one.weight for one in found),
            "failed": sum(one.weight for one in found if one.code >= 400),
            "p50Ms": _nearest_rank([one.ms for one in found], 0.5),
            "p95Ms": _nearest_rank([one.ms for one in found], 0.95),
        }
        for hour, found in sorted(hours.items())
    ]


def _exceptions(start: datetime, end: datetime) -> list[dict[str, object]]:
    found = [one for one in EXCEPTIONS if start <= one[0] < end]
    kinds = {one[1] for one in found}
    rows: list[dict[str, Any]] = [
        {
            "exceptionType": kind,
            "exceptions": sum(one[3] for one in found if one[1] == kind),
            "newest": max(one[0] for one in found if one[1] == kind),
            "services": len({one[2] for one in found if one[1] == kind}),
            "example": f"a {kind}",
        }
        for kind in kinds
    ]
    return sorted(rows, key=lambda row: (-row["exceptions"], row["exceptionType"]))


def _payloads(start: datetime, end: datetime) -> list[dict[str, object]]:
    servers: dict[str, list[tuple[int, bool]]] = {}
    for one in TRACES:
        if start <= one[0] < end:
            servers.setdefault(one[1], []).append(_trace_length(one))
    rows: list[dict[str, Any]] = []
    for server, found in servers.items():
        lengths = [length for length, _ in found]
        rows.append(
            {
                "service": server,
                "traces": len(found),
                "smallest": min(lengths),
                "mean": fmean(lengths),
                "p95": _nearest_rank(lengths, 0.95),
                "largest": max(lengths),
                "cut": sum(cut for _, cut in found),
            }
        )
    return sorted(rows, key=lambda row: (-row["largest"], row["service"]))


_ANSWERS: dict[str, Callable[[datetime, datetime], list[dict[str, object]]]] = {
    "failures": _failures,
    "slowest": _slowest,
    "requests-by-hour": _by_hour,
    "exceptions-by-type": _exceptions,
    "payload-sizes": _payloads,
}


def _nearest_rank(values: Sequence[float], share: float) -> float:
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _span(ms: float) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"00:00:{int(seconds):02}.{int(rest):03}0000"


def _text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
