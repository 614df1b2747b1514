"""Queries of the demo."""

from __future__ import annotations

import json

import pytest

from running import Runner


def test_the_documentations_own_query_gives_ten_rows(demo: Runner) -> None:
    outcome = demo(["query", 'traces | where customDimensions contains "input" | limit 10', "-o", "json"])
    assert outcome.code == 0
    assert len(outcome.json) == 10
    assert all("input" in json.dumps(row["customDimensions"]) for row in outcome.json)
    assert json.loads(outcome.err) == {"level": "info", "message": "time range: all there is"}


@pytest.mark.parametrize("how", ["-f count.kql", "--file -", "-"])
def test_a_query_from_a_file_or_stdin(churn: Runner, how: str) -> None:
    (churn.folder / "count.kql").write_text("requests\n| count\n")
    outcome = churn(f"query {how}", stdin="requests | count")
    assert (outcome.code, outcome.jsonl) == (0, [{"Count": 0}])


def test_every_table_is_there_even_when_empty(churn: Runner) -> None:
    for table in ("traces", "requests", "dependencies", "exceptions", "customEvents", "customMetrics", "pageViews"):
        assert churn(["query", f"{table} | count"]).jsonl == [{"Count": 0}]


def test_a_range_narrows_any_query(demo: Runner) -> None:
    whole = demo(["query", "requests | count"]).jsonl[0]["Count"]
    month = demo(["query", "requests | count", "--from", "2026-03-01", "--to", "2026-04-01"])
    assert 0 < month.jsonl[0]["Count"] < whole
    assert month.err == "time range: 2026-03-01 to 2026-04-01, UTC\n"


def test_failures_are_counted_as_the_status_shows_them(demo: Runner) -> None:
    [row] = demo(["query", "requests | where success == false | summarize n=count() by resultCode", "-o", "json"]).json
    assert row["resultCode"] == "500"
    assert row["n"] > 20
    assert demo(["query", "exceptions | count"]).jsonl[0]["Count"] == row["n"]
