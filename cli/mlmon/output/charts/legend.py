"""What stands below a chart: marks and what they mean, as many on a line as go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mlmon.output.streams import Stream
from mlmon.output.text import cut
from mlmon.output.wrapping import cells_of

_GAP: Final = "   "


@dataclass(frozen=True, slots=True)
class Entry:
    """A mark in its style, "" where there is none, and words."""

    words: str
    mark: str = ""
    style: str = ""


def legend(entries: Iterable[Entry], stream: Stream, *, width: int) -> Iterator[str]:
    """The entries in lines of at most `width` cells; what is too long for one is cut."""
    line, used = "", 0
    for entry in entries:
        words = cut(entry.words, max(1, width - 2 * bool(entry.mark)), stream)
        mark = stream.styled(entry.mark, entry.style) if entry.style else entry.mark
        shown, long = f"{mark} {words}" if mark else words, cells_of(words) + 2 * bool(mark)
        if used and used + len(_GAP) + long > width:
            yield line
            line, used = "", 0
        line, used = (f"{line}{_GAP}{shown}", used + len(_GAP) + long) if used else (shown, long)
    yield line
