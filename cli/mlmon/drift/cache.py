"""Summaries and samples that were made once, kept in the state folder: known by the files that they were made of.

Each is a file of its own: a digest, then JSON that says what is in it, and numpy's arrays without pickle. It is written
whole or not at all; what cannot be read, or is of another version, is as if not there. All of it may be deleted.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mlmon.core.model import Json
from mlmon.drift.keys import Floats, Ints
from mlmon.drift.result import Kind
from mlmon.drift.sampling import Sampled, Values
from mlmon.drift.summary import Categories, Numbers, Quality, Summary
from mlmon.state import FOLDER

VERSION: Final = 2
"""Raised when the same files give another summary or sample, or are kept otherwise: what was kept before is not read
any more. A test has what fixed files give, by version."""
_DIGEST: Final = 32

Identity = tuple[tuple[str, str, int, str, str], ...]
"""The files that something was made of: where each is, its name, size, etag and time."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day's summaries by feature, and a sample of its rows where one was asked for."""

    summaries: Mapping[str, Summary]
    sample: Sampled | None = None


class Cache:
    """What is kept below a folder's `.mlmon`. Nothing here ever fails: what cannot be written is not kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER / "summaries"

    def get(self, identity: Identity, kinds: Mapping[str, Kind], *, most: int) -> dict[date, Day] | None:
        """The days that were made of these files, None where they are not known."""
        try:
            return _unpacked(
                _content(self._path("days", tuple(one[:2] for one in identity[:1]), kinds, most).read_bytes()), identity
            )
        except (OSError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, zlib.error, BadZipFile):
            return None  # whatever a file can hold that was not written here

    def put(self, identity: Identity, kinds: Mapping[str, Kind], days: Mapping[date, Day], *, most: int) -> None:
        """Keep the days that were made of these files, in the place of those made when there were fewer of them."""
        # the first file of a day stays its first, whatever is collected later that day
        first = tuple(one[:2] for one in identity[:1])
        self._write(self._path("days", first, kinds, most), _packed(days, identity))

    def kinds(self, identity: Identity) -> dict[str, Kind] | None:
        """What the features in these files are, None where that is not known."""
        try:
            found = json.loads(_content(self._path("kinds", identity, {}, 0).read_bytes()))
        except (OSError, ValueError, RecursionError, zlib.error):
            return None
        if not isinstance(found, dict) or not all(kind in ("number", "category") for kind in found.values()):
            return None
        return found

    def keep_kinds(self, identity: Identity, kinds: Mapping[str, Kind]) -> None:
        """Keep what the features in these files are."""
        self._write(self._path("kinds", identity, {}, 0), json.dumps(kinds).encode())

    def _path(self, what: str, identity: Sequence[tuple[str | int, ...]], kinds: Mapping[str, Kind], most: int) -> Path:
        said = json.dumps([VERSION, what, identity, sorted(kinds.items()), most]).encode()
        return self._folder / f"{blake2b(said, digest_size=20).hexdigest()}.{what}"

    def _write(self, path: Path, content: bytes) -> None:
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            ignored = self._folder.parent / ".gitignore"
            if not ignored.exists():
                ignored.write_text("*\n", "utf-8")
            packed = zlib.compress(content, 1)  # a higher level takes three times as long for a tenth less
            descriptor, partial = tempfile.mkstemp(prefix=".new-", dir=self._folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(blake2b(packed, digest_size=_DIGEST).digest() + packed)
                Path(partial).replace(path)
            except BaseException:
                Path(partial).unlink(missing_ok=True)
                raise


def packed(day: Day) -> bytes:
    """A day as bytes, which `unpacked` reads, for those who keep or send it themselves."""
    return zlib.compress(_packed({date.min: day}, ()), 1)


def unpacked(content: bytes) -> Day:
    """What `packed` was given. The bytes are our own: others' raise whatever they raise."""
    found = _unpacked(zlib.decompress(content), ())
    assert found is not None  # noqa: S101 - it was packed without the files that it was made of
    return found[date.min]


def _content(data: bytes) -> bytes:
    """What was written, as its digest says."""
    if blake2b(data[_DIGEST:], digest_size=_DIGEST).digest() != data[:_DIGEST]:
        raise ValueError("is not what was written")
    return zlib.decompress(data[_DIGEST:])


@dataclass(slots=True)
class _Arrays:
    """Arrays one after the other, and how far they have been taken out again."""

    ints: list[Ints] = field(default_factory=list)
    floats: list[Floats] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)

    def ints_of(self, count: int) -> Ints:
        return self._next("ints", self.ints[0], count)

    def floats_of(self, count: int) -> Floats:
        return self._next("floats", self.floats[0], count)

    def _next(self, what: str, of: NDArray[Any], count: int) -> NDArray[Any]:
        start = self.taken.get(what, 0)
        self.taken[what] = start + count
        if count < 0 or start + count > len(of):
            raise ValueError("is shorter than it says")
        return of[start : start + count]


def _packed(days: Mapping[date, Day], identity: Identity) -> bytes:
    arrays = _Arrays()
    told: list[Json] = []
    for day, one in days.items():
        summaries: list[Json] = [_told(name, summary, arrays) for name, summary in one.summaries.items()]
        told.append([day.isoformat(), summaries, None if one.sample is None else _told_sample(one.sample, arrays)])
    said = json.dumps({"identity": identity, "days": told}).encode()
    into = io.BytesIO()
    np.savez(
        into,
        said=np.frombuffer(said, np.uint8),
        ints=np.concatenate([np.zeros(0, np.int64), *arrays.ints]),
        floats=np.concatenate([np.zeros(0), *arrays.floats]),
    )
    return into.getvalue()


def _unpacked(content: bytes, identity: Identity) -> dict[date, Day] | None:
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        said = json.loads(found["said"].tobytes())
        arrays = _Arrays([found["ints"]], [found["floats"]])
    if said["identity"] != [list(one) for one in identity]:
        return None
    days = {}
    for day, summaries, sample in said["days"]:
        made = dict(_summary(told, arrays) for told in summaries)
        days[date.fromisoformat(day)] = Day(made, None if sample is None else _sample(sample, arrays))
    return days


def _told(name: str, summary: Summary, arrays: _Arrays) -> Json:
    # neighbours are near each other: their differences are small
    arrays.ints += [np.diff(summary.buckets, prepend=np.int64(0)), summary.counts]
    about: list[Json] = [name, [*astuple(summary.quality)], summary.level, int(summary.buckets.size), summary.cap]
    if isinstance(summary, Numbers):
        arrays.ints += summary.offsets
        return [*about, summary.least.hex(), summary.greatest.hex()]
    return [*about, [*summary.labels], [*summary.shared]]


def _summary(told: Any, arrays: _Arrays) -> tuple[str, Summary]:
    name, quality, level, size, cap, one, other = told
    buckets, counts = np.cumsum(arrays.ints_of(size)), arrays.ints_of(size)
    if isinstance(one, str):
        offsets = arrays.ints_of(size), arrays.ints_of(size)
        ends = float.fromhex(one), float.fromhex(other)
        return name, Numbers(Quality(*quality), level, buckets, counts, offsets, *ends, cap)
    return name, Categories(Quality(*quality), level, buckets, counts, tuple(one), tuple(other), cap)


def _told_sample(sample: Sampled, arrays: _Arrays) -> Json:
    arrays.ints.append(sample.marks.view(np.int64))
    columns: list[Json] = []
    for name, values in sample.columns.items():
        if isinstance(values, np.ndarray):
            arrays.floats.append(values)
            columns.append([name, None])
            continue
        texts: dict[str | None, int] = {}
        arrays.ints.append(np.array([texts.setdefault(text, len(texts)) for text in values], np.int64))
        columns.append([name, [*texts]])
    return [len(sample), columns]


def _sample(told: Any, arrays: _Arrays) -> Sampled:
    size, columns = told
    marks = arrays.ints_of(size).view(np.uint64)
    values: dict[str, Values] = {}
    for name, texts in columns:
        if texts is None:
            values[name] = arrays.floats_of(size)
        else:
            values[name] = [texts[at] for at in arrays.ints_of(size).tolist()]
    return Sampled(marks, values)
