"""Telemetry: traces, query."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import FromOption, RawOption, ScopeOption, ServiceArgument, ToOption
from mlmon.commands.ranges import say_range
from mlmon.core.errors import ExitCode, UsageError
from mlmon.core.model import Column, Generation, Service, Table
from mlmon.core.ports import Scope, Tables, Telemetry, Workspace
from mlmon.core.timerange import resolve
from mlmon.output.results import Faces, Field, FieldKind, Format, Lines, Result, Rows, Text
from mlmon.session import Session

_KINDS: Final[dict[str, FieldKind]] = {
    "long": "number",
    "int": "number",
    "real": "number",
    "decimal": "number",
    "datetime": "time",
    "timespan": "duration",
    "dynamic": "json",
}
_NEWEST: Final = 10


@command(
    "traces",
    Group.TELEMETRY,
    rows=True,
    examples=[
        "mlmon traces --where input",
        "mlmon traces diabetes-v2/blue --where input --since 7d --limit 50",
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
    start: FromOption = None,
    end: ToOption = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="The newest N. Default: 10, and with --kql all.")
    ] = None,
    kql: Annotated[str, typer.Option("--kql", metavar="'| …'", help="KQL to append.", show_default=False)] = "",
    scope: ScopeOption = None,
    raw: RawOption = False,
    print_kql: Annotated[bool, typer.Option("--print-kql", help="Print the query instead of running it.")] = False,
) -> Result:
    """Show what a service traced: the lines its script printed, newest first.

    On a terminal a printed JSON object is unfolded into columns; machine formats keep the rows as they are stored.
    """
    from mlmon.kql.build import traces_query

    workspace = session.connect()
    found = session.service(workspace, service)
    telemetry = _looked_at(workspace, scope)
    between = resolve(session.now, start=start, end=end)
    names = _names(session, workspace, found)

    def question(tables: Tables) -> str:
        written = traces_query(
            service=names,
            where=where or (),
            between=between,
            limit=limit or (None if kql.strip() else _NEWEST),
            tail=kql,
            tables=tables,
        )
        session.terminal.note(f"query:\n{written}", level="debug")
        return written

    if print_kql:
        return Text(f"{question(telemetry.tables)}\n")
    table = telemetry.ask(question, between=between)
    say_range(session, between)
    rows = _rows(session, table, empty="no traces match")
    if kql.strip():
        return rows
    people = _printed(table) if raw else _unfolded(table)
    return Faces(people=people, machines=rows, exit_code=rows.exit_code)


@command(
    "query",
    Group.TELEMETRY,
    rows=True,
    examples=[
        "mlmon query 'traces | where customDimensions contains \"input\" | limit 10'",
        "mlmon query 'requests | summarize count() by name' -o json",
        "mlmon query -f failures.kql",
        "echo 'exceptions | count' | mlmon query -",
    ],
    piped=Format.JSONL,
)
def query(
    session: Session,
    *,
    kql: Annotated[
        str | None, typer.Argument(metavar="[KQL]", help="The query; - reads it from stdin.", show_default=False)
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="Read the query from a file; - is stdin.")
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    scope: ScopeOption = None,
) -> Result:
    """Run any KQL query over the workspace's telemetry.

    Tables and columns are those of Application Insights: traces, requests, dependencies, exceptions, customEvents,
    customMetrics and so on; with --scope workspace AppTraces, AppRequests and so on. No time range is added unless
    asked for.
    """
    if (kql is None) == (file is None):
        raise UsageError(
            "say one query" if kql is None else "a query and --file cannot be combined",
            hint="mlmon query 'traces | take 10', or -f FILE, or - for stdin",
        )
    text = session.read_text(file or "-") if kql in {None, "-"} else str(kql)
    between = resolve(session.now, start=start, end=end)
    table = _looked_at(session.connect(), scope).query(text, between=between)
    say_range(session, between)
    return _rows(session, table, empty="the query returned no rows")


def _looked_at(workspace: Workspace, scope: str | None) -> Telemetry:
    return workspace.telemetry.in_scope(Scope(scope)) if scope else workspace.telemetry


def _names(session: Session, workspace: Workspace, service: Service) -> Sequence[str]:
    """What telemetry may call a service. Only of a v2 deployment is that a question, and other services answer it.

    They are asked every time: a deployment that is new since may be called just the same.
    """
    from mlmon.monitoring.attribution import names_of

    if service.generation is Generation.V1:
        return [str(service.name)]
    names = names_of(service.name, [each.name for each in workspace.services.list()])
    for sentence in workspace.services.unseen if names[1:] else ():
        session.terminal.note(f"{sentence}; rows of one called {' or '.join(names[1:])} may be here", level="warning")
    return names


def _rows(session: Session, table: Table, *, empty: str) -> Rows:
    """The rows as they are; a warning when they are not all there are."""
    if table.partial:
        session.terminal.note("; ".join(filter(None, (table.partial, table.advice))), level="warning")
    # columns without a value in any row are the first to leave a table that is too wide
    filled = [any(row[at] is not None and row[at] != "" for row in table.rows) for at in range(len(table.columns))]
    fields = tuple(
        Field(column.name, kind=_kind(column), optional=not has_values)
        for column, has_values in zip(table.columns, filled, strict=True)
    )
    code = ExitCode.PARTIAL if table.partial else ExitCode.DONE
    return Rows(fields, table.records(), empty=empty, exit_code=code)


def _printed(table: Table) -> Lines:
    """The printed lines alone, as they were printed."""
    from mlmon.monitoring import payload

    return Lines([payload.text(record) for record in table.records()], empty="no traces match")


def _unfolded(table: Table) -> Rows:
    """Time, text and a column for each part of the printed objects, in the order they first appear."""
    from mlmon.monitoring import payload

    records = table.records()
    parts = [payload.unfold(record) for record in records]
    keys = list(dict.fromkeys(key for part in parts if part for key in part))
    has_text = any(part is None for part in parts)
    fields = (
        Field("time", kind="time"),
        *([Field("text")] if has_text else []),
        *(Field(f"payload.{key}", header=key, kind="json") for key in keys),
    )
    rows = [
        {
            "time": record.get("timestamp") or record.get("TimeGenerated"),
            "text": payload.text(record) if part is None else None,
            **{f"payload.{key}": value for key, value in (part or {}).items()},
        }
        for record, part in zip(records, parts, strict=True)
    ]
    return Rows(fields, rows, empty="no traces match")


def _kind(column: Column) -> FieldKind:
    return _KINDS.get(column.type, "flag" if column.type == "bool" else "text")
