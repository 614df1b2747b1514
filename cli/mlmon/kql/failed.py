"""Which traces belong to requests that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mlmon.core.ports import Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.build import of_service, rows_of
from mlmon.kql.dialect import Names
from mlmon.kql.parts import in_bag
from mlmon.kql.requests import SUCCEEDED, truth

_ERROR: Final = 3  # severityLevel
_REQUEST_ID: Final = "Request Id"


def failed_requests(*, service: Sequence[str], between: TimeRange | None, tables: Tables) -> str:
    """A `let` that names them `failed`, for `of_failed` to look into."""
    names = Names("requests", tables.dialect)
    named = f'tostring({names("customDimensions")}["{_REQUEST_ID}"])'
    steps = [
        *rows_of(names, tables=tables, between=between),
        *([of_service(names, service, tables=tables, between=between)] if service else []),
        *truth(tables.dialect),
        f"| where not({SUCCEEDED})",
        f"| project operation = {names('operation_Id')}, request = iff(isempty({named}), {names('id')}, {named})",
    ]
    return "let failed = " + "\n    ".join(steps) + ";"


def of_failed(tables: Tables) -> str:
    """The line that keeps traces that are errors themselves, and those of failed requests as far as they are tied.

    v1 ties what is printed by its operation and request. The inference server of v2 ties a request's data by its
    request id, and what is printed not at all: there every operation is zeros.
    """
    names = Names("traces", tables.dialect)
    operation, request = names("operation_Id"), in_bag(names("customDimensions"), _REQUEST_ID)
    none = f'("", "{"0" * 32}")'
    return (
        f"| where {names('severityLevel')} >= {_ERROR}\n"
        f"    or {operation} in ((failed | where operation !in {none} | project operation))\n"
        f'    or {request} in ((failed | where request != "" | project request))'
    )
