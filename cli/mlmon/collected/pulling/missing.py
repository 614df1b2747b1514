"""Files that pull wrote and whose blobs are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mlmon.collected.pulling.fetching import Standing
from mlmon.collected.pulling.journal import Entry
from mlmon.collected.pulling.names import unsafe
from mlmon.collected.pulling.outcomes import Kept, Target
from mlmon.collected.pulling.planning import Plan
from mlmon.collected.pulling.pulled import known
from mlmon.collected.selecting.layout import CollectedBlob, Place, Reader
from mlmon.collected.selecting.selection import Selection
from mlmon.core.model import BlobInfo, ServiceName
from mlmon.core.ports import Blobs

_UNKNOWN = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Within:
    """Which files may be looked at for this: those of a service's blobs that a selection means."""

    selection: Selection
    readers: Sequence[Reader]

    @classmethod
    def of(cls, blobs: Blobs, service: ServiceName, selection: Selection) -> Within:
        """Raises `NotFound` where there is no such service."""
        return cls(selection, tuple(Reader(root, service) for root in blobs.roots(service)))

    def meant(self, path: str, entry: Entry) -> CollectedBlob | None:
        """The blob that a file was, where it is within."""
        blob = BlobInfo(entry.container, path, entry.kept, entry.etag, _UNKNOWN)
        for reader in self.readers:
            place = reader.place(blob)
            if isinstance(place, Place) and self.selection.means(place):
                return reader.collected(blob, place)
        return None


def missing(
    planned: Plan, within: Within, entries: Mapping[str, Entry] | None = None
) -> Iterator[tuple[Target, Kept | None]]:
    """The files below the plan's folder that pull wrote and whose blobs a listing that is over has not found: those
    that are as pull wrote them with None, those that somebody changed since as `Kept`, in order of their names. What is
    behind a symbolic link and what anybody else wrote is not among them.

    `entries` are those of `pulled`, read from the folder where they are not given.
    """
    entries = known(planned.to_dir) if entries is None else entries
    standing = Standing(planned.to_dir, entries)
    # the state file is but a file: it must not be able to name one outside
    for path in sorted(path for path in entries if not planned.holds(path) and not unsafe(path)):
        collected = within.meant(path, entries[path])
        if not collected:
            continue
        target = Target(collected, path)
        if standing.of(target):
            yield target, None
        elif found := standing.places.standing(path):
            yield target, Kept(path, found.st_size)
