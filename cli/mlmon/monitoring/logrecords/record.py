"""One entry of a container log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mlmon.core.model import LEVELS

_NAMES: Final[Mapping[str, str]] = {
    **{level: level for level in LEVELS},
    **dict.fromkeys(("d", "trace", "verbose", "dbg"), "debug"),
    **dict.fromkeys(("i", "information", "notice", "inf"), "info"),
    **dict.fromkeys(("w", "warn", "wrn"), "warning"),
    **dict.fromkeys(("e", "err", "severe"), "error"),
    **dict.fromkeys(("c", "f", "fatal", "crit", "alert", "emerg", "emergency", "panic"), "critical"),
}
_LONGEST_NAME: Final = 20
_LONE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class LogRecord:
    """What was logged at once: one line, or a line with the traceback that belongs to it.

    `time` is in the zone that the log writes, UTC where it writes none; a record without a time (`dated` is False) has
    that of the record above it, None before any. `lines` are as they were written, a byte that is no UTF-8 as a lone
    surrogate; all other text is sound. `level` is one of `LEVELS`, or "" where nothing says one, as of what
    a script printed. `message` is the text without what stands before it. Every other text is "" where it is not known.
    """

    lines: tuple[str, ...]
    time: datetime | None
    level: str = ""
    logger: str = ""
    message: str = ""
    request_id: str = ""
    pid: str = ""
    shape: str = "plain"
    dated: bool = False

    @property
    def text(self) -> str:
        """The lines as they were written, with U+FFFD for a byte that is no UTF-8."""
        return sound("\n".join(self.lines))


def sound(text: str) -> str:
    """Text that every encoding can carry: lone surrogates stand for bytes that are no UTF-8, or for nothing."""
    return text if text.isascii() else _LONE.sub("\ufffd", text)


def level_of(name: str) -> str:
    """The level that goes by this name (`WARN`, `I`, `[INFO]`), "" for what is none."""
    return _NAMES.get(name.strip("[]()<>:|,- \t").lower(), "") if len(name) <= _LONGEST_NAME else ""


def at_least(level: str) -> frozenset[str]:
    """This level and those above it."""
    return frozenset(LEVELS[LEVELS.index(level) :])
