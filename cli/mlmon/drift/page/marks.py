"""A sign for each verdict: no colour says anything that its shape does not say too."""

from __future__ import annotations

from typing import Final

from mlmon.drift.page.markup import Markup, element, joined
from mlmon.drift.result import Verdict

_RING: Final = "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z"
_PATHS: Final = {
    Verdict.DRIFT: "M8 1l7 7-7 7-7-7z",
    Verdict.NO_DRIFT: f"{_RING}M5 8.2l2.2 2.2L11.2 6",
    Verdict.NOT_ENOUGH_DATA: f"{_RING}M5 8h6",
    Verdict.NO_DATA: f"{_RING}M4 12L12 4",
    Verdict.STALE: f"{_RING}M8 4v4.3l2.8 1.7",
    Verdict.SCHEMA_CHANGED: "M2.5 5.5h11M2.5 10.5h11M11 2L5 14",
}
_FILLED: Final = frozenset({Verdict.DRIFT})


def drawings() -> Markup:
    """The signs, to be used any number of times."""
    return element("svg", *map(_drawing, Verdict), width=0, height=0, class_="away", aria_hidden="true")


def _drawing(verdict: Verdict) -> Markup:
    fill = "currentColor" if verdict in _FILLED else None
    return element("symbol", element("path", d=_PATHS[verdict], fill=fill), id=word_of(verdict), viewBox="0 0 16 16")


def sign(verdict: Verdict) -> Markup:
    """The sign alone; what it means must stand beside it."""
    drawn = element("use", href=f"#{word_of(verdict)}")
    return element("svg", drawn, class_=f"m v-{word_of(verdict)}", aria_hidden="true")


def said(verdict: Verdict) -> Markup:
    """The sign and the verdict."""
    return element("span", joined(sign(verdict), " ", verdict.value), class_=f"v v-{word_of(verdict)}")


def word_of(verdict: Verdict) -> str:
    """The verdict as one word."""
    return verdict.value.replace(" ", "-")
