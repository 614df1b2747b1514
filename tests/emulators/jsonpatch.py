"""RFC 6902, as much of it as the model management service takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Wrong(Exception):
    """The patch cannot be applied; the message says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """Put `value` at `path`. Only an added value may stand where nothing stood."""

    path: tuple[str, ...]
    value: Any
    added: bool

    def __str__(self) -> str:
        return "/" + "/".join(self.path)

    def apply(self, document: dict[str, Any]) -> None:
        """Change the document in place. Raises `Wrong` where the path does not exist."""
        *above, last = self.path
        for part in above:
            document = document.get(part) or {} if isinstance(document, dict) else {}
        if not isinstance(document, dict) or not (self.added or last in document):
            raise Wrong(f"The target location specified by path '{self}' was not found")
        document[last] = self.value


def read(operations: object) -> list[Change]:
    """The changes of a patch.

    Raises:
        Wrong: it is no list of `replace` and `add`.
    """
    if not isinstance(operations, list) or not operations:
        raise Wrong("The patch is not a list of operations")
    return [_change(operation) for operation in operations]


def _change(operation: object) -> Change:
    if not isinstance(operation, dict) or set(operation) != {"op", "path", "value"}:
        raise Wrong("An operation needs op, path and value and nothing else")
    if operation["op"] not in {"replace", "add"}:
        raise Wrong(f"The operation '{operation['op']}' is not supported")
    if not isinstance(operation["path"], str) or not operation["path"].startswith("/"):
        raise Wrong(f"The path {operation['path']!r} is invalid")
    parts = (part.replace("~1", "/").replace("~0", "~") for part in operation["path"][1:].split("/"))
    return Change(tuple(parts), operation["value"], added=operation["op"] == "add")
