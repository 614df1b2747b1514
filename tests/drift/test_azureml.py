"""`mlmon drift --engine azureml`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from azured import local_azure, runner
from drift.serverless import ServerlessSpark
from emulators.azure import LocalAzure
from running import Runner

LINE = "drift diabetes-v2/blue --baseline diabetes.csv --from 2026-10-01 --to 2026-10-04"


@pytest.fixture(scope="module")
def azure(demo: Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """An Azure that holds what the demo holds."""
    with local_azure(tmp_path_factory.mktemp("azure"), mirror=demo.folder) as made:
        yield made


@pytest.fixture
def mlmon(azure: LocalAzure, demo: Runner, tmp_path: Path) -> Runner:
    made = runner(azure, tmp_path / "here")
    shutil.copy(demo.folder / "data/diabetes.csv", made.folder)
    return made


def test_the_report_of_a_job_is_that_of_one_machine(azure: LocalAzure, mlmon: Runner, tmp_path: Path) -> None:
    spark = ServerlessSpark(azure, tmp_path)
    azure.run_job = spark
    there = mlmon(f"{LINE} --engine azureml -o json")
    print(there.err, [x[-3000:] for x in spark.said])
    import json; print(json.dumps(azure.jobs, indent=1)); print(json.dumps(list(azure.contents.environments.values())[-1], indent=1)); print(list(azure.contents.codes.values())); print(len(there.out))
    here = mlmon(f"{LINE} -o json"); print([k for k in here.json if here.json[k]!=there.json.get(k)])
    assert there.code == 0
    assert 0
