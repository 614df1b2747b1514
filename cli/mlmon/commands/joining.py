"""What `dataset` does: read, join, say the counts, and show or write the rows."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from mlmon.collected import content, folder, labels
from mlmon.collected import dataset as tables
from mlmon.collected.dataset import Dataset
from mlmon.collected.filling import fill
from mlmon.collected.layout import CollectedBlob
from mlmon.collected.plan import Wanted
from mlmon.collected.records import Aside
from mlmon.collected.selection import Selection, in_time, select
from mlmon.collected.staging import Staging
from mlmon.commands.selecting import Skipped, explain_nothing
from mlmon.core.errors import ExitCode
from mlmon.core.model import Service, Value
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange
from mlmon.output.controls import neutral
from mlmon.output.results import Faces, Field, FieldKind, Format, Lines, Result, Row, Rows
from mlmon.session import Session

T = TypeVar("T")

_USUAL: Final = (("inputs", "predictions"), ("request", "response"))
"""What is joined when nothing else is asked for: the second where a service has nothing of the first."""
_ANSWERED_WITHIN: Final = timedelta(minutes=1)
_SHOWN: Final = 20
_NAMED: Final = 20
_CHUNK: Final = 1 << 20
_EXACT_DIGITS: Final = 15
_KINDS: Final[dict[str, FieldKind]] = {
    "TIMESTAMP": "time",
    "BIGINT": "number",
    "DOUBLE": "number",
    "BOOLEAN": "flag",
    "JSON": "json",
}
_FILES: Final = (Field("path"), Field("day"), Field("bytes", kind="bytes"))


def joined(
    session: Session,
    workspace: Workspace,
    found: Service,
    selection: Selection,
    wanted: Wanted,
    *,
    labels_from: tuple[Path, str] | None,
    to_dir: Path | None,
    files: Format,
    for_spreadsheet: bool,
) -> Result:
    """The rows of a selection, joined; `labels_from` is a file and the column to join it on.

    With `to_dir` they go there, a file of the format `files` for each day.
    """
    selected = _select(session, workspace, found, selection)
    if not selected:
        explain_nothing(session, workspace, found, selection)
        return Rows((), [], empty=f"no collected blobs of {found.name} match")
    staging = Staging.open()
    try:
        asides = _read(session, workspace, found, selected, staging)
        if not staging.collections:
            return _let_go(staging, Rows((), [], empty="the blobs hold no rows", exit_code=asides.exit_code))
        given = labels.load(staging, labels_from[0], on=labels_from[1]) if labels_from else None
        made = tables.build(staging, wanted, labels=given)
        _say_counts(session, made)
        if to_dir is not None:
            return _let_go(staging, _written(session, made, to_dir=to_dir, chosen=files, code=asides.exit_code))
    except BaseException:
        staging.close()
        raise
    return _shown(session, made, code=asides.exit_code, for_spreadsheet=for_spreadsheet)


def _select(session: Session, workspace: Workspace, found: Service, selection: Selection) -> list[CollectedBlob]:
    """The blobs that are meant; without a collection, those of the usual ones that there are."""
    skipped = Skipped(session)
    chosen: list[CollectedBlob] = []
    for collections in [selection.collections] if selection.collections else _USUAL:
        meant = replace(selection, collections=collections)
        if chosen := in_time(select(workspace.blobs, found.name, meant, on_skip=skipped, now=session.now)):
            chosen += _just_behind(workspace, found, meant, chosen)
            break
    skipped.say()
    return chosen


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
class _Asides:
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


def _read(
    session: Session, workspace: Workspace, found: Service, selected: Sequence[CollectedBlob], staging: Staging
) -> _Asides:
    asides = _Asides(session)
    with session.terminal.progress(
        f"Reading {found.name}", total=sum(one.blob.size for one in selected), unit="bytes"
    ) as bar:
        for one in fill(staging, workspace.blobs, selected, now=session.now, on_aside=asides):
            bar.advance(one.blob.size, item=one.blob.name)
    asides.say()
    return asides


def _say_counts(session: Session, made: Dataset) -> None:
    say = session.terminal.note
    for one in made.pairings:
        by_order = f" ({one.by_order} of them by their order)" if one.by_order else ""
        say(
            f"{one.base.name} and {one.other.name}: {one.matched} matched{by_order}, {one.unmatched_base} without"
            f" {one.other.name}, {one.unmatched_other} without {one.base.name}"
        )
        if one.uneven:
            days = ", ".join(one.uneven[:3]) + (", …" if len(one.uneven) > 3 else "")
            say(
                f"rows without ids are joined by their order, and there are not as many {one.base.name} as"
                f" {one.other.name} on {days}: which belong together there is a guess",
                level="warning",
            )
    say(f"{made.duplicates} duplicate rows left out")
    if made.labels:
        say(f"{made.labels.name}: {made.labels.count} labels, {made.labels.duplicates} more for values that had one")


def _shown(session: Session, made: Dataset, *, code: ExitCode, for_spreadsheet: bool) -> Result:
    """The rows for machines; for people the first few, and how many there are."""
    fields = tuple(
        Field(one.name, kind=_KINDS.get(one.type, "text"), optional=at in _LESS_TOLD)
        for at, one in enumerate(made.columns)
    )
    change = for_spreadsheet_row if for_spreadsheet else _as_it_is
    return Faces(
        people=Rows(fields, _kept(made, lambda: _first(session, made)), empty="no rows match"),
        machines=Rows(
            fields,
            _kept(made, lambda: map(change, made.rows())),
            empty="no rows match",
            parquet=lambda: _kept(made, lambda: _parquet(made)),
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


def _parquet(made: Dataset) -> Iterator[bytes]:
    path = made.staging.folder / "rows.parquet"
    made.write_parquet(path)
    yield from _chunks(path)


def _kept(made: Dataset, produce: Callable[[], Iterator[T]]) -> Iterator[T]:
    """What is produced from the tables, which are let go of behind it."""
    try:
        yield from produce()
    finally:
        made.staging.close()


def _let_go(staging: Staging, result: Result) -> Result:
    staging.close()
    return result


def _as_it_is(row: Row) -> Row:
    return row


def for_spreadsheet_row(row: Row) -> Row:
    """A row whose times a spreadsheet takes for times, and whose long numbers it does not round."""
    return {key: _spreadsheet_cell(value) for key, value in row.items()}


def _spreadsheet_cell(value: Value) -> Value:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**_EXACT_DIGITS:
        return f"'{value}"
    return value


def _written(session: Session, made: Dataset, *, to_dir: Path, chosen: Format, code: ExitCode) -> Result:
    """A file for each day, whole or not there. What is printed is about the files, and as parquet it is nothing."""
    folder.prepare(to_dir)
    rows: list[Row] = []
    days = made.days()
    with session.terminal.progress("Writing", total=len(days), unit="days") as bar:
        for day in days:
            path = made.staging.folder / "day"
            _write(made, path, day=day, chosen=chosen)
            name = f"day={day}/rows.{chosen}"
            size = path.stat().st_size
            try:
                _land(to_dir, name, path, size=size)
            except (folder.Refused, folder.NotWritten) as fault:
                session.terminal.note(f"failed: {name}: {fault}", level="warning")
                code = ExitCode.PARTIAL
                continue
            finally:
                path.unlink()
            rows.append({"path": name, "day": day, "bytes": size})
            bar.advance(1, item=name)
    said = f"wrote {len(rows)} file{'' if len(rows) == 1 else 's'} into {to_dir}"
    return Faces(people=Lines([said]), machines=Rows(_FILES, rows, parquet=lambda: iter(())), exit_code=code)


def _land(to_dir: Path, name: str, path: Path, *, size: int) -> None:
    """Copy a file to its place, by way of one beside it: `path` may be on another disk. Raises as `folder.land`."""
    temporary = to_dir / f".{secrets.token_hex(8)}.mlmon-part"
    try:
        content.write(temporary, _chunks(path), content.Wanted(size), to_dir=to_dir, stop=Event())
        folder.land(to_dir, name, temporary)
    finally:
        temporary.unlink(missing_ok=True)


def _write(made: Dataset, path: Path, *, day: str, chosen: Format) -> None:
    if chosen is Format.PARQUET:
        made.write_parquet(path, day=day)
        return
    from mlmon.output import render

    fields = tuple(Field(one.name) for one in made.columns)
    writer = render.csv_rows if chosen is Format.CSV else render.jsonl
    with path.open("wb") as file:
        for piece in made.lines(chosen, day=day) or writer(fields, made.rows(day=day)):
            file.write(piece.encode("utf-8", "backslashreplace"))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
