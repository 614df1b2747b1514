"""Services: status."""

from typing import Annotated, Final

import typer

from mlmon.commands.command import command
from mlmon.commands.options import ServicesArgument
from mlmon.core.model import Service
from mlmon.output.results import Field, Result, Rows
from mlmon.session import Session

_STATUS: Final = (
    Field("service"),
    Field("kind"),
    Field("generation"),
    Field("state"),
    Field("collection"),
    Field("insights"),
    Field("newest_data", header="newest data", kind="time"),
    Field("requests", header="requests 24 h", kind="number"),
    Field("failed", header="failed 24 h", kind="number"),
)


@command("status", examples=["mlmon status", "mlmon status diabetes -o json", "mlmon status --settings"])
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
        known = ({"setting": one.name, "value": one.value, "origin": one.origin} for one in session.settings.all())
        return Rows(fields, known, empty="nothing is set anywhere")

    from mlmon.monitoring.status import status as status_of

    workspace = session.connect()
    chosen = [session.service(workspace, name) for name in services] if services else workspace.services.list()
    rows = (
        {
            "service": str(one.service.name),
            "kind": str(one.service.kind),
            "generation": str(one.service.generation),
            "state": one.service.state,
            "collection": _switches(one.service),
            "insights": "on" if one.service.insights else "off",
            "newest_data": one.newest_data,
            "requests": one.counts.requests,
            "failed": one.counts.failed,
        }
        for one in status_of(workspace, chosen, now=session.now)
    )
    return Rows(_STATUS, rows, empty=f"{workspace.name} has no services; mlmon serve score.py --name NAME adds one")


def _switches(service: Service) -> str:
    """`on` or `off`; `partly` when only some v2 collections are on."""
    states = {collection.enabled for collection in service.collections}
    return "partly" if len(states) == 2 else "on" if service.collection else "off"
