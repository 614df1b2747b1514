"""Writing a dataset into a folder, a file for each day."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from mlmon.collected.pulling import content, folder
from mlmon.collected.tables.dataset import Dataset
from mlmon.core.errors import ExitCode
from mlmon.output.results import Faces, Field, Format, Lines, Result, Row, Rows
from mlmon.session import Session

_CHUNK: Final = 1 << 20
_NAMED: Final = 3
_FILES: Final = (Field("path"), Field("day"), Field("bytes", kind="bytes"))
_FORMATS: Final = (Format.PARQUET, Format.CSV, Format.JSONL)


@dataclass(frozen=True, slots=True)
class Parted:
    """Where the files go, and what they are."""

    to_dir: Path
    format: Format
    for_spreadsheet: bool = False

    def path_of(self, day: str) -> str:
        return f"day={day}/rows.{self.format}"

    def beside(self, day: str) -> list[str]:
        """Files of the same day in other formats: who reads the whole folder would have those rows twice."""
        others = (Parted(self.to_dir, one).path_of(day) for one in _FORMATS if one is not self.format)
        return [name for name in others if (self.to_dir / name).exists()]


def written(session: Session, made: Dataset, wanted: Parted, *, code: ExitCode) -> Result:
    """A file for each day, whole or not there. What is printed is about the files, and as parquet it is nothing."""
    folder.prepare(wanted.to_dir)
    rows: list[Row] = []
    beside: list[str] = []
    days = made.days()
    with session.terminal.progress("Writing", total=len(days), unit="days") as bar:
        for day in days:
            path = made.staging.folder / "day"
            _write(made, path, wanted, day=day)
            name = wanted.path_of(day)
            size = path.stat().st_size
            try:
                _land(wanted.to_dir, name, path, size=size)
            except (folder.Refused, folder.NotWritten) as fault:
                session.terminal.note(f"failed: {name}: {fault}", level="warning")
                code = ExitCode.PARTIAL
                continue
            finally:
                path.unlink()
            rows.append({"path": name, "day": day, "bytes": size})
            beside += wanted.beside(day)
            bar.advance(1, item=name)
    _warn_of(session, beside)
    said = f"wrote {len(rows)} file{'' if len(rows) == 1 else 's'} into {wanted.to_dir}"
    return Faces(people=Lines([said]), machines=Rows(_FILES, rows, parquet=lambda: iter(())), exit_code=code)


def _chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, some at a time."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _warn_of(session: Session, beside: list[str]) -> None:
    if beside:
        names = ", ".join(beside[:_NAMED]) + (f" and {len(beside) - _NAMED} more" if len(beside) > _NAMED else "")
        session.terminal.note(f"the same days are there in another format too: {names}", level="warning")


def _land(to_dir: Path, name: str, path: Path, *, size: int) -> None:
    """Copy a file to its place, by way of one beside it: `path` may be on another disk. Raises as `folder.land`."""
    temporary = to_dir / f".{secrets.token_hex(8)}.mlmon-part"
    try:
        content.write(temporary, _chunks(path), content.Wanted(size), to_dir=to_dir, stop=Event())
        folder.land(to_dir, name, temporary)
    finally:
        temporary.unlink(missing_ok=True)


def _write(made: Dataset, path: Path, wanted: Parted, *, day: str) -> None:
    with path.open("wb") as file:
        file.writelines(_bytes(made, wanted, day=day))


def _bytes(made: Dataset, wanted: Parted, *, day: str) -> Iterator[bytes]:
    if wanted.format is Format.PARQUET:
        yield from made.parquet(day=day)
        return
    from mlmon.commands.cells import cells  # why here: parquet needs none of what these load
    from mlmon.output import render

    fields = tuple(Field(one.name) for one in made.columns)
    writer = render.csv_rows if wanted.format is Format.CSV else render.jsonl
    lines = made.lines(wanted.format, day=day, for_spreadsheet=wanted.for_spreadsheet)
    rows = map(cells(for_spreadsheet=wanted.for_spreadsheet), made.rows(day=day))
    for piece in lines or writer(fields, rows):
        yield piece.encode("utf-8", "backslashreplace")
