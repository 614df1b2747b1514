"""Elements of HTML and SVG. Text becomes markup here and nowhere else: whatever is no `Markup` yet is escaped."""

from __future__ import annotations

import math
import re
from html import escape
from typing import Final

from mlmon.output.controls import neutral

_VOID: Final = frozenset({"meta", "path", "rect", "circle", "line", "use", "col"})
_NO_CHARACTERS: Final = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")  # what HTML calls noncharacters


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: str) -> Markup:
    """Text as HTML shows it: control and format characters written out, nothing of it an element or a reference."""
    written = _NO_CHARACTERS.sub(lambda found: f"\\u{ord(found[0]):04x}", neutral(value))
    return Markup(escape(written, quote=True))


def element(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """An element. Of attributes `class_` is `class` and `aria_label` is `aria-label`; None is left out."""
    opening = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}"
    if name in _VOID and not children:
        return Markup(f"{opening}/>")
    return Markup(f"{opening}>{joined(*children)}</{name}>")


def joined(*parts: str) -> Markup:
    """One after the other, text escaped."""
    return Markup("".join(part if isinstance(part, Markup) else text(part) for part in parts))


def number(value: float) -> str:
    """A coordinate with two decimals at most; 0 where there is no such number."""
    return _short(value, 2)


def pixels(value: float) -> str:
    """A coordinate of which a tenth cannot be seen."""
    return _short(value, 1)


def _short(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return "0"
    short = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if short in {"", "-0"} else short.removeprefix("0") if short.startswith("0.") else short


def percent(part: float) -> str:
    """A share of the width, between none and all of it."""
    return f"{number(min(max(part, 0.0), 1.0) * 100 if math.isfinite(part) else 0.0)}%"


def _attribute(key: str, value: str | float | None) -> str:
    if value is None:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f' {name}="{text(value) if isinstance(value, str) else number(value)}"'
