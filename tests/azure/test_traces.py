"""Traces over the local Azure: what a folder shows, in both dialects, by one query each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azured import runner
from emulators.azure import LocalAzure
from running import Runner

SCOPES = ["component", "workspace"]
PAIRS = {"Container Id": "host", "Request Id": "r-1", "Client Request Id": "", "Input": "[[1, 2]]", "Prediction": "[3]"}
PRINTED = json.dumps({"input": [[31, 2.5]], "note": 'say "hi" | take 1'})
V1 = {"Service Name": "svc", "Request Id": "r-9", "Content": PRINTED}
ODD = ['say "hi" | take 1', "日本 é😀", "\u202egnp.exe\u2066", "line\nbreak\ttab", "\x1b[2Jgone", "C:\\new\\u0041"]
LYING = {"success": "True", "resultCode": "0", "duration": 7.5, "name": "", "operation_Id": "a" * 32}


def add(
    azure: LocalAzure, minute: int, row: dict[str, Any], *, table: str = "traces", service: str = "ep/blue"
) -> None:
    whole = {"timestamp": f"2026-11-19T08:{minute:02}:00.123456Z", "cloud_RoleName": service, "itemId": str(minute)}
    azure.telemetry.add(table, {**whole, **row})


@pytest.fixture
def mlmon(azure: LocalAzure, tmp_path: Path) -> Runner:
    """mlmon in a workspace with a v1 service and a v2 deployment, that has had both versions of its server."""
    azure.webservices.add("svc")
    azure.add_deployment("ep", "blue", appInsightsEnabled=True)
    v1 = {"message": "STDOUT", "severityLevel": 1, "customDimensions": V1, "operation_Id": "b" * 32}
    add(azure, 0, v1, service="")
    older = {"message": "model_data_collection", "severityLevel": 1, "customDimensions": PAIRS}
    add(azure, 1, older)
    add(azure, 2, {**older, "customDimensions": {"code.lineno": 3, "custom_dimensions": repr(PAIRS)}})
    add(azure, 3, {"message": PRINTED, "severityLevel": 1, "operation_Id": "0" * 32})
    long = repr({**PAIRS, "Input": "[" + "1, " * 9000 + "1]"})
    add(azure, 4, {**older, "customDimensions": {"custom_dimensions": long[:8192]}})
    add(azure, 5, {"message": "bad", "severityLevel": 3})
    failed = {**LYING, "customDimensions": {"resultCode": "500", "success": "False", "Request Id": "r-1"}}
    add(azure, 2, failed, table="requests")
    return runner(azure, tmp_path / "here")


def bag_of(row: dict[str, Any]) -> dict[str, Any]:
    return dict(row.get("customDimensions", row.get("Properties")))


@pytest.mark.parametrize("scope", SCOPES)
def test_every_servers_rows_say_the_same(azure: LocalAzure, mlmon: Runner, scope: str) -> None:
    assert mlmon(f"traces svc --scope {scope}").jsonl[0]["payload"] == json.loads(PRINTED)
    azure.requests.clear()
    outcome = mlmon(f"traces ep/blue --scope {scope}")
    assert azure.requests.count("logs", "POST") == 1
    bad, cut, printed, newer, older = outcome.jsonl
    assert (
        newer["payload"]
        == older["payload"]
        == {
            "Request Id": "r-1",
            "Client Request Id": "",
            "Input": [[1, 2]],
            "Prediction": [3],
        }
    )
    assert (bag_of(older), bag_of(newer)) == (PAIRS, {**PAIRS, "code.lineno": 3})
    assert (printed["payload"], bad["payload"]) == (json.loads(PRINTED), None)
    assert [row["corrected"] for row in outcome.jsonl] == [False, True, False, True, False]
    assert [row["truncated"] for row in outcome.jsonl] == [False, True, False, False, False]
    assert cut["payload"]["Input"].startswith("[1, 1, ")
    assert outcome.err.splitlines()[1:] == [
        "2 rows are corrected: the parts of customDimensions were one text; --as-stored shows them as they are",
        "1 row is cut at the length that telemetry allows: the collected data has the whole (mlmon pull)",
    ]


def test_an_id_is_the_same_in_both_scopes_and_finds_its_row_in_either(azure: LocalAzure, mlmon: Runner) -> None:
    ids = [[row["id"] for row in mlmon(f"traces ep/blue --scope {scope}").jsonl] for scope in SCOPES]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 5
    for scope in SCOPES:
        listed = mlmon(f"traces ep/blue --scope {scope} --as-stored").jsonl
        for name, stored in zip(ids[0], listed, strict=True):
            azure.requests.clear()
            outcome = mlmon(f"traces ep/blue --show {name} --scope {scope} --as-stored -o json")
            assert azure.requests.count("logs", "POST") == 1
            assert {key: outcome.json[key] for key in stored} == stored
            assert outcome.json["id"] == name


@pytest.mark.parametrize("scope", SCOPES)
def test_filters_are_true_of_either_servers_rows(mlmon: Runner, scope: str) -> None:
    for one, payloads in {
        'customDimensions."Request Id"=r-1': 3,
        "customDimensions.Input.0.1=2": 2,
        "message.input.0.0>=31": 1,
        "level>info": 1,
        "message~(?i)TAKE 1": 1,
    }.items():
        rows = mlmon(["traces", "ep/blue", "--filter", one, "--scope", scope]).jsonl
        assert len(rows) == payloads, one
    assert len(mlmon(["traces", "svc", "--filter", "message.input.0.0>=31", "--scope", scope]).jsonl) == 1


@pytest.mark.parametrize("scope", SCOPES)
def test_traces_of_a_request_whose_row_says_that_it_went_well(azure: LocalAzure, mlmon: Runner, scope: str) -> None:
    azure.requests.clear()
    outcome = mlmon(f"traces ep/blue --failed --scope {scope}")
    assert azure.requests.count("logs", "POST") == 1
    told = [row.get("message", row.get("Message")) for row in outcome.jsonl]
    assert told == ["bad", *["model_data_collection"] * 3]


@pytest.mark.parametrize("scope", SCOPES)
def test_the_printed_query_is_the_one_that_is_sent(azure: LocalAzure, mlmon: Runner, scope: str) -> None:
    options = ["--failed", "--filter", "level>=info", "--where", "1", "--scope", scope]
    printed = mlmon(["traces", "ep/blue", *options, "--print-kql"]).out
    azure.requests.clear()
    mlmon(["traces", "ep/blue", *options])
    [sent] = azure.requests.of("logs", "POST")
    assert json.loads(sent.body)["query"] == printed.removesuffix("\n")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_matched_as_they_are(azure: LocalAzure, mlmon: Runner, scope: str, text: str) -> None:
    """Printed bare and inside JSON, by either generation; nothing else is found."""
    for minute, printed in enumerate(
        [f"a {text} b", json.dumps({"k": text}), json.dumps({"k": text}, ensure_ascii=False)]
    ):
        add(azure, 10 + minute, {"message": printed})
        add(azure, 10 + minute, {"message": "STDOUT", "customDimensions": {**V1, "Content": printed}}, service="")
    # of those that are there anyway, one has this text
    more = int(text == ODD[0])
    for service in ("ep/blue", "svc"):
        rows = mlmon(["traces", service, "--where", text, "--scope", scope]).jsonl
        assert len(rows) == 3 + more, service
        [bare] = mlmon(["traces", service, "--filter", f"message=a {text} b", "--scope", scope]).jsonl
        assert bare["timestamp" if scope == "component" else "TimeGenerated"] == "2026-11-19T08:10:00.123456Z"


def test_a_column_that_a_workspace_has_not_is_refused_before_anything_is_sent(azure: LocalAzure, mlmon: Runner) -> None:
    assert len(mlmon(["traces", "ep/blue", "--filter", "itemId=3"]).jsonl) == 1
    azure.requests.clear()
    outcome = mlmon(["traces", "ep/blue", "--filter", "itemId=3", "--scope", "workspace"])
    assert (outcome.code, outcome.err) == (
        2,
        "error: a Log Analytics workspace has no itemId\nhint: add --scope component\n",
    )
    assert azure.requests.count("logs", "POST") == 0
