"""Finding a request by any of its ids, then everything else by the request.

At most four queries (the request; its rows, or rows that mention the id; and both once more where only collected data
knew the id), one look at a log, and listings of the dates that the request touches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from mlmon.core.errors import MlmonError, NotFound
from mlmon.core.model import Json, Service
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Telemetry, Workspace
from mlmon.core.timerange import TimeRange, rfc3339
from mlmon.monitoring.attribution import names_of, owners
from mlmon.monitoring.story.absence import looked_in_blobs, looked_in_telemetry
from mlmon.monitoring.story.collected import Search
from mlmon.monitoring.story.logs import Logged, logged
from mlmon.monitoring.story.parts import By, Event, Ids, Looked, Request, Source, Story, same
from mlmon.monitoring.story.rows import of_request
from mlmon.monitoring.story.telemetry import Answered, Asking

_SEARCHED: Final = timedelta(days=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SECOND: Final = timedelta(seconds=1)
_NAMED: Final = 5
_FIRST: Final = datetime.min.replace(tzinfo=UTC)


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
class _Found:
    ids: Ids
    by: By
    request: Request | None
    mentioned: Answered = field(default_factory=Answered)
    search: Search | None = None
    service: Service | None = None
    error: MlmonError | None = None

    @property
    def nothing(self) -> bool:
        return not (self.request or self.mentioned.events or (self.search and self.search.kept))


def tell(
    workspace: Workspace,
    telemetry: Telemetry,
    asked: Asked,
    *,
    services: Sequence[Service],
    now: datetime,
    on_bytes: Callable[[int], None],
) -> Story:
    """The story of the request, as far as it is there. `services` are all that the workspace has.

    Raises:
        NotFound: nothing has the id; the hint says where it was looked for.
        Several: several requests have it.
        MlmonError: telemetry cannot be asked, and nothing else knows the id.
    """
    names = names_of(asked.service.name, [each.name for each in services]) if asked.service else ()
    teller = _Teller(workspace, Asking(telemetry, names, asked.between), asked, services, now, on_bytes)
    return teller.told(teller.found())


@dataclass(frozen=True, slots=True)
class _Teller:
    workspace: Workspace
    asking: Asking
    asked: Asked
    services: Sequence[Service]
    now: datetime
    on_bytes: Callable[[int], None]

    def found(self) -> _Found:
        """The request, or whatever knows its id."""
        if not self.asked.id:
            return self._latest()
        ids = Ids(self.asked.id)
        try:
            if request := _only(self.asking.called(ids.asked), ids.asked):
                return _Found(Ids.of(ids.asked, request), _by(ids.asked, request), request)
            mentioned = self.asking.mentioning(ids)
        except Several:
            raise
        except MlmonError as error:
            found = self._in_blobs(_Found(ids, By.REQUEST_ID, None, error=error))
        else:
            by = next((event.by for event in mentioned.events), By.REQUEST_ID)
            known = replace(ids, request=mentioned.request_id)
            found = _Found(known, by, None, mentioned)
            found = found if mentioned.events else self._in_blobs(found)
        if found.nothing:
            raise found.error or self._not_found()
        return found

    def _latest(self) -> _Found:
        [*found] = self.asking.latest(failed=self.asked.failed)
        if not found:
            what = "request that failed" if self.asked.failed else "request"
            whose = f" of {self.asked.service.name}" if self.asked.service else ""
            raise NotFound(
                f"there is no {what}{whose} in telemetry of {self.asked.between}",
                hint="--since looks further back; telemetry takes some minutes to arrive",
            )
        request = found[0]
        return _Found(Ids.of(request.request_id or request.row_id, request), By.LATEST, request)

    def _in_blobs(self, found: _Found) -> _Found:
        """What collected data of the last day knows of an id that telemetry does not."""
        between = self.asked.between
        range_ = TimeRange(max(between.start, between.end - _SEARCHED), between.end)
        for service in [self.asked.service] if self.asked.service else self.services:
            search = Search(self.workspace.blobs, found.ids, self.now, self.on_bytes)
            search.look(service.name, range_)
            if search.kept:
                known = search.kept[0]
                ids = replace(found.ids, request=known.request)
                request = None
                if not found.error and known.request and not same(known.request, ids.asked):
                    request = _only(self.asking.called(known.request), known.request)
                    ids = Ids.of(ids.asked, request) if request else ids
                return replace(found, ids=ids, by=known.by, request=request, search=search, service=service)
        return found

    def _not_found(self) -> NotFound:
        whose = f" of {self.asked.service.name}" if self.asked.service else ""
        return NotFound(
            f"nothing{whose} has the id {self.asked.id!r}",
            hint=f"telemetry of {self.asked.between} and collected data of its last day were looked at: --since looks "
            "further back\ntelemetry takes some minutes to arrive: try again for a request that has just been made",
        )

    def told(self, found: _Found) -> Story:
        """Everything about a request that was found, its planes looked at side by side."""
        service, name = self._service(found)
        start = found.request.start if found.request else _earliest(found)
        story = Story(found.ids, found.by, service, name, found.request, start, (), ())
        ran = self._ran(found, start)
        parts: list[Callable[[], object]] = [
            lambda: self._around(found),
            lambda: self._logged(service, found.ids, ran),
            lambda: self._collected(found, service, ran),
        ]
        rows, log, search = map_bounded(lambda part: part(), parts, workers=len(parts), only_reads=True)
        assert isinstance(rows, Answered | MlmonError)  # noqa: S101 - what the three above return, in their order
        assert log is None or isinstance(log, Logged)  # noqa: S101
        assert search is None or isinstance(search, Search)  # noqa: S101
        return self._assembled(story, rows, log, search, failed=found.error)

    def _service(self, found: _Found) -> tuple[Service | None, str]:
        if service := found.service or self.asked.service:
            return service, str(service.name)
        known = owners([each.name for each in self.services])
        request = found.request
        called = (request.service_name, request.role) if request else ()
        owner = next((known[name] for name in called if name in known), None)
        if owner is None and len(self.services) == 1 and not request:
            owner = self.services[0].name
        service = next((each for each in self.services if each.name == owner), None)
        return service, str(owner) if owner else next(filter(None, called), "")

    def _ran(self, found: _Found, start: datetime | None) -> TimeRange | None:
        if start is None:
            return None
        # without a request's own row all there is may be a time in whole seconds
        end = found.request.end if found.request else start + (timedelta() if start.microsecond else _SECOND)
        return TimeRange(start.astimezone(UTC), end.astimezone(UTC) + _MILLISECOND)

    def _around(self, found: _Found) -> Answered | MlmonError:
        if found.request is None:
            return found.mentioned
        try:
            return self.asking.around(found.request, found.ids)
        except MlmonError as error:
            return error

    def _logged(self, service: Service | None, ids: Ids, ran: TimeRange | None) -> Logged | None:
        return logged(self.workspace.logs, service.name, ids, ran) if service else None

    def _collected(self, found: _Found, service: Service | None, ran: TimeRange | None) -> Search | None:
        if found.search or service is None or ran is None:
            return found.search
        search = Search(self.workspace.blobs, found.ids, self.now, self.on_bytes)
        search.look(service.name, ran)
        return search

    def _assembled(
        self,
        story: Story,
        rows: Answered | MlmonError,
        log: Logged | None,
        search: Search | None,
        *,
        failed: MlmonError | None,
    ) -> Story:
        error = failed or (rows if isinstance(rows, MlmonError) else None)
        told = Answered() if isinstance(rows, MlmonError) else rows
        events = [of_request(story.request, story.by)] if story.request else []
        events += [*told.events, *(log.events if log else ()), *(_kept(search) if search else ())]
        looked = [
            Looked(source, error=error)
            if error and not (story.request and source is Source.REQUEST)
            else looked_in_telemetry(source, events, story.service, story.start, now=self.now)
            for source in (Source.REQUEST, Source.TRACE, Source.DEPENDENCY, Source.EXCEPTION)
        ]
        looked.append(log.looked if log else Looked(Source.LOG, why=_UNKNOWN))
        if search and story.service:
            looked += looked_in_blobs(search, story.service, story, now=self.now)
        else:
            looked.append(Looked(Source.COLLECTED, why=_NO_TIME if story.service else _UNKNOWN))
        truncated = told.truncated + bool(story.request and story.request.truncated)
        ordered = sorted(
            events, key=lambda one: (story.placed(one) or _FIRST, _ORDER.index(one.source), one.collection)
        )
        return replace(story, events=tuple(ordered), looked=tuple(looked), truncated=truncated, partial=told.partial)


_ORDER: Final = (*Source,)
_UNKNOWN: Final = "which service it was is not known: name it behind the id"
_NO_TIME: Final = "when it was is not known"


def _kept(search: Search) -> list[Event]:
    """Inputs before what came of them: their names come first in both generations."""
    found = []
    for one in sorted(search.kept, key=lambda one: one.collection):
        count = len(one.rows) + one.more
        rows: list[Json] = [dict(row) for row in one.rows]
        details: dict[str, Json] = {
            "path": one.path,
            "request_id": one.request or None,
            "correlation_id": one.correlation or None,
            "rows": rows,
        }
        text = f"{count} {'row' if count == 1 else 'rows'} of {one.collection}"
        found.append(Event(Source.COLLECTED, one.by, one.time, text, collection=one.collection, details=details))
    return found


def _by(asked: str, request: Request) -> By:
    ways = {By.REQUEST_ID: request.request_id, By.CLIENT_ID: request.client_id, By.OPERATION: request.operation_id}
    return next((by for by, id_ in ways.items() if same(id_, asked)), By.SPAN)


def _only(found: Sequence[Request], asked: str) -> Request | None:
    """The one that is meant; a request whose own id it is goes before those that merely have it."""
    own = [one for one in found if same(one.request_id, asked)] or found
    if len(own) < 2:
        return own[0] if own else None
    ids = {one.request_id for one in own if one.request_id}
    listed = [f"mlmon request {one.request_id or one.row_id}  ({rfc3339(one.start)})" for one in own[:_NAMED]]
    if len(ids) < 2:
        listed = ["they have the same ids: --since and --until tell them apart", *(rfc3339(one.start) for one in own)]
    more = f"{len(own)} requests or more" if len(own) >= _MANY else f"{len(own)} requests"
    raise Several(f"{more} have the id {asked!r}", hint="\n".join(listed))


_MANY: Final = 20


def _earliest(found: _Found) -> datetime | None:
    times = [event.time for event in found.mentioned.events if event.time]
    times += [one.time for one in found.search.kept if one.time] if found.search else []
    return min(times, default=None)
