"""Container logs."""

import re
from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import FromOption, RawOption, ServiceArgument, ToOption
from mlmon.commands.ranges import say_range
from mlmon.core.errors import UsageError
from mlmon.core.timerange import resolve
from mlmon.output.results import Field, Lines, Result
from mlmon.session import Session

_FIELDS: Final = (Field("time", kind="time"), Field("line"))
_DEFAULT_TAIL: Final = 100
_LINES_ABOVE: Final = 200
_WHOLE_LOG: Final = 10**9


@command(
    "logs",
    Group.TELEMETRY,
    rows=True,
    examples=["mlmon logs", "mlmon logs diabetes -n 20", "mlmon logs --since 1h -i error -e health"],
)
def logs(
    session: Session,
    *,
    service: ServiceArgument = None,
    tail: Annotated[
        int | None, typer.Option("--tail", "-n", metavar="N", min=0, help="The last N lines. Default: 100.")
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", "-i", metavar="RE", help="Only lines this regular expression finds; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", "-e", metavar="RE", help="No lines this regular expression finds; repeatable."),
    ] = None,
    container: Annotated[
        str, typer.Option("--container", metavar="NAME", help="Another container's log.", show_default=False)
    ] = "",
    raw: RawOption = False,  # noqa: ARG001 - @command reads it when it prints
) -> Result:
    """Show the last lines of a service's container log.

    Times in lines are UTC. A line without a time belongs to the line above it.
    """
    between = resolve(session.now, start=start, end=end)
    include_, exclude_ = _patterns(include), _patterns(exclude)
    workspace = session.connect()
    found = session.service(workspace, service)

    if between:
        say_range(session, between)

    from mlmon.monitoring import loglines

    last = None if tail is None and between else _DEFAULT_TAIL if tail is None else tail
    # a filter looks at the whole log: a match further back must not be missed; else some lines more than are shown,
    # because a line without a time has that of a line above
    filtered = bool(between or include_ or exclude_)
    lines = _WHOLE_LOG if filtered or last is None else last + _LINES_ABOVE
    snapshot = workspace.logs.snapshot(found.name, lines=lines, container=container)
    if snapshot.status:
        session.terminal.note(snapshot.status)
    chosen = loglines.select(snapshot.lines, between=between, include=include_, exclude=exclude_, last=last)
    shown = ({"time": line.time, "line": line.text} for line in chosen)
    empty = f"no lines in the log of {found.name}{' match' if snapshot.lines else ''}"
    return Lines(shown, _FIELDS, empty=empty)


def _patterns(texts: list[str] | None) -> list[re.Pattern[str]]:
    try:
        return [re.compile(text) for text in texts or ()]
    except re.error as error:
        raise UsageError(
            f"{error.pattern!r} is not a regular expression: {error.msg}", hint="escape it with \\"
        ) from None
