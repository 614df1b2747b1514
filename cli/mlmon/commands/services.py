"""Services: status."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import ServicesArgument
from mlmon.core.errors import ExitCode
from mlmon.core.model import Service, Value
from mlmon.core.ports import Workspace
from mlmon.output.results import Faces, Field, Result, Row, Rows
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.monitoring.status import Report, ServiceStatus

UNKNOWN: Final = "?"
"""What people see in place of what could not be found out."""
_STATE: Final = Field("state", optional=True)
_INSIGHTS: Final = Field("insights", kind="flag")
_STATUS: Final = (
    Field("service"),
    Field("kind", optional=True),
    Field("generation", optional=True),
    _STATE,
    Field("collection", kind="flag"),
    _INSIGHTS,
    Field("newest_data", header="newest data", kind="time"),
    Field("requests", header="requests 24h", kind="number"),
    Field("failed", kind="number"),
)
_AS_IT_SHOULD: Final = frozenset({"Succeeded", "Healthy"})
"""The states that need no word."""
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
    with session.terminal.progress(f"Looking at {workspace.name}", total=None, unit="services") as bar:
        report = status_of(
            workspace,
            now=session.now,
            choose=lambda listed: _chosen(session, workspace, names=services, listed=listed),
            done=lambda: bar.advance(1),
        )
    _say(session, report)
    rows = [_row(one) for one in report.services]
    empty = f"{workspace.name} has no services; {session.empty_hint}"
    readable = [_readable(row, one) for row, one in zip(rows, report.services, strict=True)]
    code = ExitCode.DONE if report.complete else ExitCode.PARTIAL
    people, machines = Rows(_columns(report), readable, empty=empty), Rows(_STATUS_FULL, rows, empty=empty)
    return Faces(people=people, machines=machines, exit_code=code)


def _chosen(
    session: Session, workspace: Workspace, *, names: Sequence[str] | None, listed: Sequence[Service]
) -> Sequence[Service]:
    """The services that were named, in that order, else all. An endpoint alone names all its deployments: nothing is
    changed here, so nobody has to say which."""
    if not names:
        return listed
    known = {str(service.name): [service] for service in listed}
    for service in listed:
        if service.name.deployment and service.name.endpoint not in known:
            known[service.name.endpoint] = [each for each in listed if each.name.endpoint == service.name.endpoint]
    chosen = [service for name in names for service in known.get(name) or [session.service(workspace, name)]]
    return list(dict.fromkeys(chosen))


def _columns(report: "Report") -> tuple[Field, ...]:
    """On a narrow terminal a state that is not as it should be is worth more than whether Insights is on."""
    if all(one.service.state in _AS_IT_SHOULD for one in report.services):
        return _STATUS
    kept = {"state": replace(_STATE, optional=False), "insights": replace(_INSIGHTS, optional=True, dear=True)}
    return tuple(kept.get(field.key, field) for field in _STATUS)


def _say(session: Session, report: "Report") -> None:
    """A warning for whatever could not be had, and what it means for the table."""
    for sentence in report.ended:
        session.terminal.note(sentence)
    for sentence in report.unseen:
        session.terminal.note(sentence, level="warning")
    for trouble in report.troubles:
        whose = f" of {', '.join(map(str, trouble.services))}" if trouble.services else ""
        said = "; ".join([trouble.error.message, *trouble.error.hint.splitlines()])
        session.terminal.note(f"{trouble.what}{whose} not known: {said}", level="warning")
    for service, role in report.nobodys:
        session.terminal.note(f"requests of no service here: {service or role or 'without a name'}", level="debug")


def _row(one: "ServiceStatus") -> dict[str, Value]:
    service = one.service
    return {
        "service": str(service.name),
        "kind": str(service.kind),
        "generation": str(service.generation),
        "state": service.state,
        "collection": service.collection,
        "collections": [
            {"name": each.name, "enabled": each.enabled, "sampling_rate": each.sampling_rate}
            for each in service.collections
        ],
        "insights": service.insights,
        "newest_data": one.newest.start if one.newest else None,
        "requests": one.counts.requests if one.counts else None,
        "failed": one.counts.failed if one.counts else None,
    }


def _readable(row: Mapping[str, Value], one: "ServiceStatus") -> Row:
    """The row as people see it, with a mark where what is there could not be found out."""
    return {
        **row,
        "collection": "partly" if _partly(row["collections"]) else row["collection"],
        "newest_data": UNKNOWN if one.newest_failed else one.newest.stretch if one.newest else None,
        "requests": row["requests"] if one.counts else UNKNOWN,
        "failed": row["failed"] if one.counts else UNKNOWN,
    }


def _partly(collections: Value) -> bool:
    """Whether some v2 collections are on and some are off."""
    return isinstance(collections, list) and len({one["enabled"] for one in collections if isinstance(one, dict)}) > 1
