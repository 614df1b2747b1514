"""From storage to a folder: what would be fetched, and fetching it without harming anything there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from threading import Event, Lock
from typing import Final

from mlmon.collected import folder
from mlmon.collected.layout import CollectedBlob, OnSkip, Selection, select
from mlmon.collected.names import identity, unsafe
from mlmon.core.errors import Interrupted, MlmonError, NotFound, Unavailable
from mlmon.core.model import BlobInfo, ServiceName
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Blobs

IN_VAIN: Final = 16
"""After so many blobs in a row that met the same outage, no further one is tried."""


@dataclass(frozen=True, slots=True)
class Target:
    """A blob and the file it becomes: `path` is relative to the target folder, with `/` on every system."""

    collected: CollectedBlob
    path: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A blob that is not fetched because its name cannot safely be a file here. `reason` follows the name."""

    container: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is whole in the target folder. `path` is relative to it, with `/` on every system."""

    path: str
    bytes: int
    day: date
    service: ServiceName
    collection: str
    container: str
    name: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A blob that could not be fetched; a file of that name from before is as it was. `reason` is a sentence."""

    container: str
    name: str
    reason: str
    hint: str = ""


Result = Fetched | Failed | SetAside
"""What became of one blob."""


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
    """What became of a plan, each part in the plan's order. `set_aside` holds the plan's own too."""

    fetched: tuple[Fetched, ...]
    failed: tuple[Failed, ...]
    set_aside: tuple[SetAside, ...]

    @property
    def bytes(self) -> int:
        """How many bytes were written."""
        return sum(fetched.bytes for fetched in self.fetched)

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

    def skipped(blob: BlobInfo, reason: str) -> None:
        if danger := unsafe(blob.name):
            hostile.append(SetAside(blob.container, blob.name, danger))
        elif on_skip:
            on_skip(blob, reason)

    planned = assign(select(blobs, service, selection, on_skip=skipped), to_dir=to_dir)
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
        reason = unsafe(name) or _taken(name, files=files, folders=folders)
        if reason:
            set_aside.append(SetAside(collected.blob.container, name, reason))
            continue
        files[identity(name)] = name
        folders.update(dict.fromkeys(_parents(name), name))
        targets.append(Target(collected, name))
    return Plan(to_dir=to_dir, targets=tuple(targets), set_aside=tuple(set_aside))


def run(planned: Plan, blobs: Blobs, *, on_file: Callable[[Result], None] | None = None, workers: int = 8) -> Outcome:
    """Fetch what was planned, a few at once; each file is either whole or not there, or as it was before.

    `on_file` is told what became of each blob, in the plan's order, from the calling thread; first
    of what the plan set aside. `blobs.read` is called from up to `workers` threads. One blob's
    failure does not stop the others, until many in a row have waited in vain for the same. The
    folder is created when it is missing and there is something to fetch. Ctrl-C leaves whole files
    and no others.

    Raises:
        Interrupted: Ctrl-C; it says how many files are whole.
        UsageError: the folder is something else than a folder, or a symbolic link.
        Failure: the folder cannot be written to, or its disk is full. Whole files stay.
    """
    results: list[Result] = []
    whole: list[Result] = []  # also those whose turn to be told has not come
    stop = Event()
    outage = _Outage()

    def fetch(target: Target) -> Result:
        if error := outage.error:
            return _failed(target, error)
        result = _fetch(target, blobs, to_dir=planned.to_dir, stop=stop, outage=outage)
        if isinstance(result, Fetched):
            whole.append(result)
        return result

    def done(result: Result) -> None:
        results.append(result)
        if on_file:
            on_file(result)

    if planned.targets:
        folder.prepare(planned.to_dir)
    for aside in planned.set_aside:
        done(aside)
    try:
        with closing(map_bounded(fetch, planned.targets, workers=workers, stop=stop)) as fetching:
            for result in fetching:
                done(result)
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted: {len(whole)} of {planned.count} files are whole",
            hint="they stay; the same command again fetches all of them",
        ) from None
    return Outcome(
        fetched=tuple(result for result in results if isinstance(result, Fetched)),
        failed=tuple(result for result in results if isinstance(result, Failed)),
        set_aside=tuple(result for result in results if isinstance(result, SetAside)),
    )


class _Outage:
    """Storage that is away: what so many in a row waited for in vain, the rest need not wait for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._error: Unavailable | None = None
        self._alike = 0

    @property
    def error(self) -> Unavailable | None:
        """What every further blob would meet too, once that is clear."""
        with self._lock:
            return self._error if self._alike >= IN_VAIN else None

    def met(self, error: MlmonError | None) -> None:
        """Hear how one blob ended; None is well."""
        with self._lock:
            if not isinstance(error, Unavailable):
                self._error, self._alike = None, 0
            elif self._error and error.message == self._error.message:
                self._alike += 1
            else:
                self._error, self._alike = error, 1


def _failed(target: Target, error: MlmonError) -> Failed:
    return Failed(target.collected.blob.container, target.collected.blob.name, error.message, error.hint)


def _fetch(target: Target, blobs: Blobs, *, to_dir: Path, stop: Event, outage: _Outage) -> Result:
    collected, blob = target.collected, target.collected.blob
    try:
        written = folder.write(to_dir, target.path, blobs.read(blob), size=blob.size, stop=stop)
    except folder.Refused as refused:
        return SetAside(blob.container, blob.name, str(refused))
    except folder.NotWritten as unwritten:
        return Failed(blob.container, blob.name, str(unwritten), "run the same command again")
    except folder.Unwritable:
        raise
    except NotFound:
        return Failed(blob.container, blob.name, "it is gone from storage", "it was deleted after it was listed")
    except MlmonError as error:
        outage.met(error)
        return _failed(target, error)
    outage.met(None)
    return Fetched(
        path=target.path,
        bytes=written,
        day=collected.day,
        service=collected.service,
        collection=collected.collection,
        container=blob.container,
        name=blob.name,
    )


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
