"""What requests really were: their result, success and latency, wherever a row keeps them.

The inference server of v2 deployments writes rows whose own `duration` is 0 and `resultCode` "0"; the real ones stand
in the row's bag, as text (observed with azureml-inference-server-http 1.5.1). Every other row says it itself. Whatever
counts or measures requests starts from these lines, so that it means the same in every row, dialect and engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlmon.core.model import RequestCounts, RowNames, Table
from mlmon.core.ports import Dialect, Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.build import rows_of
from mlmon.kql.dialect import Names

CODE: Final = "trueResultCode"
SUCCEEDED: Final = "trueSuccess"
LATENCY: Final = "trueLatencyMs"
"""The columns that `truth` adds: text, a bool that is never null, and milliseconds."""

SERVICE: Final = "service"
ROLE: Final = "role"
REQUESTS: Final = "requests"
FAILED: Final = "failed"
"""The columns of `counts_query`."""


def truth(dialect: Dialect) -> list[str]:
    """The lines that add the columns above to rows of requests.

    A code below 400 is a success, as it is to Application Insights; one that is no number is a failure.
    """
    names = Names("requests", dialect)
    bag, code, success, took = (names(c) for c in ("customDimensions", "resultCode", "success", "duration"))
    written = f"tostring({bag}.resultCode)"
    defective = f'{took} == 0 and {code} == "0" and isnotempty({written})'
    return [
        f"| extend isDefective = {defective}",
        f"| extend {CODE} = iff(isDefective, {written}, {code}),",
        f"    {SUCCEEDED} = iff(isDefective, coalesce(toint({written}) between (1 .. 399), false),",
        # classic tables keep the success as text, a workspace's as a bool
        f'        tostring({success}) =~ "true"),',
        f"    {LATENCY} = iff(isDefective, coalesce(totimespan(tostring({bag}.duration)) / 1ms, {took}), {took})",
    ]


def counts_query(between: TimeRange, *, tables: Tables) -> str:
    """Requests and failures by what the rows call their service (`core.model.RowNames`).

    A row that stands for several, because the rest was sampled away, counts as several.
    """
    names = Names("requests", tables.dialect)
    bag, role, weight = names("customDimensions"), names("cloud_RoleName"), f"coalesce({names('itemCount')}, 1)"
    return "\n".join(
        [
            *rows_of(names, tables=tables, between=between),
            *truth(tables.dialect),
            f"| summarize {REQUESTS} = sum({weight}), {FAILED} = sumif({weight}, not({SUCCEEDED}))",
            f'    by {SERVICE} = tostring({bag}["Service Name"]), {ROLE} = {role}',
        ]
    )


def counts_of(table: Table) -> Mapping[RowNames, RequestCounts]:
    """The answer to `counts_query`. A row whose counts are no numbers counts nothing."""
    found = {}
    for row in table.records():
        requests, failed = row.get(REQUESTS), row.get(FAILED)
        if isinstance(requests, int) and isinstance(failed, int):
            found[str(row.get(SERVICE) or ""), str(row.get(ROLE) or "")] = RequestCounts(requests, failed)
    return found
