"""One scoring call, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

NO_REQUEST: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Caller:
    """What the caller said about a request. Ids that were not given are ""."""

    request_id: str = ""
    client_request_id: str = ""
    agent: str = "mlmon"
    url: str = "http://127.0.0.1/score"


@dataclass(frozen=True, slots=True)
class Call:
    """One request being scored.

    `draw` is its lot for sampling, from 0 to 1: one lot, so that inputs and outputs agree.
    """

    caller: Caller
    request_id: str
    operation_id: str
    start: datetime
    draw: float
    body: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answers: a status and a JSON body."""

    status: int
    body: str
    request_id: str
    duration: timedelta
