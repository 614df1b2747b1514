"""The telemetry plane: Log Analytics queries, of a workspace or of one resource, answered by mlmon's KQL engine."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from emulators import logcells, timespans
from emulators.faults import Fault
from emulators.messages import Answer, Refused, Request
from emulators.server import Plane
from emulators.telemetry import Telemetry
from mlmon.core.errors import QueryError
from mlmon.core.model import Table
from mlmon.core.ports import Dialect
from mlmon.core.timerange import TimeRange
from mlmon.kql import engine
from mlmon.kql.engine import RowFiles
from mlmon.kql.schema import SCHEMAS

if TYPE_CHECKING:  # azure.py composes the planes, and so imports this module
    from emulators.azure import LocalAzure

_READ_WORKSPACE: Final = "Microsoft.OperationalInsights/workspaces/query/read"
_READ_COMPONENT: Final = "Microsoft.Insights/components/query/read"
_TOO_LARGE: Final = (
    "Query result set has exceeded the internal {} limit {} "
    "(E_QUERY_RESULT_SET_TOO_LARGE; see https://aka.ms/kustoquerylimits)"
)
_TOO_LARGE_CODE: Final = "-2133196797"
_STOPPED: Final = "-2133196550"
_UNRESOLVED: Final = re.compile(r"there is no (?:table|column) named '([^']*)'")
_PLACE: Final = re.compile(r"line (\d+), column (\d+): ")
_DEFAULT_WAIT: Final = 180


class LogsPlane(Plane):
    """Answers `/v1/workspaces/{guid}/query` in the workspace's dialect and `/v1{component id}/query` in the classic."""

    def __init__(self, azure: LocalAzure) -> None:
        super().__init__("logs")
        self._azure = azure
        self.telemetry = Telemetry(azure.folder, component=lambda: self._default_component()["id"])
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.row_limit = 500_000
        """Rows of an answer; what is more is left out, and the answer says that it is partial."""
        self.byte_limit = 104_857_600
        """Bytes of an answer's rows; the same happens."""
        self.takes = 0.0
        """How long a query pretends to take, in seconds: more than the client's `Prefer: wait` is a time-out."""
        self._partial = ""
        self.route("POST", r"/v1/workspaces/(?P<workspace>[^/]+)/query", self._of_workspace)
        self.route("POST", r"/v1(?P<component>/subscriptions/.+/components/[^/]+)/query", self._of_component)

    def admit(self, request: Request) -> None:
        try:
            principal = self._azure.access.check(request, [self.url, f"{self.url}/"])
        except Refused as refused:
            code = "InvalidTokenError" if request.header("Authorization") else "AuthorizationRequiredError"
            message = (
                "The provided authentication is not valid for this resource"
                if code == "InvalidTokenError"
                else "Valid authentication was not provided"
            )
            raise Refused(replace(error(401, code, message), headers=refused.answer.headers)) from refused
        action = _READ_WORKSPACE if request.path.lower().startswith("/v1/workspaces/") else _READ_COMPONENT
        if not self._azure.access.allows(principal, action, request.path.removeprefix("/v1").removesuffix("/query")):
            message = "The provided credentials have insufficient access to perform the requested operation"
            raise Refused(error(403, "InsufficientAccessError", message))

    def missing(self, request: Request) -> Answer:
        return error(404, "PathNotFoundError", "The requested path does not exist")

    @contextmanager
    def partial(self, message: str = "The query was stopped on one of its nodes.") -> Iterator[None]:
        """For a while, answers hold the first half of their rows and say that the rest is missing."""
        self._partial = message
        try:
            yield
        finally:
            self._partial = ""

    def _of_workspace(self, request: Request, workspace: str) -> Answer:
        known = {str(one["properties"]["customerId"]).lower() for one in self._azure.resources.log_workspaces.values()}
        if workspace.lower() not in known:
            raise Refused(error(404, "WorkspaceNotFoundError", f"The workspace {workspace} could not be found"))
        return self._answer(request, self.telemetry.of_workspace(workspace), Dialect.WORKSPACE)

    def _of_component(self, request: Request, component: str) -> Answer:
        known = {str(one["id"]).lower() for one in self._azure.resources.components.values()}
        if component.lower() not in known:
            raise Refused(error(404, "ResourceNotFoundError", f"The resource {component} could not be found"))
        return self._answer(request, self.telemetry.of_component(component), Dialect.CLASSIC)

    def _answer(self, request: Request, files: RowFiles, dialect: Dialect) -> Answer:
        query, between = self._asked(request)
        prefer = _preferences(request)
        if self.takes > float(prefer.get("wait", _DEFAULT_WAIT)):
            raise Refused(timed_out())
        now = self.clock()
        try:
            found = engine.run(query, files=files, now=now, between=between, schema=SCHEMAS[dialect])
        except QueryError as wrong:
            raise Refused(_refused_query(wrong)) from wrong
        return Answer.json(self._document(found, prefer))

    def _asked(self, request: Request) -> tuple[str, TimeRange | None]:
        body = request.json()
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            raise Refused(_bad_argument("InvalidArgument", "The query is missing or is no text"))
        if unknown := set(body) - {"query", "timespan", "workspaces"}:
            raise Refused(_bad_argument("InvalidArgument", f"Unknown properties: {', '.join(sorted(unknown))}"))
        timespan = body.get("timespan")
        try:
            return body["query"], timespans.read(timespan, now=self.clock()) if timespan else None
        except (ValueError, TypeError) as wrong:
            message = f"The timespan {timespan!r} is not in ISO 8601 format"
            raise Refused(_bad_argument("InvalidTimespan", message)) from wrong

    def _document(self, found: Table, prefer: Mapping[str, str]) -> dict[str, Any]:
        table = logcells.document(found)
        answer: dict[str, Any] = {"tables": [table]}
        if wrong := self._cut(table):
            answer["error"] = wrong
        if prefer.get("include-statistics") == "true":
            answer["statistics"] = {"query": {"executionTime": 0.01, "datasetStatistics": [{"table_size": 0}]}}
        if prefer.get("include-render") == "true":
            answer["render"] = {"visualization": found.render or None, "title": None}
        return answer

    def _cut(self, table: dict[str, Any]) -> dict[str, Any] | None:
        """Leave rows out where there are too many; the error that says so."""
        rows = table["rows"]
        if self._partial:
            table["rows"] = rows[: len(rows) // 2]
            return _partial(self._partial, _STOPPED)
        if len(rows) > self.row_limit:
            table["rows"] = rows[: self.row_limit]
            return _partial(_TOO_LARGE.format("record count", self.row_limit), _TOO_LARGE_CODE)
        left = self.byte_limit
        for number, row in enumerate(rows):
            left -= len(json.dumps(row))
            if left < 0:
                table["rows"] = rows[:number]
                return _partial(_TOO_LARGE.format("data size", self.byte_limit), _TOO_LARGE_CODE)
        return None

    def _default_component(self) -> Mapping[str, Any]:
        return next(iter(self._azure.resources.components.values()))


def error(status: int, code: str, message: str, **more: object) -> Answer:
    """An error as the query service words it."""
    return Answer.error(status, code, message, correlationId=str(uuid.uuid4()), **more)


def timed_out() -> Answer:
    """504: the query took longer than the client wanted to wait."""
    inner = {"code": "504", "message": "Gateway timeout: the request timed out while the query was executed"}
    return error(504, "GatewayTimeout", "The service has timed out", innererror=inner)


def throttled(retry_after: float | None = None) -> Fault:
    """429, as the query service words it; `Retry-After` in seconds where it is given."""
    message = "Too many requests: only 200 are allowed in 30 seconds"
    answer = error(429, "ThrottledError", message)
    return Fault(answer if retry_after is None else answer.having(Retry_After=f"{retry_after:g}"))


def _bad_argument(code: str, message: str, **inner: object) -> Answer:
    wrong = {"code": code, "message": message, **inner}
    return error(400, "BadArgumentError", "The request had some invalid properties", innererror=wrong)


def _refused_query(wrong: QueryError) -> Answer:
    """The engine's complaint in the service's words."""
    if "local engine" in wrong.message:  # KQL that the service would run: say plainly that the emulator does not
        return _semantic("SEM0000", f"The local Azure cannot run this query: {wrong.message}")
    if found := _UNRESOLVED.search(wrong.message):
        return _semantic("SEM0100", f"Failed to resolve table or column expression named '{found[1]}'")
    if found := _PLACE.match(wrong.message):
        place: dict[str, object] = {"line": int(found[1]), "pos": int(found[2]) - 1}
        message = f"A recognition error occurred: {wrong.message[found.end() :]}"
        deepest: dict[str, object] = {"code": "SYN0002", "message": message, **place}
        return _bad_argument("SyntaxError", "A syntax error occurred.", innererror=deepest)
    return _semantic("SEM0001", wrong.message)


def _semantic(code: str, message: str) -> Answer:
    deepest = {"code": code, "message": message}
    return _bad_argument("SemanticError", "A semantic error occurred.", innererror=deepest)


def _partial(message: str, number: str) -> dict[str, Any]:
    deepest = {"code": number, "message": message, "severity": 2, "severityName": "Error"}
    details = [{"code": "EngineError", "message": "Something went wrong on the server", "innererror": deepest}]
    return {
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": details,
    }


def _preferences(request: Request) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in re.split("[,;]", request.header("Prefer")))
    return {name.lower(): value for name, _, value in parts if name}
