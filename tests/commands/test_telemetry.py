"""Traces and queries of the demo."""

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


def test_the_newest_traces_that_contain_a_word(demo: Runner) -> None:
    rows = demo("traces --where input -o json").json
    assert len(rows) == 10
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
    assert {row["cloud_RoleName"] for row in rows} == {"diabetes"}
    assert {row["message"] for row in rows} == {"STDOUT"}


def test_on_a_terminal_the_payload_is_unfolded(demo: Runner) -> None:
    outcome = demo("traces --where input --limit 1", terminal=True)
    header, first = outcome.out.splitlines()[:2]
    assert header.split() == ["time", "input", "output"]
    assert first.startswith("2026-11-19 ")
    assert "[[" in first


def test_what_is_written_as_json_is_found_in_both_generations(churn: Runner) -> None:
    """v1 keeps the printed text inside a JSON bag, where its quotes are escaped; v2 as it is."""
    for service in ("churn", "churn-v2"):
        churn(f"invoke {service} --data rows.json")
        for text in ("input", '"input": [[31', "[[31, 2.5], [64", "INPUT"):
            assert len(churn(["traces", service, "--where", text, "-o", "json"]).json) == 1, (service, text)
        assert churn(["traces", service, "--where", "input", "--where", "64", "-o", "json"]).json
        nothing = churn(["traces", service, "--where", "input", "--where", "zebra", "-o", "json"])
        assert (nothing.code, nothing.json) == (0, [])


def test_the_query_is_printed_ready_for_the_portal(churn: Runner) -> None:
    assert (
        churn("traces --where bmi --since 2026-03-01 --until 2026-04-01 --print-kql").out
        == """\
traces
| where timestamp >= datetime(2026-03-01T00:00:00Z) and timestamp < datetime(2026-04-01T00:00:00Z)
| where cloud_RoleName == "churn" or tostring(customDimensions["Service Name"]) == "churn"
| where customDimensions contains "bmi" or message contains "bmi"
| order by timestamp desc
| take 10
"""
    )


def test_a_word_with_quotes_is_matched_as_it_is(churn: Runner) -> None:
    """And not as KQL: what looks like an operator inside it changes nothing."""
    for service in ("churn", "churn-v2"):
        churn(["invoke", service, "--data", "-"], stdin='{"data": [[1, 2]]}')
        assert churn(["traces", service, "--where", '"input" | take 0', "-o", "json"]).json == []
        assert len(churn(["traces", service, "--where", '"input": [[1, 2]]', "-o", "json"]).json) == 1


def test_kql_can_be_appended(demo: Runner) -> None:
    """To all the traces there are, unless a limit is asked for."""
    tail = "| summarize n=count() by cloud_RoleName"
    limited = demo(["traces", "--limit", "50", "--kql", tail, "-o", "json"]).json
    assert limited == [{"cloud_RoleName": "diabetes", "n": 50}]
    [whole] = demo(["query", 'traces | where cloud_RoleName == "diabetes" | count']).jsonl
    assert demo(["traces", "--kql", tail, "-o", "json"]).json == [{"cloud_RoleName": "diabetes", "n": whole["Count"]}]


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


def test_trace_text_cannot_drive_the_terminal(churn: Runner) -> None:
    (churn.folder / "rows.json").write_text('{"data": [[1]]}')
    script = (churn.folder / "v2.py").read_text()
    (churn.folder / "v2.py").write_text(script.replace("print(json", 'print("\\x1b[2Jgone"); print(json'))
    churn("invoke churn-v2 --data rows.json")
    for terminal in (True, False):
        assert (
            churn("traces churn-v2 --where gone -o table", terminal=terminal)
            .out.splitlines()[1]
            .endswith("\\x1b[2Jgone")
        )
        assert churn("traces churn-v2 --where gone --raw -o table", terminal=terminal).out == "\x1b[2Jgone\n"
