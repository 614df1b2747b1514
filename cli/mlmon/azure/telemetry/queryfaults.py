"""What Log Analytics says when a query is wrong, too big or too slow, as errors with the next step."""

from __future__ import annotations

import re
from typing import Any, Final

from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import short, told
from mlmon.core.errors import QueryError, Unavailable, did_you_mean
from mlmon.core.model import Json
from mlmon.core.ports import Dialect
from mlmon.kql.dialect import Names
from mlmon.kql.schema import SCHEMAS, WORKSPACE_TABLES

MOST_ROWS: Final = 500_000
"""More rows than this never come back: https://learn.microsoft.com/azure/azure-monitor/service-limits"""
_LESS: Final = "narrow it with --since and --until, summarize, or take fewer rows"
_OF_THE_TEXT: Final = ("SEM", "SYN")  # codes that say that the query itself is wrong, in whatever words
_UNRESOLVED: Final = re.compile(r"Failed to resolve .{0,200}?'(?P<name>[^']{1,300})'", re.DOTALL)
# in the service's own words, with what they mean for a person
_TOO_MUCH: Final = (
    (re.compile(r"set limit of \d+ records|record.count", re.IGNORECASE), f"more than {MOST_ROWS} rows", _LESS),
    (
        re.compile(r"set limit of \d+ bytes|RESULT_SET_TOO_LARGE|response size", re.IGNORECASE),
        "an answer of more than 64 MB",
        f"{_LESS}, or project fewer columns",
    ),
    (
        re.compile(r"time[d ]*out|took too long", re.IGNORECASE),
        "the query took longer than Azure was told to wait",
        "--timeout 10m waits longer (10 minutes are the most); or narrow it with --since and --until",
    ),
    (
        re.compile(r"E_RUNAWAY_QUERY|E_LOW_MEMORY|exceeded .{0,80}memory|memory .{0,80}limit", re.IGNORECASE),
        "the query needs more memory than Azure gives it",
        _LESS,
    ),
)


class Unresolved(QueryError):
    """The query names a table or column that is not there."""

    def __init__(self, message: str, *, hint: str, name: str) -> None:
        super().__init__(message, hint=hint)
        self.name = name


def refused(response: Any, *, dialect: Dialect) -> QueryError | None:
    """The error that an answer means whose status is 400; None when it is not the query that is wrong."""
    code, message = told(response)
    if not message:
        return None
    if found := _UNRESOLVED.search(message):
        return Unresolved(message, hint=_near(found["name"], dialect=dialect), name=found["name"])
    limit = None if code.startswith(_OF_THE_TEXT) else _limit(f"{code} {message}")
    if limit is not None:
        said, hint = limit
        return QueryError(f"{said}: {message}", hint=hint)
    return QueryError(message, hint=f"mlmon query '{Names('traces', dialect).table} | take 1' shows one that works")


def timed_out(response: Any) -> Unavailable:
    """The error that a 504 means."""
    _, message = told(response)
    said, hint = next((said, hint) for words, said, hint in _TOO_MUCH if words.search("timed out"))
    return Unavailable(f"could not query telemetry: {said}{f': {message}' if message else ''}", hint=hint)


def partly(error: Json) -> tuple[str, str]:
    """The sentence that says what is missing from a partial answer, and what to do about it."""
    message = short(_innermost(error)) or "Azure does not say why"
    limit = _limit(f"{shape.text(error, 'code')} {message}")
    if limit is None:
        return f"the answer is not complete: {message}", f"try again, or {_LESS}"
    said, hint = limit
    return f"the answer is not complete ({said}): {message}", hint


def cut_short() -> tuple[str, str]:
    """The same of an answer that has as many rows as can be, and does not say whether there were more."""
    return f"the answer may not be complete: {MOST_ROWS} rows are the most that Azure gives", _LESS


def _limit(text: str) -> tuple[str, str] | None:
    return next(((said, hint) for words, said, hint in _TOO_MUCH if words.search(text)), None)


def _innermost(error: Json) -> str:
    """The most telling message of an error: the innermost of its details, which say more than the error itself."""
    found = shape.text(error, "message")
    for detail in [*shape.items(error, "details"), error]:
        at, depth = detail, 0
        while shape.mapping(at, "innererror") and depth < 100:
            at, depth = shape.at(at, "innererror"), depth + 1
        if message := shape.text(at, "message"):
            return message
    return found


def _near(name: str, *, dialect: Dialect) -> str:
    """A hint for a name that is not there: the same table in the other dialect, else what is spelled alike."""
    tables = SCHEMAS[dialect].tables
    other = dict(WORKSPACE_TABLES) | {workspace: classic for classic, workspace in WORKSPACE_TABLES.items()}
    if name not in tables and other.get(name) in tables:
        return f"here that table is called {other[name]}"
    columns = dict.fromkeys(column for table in tables.values() for column in table)
    return did_you_mean(name, (*tables, *columns)) or f"the tables are: {', '.join(tables)}"
