"""The payload inside a trace: where each generation puts it, and its parts as columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from mlmon.core.model import Json, Value


def text(row: Mapping[str, Value]) -> str:
    """What the script printed: v1 keeps it in customDimensions.Content under the message STDOUT, v2 is the message.

    The columns may have their classic names, or those of a Log Analytics workspace.
    """
    dimensions, message = (row.get(classic, row.get(other)) for classic, other in _COLUMNS)
    if message == "STDOUT" and isinstance(dimensions, dict) and "Content" in dimensions:
        content = dimensions["Content"]
        return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return str(message or "")


_COLUMNS: Final = (("customDimensions", "Properties"), ("message", "Message"))


def unfold(row: Mapping[str, Value]) -> dict[str, Json] | None:
    """The printed JSON object's parts, a payload nested as text included; None when it is no object."""
    found = _json(text(row))
    if not isinstance(found, dict):
        return None
    return {key: _json(part) if isinstance(part, str) else part for key, part in found.items()}


def _json(written: str) -> Json:
    """The JSON that a text is, or the text itself. Numbers stay text: "007" is no number."""
    if not written.lstrip().startswith(("{", "[")):
        return written
    try:
        return json.loads(written)  # type: ignore[no-any-return]  # json is untyped; it yields exactly Json
    except (ValueError, RecursionError):
        return written
