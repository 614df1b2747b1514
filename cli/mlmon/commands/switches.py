"""The switches: data collection and Application Insights, on and off."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlmon.commands.command import Group, command
from mlmon.commands.options import (
    AllOption,
    CollectionOption,
    DryRunOption,
    SamplingRateOption,
    ServiceArgument,
    YesOption,
)
from mlmon.core.errors import Code, ExitCode, Failure, UsageError
from mlmon.core.model import Switch, SwitchRequest
from mlmon.output.results import Change, Faces, Field, Result, Row, Rows
from mlmon.output.text import field_changes
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.monitoring.switching import SwitchStep


@command(
    "enable-collection",
    Group.SERVICES,
    examples=[
        "mlmon enable-collection",
        "mlmon enable-collection diabetes --yes",
        "mlmon enable-collection diabetes-v2/blue --collection model_inputs --sampling-rate 0.5 --yes",
    ],
)
def enable_collection(
    session: Session,
    *,
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


@command(
    "disable-collection",
    Group.SERVICES,
    examples=["mlmon disable-collection", "mlmon disable-collection --all --dry-run"],
)
def disable_collection(
    session: Session,
    *,
    service: ServiceArgument = None,
    collection: CollectionOption = None,
    every: AllOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> Result:
    """Stop collecting the model data of a service; what was collected stays."""
    request = SwitchRequest(Switch.COLLECTION, False, tuple(collection or ()))
    return _switch(session, service, request, every=every, dry_run=dry_run, yes=yes)


@command("enable-insights", Group.SERVICES, examples=["mlmon enable-insights", "mlmon enable-insights diabetes --yes"])
def enable_insights(
    session: Session,
    *,
    service: ServiceArgument = None,
    every: AllOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> Result:
    """Send requests, traces and exceptions of a service to Application Insights."""
    return _switch(session, service, SwitchRequest(Switch.INSIGHTS, True), every=every, dry_run=dry_run, yes=yes)


@command("disable-insights", Group.SERVICES, examples=["mlmon disable-insights", "mlmon disable-insights --all --yes"])
def disable_insights(
    session: Session,
    *,
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
        changes = "".join(f"{step.service}:\n{field_changes(step.changes)}" for step in pending)
        session.terminal.note(changes.rstrip(), level="warning" if session.terminal.quiet else "info")
        if not session.terminal.confirm(f"Change {', '.join(str(step.service) for step in pending)}?"):
            raise Failure("nothing changed", code=Code.DECLINED)
    if not dry_run:
        steps = [switching.apply(workspace.services, step) for step in steps]
    if every:
        return _outcomes(steps, request, dry_run=dry_run)
    switching.raise_if_failed(steps)
    [step] = steps
    return Change(
        str(step.service),
        str(request.switch),
        sentence=_sentence(step, request, dry_run=dry_run),
        changes=step.changes,
        changed=step.changed,
        dry_run=dry_run,
    )


def _sentence(step: "SwitchStep", request: SwitchRequest, *, dry_run: bool) -> str:
    state = "on" if request.on else "off"
    if not step.changes:
        return f"{request.switch} of {step.service} is already {state}"
    return f"{request.switch} of {step.service} {'would be switched' if dry_run else 'is now'} {state}"


_OUTCOMES = (
    Field("service"),
    Field("switch"),
    Field("changed"),
    Field("changes", kind="json"),
    Field("error", optional=True),
)


def _outcomes(steps: "Sequence[SwitchStep]", request: SwitchRequest, *, dry_run: bool) -> Faces:
    failed = sum(step.error is not None for step in steps)
    rows: list[Row] = [
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
    caption = f"{sum(step.changed for step in steps)} of {len(steps)} changed" + (
        f", {failed} failed" if failed else ""
    )
    if dry_run:
        caption = f"{sum(bool(step.changes) for step in steps)} of {len(steps)} would change"
    empty = "there are no services"
    readable = [
        {**row, "changes": field_changes(step.changes).strip().replace("\n", ", ") or None}
        for row, step in zip(rows, steps, strict=True)
    ]
    return Faces(
        people=Rows(_OUTCOMES, readable, empty=empty, caption=caption),
        machines=Rows(_OUTCOMES, rows, empty=empty),
        exit_code=code,
    )
