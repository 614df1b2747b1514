"""Pulls over real connections, killed by `kill -9` while all is well, and while storage is not."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from azured import local_azure
from collected.killing import PARALLEL, Pull, Source, azure_source, bytes_asked
from emulators import blobfront, faults
from emulators.azure import LocalAzure
from forked import Forge, forge

COUNT = 24
SIZE = 20_000
SOME = r"/\d\d[0369]\.jsonl$"  # those that a fault hits: of both kinds, blobs that are appended to and others
FAULTS = {
    "busy": blobfront.busy(),
    "busy, come back at once": blobfront.busy(retry_after=0),
    "reset": faults.reset_mid_body(),
    "closed": faults.ended_mid_body(),
    "shorter": faults.altered(lambda body: body[:-1]),
    "longer": faults.altered(lambda body: body + b"\n"),
}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    with local_azure(tmp_path_factory.mktemp("killed") / "azure") as made:
        yield made


@pytest.fixture(scope="module")
def source(azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Source:
    return azure_source(azure, tmp_path_factory.mktemp("here"), count=COUNT, size=SIZE)


@pytest.fixture(scope="module")
def forged(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    folder = tmp_path_factory.mktemp("forge")
    with forge(folder) as made:
        first = Pull(made, source, folder / "first")  # finds out about the workspace, which is then remembered
        assert first.finish().code == 0
        first.assert_finished()
        yield made


@pytest.mark.parametrize("batch", range(3))
def test_a_pull_that_is_killed_is_finished_by_the_next_which_asks_again_for_what_was_in_flight_only(
    azure: LocalAzure, forged: Forge, source: Source, tmp_path: Path, batch: int
) -> None:
    sizes = {name: len(content) for name, content in source.blobs.items()}
    for kill in range(8):
        pull = Pull(forged, source, tmp_path / str(kill))
        azure.requests.clear()
        pull.kill(random.Random(f"azure {batch}.{kill}"))
        pull.assert_whole()
        assert pull.finish().code == 0
        pull.assert_finished()
        assert bytes_asked(azure, sizes) - sum(sizes.values()) <= PARALLEL * SIZE
        shutil.rmtree(pull.to)


@pytest.mark.parametrize("name", FAULTS)
def test_a_pull_that_is_killed_while_storage_is_unwell_is_finished_when_it_is_well(
    azure: LocalAzure, forged: Forge, source: Source, tmp_path: Path, name: str
) -> None:
    for kill in range(2):
        pull = Pull(forged, source, tmp_path / str(kill))
        with azure.fault(FAULTS[name], plane="blob", path=SOME, times=3):
            pull.kill(random.Random(f"{name} {kill}"))
            pull.assert_whole()
            assert pull.finish().code in {0, 7}
            pull.assert_whole()
        assert pull.finish().code == 0
        pull.assert_finished()
