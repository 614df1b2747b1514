"""Collected data as one table: dataset."""

from pathlib import Path
from typing import Annotated

import typer

from mlmon.collected.pulling import folder
from mlmon.collected.selecting.selection import Selection
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
    one_of,
)
from mlmon.commands.selecting import look_up
from mlmon.core.errors import UsageError
from mlmon.core.timerange import resolve
from mlmon.output.results import Format, Result
from mlmon.session import Session


@command(
    "dataset",
    Group.DATA,
    rows=True,
    piped=Format.CSV,
    examples=[
        "mlmon dataset --month 3",
        "mlmon dataset diabetes-v2/blue --since 7d --matched-only -o jsonl",
        "mlmon dataset --month 3 --partition day --to-dir march",
    ],
)
def dataset(
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
    with_: Annotated[
        Path | None,
        typer.Option("--with", metavar="FILE", help="Join a csv, parquet or jsonl file of labels; see --on."),
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="COLUMN", help="The column that the dataset and the file share.")
    ] = None,
    matched_only: Annotated[
        bool,
        typer.Option(
            "--matched-only", help="Leave out rows without a partner in every collection, or without a label."
        ),
    ] = False,
    sort: Annotated[
        list[str] | None,
        typer.Option(
            "--sort", metavar="COLUMN", help="Sort by this, falling with a - before it. Default: time, request_id."
        ),
    ] = None,
    moments: Annotated[
        list[str] | None,
        typer.Option("--datetime", metavar="COLUMN", help="This column holds times: milliseconds since 1970, or text."),
    ] = None,
    partition: Annotated[
        str | None,
        typer.Option(
            "--partition",
            metavar="day",
            parser=one_of(("day",), "a way to part a dataset"),
            help="A file for each day in --to-dir: DIR/day=2026-03-01/rows.parquet, or -o csv, -o jsonl.",
        ),
    ] = None,
    to_dir: Annotated[
        Path | None,
        typer.Option(
            "--to-dir", metavar="DIR", help="Where the files of --partition go; those of the same days are replaced."
        ),
    ] = None,
    for_spreadsheet: Annotated[
        bool,
        typer.Option(
            "--for-spreadsheet",
            help="csv whose times, long numbers and digits like 007 a spreadsheet reads as they are.",
        ),
    ] = False,
) -> Result:
    """Join what a service was given with what it answered, one row for each row that was scored.

    Rows are joined by their ids and their place within them; v1 rows without ids by their order of collection. Rows
    without a partner are kept, and the column match says so. What cannot be read is named and counted, and the exit
    code is then 7.
    """
    _see_sense(session, with_=with_, on=on, partition=partition, to_dir=to_dir, for_spreadsheet=for_spreadsheet)
    between = resolve(session.now, month=month, day=day, start=start, end=end)
    selection = Selection(between, tuple(collection or ()), model=model or "", model_version=model_version or "")
    workspace, found = look_up(session, service, selection)

    from mlmon.collected.tables.plan import Wanted  # why here: every command would pay for what these load
    from mlmon.commands import joining, parting

    parted = None
    if to_dir:
        chosen = _asked_format(session, Format.CSV if for_spreadsheet else Format.PARQUET)
        parted = parting.Parted(session.path(to_dir), chosen, for_spreadsheet=for_spreadsheet)
    wanted = Wanted(between, matched_only=matched_only, sort=tuple(sort or ()), moments=tuple(moments or ()))
    return joining.joined(
        session,
        workspace,
        found,
        selection,
        wanted,
        labels_from=(session.path(with_), on) if with_ and on else None,
        parted=parted,
        for_spreadsheet=for_spreadsheet,
    )


def _see_sense(
    session: Session,
    *,
    with_: Path | None,
    on: str | None,
    partition: str | None,
    to_dir: Path | None,
    for_spreadsheet: bool,
) -> None:
    """Refuse options that say nothing together, before any work is done."""
    if (with_ is None) != (on is None):
        raise UsageError("--with and --on belong together", hint="--with labels.csv --on request_id")
    if (partition is None) != (to_dir is None):
        raise UsageError("--partition and --to-dir belong together", hint="--partition day --to-dir DIR")
    if for_spreadsheet and _asked_format(session, Format.CSV) is not Format.CSV:
        raise UsageError("--for-spreadsheet is about csv", hint="add -o csv")
    if to_dir is not None:
        if _asked_format(session, Format.PARQUET) not in {Format.CSV, Format.JSONL, Format.PARQUET}:
            raise UsageError("the files of --partition are parquet, csv or jsonl", hint="choose -o parquet")
        folder.check(session.path(to_dir))


def _asked_format(session: Session, usual: Format) -> Format:
    """The format that was asked for, else the usual one."""
    said = session.options.output or session.world.environ.get("MLMON_OUTPUT")
    return Format(said) if said else usual
