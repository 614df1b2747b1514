"""What a row carries beside its columns: the bag, the text that a script printed, and the payload in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from mlmon.core.model import Json, Value
from mlmon.monitoring.decoding.literal import DEEPEST, read_dict

MODEL_DATA: Final = "model_data_collection"
"""The message of the trace that holds a request's inputs and predictions."""
MARK: Final = "truncated"
"""The key in a bag that says which of its values was cut, where that is known."""

_WRAPPED: Final = "custom_dimensions"
_MODEL_DATA_PARTS: Final = ("Input", "Prediction", "Request Id", "Client Request Id", "Models")
_NESTED: Final = 2  # JSON, and JSON that stands in it as a text


def dimensions(row: Mapping[str, Value]) -> Mapping[str, Json]:
    """The bag as it was meant: what a server put there as the text of a Python dict stands in it as pairs.

    Of a text that was cut, the pairs that are whole are there, and the one that is not with as much as there is of it;
    `truncated` then says which. A key that the bag has itself is the one that holds.
    """
    bag = cell(row, "customDimensions", "Properties")
    if not isinstance(bag, dict):
        return {}
    written = bag.get(_WRAPPED)
    found = read_dict(written) if isinstance(written, str) else None
    if found is None or not (found.pairs or found.whole):
        return bag
    pairs = dict(found.pairs)
    if not found.whole:
        if found.cut:
            pairs.setdefault(found.cut, found.rest)
        pairs.setdefault(MARK, f"{found.cut or 'what comes after it'} was cut")
    return {**pairs, **{key: value for key, value in bag.items() if key != _WRAPPED}}


def text(row: Mapping[str, Value]) -> str:
    """What the script printed: v1 keeps it in customDimensions.Content under the message STDOUT, v2 is the message.

    The columns may have their classic names, or those of a Log Analytics workspace.
    """
    bag, message = (cell(row, "customDimensions", "Properties"), cell(row, "message", "Message"))
    if message == "STDOUT" and isinstance(bag, dict) and "Content" in bag:
        content = bag["Content"]
        return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return message if isinstance(message, str) else str(message or "")


def payload(row: Mapping[str, Value]) -> dict[str, Json] | None:
    """The parts of what a trace holds, JSON nested in texts included, the same for both generations and every server:
    the printed JSON object's, or a request's inputs and predictions. None when it is neither.
    """
    written = text(row)
    if written == MODEL_DATA:
        bag = dimensions(row)
        return {key: _part(bag[key]) for key in _MODEL_DATA_PARTS if key in bag} or None
    found = _json(written)
    return {key: _part(part) for key, part in found.items()} if isinstance(found, dict) else None


def cell(row: Mapping[str, Value], classic: str, other: str) -> Value:
    """A row's value by the column's name in either dialect."""
    return row.get(classic, row.get(other))


def _part(value: Json) -> Json:
    for _ in range(_NESTED):
        if not isinstance(value, str):
            break
        value = _json(value)
    return value


def _json(written: str) -> Json:
    """The JSON that a text is, or the text itself. Numbers stay text: "007" is no number."""
    if not written.lstrip().startswith(("{", "[", '"{', '"[')):
        return written
    try:
        found: Json = json.loads(written)
    except (ValueError, RecursionError):
        return written
    # most texts have too few brackets to be deep, and counting them is quicker than going down
    may_be_deep = written.count("[") + written.count("{") > DEEPEST
    return written if may_be_deep and _deeper(found, DEEPEST) else found


def _deeper(value: Json, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
