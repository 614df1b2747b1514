"""mlmon's own queries: their form, and their answers against sums done by hand, in both dialects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kql.rows import NOW, Rows
from kql.shippedrows import answers, written
from mlmon.core.errors import UsageError
from mlmon.core.ports import Dialect, Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.engine import run
from mlmon.kql.requests import truth
from mlmon.kql.saved import SavedQueries
from mlmon.kql.schema import CLASSIC, SCHEMAS, WORKSPACE
from mlmon.kql.shipped import shipped_query
from mlmon.kql.tokens import tokens
from mlmon.kql.variables import defaults

MINE = Tables(Dialect.WORKSPACE, component="/mine")
SHIPPED = [each for each in SavedQueries(Path("/nowhere")).all() if each.shipped]
NAMES = [each.name for each in SHIPPED]


def text_of(name: str) -> str:
    return SavedQueries(Path("/nowhere")).get(name).text


def asked(
    rows: Rows, name: str, tables: Tables, values: Mapping[str, str], between: TimeRange | None = None
) -> list[dict[str, object]]:
    text = shipped_query(text_of(name), tables=tables, values=values, between=between, now=NOW)
    return [dict(row) for row in run(text, files=rows, now=NOW, schema=SCHEMAS[tables.dialect]).records()]


@pytest.mark.parametrize("name", NAMES)
def test_a_query_has_the_form_that_it_must_have(name: str) -> None:
    text = text_of(name)
    first, *lines = text.splitlines()
    assert first.startswith("// ")
    assert "since" in defaults(text)
    assert lines.count("| where timestamp > ago(since)") == 1
    assert len([line for line in lines if line in CLASSIC]) == 1
    words = [word.text for word in tokens(text)]
    made = {name for name, sign, after in zip(words, words[1:], words[2:], strict=False) if sign == "=" != after}
    columns = {column for table in (*CLASSIC.values(), *WORKSPACE.values()) for column in table}
    assert made & columns == set()


@pytest.mark.parametrize("name", ["failures", "slowest", "requests-by-hour"])
def test_what_asks_requests_begins_with_the_truth_about_them(name: str) -> None:
    """The lines stand in the files so that a person can paste them; tests/kql/write_truth.py writes them anew."""
    for tables in (Tables(Dialect.CLASSIC), MINE):
        text = shipped_query(text_of(name), tables=tables, values={}, between=None, now=NOW)
        assert "\n".join(truth(tables.dialect)) in text


@pytest.mark.parametrize("tables", [Tables(Dialect.CLASSIC), MINE], ids=["component", "workspace"])
@pytest.mark.parametrize("name", NAMES)
def test_answers_are_those_of_sums_done_by_hand(rows: Rows, name: str, tables: Tables) -> None:
    written(rows)
    since = timedelta(days=3)
    assert asked(rows, name, tables, {"since": "3d"}) == answers(name, NOW - since, NOW)


def test_a_range_takes_the_place_of_since(rows: Rows) -> None:
    written(rows)
    between = TimeRange(NOW - timedelta(days=2), NOW - timedelta(days=1))
    for name in NAMES:
        for tables in (Tables(Dialect.CLASSIC), MINE):
            expected = answers(name, between.start, between.end)
            assert expected
            assert asked(rows, name, tables, {}, between) == expected
    with pytest.raises(UsageError, match="--from/--to and --var since cannot be combined"):
        asked(rows, "failures", MINE, {"since": "1d"}, between)


def test_in_a_workspace_the_names_are_its_own_and_only_the_component_counts() -> None:
    between = TimeRange(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    assert (
        shipped_query(text_of("exceptions-by-type"), tables=MINE, values={}, between=between, now=NOW)
        == """\
// Exceptions by type
AppExceptions
| where _ResourceId =~ "/mine"
| where TimeGenerated >= datetime(2026-03-01T00:00:00Z) and TimeGenerated < datetime(2026-03-02T00:00:00Z)
| extend service = iff(isempty(Properties["Service Name"]), AppRoleName, tostring(Properties["Service Name"]))
| extend weight = coalesce(ItemCount, 1)
| summarize exceptions = sum(weight), newest = max(TimeGenerated), services = dcount(service),
    example = take_any(OuterMessage)
    by exceptionType = ExceptionType
| order by exceptions desc, exceptionType asc
"""
    )
