"""Collected model data: ls, pull."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Annotated, Final

import typer

from mlmon.collected import layout, transfer
from mlmon.collected.fetching import Overwrite
from mlmon.collected.layout import CollectedBlob, Selection
from mlmon.collected.outcomes import Failed, Fetched, SetAside, Status
from mlmon.collected.outcomes import Result as PulledFile
from mlmon.collected.transfer import Outcome, Plan
from mlmon.commands.command import Group, command
from mlmon.commands.options import (
    CollectionOption,
    DayOption,
    FromOption,
    ModelOption,
    ModelVersionOption,
    MonthOption,
    ServiceArgument,
    ToOption,
)
from mlmon.commands.ranges import say_range
from mlmon.core.errors import ExitCode, UsageError, did_you_mean
from mlmon.core.model import BlobInfo, Generation, Service, Switch, SwitchRequest, Value
from mlmon.core.ports import Workspace
from mlmon.core.timerange import resolve
from mlmon.monitoring.planning import refuse_impossible
from mlmon.output.cells import human_bytes
from mlmon.output.controls import neutral
from mlmon.output.results import Faces, Field, Lines, Record, Result, Row, Rows
from mlmon.session import Session

_BLOB: Final = (
    Field("path"),
    Field("bytes", kind="bytes"),
    Field("day"),
    Field("collection"),
    Field("service", optional=True),
    Field("model", optional=True),
    Field("model_version", optional=True),
)
_BRIEF: Final = (
    Field("when"),
    Field("collection"),
    Field("bytes", kind="bytes"),
    Field("path", optional=True, whole=True),
)
_LISTED: Final = (*_BLOB, Field("last_modified", header="last modified", kind="time", optional=True))
_PULLED: Final = (*_BLOB, Field("status"), Field("reason", optional=True))


@command(
    "ls",
    Group.DATA,
    rows=True,
    examples=["mlmon ls --month 3", "mlmon ls diabetes-v2/blue --day yesterday", "mlmon ls --since 7d -o json"],
)
def ls(
    session: Session,
    *,
    service: ServiceArgument = None,
    month: MonthOption = None,
    day: DayOption = None,
    start: FromOption = None,
    end: ToOption = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    model_version: ModelVersionOption = None,
) -> Result:
    """List collected blobs of a date range. Without a range: all there are.

    Ranges are half-open and in UTC. A blob counts when its day or hour overlaps the range.
    """
    between = resolve(session.now, month=month, day=day, start=start, end=end)
    selection = Selection(between, tuple(collection or ()), model=model or "", model_version=model_version or "")
    workspace, found = look_up(session, service, selection)
    skipped = Skipped(session)
    with _listing(session, found):
        blobs = list(layout.select(workspace.blobs, found.name, selection, on_skip=skipped))
    skipped.say()
    if not blobs:
        explain_nothing(session, workspace, found, selection)
    rows = [{**_row(one), "last_modified": one.blob.last_modified, "when": one.stretch} for one in blobs]
    empty = _no_blobs(found)
    totals: Row = {
        "service": str(found.name),
        "count": len(blobs),
        "total_bytes": sum(one.blob.size for one in blobs),
        "days": len({one.day for one in blobs}),
    }
    fields = (
        Field("service"),
        Field("count", kind="number"),
        Field("total_bytes", header="total", kind="bytes"),
        Field("days", kind="number"),
    )
    return Faces(
        people=Record(fields, totals, rows=Rows(_BRIEF, rows, empty=empty)),
        machines=Record(fields, totals, rows=Rows(_LISTED, rows, empty=empty), rows_key="blobs"),
    )


@command(
    "pull",
    Group.DATA,
    rows=True,
    examples=[
        "mlmon pull --month 3",
        "mlmon pull diabetes-v2/blue --from 2026-02-27 --to 2026-03-02 --to-dir data",
        "mlmon pull --since 7d --collection inputs -o json",
    ],
)
def pull(
    session: Session,
    *,
    service: ServiceArgument = None,
    month: MonthOption = None,
    day: DayOption = None,
    start: FromOption = None,
    end: ToOption = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    model_version: ModelVersionOption = None,
    to_dir: Annotated[
        Path, typer.Option("--to-dir", metavar="DIR", help="Where to; made when it is not there.")
    ] = Path("modeldata"),
    overwrite: Annotated[
        Overwrite, typer.Option("--overwrite", help="Which files that are there are fetched again.")
    ] = Overwrite.CHANGED,
    parallel: Annotated[
        int, typer.Option("--parallel", min=1, max=64, metavar="N", help="How many blobs are fetched at once.")
    ] = 8,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be fetched, and fetch nothing.")] = False,
) -> Result:
    """Download collected blobs of a date range, byte for byte, under their own paths.

    A file is either whole or not there. The same command again fetches only what is new or has changed, and goes on
    where a file ended. A last line that is still being written is left for then. A blob whose name cannot safely be a
    file is set aside and named.
    """
    between = resolve(session.now, month=month, day=day, start=start, end=end)
    selection = Selection(between, tuple(collection or ()), model=model or "", model_version=model_version or "")
    workspace, found = look_up(session, service, selection)
    skipped = Skipped(session)
    with _listing(session, found):
        plan = transfer.plan(workspace.blobs, found.name, selection, to_dir=session.path(to_dir), on_skip=skipped)
    skipped.say()
    if not plan.count:
        explain_nothing(session, workspace, found, selection)
        if not plan.set_aside:
            session.terminal.note(_no_blobs(found))
    if dry_run:
        return _planned(session, found, plan, due=transfer.due(plan, now=session.now, overwrite=overwrite))
    with session.terminal.progress(f"Pulling {found.name}", total=plan.bytes, unit="bytes") as bar:
        numbers = count(1)

        def on_file(file: PulledFile) -> None:
            size = file.bytes if isinstance(file, Fetched) else 0
            bar.advance(size, item=f"{next(numbers)} of {plan.count + len(plan.set_aside)} files")

        outcome = transfer.run(
            plan, workspace.blobs, on_file=on_file, workers=parallel, now=session.now, overwrite=overwrite
        )
    return _pulled(session, found, plan, outcome)


def _listing(session: Session, service: Service) -> AbstractContextManager[object]:
    """Something to see while a long listing is read."""
    return session.terminal.progress(f"Listing the data of {service.name}", total=None, unit="seconds", ticking=True)


def _no_blobs(service: Service) -> str:
    return f"no collected blobs of {service.name} match"


@dataclass(slots=True)
class Skipped:
    """Counts the blobs that were seen and are no collected data; --debug names each."""

    session: Session
    count: int = 0

    def __call__(self, blob: BlobInfo, reason: str) -> None:
        self.count += 1
        self.session.terminal.note(f"passed over: {neutral(blob.name)}: it {reason}", level="debug")

    def say(self) -> None:
        if self.count:
            self.session.terminal.note(f"passed over {self.count} that are no collected data; --debug names them")


def look_up(session: Session, name: str | None, selection: Selection) -> tuple[Workspace, Service]:
    """The service whose data is meant, once it is known to be there; the range is said before any work on it."""
    workspace = session.connect()
    service = session.service(workspace, name)
    if service.generation is Generation.V2 and (selection.model or selection.model_version):
        raise UsageError(
            f"{service.name} is a v2 deployment, whose collected data does not tell the model",
            hint="leave --model and --model-version out",
        )
    say_range(session, selection.between)
    return workspace, service


def _row(one: CollectedBlob) -> dict[str, Value]:
    return {
        "path": one.blob.name,
        "bytes": one.blob.size,
        "day": one.day.isoformat(),
        "collection": one.collection,
        "service": str(one.service),
        "model": one.model or None,
        "model_version": one.model_version or None,
    }


def explain_nothing(session: Session, workspace: Workspace, service: Service, selection: Selection) -> None:
    """Say what is likely when nothing was found: a collection that does not exist, or one that was never on."""
    known = layout.collections(workspace.blobs, service.name)
    for wanted in selection.collections:
        if not any(layout.same_collection(wanted, one) for one in known):
            near = did_you_mean(wanted, known) or f"it has: {', '.join(known) or 'none yet'}"
            session.terminal.note(f"{service.name} has no collection {wanted!r}; {near}", level="warning")
    if not service.collection:
        session.terminal.note(f"collection is off; {_way_on(service)}")


def _way_on(service: Service) -> str:
    """How collection is switched on, or why it never can be."""
    try:
        refuse_impossible(service, SwitchRequest(Switch.COLLECTION, on=True))
    except UsageError as error:
        return error.message
    return f"mlmon enable-collection {service.name} switches it on"


def _counted(count: int, size: int, days: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}, {human_bytes(size)}, {days} day{'' if days == 1 else 's'}"


def _planned(session: Session, service: Service, plan: Plan, *, due: Plan) -> Result:
    wanted = {target.path for target in due.targets}
    rows: list[Row] = [
        {**_row(one.collected), "status": "planned" if one.path in wanted else "unchanged", "reason": None}
        for one in plan.targets
    ]
    rows += _missing(session, service, plan.set_aside, "set aside", {})
    said = f"would fetch {_counted(due.count, due.bytes, len(due.days))}"
    said += f", {plan.count - due.count} unchanged" if plan.count > due.count else ""
    return _summed(said, rows, set_aside=len(plan.set_aside), to_dir=plan.to_dir)


def _pulled(session: Session, service: Service, plan: Plan, outcome: Outcome) -> Result:
    """One object a file for scripts; for people the totals, and by name whatever did not come."""
    by_name = {target.collected.blob.name: target.collected for target in plan.targets}
    rows: list[Row] = [
        {**_row(by_name[one.name]), "path": one.path, "bytes": one.bytes, "status": one.status.value, "reason": None}
        for one in outcome.fetched
    ]
    rows += _missing(session, service, outcome.failed, "failed", by_name)
    rows += _missing(session, service, outcome.set_aside, "set aside", by_name)
    fresh = [one for one in outcome.fetched if one.status is not Status.UNCHANGED]
    said = f"fetched {_counted(len(fresh), outcome.bytes, len({one.day for one in fresh}))}"
    for status in (Status.RESUMED, Status.UNCHANGED):
        if count_of := sum(one.status is status for one in outcome.fetched):
            said += f", {count_of} {status}"
    return _summed(said, rows, failed=len(outcome.failed), set_aside=len(outcome.set_aside), to_dir=plan.to_dir)


def _missing(
    session: Session,
    service: Service,
    missing: Sequence[Failed | SetAside],
    status: str,
    by_name: Mapping[str, CollectedBlob],
) -> Iterator[Row]:
    """A row for each blob that did not come, with what is known of it, and a warning that names it."""
    for one in missing:
        # why a name is set aside follows the name; why a blob failed is a sentence of its own
        reason = f"it {one.reason}" if isinstance(one, SetAside) else one.reason
        session.terminal.note(f"{status}: {neutral(one.name)}: {reason}", level="warning")
        known = _row(by_name[one.name]) if one.name in by_name else {"path": one.name, "service": str(service.name)}
        yield {**known, "status": status, "reason": one.reason}


def _summed(said: str, rows: Sequence[Row], *, to_dir: Path, failed: int = 0, set_aside: int = 0) -> Result:
    code = ExitCode.PARTIAL if failed or set_aside else ExitCode.DONE
    said += f", {failed} failed" if failed else ""
    said += f", {set_aside} set aside" if set_aside else ""
    return Faces(people=Lines([f"{said} into {to_dir}"]), machines=Rows(_PULLED, rows), exit_code=code)
