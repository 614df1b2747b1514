"""Collected blobs of a date range: ls."""

from typing import Final

from mlmon.collected import selection as layout
from mlmon.collected.selection import Selection
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
from mlmon.core.timerange import resolve
from mlmon.output.results import Faces, Field, Record, Result, Row, Rows
from mlmon.session import Session

_BRIEF: Final = (
    Field("when"),
    Field("collection"),
    Field("bytes", kind="bytes"),
    Field("path", optional=True, whole=True),
)
_LISTED: Final = (*BLOB, Field("last_modified", header="last modified", kind="time", optional=True))


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
    with listing(session, found):
        blobs = list(layout.select(workspace.blobs, found.name, selection, on_skip=skipped))
    skipped.say()
    if not blobs:
        explain_nothing(session, workspace, found, selection)
    rows = [{**blob_row(one), "last_modified": one.blob.last_modified, "when": one.stretch} for one in blobs]
    empty = no_blobs(found)
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
