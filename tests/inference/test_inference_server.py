"""What the published inference servers report of ten requests, three of them failing, and what mlmon makes of it.

Observed here, with azureml-inference-server-http 1.3.4 and 1.5.1 in environments of their own:

* Every request has `success` "True" and `resultCode` "0". 1.3.4 has no `name`, and the `duration` that it took; 1.5.1
  has the name, and for a duration what sending the row took: 0 as a rule, but a millisecond or more on a busy machine.
  What happened stands in the bag, as text: `success`, `resultCode`, `name`, `duration` (whole milliseconds, never
  rounded up), `start_time`, `Request Id`. The time of a row is when the request came with 1.3.4, and when its answer
  was ready with 1.5.1.
* No operation ties a request to what else was sent while it ran: all requests of a worker of 1.3.4 share one
  `operation_Id`, each of 1.5.1 has its own, and traces and exceptions of both have zeros. The request id does:
  in the bag of 1.3.4, in 1.5.1 within the Python dict that its `custom_dimensions` is the text of. A printed line has
  neither.
* Rows of 1.3.4 have the program's name, `azmlinfsrv`, for their role, so that a printed line or an exception does not
  say of which service it is. Rows of 1.5.1 have the service's.
* Where a script answers with an HTTP response of its own, no model data is sent. 1.3.4 prints two lines about that;
  1.5.1 sends an exception of type TypeError, without a request id, which no request failed by.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from azured import connect
from emulators.azure import LocalAzure
from inference.conftest import TEN, Scored
from inference.serving import COLLECTING, VERSIONS, Answered, Call, deployment, score, service
from mlmon.core.model import RequestCounts, ServiceName, Value
from mlmon.core.ports import Dialect, Scope
from mlmon.core.timerange import TimeRange
from mlmon.kql.requests import CODE, LATENCY, SUCCEEDED, truth
from mlmon.monitoring.attribution import attributed
from mlmon.monitoring.decoding import decode, payload

ROLES = {"1.3.4": "azmlinfsrv", "1.5.1": service("1.5.1")}
BLAMELESS = "An unexpected error occurred in scoring script. Check the logs for more info."
OWN_STATUS = {"well": 200, "raises": 500, "refuses": 422}
NO_OPERATION = "0" * 32


def today() -> TimeRange:
    now = datetime.now(UTC)
    return TimeRange(now - timedelta(hours=1), now + timedelta(hours=1))


def answered(scored: Scored, version: str, name: str) -> Answered:
    """What came of the call of this name."""
    return next(each for each in scored.answers[version] if each.call.name == name)


def stored(azure: LocalAzure, table: str, version: str) -> list[dict[str, Any]]:
    """The rows that a version's server sent, oldest first."""
    rows = [dict(row) for row in azure.telemetry.rows(table) if row["cloud_RoleName"] == ROLES[version]]
    return sorted(rows, key=lambda row: moment(row["timestamp"]))


def moment(written: str) -> datetime:
    """A time as the servers write it, with as many digits as it needs."""
    return datetime.fromisoformat(written)


def request(scored: Scored, version: str, name: str) -> dict[str, Any]:
    """The row of the request of this name."""
    wanted = answered(scored, version, name).request_id
    [row] = [r for r in stored(scored.azure, "requests", version) if r["customDimensions"]["Request Id"] == wanted]
    return row


def wrapped(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The bag of a row whose server sends it as it is, or as the text of a dict, which is written by `repr`."""
    import ast

    bag = row["customDimensions"]
    return ast.literal_eval(bag["custom_dimensions"]) if "custom_dimensions" in bag else bag


# the lie


@pytest.mark.parametrize("version", VERSIONS)
def test_the_client_saw_seven_answers_and_three_failures(scored: Scored, version: str) -> None:
    assert [each.status for each in scored.answers[version]] == [OWN_STATUS[call.ends] for call in TEN]


def test_by_the_columns_of_the_rows_no_request_ever_failed(scored: Scored) -> None:
    for kql in ("requests | where success == false | count", "AppRequests | where Success == false | count"):
        scope = "component" if kql.startswith("requests") else "workspace"
        outcome = scored.mlmon(["query", kql, "--scope", scope, "-o", "json"])
        assert (outcome.code, outcome.json) == (0, [{"Count": 0}]), outcome.err
    assert scored.mlmon(["query", "requests | where success == true | count", "-o", "json"]).json == [{"Count": 20}]


# the truth


@pytest.mark.parametrize("scope", [Scope.COMPONENT, Scope.WORKSPACE])
@pytest.mark.parametrize("version", VERSIONS)
def test_results_and_latencies_are_what_the_client_saw(scored: Scored, version: str, scope: Scope) -> None:
    dialect = Dialect.CLASSIC if scope is Scope.COMPONENT else Dialect.WORKSPACE
    table, bag = ("requests", "customDimensions") if scope is Scope.COMPONENT else ("AppRequests", "Properties")
    columns = f'| project id = tostring({bag}["Request Id"]), {CODE}, {SUCCEEDED}, {LATENCY}'
    found = scored.workspace.telemetry.in_scope(scope).query("\n".join([table, *truth(dialect), columns]))
    by_id = {row[0]: row[1:] for row in found.rows}
    assert len(by_id) == 2 * len(TEN)
    for each in scored.answers[version]:
        code, succeeded, latency = by_id[each.request_id]
        assert (code, succeeded) == (str(each.status), each.call.ends == "well")
        assert isinstance(latency, float)
        # whole milliseconds, which 1.3.4 may have rounded up
        assert each.call.sleep * 1000 <= latency <= each.milliseconds + 1


def test_ten_requests_and_three_failures_are_each_deployments_own(scored: Scored) -> None:
    services = [ServiceName(*deployment(version)) for version in VERSIONS]
    counts, nobodys = attributed(scored.workspace.telemetry.request_counts(today()), services)
    assert (counts, nobodys) == (dict.fromkeys(services, RequestCounts(10, 3)), [])


@pytest.mark.parametrize("scope", ["component", "workspace"])
@pytest.mark.parametrize("version", VERSIONS)
def test_metrics_tell_ten_requests_three_failures_and_the_true_latencies(
    scored: Scored, version: str, scope: str
) -> None:
    name = "/".join(deployment(version))
    outcome = scored.mlmon(["metrics", name, "--since", "1h", "--scope", scope, "-o", "json"])
    assert outcome.code == 0, outcome.err
    assert "10 rows are corrected" in outcome.err
    told = outcome.json
    assert (told["service"], told["requests"], told["failed"], told["failure_rate"]) == (name, 10, 3, 0.3)
    assert [sum(part[key] for part in told["intervals"]) for key in ("requests", "failed")] == [10, 3]
    # latencies in order: each is at least what its script slept, and at most what its client waited
    slept = sorted(each.call.sleep * 1000 for each in scored.answers[version])
    waited = sorted(each.milliseconds for each in scored.answers[version])
    for percentile, (first, last) in {"p50_ms": (4, 5), "p95_ms": (9, 9), "p99_ms": (9, 9)}.items():
        assert slept[first] <= told[percentile] <= waited[last] + 1


# model data


def collected(azure: LocalAzure, workspace_folder: Path, version: str) -> list[dict[str, Value]]:
    """The decoded rows of a version's model data, in the order of the requests."""
    workspace = connect(azure, workspace_folder)
    found = workspace.telemetry.query('traces | where message == "model_data_collection" | order by timestamp asc')
    decoded = decode(found, of="traces").table.records()
    return [row for row in decoded if row["cloud_RoleName"] == ROLES[version]]


def test_model_data_of_both_versions_decodes_to_the_same_rows(scored: Scored, tmp_path: Path) -> None:
    well = [call for call in TEN if call.ends == "well"]
    made = {}
    for version in VERSIONS:
        rows = collected(scored.azure, tmp_path / version, version)
        parts = [payload(row) or {} for row in rows]
        ids = [each.request_id for each in scored.answers[version] if each.call.ends == "well"]
        assert [part.pop("Request Id") for part in parts] == ids
        assert [row["customDimensions"]["Service Name"] for row in rows] == [service(version)] * len(well)
        made[version] = parts
    assert made["1.3.4"] == made["1.5.1"]
    assert made["1.5.1"] == [
        {
            "Client Request Id": "from-a-client",
            "Models": ["churn:3"],
            "Input": json.loads(call.body),
            "Prediction": {"scores": [sum(row) for row in call.data], "name": call.name},
        }
        for call in well
    ]


def test_of_a_payload_above_the_limit_each_version_keeps_what_fits(azure: LocalAzure, tmp_path: Path) -> None:
    large = Call(data=[[number, 0.5] for number in range(2_000)], name="large")
    score(azure, tmp_path, [large])
    found = connect(azure, tmp_path / "state").telemetry.query('traces | where message == "model_data_collection"')
    decoded = decode(found, of="traces")
    assert (len(decoded.table.rows), decoded.corrected, decoded.truncated) == (2, 1, 2)
    parts = {str(row["cloud_RoleName"]): payload(row) or {} for row in decoded.table.records()}
    of_old, of_new = (parts[ROLES[version]] for version in VERSIONS)
    assert str(of_old["Input"])[:40] == str(of_new["Input"])[:40]
    # one property each, and the inputs alone are too much for it; or one property for all
    assert (len(str(of_old["Prediction"])), "Prediction" in of_new) == (8_192, False)


def test_neither_version_knows_the_others_variable(azure: LocalAzure, tmp_path: Path) -> None:
    score(azure, tmp_path, [Call()], collecting=dict(zip(VERSIONS, reversed(COLLECTING.values()), strict=True)))
    assert "model_data_collection" not in {row["message"] for row in azure.telemetry.rows("traces")}
    assert len(azure.telemetry.rows("requests")) == 2


# what is sent, word by word


def test_a_failed_request_as_1_3_4_sends_it(scored: Scored) -> None:
    row = request(scored, "1.3.4", "raises")
    bag = row["customDimensions"]
    own = {name: row[name] for name in ("id", "name", "url", "success", "resultCode", "timestamp", "cloud_RoleName")}
    assert own == {
        "id": bag["Request Id"],
        "name": "",
        "url": "",
        "success": "True",
        "resultCode": "0",
        "timestamp": bag["start_time"],
        "cloud_RoleName": "azmlinfsrv",
    }
    assert "operation_Name" not in row
    assert 80 <= row["duration"] <= answered(scored, "1.3.4", "raises").milliseconds + 1
    assert told(bag, scored) == {**TOLD, "Service Name": service("1.3.4"), "Response Value": json.dumps(TOLD_VALUE)}


def test_a_failed_request_as_1_5_1_sends_it(scored: Scored) -> None:
    row = request(scored, "1.5.1", "raises")
    bag = row["customDimensions"]
    own = {name: row[name] for name in ("name", "url", "success", "resultCode", "operation_Name", "cloud_RoleName")}
    assert own == {
        "name": "/score",
        "url": "",
        "success": "True",
        "resultCode": "0",
        "operation_Name": "/score",
        "cloud_RoleName": service("1.5.1"),
    }
    assert len(row["id"]) == 16
    # how long it took to send the row, after the script had slept
    assert row["duration"] <= answered(scored, "1.5.1", "raises").milliseconds - 80 + 1
    assert moment(row["timestamp"]) >= moment(bag["start_time"]) + timedelta(milliseconds=80)
    assert told(bag, scored) == {**TOLD, "Service Name": service("1.5.1"), "Response Value": TOLD_VALUE}


TOLD_VALUE = json.dumps({"message": BLAMELESS})
TOLD = {
    "Container Id": "container-1",
    "Client Request Id": "from-a-client",
    "name": "/score",
    "resultCode": "500",
    "success": "False",
    "http_method": "POST",
    "Workspace Name": "ws",
}


def told(bag: Mapping[str, Any], scored: Scored) -> dict[str, Any]:
    """The bag without what differs from run to run, which is looked at here."""
    rest = dict(bag)
    assert rest.pop("url").startswith("http://127.0.0.1:")
    assert rest.pop("start_time").endswith("Z")
    assert "00:00:00.080" <= rest.pop("duration") < "00:00:30"
    ids = [answered(scored, version, "raises").request_id for version in VERSIONS]
    assert rest.pop("Request Id") in ids
    return rest


def test_no_operation_ties_a_request_to_what_was_sent_while_it_ran(scored: Scored) -> None:
    operations = {v: {row["operation_Id"] for row in stored(scored.azure, "requests", v)} for v in VERSIONS}
    assert (len(operations["1.3.4"]), len(operations["1.5.1"])) == (1, 10)
    for version in VERSIONS:
        for table in ("traces", "exceptions"):
            assert {row["operation_Id"] for row in stored(scored.azure, table, version)} == {NO_OPERATION}


@pytest.mark.parametrize("version", VERSIONS)
def test_printed_lines_are_messages_that_name_no_request(scored: Scored, version: str) -> None:
    rows = [row for row in stored(scored.azure, "traces", version) if "Request Id" not in wrapped(row)]
    printed = ["the model is loaded", *(json.dumps({"rows": len(call.data)}) for call in TEN)]
    beside = ["Error logging to Application Insights:", "Object of type AMLResponse is not JSON serializable"]
    assert [row["message"] for row in rows if row["message"] not in beside] == printed
    assert [row["message"] for row in rows if row["message"] in beside] == (beside if version == "1.3.4" else [])
    assert {row["severityLevel"] for row in rows} == {1}


@pytest.mark.parametrize("version", VERSIONS)
def test_exceptions_name_their_request_and_tell_the_scripts_own_error_in_a_text(scored: Scored, version: str) -> None:
    rows = [row for row in stored(scored.azure, "exceptions", version) if row["type"] == "UserScriptException"]
    raised = [each for each in scored.answers[version] if each.call.ends == "raises"]
    assert [wrapped(row)["Request Id"] for row in rows] == [each.request_id for each in raised]
    for row, each in zip(rows, raised, strict=True):
        # 1.3.4 puts the traceback into the message, 1.5.1 beside it
        detail = row["details"][0]
        text = detail["message"] if version == "1.3.4" else detail["rawStack"]
        assert f'ValueError: no customer called "{each.call.name}"' in text
        assert (row["innermostType"], row["severityLevel"]) == ("UserScriptException", 3)
    others = [row["type"] for row in stored(scored.azure, "exceptions", version) if row not in rows]
    assert others == ([] if version == "1.3.4" else ["TypeError"])
