"""Finding a request by any of its ids, in telemetry, else in collected data, else in a log.

At most three queries: the request; rows that mention the id; and the request once more, where only they or collected
data knew what it is called.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from mlmon.core.errors import MlmonError, NotFound
from mlmon.core.model import Service
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange, rfc3339
from mlmon.monitoring.story.collected import Search
from mlmon.monitoring.story.logs import Logged, logged
from mlmon.monitoring.story.parts import By, Event, Ids, Request, same
from mlmon.monitoring.story.telemetry import Answered, Asking

_SEARCHED: Final = timedelta(days=1)
_LONGEST: Final = timedelta(hours=1)  # rows that lie further apart are not of one request
_LATELY: Final = timedelta(minutes=1)  # a range that ends now was made a little before now
_NAMED: Final = 5
_MANY: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """Which request: by an id, or (without one) the latest, or the latest that failed. `service` narrows it down."""

    between: TimeRange
    id: str = ""
    failed: bool = False
    service: Service | None = None


class Several(NotFound):
    """The id is that of several requests, so that none of them can be meant."""


@dataclass(frozen=True, slots=True)
class Found:
    """A request, or whatever knows its id. `error` says that telemetry could not be asked."""

    ids: Ids
    by: By
    request: Request | None
    mentioned: Answered = field(default_factory=Answered)
    search: Search | None = None
    log: Logged | None = None
    service: Service | None = None
    error: MlmonError | None = None

    @property
    def nothing(self) -> bool:
        """Whether nobody knows the id."""
        kept = self.search.kept if self.search else ()
        return not (self.request or self.mentioned.events or kept or (self.log and self.log.events))


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks for the request that is `asked` for. `services` are all that the workspace has."""

    workspace: Workspace
    asking: Asking
    asked: Asked
    services: Sequence[Service]
    now: datetime
    on_bytes: Callable[[int], None]

    def found(self) -> Found:
        """The request, or whatever knows its id.

        Raises:
            NotFound, Several, MlmonError: as `tell`.
        """
        if not self.asked.id:
            return self._latest()
        found = self._in_telemetry(Ids(self.asked.id))
        if found.nothing:
            found = self._in_blobs(found)
        if found.nothing:
            found = self._in_log(found)
        if found.nothing:
            raise found.error or self._not_found(found)
        return found

    def _latest(self) -> Found:
        [*found] = self.asking.latest(failed=self.asked.failed)
        if not found:
            what = "request that failed" if self.asked.failed else "request"
            raise NotFound(
                f"there is no {what}{self._whose} in telemetry of {self.asked.between}",
                hint=f"{self._elsewhere}; telemetry takes some minutes to arrive",
            )
        request = found[0]
        return Found(Ids.of(request.request_id or request.row_id, request), By.LATEST, request)

    def _in_telemetry(self, ids: Ids) -> Found:
        try:
            if request := _only(self.asking.called(ids.asked), ids.asked):
                return Found(Ids.of(ids.asked, request), _by(ids.asked, request), request)
            mentioned = self.asking.mentioning(ids)
            _check_is_one(mentioned.events, mentioned.request_ids, ids.asked)
            by = next((event.by for event in mentioned.events), By.REQUEST_ID)
            known = next(iter(mentioned.request_ids), "")
            request = self._known(known, ids)
        except Several:
            raise
        except MlmonError as error:
            return Found(ids, By.REQUEST_ID, None, error=error)
        if request:
            return Found(Ids.of(ids.asked, request), by, request)
        return Found(replace(ids, request=known), by, None, mentioned)

    def _known(self, known: str, ids: Ids) -> Request | None:
        """The request by an id that something else gave away."""
        if not known or same(known, ids.asked):
            return None
        return _only(self.asking.called(known), known)

    def _in_blobs(self, found: Found) -> Found:
        """What collected data of the last day knows of an id that telemetry does not."""
        between = self.asked.between
        range_ = TimeRange(max(between.start, between.end - _SEARCHED), between.end)
        for service in [self.asked.service] if self.asked.service else self.services:
            search = Search(self.workspace.blobs, found.ids, self.now, self.on_bytes)
            search.look(service.name, range_)
            if search.kept:
                known = search.kept[0]
                request = None if found.error else self._known(known.request, found.ids)
                ids = Ids.of(found.ids.asked, request) if request else replace(found.ids, request=known.request)
                return replace(found, ids=ids, by=known.by, request=request, search=search, service=service)
            if search.error:
                found = replace(found, search=search)
        return found

    def _in_log(self, found: Found) -> Found:
        """What the log of the one service that can be meant knows; of several, none is looked at."""
        service = self._alone
        if service is None:
            return found
        log = logged(self.workspace.logs, service.name, found.ids, None)
        _check_is_one(log.events, (), found.ids.asked)
        return replace(found, log=log, by=By.TEXT, service=service)

    @property
    def _alone(self) -> Service | None:
        return self.asked.service or (self.services[0] if len(self.services) == 1 else None)

    @property
    def _whose(self) -> str:
        return f" of {self.asked.service.name}" if self.asked.service else ""

    @property
    def _elsewhere(self) -> str:
        is_open = self.asked.between.end > self.now - _LATELY
        return "--since looks further back" if is_open else "--since and --until look elsewhere"

    def _not_found(self, found: Found) -> NotFound:
        return NotFound(f"nothing{self._whose} has the id {self.asked.id!r}", hint="\n".join(self._hints(found)))

    def _hints(self, found: Found) -> Iterator[str]:
        refused = {
            "collected data": found.search.error if found.search else None,
            "the log": found.log.looked.error if found.log else None,
        }
        for place, error in refused.items():
            if error:
                yield f"{place} could not be looked at: {error.message}"
        places = [f"telemetry of {self.asked.between}"]
        places += [] if refused["collected data"] else ["collected data of its last day"]
        places += ["the log"] if found.log and not refused["the log"] else []
        verb = "were" if len(places) > 1 else "was"
        *first, last = places
        looked_at = f"{', '.join(first)} and {last}" if first else last
        yield f"{looked_at} {verb} looked at: {self._elsewhere}"
        if self.asked.service and len(self.services) > 1:
            yield f"mlmon request {_quoted(self.asked.id)} looks in all services"
        elif self._alone is None:
            yield "with a service behind the id its log is looked at, too"
        yield "telemetry takes some minutes to arrive: try again for a request that has just been made"


def _by(asked: str, request: Request) -> By:
    ways = {By.REQUEST_ID: request.request_id, By.CLIENT_ID: request.client_id, By.OPERATION: request.operation_id}
    return next((by for by, id_ in ways.items() if same(id_, asked)), By.SPAN)


def _only(found: Sequence[Request], asked: str) -> Request | None:
    """The one that is meant; a request whose own id it is goes before those that merely have it."""
    own = [one for one in found if same(one.request_id, asked)] or found
    if len(own) < 2:
        return own[0] if own else None
    ids = {one.request_id for one in own if one.request_id}
    listed = [f"mlmon request {_quoted(one.request_id or one.row_id)}  ({rfc3339(one.start)})" for one in own[:_NAMED]]
    if len(ids) < 2:
        whose = [" ".join(filter(None, (rfc3339(one.start), one.service_name or one.role))) for one in own[:_NAMED]]
        listed = ["they have the same ids: --since and --until tell them apart, or a service behind the id", *whose]
    more = f"{len(own)} requests or more" if len(own) >= _MANY else f"{len(own)} requests"
    raise Several(f"{more} have the id {asked!r}", hint="\n".join(listed))


def _check_is_one(events: Sequence[Event], ids: Sequence[str], asked: str) -> None:
    """Rows that merely mention an id are a request's if they name no two requests, and lie close together.

    Raises:
        Several: they are of more than one.
    """
    shown = f"mlmon traces --where {_quoted(asked)} shows traces with a text in them"
    if len(ids) > 1:
        listed = [f"mlmon request {_quoted(id_)}" for id_ in ids] if len(ids) <= _NAMED else [shown]
        raise Several(f"what has {asked!r} in it is of {len(ids)} requests", hint="\n".join(listed))
    times = [event.time for event in events if event.time and event.by is By.TEXT]
    if times and max(times) - min(times) > _LONGEST:
        raise Several(
            f"{asked!r} stands in {len(times)} texts, from {_short(min(times))} to {_short(max(times))}, "
            "which are not of one request",
            hint=shown,
        )


def _short(time: datetime) -> str:
    return rfc3339(time.replace(microsecond=0))


def _quoted(id_: str) -> str:
    return shlex.quote(id_)
