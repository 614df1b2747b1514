"""Services: status, the switches, serving a script and sending it rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlmon.commands.command import command
from mlmon.commands.options import (
    AllOption,
    CollectionOption,
    DryRunOption,
    SamplingRateOption,
    ServiceArgument,
    ServicesArgument,
    YesOption,
    one_of,
)
from mlmon.core.errors import ExitCode, Failure, NotFound, UsageError
from mlmon.core.model import Response, Service, ServiceName, Switch, SwitchRequest
from mlmon.output.results import Change, Field, Nothing, Record, Result, Rows, Summary, describe
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.monitoring.switching import SwitchStep

_STATUS = (
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


@command(
    "enable-collection",
    examples=[
        "mlmon enable-collection",
        "mlmon enable-collection diabetes --yes",
        "mlmon enable-collection diabetes-v2/blue --collection model_inputs --sampling-rate 0.5 --yes",
    ],
)
def enable_collection(
    session: Session,
    service: ServiceArgument = None,
    collection: CollectionOption = None,
    sampling_rate: SamplingRateOption = None,
    every: AllOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> Result:
    """Collect the model data of a service.

    A v1 service has one switch for all its designations. On a v2 service this switches model_inputs and
    model_outputs, or the collections named.
    """
    request = SwitchRequest(Switch.COLLECTION, True, tuple(collection or ()), sampling_rate)
    return _switch(session, service, request, every=every, dry_run=dry_run, yes=yes)


@command("disable-collection", examples=["mlmon disable-collection", "mlmon disable-collection --all --dry-run"])
def disable_collection(
    session: Session,
    service: ServiceArgument = None,
    collection: CollectionOption = None,
    every: AllOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> Result:
    """Stop collecting the model data of a service; what was collected stays."""
    request = SwitchRequest(Switch.COLLECTION, False, tuple(collection or ()))
    return _switch(session, service, request, every=every, dry_run=dry_run, yes=yes)


@command("enable-insights", examples=["mlmon enable-insights", "mlmon enable-insights diabetes --yes"])
def enable_insights(
    session: Session,
    service: ServiceArgument = None,
    every: AllOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> Result:
    """Send requests, traces and exceptions of a service to Application Insights."""
    return _switch(session, service, SwitchRequest(Switch.INSIGHTS, True), every=every, dry_run=dry_run, yes=yes)


@command("disable-insights", examples=["mlmon disable-insights", "mlmon disable-insights --all --yes"])
def disable_insights(
    session: Session,
    service: ServiceArgument = None,
    every: AllOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> Result:
    """Stop sending telemetry of a service to Application Insights; what was sent stays."""
    return _switch(session, service, SwitchRequest(Switch.INSIGHTS, False), every=every, dry_run=dry_run, yes=yes)


def _switch(
    session: Session, name: str | None, request: SwitchRequest, *, every: bool, dry_run: bool, yes: bool
) -> Result:
    """Plan, show, ask, apply: what every switch does."""
    from mlmon.monitoring import switching

    if every and name:
        raise UsageError("--all and a service's name cannot be combined", hint="leave one of them out")
    workspace = session.connect()
    services = workspace.services.list() if every else [session.service(workspace, name)]
    steps = [switching.plan(workspace.services, service.name, request) for service in services]
    if not every:
        switching.raise_if_failed(steps)
    pending = [step for step in steps if step.changes]
    if pending and not dry_run and not yes:
        for step in pending:
            for change in step.changes:
                session.terminal.note(f"{step.service}: {describe(change)}")
        if not session.terminal.confirm(f"Change {', '.join(str(step.service) for step in pending)}?"):
            raise Failure("nothing changed", code="declined")
    if not dry_run:
        steps = [switching.apply(workspace.services, step) for step in steps]
    if every:
        return _outcomes(steps, request, dry_run=dry_run)
    switching.raise_if_failed(steps)
    [step] = steps
    return Change(str(step.service), str(request.switch), step.changes, changed=step.changed, dry_run=dry_run)


_OUTCOMES = (
    Field("service"),
    Field("switch"),
    Field("changed", kind="flag"),
    Field("changes", kind="json"),
    Field("error", optional=True),
)


def _outcomes(steps: Sequence[SwitchStep], request: SwitchRequest, *, dry_run: bool) -> Rows:
    failed = sum(step.error is not None for step in steps)
    rows = [
        {
            "service": str(step.service),
            "switch": str(request.switch),
            "changed": step.changed,
            "changes": [{"field": one.field, "before": one.before, "after": one.after} for one in step.changes],
            "error": step.error.message if step.error else None,
        }
        for step in steps
    ]
    code = ExitCode.PARTIAL if failed else ExitCode.DONE
    caption = f"{sum(step.changed for step in steps)} of {len(steps)} changed" + (f", {failed} failed" if failed else "")
    if dry_run:
        caption = f"{sum(bool(step.changes) for step in steps)} of {len(steps)} would change"
    return Rows(_OUTCOMES, rows, empty="there are no services", exit_code=code, caption=caption)


@command(
    "serve",
    examples=["mlmon serve score.py --name diabetes --kind v1", "mlmon serve score.py --name ep/blue --port 5001"],
)
def serve(
    session: Session,
    script: Annotated[Path, typer.Argument(metavar="SCRIPT", help="A scoring script with init() and run(raw_data).")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Its service name: NAME, or ENDPOINT/DEPLOYMENT.")],
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="v1|v2",
            parser=one_of(("v1", "v2"), "a kind of service"),
            help="v1 web service or v2 deployment. Default: v2 when the name has a slash.",
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="PATH", help="The model file or folder. Default: beside the script."),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port on 127.0.0.1; 0 takes any free one.")
    ] = 5001,
) -> Result:
    """Serve a scoring script on this machine, as Azure ML would.

    Requests go to POST /score. Its switches decide what is collected and sent, and act at once.
    """
    if not session.path(script).is_file():
        raise NotFound(f"there is no file {script}", hint="name a Python file with init() and run(raw_data)")
    server = session.embedded().serve(
        session.path(script), name=_named(name, kind), port=port, model=session.path(model) if model else None
    )
    session.terminal.note(f"serving {name} on {server.address}/score, Ctrl-C stops")
    server.serve_forever()
    return Nothing()


def _named(name: str, kind: str | None) -> ServiceName:
    """The service's name; a v2 kind without a deployment gets Azure's customary one."""
    service = ServiceName.parse(name if kind != "v2" or "/" in name else f"{name}/blue")
    if kind == "v1" and service.deployment:
        raise UsageError(f"{name!r} is a v2 name", hint="a v1 web service has no slash in its name; or --kind v2")
    return service


@command(
    "invoke",
    examples=["mlmon invoke diabetes --data rows.json", "echo '{\"data\": [[1, 2]]}' | mlmon invoke ep/blue --data -"],
)
def invoke(
    session: Session,
    service: ServiceArgument = None,
    data: Annotated[
        str, typer.Option("--data", metavar="FILE", help='JSON to send, like {"data": [[…], …]}; - reads stdin.')
    ] = "-",
) -> Result:
    """Send rows to a service and print its answer.

    Uses the server that `mlmon serve` runs for it; without one the script is run here, once.
    """
    workspace = session.connect()
    found = session.service(workspace, service)
    response = workspace.scoring.invoke(found.name, session.read_text(data))
    return _answer(str(found.name), response)


def _answer(service: str, response: Response) -> Result:
    import json

    try:
        answer = json.loads(response.body)
    except ValueError:
        answer = response.body
    values = {
        "service": service,
        "status": response.status,
        "request_id": response.request_id,
        "duration_ms": round(response.duration.total_seconds() * 1000, 3),
        "answer": answer,
    }
    kinds = {"status": "number", "duration_ms": "number", "answer": "json"}
    record = Record(
        tuple(Field(key, kind=kinds.get(key, "text")) for key in values),
        values,
        exit_code=ExitCode.DONE if response.status < 400 else ExitCode.FAILURE,
    )
    return Summary(response.body, record)
