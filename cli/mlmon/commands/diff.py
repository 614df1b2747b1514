"""Two files of rows compared: diff."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.output.results import Faces, Field, Result, Row, Rows
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.drift.diff import ColumnDiff, Profiled

_FILE: Final = "a csv, parquet or jsonl file, also packed (.csv.gz)"
_FIELDS: Final = (
    Field("column"),
    Field("change"),
    Field("old_type", header="old type", optional=True),
    Field("new_type", header="new type", optional=True),
    Field("distance", kind="number", optional=True, dear=True),
    Field("statistic"),
    Field("old", kind="number"),
    Field("new", kind="number"),
    Field("relative_change", header="relative change", kind="number"),
)


@command(
    "diff",
    Group.DRIFT,
    rows=True,
    examples=["mlmon diff february.csv march.csv", "mlmon diff february.csv march.csv -o csv"],
)
def diff(
    session: Session,
    *,
    old: Annotated[Path, typer.Argument(metavar="OLD", help=f"The rows as they were: {_FILE}.", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The rows as they are now.", show_default=False)],
    numbers: Annotated[
        list[str] | None,
        typer.Option("--number", metavar="COLUMN", help="This column holds numbers, whatever it looks like."),
    ] = None,
    categories: Annotated[
        list[str] | None,
        typer.Option("--category", metavar="COLUMN", help="This column holds categories, although they are numbers."),
    ] = None,
) -> Result:
    """Compare two files column by column: what came, went or changed its type, and by how much values changed.

    Columns that differ most come first. A table shows the statistic of each column that changed most; the other formats
    have all of them. Distances are from 0 (alike) to 1: Kolmogorov and Smirnov's of numbers, Jensen and Shannon's of
    categories.
    """
    from mlmon.drift.diff import diff as compared  # why here: numpy, which other commands need not load
    from mlmon.drift.kinds import overridden

    numbers, categories = numbers or [], categories or []
    before, after = (_profiled(session, path, numbers, categories) for path in (old, new))
    overridden({**before.kinds, **after.kinds}, numbers=numbers, categories=categories)  # sees what neither has
    found = compared(before, after)
    caption = f"{before.rows} rows in {old.name}, {after.rows} in {new.name}"
    empty = "neither file has a column"
    return Faces(
        people=Rows(_FIELDS, [_row(one) for one in found], empty=empty, caption=caption),
        machines=Rows(_FIELDS, _rows(before, after, found), empty=empty),
    )


def _profiled(session: Session, path: Path, numbers: Sequence[str], categories: Sequence[str]) -> "Profiled":
    from mlmon.drift.diff import Profiled
    from mlmon.drift.kinds import overridden
    from mlmon.drift.reading import opened

    reading = session.terminal.progress(f"Reading {path.name}", total=None, unit="seconds", ticking=True)
    with reading, opened(session.path(path)) as file:
        kinds = file.kinds()
        said = [[name for name in names if name in kinds] for names in (numbers, categories)]
        kinds = overridden(kinds, numbers=said[0], categories=said[1])
        return Profiled(file.rows, kinds, file.summaries(kinds))


def _row(one: "ColumnDiff") -> Row:
    """A column with the statistic that changed most."""
    worst = one.worst
    return _about(one) | (
        {"statistic": worst.name, "old": worst.old, "new": worst.new, "relative_change": worst.change} if worst else {}
    )


def _rows(old: "Profiled", new: "Profiled", found: Sequence["ColumnDiff"]) -> Iterator[Row]:
    """How many rows there are, then every statistic of every column."""
    from mlmon.drift.diff import Change, Statistic

    rows = Statistic("rows", old.rows, new.rows, old.rows)
    change = Change.VALUES if rows.size else Change.NONE
    yield {
        "change": change.value,
        "statistic": "rows",
        "old": old.rows,
        "new": new.rows,
        "relative_change": rows.change,
    }
    for one in found:
        about = _about(one)
        for each in one.statistics:
            yield about | {
                "statistic": each.name,
                "old": each.old,
                "new": each.new,
                "relative_change": each.change,
            }


def _about(one: "ColumnDiff") -> dict[str, str | float | None]:
    return {
        "column": one.name,
        "change": one.change.value,
        "old_type": one.old_kind,
        "new_type": one.new_kind,
        "distance": one.distance,
    }
