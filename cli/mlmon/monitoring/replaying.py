"""Saved snapshots, followed as if they came one after the other: so a user can check what following does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TextIO

from mlmon.core.errors import NotFound, UsageError
from mlmon.core.follow import Follower
from mlmon.core.model import LogSnapshot
from mlmon.monitoring.following import Followed, Happening, Polled, StatusChanged
from mlmon.monitoring.logtext import snapshot

_STDIN: Final = "-"
_GZIP: Final = "\x1f\udc8b"  # its first two bytes, the second of which is no UTF-8


def replay(contents: Iterable[str], *, service: str, asked: int | None = None) -> Iterator[Followed]:
    """What following shows of these snapshots, each the text of a log as Azure hands it out, with its status.

    `asked` is how many lines each was asked for. Without it, each counts as full: then it is never taken for a whole
    log, and where a log began anew the gap says that nothing overlaps.
    """
    follower, status = Follower(), ""
    for content in contents:
        found = snapshot(_unwrapped(content), lines=len(content) + 1)
        if found.status != status:
            status = found.status
            yield Followed(service, StatusChanged(status))
        for event in _events(follower, found, asked):
            yield Followed(service, event)


def saved(files: Sequence[str], *, stdin: TextIO | None = None) -> Iterator[str]:
    """The texts of saved snapshots, read one by one; `-` is `stdin`. A byte that is no UTF-8 is a lone surrogate.

    Raises:
        NotFound: there is no such file.
        UsageError: it cannot be read, is compressed, or there is nothing on `stdin`.
    """
    for name in files:
        text = _of_stdin(stdin) if name == _STDIN else _of_file(name)
        if text.startswith(_GZIP):
            whose = "what is on standard input" if name == _STDIN else repr(name)
            raise UsageError(f"{whose} is compressed", hint="gunzip -c FILE | mlmon logs --replay - reads it")
        yield text


def _of_stdin(stdin: TextIO | None) -> str:
    if stdin is None:
        raise UsageError("there is nothing on standard input", hint="name a file with a saved snapshot")
    return stdin.read()


def _of_file(name: str) -> str:
    try:
        return Path(name).read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        raise NotFound(f"no file {name!r}", hint="name the files with the saved snapshots, oldest first") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no file name"
        raise UsageError(f"cannot read {name!r}: {reason}", hint="name files with saved snapshots") from None


def _events(follower: Follower, found: LogSnapshot, asked: int | None) -> Iterator[Happening]:
    counted = len(found.lines) if asked is None else asked - found.left_out
    told = follower.feed(found.lines, asked=counted)
    yield from told
    yield Polled(sum(isinstance(each, str) for each in told))


def _unwrapped(content: str) -> str:
    """The text itself, where the whole is JSON: `az` prints a string, the REST API a document with a `content`."""
    if content[:1] not in {'"', "{"}:
        return content
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return content  # a log whose first line is JSON
    found = document.get("content") if isinstance(document, dict) else document
    return found if isinstance(found, str) else content
