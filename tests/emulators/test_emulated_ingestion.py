"""Envelopes that exporters send become the rows that Application Insights would show."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from emulators.azure import LocalAzure
from emulators.envelopes import Refused, milliseconds, row_of

NOON = "2026-03-03T12:00:00.123456Z"
TAGS = {
    "ai.operation.id": "op",
    "ai.operation.name": "POST /score",
    "ai.operation.parentId": "|op.1.",
    "ai.cloud.role": "svc",
    "ai.cloud.roleInstance": "box",
    "ai.internal.sdkVersion": "py:1",
    "ai.unknown": "left out",
}
COMMON = {
    "timestamp": NOON,
    "customDimensions": {"a": "1", "b": "True", "c": '["x"]', "d": "text"},
    "customMeasurements": {"size": 3},
    "operation_Id": "op",
    "operation_Name": "POST /score",
    "operation_ParentId": "|op.1.",
    "cloud_RoleName": "svc",
    "cloud_RoleInstance": "box",
    "sdkVersion": "py:1",
    "client_IP": "0.0.0.0",
    "iKey": "key",
    "itemCount": 4,
    "appName": "app",
}
PROPERTIES = {"properties": {"a": 1, "b": True, "c": ["x"], "d": "text"}, "measurements": {"size": 3}}


def envelope(kind: str, *, key: str = "key", **data: Any) -> dict[str, Any]:
    """As an exporter sends it; of four requests it sampled one."""
    return {
        "iKey": key,
        "time": NOON,
        "sampleRate": 25.0,
        "tags": TAGS,
        "data": {"baseType": kind, "baseData": {"ver": 2, **PROPERTIES, **data}},
    }


def shown(sent: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The table and the row without its own id."""
    table, row = row_of(sent, app="app")
    assert len(row.pop("itemId")) == 36
    return table, row


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "traces": (
        envelope("MessageData", message="said", severityLevel="1"),
        {"itemType": "trace", "message": "said", "severityLevel": 1},
    ),
    "requests": (
        envelope("RequestData", id="r", duration="0.00:00:00.250", responseCode=500, success=False, name="n", url="u"),
        {
            "itemType": "request",
            "id": "r",
            "name": "n",
            "url": "u",
            "source": "",
            "success": "False",
            "resultCode": "500",
            "duration": 250.0,
            "performanceBucket": "250ms-500ms",
        },
    ),
    "dependencies": (
        envelope("RemoteDependencyData", id="d", duration="00:06:00", name="GET /", target="host", type="HTTP"),
        {
            "itemType": "dependency",
            "id": "d",
            "name": "GET /",
            "target": "host",
            "type": "HTTP",
            "data": "",
            "success": "True",
            "resultCode": "",
            "duration": 360_000.0,
            "performanceBucket": ">=5min",
        },
    ),
    "exceptions": (
        envelope(
            "ExceptionData",
            severityLevel=3,
            exceptions=[
                {
                    "id": 1,
                    "outerId": 0,
                    "typeName": "Outer",
                    "message": "why",
                    "parsedStack": [{"level": 1, "method": "run"}, {"level": 0, "method": "handle", "line": 2}],
                },
                {"typeName": "Inner", "message": "because", "stack": "Traceback"},
            ],
        ),
        {
            "itemType": "exception",
            "problemId": "Outer at handle",
            "type": "Outer",
            "method": "handle",
            "outerType": "Outer",
            "outerMessage": "why",
            "outerMethod": "handle",
            "innermostType": "Inner",
            "innermostMessage": "because",
            "innermostMethod": "",
            "severityLevel": 3,
            "details": [
                {
                    "id": "1",
                    "outerId": "0",
                    "type": "Outer",
                    "message": "why",
                    "parsedStack": [{"level": 1, "method": "run"}, {"level": 0, "method": "handle", "line": 2}],
                    "rawStack": "",
                },
                {
                    "id": "0",
                    "outerId": "0",
                    "type": "Inner",
                    "message": "because",
                    "parsedStack": [],
                    "rawStack": "Traceback",
                },
            ],
        },
    ),
    "customEvents": (envelope("EventData", name="deployed"), {"itemType": "customEvent", "name": "deployed"}),
    "customMetrics": (
        envelope("MetricData", metrics=[{"name": "m", "value": 2, "count": 5}]),
        {
            "itemType": "customMetric",
            "name": "m",
            "value": 2.0,
            "valueSum": 2.0,
            "valueCount": 5,
            "valueMin": 2.0,
            "valueMax": 2.0,
            "valueStdDev": 0.0,
        },
    ),
}


@pytest.mark.parametrize("table", KINDS)
def test_each_kind_of_envelope_is_a_row_of_its_table(table: str) -> None:
    sent, own = KINDS[table]
    assert shown(sent) == (table, {**COMMON, **own})


def test_what_is_too_long_is_cut_and_nothing_says_so() -> None:
    sent = envelope("MessageData", message="m" * 32_769, properties={"n" * 151: "v" * 8_193})
    _, row = shown(sent)
    assert row["message"] == "m" * 32_768
    assert row["customDimensions"] == {"n" * 150: "v" * 8_192}
    assert row["severityLevel"] is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [("00:00:00.0120000", 12.0), ("1.02:03:04.5", 93_784_500.0), ("0.00:00:00.051", 51.0), ("00:00:00", 0.0)],
)
def test_durations_are_milliseconds(written: str, expected: float) -> None:
    assert milliseconds(written) == expected


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"data": None},
        envelope("AvailabilityData"),
        envelope("MessageData"),
        envelope("MessageData", message=5),
        envelope("RequestData", id="r", duration="soon", responseCode="200"),
        envelope("ExceptionData", exceptions=[]),
        envelope("MessageData", message="m" * 65_536),
    ],
)
def test_what_is_no_envelope_is_refused(sent: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"Field cannot be read|must not exceed 65536"):
        row_of(sent)


# over the wire


@pytest.fixture
def ingesting(azure: LocalAzure) -> Iterator[LocalAzure]:
    """An Azure whose traces are counted from here on."""
    azure.requests.clear()
    before = len(azure.telemetry.rows("traces"))
    yield azure
    assert [row["message"] for row in azure.telemetry.rows("traces")[before:]] == ["one", "two"]


def post(azure: LocalAzure, body: bytes, *, path: str = "/v2.1/track", **headers: str) -> tuple[int, Any]:
    """Send a body and read the answer."""
    response = requests.post(
        azure.url("ingestion") + path,
        data=body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        verify=str(azure.certificate.authority),
        timeout=10,
    )
    return response.status_code, response.json()


def said(azure: LocalAzure, *messages: str) -> list[dict[str, Any]]:
    key = azure.component["properties"]["InstrumentationKey"]
    return [envelope("MessageData", key=key, message=message) for message in messages]


ALL = {"itemsReceived": 2, "itemsAccepted": 2, "errors": []}


def test_an_array_is_taken_as_it_is(ingesting: LocalAzure) -> None:
    assert post(ingesting, json.dumps(said(ingesting, "one", "two")).encode()) == (200, ALL)


def test_a_packed_envelope_a_line_is_taken_at_the_older_address(ingesting: LocalAzure) -> None:
    lines = "\r\n".join(json.dumps(each) for each in said(ingesting, "one", "two"))
    packed = gzip.compress(lines.encode())
    assert post(ingesting, packed, path="/v2/track", Content_Encoding="gzip") == (200, ALL)


def test_what_is_wrong_is_left_out_and_named_by_its_place(ingesting: LocalAzure) -> None:
    one, two = said(ingesting, "one", "two")
    stranger = {"index": 1, "statusCode": 400, "message": "Invalid instrumentation key"}
    sent = [one, envelope("MessageData", message="whose?"), two]
    assert post(ingesting, json.dumps(sent).encode()) == (
        206,
        {"itemsReceived": 3, "itemsAccepted": 2, "errors": [stranger]},
    )
    nothing = {"itemsReceived": 1, "itemsAccepted": 0, "errors": [{**stranger, "index": 0}]}
    assert post(ingesting, json.dumps(sent[1:2]).encode()) == (400, nothing)
    assert post(ingesting, b"[5]") == (400, nothing)


@pytest.mark.parametrize(("body", "headers"), [(b"{", {}), (b"\xff", {}), (b"[]", {"Content_Encoding": "gzip"})])
def test_a_body_that_cannot_be_read_is_refused_whole(azure: LocalAzure, body: bytes, headers: dict[str, str]) -> None:
    error = {"index": 0, "statusCode": 400, "message": "The request body is not readable"}
    assert post(azure, body, **headers) == (400, {"itemsReceived": 0, "itemsAccepted": 0, "errors": [error]})


def test_rows_are_of_the_component_whose_key_was_sent(azure: LocalAzure) -> None:
    azure.add_workspace("other")
    other = azure.resources.components["other-insights"]
    key = other["properties"]["InstrumentationKey"]
    status, _ = post(azure, json.dumps(envelope("EventData", key=key, name="there")).encode())
    row = azure.telemetry.rows("customEvents")[-1]
    assert (status, row["name"], row["appName"]) == (200, "there", "other-insights")
    with azure.telemetry.of_component(azure.component["id"]).open("customEvents", None) as files:
        assert [path.read_text() for path in files] in ([], [""])
    assert azure.connection_string == (
        f"InstrumentationKey={azure.component['properties']['InstrumentationKey']};"
        f"IngestionEndpoint={azure.url('ingestion')}"
    )
