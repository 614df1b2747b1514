"""What becomes of a blob in a pull."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.model import ServiceName


@dataclass(frozen=True, slots=True)
class Target:
    """A blob and the file it becomes: `path` is relative to the target folder, with `/` on every system."""

    collected: CollectedBlob
    path: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A blob that is not fetched because its name cannot safely be a file here. `reason` follows the name.

    `collected` is what else is known of it where its name could be read, and `bytes` its size.
    """

    container: str
    name: str
    reason: str
    bytes: int | None = field(default=None, compare=False)
    collected: CollectedBlob | None = field(default=None, compare=False)


Planned = Target | SetAside
"""What is to be done about one blob."""


class Status(StrEnum):
    """How a file became whole: fetched as a whole, not at all, or from where it ended."""

    FETCHED = "fetched"
    UNCHANGED = "unchanged"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is whole in the target folder. `path` is relative to it, with `/` on every system.

    `saved` is how many of its `bytes` were there before. `replaced` is what was lost by it, "" where that is nothing.
    `held` says that the blob has a last line which is still being written and is not in the file.
    """

    path: str
    bytes: int
    day: date
    service: ServiceName
    collection: str
    container: str
    name: str
    status: Status = Status.FETCHED
    saved: int = 0
    replaced: str = ""
    held: bool = False

    @property
    def came(self) -> int:
        """How many of its bytes were fetched now."""
        return self.bytes - self.saved


@dataclass(frozen=True, slots=True)
class Failed:
    """A blob that could not be fetched; a file of that name from before is as it was. `reason` is a sentence."""

    container: str
    name: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A file that pull wrote once, of a blob that is gone, and that is gone now too. `bytes` is what it had."""

    path: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a blob that is gone, which pull wrote and somebody changed since. `bytes` is what it has now."""

    path: str
    bytes: int


Result = Fetched | Failed | SetAside
"""What became of a blob that was to be fetched."""
Ended = Result | Deleted | Kept
"""What became of a file."""
