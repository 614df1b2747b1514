"""Pulls over real connections, killed by `kill -9` while all is well, and while storage is not."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from azured import local_azure
from collected.killing import PARALLEL, Pull, Source, azure_source, bytes_asked, container
from emulators import blobfront, faults
from emulators.azure import LocalAzure
from emulators.faults import Fault
from forked import Forge, forge

COUNT = 24
SIZE = 20_000
KILLS = int(os.environ.get("MLMON_TEST_KILLS", "2"))  # with each trouble
SOME = r"/\d\d[0369]\.jsonl$"  # the blobs that a trouble hits: of both kinds, those that are appended to and others
KNOWN = r"/\d\d[048]\.jsonl$"  # those whose MD5 storage knows
LINE = b'{"number": 999999}\n'

Trouble = Callable[[LocalAzure], AbstractContextManager[object]]


def hits(fault: Fault, path: str = SOME) -> Trouble:
    """A few requests meet a fault."""
    return lambda azure: azure.fault(fault, plane="blob", path=path, times=3)


@contextmanager
def short_lived(azure: LocalAzure) -> Iterator[None]:
    """Tokens hold for less time than a pull takes."""
    with pytest.MonkeyPatch.context() as patch, azure.fault(faults.slow(1.2), plane="blob", path=SOME):
        patch.setattr(azure.access, "lifetime", 3.0)  # a token counts in whole seconds: two may be left
        yield


TROUBLES = {
    "busy": hits(blobfront.busy()),
    "busy, come back at once": hits(blobfront.busy(retry_after=0)),
    "reset": hits(faults.reset_mid_body()),
    "closed": hits(faults.ended_mid_body()),
    "shorter": hits(faults.altered(lambda body: body[:-1])),
    "longer": hits(faults.altered(lambda body: body + LINE)),
    "other bytes": hits(faults.altered(lambda body: b"!" + body[1:]), KNOWN),
    "tokens that expire": short_lived,
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


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_pull_that_is_killed_while_storage_is_unwell_is_finished_when_it_is_well(
    azure: LocalAzure, forged: Forge, source: Source, tmp_path: Path, trouble: str
) -> None:
    for kill in range(KILLS):
        pull = Pull(forged, source, tmp_path / str(kill))
        with TROUBLES[trouble](azure):
            pull.kill(random.Random(f"{trouble} {kill}"))
            pull.assert_whole()
            assert pull.finish().code in {0, 7}
            pull.assert_whole()
        assert pull.finish().code == 0
        pull.assert_finished()


def test_a_pull_that_is_killed_while_blobs_are_appended_to_is_finished_with_what_they_became(
    azure: LocalAzure, forged: Forge, source: Source, tmp_path: Path
) -> None:
    grown = [name for number, name in enumerate(source.blobs) if number in {3, 9, 15, 21}]  # append blobs
    for kill in range(KILLS):
        pull = Pull(forged, source, tmp_path / str(kill))
        with ExitStack() as growing:
            for name in grown:
                append = faults.meanwhile(partial(azure.blobs.append, container(azure), name, LINE))
                growing.enter_context(azure.fault(append, plane="blob", path=f"/{Path(name).name}$", times=1))
            pull.kill(random.Random(f"appended {kill}"))
            pull.assert_whole()  # as they were when they were listed
        assert pull.finish().code == 0  # what the killed one had asked for may be appended to until here
        for name in grown:
            source.now_holds(name, azure.blobs.read(container(azure), name))
        assert pull.finish().code == 0
        pull.assert_finished()
