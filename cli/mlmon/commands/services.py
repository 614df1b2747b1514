"""Services: status."""

from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import ServicesArgument
from mlmon.core.model import Value
from mlmon.output.results import Faces, Field, Result, Row, Rows
from mlmon.session import Session

_STATUS: Final = (
    Field("service"),
    Field("kind", optional=True),
    Field("generation", optional=True),
    Field("state", optional=True),
    Field("collection", kind="flag"),
    Field("insights", kind="flag"),
    Field("newest_data", header="newest data", kind="time"),
    Field("requests", header="requests 24h", kind="number"),
    Field("failed", kind="number"),
)
_STATUS_FULL: Final = (*_STATUS, Field("collections", kind="json"))


@command(
    "status",
    Group.SERVICES,
    rows=True,
    examples=["mlmon status", "mlmon status diabetes -o json", "mlmon status --settings"],
)
def status(
    session: Session,
    *,
    services: ServicesArgument = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="Show each setting and where its value came from, and nothing else.")
    ] = False,
) -> Result:
    """Show services: their switches, newest collected data, and requests of the last day."""
    if settings:
        fields = (Field("setting"), Field("value"), Field("origin"))
        known = (
            {"setting": one.name, "value": one.value or None, "origin": one.origin} for one in session.settings.all()
        )
        return Rows(fields, known, empty="nothing is set anywhere")

    from mlmon.monitoring.status import status as status_of

    workspace = session.connect()
    chosen = [session.service(workspace, name) for name in services] if services else workspace.services.list()
    found = status_of(workspace, chosen, now=session.now)
    rows: list[Row] = [
        {
            "service": str(one.service.name),
            "kind": str(one.service.kind),
            "generation": str(one.service.generation),
            "state": one.service.state,
            "collection": one.service.collection,
            "collections": [
                {"name": each.name, "enabled": each.enabled, "sampling_rate": each.sampling_rate}
                for each in one.service.collections
            ],
            "insights": one.service.insights,
            "newest_data": one.newest.start if one.newest else None,
            "requests": one.counts.requests,
            "failed": one.counts.failed,
        }
        for one in found
    ]
    empty = f"{workspace.name} has no services; {session.empty_hint}"
    readable = [
        {
            **row,
            "collection": "partly" if _partly(row["collections"]) else row["collection"],
            "newest_data": one.newest.stretch if one.newest else None,
        }
        for row, one in zip(rows, found, strict=True)
    ]
    return Faces(people=Rows(_STATUS, readable, empty=empty), machines=Rows(_STATUS_FULL, rows, empty=empty))


def _partly(collections: Value) -> bool:
    """Whether some v2 collections are on and some are off."""
    return isinstance(collections, list) and len({one["enabled"] for one in collections if isinstance(one, dict)}) > 1
