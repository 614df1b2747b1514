"""Container logs."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.logreading import Asked, chosen_services, merged_entries, nothing_found, read_all
from mlmon.commands.logrows import FIELDS
from mlmon.commands.options import FromOption, ToOption
from mlmon.commands.ranges import say_range
from mlmon.core.errors import ExitCode, UsageError
from mlmon.core.model import LEVELS
from mlmon.core.timerange import resolve
from mlmon.output.results import Lines, Result
from mlmon.session import Session

_DEFAULT_TAIL: Final = 100


def _level(text: str) -> str:
    """Any name of a level, as logs have them."""
    from mlmon.monitoring.logrecords import level_of

    if level := level_of(text):
        return level
    raise UsageError(f"{text!r} is not a level", hint=f"it is one of: {', '.join(LEVELS)}")


def _parser_of_levels() -> Any:
    _level.__name__ = "str"  # the help shows it as the type
    _level.choices = LEVELS  # type: ignore[attr-defined]  # completion offers them
    return _level


@command(
    "logs",
    Group.TELEMETRY,
    rows=True,
    examples=[
        "mlmon logs",
        "mlmon logs diabetes -n 20",
        "mlmon logs --since 1h -i error -e health",
        "mlmon logs --all --level warning",
    ],
)
def logs(
    session: Session,
    *,
    services: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SERVICE]...",
            help="Services whose logs are shown, merged by time. Default: the folder's service, else the only one.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The logs of all services.")] = False,
    tail: Annotated[
        int | None,
        typer.Option("--tail", "-n", metavar="N", min=0, help="The last N records of each service. Default: 100."),
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    level: Annotated[
        str | None,
        typer.Option(
            "--level",
            metavar="|".join(LEVELS),
            parser=_parser_of_levels(),
            help="Only records of this level and above. What a script prints bare has no level and is left out.",
        ),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", "-i", metavar="RE", help="Only records this regular expression finds; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", "-e", metavar="RE", help="No records this regular expression finds; repeatable."),
    ] = None,
    highlight: Annotated[
        list[str] | None,
        typer.Option(
            "--highlight", "-H", metavar="RE", help="Mark what this finds, where there is colour; repeatable."
        ),
    ] = None,
    container: Annotated[
        str, typer.Option("--container", metavar="NAME", help="Another container's log.", show_default=False)
    ] = "",
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="The lines as they are, what would act on a terminal included: each one by itself, -n counts lines,"
            " and no service's name stands before them.",
        ),
    ] = False,
) -> Result:
    """Show the last records of a service's container log.

    A record is a line, or a line with the traceback below it, which belong together in every filter. Times without a
    zone are UTC. A record without a time has that of the record above it.

    In -o jsonl each record is one line: type (record, or gap), time, level, service, container, logger, message,
    request_id, pid, and line, which is all of it as it was written.
    """
    from mlmon.monitoring.logrecords import Wanted

    between = resolve(session.now, start=start, end=end)
    wanted = Wanted(between, level or "", include=_patterns(include), exclude=_patterns(exclude))
    marked = _patterns(highlight)
    workspace = session.connect()
    chosen = chosen_services(session, workspace, names=services or (), everything=everything)
    if between:
        say_range(session, between)
    last = None if tail is None and between else _DEFAULT_TAIL if tail is None else tail
    found = read_all(session, workspace, chosen, asked=Asked(wanted, last, container=container, raw=raw))
    return Lines(
        merged_entries(found, several=len(chosen) > 1),
        FIELDS,
        empty=nothing_found(chosen, found),
        exit_code=ExitCode.DONE if len(found) == len(chosen) else ExitCode.PARTIAL,
        marked=tuple(marked),
        widest=max((len(str(service.name)) for service in chosen), default=0),
    )


def _patterns(texts: Sequence[str] | None) -> list[re.Pattern[str]]:
    """Each expression, for records of several lines: ^ and $ are the ends of a line."""
    try:
        return [re.compile(text, re.MULTILINE) for text in texts or ()]
    except re.error as error:
        raise UsageError(
            f"{error.pattern!r} is not a regular expression: {error.msg}", hint="escape it with \\"
        ) from None
