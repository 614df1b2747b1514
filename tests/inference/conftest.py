"""Ten requests scored by each published server, three of them failing, in a local Azure that the tests only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from azured import connect, local_azure, runner
from emulators.azure import LocalAzure
from inference.serving import VERSIONS, Answered, Call, deployment, score
from mlmon.azure.workspace import AzureMLWorkspace
from running import Runner

TEN = (
    Call(name="plain", sleep=0.02),
    Call(name="O'Hara", data=((1, 2), (3, 4)), sleep=0.11),
    Call(name='she said "no"', sleep=0.03),
    Call(name="raises", ends="raises", sleep=0.08),
    Call(name="both ' and \"", sleep=0.04),
    Call(name="line\nbreak\\n, tab\t, Zoë, 日本, 🚀", sleep=0.05),
    Call(name="raises too", ends="raises", sleep=0.01),
    Call(name="refuses", ends="refuses", sleep=0.06),
    Call(name="no rows", data=(), sleep=0.07),
    Call(name="{'a': (1,)}, 'Prediction': '", sleep=0.02),
)


@dataclass(frozen=True, slots=True)
class Scored:
    """What the servers left in Azure, and what their client saw, by version."""

    azure: LocalAzure
    workspace: AzureMLWorkspace
    mlmon: Runner
    answers: dict[str, list[Answered]]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scored]:
    folder = tmp_path_factory.mktemp("inference")
    with local_azure(folder / "azure") as azure:
        for version in VERSIONS:
            azure.add_deployment(*deployment(version), appInsightsEnabled=True)
        answers = score(azure, folder, TEN)
        mlmon = replace(runner(azure, folder / "mlmon"), clock=lambda: datetime.now(UTC))
        yield Scored(azure, connect(azure, folder / "state"), mlmon, answers)


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    """An Azure to which nothing was sent yet."""
    with local_azure(tmp_path / "azure") as made:
        yield made
