"""Text that came from a script or a caller, made storable: as UTF-8, as JSON, within Application Insights' limits."""

from __future__ import annotations

import json
import math
import re
from typing import Final

from mlmon.core.model import Json

# https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete and
# https://learn.microsoft.com/azure/azure-monitor/service-limits#application-insights
MESSAGE_LIMIT: Final = 32_768
PROPERTY_LIMIT: Final = 8_192
ITEM_LIMIT: Final = 64 * 1024
MARK: Final = "truncated"
# bytes of one character in UTF-8, at most
_WIDEST: Final = 4
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False)

Row = dict[str, Json]


def storable(text: str) -> str:
    """The text with halves of surrogate pairs, which UTF-8 cannot hold, replaced by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def compact_json(value: object) -> str:
    """JSON on one line, without blanks, with non-ASCII as it is; NaN and infinities are null, as pandas writes them."""
    try:
        return storable(_ENCODER.encode(value))
    except ValueError:
        return storable(_ENCODER.encode(_finite(value)))


def _finite(value: object) -> object:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {key: _finite(part) for key, part in value.items()}
        case list() | tuple():
            return [_finite(part) for part in value]
        case _:
            return value


def fitted(row: Row) -> str:
    """The row as one line of JSON within the limits; what had to be cut is said in `customDimensions.truncated`."""
    dimensions = row.get("customDimensions")
    properties = dict(dimensions) if isinstance(dimensions, dict) else {}
    row = {**row, "customDimensions": properties}
    cuts: dict[str, int] = {}
    for key in ("message", "outerMessage", "innermostMessage", "url"):
        _cut(row, key, limit=MESSAGE_LIMIT, cuts=cuts)
    for key in list(properties):
        _cut(properties, key, limit=PROPERTY_LIMIT, cuts=cuts)
    line = _marked(row, properties, cuts)
    while len(line) * _WIDEST > ITEM_LIMIT and len(line.encode()) > ITEM_LIMIT:
        holder, key = _longest(row, properties)
        if key:
            _cut(holder, key, limit=len(str(holder[key])) // 2, cuts=cuts)
        elif "details" in row:
            cuts["details"] = len(compact_json(row.pop("details")))
        else:
            # nothing long is left to cut; no row of ours has so many short texts
            break
        line = _marked(row, properties, cuts)
    return line


def _marked(row: Row, properties: Row, cuts: dict[str, int]) -> str:
    if cuts:
        properties[MARK] = "; ".join(f"{key} was {length} characters" for key, length in cuts.items())
    return compact_json(row)


def _cut(holder: Row, key: str, *, limit: int, cuts: dict[str, int]) -> None:
    text = holder.get(key)
    if isinstance(text, str) and len(text) > limit:
        cuts.setdefault(key, len(text))
        holder[key] = text[:limit]


def _longest(row: Row, properties: Row) -> tuple[Row, str]:
    """The text that takes most room, and what holds it; "" when no text is long and details must go."""
    candidates = [(row, key) for key in row] + [(properties, key) for key in properties if key != MARK]
    sized = [(len(text), holder, key) for holder, key in candidates if isinstance(text := holder[key], str)]
    length, holder, key = max(sized, key=lambda each: each[0])
    return (holder, key) if length > 1000 else (row, "")
