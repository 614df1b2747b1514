"""Which blob names can be files on any system, and which of them are the same file somewhere.

Names in blob storage are free text and whoever may write a blob chooses them. The rules are those
of Windows, macOS and Linux together, whatever runs here: a folder that was pulled can be copied.
https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

LONGEST_BYTES: Final = 255  # of one level; NAME_MAX of the usual file systems

_ABSOLUTE: Final = re.compile(r"[/\\]|[A-Za-z]:")
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROL: Final = frozenset({"Cc", "Zl", "Zp"})
_DEVICES: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"]
)


def unsafe(name: str) -> str:
    """Why a blob name cannot be a relative path of a file, or "" when it can."""
    if _ABSOLUTE.match(name):
        return "is an absolute path"
    folder, slash, file = name.rpartition("/")
    return (slash and _unsafe_levels(folder)) or _unsafe_level(file)


def identity(path: str) -> str:
    """Equal for paths that some file system takes for the same file.

    Case, Unicode composition (NFC or NFD) and invisible format characters, which HFS+ ignores, do
    not tell files apart there.
    """
    visible = _visible(path)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", visible).casefold())


def _visible(text: str) -> str:
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


@lru_cache(maxsize=64)  # the files of a folder come one after another
def _unsafe_levels(folder: str) -> str:
    return next((reason for segment in folder.split("/") if (reason := _unsafe_level(segment))), "")


def _unsafe_level(segment: str) -> str:
    return next((reason for reason, breaks in _RULES if breaks(segment)), "")


def _categories(text: str) -> set[str]:
    return set() if text.isascii() and text.isprintable() else {unicodedata.category(character) for character in text}


_RULES: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("has an empty level", lambda segment: not segment),
    ("has a level that means another folder", lambda segment: _visible(segment) in {"", ".", ".."}),
    ("has a backslash", lambda segment: "\\" in segment),
    ("has a colon", lambda segment: ":" in segment),
    ("has a control character", lambda segment: not _CONTROL.isdisjoint(_categories(segment))),
    ("has a character that turns the direction of text", lambda segment: not _BIDI.isdisjoint(segment)),
    ("is not valid Unicode", lambda segment: "Cs" in _categories(segment)),
    ("has a level that ends in a dot or a space", lambda segment: segment[-1] in {".", " "}),
    ("has the name of a device as a level", lambda segment: _stem(segment) in _DEVICES),
    (f"has a level longer than {LONGEST_BYTES} bytes", lambda segment: len(segment.encode()) > LONGEST_BYTES),
)
"""What breaks a level, the first reason first; later rules may rely on earlier ones."""


def _stem(segment: str) -> str:
    # Windows opens the device for `con .txt` too
    return segment.partition(".")[0].rstrip(" ").upper()
