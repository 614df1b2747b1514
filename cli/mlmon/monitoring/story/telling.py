"""A request's whole story: everything that is known of it once it was found, its planes looked at side by side.

At most four queries with those that find it, one look at a log, and listings of the dates that the request touches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from mlmon.core.errors import MlmonError
from mlmon.core.model import Json, Service
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Telemetry, Workspace
from mlmon.core.timerange import TimeRange
from mlmon.monitoring.attribution import names_of, owners
from mlmon.monitoring.story.absence import looked_in_blobs, looked_in_telemetry
from mlmon.monitoring.story.collected import Search
from mlmon.monitoring.story.finding import Asked, Finder, Found
from mlmon.monitoring.story.logs import Logged, logged
from mlmon.monitoring.story.parts import Event, Looked, Source, Story
from mlmon.monitoring.story.rows import of_request
from mlmon.monitoring.story.telemetry import Answered, Asking

_MILLISECOND: Final = timedelta(milliseconds=1)
_SECOND: Final = timedelta(seconds=1)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)


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
    all_ = [each.name for each in services]
    names = names_of(asked.service.name, all_) if asked.service else ()
    others = frozenset(name for name, owner in owners(all_).items() if asked.service and owner != asked.service.name)
    asking = Asking(telemetry, names, asked.between, others)
    found = Finder(workspace, asking, asked, services, now, on_bytes).found()
    return _Teller(workspace, asking, asked, services, now, on_bytes).told(found)


@dataclass(frozen=True, slots=True)
class _Teller:
    workspace: Workspace
    asking: Asking
    asked: Asked
    services: Sequence[Service]
    now: datetime
    on_bytes: Callable[[int], None]

    def told(self, found: Found) -> Story:
        """Everything about a request that was found, its planes looked at side by side."""
        service, name = self._service(found)
        start = found.request.start if found.request else _earliest(found)
        story = Story(found.ids, found.by, service, name, found.request, start, (), ())
        ran = self._ran(found, start)
        parts: list[Callable[[], object]] = [
            lambda: self._around(found),
            lambda: self._logged(found, service, ran),
            lambda: self._collected(found, service, ran),
        ]
        rows, log, search = map_bounded(lambda part: part(), parts, workers=len(parts), only_reads=True)
        assert isinstance(rows, Answered | MlmonError)  # noqa: S101 - what the three above return, in their order
        assert log is None or isinstance(log, Logged)  # noqa: S101
        assert search is None or isinstance(search, Search)  # noqa: S101
        return self._assembled(story, rows, log, search, failed=found.error)

    def _service(self, found: Found) -> tuple[Service | None, str]:
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

    def _ran(self, found: Found, start: datetime | None) -> TimeRange | None:
        if start is None:
            return None
        # without a request's own row all there is may be a time in whole seconds
        end = found.request.end if found.request else start + (timedelta() if start.microsecond else _SECOND)
        return TimeRange(start.astimezone(UTC), end.astimezone(UTC) + _MILLISECOND)

    def _around(self, found: Found) -> Answered | MlmonError:
        if found.request is None:
            return found.mentioned
        try:
            return self.asking.around(found.request, found.ids)
        except MlmonError as error:
            return error

    def _logged(self, found: Found, service: Service | None, ran: TimeRange | None) -> Logged | None:
        if found.log or service is None:
            return found.log
        return logged(self.workspace.logs, service.name, found.ids, ran)

    def _collected(self, found: Found, service: Service | None, ran: TimeRange | None) -> Search | None:
        looked = found.search if found.log is None else None  # a log's time may be of another day than was looked at
        if looked or service is None or ran is None:
            return looked
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


def _earliest(found: Found) -> datetime | None:
    times = [event.time for event in found.mentioned.events if event.time]
    times += [one.time for one in found.search.kept if one.time] if found.search else []
    times += [event.time for event in found.log.events if event.time] if found.log else []
    return min(times, default=None)
