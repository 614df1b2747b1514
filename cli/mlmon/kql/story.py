"""What telemetry has of one request: a query that finds the request, and one for all that was sent while it ran.

No operation ties rows of the published inference servers together: 1.3.4 gives all requests of a worker one, and in
traces and exceptions of both it is zeros. So every way is asked for in which a row may say whose it is, and whoever
reads the rows decides which of them is proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mlmon.core.ports import Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.build import containing, kql_datetime, kql_string, of_service, rows_of
from mlmon.kql.dialect import Names
from mlmon.kql.requests import SUCCEEDED, truth

TABLE: Final = "storyTable"
"""The column of `events_query` that says which table a row is from, by its classic name."""
EVENTS: Final = ("traces", "dependencies", "exceptions")
MOST_REQUESTS: Final = 20
MOST_EVENTS: Final = 500
REQUEST_ID: Final = "Request Id"
CLIENT_ID: Final = "Client Request Id"
"""What the servers call these in the bag."""


@dataclass(frozen=True, slots=True)
class Near:
    """What runs on one instance (or, where that has no name, under one role) during a stretch of time."""

    between: TimeRange
    instance: str
    role: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What rows of one request may be known by. What is "" is not looked for."""

    texts: tuple[str, ...]
    operation: str = ""
    parent: str = ""
    near: Near | None = None


def requests_query(id_: str, *, service: Sequence[str], between: TimeRange, tables: Tables) -> str:
    """The requests that any of their ids calls so, in any case, the newest first."""
    names = Names("requests", tables.dialect)
    bag, wanted = names("customDimensions"), kql_string(id_)
    places = [
        names("id"),
        names("operation_Id"),
        *(f"tostring({bag}[{kql_string(key)}])" for key in (REQUEST_ID, CLIENT_ID)),
    ]
    return "\n".join(
        [
            *_begun(names, service, between, tables),
            "| where " + "\n    or ".join(f"{place} =~ {wanted}" for place in places),
            f"| order by {names('timestamp')} desc",
            f"| take {MOST_REQUESTS}",
        ]
    )


def latest_query(*, failed: bool, service: Sequence[str], between: TimeRange, tables: Tables) -> str:
    """The newest request, or the newest that really `failed`."""
    names = Names("requests", tables.dialect)
    return "\n".join(
        [
            *_begun(names, service, between, tables),
            *([*truth(tables.dialect), f"| where not({SUCCEEDED})"] if failed else []),
            f"| order by {names('timestamp')} desc",
            "| take 1",
        ]
    )


def events_query(sought: Sought, *, between: TimeRange, tables: Tables) -> str:
    """Traces, dependencies and exceptions that may be a request's, and other requests of its operation, in one query.

    `TABLE` says what each row is.
    """
    parts = [_part(table, sought, between, tables) for table in EVENTS]
    if sought.operation:
        parts.append(_part("requests", Sought((), sought.operation), between, tables))
    time = Names("traces", tables.dialect)("timestamp")
    joined = ",\n".join(f"    ({part})" for part in parts)
    return f"union\n{joined}\n| order by {time} asc\n| take {MOST_EVENTS}"


def _begun(names: Names, service: Sequence[str], between: TimeRange, tables: Tables) -> list[str]:
    found = rows_of(names, tables=tables, between=between)
    return [*found, of_service(names, service, tables=tables, between=between)] if service else found


def _part(table: str, sought: Sought, between: TimeRange, tables: Tables) -> str:
    names = Names(table, tables.dialect)
    steps = [
        *rows_of(names, tables=tables, between=between),
        "| where " + "\n        or ".join(_conditions(names, sought, table)),
        f"| extend {TABLE} = {kql_string(table)}",
    ]
    return "\n    ".join(steps)


def _conditions(names: Names, sought: Sought, table: str) -> Iterator[str]:
    for text in sought.texts:
        yield containing(names("customDimensions"), text)
        if table == "traces":
            yield containing(names("message"), text)
    if sought.operation:
        yield f"{names('operation_Id')} =~ {kql_string(sought.operation)}"
    if sought.parent:
        yield f"{names('operation_ParentId')} =~ {kql_string(sought.parent)}"
    if sought.near and table != "requests":
        yield _nearby(names, sought.near)


def _nearby(names: Names, near: Near) -> str:
    column, value = ("cloud_RoleInstance", near.instance) if near.instance else ("cloud_RoleName", near.role)
    time, between = names("timestamp"), near.between
    return (
        f"({names(column)} =~ {kql_string(value)}"
        f" and {time} >= {kql_datetime(between.start)} and {time} < {kql_datetime(between.end)})"
    )
