"""The switches: data collection and Application Insights, on and off."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from mlmon.commands.command import Group, command
from mlmon.commands.options import (
    AllOption,
    CollectionOption,
    DryRunOption,
    NoWaitOption,
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
    from mlmon.core.ports import Workspace
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
    no_wait: NoWaitOption = False,
) -> Result:
    """Collect the model data of a service.

    A v1 service has one switch for all its designations. On a v2 service this switches model_inputs and
    model_outputs, or the collections named.
    """
    request = SwitchRequest(Switch.COLLECTION, True, tuple(collection or ()), sampling_rate)
    return _switch(session, service, request, every=every, dry_run=dry_run, yes=yes, wait=not no_wait)


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
    no_wait: NoWaitOption = False,
) -> Result:
    """Stop collecting the model data of a service; what was collected stays."""
    request = SwitchRequest(Switch.COLLECTION, False, tuple(collection or ()))
    return _switch(session, service, request, every=every, dry_run=dry_run, yes=yes, wait=not no_wait)


@command("enable-insights", Group.SERVICES, examples=["mlmon enable-insights", "mlmon enable-insights diabetes --yes"])
def enable_insights(
    session: Session,
    *,
    service: ServiceArgument = None,
    every: AllOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_wait: NoWaitOption = False,
) -> Result:
    """Send requests, traces and exceptions of a service to Application Insights."""
    return _switch(
        session, service, SwitchRequest(Switch.INSIGHTS, True), every=every, dry_run=dry_run, yes=yes, wait=not no_wait
    )


@command("disable-insights", Group.SERVICES, examples=["mlmon disable-insights", "mlmon disable-insights --all --yes"])
def disable_insights(
    session: Session,
    *,
    service: ServiceArgument = None,
    every: AllOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    no_wait: NoWaitOption = False,
) -> Result:
    """Stop sending telemetry of a service to Application Insights; what was sent stays."""
    return _switch(
        session, service, SwitchRequest(Switch.INSIGHTS, False), every=every, dry_run=dry_run, yes=yes, wait=not no_wait
    )


def _switch(
    session: Session, name: str | None, request: SwitchRequest, *, every: bool, dry_run: bool, yes: bool, wait: bool
) -> Result:
    """Plan, show, ask, apply: what every switch does."""
    from mlmon.monitoring import switching

    if every and name:
        raise UsageError("--all and a service's name cannot be combined", hint="leave one of them out")
    workspace = session.connect()
    steps, unseen = _planned(session, workspace, name, request, every=every)
    switching.raise_if_all_skipped(steps)
    _say_notes(session, steps)
    _ask(session, [step for step in steps if step.changes and not dry_run and not yes])
    if not dry_run and every:
        with _progress(session, steps, request, wait=wait) as ended:
            steps = switching.apply_all(workspace.services, steps, wait=wait, ended=ended)
    elif not dry_run:
        with session.terminal.progress(
            f"{steps[0].service}: waiting for Azure", total=None, unit="seconds", ticking=True
        ):
            steps = [switching.apply(workspace.services, step, wait=wait) for step in steps]
    if every:
        return _outcomes(steps, request, dry_run=dry_run, wait=wait, unseen=unseen)
    switching.raise_if_failed(steps)
    [step] = steps
    return Change(
        str(step.service),
        str(request.switch),
        sentence=_sentence(step, request, dry_run=dry_run, wait=wait),
        changes=step.changes,
        changed=step.changed,
        dry_run=dry_run,
    )


def _planned(
    session: Session, workspace: "Workspace", name: str | None, request: SwitchRequest, *, every: bool
) -> "tuple[Sequence[SwitchStep], int]":
    """What the request means for each service it is about, and how much of the workspace could not be seen.

    What makes it impossible for the one service that was named is raised.
    """
    from mlmon.monitoring import switching

    if not every:
        step = switching.plan(workspace.services, session.service(workspace, name).name, request)
        switching.raise_if_failed([step])
        return [step], 0
    names = [service.name for service in workspace.services.list()]
    unseen = workspace.services.unseen
    for sentence in workspace.services.ended:
        session.terminal.note(sentence)
    for sentence in unseen:
        session.terminal.note(sentence, level="warning")
    return switching.plan_all(workspace.services, names, request), len(unseen)


def _say_notes(session: Session, steps: "Sequence[SwitchStep]") -> None:
    """What a person should know of each plan; what holds for several is said once."""
    concerned: dict[str, list[str]] = {}
    for step in steps:
        for note in step.plan.notes if step.plan else ():
            concerned.setdefault(note, []).append(str(step.service))
    for note, names in concerned.items():
        session.terminal.note(f"{', '.join(names)}: {note}")


def _ask(session: Session, pending: "Sequence[SwitchStep]") -> None:
    """Show what would change and ask. Raises `Failure` when the answer is no."""
    if not pending:
        return
    changes = "".join(f"{step.service}:\n{field_changes(step.changes)}" for step in pending)
    session.terminal.note(changes.rstrip(), level="warning" if session.terminal.quiet else "info")
    if not session.terminal.confirm(f"Change {', '.join(str(step.service) for step in pending)}?"):
        raise Failure("nothing changed", code=Code.DECLINED)


@contextmanager
def _progress(
    session: Session, steps: "Sequence[SwitchStep]", request: SwitchRequest, *, wait: bool
) -> "Iterator[Callable[[SwitchStep], None]]":
    """On a terminal a line for each service as it ends, and a bar; elsewhere a line now and then."""
    pending = sum(bool(step.changes) for step in steps)
    if not pending:
        yield lambda _: None
        return
    lock = Lock()
    with session.terminal.progress("Switching", total=pending, unit="services", ticking=True) as bar:

        def ended(step: "SwitchStep") -> None:
            sentence = step.error.message if step.error else _sentence(step, request, dry_run=False, wait=wait)
            with lock:
                if session.terminal.stderr.is_terminal:  # elsewhere the table at the end says it
                    session.terminal.note(f"{step.service}: {sentence}" if step.error else sentence)
                bar.advance(1)

        yield ended


def _sentence(step: "SwitchStep", request: SwitchRequest, *, dry_run: bool, wait: bool) -> str:
    from mlmon.monitoring.planning import named_collections

    state = "on" if request.on else "off"
    named = named_collections(step.plan.service, request) if step.plan else ()
    several = len(named) > 1
    what = " ".join(filter(None, (f"{request.switch}{'s' if several else ''}", ", ".join(named))))
    is_ = "are" if several else "is"
    subject = f"{what} of {step.service}"
    if not step.changes:
        return f"{subject} {is_} already {state}"
    if dry_run:
        return f"{subject} would be switched {state}"
    return f"{subject} {is_} now {state}" if wait else f"{subject} {is_} being switched {state}, and not waited for"


def _status(step: "SwitchStep", *, dry_run: bool) -> str:
    if step.error:
        return "skipped" if step.skipped else "failed"
    if not step.changes:
        return "unchanged"
    return "planned" if dry_run else "changed"


def _details(step: "SwitchStep") -> str | None:
    """Why nothing came of it, else what changes."""
    if step.error:
        return step.error.message
    return field_changes(step.changes).strip().replace("\n", ", ") or None


_OUTCOMES = (
    Field("service"),
    Field("switch"),
    Field("status"),
    Field("changed"),
    Field("changes", kind="json"),
    Field("skipped"),
    Field("error"),
)
_READABLE = (Field("service"), Field("status"), Field("details"))


def _outcomes(
    steps: "Sequence[SwitchStep]", request: SwitchRequest, *, dry_run: bool, wait: bool, unseen: int
) -> Faces:
    failed, skipped = sum(step.failed for step in steps), sum(step.skipped for step in steps)
    rows: list[Row] = [
        {
            "service": str(step.service),
            "switch": str(request.switch),
            "status": _status(step, dry_run=dry_run),
            "changed": step.changed,
            "changes": [{"field": one.field, "before": one.before, "after": one.after} for one in step.changes],
            "skipped": step.error.message if step.error and step.skipped else None,
            "error": step.error.message if step.error and step.failed else None,
        }
        for step in steps
    ]
    code = ExitCode.PARTIAL if failed or unseen else ExitCode.DONE
    done = sum(step.changed for step in steps)
    caption = f"{done} of {len(steps)} {'changed' if wait else 'being changed'}"
    if dry_run:
        caption = f"{sum(bool(step.changes) for step in steps)} of {len(steps)} would change"
    caption += f", {skipped} skipped" if skipped else ""
    caption += f", {failed} failed" if failed else ""
    empty = "there are no services"
    readable: list[Row] = [
        {"service": row["service"], "status": row["status"], "details": _details(step)}
        for row, step in zip(rows, steps, strict=True)
    ]
    return Faces(
        people=Rows(_READABLE, readable, empty=empty, caption=caption),
        machines=Rows(_OUTCOMES, rows, empty=empty),
        exit_code=code,
    )
