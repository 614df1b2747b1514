"""Regular expressions: Kusto's classes are Unicode, RE2's are ASCII."""

from __future__ import annotations

from typing import Final

_INSIDE: Final = {"d": r"\p{Nd}", "w": r"\p{L}\p{M}\p{N}\p{Pc}", "s": r"\s\x{85}\p{Z}", "D": r"\P{Nd}"}
_OUTSIDE: Final = {
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "w": r"[\p{L}\p{M}\p{N}\p{Pc}]",
    "W": r"[^\p{L}\p{M}\p{N}\p{Pc}]",
    "s": r"[\s\x{85}\p{Z}]",
    "S": r"[^\s\x{85}\p{Z}]",
}


def unicode_classes(pattern: str) -> str:
    r"""The pattern with `\d`, `\w` and `\s` (and their opposites) spelt so that RE2 takes all of Unicode."""
    out: list[str] = []
    inside = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and at + 1 < len(pattern):
            escape = pattern[at + 1]
            out.append((_INSIDE if inside else _OUTSIDE).get(escape, char + escape))
            at += 2
            continue
        if char == "[" and not inside:
            inside = True
        elif char == "]" and inside and pattern[at - 1] not in "[^":
            inside = False
        out.append(char)
        at += 1
    return "".join(out)
