"""The queries that people write first, each against SQL written by hand over the very same files."""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from kql.rows import NOW, Rows

ROLES = ("ep-a", "ep-b", "ep-c")


def moment(chance: random.Random) -> str:
    return (NOW - timedelta(seconds=chance.randrange(60 * 86400), microseconds=chance.randrange(10**6))).isoformat()


def trace(chance: random.Random) -> dict[str, Any]:
    payload: dict[str, Any] = {"input": [chance.choice([1.5, 2, "x", None]), chance.random()], "note": 'say "é"'}
    bag = {"Content": json.dumps(payload), "Service Name": chance.choice(ROLES)}
    return {
        "timestamp": moment(chance),
        "message": chance.choice(["STDOUT", "error: no", "all fails", "it will fail now", "failure", "plain"]),
        "severityLevel": chance.choice([None, 0, 1, 2, 3]),
        "customDimensions": chance.choice([bag, bag, {"other": 1}, None]),
        "operation_Id": f"op{chance.randrange(40)}",
        "cloud_RoleName": chance.choice(ROLES),
    }


def call(chance: random.Random) -> dict[str, Any]:
    return {
        "timestamp": (NOW - timedelta(seconds=chance.randrange(2 * 86400))).isoformat(),
        "name": chance.choice(["POST /score", "GET /"]),
        "success": chance.choice(["True", "False", "", None, "false"]),
        "duration": chance.choice([None, chance.random() * 100]),
        "operation_Id": f"op{chance.randrange(40)}",
    }


@pytest.fixture(params=range(3), ids=lambda seed: f"seed{seed}")
def filled(rows: Rows, request: pytest.FixtureRequest) -> Rows:
    chance = random.Random(request.param)
    rows.write("traces", [trace(chance) for _ in range(300)])
    rows.write("requests", [call(chance) for _ in range(200)])
    rows.write(
        "exceptions", [{"timestamp": moment(chance), "operation_Id": f"op{chance.randrange(60)}"} for _ in range(60)]
    )
    return rows


def sql(rows: Rows, text: str) -> list[tuple[Any, ...]]:
    """Plain DuckDB over the files: t, r and e, every value but the JSON bag as text or number."""
    common = "timestamp: 'TIMESTAMPTZ', operation_Id: 'VARCHAR'"
    shapes = {
        "t": (
            "traces",
            "message: 'VARCHAR', severityLevel: 'INT', customDimensions: 'JSON', cloud_RoleName: 'VARCHAR'",
        ),
        "r": ("requests", "name: 'VARCHAR', success: 'VARCHAR', duration: 'DOUBLE'"),
        "e": ("exceptions", "message: 'VARCHAR'"),
    }
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, (table, columns) in shapes.items():
            path = rows.folder / f"{table}.jsonl"
            connection.execute(
                f"CREATE VIEW {name} AS SELECT * REPLACE (timestamp AT TIME ZONE 'UTC' AS timestamp) "
                f"FROM read_json('{path}', format='newline_delimited', columns={{{common}, {columns}}})"
            )
        return connection.execute(text, {"now": NOW.replace(tzinfo=None)} if "$now" in text else None).fetchall()


def test_a_text_in_the_bag(filled: Rows) -> None:
    table = filled.query('traces | where customDimensions contains "input" | limit 10')
    found = sql(filled, "SELECT epoch_us(timestamp) FROM t WHERE customDimensions::VARCHAR ILIKE '%input%'")
    times = [row["timestamp"] for row in table.records()]
    assert len(times) == min(10, len(found))
    assert {round(time.timestamp() * 10**6) for time in times if isinstance(time, datetime)} <= {
        row[0] for row in found
    }
    assert [column.name for column in table.columns][:2] == ["timestamp", "customDimensions"]


def test_b_a_month_of_warnings(filled: Rows) -> None:
    table = filled.query(
        """traces
        | where timestamp between (datetime(2024-03-01) .. datetime(2024-04-01)) and severityLevel >= 2
        | project timestamp, message, customDimensions.Content | order by timestamp desc | take 50"""
    )
    assert [column.name for column in table.columns] == ["timestamp", "message", "customDimensions_Content"]
    expected = sql(
        filled,
        """SELECT timestamp, message, customDimensions->>'Content' FROM t
        WHERE timestamp BETWEEN '2024-03-01' AND '2024-04-01' AND severityLevel >= 2
        ORDER BY timestamp DESC LIMIT 50""",
    )
    # a dynamic cell that holds text is given as JSON, and Content is JSON in a string
    assert [(time, message, content) for time, message, content in table.rows] == [
        (time.replace(tzinfo=UTC), message, content) for time, message, content in expected
    ]


def test_c_a_day_of_requests(filled: Rows) -> None:
    table = filled.query(
        """requests | where timestamp > ago(1d)
        | summarize total=count(), failed=countif(success == false), p95=percentile(duration, 95)
        by bin(timestamp, 5m), name
        | render timechart"""
    )
    assert table.render == "timechart"
    assert [column.name for column in table.columns] == ["timestamp", "name", "total", "failed", "p95"]
    expected = sql(
        filled,
        """SELECT time_bucket(INTERVAL 5 MINUTE, timestamp, TIMESTAMP '2000-01-01'), name, count(*),
        count(*) FILTER (WHERE lower(success) = 'false'), quantile_disc(duration, 0.95)
        FROM r WHERE timestamp > $now - INTERVAL 1 DAY GROUP BY ALL""",
    )
    assert sorted(table.rows, key=str) == sorted(((row[0].replace(tzinfo=UTC), *row[1:]) for row in expected), key=str)
    assert sum(int(str(row[3])) for row in table.rows) > 0


def test_d_what_stands_in_the_payload(filled: Rows) -> None:
    table = filled.query(
        """traces | extend d = parse_json(tostring(customDimensions.Content)) | extend x = todouble(d.input[0])
        | summarize avg(x), dcount(operation_Id) by cloud_RoleName"""
    )
    assert [column.name for column in table.columns] == ["cloud_RoleName", "avg_x", "dcount_operation_Id"]
    expected = sql(
        filled,
        """SELECT cloud_RoleName, avg(TRY_CAST((customDimensions->>'Content')::JSON->>'$.input[0]' AS DOUBLE)),
        count(DISTINCT operation_Id) FROM t GROUP BY 1""",
    )
    assert sorted(table.rows, key=str) == sorted(expected, key=str)


def test_d_the_average_of_nothing_is_nan(rows: Rows) -> None:
    rows.write("traces", [{"timestamp": "2024-03-01T00:00:00Z"}])
    (row,) = rows.query("traces | summarize avg(todouble(customDimensions.x))").rows
    assert math.isnan(float(str(row[0])))


def test_e_exceptions_with_their_requests(filled: Rows) -> None:
    table = filled.query(
        """exceptions | join kind=inner (requests | project operation_Id, name) on operation_Id
        | top 5 by timestamp"""
    )
    assert [column.name for column in table.columns][-2:] == ["operation_Id1", "name"]
    expected = sql(filled, "SELECT e.timestamp FROM e JOIN r USING (operation_Id) ORDER BY 1 DESC LIMIT 5")
    assert [row["timestamp"] for row in table.records()] == [row[0].replace(tzinfo=UTC) for row in expected]
    assert all(row["operation_Id"] == row["operation_Id1"] for row in table.records())


def test_f_failures_with_their_bags_unfolded(filled: Rows) -> None:
    table = filled.query(
        """let t = 5m; traces | where message matches regex "err.*" or message has "fail"
        | mv-expand customDimensions | count"""
    )
    ((expected,),) = sql(
        filled,
        r"""SELECT sum(greatest(1, coalesce(len(json_keys(customDimensions)), 0))) FROM t
        WHERE regexp_matches(message, 'err.*') OR regexp_matches(message, '(?i)(^|[^\pL\pN])fail([^\pL\pN]|$)')""",
    )
    assert table.records() == [{"Count": expected}]
