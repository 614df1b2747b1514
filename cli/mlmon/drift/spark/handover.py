"""Summaries made by a Spark that mlmon does not start itself: what it is given, and what it gives back.

It is given a folder: a script of two lines, and an archive with this package and with what is to be read. It gives back
parquet files: the rows of `packing`, and one that says what they are of. The script runs `job.main`.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.errors import Failure, UsageError
from mlmon.core.model import CollectedRoot, Generation, Json, ServiceName
from mlmon.core.timerange import TimeRange
from mlmon.drift.cache import VERSION
from mlmon.drift.days import Days
from mlmon.drift.result import Kind
from mlmon.drift.spark.collecting import Task, base_of
from mlmon.drift.spark.packing import ASKED, home
from mlmon.drift.spark.running import Part, days_of
from mlmon.drift.spark.session import packaged
from mlmon.drift.spark.soundness import see_sound

ENTRY: Final = "summarize.py"
ARCHIVE: Final = "mlmon.zip"
PACKAGE: Final = "mlmon_job"
WORK: Final = "work.json"
PIP: Final = ("duckdb==2.0.0", "numpy==2.4.6", "pandas==3.1.1", "pyarrow==26.0.1")
"""What the summaries are made with, as `requirements.lock` has it for Python 3.11."""
_COLUMNS: Final = {"sort": "VARCHAR", "day": "VARCHAR", "feature": "VARCHAR", "content": "BLOB", "count": "BIGINT"}
"""The rows of `packing`, to DuckDB."""
_SCRIPT: Final = '''\
"""Summarizes collected data for `mlmon drift`. All that it does, and what it reads, is in mlmon.zip."""

from mlmon.drift.spark.job import main

main()
'''
_FAULTS: Final = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, EOFError, AssertionError, RecursionError),
    *(zlib.error, BadZipFile, MemoryError, NotImplementedError),  # archives may say anything of how large they are
)


def asked_of(
    selected: Sequence[CollectedBlob], kinds: Mapping[str, Kind], *, between: TimeRange | None, most: int
) -> dict[str, Json]:
    """What summaries are of, to be compared when they come home."""
    return {
        "service": str(selected[0].service),
        "collection": selected[0].collection,
        "range": _range(between),
        "kinds": dict(sorted(kinds.items())),
        "sample": most,
        "version": VERSION,
    }


_OTHER: Final = {
    "service": "another service",
    "collection": "another collection",
    "range": "another range",
    "kinds": "other kinds of features",
    "sample": "another sample of rows",
    "version": "summaries of another version of mlmon",
}
"""What is said where one of these differs."""


def write_code(folder: Path, parts: Sequence[Part], asked: Mapping[str, Json]) -> None:
    """Write what Spark is given into a new folder. Raises `Failure` where that cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ENTRY).write_text(_SCRIPT, "utf-8")
        archive = packaged(folder)
        with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as into:
            into.writestr(f"{PACKAGE}/__init__.py", "")
            into.writestr(f"{PACKAGE}/{WORK}", json.dumps({"asked": asked, "parts": [_written(one) for one in parts]}))
    except OSError as error:
        raise Failure(
            f"{str(folder)!r} cannot be written: {error.strerror or error}", hint="name another folder"
        ) from None


def parts_in(work: Mapping[str, Any], uris: Sequence[str]) -> list[Part]:
    """The parts of the work that `write_code` wrote; each URI is where Spark finds a part's container."""
    return [_read(one, uri) for one, uri in zip(work["parts"], uris, strict=True)]


def brought(
    files: Sequence[Path],
    asked: Mapping[str, Json],
    selected: Sequence[CollectedBlob],
    kinds: Mapping[str, Kind],
    *,
    job: str,
) -> tuple[Days, Mapping[str, int]]:
    """What Spark's parquet files hold, as `running.summarize_collected` returns it.

    Raises:
        Failure: they hold nothing of ours.
        UsageError: they are of something else than what was asked.
    """
    with _readable(job):
        rows = _rows(files)
        [told] = [json.loads(row["feature"]) for row in rows if row["sort"] == ASKED]
        # a sample that nobody needs does no harm
        differing = [key for key, value in asked.items() if told.get(key) != value and (key != "sample" or value)]
    if differing:
        raise UsageError(
            f"the job {job} was about something else: {', '.join(_OTHER[key] for key in differing)}",
            hint="give the options with which it was submitted, or leave --job out",
        )
    with _readable(job):
        found = home(row for row in rows if row["sort"] != ASKED)
        see_sound(found, kinds, selected)
    return days_of(found, kinds, selected)


@contextmanager
def _readable(job: str) -> Iterator[None]:
    """Turn whatever bytes can lead to that were not packed by us into `Failure`."""
    try:
        yield
    except _FAULTS:
        raise Failure(f"what the job {job} made cannot be read", hint="submit it again: leave --job out") from None


def _rows(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Raises `ValueError` where the files are no parquet with our columns."""
    import duckdb  # why here: as everywhere

    cells = ", ".join(f'"{name}"::{kind}' for name, kind in _COLUMNS.items())
    with duckdb.connect(":memory:") as run:
        try:
            found = run.execute(
                f"SELECT {cells} FROM read_parquet(?)",  # noqa: S608 - names of our own
                [[str(file) for file in files]],
            ).fetchall()
        except duckdb.Error as error:
            raise ValueError(str(error)) from None
    if any(None in row for row in found):
        raise ValueError("a value is missing")
    return [dict(zip(_COLUMNS, row, strict=True)) for row in found]


def _range(between: TimeRange | None) -> Json:
    return [between.start.isoformat(), between.end.isoformat()] if between else None


def _written(part: Part) -> dict[str, Json]:
    task = part.task
    return {
        "container": part.container,
        "globs": list(part.globs),
        "service": str(task.service),
        "roots": [[root.container, root.prefix, root.generation.value, root.collection] for root in task.roots],
        "address": task.address,
        "kinds": dict(task.kinds),
        "range": _range(task.between),
        "now": task.now.isoformat(),
        "sample": task.most,
    }


def _read(one: Mapping[str, Any], uri: str) -> Part:
    roots = tuple(
        CollectedRoot(container, prefix, Generation(generation), collection)
        for container, prefix, generation, collection in one["roots"]
    )
    between = TimeRange(*map(datetime.fromisoformat, one["range"])) if one["range"] else None
    now = datetime.fromisoformat(one["now"])
    service = ServiceName.parse(one["service"])
    task = Task(service, roots, base_of(uri), one["address"], one["kinds"], between, now, one["sample"])
    return Part(one["container"], uri, tuple(one["globs"]), task)
