"""What collections are called in another tool, where two of them, or one and the text's own names, could be alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def distinct(names: Sequence[str], taken: Collection[str] = (), *, with_endings: Sequence[str] = ("",)) -> list[str]:
    """The names, with a number behind those that are used already in any case, alone or with one of the endings."""
    used = {name.casefold() for name in taken}
    given = []
    for name in names:
        candidate, number = name, 1
        while any(f"{candidate}{ending}".casefold() in used for ending in with_endings):
            number += 1
            candidate = f"{name}_{number}"
        used.update(f"{candidate}{ending}".casefold() for ending in with_endings)
        given.append(candidate)
    return given
