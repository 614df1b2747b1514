"""Telemetry: one JSON-lines file a day for each classic Application Insights table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Final

from mlmon.core.errors import DamagedWorkspace, UsageError
from mlmon.core.model import RequestCounts, RowNames, Table
from mlmon.core.ports import Dialect, Scope, Tables
from mlmon.core.timerange import TimeRange
from mlmon.local import names
from mlmon.local.store import Store

# rows begin with their time, always with six digits of fraction, so that texts compare as times do
_TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
_ROW_START: Final = b'{"timestamp":"'
_CHUNK: Final = 1024 * 1024
_TIME_LENGTH: Final = len("2026-03-01T00:00:00.000000Z")


def row_time(moment: datetime) -> str:
    """A row's timestamp as it is stored."""
    return moment.strftime(_TIME_FORMAT).rjust(_TIME_LENGTH, "0")


class TelemetryFiles:
    """The day files of the tables: where rows are added, and the query engine's view of them."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._paths: dict[tuple[str, date], Path] = {}

    def add(self, table: str, day: date, line: bytes) -> None:
        """Append one row: a line of JSON with its line end, whose first key is its timestamp."""
        path = self._paths.get((table, day))
        if path is None:
            path = self._paths[table, day] = self._folder(table) / f"{day.isoformat()}.jsonl"
        self._store.append(path, line)

    @contextmanager
    def open(self, table: str, between: TimeRange | None) -> Iterator[Mapping[Path, Path]]:
        """The table's files for a range of days, oldest first, none of them changing while the block runs.

        Days that may still grow, and files that a killed writer left torn, are copies of their whole lines; each file
        comes with the one it stands for.
        """
        import tempfile

        settled = self._clock().date() - timedelta(days=1)
        with tempfile.TemporaryDirectory(prefix="mlmon-") as copies:
            chosen = {}
            for path in self.days(table, between):
                copy = None
                with suppress(FileNotFoundError), self._store.reading(path) as (file, size):
                    if size == 0:
                        continue
                    if path.stem < settled.isoformat() and size == path.stat().st_size:
                        chosen[path] = path
                        continue
                    copy = Path(copies, path.name)
                    _copy(file, size, copy)
                if copy:
                    chosen[copy] = path
            yield chosen

    def days(self, table: str, between: TimeRange | None) -> list[Path]:
        """The table's files that may hold rows of the range, oldest first."""
        first, last = ("", "~") if between is None else (f"{between.start.date()}", f"{between.end.date()}")
        found = (path for path in self._folder(table).glob("????-??-??.jsonl") if not path.is_symlink())
        return sorted(path for path in found if first <= path.stem <= last)

    def rows(self, table: str, between: TimeRange) -> Iterator[Mapping[str, object]]:
        """The table's rows in a range, read without the query engine.

        Raises:
            DamagedWorkspace: a line is not what mlmon writes.
        """
        import json

        start, end = row_time(between.start).encode(), row_time(between.end).encode()
        for path in self.days(table, between):
            with suppress(FileNotFoundError), self._store.reading(path) as (file, size):
                for number, line in enumerate(file.read(size).splitlines(), 1):
                    moment = line[len(_ROW_START) : len(_ROW_START) + _TIME_LENGTH]
                    if line.startswith(_ROW_START) and not start <= moment < end:
                        continue
                    try:
                        row = json.loads(line)
                        yield dict(row) if isinstance(row, dict) else _not_a_row(path, number)
                    except (ValueError, RecursionError):
                        _not_a_row(path, number)

    def _folder(self, table: str) -> Path:
        return self._store.folder.joinpath("telemetry", *names.encode(table))


class LocalTelemetry:
    """`core.ports.Telemetry` over the day files."""

    tables = Tables(Dialect.CLASSIC)

    def __init__(self, files: TelemetryFiles, clock: Callable[[], datetime]) -> None:
        self._files = files
        self._clock = clock

    def in_scope(self, scope: Scope) -> LocalTelemetry:
        if scope is not Scope.COMPONENT:
            raise UsageError("an embedded workspace has no Log Analytics workspace", hint="leave --scope out")
        return self

    def query(self, kql: str, *, between: TimeRange | None = None) -> Table:
        from mlmon.kql import engine  # duckdb: 100 ms that only a query needs

        return engine.run(kql, files=self._files, now=self._clock(), between=between)

    def ask(self, question: Callable[[Tables], str], *, between: TimeRange | None = None) -> Table:
        return self.query(question(self.tables), between=between)

    def ask_each(
        self, questions: Sequence[Callable[[Tables], str]], *, between: TimeRange | None = None
    ) -> Sequence[Table]:
        return [self.ask(question, between=between) for question in questions]

    def request_counts(self, between: TimeRange) -> Mapping[RowNames, RequestCounts]:
        # not by a query: duckdb takes 100 ms, and rows of an embedded workspace tell the truth themselves
        totals: dict[RowNames, list[int]] = {}
        for row in self._files.rows("requests", between):
            bag = row.get("customDimensions")
            service = bag.get("Service Name", "") if isinstance(bag, dict) else ""
            counts = totals.setdefault((str(service), str(row.get("cloud_RoleName", ""))), [0, 0])
            counts[0] += 1
            counts[1] += row.get("success") == "False"
        return {names: RequestCounts(*counts) for names, counts in totals.items()}


def _copy(file: IO[bytes], size: int, copy: Path) -> None:
    with copy.open("wb") as target:
        while size and (chunk := file.read(min(_CHUNK, size))):
            target.write(chunk)
            size -= len(chunk)


def _not_a_row(path: Path, number: int) -> Mapping[str, object]:
    raise DamagedWorkspace(
        f"{path}, line {number} is not a row of telemetry",
        hint="delete or mend that line; nothing was changed",
    )
