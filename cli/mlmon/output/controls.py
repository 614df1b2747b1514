"""Characters that change how other text looks or what a terminal does, made visible.

Text that mlmon shows comes from logs, blobs and queries. An escape sequence in it can rewrite the screen, a
bidirectional control can make `txt.exe` read as `exe.txt` (https://trojansource.codes), and a line separator
breaks programs that read line by line.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # drawn as nothing
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"  # format characters that join what follows
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, separators, bidirectional controls
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # format characters of scripts and music
    "\U000e0000-\U000e007f"  # tags: invisible ASCII
    "\ud800-\udfff"  # lone surrogates, which no encoding can carry
)
_VISIBLE: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_CONTROL: Final = re.compile(f"[{HIDDEN}]")


def neutral(text: str, *, keep: str = "") -> str:
    r"""The text with every control and format character written out: `\x1b`, `\u202e`, `\U000e0041`.

    `keep` names characters to leave alone; only `\n` and `\t` are ever sensible. A backslash of the text's own
    stays single: the result is for eyes, not for reading back.
    """
    return _CONTROL.sub(lambda found: found[0] if found[0] in keep else _written(found[0]), text)


def json_safe(document: str) -> str:
    r"""A JSON text with the same characters as `\uXXXX` escapes: the same value, and safe to print.

    Line ends between tokens stay: inside its strings JSON has none.
    """
    return _CONTROL.sub(lambda found: found[0] if found[0] == "\n" else _json_escape(found[0]), document)


def _written(character: str) -> str:
    point = ord(character)
    if character in _VISIBLE:
        return _VISIBLE[character]
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
