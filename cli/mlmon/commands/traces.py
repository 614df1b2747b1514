"""Traces: what services printed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, asked_format, command
from mlmon.commands.options import AsStoredOption, FromOption, RawOption, ScopeOption, ServiceArgument, ToOption
from mlmon.commands.ranges import say_range
from mlmon.commands.telemetry import looked_at, names_in_telemetry, rows_of, say_decoded, say_insights_off
from mlmon.core.errors import NotFound, UsageError
from mlmon.core.model import Generation, Table
from mlmon.core.ports import Tables, Telemetry
from mlmon.core.timerange import TimeRange, resolve
from mlmon.output.results import Faces, Format, Result, Text
from mlmon.session import Session

_NEWEST: Final = 10
_TIED: Final = "what a v2 service prints is not tied to its request: errors are here, and the data of failed requests"
_SILENT: Final = "a request that fails may print nothing: mlmon request latest-failed tells of the newest one"


@command(
    "traces",
    Group.TELEMETRY,
    rows=True,
    examples=[
        "mlmon traces --where input",
        "mlmon traces diabetes-v2/blue --where input --since 7d --limit 50",
        "mlmon traces --filter 'level>=warning' --filter 'message~(?i)bmi'",
        "mlmon traces --filter 'customDimensions.\"Request Id\"=42' --failed",
        "mlmon traces --where bmi --print-kql",
        "mlmon traces --since 30d --kql '| summarize count() by bin(timestamp, 1d)'",
    ],
    piped=Format.JSONL,
)
def traces(
    session: Session,
    *,
    service: ServiceArgument = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="TEXT", help="Only traces whose message or payload contains TEXT; repeatable."),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="'FIELD=VALUE'",
            help="Only traces of which this is true: = != ~ (a regular expression) < <= > >= of a column, of message "
            '(what was printed) or of a path: customDimensions."Request Id", message.input.0; repeatable.',
        ),
    ] = None,
    failed: Annotated[
        bool,
        typer.Option("--failed", help="Only errors, and traces of failed requests as far as they are tied to them."),
    ] = False,
    start: FromOption = None,
    end: ToOption = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", metavar="N", min=1, help="The newest N. Default: 10, and with --kql all."),
    ] = None,
    show: Annotated[
        str | None,
        typer.Option(
            "--show", metavar="ID", help="One trace in full, by the id that its row has; no service is needed."
        ),
    ] = None,
    kql: Annotated[
        str,
        typer.Option(
            "--kql", metavar="'| …'", help="KQL to append. Its rows are shown as they are stored.", show_default=False
        ),
    ] = "",
    scope: ScopeOption = None,
    as_stored: AsStoredOption = False,
    raw: RawOption = False,
    print_kql: Annotated[bool, typer.Option("--print-kql", help="Print the query instead of running it.")] = False,
) -> Result:
    """Show what a service traced: the lines its script printed, newest first.

    On a terminal a printed JSON object is unfolded into columns; machine formats have the rows with their columns, and
    the object under payload. What a server stored in a form that cannot be read is put right and marked.
    """
    wanted = _Wanted(tuple(where or ()), tuple(filters or ()), failed, limit, kql.strip())
    if show is not None and (wanted != _Wanted() or start or end):
        raise UsageError("--show has one trace alone", hint="leave out everything but --show ID")
    chosen = _Row.of(show) if show is not None else None
    workspace = session.connect()
    telemetry = looked_at(workspace, scope)
    if chosen:
        if service is not None:
            session.service(workspace, service)
        return _one(session, telemetry, chosen, as_stored=as_stored, print_kql=print_kql)
    found = session.service(workspace, service)
    between = resolve(session.now, start=start, end=end)
    names = names_in_telemetry(session, workspace, found)
    question = _noted(session, lambda tables: wanted.query(names, between, tables))
    if print_kql:
        return Text(f"{question(telemetry.tables)}\n")
    from mlmon.kql.build import around

    table = telemetry.ask(question, between=between and around(between))
    say_range(session, between)
    say_insights_off(session, found, empty=not table.rows)
    if failed and found.generation is Generation.V2:
        session.terminal.note(_TIED)
    if failed and not table.rows:
        session.terminal.note(_SILENT)
    return _many(session, table, as_stored=as_stored or bool(wanted.kql), raw=raw and not wanted.kql)


def _noted(session: Session, question: Callable[[Tables], str]) -> Callable[[Tables], str]:
    """The same question, and --debug shows each query that it becomes."""

    def noted(tables: Tables) -> str:
        written = question(tables)
        session.terminal.note(f"query:\n{written}", level="debug")
        return written

    return noted


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which traces: what they hold, and how many."""

    where: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    failed: bool = False
    limit: int | None = None
    kql: str = ""

    def query(self, service: Sequence[str], between: TimeRange | None, tables: Tables) -> str:
        from mlmon.kql import failed, filters
        from mlmon.kql.build import traces_query

        conditions = filters.lines(self.filters, table="traces", dialect=tables.dialect)
        written = traces_query(
            service=service,
            where=self.where,
            between=between,
            limit=self.limit or (None if self.kql else _NEWEST),
            tail=self.kql,
            tables=tables,
            conditions=[*conditions, *([failed.of_failed(tables)] if self.failed else [])],
        )
        if not self.failed:
            return written
        return f"{failed.failed_requests(service=service, between=between, tables=tables)}\n{written}"


@dataclass(frozen=True, slots=True)
class _Row:
    """The one trace that is asked for: its id says when, and of its millisecond which, so no service need be known."""

    name: str
    between: TimeRange

    @classmethod
    def of(cls, name: str) -> "_Row":
        from mlmon.monitoring.rowid import moment_of

        return cls(name.strip().lower(), moment_of(name))

    def query(self, tables: Tables) -> str:
        from mlmon.kql.build import traces_query

        return traces_query(where=(), between=self.between, limit=None, tables=tables)

    def picked(self, table: Table) -> Table:
        """The table with that row alone; of rows that are the same in every part, the first."""
        from mlmon.monitoring.rowid import row_id

        for record, row in zip(table.records(), table.rows, strict=True):
            if row_id(record) == self.name:
                return replace(table, rows=(row,))
        raise NotFound(
            f"there is no trace {self.name}",
            hint="the ids are in the first column of mlmon traces",
        )


def _one(session: Session, telemetry: Telemetry, chosen: _Row, *, as_stored: bool, print_kql: bool) -> Result:
    from mlmon.commands import tracerows
    from mlmon.monitoring import decoding

    question = _noted(session, chosen.query)
    if print_kql:
        return Text(f"{question(telemetry.tables)}\n")
    table = chosen.picked(telemetry.ask(question, between=chosen.between))
    decoded = decoding.Decoded(table, 0, 0) if as_stored else decoding.decode(table, of="traces")
    say_decoded(session, decoded, of="traces")
    people, machines = tracerows.in_full(tracerows.Traces.of(table, decoded))
    return Faces(people=people, machines=machines)


def _many(session: Session, table: Table, *, as_stored: bool, raw: bool) -> Result:
    from mlmon.commands import tracerows
    from mlmon.monitoring import decoding

    if raw and asked_format(session) in {None, Format.TABLE}:
        return replace(tracerows.printed(table), exit_code=rows_of(session, table, empty="").exit_code)
    if as_stored:
        return rows_of(session, table, empty=tracerows.EMPTY)
    decoded = decoding.decode(table, of="traces")
    found = tracerows.Traces.of(table, decoded)
    machines = tracerows.for_programs(session, found)
    say_decoded(session, decoded, of="traces")
    return Faces(people=tracerows.for_people(found), machines=machines, exit_code=machines.exit_code)
