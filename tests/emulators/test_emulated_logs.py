"""azure-monitor-query, unmodified, asks the telemetry plane and gets what the service would answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.monitor.query import LogsQueryClient, LogsQueryPartialResult, LogsQueryResult

from emulators.azure import LocalAzure
from emulators.faults import html
from emulators.loganalytics import throttled

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"timestamp": "2026-03-03T11:59:59.123456Z", "message": "STDOUT", "customDimensions": {"Content": "from v1"}},
    {"timestamp": "2026-03-03T10:00:00Z", "message": "from v2", "customDimensions": {}},
    {"timestamp": "2026-02-28T10:00:00Z", "message": "older", "customDimensions": None},
]


@pytest.fixture(scope="module")
def telemetry(azure: LocalAzure) -> LocalAzure:
    """Traces and a request of the workspace's own component, and a trace of another one that shares its tables."""
    azure.log_analytics.clock = lambda: NOW
    azure.telemetry.extend("traces", ROWS)
    azure.telemetry.add("requests", {"timestamp": "2026-03-03T11:00:00Z", "success": "False", "duration": 1.5})
    azure.telemetry.add(
        "traces", {"timestamp": "2026-03-03T11:00:00Z", "message": "elsewhere"}, component="/subscriptions/s/other"
    )
    return azure


@pytest.fixture(scope="module")
def credential(azure: LocalAzure) -> Iterator[ClientSecretCredential]:
    certificate = str(azure.certificate.authority)
    with ClientSecretCredential(
        azure.access.tenant,
        azure.principal.client_id,
        azure.principal.secret,
        authority=azure.url("login"),
        disable_instance_discovery=True,
        connection_verify=certificate,
    ) as credential:
        yield credential


@pytest.fixture(scope="module")
def client(telemetry: LocalAzure, credential: ClientSecretCredential) -> Iterator[LogsQueryClient]:
    certificate = str(telemetry.certificate.authority)
    with LogsQueryClient(
        credential, endpoint=telemetry.url("logs"), connection_verify=certificate, retry_total=0
    ) as client:
        yield client


def of_component(
    azure: LocalAzure, client: LogsQueryClient, kql: str, timespan: Any = None, **options: Any
) -> LogsQueryResult | LogsQueryPartialResult:
    return client.query_resource(azure.component["id"], kql, timespan=timespan, **options)


def of_workspace(azure: LocalAzure, client: LogsQueryClient, kql: str) -> list[list[Any]]:
    answer = client.query_workspace(azure.log_workspace["properties"]["customerId"], kql, timespan=None)
    assert isinstance(answer, LogsQueryResult)
    return [list(row) for row in answer.tables[0].rows]


def rows(answer: LogsQueryResult | LogsQueryPartialResult) -> list[list[Any]]:
    assert isinstance(answer, LogsQueryResult)
    return [list(row) for row in answer.tables[0].rows]


def failure(azure: LocalAzure, client: LogsQueryClient, kql: str, **options: Any) -> dict[str, Any]:
    """The `error` document that a query comes back with."""
    with pytest.raises(HttpResponseError) as caught:
        of_component(azure, client, kql, **options)
    assert caught.value.response is not None
    document = json.loads(caught.value.response.text())["error"]
    assert document.pop("correlationId")
    assert isinstance(document, dict)
    return {"status": caught.value.status_code, **document}


def test_a_component_shows_its_own_rows_under_the_classic_names(telemetry: LocalAzure, client: LogsQueryClient) -> None:
    kql = "traces | project text = iff(message == 'STDOUT', tostring(customDimensions.Content), message)"
    assert rows(of_component(telemetry, client, kql)) == [["from v1"], ["from v2"], ["older"]]
    assert rows(of_component(telemetry, client, "requests | project success, duration")) == [["False", 1.5]]


def test_a_workspace_shows_the_rows_of_all_under_its_own_names(telemetry: LocalAzure, client: LogsQueryClient) -> None:
    assert of_workspace(telemetry, client, "AppTraces | count") == [[4]]
    own = f'AppTraces | where _ResourceId =~ "{telemetry.component["id"]}" | count'
    assert of_workspace(telemetry, client, own) == [[3]]
    assert of_workspace(telemetry, client, "AppRequests | project Success, DurationMs, Type") == [
        [False, 1.5, "AppRequests"]
    ]
    assert of_workspace(telemetry, client, "AppTraces | distinct _ResourceId | where _ResourceId has_cs 'WS'") == []


@pytest.mark.parametrize(
    ("timespan", "count"),
    [
        (timedelta(hours=1), 1),
        (timedelta(days=1), 2),
        ((NOW - timedelta(hours=3), NOW - timedelta(hours=1)), 1),
        ((datetime(2026, 2, 28, tzinfo=UTC), timedelta(days=1)), 1),
        (None, 3),
    ],
)
def test_a_timespan_is_every_kind_of_interval(
    telemetry: LocalAzure, client: LogsQueryClient, timespan: Any, count: int
) -> None:
    assert rows(of_component(telemetry, client, "traces | count", timespan)) == [[count]]


def test_cells_are_encoded_as_the_service_encodes_them(telemetry: LocalAzure) -> None:
    kql = (
        "traces | take 1 | project timestamp, customDimensions, nan = real(nan), inf = real(+inf), whole = 1.0, "
        "span = 26h + 3s + 5ms, none = timespan(null), flag = true, big = 9007199254740993, nobody = guid(null)"
    )
    answer = raw(telemetry, {"query": kql}).json()["tables"][0]
    assert {column["name"]: column["type"] for column in answer["columns"]} == {
        "timestamp": "datetime",
        "customDimensions": "dynamic",
        "nan": "real",
        "inf": "real",
        "whole": "real",
        "span": "timespan",
        "none": "timespan",
        "flag": "bool",
        "big": "long",
        "nobody": "guid",
    }
    assert answer["rows"] == [
        [
            "2026-03-03T11:59:59.123456Z",
            '{"Content":"from v1"}',
            "NaN",
            "Infinity",
            1.0,
            "1.02:00:03.0050000",
            None,
            True,
            9007199254740993,
            None,
        ]
    ]


def test_a_wrong_query_is_told_as_the_service_tells_it(telemetry: LocalAzure, client: LogsQueryClient) -> None:
    unresolved = {"code": "SEM0100", "message": "Failed to resolve table or column expression named 'tracez'"}
    semantic = {"code": "SemanticError", "message": "A semantic error occurred.", "innererror": unresolved}
    refused = {"status": 400, "code": "BadArgumentError", "message": "The request had some invalid properties"}
    assert failure(telemetry, client, "tracez | count") == {**refused, "innererror": semantic}
    syntax = failure(telemetry, client, "traces | wher message == 'x'")["innererror"]
    assert (syntax["code"], syntax["innererror"]["code"], syntax["innererror"]["line"]) == ("SyntaxError", "SYN0002", 1)
    assert failure(telemetry, client, "AppTraces | count")["innererror"]["innererror"]["code"] == "SEM0100"


def test_a_partial_answer_is_half_the_rows_and_a_reason(telemetry: LocalAzure, client: LogsQueryClient) -> None:
    with telemetry.log_analytics.partial("a node was lost"):
        answer = of_component(telemetry, client, "traces | where message != 'older'")
    assert isinstance(answer, LogsQueryPartialResult)
    assert len(answer.partial_data[0].rows) == 1
    assert answer.partial_error.details[0]["innererror"]["message"] == "a node was lost"


@pytest.mark.parametrize(
    ("limit", "value", "said"), [("row_limit", 2, "record count"), ("byte_limit", 300, "data size")]
)
def test_too_much_is_cut_and_said(
    telemetry: LocalAzure,
    client: LogsQueryClient,
    monkeypatch: pytest.MonkeyPatch,
    *,
    limit: str,
    value: int,
    said: str,
) -> None:
    monkeypatch.setattr(telemetry.log_analytics, limit, value)
    answer = of_component(telemetry, client, "traces | project timestamp, text = strcat(message, strrep('-', 100))")
    assert isinstance(answer, LogsQueryPartialResult)
    assert len(answer.partial_data[0].rows) == 2
    message = answer.partial_error.details[0]["innererror"]["message"]
    assert message.startswith(f"Query result set has exceeded the internal {said} limit {value} (E_QUERY_RESULT_SET")


def test_a_query_longer_than_the_client_waits_times_out(
    telemetry: LocalAzure, client: LogsQueryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry.log_analytics, "takes", 60)
    assert failure(telemetry, client, "traces", server_timeout=30)["status"] == 504
    assert len(rows(of_component(telemetry, client, "traces", server_timeout=90))) == 3


def test_statistics_and_render_come_when_asked_for(telemetry: LocalAzure, client: LogsQueryClient) -> None:
    plain = of_component(telemetry, client, "traces | count")
    assert (plain.statistics, plain.visualization) == (None, None)
    more = of_component(
        telemetry, client, "traces | count | render barchart", include_statistics=True, include_visualization=True
    )
    assert more.visualization == {"visualization": "barchart", "title": None}
    assert more.statistics is not None


def test_throttling_and_gateways_are_as_elsewhere(telemetry: LocalAzure, client: LogsQueryClient) -> None:
    with telemetry.fault(throttled(), plane="logs"):
        assert failure(telemetry, client, "traces")["code"] == "ThrottledError"
    with telemetry.fault(html(502), plane="logs"), pytest.raises(json.JSONDecodeError):
        of_component(telemetry, client, "traces")


def test_whoever_lacks_the_role_has_insufficient_access(telemetry: LocalAzure, client: LogsQueryClient) -> None:
    with telemetry.deny(".*components/query/read"):
        refused = failure(telemetry, client, "traces")
        assert of_workspace(telemetry, client, "AppTraces | count") == [[4]]
    assert refused == {
        "status": 403,
        "code": "InsufficientAccessError",
        "message": "The provided credentials have insufficient access to perform the requested operation",
    }


def test_tokens_are_for_this_plane_alone(telemetry: LocalAzure, credential: ClientSecretCredential) -> None:
    certificate = str(telemetry.certificate.authority)
    arm = telemetry.url("arm")
    with LogsQueryClient(
        credential, endpoint=telemetry.url("logs"), audience=arm, connection_verify=certificate, retry_total=0
    ) as other:
        assert failure(telemetry, other, "traces")["status"] == 401
    assert raw(telemetry, {"query": "traces"}, token="").json()["error"]["code"] == "AuthorizationRequiredError"


@pytest.mark.parametrize(
    "body", [{}, {"query": 7}, {"query": "traces", "spam": 1}, {"query": "traces", "timespan": "x"}]
)
def test_a_body_outside_the_contract_is_refused(telemetry: LocalAzure, body: object) -> None:
    answer = raw(telemetry, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadArgumentError")


def test_what_is_not_there_is_not_found(telemetry: LocalAzure) -> None:
    gone = telemetry.component["id"].replace("ws-insights", "gone")
    assert raw(telemetry, {"query": "traces"}, component=gone).json()["error"]["code"] == "ResourceNotFoundError"


def raw(azure: LocalAzure, body: object, *, token: str | None = None, component: str = "") -> requests.Response:
    """A query without the client's own reading of the answer."""
    given = azure.token(azure.url("logs")) if token is None else token
    return requests.post(
        f"{azure.url('logs')}/v1{component or azure.component['id']}/query",
        json=body,
        headers={"Authorization": f"Bearer {given}"} if given else {},
        verify=str(azure.certificate.authority),
        timeout=10,
    )
