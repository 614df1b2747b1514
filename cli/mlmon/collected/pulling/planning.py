"""Which file each selected blob becomes, and which may not become one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from datetime import date, datetime
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

from mlmon.collected.pulling import folder
from mlmon.collected.pulling.fetching import Overwrite, Standing
from mlmon.collected.pulling.names import identity, unsafe
from mlmon.collected.pulling.outcomes import Planned, SetAside, Target
from mlmon.collected.pulling.pulled import known
from mlmon.collected.pulling.spool import IN_MEMORY, Spool
from mlmon.collected.pulling.taken import Taken
from mlmon.collected.selecting.layout import CollectedBlob, Reason
from mlmon.collected.selecting.selection import OnSkip, Selection, select
from mlmon.core.model import BlobInfo, ServiceName
from mlmon.core.ports import Blobs
from mlmon.state import FOLDER


class Plan:
    """What a pull would do, in the order of the listing, which may still go on: nothing is written yet.

    Iterating waits for what is still to be listed, raises what the listing failed with, and may be done again.

    Of a blob, what has to be known for fetching it is kept compressed (`Spool`: 30 to 80 bytes; beyond 8 MB of them in
    a temporary file), and that its place and its folder's are taken (`Taken`: a dozen bytes each). Days and counts
    are all else that grows.
    """

    def __init__(self, to_dir: Path, *, in_memory: int = IN_MEMORY) -> None:
        self.to_dir = to_dir
        self.count = 0
        """How many files, as far as they are listed."""
        self.bytes = 0
        """Their size together, as listed."""
        self.set_aside = 0
        """How many blobs may not become files."""
        self._days: set[date] = set()
        self._stop = Event()
        self._spool = Spool(in_memory=in_memory)
        self._taken = Taken()
        self._parent = ""  # of the latest file: whole folders come one after another

    @property
    def days(self) -> tuple[date, ...]:
        """The UTC days on which they begin, each once, in order."""
        return tuple(sorted(self._days))

    @property
    def listed(self) -> bool:
        """Whether everything is listed."""
        return self._spool.over

    def __iter__(self) -> Iterator[Planned]:
        return iter(self._spool)

    def __enter__(self) -> Plan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Have no more listed, and let go of what is kept."""
        self._stop.set()
        self._spool.close()

    def fill(self, selected: Generator[CollectedBlob, None, None]) -> None:
        """Plan for all of these. Raises what listing them raises."""
        try:
            with closing(selected):
                for collected in selected:
                    if self._stop.is_set():
                        return
                    self.add(collected)
        except BaseException as error:
            self._spool.finish(error)
            raise
        self._spool.finish()

    def add(self, collected: CollectedBlob) -> None:
        """Plan for a blob; one that is planned for already is passed over."""
        blob = collected.blob
        key = identity(blob.name)
        reason = unsafe(blob.name) or _reserved(key)
        twin = None if reason else self._owner(key, lambda other: identity(other.path) == key)
        if twin and twin.collected.blob.name == blob.name and twin.collected.blob.container == blob.container:
            return
        if reason := reason or self._taken_by(key, twin):
            self.refuse(blob, reason, collected)
            return
        self._take(key)
        self._spool.append(Target(collected, blob.name))
        self.count += 1
        self.bytes += blob.size
        self._days.add(collected.day)

    def refuse(self, blob: BlobInfo, reason: str, collected: CollectedBlob | None = None) -> None:
        """Set a blob aside, once: what one collection cannot read may be another one's."""
        key = f"{blob.container}//{blob.name}"
        if any(
            (one.container, one.name) == (blob.container, blob.name)
            for where in self._taken.of(key)
            for one in self._spool.chunk(where)
            if isinstance(one, SetAside)
        ):
            return
        self._taken.add(key, self._spool.position)
        # the blob is there, so that a file it became in an earlier pull is not one whose blob is gone
        self._taken.add(identity(blob.name), self._spool.position)
        self._spool.append(SetAside(blob.container, blob.name, reason, blob.size, collected))
        self.set_aside += 1

    def holds(self, path: str) -> bool:
        """Whether a blob was listed, be it set aside, that some system would take this file for. Never wrongly no;
        wrongly yes once in a hundred million times, as only hashes are compared."""
        return any(True for _ in self._taken.of(identity(path)))

    def _taken_by(self, key: str, twin: Target | None) -> str:
        """Why a file cannot stand beside the ones before it, or ""."""
        if twin:
            return f"would be the same file as {twin.path!r}"
        if inner := self._owner(f"{key}/", lambda other: identity(other.path).startswith(f"{key}/")):
            return f"would be a file where {inner.path!r} needs a folder"
        for above in self._new_folders(key):
            if outer := self._owner(above, lambda other: identity(other.path) == above):  # noqa: B023 - asked at once
                return f"needs a folder where {outer.path!r} is a file"
        return ""

    def _take(self, key: str) -> None:
        where = self._spool.position
        for above in self._new_folders(key):
            # hashes are enough: one that is wrongly taken for known would have to have a file of its name as well
            if not any(True for _ in self._taken.of(f"{above}/")):
                self._taken.add(f"{above}/", where)
        self._taken.add(key, where)
        self._parent = key.rpartition("/")[0]

    def _new_folders(self, key: str) -> Iterator[str]:
        """The folders that a file stands in and the one before it does not, outermost first."""
        parent = key.rpartition("/")[0]
        if parent == self._parent:
            return
        levels = parent.split("/")
        known_ = f"{self._parent}/" if self._parent else ""
        for depth in range(1, len(levels) + 1):
            above = "/".join(levels[:depth])
            if not known_.startswith(f"{above}/"):
                yield above

    def _owner(self, key: str, is_it: Callable[[Target], bool]) -> Target | None:
        """Who has a place: seldom anybody, so that a chunk of the list is opened for it."""
        for where in self._taken.of(key):
            for one in self._spool.chunk(where):
                if isinstance(one, Target) and is_it(one):
                    return one
        return None


def plan(
    blobs: Blobs,
    service: ServiceName,
    selection: Selection,
    *,
    to_dir: Path,
    now: datetime | None = None,
    on_skip: OnSkip | None = None,
    ahead: bool = False,
) -> Plan:
    """Which file below `to_dir` each selected blob becomes: its name in the container, unchanged.

    Set aside are names that cannot safely be a relative path on some system (also where that is why they
    cannot be read as collected data), and the later of two that some system would take for the same file,
    or for a file and a folder of the same name.

    With `ahead` the listing goes on in a thread of its own: what it raises, iterating over the plan does, and
    `on_skip` is called from there.

    Raises:
        NotFound: no such service.
        UsageError: `to_dir` is something else than a folder, or a symbolic link.
        Failure: `to_dir` cannot be written to, or there is no room for the list of what to fetch.
    """
    folder.check(to_dir)
    planned = Plan(to_dir)

    def skipped(blob: BlobInfo, reason: Reason) -> None:
        # a folder's marker ends in a level that is empty, and nobody misses it
        if reason is not Reason.MARKER and (danger := unsafe(blob.name)):
            planned.refuse(blob, danger)
        elif on_skip:
            on_skip(blob, reason)

    selected = select(blobs, service, selection, on_skip=skipped, now=now)
    if ahead:
        # a daemon, as an answer that is slow to come must hold nobody up
        Thread(target=_fill, args=(planned, selected), name="mlmon-listing", daemon=True).start()
    else:
        planned.fill(selected)
    return planned


def due(
    planned: Plan, *, now: datetime | None = None, overwrite: Overwrite = Overwrite.CHANGED
) -> Iterator[tuple[Planned, int | None, str]]:
    """The plan again, with how many bytes a pull would fetch of each: of a blob that grew it is the rest. None where
    it would fetch nothing: the file is there as it is now, or must not be. Last, what is lost by it (`Standing`)."""
    standing = Standing(planned.to_dir, known(planned.to_dir), now=now, overwrite=overwrite)
    for one in planned:
        size = standing.due(one) if isinstance(one, Target) else None
        yield one, size, standing.lost(one) if isinstance(one, Target) and size is not None else ""


def _fill(planned: Plan, selected: Generator[CollectedBlob, None, None]) -> None:
    with suppress(BaseException):  # whoever iterates sees it
        planned.fill(selected)


def _reserved(key: str) -> str:
    """Why a name cannot be used because mlmon has it for itself, or ""."""
    return f"would be in {FOLDER!r}, which is mlmon's own" if key.partition("/")[0] == FOLDER else ""
