"""traces, query, ls and pull over the local Azure: as over a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azured import counted, runner
from emulators.azure import LocalAzure
from emulators.faults import Fault, answer, refuse, slow
from emulators.messages import Answer
from running import Runner

PRINTED = json.dumps({"input": [[31, 2.5]], "output": [33.5]})


def trace(azure: LocalAzure, text: str, *, service: str, minute: int) -> None:
    """A printed line, as each generation's server sends it."""
    v1 = "/" not in service
    row = {
        "timestamp": f"2026-11-20T09:{minute:02}:00Z",
        "message": "STDOUT" if v1 else text,
        "cloud_RoleName": "" if v1 else service,
        "customDimensions": {"Service Name": service, "Content": text} if v1 else {"code.lineno": 1},
    }
    azure.telemetry.add("traces", row)


@pytest.fixture
def mlmon(azure: LocalAzure, tmp_path: Path) -> Runner:
    """mlmon in a workspace with a v1 service and two v2 deployments, each of which has printed and collected."""
    ws = azure.workspace
    azure.webservices.add("svc")
    place = f"{ws.subscription}/{ws.group}/{ws.name}".lower()
    for day in ("02/28", "03/01", "03/31", "04/01"):
        azure.blobs.put("modeldata", f"{place}/svc/m/1/inputs/2026/{day}/inputs.csv", b"a\r\n1\n")
    container = str(azure.datastores["workspaceblobstore"]["properties"]["containerName"])
    for deployment in ("blue", "green"):
        uri = f"azureml://datastores/workspaceblobstore/paths/custom/place/{deployment}"
        asset = azure.add_data(f"in-{deployment}", uri=uri)
        collections = {"model_inputs": {"dataCollectionMode": "Enabled", "dataId": asset["id"]}}
        azure.add_deployment("ep", deployment, dataCollector={"collections": collections})
        for when in ("2026/02/28/23", "2026/03/01/00", "2026/3/31/23", "2026/04/01/00"):
            azure.blobs.append(container, f"custom/place/{deployment}/{when}/a.jsonl", b'{"a": 1}\n')
    for minute, service in enumerate(("svc", "ep/blue", "ep/green")):
        trace(azure, PRINTED, service=service, minute=minute)
        trace(azure, "warming up", service=service, minute=minute + 10)
    return runner(azure, tmp_path / "here")


@pytest.mark.parametrize("scope", ["component", "workspace"])
@pytest.mark.parametrize("service", ["svc", "ep/blue"])
def test_the_same_words_find_the_same_lines_in_both_scopes(mlmon: Runner, service: str, scope: str) -> None:
    for text in ("input", '"input": [[31', "[[31, 2.5]", "INPUT"):
        outcome = mlmon(["traces", service, "--where", text, "--scope", scope], terminal=True)
        assert outcome.code == 0
        header, row = outcome.out.splitlines()
        assert header.split() == ["id", "time", "level", "input", "output"]
        assert row.split()[-3:] == ["[[31,", "2.5]]", "[33.5]"]
    raw = mlmon(["traces", service, "--where", "input", "--scope", scope, "--raw", "-o", "table"])
    assert raw.out == f"{PRINTED}\n"
    assert mlmon(["traces", service, "--where", "zebra", "--scope", scope]).out == ""


def test_the_query_is_printed_for_where_it_runs(azure: LocalAzure, mlmon: Runner) -> None:
    assert mlmon("traces ep/blue --where bmi --scope workspace --print-kql").out == (
        "AppTraces\n"
        f'| where _ResourceId =~ "{azure.component["id"].lower()}"\n'
        '| where AppRoleName in ("ep/blue", "blue", "ep-blue")'
        ' or tostring(Properties["Service Name"]) in ("ep/blue", "blue", "ep-blue")\n'
        '    or AppRoleName in ("azmlinfsrv", "gunicorn") and isempty(tostring(Properties["Service Name"]))\n'
        "        and AppRoleInstance in ((\n"
        "            AppRequests\n"
        f'            | where _ResourceId =~ "{azure.component["id"].lower()}"\n'
        '            | where AppRoleName in ("azmlinfsrv", "gunicorn") and isnotempty(AppRoleInstance)\n'
        '            | where tostring(Properties["Service Name"]) in ("ep/blue", "blue", "ep-blue")\n'
        "            | distinct AppRoleInstance))\n"
        '| where Properties contains "bmi" or Message contains "bmi"\n'
        "| order by TimeGenerated desc\n"
        "| take 10\n"
    )
    assert azure.requests.count("logs") == 0


def test_the_scope_of_the_settings_holds_and_an_option_is_stronger(mlmon: Runner) -> None:
    with (mlmon.folder / "mlmon.toml").open("a") as file:
        file.write('telemetry_scope = "workspace"\n')
    assert mlmon(["query", "AppTraces | count"]).jsonl == [{"Count": 6}]
    assert mlmon(["query", "traces | count", "--scope", "component"]).jsonl == [{"Count": 6}]
    wrong = mlmon(["query", "traces | count"])
    assert (wrong.code, wrong.err.splitlines()[-1]) == (2, "hint: here that table is called AppTraces")


def test_another_deployments_traces_are_not_shown(mlmon: Runner) -> None:
    rows = mlmon("traces ep/green -o json").json
    assert {row["cloud_RoleName"] for row in rows} == {"ep/green"}
    assert [row["timestamp"] for row in rows] == ["2026-11-20T09:12:00Z", "2026-11-20T09:02:00Z"]


def test_a_deployments_names_cost_one_request_an_endpoint_and_a_web_services_none(
    azure: LocalAzure, mlmon: Runner
) -> None:
    """Every time: a name that only one service bore a minute ago may be somebody else's too by now."""
    for number in range(5):
        azure.add_deployment(f"ep{number}", "blue")
    for command in ("traces ep/blue", "traces svc"):
        assert mlmon(command).code == 0
    azure.requests.clear()
    assert mlmon("traces ep/blue").code == 0
    assert (len(counted(azure)), azure.requests.count("v1"), azure.requests.count("logs")) == (2 + 6, 1, 1)
    azure.requests.clear()
    assert mlmon("traces svc").code == 0
    assert (len(counted(azure)), azure.requests.count("v1"), azure.requests.count("logs")) == (0, 1, 1)


def test_web_services_that_cannot_be_seen_may_have_a_deployments_names(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.fault(refuse(403, {"code": "Forbidden", "message": "no"}), plane="v1"):
        outcome = mlmon("traces ep/green")
    assert (outcome.code, len(outcome.jsonl)) == (0, 2)
    assert outcome.err.splitlines()[0].startswith("warning: the v1 web services are left out: ")
    assert outcome.err.splitlines()[0].endswith("; rows of one called ep-green or green may be here")


def test_a_part_of_an_answer_is_exit_code_7_with_a_warning(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.log_analytics.partial("One of the nodes was stopped."):
        for command in ("traces svc", "traces svc -o table", "traces svc --kql '| project message'", "query traces"):
            outcome = mlmon(command)
            assert outcome.code == 7, command
            assert outcome.out, command
            assert "warning: the answer is not complete: One of the nodes was stopped; try again" in outcome.err


def test_no_range_is_added_and_the_one_asked_for_is_said(azure: LocalAzure, mlmon: Runner) -> None:
    azure.requests.clear()
    assert mlmon("traces svc").err.splitlines()[0] == "time range: all there is"
    assert mlmon("query 'traces | count' --since 2026-11-20").err.startswith("time range: 2026-11-20 to ")
    spans = [json.loads(one.body)["timespan"] for one in azure.requests.of("logs")]
    assert spans == [None, "2026-11-20T00:00:00.000Z/2026-11-20T10:30:00.001Z"]


def test_a_months_blobs_are_listed_and_pulled_byte_for_byte(azure: LocalAzure, mlmon: Runner) -> None:
    for service, names in (
        ("ep/blue", ["custom/place/blue/2026/03/01/00/a.jsonl", "custom/place/blue/2026/3/31/23/a.jsonl"]),
        ("svc", [f"{path}/inputs.csv" for path in v1_days(azure, "03/01", "03/31")]),
    ):
        listed = mlmon(["ls", service, "--month", "3", "-o", "json"])
        assert (listed.code, [blob["path"] for blob in listed.json["blobs"]]) == (0, names)
        pulled = mlmon(["pull", service, "--month", "3", "-o", "json"])
        assert (pulled.code, [row["status"] for row in pulled.json]) == (0, ["fetched", "fetched"])
        for name in names:
            container = "modeldata" if service == "svc" else azure_container(azure)
            assert (mlmon.folder / "modeldata" / name).read_bytes() == azure.blobs.read(container, name)


def gets(azure: LocalAzure) -> list[str]:
    """What was asked of the bytes of blobs: everything that is no listing."""
    return [one.path for one in azure.requests.of("blob") if "comp" not in one.query]


def test_a_second_pull_asks_for_no_bytes_and_for_what_grew_from_where_it_ended(
    azure: LocalAzure, mlmon: Runner
) -> None:
    pulls = ["pull ep/blue -o json", "pull svc -o json"]
    for command in pulls:
        assert {row["status"] for row in mlmon(command).json} == {"fetched"}
    azure.requests.clear()
    for command in pulls:
        assert {row["status"] for row in mlmon(command).json} == {"unchanged"}
    assert gets(azure) == []

    grown = "custom/place/blue/2026/03/01/00/a.jsonl"
    azure.blobs.append(azure_container(azure), grown, b'{"a": 2}\n')
    azure.blobs.put(azure_container(azure), "custom/place/blue/2026/03/02/00/new.jsonl", b'{"a": 3}\n')
    rows = {row["path"].removeprefix("custom/place/blue/"): row["status"] for row in mlmon(pulls[0]).json}
    assert rows == {
        "2026/02/28/23/a.jsonl": "unchanged",
        "2026/03/01/00/a.jsonl": "resumed",
        "2026/03/02/00/new.jsonl": "fetched",
        "2026/3/31/23/a.jsonl": "unchanged",
        "2026/04/01/00/a.jsonl": "unchanged",
    }
    assert len(gets(azure)) == 2
    assert (mlmon.folder / "modeldata" / grown).read_bytes() == b'{"a": 1}\n{"a": 2}\n'


def test_an_append_blob_that_is_made_anew_is_fetched_as_a_whole(azure: LocalAzure, mlmon: Runner) -> None:
    where, name = azure_container(azure), "custom/place/blue/2026/03/01/00/a.jsonl"
    mlmon("pull ep/blue --day 2026-03-01")
    azure.blobs.delete(where, name)
    azure.blobs.append(where, name, b'{"b": 1}\n{"b": 2}\n')
    [row] = mlmon("pull ep/blue --day 2026-03-01 -o json").json
    assert row["status"] == "fetched"
    assert (mlmon.folder / "modeldata" / name).read_bytes() == b'{"b": 1}\n{"b": 2}\n'


def test_bytes_that_were_changed_on_the_way_are_not_kept(azure: LocalAzure, mlmon: Runner) -> None:
    changed = Fault(Answer(206, b"a\r\n2\n", {"Content-Range": "bytes 0-4/5", "x-ms-blob-type": "BlockBlob"}))
    [day] = v1_days(azure, "03/01")
    with azure.fault(changed, path=f"/modeldata/{day}/inputs.csv"):
        outcome = mlmon("pull svc --day 2026-03-01 -o json")
    assert outcome.code == 7
    assert [(row["status"], row["reason"]) for row in outcome.json] == [
        ("failed", "its bytes are not those that storage has the MD5 of")
    ]
    assert [row["status"] for row in mlmon("pull svc --day 2026-03-01 -o json").json] == ["fetched"]


def test_a_service_that_can_never_collect_is_not_told_to(azure: LocalAzure, mlmon: Runner) -> None:
    azure.webservices.add("svc-aci", kind="ACI")
    why = (
        "collection is off; svc-aci runs on ACI, and v1 services collect model data on AKS only\n"
        "no collected blobs of svc-aci match\n"
    )
    for command in ("ls svc-aci", "pull svc-aci"):
        outcome = mlmon(command)
        said = outcome.err.partition("took ")[0]  # pull says so
        assert (outcome.code, said) == (0, f"time range: all there is\n{why}")


def test_a_listing_that_takes_its_time_is_seen_to(azure: LocalAzure, mlmon: Runner) -> None:
    v1_days(azure, "01")
    with azure.fault(slow(2.5), plane="blob"):
        outcome = mlmon("ls svc", terminal=True)
    assert outcome.code == 0
    assert "Listing the data of svc" in outcome.err
    assert " 1 s" in outcome.err


def azure_container(azure: LocalAzure) -> str:
    return str(azure.datastores["workspaceblobstore"]["properties"]["containerName"])


def v1_days(azure: LocalAzure, *days: str) -> list[str]:
    ws = azure.workspace
    return [f"{ws.subscription}/{ws.group}/{ws.name}/svc/m/1/inputs/2026/{day}".lower() for day in days]


def test_the_account_key_opens_what_the_sign_in_may_not(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.deny("Microsoft.Storage/storageAccounts/blobServices/.*"):
        refused = mlmon("ls ep/blue --month 3")
        assert (refused.code, refused.err.splitlines()[-1]) == (
            4,
            "hint: or, where account keys are allowed: --storage-auth key",
        )
        assert mlmon("pull ep/blue --month 3 --storage-auth key").code == 0


def test_debug_tells_the_requests_and_nothing_secret(azure: LocalAzure, mlmon: Runner) -> None:
    said = "".join(
        mlmon(command).err for command in ("ls ep/blue --month 3 --storage-auth key --debug", "traces svc --debug")
    )
    assert "restype=container&comp=list&" in said
    assert "/query -> 200 (" in said
    for secret in (azure.storage_account[1], azure.principal.secret, "eyJ", "SharedKey", "Bearer"):
        assert secret not in said


def test_a_folder_has_no_other_scope(churn: Runner) -> None:
    assert churn("query 'traces | count' --scope component").code == 0
    outcome = churn("traces --scope workspace")
    assert (outcome.code, outcome.err) == (
        2,
        "error: an embedded workspace has no Log Analytics workspace\nhint: leave --scope out\n",
    )


@pytest.mark.parametrize("output", ["table", "json", "jsonl", "csv", "tsv", "md", "parquet"])
def test_text_that_is_no_text_and_text_that_acts_are_shown_in_every_format(
    azure: LocalAzure, mlmon: Runner, output: str
) -> None:
    kinds = ["string", "dynamic", "datetime", "timespan", "real", "long"]
    columns = [{"name": name, "type": kind} for name, kind in zip("ab\x1bdef", kinds, strict=True)]
    rows = [["\ud800\x1b[2J", '{"\\ud800": "\\u001b[2J"}', "never", "soon", "NaN", "many"], [None] * 6, []]
    document = {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]}
    with azure.fault(answer(document), plane="logs"):
        outcome = mlmon(["query", "traces", "-o", output])
    assert (outcome.code, "time range: all there is" in outcome.err) == (0, True)
    exact = output in {"csv", "tsv", "parquet"}  # for programs: what acts is theirs to judge
    assert (b"\x1b" in outcome.data) is exact
