"""Expressions for what a row of telemetry carries beside its columns, written so that every server's rows answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mlmon.kql.build import kql_string
from mlmon.kql.dialect import Names

_WRAPPED: Final = "custom_dimensions"
# what azureml-inference-server-http 1.5.1 puts into the bag as the text of one Python dict, and 1.3.4 as it is
_MAYBE_WRAPPED: Final = frozenset(
    {"Request Id", "Client Request Id", "Container Id", "Service Name", "Workspace Name", "Input", "Prediction"}
)


def printed(names: Names) -> str:
    """The text of a trace: v1 keeps it in the bag, under the message STDOUT."""
    bag, message = names("customDimensions"), names("message")
    content = f"tostring({bag}.Content)"
    return f'iff({message} == "STDOUT" and isnotempty({content}), {content}, {message})'


def in_bag(bag: str, key: str) -> str:
    """A value of a bag as text. A text of a Python dict is looked into as far as it writes a value without escapes."""
    value = f"tostring({bag}{step(key)})"
    if key not in _MAYBE_WRAPPED:
        return value
    pattern = kql_string(f"'{key}': '([^'\\\\]*)'")
    return f"iff(isnotempty({value}), {value}, extract({pattern}, 1, tostring({bag}.{_WRAPPED})))"


def inside(text: str, path: Sequence[str | int]) -> str:
    """What stands at a path in a text of JSON, as text; a part on the way may be a text of JSON again."""
    for part in path:
        text = f"tostring(parse_json({text}){step(part)})"
    return text


def step(part: str | int) -> str:
    """One step of a path, in brackets: after a dot Kusto takes some names and not others."""
    return f"[{part}]" if isinstance(part, int) else f"[{kql_string(part)}]"
