"""A pull from a storage that is unwell: what came is whole, what did not is said, and the next pull has the rest."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azured import local_azure
from collected.files import tree
from collected.killing import WORDS, Pull, Source, azure_source, bytes_asked, complaints, container, counted
from emulators import blobfront, faults
from emulators.azure import LocalAzure
from emulators.faults import Fault
from forked import Ended, Forge, forge

COUNT = 12
HIT = 4  # the number of the blob that a fault hits: one whose MD5 storage knows
LINE = b'{"number": 999999}\n'
BUSY = "could not read a blob of the storage account <account>: Azure answered 503"
BROKE = "could not read a blob of the storage account <account>: the connection to <host> broke"
SHORTER = "<blob> became shorter while it was read"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    with local_azure(tmp_path_factory.mktemp("unwell") / "azure") as made:
        yield made


@pytest.fixture(scope="module")
def source(azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Source:
    return azure_source(azure, tmp_path_factory.mktemp("here"), count=COUNT, size=10_000)


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with forge(tmp_path_factory.mktemp("forge")) as made:
        yield made


@pytest.fixture
def pull(azure: LocalAzure, forged: Forge, source: Source, tmp_path: Path) -> Pull:
    azure.requests.clear()
    return Pull(forged, source, tmp_path / "to")


def path_of(number: int) -> str:
    return rf"/{number:03}\.jsonl$"


def name_of(source: Source, number: int) -> str:
    return [*source.blobs][number]


def rows(ended: Ended) -> list[Any]:
    found: list[Any] = json.loads(ended.out)
    return found


def said(reason: str, azure: LocalAzure, name: str) -> str:
    """A reason with this run's own names replaced by what they are."""
    known = {azure.url("blob").removeprefix("https://"): "<host>", azure.storage_account[0]: "<account>"}
    for value, meaning in {**known, name: "<blob>"}.items():
        reason = reason.replace(value, meaning)
    return reason


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(blobfront.busy(), BUSY, id="busy"),
        pytest.param(blobfront.busy(retry_after=0), BUSY, id="busy, come back at once"),
        pytest.param(blobfront.busy(retry_after=600), BUSY, id="busy, come back in ten minutes"),
        pytest.param(faults.reset_mid_body(), BROKE, id="reset in the middle of the body"),
        pytest.param(faults.ended_mid_body(), BROKE, id="closed in the middle of the body"),
        pytest.param(faults.altered(lambda body: body[:-1]), SHORTER, id="a byte too few"),
        pytest.param(faults.altered(lambda _: b""), SHORTER, id="nothing"),
        pytest.param(
            faults.altered(lambda body: b"!" + body[1:]),
            "its bytes are not those that storage has the MD5 of",
            id="other bytes",
        ),
    ],
)
def test_a_blob_that_cannot_be_had_fails_alone_and_comes_with_the_next_pull(
    azure: LocalAzure, pull: Pull, fault: Fault, reason: str
) -> None:
    hit = name_of(pull.source, HIT)
    with azure.fault(fault, plane="blob", path=path_of(HIT)):
        ended = pull.forge.start([*WORDS, "--to-dir", str(pull.to), "-o", "json"], pull.source.folder, azure.environ)
        first = ended.wait()
    assert first.code == 7
    assert [(row["path"], said(row["reason"], azure, hit)) for row in rows(first) if row["status"] == "failed"] == [
        (hit, reason)
    ]
    assert tree(pull.to) == {name: content for name, content in pull.source.blobs.items() if name != hit}
    azure.requests.clear()
    second = pull.finish()
    assert (second.code, counted(second.out)) == (0, f"fetched 1 file, 10.0 kB, 1 day, {COUNT - 1} unchanged")
    pull.assert_finished()
    assert bytes_asked(azure, {name: len(content) for name, content in pull.source.blobs.items()}) == len(
        pull.source.blobs[hit]
    )


def test_more_bytes_than_were_asked_for_are_not_kept(azure: LocalAzure, pull: Pull) -> None:
    with azure.fault(faults.altered(lambda body: body + LINE), plane="blob", path=path_of(HIT)):
        assert pull.finish().code == 7
    assert name_of(pull.source, HIT) not in tree(pull.to)
    assert pull.finish().code == 0
    pull.assert_finished()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(blobfront.busy(), id="busy"),
        pytest.param(faults.reset_mid_body(), id="reset in the middle of the body"),
        pytest.param(faults.dropped(), id="dropped"),
        pytest.param(faults.altered(lambda body: body[:-1]), id="a byte too few"),
    ],
)
def test_what_passes_is_not_even_mentioned(azure: LocalAzure, pull: Pull, fault: Fault) -> None:
    with azure.fault(fault, plane="blob", path=path_of(HIT), times=1):
        ended = pull.finish()
    assert (ended.code, complaints(ended.err)) == (0, [])
    pull.assert_finished()


def test_a_pause_that_storage_asks_for_is_kept(azure: LocalAzure, pull: Pull) -> None:
    # twice, because the first try of all is another client's, which does not wait
    with azure.fault(blobfront.busy(retry_after=1), plane="blob", path=path_of(HIT), times=2):
        assert pull.finish().code == 0
    times = [one.time for one in azure.requests.of("blob", "GET", path_of(HIT))]
    assert times[-1] - times[-2] >= 1


def test_tokens_that_expire_during_a_pull_are_renewed(
    azure: LocalAzure, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure.access, "lifetime", 3.0)
    with azure.fault(faults.slow(1.2), plane="blob", path=r"\.jsonl$"):
        began = time.monotonic()
        ended = pull.finish()
        assert time.monotonic() - began > azure.access.lifetime
    assert ended.code == 0
    pull.assert_finished()
    asked = [one for one in azure.requests.of("login", "POST") if b"storage" in one.body]
    assert len(asked) > 1


def test_a_blob_that_is_appended_to_meanwhile_is_had_as_it_was_listed_and_then_whole(
    azure: LocalAzure, pull: Pull
) -> None:
    grown = name_of(pull.source, HIT + 1)
    before = pull.source.blobs[grown]
    append = faults.meanwhile(lambda: azure.blobs.append(container(azure), grown, LINE * 3))
    with azure.fault(append, plane="blob", path=path_of(HIT + 1), times=1):
        assert pull.finish().code == 0
    assert tree(pull.to) == pull.source.blobs
    pull.source.now_holds(grown, before + LINE * 3)
    azure.requests.clear()
    assert counted(pull.finish().out).endswith(f", 1 day, 1 resumed, {COUNT - 1} unchanged")
    pull.assert_finished()
    sizes = {name: len(content) for name, content in pull.source.blobs.items()}
    assert bytes_asked(azure, sizes) < len(before), "it went on where it had ended"


def test_of_a_blob_that_is_still_written_to_there_are_whole_lines_only(
    azure: LocalAzure, forged: Forge, source: Source, tmp_path: Path
) -> None:
    """Its hour is the one in which the pull runs."""
    name = f"{name_of(source, 0).partition('2026/')[0]}2026/11/20/10/open.jsonl"
    azure.blobs.append(container(azure), name, LINE + LINE[:7])

    def pulled() -> dict[str, bytes]:
        words = ["pull", "churn/blue", "--day", "today", "--to-dir", str(tmp_path / "to")]
        assert forged.start(words, source.folder, source.environ).wait().code == 0
        return tree(tmp_path / "to")

    append = faults.meanwhile(lambda: azure.blobs.append(container(azure), name, LINE[7:] + LINE[:3]))
    with azure.fault(append, plane="blob", path=r"/open\.jsonl$", times=1):
        assert pulled() == {name: LINE}
    assert pulled() == {name: LINE * 2}
    azure.blobs.append(container(azure), name, LINE[3:])
    assert pulled() == {name: LINE * 3}
