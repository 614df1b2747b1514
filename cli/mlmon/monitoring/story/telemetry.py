"""The request itself and what was sent while it ran, as rows of telemetry tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from mlmon.core.model import Table, Value
from mlmon.core.ports import Tables, Telemetry
from mlmon.core.timerange import TimeRange
from mlmon.kql import story as kql
from mlmon.monitoring.decoding import CORRECTED, TRUNCATED, decode, dimensions
from mlmon.monitoring.decoding.parts import cell
from mlmon.monitoring.story.parts import By, Event, Ids, Request, real, same
from mlmon.monitoring.story.rows import described

_MILLISECOND: Final = timedelta(milliseconds=1)
_FARTHEST: Final = timedelta(hours=1)
_BEFORE: Final = timedelta(minutes=1)
_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a query told: events, or requests, and a sentence for each thing that is missing from it."""

    events: tuple[Event, ...] = ()
    truncated: int = 0
    partial: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()
    """Of the requests that the rows say they are of."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks telemetry about requests of the service that it may call `names` (of any service, where there are none).

    `others` are the names of the services that are not meant.
    """

    telemetry: Telemetry
    names: Sequence[str]
    between: TimeRange
    others: frozenset[str] = frozenset()

    def called(self, id_: str) -> list[Request]:
        """The requests that any of their ids calls so, the newest first, each once."""

        def question(tables: Tables) -> str:
            return kql.requests_query(id_, service=self.names, between=self.between, tables=tables)

        return _requests(self.telemetry.ask(question, between=self.between))

    def latest(self, *, failed: bool) -> list[Request]:
        """The newest, or none."""

        def question(tables: Tables) -> str:
            return kql.latest_query(failed=failed, service=self.names, between=self.between, tables=tables)

        return _requests(self.telemetry.ask(question, between=self.between))

    def around(self, request: Request, ids: Ids) -> Answered:
        """What was sent while a request ran."""
        stretch = TimeRange(request.start, request.end + _MILLISECOND)  # a bag's duration is rounded down to one
        near = kql.Near(stretch, request.instance, request.role) if request.instance or request.role else None
        sought = kql.Sought(ids.texts, ids.operation, ids.row, near)
        between = TimeRange(request.start - _BEFORE, request.end + _AFTER)
        return self._events(sought, between, Matching(ids, stretch, request.row_id))

    def mentioning(self, ids: Ids) -> Answered:
        """What has the id in it, where no request's row has."""
        return self._events(kql.Sought(ids.texts), self.between, Matching(ids, None, ""))

    def _events(self, sought: kql.Sought, between: TimeRange, matching: Matching) -> Answered:
        table = self.telemetry.ask(
            lambda tables: kql.events_query(sought, between=between, tables=tables), between=between
        )
        rows = list(_told(table))
        shared = matching.sharing(row for of, row in rows if of == "requests")
        events = [(of, row) for of, row in rows if of in kql.EVENTS and not self.others.intersection(_called(row))]
        matching = matching.narrowed(row for _, row in events)
        found = [(of, row, by) for of, row in events if (by := matching.by(row, shared=shared))]
        partial = [table.partial] if table.partial else []
        if len(table.rows) == kql.MOST_EVENTS:
            partial.append(f"only the first {kql.MOST_EVENTS} rows of that time were looked at")
        return Answered(
            tuple(described(of, row, by) for of, row, by in found),
            sum(row.get(TRUNCATED) is True for _, row, _ in found),
            tuple(partial),
            tuple(dict.fromkeys(id_ for _, row, _ in found if (id_ := real(dimensions(row).get(kql.REQUEST_ID))))),
        )


@dataclass(frozen=True, slots=True)
class Matching:
    """Which rows are a request's. `stretch` is when it ran, where that is known."""

    ids: Ids
    stretch: TimeRange | None
    row_id: str

    def sharing(self, requests: Iterator[Mapping[str, Value]]) -> bool:
        """Whether other requests have the same operation, so that it says nothing."""
        return any(not same(str(row.get("id", row.get("Id")) or ""), self.row_id) for row in requests)

    def narrowed(self, rows: Iterable[Mapping[str, Value]]) -> Matching:
        """By the request's own id, where that is what was asked for: other requests may mention it."""
        asked = self.ids.asked
        if self.ids.request or not any(same(real(dimensions(row).get(kql.REQUEST_ID)), asked) for row in rows):
            return self
        return replace(self, ids=replace(self.ids, request=asked))

    def by(self, row: Mapping[str, Value], *, shared: bool) -> By | None:
        """What ties a row to the request; None where it is another one's, or nobody's."""
        own = real(dimensions(row).get(kql.REQUEST_ID))
        if own and self.ids.request:
            return By.REQUEST_ID if same(own, self.ids.request) else None
        proof = next((by for by, holds in self._proofs(row, own, shared=shared) if holds), None)
        return proof or (By.NEAR if self._ran(row) else None)

    def _proofs(self, row: Mapping[str, Value], own: str, *, shared: bool) -> Iterator[tuple[By, bool]]:
        ids, client = self.ids, real(dimensions(row).get(kql.CLIENT_ID))
        yield By.REQUEST_ID, same(own, ids.asked)
        yield By.CLIENT_ID, not ids.request and same(client, ids.asked)
        yield By.SPAN, same(str(cell(row, "operation_ParentId", "ParentId") or ""), ids.row)
        operation = str(cell(row, "operation_Id", "OperationId") or "")
        yield By.OPERATION, not shared and same(operation, ids.operation or ids.asked)
        yield By.TEXT, any(id_.casefold() in _texts(row) for id_ in ids.texts)

    def _ran(self, row: Mapping[str, Value]) -> bool:
        time = time_of(row)
        return self.stretch is not None and time is not None and time in self.stretch


def time_of(row: Mapping[str, Value]) -> datetime | None:
    """When a row says that it happened."""
    time = cell(row, "timestamp", "TimeGenerated")
    return time if isinstance(time, datetime) else None


def _called(row: Mapping[str, Value]) -> Iterator[str]:
    """What a row calls its service."""
    for name in (dimensions(row).get("Service Name"), cell(row, "cloud_RoleName", "AppRoleName")):
        if isinstance(name, str):
            yield name


def _texts(row: Mapping[str, Value]) -> str:
    values = [cell(row, "message", "Message"), *dimensions(row).values()]
    return "\n".join(str(value) for value in values if value).casefold()


def _told(table: Table) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """The rows of a union, each with its table, and made right as rows of that table are. In order of time."""
    place = next((at for at, column in enumerate(table.columns) if column.name == kql.TABLE), None)
    if place is None:
        return
    rows: list[tuple[str, Mapping[str, Value]]] = []
    for of in (*kql.EVENTS, "requests"):
        of_it = replace(table, rows=tuple(row for row in table.rows if row[place] == of))
        rows += ((of, row) for row in decode(of_it, of=of).table.records())
    yield from sorted(rows, key=lambda each: time_of(each[1]) or datetime.min.replace(tzinfo=UTC))


def _requests(table: Table) -> list[Request]:
    found: dict[tuple[str, datetime, str], Request] = {}
    for row in decode(table, of="requests").table.records():
        if (time := time_of(row)) is not None:
            request = _request(row, time)
            found.setdefault((request.request_id or request.row_id, request.start, request.role), request)
    return list(found.values())


def _request(row: Mapping[str, Value], time: datetime) -> Request:
    bag = dimensions(row)

    def text(classic: str, other: str) -> str:
        value = cell(row, classic, other)
        return value if isinstance(value, str) else ""

    took = cell(row, "duration", "DurationMs")
    is_number = isinstance(took, int | float) and not isinstance(took, bool) and 0 <= took < 1e10
    return Request(
        _start(bag.get("start_time"), time),
        timedelta(milliseconds=float(took)) if is_number else None,  # type: ignore[arg-type]  # it is a number
        name=text("name", "Name"),
        code=text("resultCode", "ResultCode"),
        succeeded=str(cell(row, "success", "Success")).casefold() == "true",
        corrected=row.get(CORRECTED) is True,
        row_id=text("id", "Id"),
        request_id=real(bag.get(kql.REQUEST_ID)),
        client_id=real(bag.get(kql.CLIENT_ID)),
        operation_id=text("operation_Id", "OperationId"),
        service_name=str(bag.get("Service Name") or ""),
        role=text("cloud_RoleName", "AppRoleName"),
        instance=text("cloud_RoleInstance", "AppRoleInstance"),
        truncated=row.get(TRUNCATED) is True,
    )


def _start(written: Value, time: datetime) -> datetime:
    """When a request came: the inference server's own rows have the time of the answer."""
    try:
        start = datetime.fromisoformat(str(written))
        start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
    except (ValueError, OverflowError):
        return time
    return start if abs(time - start) < _FARTHEST else time
