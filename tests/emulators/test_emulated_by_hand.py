"""`python -m emulators DIR` is up for a person until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from mlmon.core.model import ServiceName
from mlmon.local.logs import log_path
from running import Runner

TESTS = Path(__file__).parent.parent


def test_a_person_gets_a_config_and_an_environment_and_ends_it(tmp_path: Path) -> None:
    folder = tmp_path / "an azure"
    command = [sys.executable, "-m", "emulators", str(folder)]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        sourced = subprocess.run(
            ["sh", "-c", f". '{folder / 'env.sh'}'; echo $ARM_CLOUD_METADATA_URL"],
            capture_output=True,
            text=True,
            check=True,
        )
        clouds = requests.get(sourced.stdout.strip(), verify=str(folder / "certificate.pem"), timeout=10).json()
        process.send_signal(signal.SIGINT)
        last = process.stdout.read()
    assert said == f"Azure is up: . '{folder}/env.sh'; config.json is beside it. Ctrl-C ends it.\n"
    assert (clouds[1]["name"], last, process.returncode) == ("LocalCloud", "Azure is down\n", 0)
    assert sorted(json.loads((folder / "config.json").read_text())) == [
        "resource_group",
        "subscription_id",
        "workspace_name",
    ]
    assert oct((folder / "env.sh").stat().st_mode & 0o777) == "0o600"


def test_a_mirrored_workspace_answers_as_the_folder_does_and_can_be_mirrored_again(
    churn: Runner, tmp_path: Path
) -> None:
    log = log_path(churn.folder, ServiceName("churn"), "scoring")
    log.parent.mkdir(parents=True)
    log.write_text("one\ntwo\n")
    churn("invoke churn --data rows.json")
    before = sorted(churn.folder.rglob("*"))
    for _ in range(2):
        with by_hand(tmp_path / "azure", "--mirror", str(churn.folder)) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Azure is up: ")
            for command in ("logs churn", "traces churn --raw -o table"):
                here, there = churn(command), over_azure(command, tmp_path / "azure")
                assert here.out == there
                assert here.out
    assert sorted(churn.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("folder", "said"),
    [("azure", "there holds no workspace"), ("there/azure", "is copied into it")],
)
def test_what_cannot_be_mirrored_is_said(tmp_path: Path, folder: str, said: str) -> None:
    with by_hand(tmp_path / folder, "--mirror", str(tmp_path / "there")) as process:
        assert process.wait(60) == 2
        assert process.stderr is not None
        assert said in process.stderr.read().splitlines()[-1]


@contextmanager
def by_hand(folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """One that a person has started; it ends with the block."""
    command = [sys.executable, "-m", "emulators", str(folder), *more]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)


def over_azure(command: str, folder: Path) -> str:
    """What mlmon says in a shell that has sourced the environment."""
    script = f"set -e; cd '{folder}'; . ./env.sh; '{sys.executable}' -m mlmon {command}"
    plain = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env=plain).stdout
