"""The list of what a pull has to do, kept small: it may be a million files long, and is read while it is written."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from os import SEEK_END
from tempfile import TemporaryFile, gettempdir
from threading import Condition
from typing import IO, Final

from mlmon.collected.pulling.outcomes import Planned, SetAside, Target
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.errors import Failure
from mlmon.core.model import BlobInfo, ServiceName

CHUNK: Final = 512
"""So many are compressed together: their names have most in common."""
IN_MEMORY: Final = 8_000_000
"""Bytes of the list that stay in memory; the rest is in a temporary file that has no name."""
LOOSE: Final = 8
"""So many chunks at the beginning stay as they are, 3 MB: to pack and unpack one takes as long as to write a dozen of
its files, and most pulls have no more."""

_PULSE_SECONDS: Final = 0.1
_Blob = tuple[str, str, int, str, datetime, bytes, str]
_Collected = tuple[ServiceName, str, str, str, datetime, datetime]
_Target = tuple[_Blob, _Collected]
_Packed = tuple[str, str, str, int | None, _Target | None] | _Target


class Spool:
    """What one thread appends, any may iterate over, from the beginning and up to the end that is still to come.

    Up to `in_memory` bytes stay in memory. Compressed, a file is 30 to 80 bytes: a storage's ETags and digests do not
    become smaller.
    """

    def __init__(self, *, in_memory: int = IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._loose: list[Sequence[Planned]] = []
        self._packed: list[bytes | tuple[int, int]] = []  # in the file, where it starts and how long it is
        self._size = 0
        self._file: IO[bytes] | None = None
        self._latest: list[Planned] = []
        self._opened: tuple[int, Sequence[Planned]] = (-1, ())  # twins come one after another
        self._changed = Condition()
        self._error: BaseException | None = None
        self._over = False

    @property
    def position(self) -> int:
        """The number of the chunk that the next one goes to."""
        return len(self._loose) + len(self._packed)

    @property
    def over(self) -> bool:
        """Whether nothing will follow."""
        return self._over

    def append(self, planned: Planned) -> None:
        """Add one at the end. Raises `Failure` where there is no room for the list."""
        with self._changed:
            self._latest.append(planned)
            if len(self._latest) >= CHUNK:
                self._put_away()
            self._changed.notify_all()

    def finish(self, error: BaseException | None = None) -> None:
        """Nothing follows. An `error` is what whoever iterates gets to see, at once."""
        with self._changed:
            self._over, self._error = True, error
            self._changed.notify_all()

    def chunk(self, number: int) -> Sequence[Planned]:
        """What was appended while `position` was this number."""
        with self._changed:
            if number == self.position:
                return tuple(self._latest)
            if number < len(self._loose):
                return self._loose[number]
            if number != self._opened[0]:
                self._opened = number, self._read(number)
            return self._opened[1]

    def __iter__(self) -> Iterator[Planned]:
        """Everything in order, waiting for what is still to come. Raises the error that it ended with."""
        number = at = 0
        while self._has(number, at):
            found = self.chunk(number)
            yield from found[at:]
            # the chunk that is being filled may have grown, or been closed, since it was looked at
            number, at = (number + 1, 0) if len(found) >= CHUNK else (number, len(found))

    def close(self) -> None:
        """Let go of the temporary file."""
        with self._changed:
            if self._file:
                self._file.close()

    def _has(self, number: int, at: int) -> bool:
        """Whether there is one at this place, once that is known."""
        with self._changed:
            while True:
                if self._error:
                    raise self._error
                if number < self.position or at < len(self._latest):
                    return True
                if self._over:
                    return False
                # without an end, a wait can miss Ctrl-C
                self._changed.wait(_PULSE_SECONDS)

    def _read(self, number: int) -> Sequence[Planned]:
        import pickle  # why here: 4 ms that every command would pay for

        kept = self._packed[number - len(self._loose)]
        if isinstance(kept, tuple):
            assert self._file  # noqa: S101 - it was written to before
            self._file.seek(kept[0])
            kept = self._file.read(kept[1])
        return [_unpacked(one) for one in pickle.loads(zlib.decompress(kept))]  # noqa: S301 - this process wrote it

    def _put_away(self) -> None:
        if len(self._loose) < LOOSE:
            self._loose.append(tuple(self._latest))
        else:
            self._pack()
        self._latest.clear()

    def _pack(self) -> None:
        import pickle  # why here: the same

        data = zlib.compress(pickle.dumps([_packed(one) for one in self._latest], protocol=5), 1)
        self._size += len(data)
        self._packed.append(data if self._size <= self._in_memory else self._written(data))

    def _written(self, data: bytes) -> tuple[int, int]:
        try:
            self._file = self._file or TemporaryFile(buffering=0)  # noqa: SIM115 - open for as long as this is
            start = self._file.seek(0, SEEK_END)
            self._file.write(data)
        except OSError as error:
            raise Failure(
                f"the list of files to fetch could not be kept in {gettempdir()!r} ({error.strerror})",
                hint="set TMPDIR to a folder with more room",
            ) from None
        return start, len(data)


def _packed(planned: Planned) -> _Packed:
    """As tuples, which take a third of the time of dataclasses within each other."""
    if isinstance(planned, SetAside):
        known = _packed_target(planned.collected) if planned.collected else None
        return planned.container, planned.name, planned.reason, planned.bytes, known
    return _packed_target(planned.collected)


def _packed_target(one: CollectedBlob) -> _Target:
    blob = one.blob
    return (
        (blob.container, blob.name, blob.size, blob.etag, blob.last_modified, blob.md5, blob.lineage),
        (one.service, one.collection, one.model, one.model_version, one.start, one.end),
    )


def _unpacked(packed: _Packed) -> Planned:
    if len(packed) == 2:
        collected = _unpacked_target(packed)
        return Target(collected, collected.blob.name)
    container, name, reason, size, known = packed
    return SetAside(container, name, reason, size, _unpacked_target(known) if known else None)


def _unpacked_target(packed: _Target) -> CollectedBlob:
    blob, collected = packed
    return CollectedBlob(BlobInfo(*blob), *collected)
