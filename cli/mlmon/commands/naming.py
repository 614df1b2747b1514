"""What a pull says file by file, as long as that is readable: what did not come, and what was deleted."""

from __future__ import annotations

from typing import Final

from mlmon.collected.pulling.outcomes import Deleted, Ended, Failed, Fetched, Kept, SetAside
from mlmon.output.controls import neutral
from mlmon.output.terminal import Terminal

_NAMED: Final = 50
"""So many are named; when storage is away, it is everything."""
TO_DELETE: Final = "to be deleted"
"""The status, in a dry run, of a file whose blob is gone."""
EDITED: Final = "somebody changed it since it was fetched"
"""Why a file whose blob is gone is not deleted."""


def status_of(result: Ended) -> str:
    """What became of a blob, in a word or two."""
    match result:
        case Fetched():
            return result.status.value
        case Failed():
            return "failed"
        case SetAside():
            return "set aside"
        case Deleted():
            return "deleted"
        case Kept():
            return "kept"


class Missed:
    """Says by name which blobs did not come, or which files were not deleted; once of those with one reason in a row.
    `--debug` names them all."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._count = 0
        self._named = 0
        self._alike = ""
        self._more = 0  # after the one that was named last, for the same reason
        self._hinted: set[str] = set()

    def name(self, result: Failed | SetAside | Kept) -> None:
        """Say of one blob why it did not come, and what to do about it where that was not said before."""
        self._count += 1
        name, reason, hint = _explained(result)
        said = f"{status_of(result)}: {neutral(name)}: {reason}"
        alike = f"{status_of(result)}: {_without(name, reason)}"
        is_same, self._alike = alike == self._alike, alike
        if is_same and self._named < _NAMED:
            self._more += 1
        if is_same or self._named >= _NAMED:
            self._terminal.note(said, level="debug")
            return
        self._say_more()
        self._named += 1
        self._terminal.note(said, level="warning", hint="" if hint in self._hinted else hint)
        self._hinted.add(hint)

    def say_rest(self) -> None:
        """Count what was not named."""
        self._say_more()
        if self._named >= _NAMED and self._count > self._named:
            self._terminal.note(f"{self._count} did not come or were kept in all; --debug names them", level="warning")

    def _say_more(self) -> None:
        if self._more:
            self._terminal.note(f"and {self._more} more: same reason; --debug names them", level="warning")
        self._more = 0


class Removed:
    """Says by name which files were deleted, or would be, where there are no rows that say it."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._count = 0

    def name(self, path: str, status: str = "deleted") -> None:
        self._count += 1
        self._terminal.note(f"{status}: {neutral(path)}", level="info" if self._count <= _NAMED else "debug")

    def say_rest(self) -> None:
        """Count what was not named."""
        if self._count > _NAMED:
            self._terminal.note(f"and {self._count - _NAMED} more, {self._count} in all")


def _explained(result: Failed | SetAside | Kept) -> tuple[str, str, str]:
    """A name, the reason as a sentence, and what to do about it."""
    match result:
        case Failed():
            return result.name, result.reason, result.hint
        case SetAside():
            return result.name, f"it {result.reason}", ""
        case Kept():
            return result.path, EDITED, "delete it yourself where it is not needed"


def _without(name: str, reason: str) -> str:
    """A reason without the path of the very file, which two that failed alike do not share."""
    last = name.rpartition("/")[2]
    return " ".join("" if word.strip("'\",:;").endswith(last) else word for word in reason.split())
