"""One request's story, as people and programs are told it, in a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mlmon.core.model import ServiceName
from mlmon.local.workspace import LocalWorkspace
from running import NOW, Outcome, Runner

V2 = "diabetes-v2/blue"


def story(mlmon: Runner, *words: str) -> Any:
    outcome = mlmon(["request", *words, "-o", "json"])
    assert outcome.code == 0, outcome.err
    return outcome.json


def scored(mlmon: Runner, service: str, *, body: str = '{"data": [[31, 2.5], [64, 0]]}') -> str:
    """A request that is made now, and its id."""
    answer = LocalWorkspace.open(mlmon.folder, clock=lambda: mlmon.now).scoring.invoke(ServiceName.parse(service), body)
    return answer.request_id


def reasons(told: Any) -> dict[str, str]:
    """Why there is not more, by where it was looked for."""
    places = {f"{one['source']} {one['collection'] or ''}".strip(): one["reason"] for one in told["sources"]}
    return {place: why for place, why in places.items() if why}


def rows(mlmon: Runner, table: str, *made: dict[str, Any]) -> None:
    """Rows in the folder's own telemetry, where a server would have left them."""
    path = mlmon.folder / "telemetry" / table / f"{NOW:%Y-%m-%d}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in made)


def at(milliseconds: float) -> dict[str, str]:
    return {"timestamp": (NOW + timedelta(milliseconds=milliseconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


def request(id_: str, **bag: str) -> dict[str, Any]:
    """A row of a request to the service churn, half a second long."""
    return {
        **at(-1000),
        "id": id_,
        "cloud_RoleName": "churn",
        "cloud_RoleInstance": "one",
        "duration": 500.0,
        "success": "True",
        "resultCode": "200",
        "name": "POST /score",
        "customDimensions": {"Request Id": id_, **bag},
    }


# forms for people: whole screens are in test_screens.py


def test_what_a_service_writes_does_nothing_to_a_terminal(churn: Runner) -> None:
    hostile = "\x1b[2Jgone\x1b]0;owned\x07 \u202etxt.exe"
    row = request("r-1")
    rows(
        churn,
        "requests",
        {**row, "name": hostile, "customDimensions": {"Request Id": "r-1", "Client Request Id": hostile}},
    )
    rows(churn, "traces", {**at(-900), "message": hostile, "customDimensions": {"Request Id": "r-1"}})
    rows(
        churn,
        "exceptions",
        {**at(-800), "type": hostile, "message": hostile, "customDimensions": {"Request Id": "r-1"}},
    )
    log = churn.folder / "logs" / "churn" / "scoring.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"request r-1 {hostile}\n")
    for form in ("table", "json", "jsonl", "csv", "md"):
        for terminal in (True, False):
            if terminal or form in {"table", "json", "jsonl"}:
                out = churn(f"request r-1 -o {form} --quiet", terminal=terminal).out
                assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", out.replace("\r\n", "\n")), (form, terminal)
                assert "gone" in out


# forms for programs


def test_a_document_and_its_events(demo: Runner) -> None:
    told = story(demo, "latest", V2)
    assert list(told) == [
        "schema_version",
        *("id", "matched_by", "service", "time", "succeeded", "result_code", "latency_ms", "corrected"),
        *("request_id", "client_request_id", "operation_id", "correlation_ids", "sources", "events"),
    ]
    assert (told["schema_version"], told["service"], told["succeeded"], told["result_code"]) == (1, V2, True, "200")
    assert [(one["source"], one["found"]) for one in told["sources"]] == [
        ("request", 1),
        ("trace", 1),
        ("dependency", 0),
        ("exception", 0),
        ("log", 3),
        ("collected", 3),
        ("collected", 3),
    ]
    known = [event["offset_ms"] for event in told["events"] if event["offset_ms"] is not None]
    assert known == sorted(known)
    lines = demo(f"request latest {V2} -o jsonl")
    assert lines.jsonl == told["events"]
    assert [json.loads(line)["message"].partition(":")[0] for line in lines.err.splitlines()] == ["not found"] * 2


def test_inputs_and_predictions_are_those_that_were_printed(demo: Runner) -> None:
    for service in ("diabetes", V2):
        told = story(demo, "latest", service)
        [trace] = [event["details"]["payload"] for event in told["events"] if event["source"] == "trace"]
        inputs, outputs = (event["details"]["rows"] for event in told["events"] if event["source"] == "collected")
        assert [[float(value) for value in row.values()] for row in inputs] == trace["input"]
        assert [float(value) for row in outputs for value in row.values()] == trace["output"]


# how it is found


def test_a_correlation_id_that_only_collected_data_knows_finds_the_same_story(demo: Runner) -> None:
    told = story(demo, "latest", "diabetes")
    [correlation] = told["correlation_ids"]
    found = story(demo, correlation)
    assert (found["id"], found["matched_by"]) == (correlation, "correlation id")
    assert found["request_id"] == told["request_id"] != correlation
    assert [(one["source"], one["text"]) for one in found["events"]] == [
        (one["source"], one["text"]) for one in told["events"]
    ]


def test_a_client_id_finds_the_request_that_alone_has_it(churn: Runner) -> None:
    rows(churn, "requests", request("r-1", **{"Client Request Id": "order 7"}), request("r-2"))
    found = story(churn, "ORDER 7")
    assert (found["request_id"], found["matched_by"], found["client_request_id"]) == (
        "r-1",
        "client request id",
        "order 7",
    )


def test_requests_of_one_id_are_named_and_none_is_chosen(churn: Runner) -> None:
    rows(churn, "requests", *(request(f"r-{number}", **{"Client Request Id": "batch"}) for number in range(7)))
    outcome = churn("request batch")
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err.startswith(
        "error: 7 requests have the id 'batch'\nhint: mlmon request r-0  (2026-11-20T10:29:59Z)"
    )
    assert outcome.err.count("hint:") == 5
    rows(churn, "requests", request("again"), {**request("again"), **at(-60_000)})
    retried = churn("request again")
    assert retried.code == 5
    assert "--since and --until tell them apart" in retried.err
    assert story(churn, "again", "--since", "30s")["time"] == "2026-11-20T10:29:59Z"


def test_a_row_of_another_request_is_left_out_whatever_operation_it_has(churn: Runner) -> None:
    shared = {"operation_Id": "a" * 32}
    rows(churn, "requests", {**request("r-1"), **shared}, {**request("r-2"), **shared, **at(-5000)})
    inside = {"cloud_RoleInstance": "one"}
    rows(
        churn,
        "traces",
        {**at(-900), **inside, "message": "theirs", **shared, "customDimensions": {"Request Id": "r-2"}},
        {**at(-800), **inside, "message": "of the operation", **shared},
        {**at(-700), "message": "elsewhere", "cloud_RoleInstance": "two"},
        {**at(-5000), **inside, "message": "long before", **shared},
        {**at(-600), "message": "it says r-1 itself", "cloud_RoleInstance": "two"},
        {**at(-499), **inside, "message": "after it"},
    )
    traces = [event for event in story(churn, "r-1")["events"] if event["source"] == "trace"]
    assert [(event["text"], event["matched_by"], event["certain"]) for event in traces] == [
        ("of the operation", "near in time", False),
        ("it says r-1 itself", "id in its text", True),
    ]


def test_calls_to_others_are_tied_by_span_or_by_an_operation_of_its_own(churn: Runner) -> None:
    own = {"operation_Id": "b" * 32}
    rows(churn, "requests", {**request("r-1"), **own})
    call = {
        "type": "HTTP",
        "name": "GET /price",
        "target": "store",
        "resultCode": "503",
        "duration": 12.5,
        "success": "False",
    }
    rows(churn, "dependencies", {**at(-900), **call, **own}, {**at(-800), **call, "operation_ParentId": "R-1"})
    calls = [event for event in story(churn, "r-1")["events"] if event["source"] == "dependency"]
    assert [(event["matched_by"], event["level"], event["text"]) for event in calls] == [
        ("operation id", "error", "HTTP GET /price store 503 in 12.5 ms"),
        ("span id", "error", "HTTP GET /price store 503 in 12.5 ms"),
    ]


def test_an_exception_alone_is_a_story_that_says_what_is_missing(churn: Runner) -> None:
    bag = {"custom_dimensions": "{'Container Id': 'c', 'Request Id': 'r-9', 'Client Request Id': ''}"}
    rows(churn, "exceptions", {**at(-900), "type": "ValueError", "message": "no", "customDimensions": bag})
    told = story(churn, "r-9", "churn")
    assert [(event["source"], event["matched_by"]) for event in told["events"]] == [("exception", "request id")]
    assert (told["time"], told["latency_ms"], told["succeeded"]) == ("2026-11-20T10:29:59.100000Z", None, None)
    assert reasons(told)["request"] == "not there yet: telemetry takes some minutes to arrive"


# what is missing, and why


@pytest.mark.parametrize(("service", "switch"), [("churn", "insights"), ("churn-v2/blue", "insights")])
def test_without_insights_the_rest_is_told(churn: Runner, service: str, switch: str) -> None:
    assert churn(f"disable-{switch} {service} --yes").code == 0
    told = story(churn, scored(churn, service))
    off = "Application Insights is off"
    assert {place: why for place, why in reasons(told).items() if why == off} == dict.fromkeys(
        ("request", "trace", "dependency", "exception"), off
    )
    assert {event["source"] for event in told["events"]} >= {"collected"}
    assert told["service"] == service


def test_without_collection_that_is_said(churn: Runner) -> None:
    for service in ("churn", "churn-v2/blue"):
        assert churn(f"disable-collection {service} --yes").code == 0
        why = reasons(story(churn, scored(churn, service)))
        assert {why for place, why in why.items() if place.startswith("collected")} == {"its collection is off"}


def test_predictions_without_ids_are_said_to_have_none(churn: Runner) -> None:
    told = story(churn, scored(churn, "churn"))
    assert reasons(told)["collected predictions"] == "its rows have no ids"
    [inputs] = [event for event in told["events"] if event["source"] == "collected"]
    assert [row["age"] for row in inputs["details"]["rows"]] == ["31", "64"]


def test_a_log_that_has_rolled_over_is_said_to_begin_later(churn: Runner) -> None:
    id_ = scored(churn, "churn-v2/blue")
    [log] = (churn.folder / "logs").rglob("inference-server.log")
    log.write_text("2026-11-21 00:00:00,000 I [73] azmlinfsrv - up\n")
    assert (
        reasons(story(churn, id_))["log"] == "its first line is of 2026-11-21T00:00:00Z: what was there before is gone"
    )
    log.write_text("2026-11-01 00:00:00,000 I [73] azmlinfsrv - up\n")
    before = "its last line is of 2026-11-01T00:00:00Z, before the request"
    assert reasons(story(churn, id_))["log"].startswith(before)
    log.write_text("bare\n")
    assert reasons(story(churn, id_))["log"].startswith("no line has an id of the request in it, and none says when")
    log.write_text("")
    assert reasons(story(churn, id_))["log"] == "the log is empty"


def test_a_log_line_with_the_id_is_proof(churn: Runner) -> None:
    id_ = scored(churn, "churn-v2/blue")
    [log] = (churn.folder / "logs").rglob("inference-server.log")
    log.write_text(f"2026-11-01 00:00:00,000 E [73] app - {id_.upper()} went wrong\n")
    [line] = [event for event in story(churn, id_)["events"] if event["source"] == "log"]
    assert (line["matched_by"], line["certain"], line["level"]) == ("id in its text", True, "error")


def test_data_that_has_just_been_collected_may_be_on_its_way(churn: Runner) -> None:
    id_ = scored(churn, "churn-v2/blue")
    for blob in (churn.folder / "blobs").rglob("*.jsonl"):
        blob.unlink()
    late = "not there yet: collected data takes some minutes to arrive"
    assert reasons(story(churn, id_))["collected model_inputs"] == late
    later = replace(churn, now=NOW + timedelta(hours=2))
    assert reasons(story(later, id_))["collected model_inputs"] == "no blob of that time"


def test_payloads_are_told_too(churn: Runner) -> None:
    assert churn("enable-collection churn-v2/blue --collection request --yes").code == 0
    told = story(churn, scored(churn, "churn-v2/blue"))
    assert "request" in {event["collection"] for event in told["events"]}


def test_a_damaged_blob_costs_its_own_lines(churn: Runner) -> None:
    id_ = scored(churn, "churn-v2/blue")
    for blob in (churn.folder / "blobs").rglob("*.jsonl"):
        blob.write_bytes(b'{"half": "' + id_.encode() + b"\n\xff\xfe\n" + blob.read_bytes())
    told = story(churn, id_)
    assert [one["found"] for one in told["sources"] if one["source"] == "collected"] == [2, 2]


# what cannot be


def test_an_id_that_nothing_has(churn: Runner) -> None:
    outcome = churn("request 4711-4711")
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err == (
        "error: nothing has the id '4711-4711'\n"
        "hint: telemetry of 2026-10-21 10:30:00 to 2026-11-20 10:30:00 and collected data of its last day were looked"
        " at: --since looks further back\n"
        "hint: with a service behind the id its log is looked at, too\n"
        "hint: telemetry takes some minutes to arrive: try again for a request that has just been made\n"
    )


def test_with_a_service_its_log_is_looked_at_and_the_other_services_are_not(churn: Runner) -> None:
    outcome = churn(["request", "o'hara", "churn", "--until", "2026-11-01"])
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err == (
        'error: nothing of churn has the id "o\'hara"\n'
        "hint: telemetry of 2026-10-02 to 2026-11-01, collected data of its last day and the log were looked at:"
        " --since and --until look elsewhere\n"
        "hint: mlmon request 'o'\"'\"'hara' looks in all services\n"
        "hint: telemetry takes some minutes to arrive: try again for a request that has just been made\n"
    )


def test_a_request_of_another_service_is_not_told_as_one_of_the_service_that_is_named(demo: Runner) -> None:
    id_ = story(demo, "latest-failed", V2)["request_id"]
    outcome = demo(["request", id_, "diabetes"])
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err.startswith(f"error: nothing of diabetes has the id '{id_}'\n")
    assert f"hint: mlmon request {id_} looks in all services\n" in outcome.err


def test_a_text_in_many_rows_is_no_request(churn: Runner) -> None:
    rows(churn, "traces", *({**at(-hours * 3_600_000), "message": f"row {hours} of 54"} for hours in range(1, 4)))
    outcome = churn("request 54")
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err == (
        "error: '54' stands in 3 texts, from 2026-11-20T07:30:00Z to 2026-11-20T09:30:00Z, which are not of one"
        " request\nhint: mlmon traces --where 54 shows traces with a text in them\n"
    )


def test_what_only_rows_of_several_requests_mention_is_none_of_them(churn: Runner) -> None:
    bags = [{"Request Id": f"r-{number}", "Client Request Id": "batch"} for number in (1, 2)]
    rows(churn, "exceptions", *({**at(-900), "type": "ValueError", "customDimensions": bag} for bag in bags))
    outcome = churn("request batch")
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err == (
        "error: what has 'batch' in it is of 2 requests\nhint: mlmon request r-1\nhint: mlmon request r-2\n"
    )
    assert story(churn, "r-2")["request_id"] == "r-2"
    more = [{"Request Id": f"r-{number}", "Client Request Id": "batch"} for number in range(3, 7)]
    rows(churn, "exceptions", *({**at(-900), "type": "ValueError", "customDimensions": bag} for bag in more))
    assert churn("request batch").err == (
        "error: what has 'batch' in it is of 6 requests\n"
        "hint: mlmon traces --where batch shows traces with a text in them\n"
    )


def test_a_request_that_another_one_mentions_is_still_its_own(churn: Runner) -> None:
    own = {**at(-900), "type": "ValueError", "customDimensions": {"Request Id": "r-1"}}
    retry = {**at(-800), "type": "ValueError", "message": "again, after r-1", "customDimensions": {"Request Id": "r-2"}}
    rows(churn, "exceptions", own, retry)
    told = story(churn, "r-1")
    assert (told["request_id"], len(told["events"])) == ("r-1", 1)


def test_a_part_of_an_id_leads_to_the_request(churn: Runner) -> None:
    rows(churn, "requests", request("4711-ab-1"))
    rows(churn, "exceptions", {**at(-900), "type": "ValueError", "customDimensions": {"Request Id": "4711-ab-1"}})
    told = story(churn, "4711-ab")
    assert (told["id"], told["matched_by"], told["request_id"]) == ("4711-ab", "id in its text", "4711-ab-1")
    assert [event["source"] for event in told["events"]] == ["request", "exception"]
    assert churn("request 4711-ab").out.startswith("request: 4711-ab-1 (found by the text 4711-ab)\n")


def test_an_id_that_only_a_log_has_is_found_there(churn: Runner) -> None:
    log = churn.folder / "logs" / "churn" / "scoring.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write("2026-11-20 10:29:58,100 | root | ERROR | order 4711-ab failed\n")
    told = story(churn, "4711-ab", "churn")
    assert [(event["source"], event["matched_by"], event["time"]) for event in told["events"]] == [
        ("log", "id in its text", "2026-11-20T10:29:58.100000Z")
    ]
    assert (told["service"], told["request_id"], told["succeeded"]) == ("churn", None, None)
    assert reasons(told)["request"] == "not there yet: telemetry takes some minutes to arrive"


def test_a_request_before_the_range_is_not_found(churn: Runner) -> None:
    id_ = scored(replace(churn, now=NOW - timedelta(days=40)), "churn")
    assert churn(["request", id_]).code == 5
    assert story(churn, id_, "--since", "60d")["request_id"] == id_
    assert story(churn, id_, "--day", "2026-10-11")["request_id"] == id_


def test_without_any_request_there_is_no_latest(churn: Runner) -> None:
    for word, what in (("latest", "request"), ("latest-failed", "request that failed")):
        outcome = churn(f"request {word} churn")
        assert outcome.code == 5
        assert outcome.err.startswith(f"error: there is no {what} of churn in telemetry of ")


@pytest.mark.parametrize("id_", ["", " ", "x" * 1001, "a\x1bb", "a\u202eb"])
def test_what_can_be_no_id(churn: Runner, id_: str) -> None:
    assert churn(["request", id_]).code == 2


@pytest.mark.parametrize("id_", ['say "hi" | take 1', "o'hara", "日本語", "[^", "100%", "a/b", "\\", "*"])
def test_an_id_is_matched_as_it_is_written(churn: Runner, id_: str) -> None:
    rows(churn, "requests", request("r-1", **{"Client Request Id": id_}), request("r-2"))
    rows(churn, "traces", {**at(-900), "message": f"for {id_}"})
    assert story(churn, id_)["request_id"] == "r-1"


def test_rows_of_any_shape_are_told_as_far_as_they_go(churn: Runner) -> None:
    odd: list[Callable[[], dict[str, Any]]] = [
        lambda: {**request("r-1"), "duration": None, "name": None, "success": None},
        lambda: {**request("r-1"), "customDimensions": {"Request Id": "r-1", "start_time": ["no"], "Service Name": 7}},
    ]
    for number, make in enumerate(odd):
        fresh = replace(churn, now=NOW + timedelta(days=number))
        path = churn.folder / "telemetry" / "requests" / f"{NOW:%Y-%m-%d}.jsonl"
        path.unlink(missing_ok=True)
        rows(churn, "requests", make())
        outcome: Outcome = fresh("request r-1 -o json")
        assert outcome.code == 0, outcome.err
        assert outcome.json["request_id"] == "r-1"
