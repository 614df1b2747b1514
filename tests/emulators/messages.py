"""What travels: requests, answers, and the record of both."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. Its body is `body`, or where that is empty the `length` bytes of `stream`."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Iterable[bytes] = ()
    length: int = 0

    @property
    def size(self) -> int:
        """How long the body is, in bytes."""
        return len(self.body) or self.length

    def pieces(self) -> Iterator[bytes]:
        """The body."""
        return iter((self.body,) if self.body else self.stream)

    @classmethod
    def json(cls, value: object, status: int = 200, **headers: str) -> Self:
        """An answer of JSON; an underscore in a header's keyword stands for a hyphen."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8", **named})

    @classmethod
    def text(cls, text: str, status: int = 200, *, content_type: str = "text/plain; charset=utf-8") -> Self:
        """An answer of text."""
        return cls(status, text.encode(), {"Content-Type": content_type})

    @classmethod
    def error(cls, status: int, code: str, message: str, **more: object) -> Self:
        """An error as Azure Resource Manager words it; `more` are further keys beside code and message."""
        return cls.json({"error": {"code": code, "message": message, **more}}, status)

    def having(self, **headers: str) -> Answer:
        """The same answer with further headers."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return replace(self, headers={**self.headers, **named})


class Refused(Exception):
    """A handler stops here; the client gets `answer`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is percent-decoded; `query` keeps the last of repeated keys. `target` is both as sent."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str = ""

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Refused: it is none (400, in ARM's wording).
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            message = "The request content was invalid and could not be deserialized."
            raise Refused(Answer.error(400, "InvalidRequestContent", message)) from error

    def header(self, name: str) -> str:
        """A header by its name in any case, or ""."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it was answered. `status` is 0 where the connection was closed without an answer."""

    plane: str
    method: str
    path: str
    query: Mapping[str, str]
    status: int
    body: bytes
    time: float
    headers: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.plane} {self.method} {self.path} {self.status}"


class Requests:
    """Every request so far, oldest first."""

    def __init__(self) -> None:
        self._all: list[Recorded] = []
        self._lock = Lock()

    def add(self, recorded: Recorded) -> None:
        with self._lock:
            self._all.append(recorded)

    def clear(self) -> None:
        with self._lock:
            self._all.clear()

    def __iter__(self) -> Iterator[Recorded]:
        with self._lock:
            return iter(list(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def of(self, plane: str = "", method: str = "", path: str = "") -> list[Recorded]:
        """Those of a plane and method whose path contains the regex (in any case); "" is any."""
        wanted = re.compile(path, re.IGNORECASE)
        return [
            one
            for one in self
            if plane in ("", one.plane) and method in ("", one.method) and wanted.search(one.path) is not None
        ]

    def count(self, plane: str = "", method: str = "", path: str = "") -> int:
        """How many `of` finds."""
        return len(self.of(plane, method, path))

    def by_plane(self) -> dict[str, int]:
        """How many each plane got."""
        return dict(Counter(one.plane for one in self))
