"""A law of pulls: ended at any moment by `kill -9`, the next finishes, and fetches twice only what was in flight.

The commands are processes of their own, forked from one that has mlmon imported; each kill has its own seed.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collected.killing import PARALLEL, Pull, Source, complaints, local_source
from forked import Forge, forge

COUNT = 40
SIZE = 40_000
BATCHES = 10
KILLS = 20  # a batch: one folder of kills after the other, in one process of the suite


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return local_source(tmp_path_factory.mktemp("killed") / "ws", count=COUNT, size=SIZE)


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with forge(tmp_path_factory.mktemp("forge")) as made:
        yield made


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_pull_that_is_killed_is_finished_by_the_next(
    forged: Forge, source: Source, tmp_path: Path, batch: int
) -> None:
    between = 0
    for kill in range(KILLS):
        pull = Pull(forged, source, tmp_path / str(kill))
        pull.kill(random.Random(f"{batch}.{kill}"))
        pull.assert_whole()
        before = pull.standing()
        between += 0 < len(before) < COUNT
        ended = pull.finish()
        assert (ended.code, complaints(ended.err)) == (0, [])
        pull.assert_finished()
        after = pull.standing()
        assert sum(before[name] != after[name] for name in before if name in after) <= PARALLEL
        shutil.rmtree(pull.to)
    assert between, "some of the kills met a folder that was filling"


def test_a_pull_that_is_killed_again_and_again_gets_there(forged: Forge, source: Source, tmp_path: Path) -> None:
    pull, drawn = Pull(forged, source, tmp_path / "to"), random.Random("again and again")
    for _ in range(10):
        process = pull.start()
        time.sleep(drawn.random() * 0.06)
        process.kill()
        pull.assert_whole()
    assert pull.finish().code == 0
    pull.assert_finished()


def test_two_pulls_at_once_do_not_harm_each_other_nor_does_the_death_of_a_third(
    forged: Forge, source: Source, tmp_path: Path
) -> None:
    pull = Pull(forged, source, tmp_path / "to")
    dying, *living = [pull.start() for _ in range(3)]
    dying.kill()
    assert [process.wait().code for process in living] == [0, 0]
    pull.assert_finished()
    again = pull.finish()
    assert (again.code, again.out.partition(" in ")[0]) == (0, f"nothing to fetch: {COUNT} unchanged")
