"""What the story of a request is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mlmon.core.errors import MlmonError
from mlmon.core.model import Json, Service

ZEROS: Final = "0-"
_NOBODY: Final = "unknown"  # what the inference server writes outside a request


class Source(StrEnum):
    """Where a part of the story was found."""

    REQUEST = "request"
    TRACE = "trace"
    DEPENDENCY = "dependency"
    EXCEPTION = "exception"
    LOG = "log"
    COLLECTED = "collected"


class By(StrEnum):
    """What a part was matched by. `NEAR` is no proof: another request may have run at that time."""

    REQUEST_ID = "request id"
    CLIENT_ID = "client request id"
    OPERATION = "operation id"
    SPAN = "span id"
    CORRELATION = "correlation id"
    TEXT = "id in its text"
    NEAR = "near in time"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `details` is what else is known of it, as JSON."""

    source: Source
    by: By
    time: datetime | None
    text: str
    level: str = ""
    collection: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looked:
    """One place that was looked into: how much was found there, matched by what, and why nothing where nothing was.

    `error` says that it could not be looked into at all.
    """

    source: Source
    found: int = 0
    by: tuple[By, ...] = ()
    why: str = ""
    collection: str = ""
    error: MlmonError | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it really went. Ids are "" where a row has none; `latency` is None where nobody measured it.

    `corrected` says that the row's own columns say something else.
    """

    start: datetime
    latency: timedelta | None
    name: str
    code: str
    succeeded: bool
    corrected: bool
    row_id: str
    request_id: str
    client_id: str
    operation_id: str
    service_name: str
    role: str
    instance: str
    truncated: bool = False

    @property
    def end(self) -> datetime:
        return self.start + (self.latency or timedelta())


@dataclass(frozen=True, slots=True)
class Ids:
    """What a request may be called: what was asked for, and what its row or its data say. "" where not known."""

    asked: str
    request: str = ""
    client: str = ""
    operation: str = ""
    row: str = ""

    @classmethod
    def of(cls, asked: str, request: Request | None) -> Ids:
        if request is None:
            return cls(asked)
        return cls(
            asked, real(request.request_id), real(request.client_id), real(request.operation_id), real(request.row_id)
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """What stands in rows, lines and data of this request and of no other: its own id, else what was asked for."""
        return (self.request,) if self.request else tuple(filter(None, (self.asked,)))


@dataclass(frozen=True, slots=True)
class Story:
    """All that was found. `service` is None where nobody can tell whose the request is, and then `service_name` is
    what its row says."""

    ids: Ids
    by: By
    service: Service | None
    service_name: str
    request: Request | None
    start: datetime | None
    events: tuple[Event, ...]
    looked: tuple[Looked, ...]
    truncated: int = 0
    partial: Sequence[str] = ()

    def offset(self, event: Event) -> float | None:
        """Milliseconds from the start of the request; None where one of the times is not known so exactly."""
        if self.start is None or event.time is None or self._is_rough(event):
            return None
        offset = (event.time - self.start) / timedelta(milliseconds=1)
        return 0.0 if -1 < offset < 0 else round(offset, 3)  # logs cut times to milliseconds

    def placed(self, event: Event) -> datetime | None:
        """When an event stands in the story. A time in whole seconds is taken for the end of a request that it may be
        of: collected lines and access lines are written then."""
        return self.request.end if self.request and self._is_rough(event) else event.time

    def _is_rough(self, event: Event) -> bool:
        time, start = event.time, self.start
        return bool(time and start and not time.microsecond and start.replace(microsecond=0) <= time < start)


def real(id_: object) -> str:
    """An id, or "" for what stands where there is none."""
    if not isinstance(id_, str) or not id_.strip(ZEROS) or id_.casefold() == _NOBODY:
        return ""
    return id_


def same(one: str, other: str) -> bool:
    """Whether two ids are one, in any case; none is like no other."""
    return bool(one) and one.casefold() == other.casefold()
