"""Queries built from words: what --print-kql shows."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from mlmon.core.errors import UsageError
from mlmon.core.ports import Dialect, Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.build import around, kql_datetime, kql_name, kql_string, kql_timespan, traces_query
from mlmon.kql.schema import CLASSIC, WORKSPACE, WORKSPACE_COLUMNS, WORKSPACE_TABLES

MARCH = TimeRange(datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, 0, 0, 0, 500000, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("input", '"input"'),
        ("", '""'),
        ('say "hi"', '"say \\"hi\\""'),
        ("C:\\temp", '"C:\\\\temp"'),
        ("it's", '"it\'s"'),
        ("\a\b\f\n\r\t\v", '"\\a\\b\\f\\n\\r\\t\\v"'),
        ("\x00\x1f\x7f\x85", '"\\u0000\\u001f\\u007f\\u0085"'),
        ("a\u2028b\u2029c\ufeffd\u202ee\u2066f\u200eg", '"a\\u2028b\\u2029c\\ufeffd\\u202ee\\u2066f\\u200eg"'),
        ("café 😀", '"café 😀"'),
        ('" | take 1 //', '"\\" | take 1 //"'),
    ],
)
def test_a_text_becomes_one_literal(text: str, literal: str) -> None:
    assert kql_string(text) == literal


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(UsageError) as raised:
        kql_string("a\udc80")
    assert (raised.value.message, raised.value.hint) == (
        "'a\\udc80' is not text that can be searched for: it is not valid Unicode",
        "write it in UTF-8",
    )


def test_names_come_from_the_schema() -> None:
    assert kql_name("message", known=CLASSIC["traces"]) == "message"
    assert kql_name("my column", known=["my column"]) == '["my column"]'
    with pytest.raises(UsageError) as raised:
        kql_name("mesage", known=CLASSIC["traces"])
    assert (raised.value.message, raised.value.hint) == (
        "there is no column or table named 'mesage'",
        "did you mean 'message'?",
    )
    with pytest.raises(UsageError) as raised:
        kql_name("x", known=["aaa", "bbb"])
    assert raised.value.hint == "aaa, bbb"


@pytest.mark.parametrize(
    ("step", "literal"),
    [
        (timedelta(days=7), "7d"),
        (timedelta(hours=36), "36h"),
        (timedelta(seconds=90), "90s"),
        (timedelta(minutes=5), "5m"),
        (timedelta(milliseconds=1500), "1500ms"),
        (timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=5), "timespan(1.02:03:04.000005)"),
        (timedelta(hours=-1), "timespan(-0.01:00:00.000000)"),
        (timedelta(0), "timespan(0.00:00:00.000000)"),
    ],
)
def test_timespans(step: timedelta, literal: str) -> None:
    assert kql_timespan(step) == literal


def test_datetimes_are_utc() -> None:
    assert kql_datetime(MARCH.start) == "datetime(2024-03-01T00:00:00Z)"
    assert kql_datetime(MARCH.end) == "datetime(2024-04-01T00:00:00.500000Z)"
    assert kql_datetime(datetime.fromisoformat("2024-03-01T01:00:00+01:00")) == "datetime(2024-03-01T00:00:00Z)"


def test_a_plain_text_is_looked_for_as_it_is() -> None:
    query = traces_query(where=["input"], between=None, limit=10, tables=Tables(Dialect.CLASSIC))
    assert query == (
        "traces\n"
        '| where customDimensions contains "input" or message contains "input"\n'
        "| order by timestamp desc\n"
        "| take 10"
    )


def test_the_first_and_the_last_moment_have_nothing_around_them() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert around(TimeRange(first, last)) == TimeRange(first, last)
    hour = timedelta(hours=1)
    assert around(MARCH) == TimeRange(MARCH.start - hour, MARCH.end + hour)


def test_everything_at_once_in_the_names_of_a_workspace() -> None:
    query = traces_query(
        service=['my "svc"'],
        where=["input", 'a"b'],
        between=MARCH,
        limit=5,
        tail=" | project TimeGenerated\n",
        tables=Tables(Dialect.WORKSPACE),
    )
    assert query == (
        "AppTraces\n"
        "| where TimeGenerated >= datetime(2024-03-01T00:00:00Z)"
        " and TimeGenerated < datetime(2024-04-01T00:00:00.500000Z)\n"
        '| where AppRoleName == "my \\"svc\\"" or tostring(Properties["Service Name"]) == "my \\"svc\\""\n'
        '    or AppRoleName in ("azmlinfsrv", "gunicorn") and isempty(tostring(Properties["Service Name"]))\n'
        "        and AppRoleInstance in ((\n"
        "            AppRequests\n"
        "            | where TimeGenerated >= datetime(2024-02-29T23:00:00Z)"
        " and TimeGenerated < datetime(2024-04-01T01:00:00.500000Z)\n"
        '            | where AppRoleName in ("azmlinfsrv", "gunicorn") and isnotempty(AppRoleInstance)\n'
        '            | where tostring(Properties["Service Name"]) == "my \\"svc\\""\n'
        "            | distinct AppRoleInstance))\n"
        '| where Properties contains "input" or Message contains "input"\n'
        '| where Properties contains "a\\"b"\n'
        '    or Properties contains "a\\\\\\"b"\n'
        '    or Properties contains "a\\\\\\\\\\\\\\"b"\n'
        '    or Properties contains "a\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"b"\n'
        '    or Message contains "a\\"b"\n'
        '    or Message contains "a\\\\\\"b"\n'
        '    or Message contains "a\\\\\\\\\\\\\\"b"\n'
        "| order by TimeGenerated desc\n"
        "| take 5\n"
        "| project TimeGenerated"
    )


def test_a_longer_form_that_implies_a_shorter_one_is_left_out() -> None:
    query = traces_query(where=["é"], between=None, limit=1, tables=Tables(Dialect.CLASSIC))
    assert query.splitlines()[1:5] == [
        '| where customDimensions contains "é"',
        '    or customDimensions contains "\\\\u00e9"',
        '    or message contains "é"',
        '    or message contains "\\\\u00e9"',
    ]


@pytest.mark.parametrize(
    ("limit", "tail", "message", "hint"),
    [
        (0, "", "the limit 0 is less than 1", "ask for at least one row"),
        (
            1,
            "project message",
            "the KQL to append does not begin with '|'",
            "write it like: | project timestamp, message",
        ),
    ],
)
def test_what_cannot_be_asked(limit: int, tail: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        traces_query(where=[], between=None, limit=limit, tail=tail, tables=Tables(Dialect.CLASSIC))
    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_importing_costs_nothing() -> None:
    """Every command that can query imports these; the library and DuckDB take 0.4 s, which only a query should pay."""
    heavy = "{name.partition('.')[0] for name in sys.modules} & {'duckdb', '_duckdb', 'duckdb_kql', 'antlr4', 'numpy'}"
    program = f"import sys, mlmon.kql.build, mlmon.kql.engine; print({heavy})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_tables_have_both_names() -> None:
    assert dict(WORKSPACE_TABLES) == {
        "traces": "AppTraces",
        "requests": "AppRequests",
        "dependencies": "AppDependencies",
        "exceptions": "AppExceptions",
        "customEvents": "AppEvents",
        "customMetrics": "AppMetrics",
        "pageViews": "AppPageViews",
        "availabilityResults": "AppAvailabilityResults",
        "browserTimings": "AppBrowserTimings",
        "performanceCounters": "AppPerformanceCounters",
    }
    for classic, table in WORKSPACE_TABLES.items():
        assert set(WORKSPACE_COLUMNS[classic]) == set(CLASSIC[classic])
        assert {name for name in WORKSPACE_COLUMNS[classic].values() if name} <= set(WORKSPACE[table])
    assert WORKSPACE_COLUMNS["exceptions"]["type"] == "ExceptionType"
    assert WORKSPACE_COLUMNS["exceptions"]["itemType"] == "Type"
    assert (CLASSIC["requests"]["success"], WORKSPACE["AppRequests"]["Success"]) == ("string", "bool")
    assert WORKSPACE_COLUMNS["customMetrics"]["value"] is None
