"""Handing collected data to another tool: handoff."""

from typing import Annotated, Final

import typer

from mlmon.collected.selecting.layout import Reason
from mlmon.collected.selecting.selection import Selection, in_time, select
from mlmon.commands.command import Group, command, see_text
from mlmon.commands.options import (
    CollectionOption,
    DayOption,
    FromOption,
    ModelOption,
    ModelVersionOption,
    MonthOption,
    ServiceArgument,
    ToOption,
    one_of,
)
from mlmon.commands.selecting import Skipped, explain_nothing, listing, look_up, no_blobs
from mlmon.core.model import BlobInfo
from mlmon.core.timerange import resolve
from mlmon.output.results import Nothing, Result, Text
from mlmon.session import Session

_TOOLS: Final = ("powerbi", "databricks", "duckdb", "pandas")


@command(
    "handoff",
    Group.DATA,
    examples=[
        "mlmon handoff duckdb --month 3",
        "mlmon handoff powerbi diabetes --month 3 --collection inputs",
        "mlmon handoff pandas diabetes-v2/blue --since 7d",
    ],
)
def handoff(
    session: Session,
    *,
    tool: Annotated[
        str,
        typer.Argument(
            metavar="|".join(_TOOLS), parser=one_of(_TOOLS, "a tool that can be handed data"), help="Who gets the data."
        ),
    ],
    service: ServiceArgument = None,
    month: MonthOption = None,
    day: DayOption = None,
    start: FromOption = None,
    end: ToOption = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    model_version: ModelVersionOption = None,
) -> Result:
    """Print a query or a notebook cell that reads exactly these collected blobs where they stand.

    powerbi is a query for the advanced editor, databricks and pandas are Python, duckdb is SQL. Each collection is a
    table of its own, v1 files by their line of names. No key and no token is in it: the tool signs in by itself.
    """
    from mlmon.collected.handoff import WRITERS, sources  # why here: no other command needs them

    see_text(session, "handoff")
    between = resolve(session.now, month=month, day=day, start=start, end=end)
    selection = Selection(between, tuple(collection or ()), model=model or "", model_version=model_version or "")
    workspace, found = look_up(session, service, selection)
    skipped, others = Skipped(session), list[BlobInfo]()

    def pass_over(blob: BlobInfo, reason: Reason) -> None:
        skipped(blob, reason)
        others.append(blob)

    with listing(session, found):
        selected = in_time(select(workspace.blobs, found.name, selection, on_skip=pass_over, now=session.now))
    skipped.say()
    if not selected:
        explain_nothing(session, workspace, found, selection)
        session.terminal.note(no_blobs(found))
        return Nothing()
    return Text(WRITERS[tool](sources(selected, between, address=workspace.blobs.address, others=others)))
