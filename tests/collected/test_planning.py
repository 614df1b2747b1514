"""A plan: small however many files it is for, read while it is made, and as strict as if it kept every name."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import islice
from pathlib import Path
from threading import Event, Thread

import pytest

from collected.memory import V2, MemoryBlobs
from mlmon.collected.pulling import planning, spool, taken
from mlmon.collected.pulling.outcomes import SetAside, Target
from mlmon.collected.pulling.planning import Plan, plan
from mlmon.collected.pulling.spool import CHUNK, IN_MEMORY, LOOSE, Spool
from mlmon.collected.pulling.taken import Taken
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.selecting.selection import Selection
from mlmon.core.errors import Failure, NotFound, Unavailable
from mlmon.core.model import BlobInfo, CollectedRoot, Generation, ServiceName

FLAT = CollectedRoot("c", "", Generation.V2, "model_inputs")
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
MODULES = [planning, spool, taken]
PLACE = "modelDataCollector/fraud/blue/model_inputs"


def hourly(count: int, *, pause: Event | None = None) -> Generator[CollectedBlob, None, None]:
    """A file an hour in a folder of its own, which is the layout with the most folders; its ETags are like Azure's."""
    for number in range(count):
        start = BEGAN + timedelta(hours=number)
        drawn = md5(str(number).encode(), usedforsecurity=False)
        name = f"{PLACE}/{start:%Y/%m/%d/%H}/{drawn.hexdigest()[:12]}.jsonl"
        blob = BlobInfo("c", name, 8000 + number % 999, f'"0x8D{drawn.hexdigest()[:12]}"', start, drawn.digest())
        yield CollectedBlob(blob, V2, "model_inputs", "", "", start, start + timedelta(hours=1))
        if pause and number == CHUNK + 10:
            assert pause.wait(30)


def made(selected: Generator[CollectedBlob, None, None], *, in_memory: int = IN_MEMORY) -> Plan:
    planned = Plan(Path("to"), in_memory=in_memory)
    planned.fill(selected)
    return planned


def kept_by_plans() -> int:
    """Bytes that the modules of a plan hold. What is cached of names, up to some number of them, is not theirs."""
    gc.collect()  # Python keeps thousands of tuples that are over for those to come; this lets go of them
    modules = [tracemalloc.Filter(inclusive=True, filename_pattern=module.__file__ or "") for module in MODULES]
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(modules).traces)


class TestMemory:
    def test_a_plan_keeps_little_of_a_blob_and_less_where_the_list_is_in_a_file(self) -> None:
        more = {}
        for in_memory in (IN_MEMORY, 0):
            kept = []
            # whole ones, as a chunk that is being filled is not compressed, and behind those that never are
            for count in ((LOOSE + 2) * CHUNK, (LOOSE + 8) * CHUNK):
                tracemalloc.start()
                with made(hourly(count), in_memory=in_memory) as planned:
                    kept.append(kept_by_plans())
                    began = tracemalloc.get_traced_memory()[0]
                    tracemalloc.reset_peak()
                    assert sum(1 for _ in planned) == count
                    assert tracemalloc.get_traced_memory()[1] - began < 1_500_000  # a chunk or two, not the list
                tracemalloc.stop()
            more[in_memory] = (kept[1] - kept[0]) / (6 * CHUNK)
        # two places, as each file has a folder of its own, and what tables grow by; then the list as well. Where it is
        # not compressed, what is known of a blob is more than a kilobyte
        assert more[0] < 60
        assert more[IN_MEMORY] < 60 + 80

    def test_places_are_a_dozen_bytes_each(self) -> None:
        tracemalloc.start()
        places = Taken()
        for number in range(20_000):
            places.add(f"2026/03/{number}", number % 1000)
        size, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert size / 20_000 < 8 / 0.4
        assert peak - size < 20_000  # one of many small tables grows at a time
        assert all(number % 1000 in places.of(f"2026/03/{number}") for number in range(20_000))
        assert not any(list(places.of(f"2026/04/{number}")) for number in range(20_000))


class TestReadingWhileItIsMade:
    def test_what_is_listed_comes_before_the_listing_is_over(self) -> None:
        pause, planned = Event(), Plan(Path("to"))
        listing = Thread(target=planned.fill, args=(hourly((LOOSE + 2) * CHUNK + 50, pause=pause),))
        listing.start()
        reader = iter(planned)
        seen = list(islice(reader, CHUNK + 10))
        assert not planned.listed
        pause.set()
        seen += reader
        listing.join()
        assert seen == [Target(one, one.blob.name) for one in hourly((LOOSE + 2) * CHUNK + 50)]
        assert (planned.listed, planned.count) == (True, len(seen))

    def test_a_reader_that_is_faster_waits_at_each_place_and_misses_nothing(self) -> None:
        listed = [Target(one, one.blob.name) for one in hourly((LOOSE + 2) * CHUNK + 3)]
        filled, seen = Spool(), []
        reader = iter(filled)
        for one in listed:
            filled.append(one)
            seen.append(next(reader))
        filled.finish()
        assert seen == listed
        assert list(reader) == []
        assert list(filled) == listed

    def test_a_listing_that_fails_is_heard_of_by_who_reads(self) -> None:
        class Away(MemoryBlobs):
            def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:
                yield from islice(super().list(container, prefix), 3)
                raise Unavailable("storage is away", hint="later")

        blobs = Away({V2: (FLAT,)}).put(FLAT, *(f"2026/03/{number}" for number in range(9)))
        with plan(blobs, V2, Selection(), to_dir=Path("to"), ahead=True) as planned, pytest.raises(Unavailable):
            list(planned)

    def test_so_is_a_service_that_is_not_there(self) -> None:
        with plan(MemoryBlobs({}), ServiceName("x"), Selection(), to_dir=Path("to"), ahead=True) as planned:
            with pytest.raises(NotFound):
                list(planned)
            with pytest.raises(NotFound):  # each time
                list(planned)

    def test_a_plan_that_is_closed_has_no_more_listed(self) -> None:
        asked = []

        def endless() -> Generator[CollectedBlob, None, None]:
            for one in hourly(10**6):
                asked.append(one)
                if len(asked) == 20:
                    planned.close()
                yield one

        planned = Plan(Path("to"))
        planned.fill(endless())
        assert len(asked) == 20


def test_a_disk_without_room_for_the_list_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(Failure) as caught:
        made(hourly((LOOSE + 1) * CHUNK), in_memory=0)
    assert (caught.value.message, caught.value.hint) == (
        f"the list of files to fetch could not be kept in '{tmp_path}/gone' (No such file or directory)",
        "set TMPDIR to a folder with more room",
    )


@pytest.mark.parametrize("chunk", [0, LOOSE + 1], ids=["as it is", "packed"])
def test_a_twin_that_stands_chunks_away_is_found_and_named(chunk: int) -> None:
    listed = [*hourly((LOOSE + 3) * CHUNK)]
    first = listed[chunk * CHUNK]
    loud = BlobInfo("c", first.blob.name.upper(), 1, "", BEGAN)
    below = BlobInfo("c", f"{first.blob.name}/x", 1, "", BEGAN)
    above = BlobInfo("c", first.blob.name.rpartition("/")[0], 1, "", BEGAN)
    again = [CollectedBlob(blob, V2, "", "", "", first.start, first.end) for blob in (loud, below, above, first.blob)]
    with made((one for one in [*listed, *again]), in_memory=10_000) as planned:
        assert [one for one in planned if isinstance(one, SetAside)] == [
            SetAside("c", loud.name, f"would be the same file as {first.blob.name!r}"),
            SetAside("c", below.name, f"needs a folder where {first.blob.name!r} is a file"),
            SetAside("c", above.name, f"would be a file where {first.blob.name!r} needs a folder"),
        ]
        assert planned.count == (LOOSE + 3) * CHUNK  # the same blob listed twice is one file
        assert planned.holds(loud.name)
        assert not planned.holds(f"{PLACE}/2026/03/01/00/other.jsonl")
