"""Pages drawn over each other on a terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import StringIO
from typing import Final

from mlmon.output.charts import HEIGHT
from mlmon.output.results import Page
from mlmon.output.terminal import Terminal

_HEIGHTS: Final = (HEIGHT, 6, 5, 4, 3, 2)
"""What charts may be high: as much as the window has room for."""
_USUAL: Final = os.terminal_size((80, 24))
_UP: Final = "\r\x1b[{}A"
_REST_OF_LINE: Final = "\x1b[K"
_REST_OF_SCREEN: Final = "\x1b[J"
_WHOLE_SCREEN: Final = "\x1b[H\x1b[2J"

Draw = Callable[[Page, Terminal, int], None]
"""Writes a page, with charts of this height."""


def redraw(pages: Iterable[Page], terminal: Terminal, *, draw: Draw) -> None:
    """Each page in the place of the one before. The cursor stands below the page whenever nothing is being written, so
    that whatever ends this finds a clean line."""
    lines, size = 0, _size(terminal)
    try:
        for page in pages:
            now = _size(terminal)
            frame = _frame(page, terminal, now, draw)
            # a window of another size has broken the lines anew, so that nobody knows where the page begins
            back = _WHOLE_SCREEN if now != size and lines else _UP.format(lines) if lines else ""
            terminal.write(back + "".join(f"{line}{_REST_OF_LINE}\n" for line in frame) + _REST_OF_SCREEN)
            terminal.flush()
            lines, size = len(frame), now
    except KeyboardInterrupt:
        terminal.write(f"\r{_REST_OF_LINE}")  # where the terminal has echoed ^C
        raise


def _frame(page: Page, terminal: Terminal, size: os.terminal_size, draw: Draw) -> list[str]:
    """The page in as many lines as the window has but one, which is the cursor's."""
    columns = size.columns if terminal.resizable else min(size.columns, terminal.width)
    room = max(2, size.lines - 1)
    lines: list[str] = []
    for height in _HEIGHTS:
        drawn = StringIO()
        paper = replace(terminal, stdout=replace(terminal.stdout, file=drawn), width=columns, quiet=True)
        draw(page, paper, height)
        lines = drawn.getvalue().splitlines()
        if len(lines) <= room:
            return lines
    more = f"{terminal.stdout.ellipsis} {len(lines) - room + 1} more lines: a higher window shows them"
    return [*lines[: room - 1], more[:columns]]


def _size(terminal: Terminal) -> os.terminal_size:
    file = terminal.stdout.file
    try:
        return os.get_terminal_size(file.fileno()) if file is not None else _USUAL
    except (OSError, ValueError):  # no file descriptor, or closed
        return _USUAL
