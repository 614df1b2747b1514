"""One blob into one file: fetched, gone on with, or left as it is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from threading import Event, Lock
from typing import Final

from mlmon.collected.pulling import content, folder
from mlmon.collected.pulling.content import PastChanged, Wanted
from mlmon.collected.pulling.journal import Entry
from mlmon.collected.pulling.outcomes import Failed, Fetched, Result, SetAside, Status, Target
from mlmon.collected.pulling.places import Places
from mlmon.collected.pulling.pulled import Pulled, stands
from mlmon.core.errors import MlmonError, NotFound, Replaced, Unavailable
from mlmon.core.flow import PARALLEL, Flow
from mlmon.core.model import BlobInfo, Chunk
from mlmon.core.ports import Blobs

IN_VAIN: Final = 16
"""After so many blobs in a row that met the same outage, no further one is tried."""
OVERLAP: Final = 4096
"""So many bytes of a blob that grew are fetched again, to see that what was fetched is what they follow: nothing in a
listing tells a blob that grew from one that was made anew and is longer. Records have ids and times in them."""

_REPLACED_AT_MOST: Final = 3


_SMALL: Final = 64 * 1024
"""Up to so many bytes are there before their file is begun, and such files are written in turn: a dozen short system
calls a file, each with Python's lock let go of and asked for again, take several threads three times as long as one."""


class Overwrite(StrEnum):
    """Which files that are there are fetched again."""

    CHANGED = "changed"
    ALWAYS = "always"
    NEVER = "never"

    @property
    def again(self) -> str:
        """What the same command does after it was stopped."""
        if self is Overwrite.ALWAYS:
            return "the same command again begins anew, as --overwrite always says"
        return "the same command again fetches the rest"


class Outage:
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


class Standing:
    """What stands in the folder already, and whether it is what a blob is now. `entries` are those of `pulled`."""

    def __init__(
        self,
        to_dir: Path,
        entries: Mapping[str, Entry],
        *,
        now: datetime | None = None,
        overwrite: Overwrite = Overwrite.CHANGED,
    ) -> None:
        self.places: Final = Places(to_dir)
        self._began = time.time_ns()
        self._entries = entries
        self._now = now
        self._overwrite = overwrite

    def left_alone(self, target: Target) -> int | None:
        """The size of a file that needs no fetching; None where it does."""
        if self._overwrite is Overwrite.NEVER and (found := self.places.standing(target.path)):
            return found.st_size
        entry = self.of(target)
        return entry.kept if entry and self.is_current(target, entry) else None

    def due(self, target: Target) -> int | None:
        """How many bytes are to be fetched, as far as can be told; None where the file is left alone."""
        if self.left_alone(target) is not None:
            return None
        blob, entry = target.collected.blob, self.of(target)
        return blob.size - _start(blob, entry) if entry and _may_go_on(blob, entry) else blob.size

    def of(self, target: Target) -> Entry | None:
        """What was fetched into the file that stands there, None where it is another one, or none."""
        entry = self._entries.get(target.path)
        if not entry or self._overwrite is Overwrite.ALWAYS or entry.container != target.collected.blob.container:
            return None
        return entry if stands(self.places, target.path, entry) else None

    def lost(self, target: Target) -> str:
        """What is lost where a file is fetched now: a file that is not as pull wrote it, "" where it is, or none."""
        found = self.places.standing(target.path)
        if not found or found.st_mtime_ns >= self._began:  # another pull wrote it meanwhile
            return ""
        entry = self._entries.get(target.path)
        if not entry:
            return "a file that pull did not write"
        return "" if stands(self.places, target.path, entry) else "a file that somebody changed"

    def is_open(self, target: Target) -> bool:
        """Whether the collector may still be writing the blob."""
        return self._now is not None and target.collected.end > self._now

    def is_current(self, target: Target, entry: Entry) -> bool:
        """Whether what was fetched is what the blob is now."""
        blob = target.collected.blob
        same = (blob.etag, blob.size) == (entry.etag, entry.size) and bool(blob.etag)
        return same and (entry.kept == entry.size or self.is_open(target))


@dataclass(slots=True)
class Fetching:
    """How blobs become files of one folder. Several threads may fetch at once.

    `parallel` requests at once and `cap_mbps` megabits a second, as `Flow` has them, are for all of them together.
    """

    blobs: Blobs
    to_dir: Path
    pulled: Pulled
    standing: Standing
    stop: Event = field(default_factory=Event)
    parallel: int = PARALLEL
    cap_mbps: float | None = None
    _flow: Flow = field(init=False)
    _outage: Outage = field(default_factory=Outage)
    _turn: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._flow = Flow(parallel=self.parallel, cap_mbps=self.cap_mbps, stop=self.stop)

    def fetch(self, target: Target) -> Result:
        """Have the file of one blob. Raises `folder.Unwritable` where no file can be had, `GivenUp` after `stop`."""
        blob = target.collected.blob
        if error := self._outage.error:
            return _failed(blob, error)
        try:
            result = self._fetched(target)
        except folder.Refused as refused:
            return SetAside(blob.container, blob.name, str(refused))
        except folder.NotWritten as unwritten:
            return Failed(blob.container, blob.name, str(unwritten), unwritten.hint)
        except folder.Unwritable:
            raise
        except NotFound:
            return Failed(blob.container, blob.name, "it is gone from storage", "it was deleted after it was listed")
        except MlmonError as error:
            self._outage.met(error)
            return _failed(blob, error)
        if result.status is not Status.UNCHANGED:
            self._outage.met(None)
        return result

    def _fetched(self, target: Target) -> Fetched:
        """Raises whatever is in the way."""
        size = self.standing.left_alone(target)
        if size is not None:
            shorter = size < target.collected.blob.size and self.standing.is_open(target)
            held = shorter and self.standing.of(target) is not None
            return _result(target, size, Status.UNCHANGED, saved=size, held=held)
        self.standing.places.see(target.path)
        lost = self.standing.lost(target)
        entry = self.standing.of(target)
        if entry and _may_go_on(target.collected.blob, entry):
            with suppress(PastChanged, Replaced):
                return self._resumed(target, entry)
        return self._whole(target, lost)

    def _resumed(self, target: Target, entry: Entry) -> Fetched:
        """Raises `PastChanged` where the blob has to be fetched as a whole."""
        blob = target.collected.blob
        start = _start(blob, entry)
        rest = self.blobs.read(blob, start=start, flow=self._flow)
        chunks = content.continued(self.to_dir / target.path, rest, digest=entry.digest, overlap=entry.kept - start)
        return self._written(target, blob, chunks, status=Status.RESUMED, saved=start)

    def _whole(self, target: Target, lost: str) -> Fetched:
        """Raises `Replaced` where the blob is replaced faster than it can be fetched."""
        blob = target.collected.blob
        for _ in range(_REPLACED_AT_MOST):
            with suppress(Replaced):
                return self._written(target, blob, self.blobs.read(blob, flow=self._flow), lost=lost)
            blob = self._as_it_is_now(blob)
        raise Replaced("it was replaced each time it was read", hint="run the same command again")

    def _as_it_is_now(self, blob: BlobInfo) -> BlobInfo:
        # of all names that begin with a name, that name itself is the first one listed
        for found in islice(self.blobs.list(blob.container, blob.name), 1):
            if found.name == blob.name:
                return found
        raise NotFound(f"the blob {blob.name!r} is gone")

    def _written(
        self,
        target: Target,
        blob: BlobInfo,
        chunks: Iterator[Chunk],
        *,
        status: Status = Status.FETCHED,
        saved: int = 0,
        lost: str = "",
    ) -> Fetched:
        if blob.size > _SMALL:
            return self._put(target, blob, chunks, status=status, saved=saved, lost=lost)
        came = [*chunks]
        with self._turn:
            return self._put(target, blob, iter(came), status=status, saved=saved, lost=lost)

    def _put(
        self, target: Target, blob: BlobInfo, chunks: Iterator[Chunk], *, status: Status, saved: int, lost: str
    ) -> Fetched:
        wanted = Wanted(blob.size, md5=blob.md5, whole_lines=self.standing.is_open(target))
        temporary = self.pulled.temporary()
        try:
            written = content.write(temporary, chunks, wanted, to_dir=self.to_dir, stop=self.stop)
            if self.stop.is_set():  # perhaps for long, and nobody waits any more
                raise folder.NotWritten("it was given up")
            if lost and content.has(self.to_dir / target.path, written.digest):
                lost = ""  # a pull that was killed before it could remember the file, or somebody's copy of it
            self.pulled.record(
                target.path,
                Entry(
                    blob.container, blob.etag, blob.lineage, blob.size, written.kept, written.digest, written.mtime_ns
                ),
                land=lambda: self.standing.places.land(target.path, temporary),
            )
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        saved, held = min(saved, written.kept), written.kept < blob.size
        fetched = _result(target, written.kept, status, saved=saved, held=held)
        return replace(fetched, replaced=lost) if lost else fetched


def _may_go_on(blob: BlobInfo, entry: Entry) -> bool:
    """Whether what was fetched may be the beginning of what the blob is now."""
    if blob.etag and blob.etag == entry.etag:
        return blob.size == entry.size
    return bool(blob.lineage) and blob.lineage == entry.lineage and blob.size >= entry.size


def _start(blob: BlobInfo, entry: Entry) -> int:
    """From where a blob is gone on with."""
    return entry.kept if blob.etag == entry.etag else max(0, entry.kept - OVERLAP)


def _result(target: Target, size: int, status: Status, *, saved: int, held: bool) -> Fetched:
    collected = target.collected
    return Fetched(
        path=target.path,
        bytes=size,
        day=collected.day,
        service=collected.service,
        collection=collected.collection,
        container=collected.blob.container,
        name=collected.blob.name,
        status=status,
        saved=saved,
        held=held,
    )


def _failed(blob: BlobInfo, error: MlmonError) -> Failed:
    return Failed(blob.container, blob.name, error.message, error.hint)
