"""Collected blobs into a folder: pull."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from mlmon.collected.pulling import folder, planning, transfer
from mlmon.collected.pulling.fetching import Overwrite
from mlmon.collected.pulling.missing import Within, missing
from mlmon.collected.pulling.outcomes import Deleted, SetAside, Target
from mlmon.collected.pulling.planning import Plan
from mlmon.collected.pulling.transfer import Options, Step
from mlmon.collected.selecting.selection import Selection
from mlmon.commands.command import Group, command
from mlmon.commands.naming import EDITED, TO_DELETE, Missed, Removed
from mlmon.commands.options import (
    CollectionOption,
    DayOption,
    FromOption,
    ModelOption,
    ModelVersionOption,
    MonthOption,
    ServiceArgument,
    ToOption,
)
from mlmon.commands.pulling import Tally, Watched
from mlmon.commands.pullrows import FIELDS, Foreseen, row_of
from mlmon.commands.selecting import Skipped, explain_nothing, listing, look_up, no_blobs
from mlmon.core.errors import UsageError
from mlmon.core.flow import PARALLEL
from mlmon.core.model import Service
from mlmon.core.ports import Workspace
from mlmon.core.sizes import parse_size
from mlmon.core.timerange import resolve
from mlmon.output.cells import human_bytes
from mlmon.output.results import Faces, Format, Lines, Result, Row, Rows
from mlmon.session import Session
from mlmon.settings import AzureWorkspace

_STREAMED: Final = frozenset(str(one) for one in (Format.JSONL, Format.CSV, Format.TSV, Format.MD))


@command(
    "pull",
    Group.DATA,
    rows=True,
    examples=[
        "mlmon pull --month 3",
        "mlmon pull diabetes-v2/blue --from 2026-02-27 --to 2026-03-02 --to-dir data",
        "mlmon pull --since 7d --collection inputs -o json",
        "mlmon pull --month 3 --max-bytes 2GB --delete-missing --dry-run",
    ],
)
def pull(
    session: Session,
    *,
    service: ServiceArgument = None,
    month: MonthOption = None,
    day: DayOption = None,
    start: FromOption = None,
    end: ToOption = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    model_version: ModelVersionOption = None,
    to_dir: Annotated[
        Path, typer.Option("--to-dir", metavar="DIR", help="Where to; made when it is not there.")
    ] = Path("modeldata"),
    overwrite: Annotated[
        Overwrite, typer.Option("--overwrite", help="Which files that are there are fetched again.")
    ] = Overwrite.CHANGED,
    delete_missing: Annotated[
        bool,
        typer.Option(
            "--delete-missing", help="Delete files of this selection that pull wrote and whose blobs are gone."
        ),
    ] = False,
    max_bytes: Annotated[
        str | None,
        typer.Option(
            "--max-bytes", metavar="SIZE", help="Fetch nothing when there is more than this to fetch: 500MB, 2GB."
        ),
    ] = None,
    parallel: Annotated[
        int, typer.Option("--parallel", min=1, max=64, metavar="N", help="How many requests are made at once.")
    ] = PARALLEL,
    cap_mbps: Annotated[
        float | None,
        typer.Option("--cap-mbps", min=0.1, metavar="N", help="Take no more of the network: megabits a second."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be fetched and deleted, and do neither.")
    ] = False,
) -> Result:
    """Download collected blobs of a date range, byte for byte, under their own paths.

    A file is either whole or not there. The same command again fetches only what is new or has changed, and goes on
    where a file ended. A last line that is still being written is left for then. A blob whose name cannot safely be a
    file is set aside and named.

    A file of yours, or one that you edited, that stands where a blob belongs is replaced, and a warning says so:
    --overwrite never leaves every file that is there.
    """
    most = parse_size(max_bytes) if max_bytes is not None else None
    between = resolve(session.now, month=month, day=day, start=start, end=end)
    selection = Selection(between, tuple(collection or ()), model=model or "", model_version=model_version or "")
    workspace, found = look_up(session, service, selection)
    _see_apart(session, workspace, session.path(to_dir))
    options = Options(
        parallel=parallel,
        cap_mbps=cap_mbps,
        now=session.now,
        overwrite=overwrite,
        delete=Within.of(workspace.blobs, found.name, selection) if delete_missing else None,
    )
    asked = _Pull(session, workspace, found, selection, options, to_dir=session.path(to_dir), most=most)
    return asked.rehearse() if dry_run else asked.run()


def _see_apart(session: Session, workspace: Workspace, to_dir: Path) -> None:
    """Refuse to write over what is read, where that is files. Raises `UsageError`."""
    if not isinstance(session.settings.require_target(), AzureWorkspace):
        from urllib.request import url2pathname  # why here: it takes a quarter of what any command needs to start

        container = urlsplit(workspace.blobs.address("any")).path
        folder.check_apart(to_dir, Path(url2pathname(container)).parent)


@dataclass(frozen=True, slots=True)
class _Pull:
    """A pull as it was asked for; `most` is how many bytes it may fetch."""

    session: Session
    workspace: Workspace
    service: Service
    selection: Selection
    options: Options
    to_dir: Path
    most: int | None

    def run(self) -> Result:
        """Pull. It goes on while it is printed, and behind its listing unless that has to be over before."""
        skipped = Skipped(self.session)
        plan = self._plan(skipped, ahead=self.most is None)
        if self.most is not None and (error := self._too_much(self._tallied(plan))):
            plan.close()
            raise error
        terminal, overwrite = self.session.terminal, self.options.overwrite
        watched = Watched(terminal, plan, streamed=self._streamed, overwrite=overwrite)

        def steps() -> Iterator[Step]:
            with plan:
                yield from watched.over(transfer.pull(plan, self.workspace.blobs, self.options, on_bytes=watched.came))
                self._say_listed(plan, skipped)

        def people() -> Iterator[str]:
            removed = Removed(terminal)
            for step in steps():
                if isinstance(step.result, Deleted):
                    removed.name(step.result.path)
            removed.say_rest()
            yield watched.tally.said("fetched", self.to_dir)
            watched.say_time()

        def rows() -> Iterator[Row]:
            for step in steps():
                yield row_of(self.service, step)
            watched.say_time(watched.tally.said("fetched", self.to_dir))

        return Faces(
            people=Lines(people()),
            machines=Rows(FIELDS, rows()),
            ending=lambda: watched.tally.exit_code,
            unread=watched.unread,
        )

    def rehearse(self) -> Result:
        """Show what the pull would do, from a listing that is over."""
        skipped = Skipped(self.session)
        plan = self._plan(skipped, ahead=False)
        self._say_listed(plan, skipped)
        self._say_missed(plan)
        tally = self._tallied(plan)
        said = tally.said("would fetch", self.to_dir)

        def people() -> Iterator[str]:
            removed = Removed(self.session.terminal)
            with plan:
                for one in self._foreseen(plan):
                    if one.status == TO_DELETE and isinstance(one.planned, Target):
                        removed.name(one.planned.path, TO_DELETE)
            removed.say_rest()
            yield said

        def rows() -> Iterator[Row]:
            with plan:
                for one in self._foreseen(plan):
                    yield one.row(self.service)
            self.session.terminal.note(said)

        return Faces(
            people=Lines(people()),
            machines=Rows(FIELDS, rows()),
            exit_code=tally.exit_code,
            error=self._too_much(tally),
        )

    @property
    def _streamed(self) -> bool:
        """Whether each row is printed on a terminal as soon as it is known."""
        asked = self.session.options.output or self.session.world.environ.get("MLMON_OUTPUT")
        return self.session.terminal.stdout.is_terminal and asked in _STREAMED

    def _plan(self, skipped: Skipped, *, ahead: bool) -> Plan:
        # what is listed ahead is seen in the progress of the pull
        with nullcontext() if ahead else listing(self.session, self.service):
            return planning.plan(
                self.workspace.blobs,
                self.service.name,
                self.selection,
                to_dir=self.to_dir,
                now=self.options.now,
                on_skip=skipped,
                ahead=ahead,
            )

    def _say_listed(self, plan: Plan, skipped: Skipped) -> None:
        skipped.say()
        if not plan.count:
            explain_nothing(self.session, self.workspace, self.service, self.selection)
            if not plan.set_aside:
                self.session.terminal.note(no_blobs(self.service))

    def _say_missed(self, plan: Plan) -> None:
        missed = Missed(self.session.terminal)
        for one in plan:
            if isinstance(one, SetAside):
                missed.name(one)
        if self.options.delete:
            for _, kept in missing(plan, self.options.delete):
                if kept:
                    missed.name(kept)
        missed.say_rest()

    def _foreseen(self, plan: Plan) -> Iterator[Foreseen]:
        """Everything the pull would meet."""
        for one, size, lost in planning.due(plan, now=self.options.now, overwrite=self.options.overwrite):
            if isinstance(one, SetAside):
                yield Foreseen(one, "set aside", reason=one.reason)
            else:
                reason = f"would replace {lost}" if lost else ""
                yield Foreseen(one, "unchanged" if size is None else "planned", size or 0, reason)
        if self.options.delete:
            for target, kept in missing(plan, self.options.delete):
                yield Foreseen(target, "kept", reason=EDITED) if kept else Foreseen(target, TO_DELETE)

    def _tallied(self, plan: Plan) -> Tally:
        tally = Tally()
        for one in self._foreseen(plan):
            tally.count(one.status, size=one.bytes, day=one.day)
        return tally

    def _too_much(self, tally: Tally) -> UsageError | None:
        if self.most is None or tally.bytes <= self.most:
            return None
        return UsageError(
            f"there are {human_bytes(tally.bytes)} to fetch, more than the {human_bytes(self.most)} of --max-bytes",
            hint="choose a shorter range or one --collection, or raise --max-bytes",
        )
