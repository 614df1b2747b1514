"""What a service did over time."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mlmon.commands.command import Group, asked_format, command
from mlmon.commands.options import FromOption, ScopeOption, ServiceArgument, ToOption, one_of
from mlmon.commands.ranges import say_range
from mlmon.commands.telemetry import correction, looked_at, names_in_telemetry, say_insights_off
from mlmon.core.errors import ExitCode, Unavailable, UsageError
from mlmon.core.model import Service
from mlmon.core.ports import Telemetry
from mlmon.core.timerange import TimeRange, parse_duration, resolve
from mlmon.output.cells import readable
from mlmon.output.controls import neutral
from mlmon.output.results import Faces, Field, Format, Page, Result, Text, Watched
from mlmon.output.show import check_watching
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.commands.metricrows import Part
    from mlmon.monitoring.metrics import Metrics

_BYS: Final = ("time", "exception")
_USUAL: Final = timedelta(days=1)
_REFRESHED: Final = "30s"
_SHORTEST: Final = timedelta(seconds=1)


@command(
    "metrics",
    Group.TELEMETRY,
    rows=True,
    examples=[
        "mlmon metrics",
        "mlmon metrics diabetes-v2/blue --since 7d",
        "mlmon metrics --from 2026-11-01 --to 2026-11-08 --every 1d -o csv",
        "mlmon metrics --by exception --since 30d",
    ],
    piped=Format.JSONL,
)
def metrics(
    session: Session,
    *,
    service: ServiceArgument = None,
    start: FromOption = None,
    end: ToOption = None,
    every: Annotated[
        str | None,
        typer.Option(
            "--every", metavar="D", help="Length of an interval (30s, 5m, 1h). Default: makes at most 72 of the range."
        ),
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="|".join(_BYS),
            parser=one_of(_BYS, "something to count by"),
            help="Rows by time, or a row for each type of exception.",
        ),
    ] = "time",
    scope: ScopeOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Ask again and draw in place until Ctrl-C.")] = False,
    interval: Annotated[
        str, typer.Option("--interval", metavar="D", help="How often --watch asks.", show_default=True)
    ] = _REFRESHED,
) -> Result:
    """Show requests, latency, failures, calls to others and exceptions of a service over time.

    Without a range: the last day. On a terminal charts and a table of totals; machine formats have a row for each
    interval, and -o json the totals and the exceptions by type too. Requests are counted as they really were, also
    where the inference server writes that all of them succeeded; a row that stands for several sampled ones weighs as
    many. Where nothing happened counts are 0 and latencies null. Intervals begin where those of KQL's bin() do, so that
    the range may cut the first and the last.
    """
    pause = _length(interval, "--interval")
    length = _length(every, "--every") if every else None
    if watch and by != "time":
        raise UsageError("--watch draws what happens over time, and --by exception does not", hint="choose one of them")
    if watch:
        check_watching(asked_format(session) or Format.TABLE, session.terminal)
    between = _range(session.now, start, end)
    workspace = session.connect()
    found = session.service(workspace, service)
    telemetry = looked_at(workspace, scope)
    names = names_in_telemetry(session, workspace, found)

    def measured(between: TimeRange) -> "Metrics":
        from mlmon.monitoring.metrics import measure, usual_interval

        return measure(telemetry, names, between, every=length or usual_interval(between))

    if watch:
        return Watched(_pages(session, found, lambda: measured(_range(session.now, start, end)), pause))
    from mlmon.commands.metricrows import document, parts  # why here: it draws, and every command imports this module

    say_range(session, between)
    if by == "exception":
        return _by_exception(session, found, telemetry, names, between)
    answer = measured(between)
    _say(session, found, answer)
    code = ExitCode.PARTIAL if answer.partial else ExitCode.DONE
    return Faces(Page(() if answer.empty else parts(answer)), document(found, answer), exit_code=code)


def _range(now: datetime, start: str | None, end: str | None) -> TimeRange:
    """What was asked for, without what has not happened yet; a day, where no start was given."""
    asked = resolve(now, start=start, end=end)
    if asked is None:
        return TimeRange(now - _USUAL, now + timedelta.resolution)
    last = min(asked.end, now + timedelta.resolution)
    return TimeRange(asked.start if start is not None else last - _USUAL, last)


def _length(text: str, option: str) -> timedelta:
    length = parse_duration(text)
    if length < _SHORTEST:
        raise UsageError(f"{option} {text!r} is less than a second", hint="write it like 30s, 5m or 1h")
    return length


def _say(session: Session, found: Service, answer: "Metrics") -> None:
    if answer.corrected:
        session.terminal.note(correction(answer.corrected, of="requests"))
    _say_partial(session, answer.partial)
    say_insights_off(session, found, empty=answer.empty)
    if found.insights and answer.empty:
        session.terminal.note(f"no telemetry of {found.name} in this range")


def _say_partial(session: Session, partial: Sequence[str]) -> None:
    for sentence in partial:
        session.terminal.note(sentence, level="warning")


def _by_exception(
    session: Session, found: Service, telemetry: Telemetry, names: Sequence[str], between: TimeRange
) -> Result:
    from mlmon.commands.metricrows import exception_bars, exception_rows
    from mlmon.monitoring.metrics import exceptions_by_kind

    kinds, partial = exceptions_by_kind(telemetry, names, between)
    _say_partial(session, partial)
    say_insights_off(session, found, empty=not kinds)
    rows = exception_rows(kinds, empty=f"no exceptions of {found.name} in this range")
    people = Page((*exception_bars(kinds), rows))
    return Faces(people, rows, exit_code=ExitCode.PARTIAL if partial else ExitCode.DONE)


def _pages(session: Session, found: Service, measured: Callable[[], "Metrics"], pause: timedelta) -> Iterator[Page]:
    """The metrics as they are now, for ever. While the service does not answer, the latest there were."""
    from mlmon.commands.metricrows import length_text, watched

    shown: tuple[Part, ...] = ()
    while True:
        wait, trouble = pause.total_seconds(), ""
        try:
            answer = measured()
        except Unavailable as error:
            wait, trouble = max(wait, error.retry_after or 0), f"not up to date: {error.message}"
        else:
            shown = () if answer.empty else watched(answer)
            trouble = f"no telemetry of {found.name} in {answer.between}" if answer.empty else "; ".join(answer.partial)
        if trouble and not session.terminal.stderr.is_terminal:  # where it is one, the page says it
            session.terminal.note(trouble, level="warning")
        now = readable(session.now, Field("now", kind="time"))
        head = f"{found.name}  {now} UTC, every {length_text(pause)}, Ctrl-C ends"
        yield Page((Text("".join(f"{neutral(line)}\n" for line in (head, trouble) if line)), *shown))
        time.sleep(wait)
