"""What `dataset` does: read, join, say the counts, and show or write the rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from mlmon.collected.records import Aside
from mlmon.collected.selecting.layout import CollectedBlob, name_in, same_collection
from mlmon.collected.selecting.selection import Selection, in_time, select
from mlmon.collected.tables import dataset as tables
from mlmon.collected.tables import labels
from mlmon.collected.tables.dataset import Dataset
from mlmon.collected.tables.filling import fill
from mlmon.collected.tables.plan import Wanted
from mlmon.collected.tables.staging import Staging
from mlmon.commands import counting
from mlmon.commands.cells import cells
from mlmon.commands.parting import Parted, written
from mlmon.commands.selecting import Skipped, explain_nothing, no_blobs, warn_of_unknown
from mlmon.core.errors import ExitCode
from mlmon.core.model import Generation, Service
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange
from mlmon.output.controls import neutral
from mlmon.output.results import Faces, Field, FieldKind, Format, Result, Row, Rows
from mlmon.session import Session

T = TypeVar("T")

_USUAL: Final = (("inputs", "predictions"), ("request", "response"))
"""What is joined when nothing else is asked for: the second where a service has nothing of the first."""
_ANSWERED_WITHIN: Final = timedelta(minutes=1)
_SHOWN: Final = 20
_NAMED: Final = 20
_KINDS: Final[dict[str, FieldKind]] = {
    "TIMESTAMP": "time",
    "BIGINT": "number",
    "DOUBLE": "number",
    "BOOLEAN": "flag",
    "JSON": "json",
}


def joined(
    session: Session,
    workspace: Workspace,
    found: Service,
    selection: Selection,
    wanted: Wanted,
    *,
    labels_from: tuple[Path, str] | None,
    parted: Parted | None,
    for_spreadsheet: bool,
) -> Result:
    """The rows of a selection, joined; `labels_from` is a file and the column to join it on.

    With `parted` they are written into a folder, else shown.
    """
    selected, collections = selected_of(session, workspace, found, selection)
    if not selected:
        explain_nothing(session, workspace, found, selection)
    staging = Staging.open()
    try:
        given = labels.load(staging, labels_from[0], on=labels_from[1]) if labels_from else None
        asides = read(session, workspace, found, selected, staging)
        missing = _add_missing(staging, found, collections)
        if selected and missing and selection.collections:
            warn_of_unknown(session, workspace, found, missing)
        made = tables.build(staging, wanted, labels=given)
        if selected:
            counting.say(session, made)
        if parted:
            return _let_go(staging, written(session, made, parted, code=asides.exit_code))
    except BaseException:
        staging.close()
        raise
    empty = "no rows match" if selected else no_blobs(found)
    return _shown(session, made, code=asides.exit_code, for_spreadsheet=for_spreadsheet, empty=empty)


def selected_of(
    session: Session, workspace: Workspace, found: Service, selection: Selection
) -> tuple[list[CollectedBlob], Sequence[str]]:
    """The blobs that are meant and the collections they are of; without any, the usual ones that there are."""
    skipped = Skipped(session)
    chosen: list[CollectedBlob] = []
    asked = [selection.collections] if selection.collections else _USUAL
    for collections in asked:
        meant = replace(selection, collections=collections)
        if chosen := in_time(select(workspace.blobs, found.name, meant, on_skip=skipped, now=session.now)):
            chosen += _just_behind(workspace, found, meant, chosen)
            break
    skipped.say()
    return chosen, collections if chosen else asked[0]


def _add_missing(staging: Staging, found: Service, collections: Sequence[str]) -> list[str]:
    """Add collections that were meant and have no rows, and name them: the columns are the same whatever is there."""
    missing = []
    for name in collections:
        if not any(same_collection(name, one) for one in staging.collections):
            staging.empty(name_in(found.generation, name), v1=found.generation is Generation.V1)
            missing.append(name)
    return missing


def _just_behind(
    workspace: Workspace, found: Service, meant: Selection, chosen: Sequence[CollectedBlob]
) -> Iterator[CollectedBlob]:
    """The files behind a range with what was answered to its last requests: an answer is collected after its request,
    and so it may be in the next hour or day."""
    if meant.between is None:
        return
    base = tables.base_of(sorted({one.collection for one in chosen}))
    known = {(one.blob.container, one.blob.name) for one in chosen}
    behind = replace(meant, between=TimeRange(meant.between.end, meant.between.end + _ANSWERED_WITHIN))
    for one in select(workspace.blobs, found.name, behind):
        if one.collection != base and (one.blob.container, one.blob.name) not in known:
            yield one


@dataclass(slots=True)
class Asides:
    """Lines that could not be read: the first few are named, all are counted."""

    session: Session
    count: int = 0
    growing: int = 0
    named: list[str] = field(default_factory=list)

    def __call__(self, aside: Aside) -> None:
        where = f"{aside.source.blob.name}:{aside.line}" if aside.line else aside.source.blob.name
        if aside.growing:
            self.growing += 1
            return
        self.count += 1
        said = f"set aside: {neutral(where)}: it {neutral(aside.reason)}"
        self.session.terminal.note(said, level="warning" if self.count <= _NAMED else "debug")

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.PARTIAL if self.count else ExitCode.DONE

    def say(self) -> None:
        if self.count > _NAMED:
            more = self.count - _NAMED
            self.session.terminal.note(
                f"set aside: {more} more, {self.count} in all; --debug names them", level="warning"
            )
        if self.growing:
            lines = "line is" if self.growing == 1 else "lines are"
            self.session.terminal.note(f"{self.growing} last {lines} still being written, and not in here yet")


def read(
    session: Session, workspace: Workspace, found: Service, selected: Sequence[CollectedBlob], staging: Staging
) -> Asides:
    asides = Asides(session)
    with session.terminal.progress(
        f"Reading {found.name}", total=sum(one.blob.size for one in selected), unit="bytes"
    ) as bar:
        for one in fill(staging, workspace.blobs, selected, now=session.now, on_aside=asides):
            bar.advance(one.blob.size, item=one.blob.name)
    asides.say()
    return asides


def _shown(session: Session, made: Dataset, *, code: ExitCode, for_spreadsheet: bool, empty: str) -> Result:
    """The rows for machines; for people the first few, and how many there are."""
    fields = tuple(
        Field(one.name, kind=_KINDS.get(one.type, "text"), optional=at in _LESS_TOLD)
        for at, one in enumerate(made.columns)
    )
    return Faces(
        people=Rows(fields, _kept(made, lambda: _first(session, made)), empty=empty),
        machines=Rows(
            fields,
            _kept(made, lambda: map(cells(for_spreadsheet=for_spreadsheet), made.rows())),
            empty=empty,
            parquet=lambda: _kept(made, made.parquet),
            written=lambda chosen: _lines(made, chosen, for_spreadsheet=for_spreadsheet),
        ),
        exit_code=code,
    )


_LESS_TOLD: Final = frozenset({1, 2, 3, 4, 5})  # of the columns in front, people need the time


def _first(session: Session, made: Dataset) -> Iterator[Row]:
    yield from made.rows(limit=_SHOWN)
    if (count := made.count) > _SHOWN:
        session.terminal.note(f"the first {_SHOWN} of {count} rows; -o csv, jsonl or parquet has them all")


def _lines(made: Dataset, chosen: Format, *, for_spreadsheet: bool) -> Iterator[str] | None:
    lines = made.lines(chosen, for_spreadsheet=for_spreadsheet) if made.count else None
    return None if lines is None else _kept(made, lambda: lines)


def _kept(made: Dataset, produce: Callable[[], Iterator[T]]) -> Iterator[T]:
    """What is produced from the tables, which are let go of behind it."""
    try:
        yield from produce()
    finally:
        made.staging.close()


def _let_go(staging: Staging, result: Result) -> Result:
    staging.close()
    return result
