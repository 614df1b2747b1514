"""What requests really were: their name, result, success and latency, wherever a row keeps them.

The inference server of v2 deployments writes rows with `success` true and a `resultCode` of "0" whatever happened:
1.3.4 with the right `duration` and no `name`, 1.5.1 with the right `name` and a `duration` that is how long sending the
row took: 0, or some milliseconds on a busy machine. What happened stands in the row's bag, as text (observed with
azureml-inference-server-http 1.3.4 and 1.5.1). Every other row says it itself. Whatever counts or measures requests
starts from these lines, so that it means the same in every row, dialect and engine; `monitoring.decoding` is the same
rule for rows that are already here.
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
NAME: Final = "trueName"
"""The columns that `truth` adds: text, a bool that is never null, milliseconds, and text."""

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
    columns = ("customDimensions", "resultCode", "success", "duration", "name")
    bag, code, success, took, name = (names(column) for column in columns)
    written = f"tostring({bag}.resultCode)"
    # classic tables keep the success as text, a workspace's as a bool
    well = f'tostring({success}) =~ "true"'
    return [
        # no answer has the code 0, and none that has it succeeded
        f'| extend isDefective = {code} == "0" and {well} and isnotempty({written})',
        f"| extend {CODE} = iff(isDefective, {written}, {code}),",
        f"    {SUCCEEDED} = iff(isDefective, coalesce(toint({written}) between (1 .. 399), false), {well}),",
        # the bag has whole milliseconds, rounded down: the older server's own are never fewer
        f"    {LATENCY} = iff(isDefective,",
        f"        max_of(coalesce(totimespan(tostring({bag}.duration)) / 1ms, {took}), {took}), {took}),",
        f"    {NAME} = iff(isDefective and isempty({name}), tostring({bag}.name), {name})",
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
