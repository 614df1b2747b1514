"""Any query over telemetry."""

from typing import Annotated

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import FromOption, ScopeOption, ToOption
from mlmon.commands.ranges import say_range
from mlmon.commands.telemetry import looked_at, rows_of
from mlmon.core.errors import UsageError
from mlmon.core.timerange import resolve
from mlmon.output.results import Format, Result
from mlmon.session import Session


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
    table = looked_at(session.connect(), scope).query(text, between=between)
    say_range(session, between)
    return rows_of(session, table, empty="the query returned no rows")
