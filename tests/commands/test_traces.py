"""Traces of services in a folder: found, filtered, unfolded, one in full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from running import Runner

IDS = {"Container Id": "host", "Request Id": "r-1", "Client Request Id": "", "Models": ["m:1"]}


def add(runner: Runner, *rows: dict[str, Any], table: str = "traces", service: str = "churn-v2/blue") -> None:
    """Rows as a server may have sent them to this workspace, on the day before."""
    folder = runner.folder / "telemetry" / table
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "2026-11-19.jsonl").open("a", encoding="utf-8") as file:
        for minute, row in enumerate(rows):
            whole = {"timestamp": f"2026-11-19T08:{minute:02}:00.000000Z", "cloud_RoleName": service, **row}
            file.write(json.dumps(whole) + "\n")


def data(input_: str, **more: Any) -> dict[str, Any]:
    """A request's data, as azureml-inference-server-http 1.5.1 sends it."""
    pairs = {**IDS, "Input": input_, "Prediction": "[0.5]"}
    return {
        "message": "model_data_collection",
        "severityLevel": 1,
        "customDimensions": {"custom_dimensions": repr(pairs)[:8192]},
        **more,
    }


# where


def test_the_newest_traces_that_contain_a_word(demo: Runner) -> None:
    rows = demo("traces --where input -o json").json
    assert len(rows) == 10
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
    assert {row["cloud_RoleName"] for row in rows} == {"diabetes"}
    assert {row["message"] for row in rows} == {"STDOUT"}


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
    line = "traces --where bmi --filter level>=error --since 2026-03-01 --until 2026-04-01 --print-kql"
    assert (
        churn(line).out
        == """\
traces
| where timestamp >= datetime(2026-03-01T00:00:00Z) and timestamp < datetime(2026-04-01T00:00:00Z)
| where cloud_RoleName == "churn" or tostring(customDimensions["Service Name"]) == "churn"
    or cloud_RoleName in ("azmlinfsrv", "gunicorn") and isempty(tostring(customDimensions["Service Name"]))
        and cloud_RoleInstance in ((
            requests
            | where timestamp >= datetime(2026-02-28T23:00:00Z) and timestamp < datetime(2026-04-01T01:00:00Z)
            | where cloud_RoleName in ("azmlinfsrv", "gunicorn") and isnotempty(cloud_RoleInstance)
            | where tostring(customDimensions["Service Name"]) == "churn"
            | distinct cloud_RoleInstance))
| where customDimensions contains "bmi" or message contains "bmi"
| where severityLevel >= 3
| order by timestamp desc
| take 10
"""
    )


@pytest.mark.parametrize("options", ["--filter 'message.input.0.0>1'", "--failed", "--where bmi --failed --limit 3"])
def test_the_query_that_is_printed_gives_the_same_rows(churn: Runner, options: str) -> None:
    churn("invoke churn --data rows.json")
    churn(["invoke", "churn", "--data", "-"], stdin='{"wrong": 1}')
    printed = churn(f"traces {options} --print-kql").out
    asked = churn(["query", printed, "-o", "json"])
    assert asked.code == 0, asked.err
    assert asked.json == churn(f"traces {options} --as-stored -o json").json


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


# filters


def test_a_filter_means_the_same_in_both_generations(churn: Runner) -> None:
    for service in ("churn", "churn-v2"):
        churn(f"invoke {service} --data rows.json")
        churn(["invoke", service, "--data", "-"], stdin='{"data": [[1, 2]]}')
        for one in ("message.input.0.0>=31", r"message~\[\[31, ", "message.output.0=33.5"):
            [row] = churn(["traces", service, "--filter", one]).jsonl
            assert row["payload"] == {"input": [[31, 2.5], [64, 0]], "output": [33.5, 64]}, (service, one)
        assert churn(["traces", service, "--filter", "message~31", "--filter", "message.input.0.0<31"]).out == ""


def test_a_filter_that_cannot_be_read_is_an_error_before_anything_is_asked(churn: Runner) -> None:
    outcome = churn(["traces", "--filter", "mesage=x"])
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "error: there is no field 'mesage'\nhint: did you mean 'message'?\n"


# decoding


def test_what_a_server_wrote_as_a_python_text_is_put_right_and_marked(churn: Runner) -> None:
    add(churn, data('{"data": [[1]]}'), {"message": "plain"})
    outcome = churn("traces churn-v2")
    plain, found = outcome.jsonl
    assert found["customDimensions"] == {**IDS, "Input": '{"data": [[1]]}', "Prediction": "[0.5]"}
    assert found["payload"] == {
        "Request Id": "r-1",
        "Client Request Id": "",
        "Models": ["m:1"],
        "Input": {"data": [[1]]},
        "Prediction": [0.5],
    }
    assert (found["corrected"], plain["corrected"], "truncated" in found) == (True, False, False)
    assert outcome.err == (
        "time range: all there is\n"
        "1 row is corrected: the parts of customDimensions were one text; --as-stored shows it as it is\n"
    )
    stored = churn("traces churn-v2 --as-stored")
    assert stored.err == "time range: all there is\n"
    assert [set(row) & {"id", "payload", "corrected"} for row in stored.jsonl] == [set(), set()]
    assert stored.jsonl[1]["customDimensions"] == data('{"data": [[1]]}')["customDimensions"]


def test_what_was_cut_is_marked_and_where_the_whole_is_is_said(churn: Runner) -> None:
    add(churn, data("[" + "1, " * 9000 + "1]"), data("[2]"), {"message": "x" * 32_768})
    outcome = churn("traces churn-v2")
    message, whole, cut = outcome.jsonl
    assert [row["truncated"] for row in (message, whole, cut)] == [True, False, True]
    assert cut["customDimensions"]["truncated"] == "Input was cut"
    assert outcome.err.splitlines()[1:] == [
        "2 rows are corrected: the parts of customDimensions were one text; --as-stored shows them as they are",
        "2 rows are cut at the length that telemetry allows: the collected data has the whole (mlmon pull)",
    ]
    notes = [json.loads(line) for line in churn("traces churn-v2 -o json").err.splitlines()]
    assert [note["message"][:14] for note in notes[1:]] == ["2 rows are cor", "2 rows are cut"]
    assert churn("traces churn-v2 -q").err == ""


# failed


def test_traces_of_failed_requests(churn: Runner) -> None:
    script = (churn.folder / "v1.py").read_text()
    (churn.folder / "v1.py").write_text(script.replace("    rows = ", '    print("got " + raw_data)\n    rows = '))
    churn("invoke churn --data rows.json")
    churn(["invoke", "churn", "--data", "-"], stdin='{"wrong": 1}')
    outcome = churn("traces --failed")
    assert [row["payload"] for row in outcome.jsonl] == [None]
    assert outcome.jsonl[0]["customDimensions"]["Content"] == 'got {"wrong": 1}'
    assert outcome.err == "time range: all there is\n"


def test_what_cannot_be_tied_to_a_request_is_said(churn: Runner) -> None:
    bag = {"resultCode": "500", "Request Id": "r-1"}
    lying = {"success": "True", "resultCode": "0", "duration": 0, "operation_Id": "1", "customDimensions": bag}
    add(churn, lying, table="requests")
    add(churn, data("[1]"), {"message": "printed", "operation_Id": "0" * 32}, {"message": "bad", "severityLevel": 4})
    outcome = churn("traces churn-v2 --failed")
    assert [row["message"] for row in outcome.jsonl] == ["bad", "model_data_collection"]
    assert outcome.err.splitlines()[1] == (
        "what a v2 service prints is not tied to its request: errors are here, and the data of failed requests"
    )


# one in full


@pytest.mark.parametrize("service", ["churn", "churn-v2"])
def test_one_trace_is_shown_in_full_by_its_id(churn: Runner, service: str) -> None:
    for number in range(3):
        churn(["invoke", service, "--data", "-"], stdin=f'{{"data": [[{number}]]}}')
    for row in churn(f"traces {service}").jsonl:
        whole = churn(f"traces {service} --show {row['id']} -o json")
        assert (whole.code, whole.err) == (0, "")
        assert whole.json == {"schema_version": 1, **row}


def test_an_id_is_enough_and_a_service_beside_it_has_to_be_one(churn: Runner) -> None:
    add(churn, {"message": "of v2"})
    [row] = churn("traces churn-v2").jsonl
    assert churn(f"traces --show {row['id']} -o json").json["message"] == "of v2"
    assert churn(f"traces nobody --show {row['id']}").code == 5


def test_and_marks_are_said_there_too(churn: Runner) -> None:
    add(churn, data("[1]"))
    [row] = churn("traces churn-v2").jsonl
    outcome = churn(f"traces churn-v2 --show {row['id'].upper()}", terminal=True)
    assert outcome.out == (
        "id: mntcfgu80fvb\n"
        "time: 2026-11-19 08:00:00\n"
        "level: info\n"
        "marks: corrected\n"
        "payload.Input: [1]\n"
        "payload.Prediction: [0.5]\n"
        "payload.Request Id: r-1\n"
        "payload.Client Request Id: \n"
        'payload.Models: ["m:1"]\n'
        "customDimensions.Container Id: host\n"
        "cloud_RoleName: churn-v2/blue\n"
    )
    assert outcome.err.splitlines()[-2].startswith("1 row is corrected: ")
    stored = churn(f"traces churn-v2 --show {row['id']} --as-stored -o json")
    assert stored.json["customDimensions"] == data("[1]")["customDimensions"]


def test_an_id_that_no_row_has(churn: Runner) -> None:
    assert churn("traces --show mntcfgu80000").err == (
        "error: there is no trace mntcfgu80000\nhint: the ids are in the first column of mlmon traces\n"
    )
    assert churn("traces --show mntcfgu80000").code == 5
    wrong = churn("traces --show nonsense")
    assert (wrong.code, wrong.err) == (
        2,
        "error: 'nonsense' is no row's id\nhint: the column id of mlmon traces has them\n",
    )


@pytest.mark.parametrize(
    "more", ["--where x", "--filter level=error", "--failed", "--limit 3", "--since 7d", "--kql '| count'"]
)
def test_one_trace_is_asked_for_alone(churn: Runner, more: str) -> None:
    outcome = churn(f"traces --show mntcfgu80000 {more}")
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, "error: --show has one trace alone")


def test_its_query_asks_for_one_millisecond(churn: Runner) -> None:
    assert churn("traces --show mntcfgu80000 --print-kql").out == (
        "traces\n"
        "| where timestamp >= datetime(2026-11-19T08:00:00Z) and timestamp < datetime(2026-11-19T08:00:00.001000Z)\n"
    )


def test_why_nothing_newer_comes_is_said(churn: Runner) -> None:
    churn("disable-insights churn --yes")
    note = "warning: Application Insights is off for churn, so that it sends no telemetry"
    hint = "hint: mlmon enable-insights churn"
    assert churn("traces").err.splitlines() == ["time range: all there is", note, hint, "no traces match"]
    add(churn, {"message": "old"}, service="churn")
    assert churn("traces").err.splitlines()[1:] == [f"{note}; what is here is from before", hint]


# hostile rows


def test_rows_of_odd_shapes_are_shown_as_they_are(churn: Runner) -> None:
    bags: list[Any] = [
        None,
        "text",
        [1],
        3,
        {"custom_dimensions": None},
        {"custom_dimensions": "{'a': " * 900},
        {"": {}},
    ]
    add(churn, *[{"message": "m", "severityLevel": 9, "customDimensions": bag} for bag in bags])
    for output in ("json", "jsonl", "csv", "table"):
        for more in ("", "--as-stored", "--raw", "--failed"):
            outcome = churn(f"traces churn-v2 -o {output} {more}", terminal=output == "table")
            assert (outcome.code, "Traceback" in outcome.err) == (0, False), (output, more)
    assert [row["customDimensions"] for row in churn("traces churn-v2").jsonl] == list(reversed(bags))


def test_a_payload_of_very_many_parts_has_a_column_for_the_rest(churn: Runner) -> None:
    add(churn, {"message": json.dumps({f"k{number}": number for number in range(60)})})
    header = churn("traces churn-v2 -o table").out.splitlines()[0].split()
    assert header == ["id", "time", "level", *(f"k{number}" for number in range(40)), "more"]


def test_raw_lines_are_what_was_printed(churn: Runner, tmp_path: Path) -> None:
    add(churn, {"message": "one\x1b[2J"}, data("[1]"))
    for output in ("", "-o table", "--as-stored"):
        assert churn(f"traces churn-v2 --raw {output}").out == "model_data_collection\none\x1b[2J\n", output
    assert [row["message"] for row in churn("traces churn-v2 --raw -o json").json] == [
        "model_data_collection",
        "one\x1b[2J",
    ]
