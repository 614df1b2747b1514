"""How `drift` shows what it found: a table for people, a document for programs, a page in a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from mlmon.core.errors import ExitCode, Failure, UsageError
from mlmon.drift.result import DriftReport, Verdict
from mlmon.output.results import Faces, Field, Record, Result, Rows, Text
from mlmon.session import Session

_NOTHING_TO_COMPARE: Final = frozenset({Verdict.NO_DATA, Verdict.STALE})


def exit_code_of(report: DriftReport, *, fail_on_drift: bool, fail_on_no_data: bool) -> ExitCode:
    """What a script sees: drift and missing data are failures only where that is asked for."""
    if fail_on_drift and report.verdict is Verdict.DRIFT:
        return ExitCode.DRIFT
    if fail_on_no_data and report.verdict in _NOTHING_TO_COMPARE:
        return ExitCode.NOT_FOUND
    return ExitCode.DONE


def shown(session: Session, report: DriftReport, *, ending: Callable[[], ExitCode]) -> Result:
    """The report in every format. `ending` is called when it has been printed, and says the exit code."""
    from mlmon.drift.screen import faces

    return replace(faces(report, plain=session.terminal.stdout.plain), ending=ending)


def nothing_new(session: Session) -> Result:
    """No day has ended since the last run: a document without a verdict, and no row."""
    from mlmon.drift.document import FEATURE_FIELDS

    said = "nothing new: no day has ended since the last check"
    session.terminal.note(said)
    fields = (Field("verdict"), Field("reason"))
    return Faces(Rows((), ()), Record(fields, {"reason": said}, Rows(FEATURE_FIELDS, ()), rows_key="features"))


def job_written(session: Session, name: str, folder: Path) -> Result:
    """The job that has been written, to be read by people; programs get its name and file."""
    file = folder / "job.yml"
    session.terminal.note(f"az ml job create --file {file} submits it, with the workspace's names")
    session.terminal.note(f"then --job {name}, in place of --write-job, brings home what it makes")
    values = {"job": name, "file": str(file)}
    return Faces(Text(file.read_text("utf-8")), Record((Field("job"), Field("file")), values))


def see_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before any work is done. Raises `UsageError`."""
    if path.name == "-":
        raise UsageError("a page is not written to stdout", hint="name a file, such as drift.html")
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder", hint="name a file, such as drift.html")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {str(path.parent)!r}", hint="make it, or name another file")


def write_page(path: Path, report: DriftReport) -> None:
    """Write the report as a page of HTML. Raises as `write_whole`."""
    from mlmon.drift.page import page  # why here: few runs write one

    write_whole(path, page(report))


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: who reads it meanwhile has the old one. Raises `Failure`."""
    partial = ""
    try:
        descriptor, partial = tempfile.mkstemp(prefix=f".{path.name[:50]}.", dir=path.parent)
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).chmod(0o644)  # mkstemp makes it private; a report is shown to others
        Path(partial).replace(path)
    except OSError as error:
        raise Failure(f"{str(path)!r} cannot be written: {error.strerror or error}", hint="name another file") from None
    finally:
        if partial:
            Path(partial).unlink(missing_ok=True)
