"""The whole story of one request."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import DayOption, FromOption, ScopeOption, ServiceArgument, ToOption
from mlmon.commands.telemetry import correction, looked_at, truncation
from mlmon.core.errors import ExitCode, UsageError
from mlmon.core.model import Service
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange, resolve
from mlmon.output.results import Faces, Format, Result
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.monitoring.story import Story

_LATEST: Final = "latest"
_LATEST_FAILED: Final = "latest-failed"
_USUAL: Final = timedelta(days=30)
_LONGEST_ID: Final = 1_000


@command(
    "request",
    Group.TELEMETRY,
    rows=True,
    examples=[
        "mlmon request latest",
        "mlmon request latest-failed diabetes-v2/blue",
        "mlmon request latest diabetes-v2/blue -o json",
    ],
    piped=Format.TABLE,
)
def request(
    session: Session,
    *,
    id_: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A request id, client request id, operation id or correlation id; or latest, or latest-failed.",
            show_default=False,
        ),
    ],
    service: ServiceArgument = None,
    day: DayOption = None,
    start: FromOption = None,
    end: ToOption = None,
    scope: ScopeOption = None,
) -> Result:
    """Tell the whole story of one request: its row, traces, calls to others, exceptions, log, inputs and predictions.

    It is looked for in all services, unless one is named, and in the last 30 days unless a range is; an id that only
    collected data knows, in the last day of the range; one that only a log knows, in that of the service. Every part
    says what it was matched by: what is only near in time ran on the same instance while the request did, and may be
    another one's. What is not there is named, with why.

    -o json is one document with its events; the other formats for programs have the events alone.
    """
    if not id_.strip() or len(id_) > _LONGEST_ID or not id_.isprintable():
        raise UsageError(f"{id_[:40]!r} is no id that a request can have", hint="mlmon request latest shows the latest")
    between = _range(session, day, start, end)
    workspace = session.connect()
    chosen = session.service(workspace, service) if service else None
    story = _told(session, workspace, id_.strip(), chosen=chosen, between=between, scope=scope)
    from mlmon.commands.storyrows import document, page  # why here: every command imports this module

    _say(session, story)
    failed = any(looked.error for looked in story.looked) or bool(story.partial)
    code = ExitCode.PARTIAL if failed else ExitCode.DONE
    return Faces(page(story), document(story), exit_code=code)


def _range(session: Session, day: str | None, start: str | None, end: str | None) -> TimeRange:
    now = session.now
    asked = resolve(now, day=day, start=start, end=end)
    if asked is None:
        return TimeRange(now - _USUAL, now + timedelta.resolution)
    last = min(asked.end, now + timedelta.resolution)
    return TimeRange(asked.start if day or start else last - _USUAL, last)


def _told(
    session: Session,
    workspace: Workspace,
    id_: str,
    *,
    chosen: Service | None,
    between: TimeRange,
    scope: str | None,
) -> "Story":
    from mlmon.monitoring.story import Asked, tell

    services = workspace.services.list()
    for sentence in workspace.services.unseen:
        session.terminal.note(sentence, level="warning")
    named = id_ in {_LATEST, _LATEST_FAILED}
    asked = Asked(between, "" if named else id_, failed=id_ == _LATEST_FAILED, service=chosen)
    with session.terminal.progress("Looking for the request", total=None, unit="bytes", ticking=True) as bar:
        on_bytes: Callable[[int], None] = bar.advance
        return tell(
            workspace,
            looked_at(workspace, scope),
            asked,
            services=services,
            now=session.now,
            on_bytes=on_bytes,
        )


def _say(session: Session, story: "Story") -> None:
    """What people should know on stderr; programs are told there what is missing, too."""
    from mlmon.commands.storyrows import missing, place_of

    note = session.terminal.note
    if story.request and story.request.corrected:
        note(correction(1, of="requests"))
    if story.truncated:
        note(truncation(story.truncated))
    for sentence in story.partial:
        note(sentence, level="warning")
    said: set[str] = set()
    for looked in story.looked:
        if looked.error and looked.error.message not in said:
            said.add(looked.error.message)
            note(f"{place_of(looked)}: {looked.error.message}", level="warning", hint=looked.error.hint)
    if session.terminal.machine:
        for sentence in missing(story):
            note(f"not found: {sentence}")
