"""Reading answers whose shape nobody promises: what is missing or of another type is simply not there."""

from __future__ import annotations

from collections.abc import Mapping

from mlmon.core.model import Json


def at(value: Json, *keys: str) -> Json:
    """The value below these keys; None where any of them is missing."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text(value: Json, *keys: str) -> str:
    """The text below these keys, or ""."""
    found = at(value, *keys)
    return found if isinstance(found, str) else ""


def flag(value: Json, *keys: str) -> bool:
    """Whether there is a true value below these keys; services write it as JSON or as a word."""
    found = at(value, *keys)
    return found is True or (isinstance(found, str) and found.strip().casefold() == "true")


def number(value: Json, *keys: str, default: float) -> float:
    """The finite number below these keys, or the default."""
    found = at(value, *keys)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return default
    return float(found) if abs(found) < float("inf") else default


def mapping(value: Json, *keys: str) -> Mapping[str, Json]:
    """The object below these keys, or an empty one."""
    found = at(value, *keys)
    return found if isinstance(found, dict) else {}


def items(value: Json, *keys: str) -> list[Json]:
    """The list below these keys, or an empty one."""
    found = at(value, *keys)
    return found if isinstance(found, list) else []
