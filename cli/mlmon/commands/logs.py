"""Container logs."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.logreading import Asked, chosen_services, merged_entries, nothing_found, read_all
from mlmon.commands.logrows import FIELDS
from mlmon.commands.options import FromOption, ToOption
from mlmon.commands.ranges import say_range
from mlmon.core.errors import ExitCode, UsageError
from mlmon.core.model import LEVELS
from mlmon.core.patterns import compiled
from mlmon.core.timerange import TimeRange, parse_duration, resolve
from mlmon.output.results import Lines, Result
from mlmon.session import Session

_DEFAULT_TAIL: Final = 100


def _level(text: str) -> str:
    """Any name of a level, as logs have them."""
    from mlmon.monitoring.logrecords import level_of

    if level := level_of(text):
        return level
    raise UsageError(f"{text!r} is not a level", hint=f"it is one of: {', '.join(LEVELS)}")


_level.__name__ = "str"  # the help shows it as the type
_level.choices = LEVELS  # type: ignore[attr-defined]  # completion offers them


def _some_duration(text: str) -> str:
    if not parse_duration(text):
        raise UsageError(f"the duration {text!r} is no time at all", hint="write it like 90s, 10m or 8h")
    return text


@command(
    "logs",
    Group.TELEMETRY,
    rows=True,
    examples=[
        "mlmon logs",
        "mlmon logs diabetes -n 20",
        "mlmon logs --since 1h -i error -e health",
        "mlmon logs --all --level warning",
        "mlmon logs -f -n 5 --for 1s",
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
    following: Annotated[
        bool, typer.Option("--follow", "-f", help="Then show what comes, until Ctrl-C or for as long as --for says.")
    ] = False,
    lasting: Annotated[
        str | None,
        typer.Option("--for", metavar="D", parser=_some_duration, help="With -f: end after this time (90s, 10m, 8h)."),
    ] = None,
    start: FromOption = None,
    end: ToOption = None,
    level: Annotated[
        str | None,
        typer.Option(
            "--level",
            metavar="|".join(LEVELS),
            parser=_level,
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
            help="The lines as they are, with what would act on a terminal: each one by itself, -n counts lines,"
            " and no service's name stands before them.",
        ),
    ] = False,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay",
            help="The arguments are files: snapshots of one log, saved one after the other; -f would show this.",
        ),
    ] = False,
) -> Result:
    """Show the last records of a service's container log, and with -f what comes after.

    A record is a line, or a line with the traceback below it, which belong together in every filter. Times without a
    zone are UTC. A record without a time has that of the record above it.

    A log is followed by looking at its last lines again and again, more often while it is busy. Each line is shown
    once; where it cannot be told that none is missing, a gap says so. What goes wrong meanwhile is said, and it is
    tried again. A last line without an end is shown when it has one, or when following ends.

    An expression that takes more than a second of computing for one record ends the command with an error.

    In -o jsonl each record is one line: type (record, or gap), time, level, service, container, logger, message,
    request_id, pid, and line, which is all of it as it was written.
    """
    from mlmon.monitoring.logrecords import Wanted

    _refuse(
        {
            "--until without --follow (--for ends it)": following and end is not None,
            "--follow with --for": lasting is not None and not following,
            "--replay without --follow, --all, --tail and --container": replay
            and (following or everything or tail is not None or bool(container)),
            "--replay with the files that snapshots were saved in": replay and not services,
        }
    )
    between = resolve(session.now, start=start, end=end)
    if between and following:
        between = TimeRange(between.start, datetime.max.replace(tzinfo=UTC))
    wanted = Wanted(between, level or "", include=_patterns(include), exclude=_patterns(exclude))
    marked = tuple(_patterns(highlight))
    if replay:
        from mlmon.commands.logfollowing import replayed

        return Lines(replayed(session, services or (), wanted=wanted, raw=raw), FIELDS, marked=marked)
    workspace = session.connect()
    chosen = chosen_services(session, workspace, names=services or (), everything=everything)
    if between:
        say_range(session, between, goes_on=following)
    last = None if tail is None and between else _DEFAULT_TAIL if tail is None else tail
    asked = Asked(wanted, last, container=container, raw=raw)
    widest = max((len(str(service.name)) for service in chosen), default=0)
    if following and chosen:
        from mlmon.commands.logfollowing import followed

        seconds = parse_duration(lasting).total_seconds() if lasting else None
        entries = followed(session, workspace, chosen, asked=asked, seconds=seconds)
        return Lines(entries, FIELDS, marked=marked, widest=widest)
    found = read_all(session, workspace, chosen, asked=asked)
    code = ExitCode.DONE if len(found) == len(chosen) else ExitCode.PARTIAL
    entries = merged_entries(found, several=len(chosen) > 1)
    empty = nothing_found(chosen, found)
    return Lines(entries, FIELDS, empty=empty, exit_code=code, marked=marked, widest=widest)


def _refuse(rules: Mapping[str, bool]) -> None:
    """Say which rule is broken, if one is."""
    for rule, broken in rules.items():
        if broken:
            raise UsageError(f"logs takes {rule}", hint="mlmon logs --help shows how they go together")


def _patterns(texts: Sequence[str] | None) -> list[re.Pattern[str]]:
    """Each expression, for records of several lines: ^ and $ are the ends of a line."""
    try:
        return [compiled(text, re.MULTILINE) for text in texts or ()]
    except re.error as error:
        raise UsageError(
            f"{error.pattern!r} is not a regular expression: {error.msg}", hint="escape it with \\"
        ) from None
