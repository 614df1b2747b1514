"""What requests really were, in either dialect."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from emulators.telemetry import as_inference_server
from kql.rows import NOW, Rows
from mlmon.core.model import Column, RequestCounts, Table
from mlmon.core.ports import Dialect, Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.dialect import Names
from mlmon.kql.engine import run
from mlmon.kql.requests import CODE, LATENCY, NAME, SUCCEEDED, counts_of, counts_query, truth
from mlmon.kql.schema import SCHEMAS, WORKSPACE_COLUMNS
from mlmon.monitoring.decoding import decode

DAY = TimeRange(datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 2, tzinfo=UTC))
NOON = "2024-03-01T12:00:00Z"
DEFECTIVE = {"duration": 0, "resultCode": "0", "success": "True", "name": "/score"}
"""As 1.5.1 writes it."""
NAMELESS = {"duration": 7.25, "resultCode": "0", "success": "True", "name": ""}
"""As 1.3.4 does."""
ROWS: list[tuple[dict[str, Any], tuple[object, ...]]] = [
    ({"duration": 5.5, "resultCode": "200", "success": "True", "name": "a"}, ("200", True, 5.5, "a")),
    ({"duration": 5.5, "resultCode": "500", "success": "False"}, ("500", False, 5.5, "")),
    # what a healthy row says of itself holds, whatever its bag says
    (
        {"duration": 5.5, "resultCode": "0", "success": "False", "customDimensions": {"resultCode": "200"}},
        ("0", False, 5.5, ""),
    ),
    (
        {"duration": 0, "resultCode": "200", "success": "True", "customDimensions": {"resultCode": "500", "name": "b"}},
        ("200", True, 0.0, ""),
    ),
    (
        {**DEFECTIVE, "customDimensions": {"resultCode": "200", "duration": "00:00:00.0120000"}},
        ("200", True, 12.0, "/score"),
    ),
    (
        {**DEFECTIVE, "customDimensions": {"resultCode": "399", "duration": "1.00:00:00", "name": "/other"}},
        ("399", True, 86_400_000.0, "/score"),
    ),
    (
        {**DEFECTIVE, "customDimensions": {"resultCode": "400", "duration": "00:00:01"}},
        ("400", False, 1000.0, "/score"),
    ),
    ({**DEFECTIVE, "customDimensions": {"resultCode": 503, "duration": None}}, ("503", False, 0.0, "/score")),
    ({**DEFECTIVE, "customDimensions": {"resultCode": "teapot", "duration": "soon"}}, ("teapot", False, 0.0, "/score")),
    # the newer server took 4 ms to send the row, which it calls the duration: seen on a busy machine
    (
        {**DEFECTIVE, "duration": 4, "customDimensions": {"resultCode": "500", "duration": "00:00:00.080"}},
        ("500", False, 80.0, "/score"),
    ),
    (
        {**DEFECTIVE, "duration": None, "customDimensions": {"resultCode": "500", "duration": "00:00:00.080"}},
        ("500", False, 80.0, "/score"),
    ),
    # what the older server measured itself is finer than what it wrote into the bag
    (
        {
            **NAMELESS,
            "customDimensions": {"resultCode": "500", "duration": "00:00:00.007", "success": False, "name": "/score"},
        },
        ("500", False, 7.25, "/score"),
    ),
    ({**NAMELESS, "customDimensions": {"resultCode": "200", "name": None}}, ("200", True, 7.25, "")),
    # no better word anywhere
    ({**DEFECTIVE, "customDimensions": {}}, ("0", True, 0.0, "/score")),
    ({}, ("", False, None, "")),
]


def written(rows: Rows, requests: list[dict[str, Any]]) -> None:
    """The rows under both names."""
    rows.write("requests", [{"timestamp": NOON, **row} for row in requests])
    names = WORKSPACE_COLUMNS["requests"]
    renamed = [{str(names[key]): value for key, value in {"timestamp": NOON, **row}.items()} for row in requests]
    for row in renamed:
        if "Success" in row:
            row["Success"] = row["Success"] == "True"
    rows.write("AppRequests", [{"_ResourceId": "/Mine", **row} for row in renamed])


def asked(rows: Rows, kql: str, dialect: Dialect) -> Table:
    return run(kql, files=rows, now=NOW, schema=SCHEMAS[dialect])


@pytest.mark.parametrize(("dialect", "table"), [(Dialect.CLASSIC, "requests"), (Dialect.WORKSPACE, "AppRequests")])
def test_a_row_that_cannot_be_right_is_read_from_its_bag_and_no_other(
    tmp_path: Path, dialect: Dialect, table: str
) -> None:
    rows = Rows(tmp_path)
    written(rows, [row for row, _ in ROWS])
    kql = "\n".join([table, *truth(dialect), f"| project {CODE}, {SUCCEEDED}, {LATENCY}, {NAME}"])
    found = asked(rows, kql, dialect)
    assert found.columns == (
        Column(CODE, "string"),
        Column(SUCCEEDED, "bool"),
        Column(LATENCY, "real"),
        Column(NAME, "string"),
    )
    assert list(found.rows) == [expected for _, expected in ROWS]


@pytest.mark.parametrize("dialect", Dialect)
def test_rows_that_are_already_here_are_read_by_the_same_rule(tmp_path: Path, dialect: Dialect) -> None:
    rows = Rows(tmp_path)
    written(rows, [row for row, _ in ROWS])
    names = Names("requests", dialect)
    seen = [names(column) for column in ("resultCode", "success", "duration", "name")]
    decoded = decode(asked(rows, names.table, dialect), of="requests").table
    told = [tuple(row[column] for column in seen) for row in decoded.records()]
    assert [(code, str(success) == "True", *rest) for code, success, *rest in told] == [
        expected for _, expected in ROWS
    ]


def test_a_row_as_the_inference_server_sends_it_means_what_it_meant() -> None:
    row = {"duration": 12.0, "resultCode": "500", "success": "False", "name": "/score"}
    assert as_inference_server(row) == {**DEFECTIVE, "performanceBucket": "<250ms"}


@pytest.mark.parametrize("tables", [Tables(Dialect.CLASSIC), Tables(Dialect.WORKSPACE, component="/mine")])
def test_counts_are_by_name_and_role_and_count_what_was_sampled_away(tmp_path: Path, tables: Tables) -> None:
    rows = Rows(tmp_path)
    named = {"customDimensions": {"Service Name": "svc"}, "resultCode": "200", "success": "True", "duration": 1.0}
    requests = [
        named,
        {**named, "itemCount": 3, "success": "False"},
        {"cloud_RoleName": "ep/blue", **DEFECTIVE, "customDimensions": {"resultCode": "500"}},
        {**named, "timestamp": "2024-03-02T00:00:00Z"},
    ]
    written(rows, requests)
    found = asked(rows, counts_query(DAY, tables=tables), tables.dialect)
    assert counts_of(found) == {("svc", ""): RequestCounts(4, 3), ("", "ep/blue"): RequestCounts(1, 1)}


def test_counts_of_an_answer_of_odd_shape() -> None:
    names = ("service", "role", "requests", "failed")
    columns = tuple(Column(name, "dynamic") for name in names)
    rows = ((None, 3, 1, 0), ("a", "b", "many", 0), ("c", "d", 2, None))
    assert counts_of(Table(columns, rows)) == {("", "3"): RequestCounts(1, 0)}
    assert counts_of(Table((), ((), ()))) == {}


def test_the_query_can_be_read() -> None:
    assert counts_query(DAY, tables=Tables(Dialect.WORKSPACE, component="/mine")) == (
        "AppRequests\n"
        '| where _ResourceId =~ "/mine"\n'
        "| where TimeGenerated >= datetime(2024-03-01T00:00:00Z) and TimeGenerated < datetime(2024-03-02T00:00:00Z)\n"
        '| extend isDefective = ResultCode == "0" and tostring(Success) =~ "true"'
        " and isnotempty(tostring(Properties.resultCode))\n"
        "| extend trueResultCode = iff(isDefective, tostring(Properties.resultCode), ResultCode),\n"
        "    trueSuccess = iff(isDefective,"
        " coalesce(toint(tostring(Properties.resultCode)) between (1 .. 399), false),"
        ' tostring(Success) =~ "true"),\n'
        "    trueLatencyMs = iff(isDefective,\n"
        "        max_of(coalesce(totimespan(tostring(Properties.duration)) / 1ms, DurationMs), DurationMs),"
        " DurationMs),\n"
        "    trueName = iff(isDefective and isempty(Name), tostring(Properties.name), Name)\n"
        "| summarize requests = sum(coalesce(ItemCount, 1)), failed = sumif(coalesce(ItemCount, 1), not(trueSuccess))\n"
        '    by service = tostring(Properties["Service Name"]), role = AppRoleName'
    )
