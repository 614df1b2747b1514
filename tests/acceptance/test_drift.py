"""Drift that is known to be there is found, and none before it: on the demo, on the same over Azure, and on NannyML's
bundled car loans."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from acceptance.conftest import Shell
from emulators.__main__ import write
from emulators.azure import LocalAzure

SERVICES: Final = ("diabetes", "diabetes-v2/blue")
MOVED: Final = {"bmi", "bp"}
DRIFT_AGE: Final = 60
"""Days since the demo's drift began."""
WHEEL: Final = Path(__file__).parent / "nannyml/nannyml-0.13.1-py3-none-any.whl"
CARS: Final = "nannyml/datasets/data/synthetic_car_loan_{}.csv"
CHUNK: Final = 5000
NOT_GIVEN: Final = "id,timestamp,repaid,y_pred,y_pred_proba"
"""What says which row it is, and what the model answered."""


@pytest.fixture(scope="module")
def there(environment: Path, azure: LocalAzure, demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder that is connected to the workspace on Azure, with the training data beside."""
    connected = Shell(environment, tmp_path_factory.mktemp("there"), azure.environ)
    write(azure, connected.folder)
    (connected.folder / "env.sh").unlink()
    (connected.folder / "data").mkdir()
    (connected.folder / "data/diabetes.csv").write_bytes((demo / "data/diabetes.csv").read_bytes())
    connected("mlmon init --config config.json")
    return connected


def months() -> tuple[str, str]:
    """The two months before the demo's drift began, and what came after."""
    began = datetime.now(UTC).date() - timedelta(days=DRIFT_AGE)
    # up to today: other tests score rows on the copy in Azure
    return f"--from {began - timedelta(days=60)} --to {began}", f"--from {began} --to today"


def checked(shell: Shell, line: str, *, code: int = 0) -> Any:
    """The document of a check against the training data."""
    return json.loads(shell(f"mlmon drift --baseline data/diabetes.csv --fail-on-drift {line} -o json", code=code))


def drifted(document: Any) -> set[str]:
    return {each["feature"] for each in document["features"] if each["verdict"] == "drift"}


@pytest.mark.parametrize("service", SERVICES)
def test_on_the_demo_drift_is_found_from_its_day_on_in_the_two_features_that_moved(here: Shell, service: str) -> None:
    before, after = months()
    document = checked(here, f"{service} {before}")
    assert (document["verdict"], drifted(document)) == ("no drift", set())
    document = checked(here, f"{service} {after}", code=3)
    assert (document["verdict"], drifted(document)) == ("drift", MOVED)


@pytest.mark.parametrize("service", SERVICES)
def test_azure_and_the_folder_give_the_same_figures(there: Shell, here: Shell, service: str) -> None:
    for said, code in zip(months(), (0, 3), strict=True):
        local, remote = (checked(shell, f"{service} {said}", code=code) for shell in (here, there))
        assert local.pop("made") <= remote.pop("made")
        assert remote == local


def test_without_reading_anything_twice_the_same_is_said_again(there: Shell) -> None:
    """The second time the days come from the state folder."""
    _, after = months()
    first, second = (checked(there, f"{SERVICES[1]} {after} --by week", code=3) for _ in range(2))
    assert first.pop("made") <= second.pop("made")
    assert second == first
    assert [*(there.folder / ".mlmon/summaries").iterdir()]


def test_the_car_loans_drift_from_the_documented_chunk_on_and_not_before(shell: Shell) -> None:
    """Ten chunks of 5 000 loans; from row 25 000 on they are others
    (https://nannyml.readthedocs.io/en/stable/datasets/car_loan.html)."""
    assert WHEEL.exists(), "the README's test command fetches it: pip download --no-deps nannyml==0.13.1"
    with zipfile.ZipFile(WHEEL) as wheel:
        (shell.folder / "reference.csv").write_bytes(wheel.read(CARS.format("reference")))
        header, *rows = wheel.read(CARS.format("analysis")).decode().splitlines(keepends=True)
    found = []
    for first in range(0, len(rows), CHUNK):
        (shell.folder / "chunk.csv").write_text("".join([header, *rows[first : first + CHUNK]]))
        line = f"mlmon drift --baseline reference.csv --target chunk.csv --exclude {NOT_GIVEN} -o json"
        document = json.loads(shell(line))
        found.append((document["verdict"], frozenset(drifted(document))))
    moved = frozenset({"car_value", "salary_range", "loan_length", "repaid_loan_on_prev_car"})
    assert found == [("no drift", frozenset())] * 5 + [("drift", moved)] * 5
