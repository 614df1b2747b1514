"""Faults that can be switched on: what a network and a tired service do to an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from threading import Lock

from emulators.messages import Answer, Request

_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>gateway</body></html>"
_NAMES = {500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Unavailable"}


class Cut(Enum):
    """How much of an answer arrives."""

    WHOLE = "whole"
    HALF = "half the body, then the connection is reset"
    ENDED = "half the body, then the connection is closed as if that were all"
    NOTHING = "the connection is closed without an answer"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to an answer. Without `instead` the service does its work and only the way back suffers.

    `then` makes of the service's answer the one that is sent.
    """

    instead: Answer | None = None
    then: Callable[[Answer], Answer] | None = None
    delay: float = 0.0
    cut: Cut = Cut.WHOLE
    first: Callable[[], object] | None = None


def throttled(retry_after: float | None = None) -> Fault:
    """429, with `Retry-After` in seconds where it is given."""
    answer = Answer.error(429, "TooManyRequests", "The request is being throttled. Please retry later.")
    return Fault(answer if retry_after is None else answer.having(Retry_After=f"{retry_after:g}"))


def html(status: int = 502) -> Fault:
    """A gateway's page instead of the service's JSON."""
    page = _HTML.format(_NAMES.get(status, str(status)))
    return Fault(Answer.text(page, status, content_type="text/html"))


def gateway_timeout() -> Fault:
    """504, in ARM's wording."""
    message = (
        "The gateway did not receive a response from 'Microsoft.MachineLearningServices' within the specified time."
    )
    return Fault(Answer.error(504, "GatewayTimeout", message))


def slow(seconds: float) -> Fault:
    """The true answer, later."""
    return Fault(delay=seconds)


def meanwhile(act: Callable[[], object]) -> Fault:
    """The true answer, once somebody else has done something: changed a resource, or deleted it."""
    return Fault(first=act)


def reset_mid_body() -> Fault:
    """Headers that promise the whole body, half of it, and a reset."""
    return Fault(cut=Cut.HALF)


def ended_mid_body() -> Fault:
    """Headers that promise the whole body, half of it, and an orderly end."""
    return Fault(cut=Cut.ENDED)


def altered(alter: Callable[[bytes], bytes]) -> Fault:
    """The true answer with another body, of which the headers know nothing but its length."""
    return Fault(then=lambda answer: replace(answer, body=alter(b"".join(answer.pieces())), stream=(), length=0))


def dropped() -> Fault:
    """The connection is closed before any answer; the service did what was asked."""
    return Fault(cut=Cut.NOTHING)


def refuse(status: int, body: object) -> Fault:
    """Any status with a body of JSON."""
    return Fault(Answer.json(body, status))


def answer(body: object, status: int = 200) -> Fault:
    """Any body: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Fault(Answer(status, content, {"Content-Type": "application/json"}))


@dataclass(slots=True, eq=False)  # two alike are still two
class _Switched:
    fault: Fault
    plane: str
    method: str
    path: re.Pattern[str]
    after: int
    times: int | None

    def concerns(self, plane: str, request: Request) -> bool:
        return (
            self.times != 0
            and self.plane in ("", plane)
            and self.method in ("", request.method)
            and self.path.search(request.path) is not None
        )

    def hit(self) -> bool:
        """Count one request that it concerns: is it its turn?"""
        if self.after:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(slots=True)
class Faults:
    """The faults that are switched on; the one switched on last wins."""

    _all: list[_Switched] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def on(
        self,
        fault: Fault,
        *,
        plane: str = "",
        method: str = "",
        path: str = "",
        after: int = 0,
        times: int | None = None,
    ) -> Iterator[None]:
        """Switch a fault on for a while, for requests whose path contains the regex.

        The first `after` of them pass, then it hits `times` times, or for ever.
        """
        switched = _Switched(fault, plane, method, re.compile(path, re.IGNORECASE), after, times)
        with self._lock:
            self._all.append(switched)
        try:
            yield
        finally:
            with self._lock:
                self._all.remove(switched)

    def meet(self, plane: str, request: Request) -> Fault | None:
        """The fault this request runs into, if any, which is thereby used once."""
        with self._lock:
            hits = (one for one in reversed(self._all) if one.concerns(plane, request) and one.hit())
            found = next(hits, None)
        return None if found is None else found.fault
