"""Telemetry over the local Azure: both scopes, every kind of cell, and every way in which a query can fail."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from azured import connect
from emulators.azure import LocalAzure
from emulators.faults import Fault, answer, dropped, html, refuse, slow
from emulators.loganalytics import error, throttled
from emulators.messages import Answer
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import ExitCode, NotAllowed, NotFound, QueryError, Unavailable
from mlmon.core.model import Column, RequestCounts
from mlmon.core.ports import Dialect, Scope, Tables
from mlmon.core.timerange import TimeRange

DAY = TimeRange(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
NOON = "2026-03-01T12:00:00Z"


def trace(message: str, **more: Any) -> dict[str, Any]:
    return {"timestamp": NOON, "message": message, **more}


def replied(columns: dict[str, str], *rows: list[Any]) -> Fault:
    """An answer of the query service's with these columns and rows, just as they are."""
    described = [{"name": name, "type": kind} for name, kind in columns.items()]
    return answer({"tables": [{"name": "PrimaryResult", "columns": described, "rows": list(rows)}]})


def asked(azure: LocalAzure) -> list[Any]:
    """The bodies of all queries so far."""
    import json

    return [json.loads(one.body) for one in azure.requests.of("logs", "POST")]


# scopes and ranges


def test_a_component_is_asked_with_classic_names_and_a_workspace_with_its_own(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.telemetry.add("traces", trace("ours"))
    azure.telemetry.add("traces", trace("theirs"), component="/subscriptions/s/resourceGroups/g/components/other")
    component = workspace.telemetry
    assert component.query("traces | project message").rows == (("ours",),)
    whole = component.in_scope(Scope.WORKSPACE)
    assert whole.query("AppTraces | project Message | order by Message asc").rows == (("ours",), ("theirs",))
    assert component.tables == Tables(Dialect.CLASSIC)
    assert whole.tables == Tables(Dialect.WORKSPACE, component=azure.component["id"].lower())
    assert whole.in_scope(Scope.COMPONENT).tables == Tables(Dialect.CLASSIC)


def test_no_range_is_sent_unless_one_is_asked_for_and_then_that_very_one(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    workspace.telemetry.query("traces")
    workspace.telemetry.query("traces", between=DAY)
    odd = TimeRange(DAY.start, DAY.start + timedelta(microseconds=1))
    workspace.telemetry.query("traces", between=odd)
    assert [body["timespan"] for body in asked(azure)] == [
        None,
        "2026-03-01T00:00:00.000Z/2026-03-02T00:00:00.000Z",
        "2026-03-01T00:00:00.000Z/2026-03-01T00:00:00.001Z",
    ]


def unresolved(name: str) -> Fault:
    """The service's answer to a query that names what is not there."""
    wrong = {"code": "SEM0100", "message": f"'where' operator: Failed to resolve table or column named '{name}'"}
    semantic = {"code": "SemanticError", "message": "A semantic error occurred.", "innererror": wrong}
    return Fault(error(400, "BadArgumentError", "The request had some invalid properties", innererror=semantic))


@dataclass
class Counting:
    """A question of mlmon's own, and for which tables it was written so far."""

    dialects: list[Dialect] = field(default_factory=list)

    def __call__(self, tables: Tables) -> str:
        self.dialects.append(tables.dialect)
        return "AppTraces | count" if tables.dialect is Dialect.WORKSPACE else "traces | count"


def test_a_component_whose_tables_have_the_other_names_is_asked_again_with_them(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    question = Counting()
    right = replied({"Count": "long"}, [1])
    with azure.fault(right, plane="logs"), azure.fault(unresolved("traces"), plane="logs", times=1):
        assert workspace.telemetry.ask(question).rows == ((1,),)
        assert workspace.telemetry.ask(question).rows == ((1,),)
    assert question.dialects == [Dialect.CLASSIC, Dialect.WORKSPACE, Dialect.WORKSPACE]


def test_tables_that_have_neither_names_are_asked_for_by_the_first_again(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    question = Counting()
    with azure.fault(unresolved("traces"), plane="logs"), pytest.raises(QueryError):
        workspace.telemetry.ask(question)
    assert workspace.telemetry.ask(question).rows == ((0,),)
    assert question.dialects == [Dialect.CLASSIC, Dialect.WORKSPACE, Dialect.CLASSIC]


def test_what_is_wrong_in_any_dialect_or_a_persons_own_query_is_said_at_once(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    for name, ask in (
        ("mesage", lambda: workspace.telemetry.ask(Counting())),
        ("AppTraces", lambda: workspace.telemetry.in_scope(Scope.WORKSPACE).ask(Counting())),
        ("traces", lambda: workspace.telemetry.query("traces")),
    ):
        azure.requests.clear()
        with azure.fault(unresolved(name), plane="logs"), pytest.raises(QueryError):
            ask()
        assert azure.requests.count("logs", "POST") == 1, name


def test_several_questions_are_asked_at_once_and_answered_in_their_order(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    workspace.telemetry.query("traces | count")
    azure.requests.clear()
    began = monotonic()
    with azure.fault(slow(1), plane="logs"):
        found = workspace.telemetry.ask_each([lambda _, n=n: f"print n = {n}" for n in range(4)], between=DAY)
    assert [table.rows for table in found] == [((n,),) for n in range(4)]
    assert monotonic() - began < 3
    assert [body["timespan"] for body in asked(azure)] == ["2026-03-01T00:00:00.000Z/2026-03-02T00:00:00.000Z"] * 4


# cells


def test_every_kind_of_cell_is_the_value_that_a_folder_gives(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    row = trace("text", severityLevel=2, customDimensions={"a": [1, None], "b": "ü"}, itemCount=3)
    azure.telemetry.add("traces", row)
    kql = """traces | project timestamp, message, severityLevel, customDimensions, sdkVersion, customMeasurements,
        span = 90s, nan = real(nan), flag = true, count_ = 5000000000, part = customDimensions.b | render timechart"""
    table = workspace.telemetry.query(kql)
    assert table.columns == (
        Column("timestamp", "datetime"),
        Column("message", "string"),
        Column("severityLevel", "int"),
        Column("customDimensions", "dynamic"),
        Column("sdkVersion", "string"),
        Column("customMeasurements", "dynamic"),
        Column("span", "timespan"),
        Column("nan", "real"),
        Column("flag", "bool"),
        Column("count_", "long"),
        Column("part", "dynamic"),
    )
    moment, text, level, bag, version, measured, span, nan, flag, count, part = table.rows[0]
    assert (moment, text, level) == (datetime(2026, 3, 1, 12, tzinfo=UTC), "text", 2)
    assert (bag, version, measured, part) == ({"a": [1, None], "b": "ü"}, "", None, "ü")
    assert (span, str(nan), flag, count) == (timedelta(seconds=90), "nan", True, 5_000_000_000)
    assert table.render == "timechart"


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("datetime", "2026-03-01T12:00:00.1234567Z", datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        ("datetime", "9999-12-31T23:59:59.9999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ("datetime", "the day after", "the day after"),
        ("datetime", None, None),
        ("timespan", "-1.02:03:04.0050000", -timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)),
        ("timespan", "00:00:00.0120000", timedelta(milliseconds=12)),
        ("timespan", "None", "None"),
        ("timespan", None, None),
        ("real", "Infinity", float("inf")),
        ("real", "-Infinity", float("-inf")),
        ("real", 3, 3.0),
        ("real", "much", "much"),
        ("real", None, None),
        ("long", "9007199254740993", 9007199254740993),
        ("int", 2.0, 2),
        ("bool", 1, True),
        ("bool", "False", False),
        ("decimal", "0.10", "0.10"),
        ("decimal", 0.5, "0.5"),
        ("guid", "None", "None"),
        ("guid", None, None),
        ("string", None, ""),
        ("string", 7, "7"),
        ("dynamic", '{"a":"\\u00fc"}', {"a": "ü"}),
        ("dynamic", "no JSON", "no JSON"),
        ("dynamic", "", None),
        ("dynamic", {"already": "parsed"}, {"already": "parsed"}),
        ("dynamic", "[" * 100_000, "[" * 100_000),
        ("SomethingNew", "x", "x"),
    ],
)
def test_cells_of_odd_writing(
    azure: LocalAzure, workspace: AzureMLWorkspace, kind: str, written: object, value: object
) -> None:
    with azure.fault(replied({"it": kind}, [written]), plane="logs"):
        assert workspace.telemetry.query("odd").rows == ((value,),)


def test_a_cell_may_be_very_long(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.telemetry.add("traces", trace("x" * 10_000_000))
    [[cell]] = workspace.telemetry.query("traces | project message").rows
    assert cell == "x" * 10_000_000


# what a query can come to


def test_a_part_of_an_answer_says_that_it_is_one(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.telemetry.extend("traces", [trace(str(number)) for number in range(10)])
    with azure.log_analytics.partial("One of the nodes was stopped."):
        table = workspace.telemetry.query("traces | project message")
    assert len(table.rows) == 5
    assert (table.partial, table.advice) == (
        "the answer is not complete: One of the nodes was stopped",
        "try again, or narrow it with --since and --until, summarize, or take fewer rows",
    )
    azure.log_analytics.row_limit = 3
    table = workspace.telemetry.query("traces | project message")
    assert len(table.rows) == 3
    assert table.partial.startswith("the answer is not complete (more than 500000 rows): ")
    assert table.advice == "narrow it with --since and --until, summarize, or take fewer rows"


def test_as_many_rows_as_there_can_be_may_not_be_all(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    described = b'{"tables": [{"name": "PrimaryResult", "columns": [{"name": "a", "type": "long"}], "rows": [%s]}]}'
    said = "the answer may not be complete: 500000 rows are the most that Azure gives"
    advice = "narrow it with --since and --until, summarize, or take fewer rows"
    for rows, *told in ((499_999, "", ""), (500_000, said, advice)):
        with azure.fault(answer(described % b",".join([b"[1]"] * rows)), plane="logs"):
            table = workspace.telemetry.query("traces")
        assert (len(table.rows), table.partial, table.advice) == (rows, *told)


def test_an_answer_of_too_many_bytes_says_what_to_do(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    too_large = {
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": [
            {
                "code": "EngineError",
                "message": "Something went wrong processing your query on the server.",
                "innererror": {
                    "code": "-2133196797",
                    "message": "The results of this query exceed the set limit of 64000000 bytes, so not all records"
                    " were returned (E_QUERY_RESULT_SET_TOO_LARGE).",
                },
            }
        ],
    }
    body = {"tables": [{"name": "PrimaryResult", "columns": [{"name": "a", "type": "long"}], "rows": [[1]]}]}
    with azure.fault(answer({**body, "error": too_large}), plane="logs"):
        table = workspace.telemetry.query("traces")
    assert table.rows == ((1,),)
    assert (table.partial, table.advice) == (
        (
            "the answer is not complete (an answer of more than 64 MB): The results of this query exceed the set limit "
            "of 64000000 bytes, so not all records were returned (E_QUERY_RESULT_SET_TOO_LARGE)"
        ),
        "narrow it with --since and --until, summarize, or take fewer rows, or project fewer columns",
    )


@pytest.mark.parametrize(
    ("kql", "message", "hint"),
    [
        (
            "tracez | count",
            "Failed to resolve table or column expression named 'tracez'",
            "did you mean 'traces'?",
        ),
        (
            "AppTraces | count",
            "Failed to resolve table or column expression named 'AppTraces'",
            "here that table is called traces",
        ),
        (
            "traces | where mesage == ''",
            "Failed to resolve table or column expression named 'mesage'",
            "did you mean 'message' or 'outerMessage'?",
        ),
        (".show tables", "a query that begins with '.' is a command, and none is sent", "begin with a table"),
    ],
)
def test_a_wrong_query_is_said_with_what_is_near(
    workspace: AzureMLWorkspace, kql: str, message: str, hint: str
) -> None:
    with pytest.raises(QueryError) as raised:
        workspace.telemetry.query(kql)
    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_a_query_that_takes_too_long_is_said_to(azure: LocalAzure, tmp_path: Path) -> None:
    workspace = connect(azure, tmp_path, timeout=timedelta(seconds=30))
    azure.log_analytics.takes = 31
    with pytest.raises(Unavailable) as raised:
        workspace.telemetry.query("traces")
    assert raised.value.message.startswith(
        "could not query telemetry: the query took longer than Azure was told to wait: "
    )
    assert raised.value.hint == (
        "--timeout 10m waits longer (10 minutes are the most); or narrow it with --since and --until"
    )
    assert azure.requests.count("logs", "POST") == 1


@pytest.mark.parametrize(
    ("timeout", "prefer"),
    [
        (None, "wait=180"),
        (timedelta(minutes=10), "wait=600"),
        (timedelta(hours=1), "wait=600"),
        (timedelta(0), "wait=180"),
    ],
)
def test_how_long_a_query_is_waited_for_is_said_to_the_service(
    azure: LocalAzure, tmp_path: Path, timeout: timedelta | None, prefer: str
) -> None:
    connect(azure, tmp_path, timeout=timeout).telemetry.query("traces")
    [one] = azure.requests.of("logs", "POST")
    assert one.headers["Prefer"].split(",")[0] == prefer


def test_an_answer_that_never_comes_is_not_waited_for_longer_than_asked(azure: LocalAzure, tmp_path: Path) -> None:
    workspace = connect(azure, tmp_path, timeout=timedelta(seconds=1))
    workspace.connection.discovery.telemetry()
    began = monotonic()
    with azure.fault(slow(4), plane="logs"), pytest.raises(Unavailable) as raised:
        workspace.telemetry.query("traces")
    assert "did not answer in time" in raised.value.message
    assert 1 < monotonic() - began < 3
    assert azure.requests.count("logs", "POST") <= 1


DEAD = [
    (throttled(90), "could not query telemetry: Azure throttles", "try again in 90 s"),
    (html(502), "could not query telemetry: Azure answered 502", "try again in a minute"),
    (
        refuse(500, {"error": {"code": "InternalError"}}),
        "could not query telemetry: Azure answered 500",
        "try again in a minute",
    ),
    (
        Fault(Answer(200, b"", {"Content-Type": "application/json"})),
        "could not query telemetry: Azure's answer could not be read",
        "try again in a minute",
    ),
    (
        Fault(Answer(204)),
        "could not query telemetry: Azure's answer could not be read",
        "try again in a minute",
    ),
    (
        answer(b"{"),
        "could not query telemetry: Azure's answer could not be read",
        "try again in a minute",
    ),
]


@pytest.mark.parametrize(("fault", "message", "hint"), DEAD)
def test_a_service_that_cannot_answer(
    azure: LocalAzure, workspace: AzureMLWorkspace, fault: Fault, message: str, hint: str
) -> None:
    with azure.fault(fault, plane="logs"), pytest.raises(Unavailable) as raised:
        workspace.telemetry.query("traces")
    assert (raised.value.message, raised.value.hint) == (message, hint)
    # a heavy query is not run again
    assert azure.requests.count("logs", "POST") == 1


def test_a_short_throttle_is_waited_out(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    with azure.fault(throttled(0.1), plane="logs", times=2):
        assert workspace.telemetry.query("traces | count").rows == ((0,),)


def test_a_connection_that_ends_early_is_said(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    with azure.fault(dropped(), plane="logs"), pytest.raises(Unavailable) as raised:
        workspace.telemetry.query("traces")
    host = azure.url("logs").removeprefix("https://")
    assert raised.value.message == f"could not query telemetry: the connection to {host} broke"


@pytest.mark.parametrize(
    ("scope", "role"), [(Scope.COMPONENT, "Monitoring Reader"), (Scope.WORKSPACE, "Log Analytics Reader")]
)
def test_who_may_not_query_hears_which_role_is_missing_and_where(
    azure: LocalAzure, workspace: AzureMLWorkspace, scope: Scope, role: str
) -> None:
    facts = workspace.connection.discovery.telemetry()
    where = facts.component if scope is Scope.COMPONENT else f"the Log Analytics workspace {facts.logs_workspace}"
    with azure.deny(".*query/read"), pytest.raises(NotAllowed) as raised:
        workspace.telemetry.in_scope(scope).query("traces")
    assert raised.value.message == (
        f"{azure.principal.display_name} may not query telemetry:"
        " The provided credentials have insufficient access to perform the requested operation"
    )
    assert raised.value.hint == f"ask for the role {role!r} on {where}"
    assert raised.value.exit_code is ExitCode.NOT_ALLOWED


def test_a_classic_component_has_no_workspace_to_ask(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.component["properties"].pop("WorkspaceResourceId")
    with pytest.raises(NotFound):
        workspace.telemetry.in_scope(Scope.WORKSPACE).query("AppTraces")


def test_debug_says_the_request_and_no_token(azure: LocalAzure, tmp_path: Path) -> None:
    said: list[str] = []
    connect(azure, tmp_path, said=said).telemetry.query("traces")
    [line] = [line for line in said if "/query ->" in line]
    assert line.startswith(f"POST {azure.url('logs')}/v1{azure.component['id']}/query -> 200 (")
    assert "eyJ" not in "".join(said)


# requests


def request(name: str, role: str, **more: Any) -> dict[str, Any]:
    bag = {"Service Name": name} if name else {}
    row = {"timestamp": NOON, "success": "True", "resultCode": "200", "duration": 5.5, "cloud_RoleName": role}
    return {**row, **more, "customDimensions": {**bag, **more.get("customDimensions", {})}}


@pytest.mark.parametrize("scope", Scope)
def test_requests_of_all_services_are_counted_by_one_query_that_knows_the_defective_ones(
    azure: LocalAzure, workspace: AzureMLWorkspace, scope: Scope
) -> None:
    native = {"duration": 0, "resultCode": "0", "success": "True"}
    azure.telemetry.extend(
        "requests",
        [
            request("svc", "", success="False", resultCode="500"),
            request("svc", ""),
            request("", "ep/blue", **native, customDimensions={"resultCode": "503", "duration": "00:00:00.0120000"}),
            request("", "ep/blue", **native, customDimensions={"resultCode": "200"}),
            request("", "ep/blue", **native, customDimensions={"resultCode": "who knows"}),
            request("", "ep/blue", itemCount=4),
            request("svc", "", timestamp="2026-03-02T00:00:00Z"),
        ],
    )
    azure.telemetry.add("requests", request("svc", ""), component="/subscriptions/s/elsewhere")
    assert workspace.telemetry.in_scope(scope).request_counts(DAY) == {
        ("svc", ""): RequestCounts(2, 1),
        ("", "ep/blue"): RequestCounts(7, 2),
    }
    assert azure.requests.count("logs", "POST") == 1


def test_counts_of_a_part_are_no_counts(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.telemetry.add("requests", request("svc", ""))
    with azure.log_analytics.partial(), pytest.raises(Unavailable):
        workspace.telemetry.request_counts(DAY)


def test_a_component_that_is_gone_is_looked_for_again_the_next_time(
    azure: LocalAzure, workspace: AzureMLWorkspace, tmp_path: Path
) -> None:
    workspace.telemetry.query("traces")
    moved = azure.component
    azure.resources.components.clear()
    with pytest.raises(NotFound):
        workspace.telemetry.query("traces")
    azure.resources.components[moved["name"]] = moved
    azure.requests.clear()
    assert connect(azure, tmp_path).telemetry.query("traces | count").rows == ((0,),)
    assert azure.requests.count("arm", path="/components/") == 1


def test_a_cloud_without_log_analytics_is_said(workspace: AzureMLWorkspace) -> None:
    wire = workspace.connection.wire
    workspace.connection.wire._cloud = replace(wire.cloud, logs="", logs_scope="")
    with pytest.raises(NotFound) as raised:
        workspace.telemetry.query("traces")
    assert raised.value.message == f"the cloud {wire.cloud.name} names no Log Analytics service"
