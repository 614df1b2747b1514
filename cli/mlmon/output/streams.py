"""One output stream, and what it can show."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TextIO

from mlmon.core.errors import Failure

SOURCES: Final = ("cyan", "magenta", "green", "blue", "bright cyan", "bright magenta", "bright green", "bright blue")
"""Colours that tell sources apart: those that say no more than that."""
_STYLES: Final = {
    "bold": "1",
    "error": "1;31",
    "warning": "33",
    "hint": "1;36",
    "dim": "2",
    "mark": "7",
    **dict(zip(SOURCES, ("36", "35", "32", "34", "96", "95", "92", "94"), strict=True)),
    # the series of a chart; their marks tell them apart too
    "first": "36",
    "second": "33",
    "third": "35",
    "fourth": "32",
    "fifth": "34",
}


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream judged once, on its own: a piped stdout says nothing about stderr.

    `file` is None when the process was started with the stream closed. `moving` means the cursor can be moved,
    so that a progress bar works; a dumb terminal is a terminal all the same. `unicode` is about what can be written,
    `ascii_locale` about what the person's terminal is said to show.
    """

    file: TextIO | None
    is_terminal: bool
    unicode: bool
    colour: bool
    moving: bool
    ascii_locale: bool = False

    @classmethod
    def of(cls, file: TextIO | None, environ: Mapping[str, str]) -> Stream:
        """Judge a stream. NO_COLOR and TERM=dumb win over FORCE_COLOR and CLICOLOR_FORCE (https://no-color.org)."""
        if isinstance(file, io.TextIOWrapper) and not file.closed:
            with suppress(OSError):  # it flushes, and a full device is said where something is written
                file.reconfigure(write_through=True)  # text and bytes then come out in the order they were written
        is_terminal = file is not None and not file.closed and file.isatty()
        dumb = environ.get("TERM") == "dumb"
        forced = any(environ.get(name, "") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
        wanted = forced or (is_terminal and environ.get("CLICOLOR") != "0")
        return cls(
            file=file,
            is_terminal=is_terminal,
            unicode=_encoding(file).startswith("utf"),
            colour=wanted and not dumb and not environ.get("NO_COLOR"),
            moving=is_terminal and not dumb,
            ascii_locale=dumb or _is_ascii(environ),
        )

    @property
    def plain(self) -> bool:
        """Whether drawing keeps to ASCII: its signs are a matter of the terminal, and never of colour."""
        return not (self.is_terminal and self.unicode) or self.ascii_locale

    @property
    def ellipsis(self) -> str:
        """What says that something is missing here."""
        return "..." if self.plain else "…"

    def styled(self, text: str, style: str) -> str:
        """The text in a style where there is colour, else as it is."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour else text

    @property
    def abandoned(self) -> bool:
        """Whether whoever read a pipe has gone away, as far as the system says so before anything is written."""
        if self.file is None:
            return False
        import select  # why here: only what waits for its next line asks

        try:
            watch = select.poll()  # Windows has none
            watch.register(self.file.fileno(), 0)
            return bool(watch.poll(0))
        except (AttributeError, OSError, ValueError):  # no file descriptor
            return False

    def shown(self, text: str) -> str:
        r"""The text as this stream's encoding can show it: what it lacks is written out, like `\u20ac`."""
        encoding = _encoding(self.file)
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def write(self, text: str) -> None:
        """Write text, whatever the encoding.

        Raises:
            BrokenPipeError: the reader is gone.
            Failure: the stream is closed, or its device is full.
        """
        with self._open() as file:
            file.write(self.shown(text))

    def write_bytes(self, data: bytes) -> None:
        """Write bytes past the text layer, so that an encoding or line-end rule cannot change them.

        A stream without a byte layer (an `io.StringIO`) gets them as UTF-8 text. Raises as `write` does.
        """
        with self._open() as file:
            raw = getattr(file, "buffer", None)
            if raw is None:
                file.write(data.decode("utf-8", "backslashreplace"))
            else:
                raw.write(data)

    def flush(self) -> None:
        """Hand over what was written. Raises as `write` does."""
        with self._open() as file:
            file.flush()

    @contextmanager
    def _open(self) -> Iterator[TextIO]:
        """The file, with its faults as errors a person can act on."""
        if self.file is None or self.file.closed:
            raise Failure("the output stream is closed", hint="redirect it to a file, or to /dev/null")
        try:
            yield self.file
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Failure(
                f"the output cannot be written: {error.strerror or error}", hint="see whether its device is full"
            ) from error


def terminal_width(files: tuple[TextIO | None, ...], environ: Mapping[str, str]) -> int:
    """Columns: COLUMNS when it is a number above 0, else the first stream that is a terminal, else 80."""
    if said := said_width(environ):
        return said
    for file in files:
        try:
            columns = os.get_terminal_size(file.fileno()).columns if file is not None else 0
        except (OSError, ValueError):  # no file descriptor, none that is a terminal, or closed
            continue
        if columns > 0:
            return columns
    return 80


def said_width(environ: Mapping[str, str]) -> int | None:
    """What COLUMNS says, when it is a number above 0."""
    said = environ.get("COLUMNS", "")
    return int(said) or None if said.isascii() and said.isdigit() else None


def _is_ascii(environ: Mapping[str, str]) -> bool:
    """Whether the locale has no more than ASCII. Python writes UTF-8 there all the same (PEP 538, PEP 540)."""
    said = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "")
    return said in {"C", "POSIX"} or said.upper().endswith((".ASCII", ".US-ASCII", ".ANSI_X3.4-1968"))


def _encoding(file: TextIO | None) -> str:
    return codecs.lookup(getattr(file, "encoding", None) or "utf-8").name  # an io.StringIO has none
