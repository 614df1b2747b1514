"""Telemetry on Azure: Application Insights by way of Log Analytics' query service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mlmon.azure.connection import Connection
from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import Asked, Plane, answered, translated
from mlmon.azure.rest.misread import MISREAD
from mlmon.azure.telemetry import queryfaults
from mlmon.core.errors import NotFound, QueryError, Unavailable
from mlmon.core.model import Json, RequestCounts, RowNames, Table
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Dialect, Scope, Tables
from mlmon.core.timerange import TimeRange

if TYPE_CHECKING:
    from azure.monitor.query import LogsQueryClient

USUAL_WAIT: Final = timedelta(minutes=3)
LONGEST_WAIT: Final = timedelta(minutes=10)
"""How long the service works on a query unless told otherwise, and the longest that it can be told."""
_SECONDS_FOR_THE_WAY: Final = 5
_AT_ONCE: Final = 4


class AzureTelemetry:
    """`core.ports.Telemetry` over a connection, in the scope that its target names."""

    def __init__(self, connection: Connection, *, scope: Scope | None = None) -> None:
        self._connection = connection
        self._scope = scope or Scope(connection.target.telemetry_scope)
        self._dialect = Dialect.WORKSPACE if self._scope is Scope.WORKSPACE else Dialect.CLASSIC

    @property
    def tables(self) -> Tables:
        return self._tables(self._dialect)

    def in_scope(self, scope: Scope) -> AzureTelemetry:
        return self if scope is self._scope else AzureTelemetry(self._connection, scope=scope)

    def query(self, kql: str, *, between: TimeRange | None = None) -> Table:
        return self._answer(kql, between, self._dialect)

    def ask(self, question: Callable[[Tables], str], *, between: TimeRange | None = None) -> Table:
        from mlmon.kql.dialect import is_table

        dialect = self._dialect  # of another question asked meanwhile it may turn out to be the other
        try:
            return self._answer(question(self._tables(dialect)), between, dialect)
        except queryfaults.Unresolved as error:
            # which names a component's tables have is documented in part only; the others are worth a try
            if self._scope is Scope.WORKSPACE or not is_table(error.name, dialect):
                raise
            other = _other(dialect)
            self._connection.wire.debug(f"no table {error.name}: asking again with the other names")
            try:
                table = self._answer(question(self._tables(other)), between, other)
            except queryfaults.Unresolved:
                raise error from None
            self._dialect = other
            return table

    def ask_each(
        self, questions: Sequence[Callable[[Tables], str]], *, between: TimeRange | None = None
    ) -> Sequence[Table]:
        def one(question: Callable[[Tables], str]) -> Table:
            return self.ask(question, between=between)

        return list(map_bounded(one, questions, workers=_AT_ONCE, only_reads=True))

    def request_counts(self, between: TimeRange) -> Mapping[RowNames, RequestCounts]:
        from mlmon.kql import requests

        table = self.ask(lambda tables: requests.counts_query(between, tables=tables), between=between)
        if table.partial:
            raise Unavailable(table.partial, hint="try again in a minute")
        return requests.counts_of(table)

    def _tables(self, dialect: Dialect) -> Tables:
        if self._scope is Scope.COMPONENT:
            return Tables(dialect)
        return Tables(dialect, component=self._connection.discovery.telemetry().component.lower())

    def _answer(self, kql: str, between: TimeRange | None, dialect: Dialect) -> Table:
        from mlmon.azure.telemetry.cells import table_of

        if kql.lstrip().startswith("."):
            raise QueryError("a query that begins with '.' is a command, and none is sent", hint="begin with a table")
        document = self._send(kql, between, dialect)
        error = shape.at(document, "error")
        table = table_of(document)
        if error:
            partial, advice = queryfaults.partly(error)
        elif len(table.rows) >= queryfaults.MOST_ROWS:
            partial, advice = queryfaults.cut_short()
        else:
            return table
        return replace(table, partial=partial, advice=advice)

    def _send(self, kql: str, between: TimeRange | None, dialect: Dialect) -> Json:
        """The service's answer, parsed: a status of 200 and whatever JSON."""
        ask, asked = self._place()
        kept: list[Any] = []
        documents: list[Json] = []

        def keep(pipeline: Any, _model: Any, _headers: Any) -> Mapping[str, Json]:
            # the client's own rows lose what they cannot hold; this is the answer itself
            documents.append(pipeline.http_response.json())
            return {}

        wire = self._connection.wire
        host = urlsplit(wire.cloud.logs).netloc
        with self._noting_what_is_gone(), translated(asked, account=wire.account, host=host):
            try:
                ask(
                    query=kql,
                    timespan=_timespan(between),
                    include_visualization=True,
                    raw_response_hook=lambda each: kept.append(each.http_response),
                    cls=keep,
                    **self._patience(),
                )
            except Exception as error:
                raise self._meaning(error, kept[-1] if kept else None, asked, dialect=dialect) from None
        return documents[0]

    @contextmanager
    def _noting_what_is_gone(self) -> Iterator[None]:
        try:
            yield
        except NotFound:
            self._connection.discovery.forget("telemetry")
            raise

    def _meaning(self, error: Exception, response: Any, asked: Asked, *, dialect: Dialect) -> Exception:
        """What an exception of the client means where the answer tells more than it."""
        status = getattr(response, "status_code", 0)
        if status == 400 and (wrong := queryfaults.refused(response, dialect=dialect)):
            return wrong
        if status == 504:
            return queryfaults.timed_out(response)
        if isinstance(error, MISREAD):
            # also HTML in place of JSON, which the client reads before it looks at the status
            account = self._connection.wire.account()
            return answered(asked, response, account=account) if status >= 300 else ValueError()
        return error

    def _patience(self) -> dict[str, int]:
        """How long the service and the connection wait: the one knows nothing of the other."""
        wait = min(self._connection.wire.timeout or USUAL_WAIT, LONGEST_WAIT)
        whole = max(1, int(wait.total_seconds()))
        return {"server_timeout": whole, "read_timeout": whole + min(whole, _SECONDS_FOR_THE_WAY)}

    def _place(self) -> tuple[Callable[..., object], Asked]:
        """The call that asks here, and how it is called in messages."""
        if self._scope is Scope.COMPONENT:
            facts = self._connection.discovery.telemetry()
            asked = Asked("query telemetry", facts.component, "Monitoring Reader", Plane.TELEMETRY)
            return partial(self._client.query_resource, facts.component), asked
        guid = self._connection.discovery.logs_workspace()
        asked = Asked("query telemetry", f"the Log Analytics workspace {guid}", "Log Analytics Reader", Plane.TELEMETRY)
        return partial(self._client.query_workspace, guid), asked

    @cached_property
    def _client(self) -> LogsQueryClient:
        from azure.monitor.query import LogsQueryClient

        from mlmon.azure.rest.client import USER_AGENT

        wire = self._connection.wire
        if not wire.cloud.logs:
            raise NotFound(
                f"the cloud {wire.cloud.name} names no Log Analytics service", hint="check ARM_CLOUD_METADATA_URL"
            )
        return LogsQueryClient(
            wire.credential,
            endpoint=wire.cloud.logs,
            credential_scopes=[wire.cloud.logs_scope],
            transport=wire.patient(),
            retry_total=0,  # the client's own would run a heavy query ten times
            user_agent=USER_AGENT,
        )


def _other(dialect: Dialect) -> Dialect:
    return Dialect.CLASSIC if dialect is Dialect.WORKSPACE else Dialect.WORKSPACE


def _timespan(between: TimeRange | None) -> tuple[datetime, datetime] | None:
    """The range as the client takes it, which cuts it to milliseconds: the end is moved up, so that nothing is lost."""
    if between is None:
        return None
    with suppress(OverflowError):
        up = -between.end.microsecond % 1000
        return between.start, between.end + timedelta(microseconds=up)
    return between.start, between.end
