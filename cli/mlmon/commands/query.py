"""Any query over telemetry: written down, from a file, saved, or typed at a prompt."""

from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import FromOption, ScopeOption, ToOption, YesOption
from mlmon.commands.queries import deleted, listed, saved, saved_queries
from mlmon.commands.querying import Asking
from mlmon.core.errors import UsageError
from mlmon.core.timerange import resolve
from mlmon.output.results import Format, Result
from mlmon.session import Session

_KEEPING: Final = "Saved queries"
_HOW: Final = "mlmon query 'traces | take 10', or -f FILE, or - for stdin, or --saved NAME"


@command(
    "query",
    Group.TELEMETRY,
    rows=True,
    examples=[
        "mlmon query 'traces | where customDimensions contains \"input\" | limit 10'",
        "mlmon query 'requests | summarize count() by name' -o json",
        "mlmon query -f failures.kql",
        "echo 'exceptions | count' | mlmon query -",
        "mlmon query 'requests | where resultCode == code | count' --var 'code=\"500\"'",
        "mlmon query --saved requests-by-hour --var since=7d --var every=6h",
        "mlmon query --list",
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
    var: Annotated[
        list[str] | None,
        typer.Option(
            "--var",
            metavar="NAME=VALUE",
            help="Give the query a value by name, as a literal: a number, true, 7d, an ISO date, else text; in double "
            "quotes always text. It takes the place of the query's own let NAME = …; repeatable.",
        ),
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    scope: ScopeOption = None,
    print_kql: Annotated[bool, typer.Option("--print-kql", help="Print the query instead of running it.")] = False,
    saved_name: Annotated[
        str | None,
        typer.Option("--saved", metavar="NAME", help="Run a saved query, or one of mlmon's.", rich_help_panel=_KEEPING),
    ] = None,
    save: Annotated[
        str | None,
        typer.Option(
            "--save",
            metavar="NAME",
            help="Save the query in queries/NAME.kql beside mlmon.toml instead of running it.",
            rich_help_panel=_KEEPING,
        ),
    ] = None,
    show_list: Annotated[
        bool, typer.Option("--list", help="Show the saved queries and mlmon's own.", rich_help_panel=_KEEPING)
    ] = False,
    delete: Annotated[
        str | None, typer.Option("--delete", metavar="NAME", help="Delete a saved query.", rich_help_panel=_KEEPING)
    ] = None,
    yes: YesOption = False,
) -> Result:
    """Run any KQL query over the workspace's telemetry.

    Tables and columns are those of Application Insights: traces, requests, dependencies, exceptions, customEvents,
    customMetrics and so on; with --scope workspace AppTraces, AppRequests and so on. No time range is added unless
    asked for. On a terminal | render timechart, barchart, columnchart and piechart are drawn; with -o the rows are
    shown.

    Without a query on a terminal it asks for queries, one after the other (mlmon[prompt] brings what that needs).
    """
    from mlmon.kql.variables import assignments, with_variables

    values = assignments(var or ())
    between = resolve(session.now, start=start, end=end)
    asking = Asking(session, values=values, between=between, scope=scope)
    given = {"a query": kql, "--file": file, "--saved": saved_name, "--list": show_list or None, "--delete": delete}
    ways = [name for name, value in given.items() if value is not None]
    if len(ways) > 1:
        raise UsageError(f"{' and '.join(ways)} cannot be combined", hint=_HOW)
    if save is not None and ways and ways[0] not in {"a query", "--file"}:
        raise UsageError(f"--save and {ways[0]} cannot be combined", hint="--save takes a query, or -f FILE")
    if show_list:
        return listed(session)
    if delete is not None:
        return deleted(session, delete, yes=yes)
    if not ways:
        if save is not None or print_kql or not (session.terminal.can_ask and session.terminal.stdout.is_terminal):
            raise UsageError("say one query", hint=_HOW)
        from mlmon.commands.prompt import prompt

        return prompt(asking)
    if saved_name is not None:
        found = saved_queries(session).get(saved_name)
        return asking.print_kql(found) if print_kql else asking.run(found)
    text = session.read_text(file or "-") if kql in {None, "-"} else str(kql)
    if save is not None:
        return saved(session, save, with_variables(text, values, now=session.now), yes=yes)
    return asking.print_kql(text) if print_kql else asking.run(text)
