"""From storage to a folder: what would be fetched, and fetching it without harming anything there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from mlmon.collected import folder
from mlmon.collected.fetching import Fetching, Overwrite, Standing
from mlmon.collected.layout import CollectedBlob, Reason
from mlmon.collected.names import identity, unsafe
from mlmon.collected.outcomes import Failed, Fetched, Result, SetAside, Target
from mlmon.collected.pulled import known, opened
from mlmon.collected.selection import OnSkip, Selection, in_time, select
from mlmon.core.errors import Interrupted
from mlmon.core.model import BlobInfo, ServiceName
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Blobs
from mlmon.state import FOLDER


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pull would do, in order of (start, name): nothing is written yet."""

    to_dir: Path
    targets: tuple[Target, ...]
    set_aside: tuple[SetAside, ...]

    @property
    def count(self) -> int:
        """How many files."""
        return len(self.targets)

    @property
    def bytes(self) -> int:
        """Their size together, as listed."""
        return sum(target.collected.blob.size for target in self.targets)

    @property
    def days(self) -> tuple[date, ...]:
        """The UTC days on which they begin, each once, in order."""
        return tuple(sorted({target.collected.day for target in self.targets}))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan, each part in the plan's order. `set_aside` holds the plan's own too, and `fetched` every
    file that is whole, also where it was before."""

    fetched: tuple[Fetched, ...]
    failed: tuple[Failed, ...]
    set_aside: tuple[SetAside, ...]

    @property
    def bytes(self) -> int:
        """How many bytes were fetched."""
        return sum(fetched.came for fetched in self.fetched)

    @property
    def complete(self) -> bool:
        """Whether every selected blob is now a file."""
        return not self.failed and not self.set_aside


def plan(
    blobs: Blobs, service: ServiceName, selection: Selection, *, to_dir: Path, on_skip: OnSkip | None = None
) -> Plan:
    """Which file below `to_dir` each selected blob becomes: its name in the container, unchanged.

    Set aside are names that cannot safely be a relative path on some system (also where that is why they
    cannot be read as collected data), and the later of two that some system would take for the same file,
    or for a file and a folder of the same name.

    Raises:
        NotFound: no such service.
        UsageError: `to_dir` is something else than a folder, or a symbolic link.
        Failure: `to_dir` cannot be written to.
    """
    folder.check(to_dir)
    hostile: list[SetAside] = []

    def skipped(blob: BlobInfo, reason: Reason) -> None:
        if danger := unsafe(blob.name):
            hostile.append(SetAside(blob.container, blob.name, danger))
        elif on_skip:
            on_skip(blob, reason)

    selected = in_time(select(blobs, service, selection, on_skip=skipped))
    planned = assign(selected, to_dir=to_dir)
    # a blob that one collection cannot read may be another one's
    return replace(planned, set_aside=tuple(dict.fromkeys((*planned.set_aside, *hostile))))


def assign(selected: Iterable[CollectedBlob], *, to_dir: Path) -> Plan:
    """`plan`, of blobs that were selected already."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    targets: list[Target] = []
    set_aside: list[SetAside] = []
    for collected in selected:
        name = collected.blob.name
        reason = unsafe(name) or _reserved(name) or _taken(name, files=files, folders=folders)
        if reason:
            set_aside.append(SetAside(collected.blob.container, name, reason))
            continue
        files[identity(name)] = name
        folders.update(dict.fromkeys(_parents(name), name))
        targets.append(Target(collected, name))
    return Plan(to_dir=to_dir, targets=tuple(targets), set_aside=tuple(set_aside))


def due(planned: Plan, *, now: datetime | None = None, overwrite: Overwrite = Overwrite.CHANGED) -> Plan:
    """The part of a plan that `run` would fetch: what is not there, or not as it is now. Nothing is written."""
    standing = Standing(planned.to_dir, known(planned.to_dir), now=now, overwrite=overwrite)
    return replace(planned, targets=tuple(one for one in planned.targets if standing.left_alone(one) is None))


def run(
    planned: Plan,
    blobs: Blobs,
    *,
    on_file: Callable[[Result], None] | None = None,
    workers: int = 8,
    now: datetime | None = None,
    overwrite: Overwrite = Overwrite.CHANGED,
) -> Outcome:
    """Fetch what was planned and is not there yet, a few at once; each file is whole or not there, or as it was before.

    `on_file` is told what became of each blob, in the plan's order, from the calling thread; first
    of what the plan set aside. `blobs.read` is called from up to `workers` threads. One blob's
    failure does not stop the others, until many in a row have waited in vain for the same. The
    folder is created when it is missing and there is something to fetch. Ctrl-C leaves whole files
    and no others.

    A blob whose hour or day is not over at `now` is still written to: what follows its last line's end is left for the
    next pull. Without `now` every blob is taken byte for byte.

    Raises:
        Interrupted: Ctrl-C; it says how many files are whole.
        UsageError: the folder, or mlmon's own in it, is something else than a folder, or a symbolic link.
        Failure: the folder cannot be written to, or its disk is full. Whole files stay.
    """
    results: list[Result] = []

    def done(result: Result) -> None:
        results.append(result)
        if on_file:
            on_file(result)

    if planned.targets:
        folder.prepare(planned.to_dir)
    for aside in planned.set_aside:
        done(aside)
    if planned.targets:
        with opened(planned.to_dir) as pulled:
            standing = Standing(planned.to_dir, pulled.entries, now=now, overwrite=overwrite)
            fetching = Fetching(blobs, planned.to_dir, pulled, standing)
            _run(planned, fetching, done=done, workers=workers)
    return Outcome(
        fetched=tuple(result for result in results if isinstance(result, Fetched)),
        failed=tuple(result for result in results if isinstance(result, Failed)),
        set_aside=tuple(result for result in results if isinstance(result, SetAside)),
    )


def _run(planned: Plan, fetching: Fetching, *, done: Callable[[Result], None], workers: int) -> None:
    whole: list[Result] = []  # also those whose turn to be told has not come

    def fetch(target: Target) -> Result:
        result = fetching.fetch(target)
        if isinstance(result, Fetched):
            whole.append(result)
        return result

    try:
        with closing(map_bounded(fetch, planned.targets, workers=workers, stop=fetching.stop)) as results:
            for result in results:
                done(result)
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted: {len(whole)} of {planned.count} files are whole",
            hint="they stay; the same command again fetches the rest",
        ) from None


def _reserved(name: str) -> str:
    """Why a name cannot be used because mlmon has it for itself, or ""."""
    return f"would be in {FOLDER!r}, which is mlmon's own" if identity(name).partition("/")[0] == FOLDER else ""


def _taken(name: str, *, files: dict[str, str], folders: dict[str, str]) -> str:
    """Why a name cannot stand beside the ones before it, or ""."""
    if twin := files.get(identity(name)):
        return f"would be the same file as {twin!r}"
    if inner := folders.get(identity(name)):
        return f"would be a file where {inner!r} needs a folder"
    if outer := next((files[parent] for parent in _parents(name) if parent in files), ""):
        return f"needs a folder where {outer!r} is a file"
    return ""


def _parents(name: str) -> list[str]:
    """The identities of the folders a file stands in, outermost first."""
    levels = identity(name).split("/")
    return ["/".join(levels[:depth]) for depth in range(1, len(levels))]
