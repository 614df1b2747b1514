"""The same questions in both dialects: the names differ, the answers do not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kql.rows import NOW, Rows
from mlmon.core.errors import QueryError
from mlmon.core.model import Table
from mlmon.core.ports import Dialect
from mlmon.core.timerange import TimeRange
from mlmon.kql.engine import run
from mlmon.kql.schema import SCHEMAS

CALLS = [
    # an inference server's row: its own duration, result and success are wrong, the true ones stand in the bag
    ("2024-03-15T10:00:00Z", 0, "0", True, {"duration": "00:00:00.012", "resultCode": "500", "Service Name": "ep"}),
    ("2024-03-15T11:00:00Z", 5.5, "200", False, {"Service Name": "svc"}),
    ("2024-03-15T11:59:00Z", 7.5, "200", True, None),
]
PRINTED = [("STDOUT", {"Content": "from v1"}), ("from v2", {})]


@pytest.fixture
def both(rows: Rows) -> Rows:
    """Requests and traces under both sets of names."""
    requests, app_requests = [], []
    for moment, duration, code, success, bag in CALLS:
        shared = {"_ResourceId": "/subscriptions/s/components/one"}
        requests.append({"timestamp": moment, "duration": duration, "resultCode": code, "success": str(success)})
        requests[-1] |= {"cloud_RoleName": "role", "customDimensions": bag}
        app_requests.append({"TimeGenerated": moment, "DurationMs": duration, "ResultCode": code, "Success": success})
        app_requests[-1] |= {"AppRoleName": "role", "Properties": bag} | shared
    rows.write("requests", requests)
    rows.write("AppRequests", app_requests)
    rows.write("traces", [{"timestamp": CALLS[0][0], "message": m, "customDimensions": bag} for m, bag in PRINTED])
    rows.write("AppTraces", [{"TimeGenerated": CALLS[0][0], "Message": m, "Properties": bag} for m, bag in PRINTED])
    return rows


def asked(rows: Rows, kql: str, dialect: Dialect, between: TimeRange | None = None) -> Table:
    return run(kql, files=rows, now=NOW, between=between, schema=SCHEMAS[dialect])


@pytest.mark.parametrize(
    ("dialect", "kql"),
    [
        (
            Dialect.CLASSIC,
            "requests | project ms = coalesce(totimespan(tostring(customDimensions.duration))/1ms, duration)",
        ),
        (
            Dialect.WORKSPACE,
            "AppRequests | project ms = coalesce(totimespan(tostring(Properties.duration))/1ms, DurationMs)",
        ),
    ],
)
def test_the_true_duration_is_read_from_the_bag_where_there_is_one(both: Rows, dialect: Dialect, kql: str) -> None:
    assert asked(both, kql, dialect).rows == ((12.0,), (5.5,), (7.5,))


@pytest.mark.parametrize(
    ("dialect", "kql"),
    [
        (Dialect.CLASSIC, 'traces | project iff(message == "STDOUT", tostring(customDimensions.Content), message)'),
        (Dialect.WORKSPACE, 'AppTraces | project iff(Message == "STDOUT", tostring(Properties.Content), Message)'),
    ],
)
def test_the_printed_text_is_one_column_of_both_generations(both: Rows, dialect: Dialect, kql: str) -> None:
    assert asked(both, kql, dialect).rows == (("from v1",), ("from v2",))


@pytest.mark.parametrize(
    ("dialect", "kql"),
    [
        (
            Dialect.CLASSIC,
            (
                'requests | summarize count(), countif(success == "False") '
                'by cloud_RoleName, tostring(customDimensions["Service Name"])'
            ),
        ),
        (
            Dialect.WORKSPACE,
            (
                "AppRequests | summarize count(), countif(Success == false) "
                'by AppRoleName, tostring(Properties["Service Name"])'
            ),
        ),
    ],
)
def test_requests_and_failures_are_counted_by_role_and_service(both: Rows, dialect: Dialect, kql: str) -> None:
    counted = asked(both, kql, dialect)
    assert set(counted.rows) == {("role", "ep", 1, 0), ("role", "svc", 1, 1), ("role", "", 1, 0)}


def test_rows_of_one_component_are_chosen_whatever_the_case_of_its_id(both: Rows) -> None:
    for identity, count in (("/Subscriptions/S/components/ONE", 3), ("/subscriptions/s/components/two", 0)):
        kql = f'AppRequests | where _ResourceId =~ "{identity}" | count'
        assert asked(both, kql, Dialect.WORKSPACE).rows == ((count,),)


def test_a_range_is_by_the_time_column_of_the_dialect_and_half_open(both: Rows) -> None:
    between = TimeRange(datetime(2024, 3, 15, 10, tzinfo=UTC), datetime(2024, 3, 15, 11, tzinfo=UTC))
    for dialect, table in ((Dialect.CLASSIC, "requests"), (Dialect.WORKSPACE, "AppRequests")):
        assert asked(both, f"{table} | count", dialect, between).rows == ((1,),)


def test_success_is_a_bool_in_the_workspace(both: Rows) -> None:
    answer = asked(both, "AppRequests | where not(Success) | project Success, ResultCode", Dialect.WORKSPACE)
    assert [(column.name, column.type) for column in answer.columns] == [("Success", "bool"), ("ResultCode", "string")]
    assert answer.rows == ((False, "200"),)


@pytest.mark.parametrize(("dialect", "kql"), [(Dialect.CLASSIC, "AppTraces"), (Dialect.WORKSPACE, "traces")])
def test_one_dialect_does_not_know_the_tables_of_the_other(both: Rows, dialect: Dialect, kql: str) -> None:
    with pytest.raises(QueryError) as caught:
        asked(both, kql, dialect)
    assert caught.value.message == f"line 1, column 1: there is no table named {kql!r}"
