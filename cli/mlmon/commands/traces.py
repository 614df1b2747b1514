"""Traces: what services printed."""

from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import FromOption, RawOption, ScopeOption, ServiceArgument, ToOption
from mlmon.commands.ranges import say_range
from mlmon.commands.telemetry import looked_at, names_in_telemetry, rows_of
from mlmon.core.model import Table
from mlmon.core.ports import Tables
from mlmon.core.timerange import resolve
from mlmon.output.results import Faces, Field, Format, Lines, Result, Rows, Text
from mlmon.session import Session

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
    telemetry = looked_at(workspace, scope)
    between = resolve(session.now, start=start, end=end)
    names = names_in_telemetry(session, workspace, found)

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
    rows = rows_of(session, table, empty="no traces match")
    if kql.strip():
        return rows
    people = _printed(table) if raw else _unfolded(table)
    return Faces(people=people, machines=rows, exit_code=rows.exit_code)


def _printed(table: Table) -> Lines:
    """The printed lines alone, as they were printed."""
    from mlmon.monitoring import decoding

    return Lines([decoding.text(record) for record in table.records()], empty="no traces match")


def _unfolded(table: Table) -> Rows:
    """Time, text and a column for each part of the printed objects, in the order they first appear."""
    from mlmon.monitoring import decoding

    records = table.records()
    parts = [decoding.payload(record) for record in records]
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
            "text": decoding.text(record) if part is None else None,
            **{f"payload.{key}": value for key, value in (part or {}).items()},
        }
        for record, part in zip(records, parts, strict=True)
    ]
    return Rows(fields, rows, empty="no traces match")
