"""The text of a container log as Azure hands it out: a status that changes all the time, then the log itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mlmon.core.model import LogSnapshot

_BLANK: Final = " \t\r"
_STATUS_HEADING: Final = "Instance status:"
_EVENTS_HEADING: Final = "Container events:"
_LOGS_HEADING: Final = "Container logs:"
_STATUS_LINE: Final = re.compile(r"\w{1,100}: \S{1,100}")
_EVENT_LINE: Final = re.compile(r"Kind: \w{1,100}, Name: ")
_ABOUT: Final = re.compile(r"\b(container|deployment|instance|replica|pod|logs?)s?\b", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"[A-Z][a-z']+( [^\s{}\[\]]+){3,80}[.!]?")


def snapshot(content: str, *, lines: int) -> LogSnapshot:
    """The last lines of the log, as they were written, and apart from them what the service says about the container.

    Lines end with a line feed alone: a progress bar that repaints itself is one line. Blank lines at the end are left
    out: nobody can tell whether the service or the log has put them there.
    """
    written = content.split("\n")
    if not written[-1].rstrip(_BLANK):
        written.pop()  # what stands behind the last line end
    count = len(written)
    text = [line.rstrip(_BLANK) for line in written]
    while text and not text[-1]:
        text.pop()
    start = _start_of_log(text)
    status, log = text[:start], written[start : len(text)]
    left_out = count - len(text) if start < count else 0
    return LogSnapshot(tuple(log[max(0, len(log) - lines) :]), status="\n".join(status).strip(), left_out=left_out)


def _start_of_log(text: Sequence[str]) -> int:
    first = next((at for at, line in enumerate(text) if line), len(text))
    if first == len(text):
        return first
    if text[first] in {_STATUS_HEADING, _EVENTS_HEADING}:
        return _past_status(text, first)
    if text[first] == _LOGS_HEADING:
        return first + 1
    return first + 1 if _is_excuse(text[first:]) else 0


def _past_status(text: Sequence[str], at: int) -> int:
    """Where the log begins: after its heading, else (the container is not up) after the last line of the status."""
    if _LOGS_HEADING in text[at:]:
        return text.index(_LOGS_HEADING, at) + 1
    while at < len(text) and _is_status(text[at]):
        at += 1
    return at


def _is_status(line: str) -> bool:
    headings = {"", _STATUS_HEADING, _EVENTS_HEADING}
    return line in headings or bool(_STATUS_LINE.fullmatch(line) or _EVENT_LINE.match(line))


def _is_excuse(text: Sequence[str]) -> bool:
    """Whether there is but one line, and it is a sentence about the container: it is not up, and has no log."""
    return len(text) == 1 and bool(_SENTENCE.fullmatch(text[0]) and _ABOUT.search(text[0]))
