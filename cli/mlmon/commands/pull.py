"""Collected blobs into a folder: pull."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Annotated, Final

import typer

from mlmon.collected import transfer
from mlmon.collected.fetching import Overwrite
from mlmon.collected.layout import CollectedBlob
from mlmon.collected.outcomes import Failed, Fetched, SetAside, Status
from mlmon.collected.outcomes import Result as PulledFile
from mlmon.collected.selection import Selection
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
from mlmon.commands.selecting import BLOB, Skipped, blob_row, explain_nothing, listing, look_up, no_blobs
from mlmon.core.errors import ExitCode
from mlmon.core.model import Service
from mlmon.core.timerange import resolve
from mlmon.output.cells import human_bytes
from mlmon.output.controls import neutral
from mlmon.output.results import Faces, Field, Lines, Result, Row, Rows
from mlmon.session import Session

_PULLED: Final = (*BLOB, Field("status"), Field("reason", optional=True))


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
    with listing(session, found):
        plan = transfer.plan(workspace.blobs, found.name, selection, to_dir=session.path(to_dir), on_skip=skipped)
    skipped.say()
    if not plan.count:
        explain_nothing(session, workspace, found, selection)
        if not plan.set_aside:
            session.terminal.note(no_blobs(found))
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


def _counted(count: int, size: int, days: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}, {human_bytes(size)}, {days} day{'' if days == 1 else 's'}"


def _planned(session: Session, service: Service, plan: Plan, *, due: Plan) -> Result:
    wanted = {target.path for target in due.targets}
    rows: list[Row] = [
        {**blob_row(one.collected), "status": "planned" if one.path in wanted else "unchanged", "reason": None}
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
        {
            **blob_row(by_name[one.name]),
            "path": one.path,
            "bytes": one.bytes,
            "status": one.status.value,
            "reason": None,
        }
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
        known = blob_row(by_name[one.name]) if one.name in by_name else {"path": one.name, "service": str(service.name)}
        yield {**known, "status": status, "reason": one.reason}


def _summed(said: str, rows: Sequence[Row], *, to_dir: Path, failed: int = 0, set_aside: int = 0) -> Result:
    code = ExitCode.PARTIAL if failed or set_aside else ExitCode.DONE
    said += f", {failed} failed" if failed else ""
    said += f", {set_aside} set aside" if set_aside else ""
    return Faces(people=Lines([f"{said} into {to_dir}"]), machines=Rows(_PULLED, rows), exit_code=code)
