"""One blob into one file: fetched, gone on with, or left as it is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from mlmon.collected.pulling import content, folder
from mlmon.collected.pulling.content import PastChanged, Wanted
from mlmon.collected.pulling.journal import Entry
from mlmon.collected.pulling.outage import Outage
from mlmon.collected.pulling.outcomes import Failed, Fetched, Result, SetAside, Status, Target
from mlmon.collected.pulling.places import Places
from mlmon.collected.pulling.pulled import Pulled, stands
from mlmon.core.errors import MlmonError, NotFound, Replaced
from mlmon.core.flow import PARALLEL, Flow
from mlmon.core.model import BlobInfo, Chunk
from mlmon.core.ports import Blobs

T = TypeVar("T")

OVERLAP: Final = 4096
"""So many bytes of a blob that grew are fetched again, to see that what was fetched is what they follow: nothing in a
listing tells a blob that grew from one that was made anew and is longer. Records have ids and times in them."""

_REPLACED_AT_MOST: Final = 3
_SMALL: Final = 64 * 1024
"""Blobs of up to so many bytes are there as a whole before their file is begun: as many as are fetched at once may
wait for that."""


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
        return self.lost_of(target, self.places.standing(target.path))

    def lost_of(self, target: Target, found: os.stat_result | None) -> str:
        """The same of a file that was just `found` there."""
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


@dataclass(frozen=True, slots=True)
class Come:
    """A blob on its way into its file: `chunks` are what the file becomes, and `saved` bytes of them stood there
    before."""

    target: Target
    blob: BlobInfo
    chunks: Iterable[Chunk]
    status: Status = Status.FETCHED
    saved: int = 0


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

    def __post_init__(self) -> None:
        self._flow = Flow(parallel=self.parallel, cap_mbps=self.cap_mbps, stop=self.stop)

    def fetch(self, target: Target) -> Result | Come:
        """Have the file of one blob, or of a small one what `land` makes its file of. Raises `folder.Unwritable` where
        no file can be had, `GivenUp` after `stop`."""
        blob = target.collected.blob
        if error := self._outage.error:
            return _failed(blob, error)
        return self._ended(blob, lambda: self._fetched(target))

    def land(self, come: Result | Come) -> Result:
        """Have the file of what has come; anything else has ended already. Several threads may, and one does it for
        many in less time (`map_in_turn`). Raises `folder.Unwritable`."""
        return self._ended(come.blob, lambda: self._put(come)) if isinstance(come, Come) else come

    def _ended(self, blob: BlobInfo, act: Callable[[], T]) -> T | Failed | SetAside:
        """What came of it, or what was in the way."""
        try:
            return act()
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

    def _fetched(self, target: Target) -> Fetched | Come:
        """Raises whatever is in the way."""
        size = self.standing.left_alone(target)
        if size is not None:
            shorter = size < target.collected.blob.size and self.standing.is_open(target)
            held = shorter and self.standing.of(target) is not None
            return _result(target, size, Status.UNCHANGED, saved=size, held=held)
        entry = self.standing.of(target)
        if entry and _may_go_on(target.collected.blob, entry):
            with suppress(PastChanged, Replaced):
                return self._resumed(target, entry)
        return self._whole(target)

    def _resumed(self, target: Target, entry: Entry) -> Fetched | Come:
        """Raises `PastChanged` where the blob has to be fetched as a whole."""
        blob = target.collected.blob
        start = _start(blob, entry)
        rest = self.blobs.read(blob, start=start, flow=self._flow)
        chunks = content.continued(self.to_dir / target.path, rest, digest=entry.digest, overlap=entry.kept - start)
        return self._come(Come(target, blob, chunks, Status.RESUMED, start))

    def _whole(self, target: Target) -> Fetched | Come:
        """Raises `Replaced` where the blob is replaced faster than it can be fetched."""
        blob = target.collected.blob
        for _ in range(_REPLACED_AT_MOST):
            with suppress(Replaced):
                return self._come(Come(target, blob, self.blobs.read(blob, flow=self._flow)))
            blob = self._as_it_is_now(blob)
        raise Replaced("it was replaced each time it was read", hint="run the same command again")

    def _as_it_is_now(self, blob: BlobInfo) -> BlobInfo:
        # of all names that begin with a name, that name itself is the first one listed
        for found in islice(self.blobs.list(blob.container, blob.name), 1):
            if found.name == blob.name:
                return found
        raise NotFound(f"the blob {blob.name!r} is gone")

    def _come(self, come: Come) -> Fetched | Come:
        """All of a small blob, or the file of a large one, which is written while it comes."""
        if come.blob.size <= _SMALL:
            done: Fetched | Come = replace(come, chunks=[*come.chunks])
        else:
            self.standing.places.see(come.target.path)  # what cannot land need not be fetched
            done = self._put(come)
        self._outage.met(None)
        return done

    def _put(self, come: Come) -> Fetched:
        target, blob, lost = come.target, come.blob, ""
        wanted = Wanted(blob.size, md5=blob.md5, whole_lines=self.standing.is_open(target))
        temporary = self.pulled.temporary()
        try:
            written = content.write(temporary, come.chunks, wanted, to_dir=self.to_dir, stop=self.stop)
            if self.stop.is_set():  # perhaps for long, and nobody waits any more
                raise folder.NotWritten("it was given up")

            def look(found: os.stat_result | None) -> None:
                nonlocal lost
                lost = self._lost(come, found, written.digest)

            self.pulled.record(
                target.path,
                Entry(
                    blob.container, blob.etag, blob.lineage, blob.size, written.kept, written.digest, written.mtime_ns
                ),
                land=lambda: self.standing.places.land(target.path, temporary, look=look),
            )
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        saved, held = min(come.saved, written.kept), written.kept < blob.size
        fetched = _result(target, written.kept, come.status, saved=saved, held=held)
        return replace(fetched, replaced=lost) if lost else fetched

    def _lost(self, come: Come, found: os.stat_result | None, digest: str) -> str:
        """What is lost with the file that is `found` in the place of one with this digest; "" where nothing is."""
        lost = self.standing.lost_of(come.target, found) if come.status is Status.FETCHED else ""
        if lost and content.has(self.to_dir / come.target.path, digest):
            return ""  # a pull that was killed before it could remember the file, or somebody's copy of it
        return lost


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
