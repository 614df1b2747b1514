"""`mlmon drift --engine azureml`: a job for an emulated workspace, which runs it with a real Spark."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from azured import connect, local_azure, runner
from drift.same import bits
from drift.serverless import ServerlessSpark
from emulators.azure import LocalAzure
from emulators.faults import Fault, meanwhile
from emulators.messages import Answer
from emulators.resources import proxy
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.jobs import SparkJob
from mlmon.core.model import ServiceName
from mlmon.core.timerange import TimeRange, parse_day
from mlmon.drift.days import Reading, read_days
from mlmon.drift.spark.collecting import base_of, name_of
from mlmon.drift.spark.handover import PIP
from mlmon.drift.spark.packing import ASKED, home
from mlmon.drift.spark.running import days_of
from mlmon.local.workspace import LocalWorkspace
from running import NOW, Outcome, Runner

ROOT = Path(__file__).parent.parent.parent
LINE = "drift diabetes-v2/blue --baseline diabetes.csv --from 2026-10-01 --to 2026-10-04"
AZUREML = f"{LINE} --engine azureml"


@pytest.fixture(scope="module")
def azure(demo: Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """An Azure that holds what the demo holds."""
    with local_azure(tmp_path_factory.mktemp("azure"), mirror=demo.folder) as made:
        yield made


@pytest.fixture(scope="module")
def mlmon(azure: LocalAzure, demo: Runner, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    made = runner(azure, tmp_path_factory.mktemp("jobs") / "here")
    shutil.copy(demo.folder / "data/diabetes.csv", made.folder)
    return made


@dataclass(frozen=True)
class Ran:
    """A job that was submitted and ran: what came of it, its name, and the folder that its code was fetched into."""

    outcome: Outcome
    name: str
    code: Path


@pytest.fixture(scope="module")
def ran(azure: LocalAzure, mlmon: Runner, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    spark = ServerlessSpark(azure, tmp_path_factory.mktemp("spark"))
    azure.run_job = spark
    outcome = mlmon(f"{AZUREML} -o json")
    azure.run_job = None
    assert outcome.code == 0, [outcome.err, *(said[-3000:] for said in spark.said)]
    [name] = azure.jobs
    return Ran(outcome, name, spark.folder / "code")


# what comes of a job


def test_the_report_of_a_job_is_that_of_one_machine(mlmon: Runner, ran: Ran) -> None:
    assert ran.outcome.json == mlmon(f"{LINE} -o json").json
    assert {one["feature"] for one in ran.outcome.json["features"] if one["verdict"] == "drift"} == {"bmi", "bp"}


def test_no_cell_that_came_home_differs_from_that_of_one_machine(azure: LocalAzure, demo: Runner, ran: Ran) -> None:
    container = azure.datastores["workspaceblobstore"]["properties"]["containerName"]
    workspace = connect(azure, demo.folder.parent)
    [file] = [one for one in workspace.jobs.made(ran.name) if one.name.endswith(".parquet")]
    assert file.container == container
    fetched = ran.code.parent / "fetched.parquet"
    fetched.write_bytes(azure.blobs.read(container, file.name))
    rows = pq.read_table(fetched).to_pylist()
    found = home(row for row in rows if row["sort"] != ASKED)

    local = LocalWorkspace.open(demo.folder)
    between = TimeRange(parse_day("2026-10-01", NOW).start, parse_day("2026-10-04", NOW).start)
    selected = [*select(local.blobs, ServiceName.parse("diabetes-v2/blue"), Selection(between, ("inputs",)))]
    with zipfile.ZipFile(ran.code / "mlmon.zip") as archive:
        kinds = json.loads(archive.read("mlmon_job/work.json"))["asked"]["kinds"]
    here = read_days(Reading(local.blobs, NOW, lambda _: None), selected, kinds, between=between)
    there, left_out = days_of(found, kinds, selected)
    cells = [
        {(day, name): bits(one) for day, each in days.by_day.items() for name, one in each.summaries.items()}
        for days in (here, there)
    ]
    assert {day.day for day, _ in cells[0]} == {1, 2, 3}
    assert len(cells[0]) > 3 * 10
    assert [cell for cell in cells[0].keys() | cells[1].keys() if cells[0].get(cell) != cells[1].get(cell)] == []
    assert left_out == {}


def test_a_job_that_was_left_is_waited_for_and_brought_home_by_its_name(
    azure: LocalAzure, mlmon: Runner, ran: Ran
) -> None:
    azure.requests.clear()
    outcome = mlmon(f"{AZUREML} -o json --job {ran.name}")
    assert outcome.json == ran.outcome.json
    assert azure.requests.of("arm", "PUT") == []


def test_what_a_job_made_is_not_taken_for_what_was_asked_if_that_is_something_else(mlmon: Runner, ran: Ran) -> None:
    other = mlmon(f"{AZUREML} --job {ran.name} --from 2026-10-02 --category age -o table")
    assert other.code == 2, other.err
    assert f"the job {ran.name} was about something else: another range, other kinds of features" in other.err


# what Azure is given


def test_a_job_says_all_that_it_needs_and_nothing_else(azure: LocalAzure, ran: Ran) -> None:
    properties = dict(azure.jobs[ran.name]["properties"])
    workspace = azure.workspace.id
    assert properties.pop("codeId").startswith(f"{workspace}/codes/")
    environment = properties.pop("environmentId")
    assert properties == {
        "jobType": "Spark",
        "status": "Completed",
        "experimentName": "mlmon",
        "displayName": ran.name,
        "description": "mlmon drift: summaries of diabetes-v2/blue, model_inputs",
        "tags": {},
        "properties": {},
        "isArchived": False,
        "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "summarize.py"},
        "pyFiles": ["mlmon.zip"],
        "args": "--data ${{inputs.data_0}} --output ${{outputs.made}}",
        "inputs": {
            "data_0": {
                "jobInputType": "uri_folder",
                "mode": "Direct",
                "uri": "azureml://datastores/workspaceblobstore/paths/",
            }
        },
        "outputs": {
            "made": {
                "jobOutputType": "uri_folder",
                "mode": "Direct",
                "uri": f"azureml://datastores/workspaceblobstore/paths/mlmon/jobs/{ran.name}/",
            }
        },
        "identity": {"identityType": "UserIdentity"},
        "resources": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.5"},
        "conf": {
            "spark.driver.cores": "4",
            "spark.driver.memory": "28g",
            "spark.executor.cores": "4",
            "spark.executor.memory": "28g",
            "spark.executor.instances": "1",
            "spark.dynamicAllocation.enabled": "True",
            "spark.dynamicAllocation.minExecutors": "1",
            "spark.dynamicAllocation.maxExecutors": "8",
        },
    }
    *_, name, _, version = environment.split("/")
    given = azure.contents.environments[name, version]["properties"]
    assert given["condaFile"].splitlines() == [
        *("channels:", "- conda-forge", "dependencies:", "- python=3.11", "- pip", "- pip:"),
        *(f"  - {each}" for each in PIP),
    ]


def test_the_code_of_a_job_is_this_package_and_what_is_asked_and_no_secret(azure: LocalAzure, ran: Ran) -> None:
    assert sorted(file.name for file in ran.code.iterdir()) == ["mlmon.zip", "summarize.py"]
    with zipfile.ZipFile(ran.code / "mlmon.zip") as archive:
        names = archive.namelist()
        work = archive.read("mlmon_job/work.json").decode()
    assert [name for name in names if not name.endswith(".py")] == ["mlmon_job/work.json"]
    assert {name.partition("/")[0] for name in names} == {"mlmon", "mlmon_job"}
    secrets = [azure.storage_account[1], azure.principal.secret, "sig=", "eyJ"]
    assert [secret for secret in secrets if secret in work or secret in json.dumps(azure.jobs)] == []


def test_what_the_job_installs_is_what_this_project_is_tested_with() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    of_python_3_11 = [line.split(" ")[0] for line in lock.splitlines() if "python_full_version >=" not in line]
    assert [each for each in PIP if each not in of_python_3_11] == []


def test_azure_is_not_told_of_the_repository_that_one_stands_in(
    azure: LocalAzure, mlmon: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in ("init", "remote add origin https://git.example/x?token=s3cret", "commit --allow-empty -m one"):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *who, *command.split()], cwd=tmp_path, check=True, capture_output=True)
    asked = tmp_path / "asked"
    (tmp_path / "git").write_text(f'#!/bin/sh\necho "$@" >> {asked}\nexec {shutil.which("git")} "$@"\n')
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    before = [*azure.jobs]
    assert "cannot be read" in mlmon(AZUREML).err  # it ran nowhere
    [name] = [one for one in azure.jobs if one not in before]
    assert azure.jobs[name]["properties"]["properties"] == {}
    # azure-ai-ml of today keeps from Spark jobs what it learns here; so it must not learn anything
    assert asked.read_text() == "rev-parse --is-inside-work-tree\n"
    assert "GIT_DIR" not in os.environ


# what is only written


def test_a_job_can_be_written_instead_to_be_read_and_submitted_by_az(
    azure: LocalAzure, mlmon: Runner, tmp_path: Path
) -> None:
    azure.requests.clear()
    folder = tmp_path / "job"
    outcome = mlmon(f"{AZUREML} --instance-type standard_e8s_v3 --write-job {folder}", terminal=True)
    assert outcome.code == 0, outcome.err
    text = (folder / "job.yml").read_text("utf-8")
    assert outcome.out == text
    [name] = re.findall(r'^name: "(mlmon-drift-20261120-103000-[0-9a-f]{6})"$', text, re.MULTILINE)
    assert f"--job {name}" in outcome.err.replace("\n", " ")
    lines = (
        'type: "spark"',
        'code: "./code"',
        '  instance_type: "standard_e8s_v3"',
        '  spark.executor.memory: "56g"',
        f'    path: "azureml://datastores/workspaceblobstore/paths/mlmon/jobs/{name}/"',
    )
    assert [line for line in lines if line not in text.splitlines()] == []
    assert sorted(file.name for file in (folder / "code").iterdir()) == ["mlmon.zip", "summarize.py"]
    assert azure.requests.of("arm", "P(UT|OST)") == []
    (tmp_path / "other").mkdir()
    assert folder.stat().st_mode == (tmp_path / "other").stat().st_mode, "others may read what is shown to them"


def test_a_job_that_cannot_be_written_is_said_with_why(mlmon: Runner) -> None:
    outcome = mlmon(f"{AZUREML} --write-job diabetes.csv/job -o table")
    assert (outcome.code, outcome.out) == (1, "")
    assert "cannot be written: Not a directory\nhint: name another folder\n" in outcome.err


def test_a_program_is_told_the_name_and_the_file(mlmon: Runner, tmp_path: Path) -> None:
    line = "drift diabetes --baseline diabetes.csv --month 2026-10 --engine azureml -o json"
    told = mlmon([*line.split(), "--write-job", str(tmp_path / "job")]).json
    text = (tmp_path / "job/job.yml").read_text("utf-8")
    assert told == {"schema_version": 1, "job": told["job"], "file": str(tmp_path / "job/job.yml")}
    assert f'name: "{told["job"]}"' in text
    # a container that no datastore stands for is opened by its address
    assert 'path: "wasbs://modeldata@127.0.0.1:' in text


def test_containers_of_other_accounts_are_opened_with_an_identity(azure: LocalAzure, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/a.py").write_text("")
    job = SparkJob(
        "one",
        "what it does",
        tmp_path / "code",
        "a.py",
        (),
        ("https://other.blob.core.windows.net/inputs",),
        ("duckdb",),
        "Standard_E64s_v3",
    )
    text = connect(azure, tmp_path).jobs.written(job).read_text("utf-8")
    assert '    path: "abfss://inputs@other.dfs.core.windows.net/"' in text.splitlines()
    assert '  spark.driver.memory: "448g"' in text.splitlines()


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("azureml://datastores/store/paths/", "azureml://datastores/store/paths/a/b%20c.jsonl"),
        (
            "azureml://datastores/store/paths/",
            "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/store/paths/a/b%20c.jsonl",
        ),
        ("azureml://datastores/store/paths/", "abfss://c@account.dfs.core.windows.net/a/b%20c.jsonl"),
        ("abfss://c@account.dfs.core.windows.net/", "abfss://c@account.dfs.core.windows.net/a/b%20c.jsonl"),
        ("wasbs://c@127.0.0.1:10000/account", "wasbs://c@127.0.0.1:10000/account/a/b%20c.jsonl"),
        ("file:///mnt/a%20place/c/", "file:///mnt/a%20place/c/a/b%20c.jsonl"),
        ("/mnt/c", "file:/mnt/c/a/b%20c.jsonl"),
    ],
)
def test_a_blob_is_known_by_whatever_address_spark_has_for_it(uri: str, path: str) -> None:
    assert name_of(path, base_of(uri)) == "a/b c.jsonl"


# what goes wrong


def put_job(azure: LocalAzure, name: str, status: str, **files: bytes) -> None:
    """A job that is in this state, and what it made so far."""
    azure.jobs[name] = proxy(f"{azure.workspace.id}/jobs/{name}", {"jobType": "Spark", "status": status})
    container = azure.datastores["workspaceblobstore"]["properties"]["containerName"]
    for file, content in files.items():
        azure.blobs.put(container, f"mlmon/jobs/{name}/{file}.parquet", content)


def parquet(folder: Path, *rows: tuple[str, str, bytes]) -> bytes:
    values = ", ".join(
        f"('{sort}', '2026-10-01', '{feature}', '{content.hex()}'::BLOB, 0)" for sort, feature, content in rows
    )
    duckdb.execute(
        f"COPY (SELECT * FROM (VALUES {values}) AS t(sort, day, feature, content, count)) TO '{folder}/one.parquet'"
    )
    return (folder / "one.parquet").read_bytes()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Failed", "the job one failed"),
        ("Canceled", "the job one was cancelled"),
        ("NotResponding", "the job one does not respond"),
    ],
)
def test_a_job_that_did_not_end_well_is_a_failure_with_the_way_to_its_log(
    azure: LocalAzure, mlmon: Runner, status: str, said: str
) -> None:
    put_job(azure, "one", status)
    azure.job_ends = (status,)
    outcome = mlmon(f"{AZUREML} --job one -o table")
    assert outcome.code == 1
    assert f"error: {said}\n" in outcome.err
    assert "hint: why: az ml job stream --name one" in outcome.err


def test_what_a_job_made_may_be_anything(azure: LocalAzure, mlmon: Runner, tmp_path: Path) -> None:
    azure.job_ends = ("Completed",)
    odd = {
        "nothing": {},
        "garbage": {"a": b"PAR1 or not"},
        "other": {"a": parquet(tmp_path, ("asked", "[]", b""))},
        "twice": {"a": parquet(tmp_path, ("asked", "{}", b""), ("asked", "{}", b""))},
    }
    for name, files in odd.items():
        put_job(azure, name, "Completed", **files)
        outcome = mlmon(f"{AZUREML} --job {name} -o table")
        assert (outcome.code, outcome.out) == (1, ""), name
        assert f"what the job {name} made cannot be read" in outcome.err


def test_a_job_that_is_not_there_is_not_found(mlmon: Runner) -> None:
    outcome = mlmon(f"{AZUREML} --job nowhere -o table")
    assert outcome.code == 5
    assert "Could not find job with name: nowhere" in outcome.err


@pytest.mark.parametrize("more", ["", " --write-job job"])
def test_an_instance_that_there_is_none_of_is_said_before_anything_is_sent(
    azure: LocalAzure, mlmon: Runner, more: str
) -> None:
    azure.requests.clear()
    outcome = mlmon(f"{AZUREML} --instance-type standard_d2 -o table{more}")
    assert not (mlmon.folder / "job").exists()
    assert outcome.code == 2, outcome.err
    assert "azure-ai-ml takes no such job: Value 'standard_d2' passed is not in set ['standard_e4s_v3'," in outcome.err
    assert azure.requests.of("arm", "P(UT|OST)") == []


@pytest.mark.parametrize(
    "denied", ["codes/versions/startPendingUpload/action", "jobs/write", "environments/versions/write"]
)
def test_who_may_not_submit_a_job_is_told_which_role_is_missing(azure: LocalAzure, mlmon: Runner, denied: str) -> None:
    with azure.deny(f".*/{denied}"):
        outcome = mlmon(f"{AZUREML} -o table")
    assert outcome.code == 4, outcome.err
    assert "may not submit the job mlmon-drift-" in outcome.err
    assert "ask for the role 'AzureML Data Scientist'" in outcome.err


def test_a_service_that_does_not_answer_is_no_traceback(azure: LocalAzure, mlmon: Runner) -> None:
    for answer in (Answer(500), Answer.text("<html>"), Answer.json({"blobReferenceForConsumption": None})):
        with azure.fault(Fault(answer), plane="arm", path="/startPendingUpload"):
            outcome = mlmon(f"{AZUREML} -o table")
        assert outcome.code == 6, outcome.err
        assert "could not submit the job" in outcome.err


def test_a_signature_is_not_told_where_its_storage_cannot_be_reached(azure: LocalAzure, mlmon: Runner) -> None:
    place = "https://127.0.0.1:1/code"
    credential = {"credentialType": "SAS", "sasUri": f"{place}?sv=1&sig=s3cret"}
    reference = {"blobUri": place, "storageAccountArmId": "/one", "credential": credential}
    pending = {"pendingUploadId": "1", "pendingUploadType": "TemporaryBlobReference"}
    answer = Answer.json({**pending, "blobReferenceForConsumption": reference})
    with azure.fault(Fault(answer), plane="arm", path="/startPendingUpload"):
        outcome = mlmon(f"--debug {AZUREML} -o table")
    assert outcome.code == 6, outcome.err
    assert "could not submit the job" in outcome.err
    assert "s3cret" not in outcome.err


def test_waiting_has_an_end_where_one_is_asked_for(azure: LocalAzure, mlmon: Runner) -> None:
    put_job(azure, "long", "Running")
    azure.run_job = lambda _: True  # so that it stays as it is
    outcome = mlmon(f"--timeout 1s {AZUREML} --job long -o table")
    azure.run_job = None
    assert outcome.code == 6, outcome.err
    assert "the job long is not at its end; it goes on" in outcome.err


@pytest.mark.parametrize("body", [{}, {"properties": None}, {"properties": {"status": ["Running"]}}, []])
def test_an_answer_without_a_state_is_not_waited_on(azure: LocalAzure, mlmon: Runner, body: Any) -> None:
    with azure.fault(Fault(Answer.json(body)), path="/jobs/"):
        outcome = mlmon(f"{AZUREML} --job there -o table")
    assert outcome.code == 6, outcome.err
    assert "could not read the job there: Azure's answer could not be read" in outcome.err
    assert "hint: the job goes on: the same command with --job there brings home what it makes" in outcome.err


def test_a_state_is_shown_without_what_a_terminal_would_obey(azure: LocalAzure, mlmon: Runner) -> None:
    azure.job_ends = ("Completed",)
    put_job(azure, "loud", "Completed")
    strange = Answer.json({"properties": {"status": "\x1b[2J" + "x" * 1000}}).having(Retry_After="0")
    with azure.fault(Fault(strange), path="/jobs/", times=1):
        outcome = mlmon(f"{AZUREML} --job loud -o table")
    assert f"the job is \\x1b[2J{'x' * 16}\n" in outcome.err
    assert "\x1b" not in outcome.err


def test_a_service_that_is_away_for_a_while_does_not_lose_the_job(azure: LocalAzure, mlmon: Runner) -> None:
    with azure.fault(Fault(Answer.error(429, "TooManyRequests", "later").having(Retry_After="60")), path="/jobs/"):
        outcome = mlmon(f"{AZUREML} --job there -o table")
    assert outcome.code == 6, outcome.err
    assert "hint: the job goes on: the same command with --job there brings home what it makes" in outcome.err


def test_ctrl_c_leaves_the_job_and_says_how_to_come_back(azure: LocalAzure, mlmon: Runner) -> None:
    put_job(azure, "left", "Running")
    azure.run_job = lambda _: True
    asked = Event()
    with azure.fault(meanwhile(asked.set), path="/jobs/left$"):
        process = subprocess.Popen(
            [sys.executable, "-m", "mlmon", *f"{AZUREML} --job left -o table".split()],
            cwd=mlmon.folder,
            env={**mlmon.environ, "HOME": str(mlmon.folder), "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert asked.wait(120)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    azure.run_job = None
    assert (process.returncode, out) == (130, "")
    assert "interrupted: the job left goes on\n" in err
    assert "the same command with --job left brings home what it makes" in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--baseline data/diabetes.csv --month 2026-10 --engine azureml", "an embedded workspace has no machines"),
        ("--baseline data/diabetes.csv --job one", "--job is for --engine azureml"),
        ("--baseline data/diabetes.csv --engine spark --write-job x", "--write-job is for --engine azureml"),
        ("--baseline data/diabetes.csv --engine azureml --master local", "--master is for --engine spark"),
        ("--baseline data/diabetes.csv --engine azureml --job a/b", "'a/b' is not the name of a job"),
        ("--baseline data/diabetes.csv --engine azureml --job a --write-job x", "--write-job is for a new job"),
        ("--baseline data/diabetes.csv --engine azureml --job a --instance-type x", "--instance-type is for a new job"),
        ("--baseline data/diabetes.csv --engine azureml --write-job data", "is there already"),
        ("--baseline data/diabetes.csv --engine azureml --write-job x --html x.html", "and --html is for one"),
        ("--baseline data/diabetes.csv --engine azureml --write-job x --alert slack", "and --alert is for one"),
        (
            "--baseline data/diabetes.csv --engine azureml --write-job x --alert-dry-run",
            "--alert-dry-run shows what --alert would send",
        ),
        ("--baseline data/diabetes.csv --engine azureml --write-job x --fail-on-drift", "--fail-on-drift is for one"),
        ("--baseline data/diabetes.csv --engine azureml --write-job x --fail-on-no-data", "-no-data is for one"),
        ("--baseline-range 2026-01 --engine azureml", "and --baseline-range is for what is read here"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_done(demo: Runner, line: str, said: str) -> None:
    outcome = demo(f"drift {line}")
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert "hint" in outcome.err
