"""What is monitored and how it is doing, for many services at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlmon.collected.layout import CollectedBlob
from mlmon.collected.newest import newest
from mlmon.core.model import RequestCounts, Service
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A service, the requests of the last day, and its newest collected blob (None: none yet)."""

    service: Service
    counts: RequestCounts
    newest: CollectedBlob | None


def status(workspace: Workspace, services: Sequence[Service], *, now: datetime) -> list[ServiceStatus]:
    """The state of these services, in their order. Counts cover the 24 hours before `now`."""
    now = now.astimezone(UTC)
    counts = workspace.telemetry.request_counts(TimeRange(now - timedelta(days=1), now + timedelta(microseconds=1)))
    return [
        ServiceStatus(
            service=service,
            counts=counts.get(service.name, RequestCounts(0, 0)),
            newest=newest(workspace.blobs, service.name),
        )
        for service in services
    ]
