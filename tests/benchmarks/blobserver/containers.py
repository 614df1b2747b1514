"""Containers of collected blobs in the v2 layout: files below a folder, and the index that listings are made from."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

WRITTEN = int(datetime(2026, 4, 2, tzinfo=UTC).timestamp())
COLLECTION = "model_inputs"


@dataclass(frozen=True, slots=True)
class Blobs:
    """What a container is to hold: `count` blobs of `size` bytes for each deployment, spread over the days."""

    name: str
    count: int
    size: int
    start: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    days: int = 30
    deployments: Sequence[str] = ("blue",)

    @property
    def total(self) -> int:
        return self.count * len(self.deployments)

    def prefix(self, deployment: str) -> str:
        """The root of a deployment's one collection."""
        return f"modelDataCollector/{self.name}/{deployment}/{COLLECTION}/"

    def names(self) -> Iterator[str]:
        """The names, as the collector would make them: a level for each of year, month, day and hour."""
        drawn = random.Random(self.name)
        for deployment in self.deployments:
            for number in range(self.count):
                hour = self.start + timedelta(hours=number * self.days * 24 // self.count)
                instance = f"{drawn.getrandbits(64):016x}_{number}"
                yield f"{self.prefix(deployment)}{hour:%Y/%m/%d/%H}/{instance}.jsonl"


@dataclass(frozen=True, slots=True)
class Container:
    """A container as it lies on the disk."""

    blobs: Blobs
    folder: Path
    index: Path

    @property
    def name(self) -> str:
        return self.blobs.name


def prepare(blobs: Blobs, account: Path) -> Container:
    """Write the files of a container below `account`, where they do not stand already."""
    folder, index = account / blobs.name, account.parent / f"{blobs.name}.{blobs.total}x{blobs.size}.tsv"
    if not index.exists():
        names = sorted(blobs.names())
        for name in names:
            _write(folder / name, blobs.size)
        lines = [f"{name}\t{blobs.size}\t{WRITTEN:x}\t{formatdate(WRITTEN, usegmt=True)}\n" for name in names]
        index.write_text("".join(lines))  # last: where it stands, all is there
    return Container(blobs, folder, index)


def content(name: str, size: int) -> bytes:
    """Lines of JSON of no use, another for each name, that do not compress to nothing."""
    drawn = random.Random(name)
    line = b'{"data": [{"bmi": "%s"}]}\n' % drawn.randbytes(400).hex().encode()
    return (line * (size // len(line) + 1))[: size - 1] + b"\n"


def _write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content(path.name, size))
    os.utime(path, (WRITTEN, WRITTEN))  # nginx makes the ETag of it
