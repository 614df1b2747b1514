"""Shapes: rows of any width and lines of any length are read and joined in the same memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, V1, V2, MemoryBlobs
from collected.rows import LAST, NOW, line, meta
from mlmon.collected.records import Aside
from mlmon.collected.selecting.selection import Selection, select
from mlmon.collected.tables import dataset as tables
from mlmon.collected.tables.filling import fill
from mlmon.collected.tables.plan import Wanted
from mlmon.collected.tables.staging import NoRoom, Staging, explained
from mlmon.collected.tables.turns import Turns
from mlmon.core.errors import Failure, MlmonError

MANY = 26 << 20
USUAL_MB = 128


@dataclass(frozen=True)
class Shape:
    """Lines of `rows` rows and `columns` columns, the first of them a text so many letters long."""

    rows: int
    columns: int
    letters: int = 3
    nested: bool = False

    def v2(self, size: int) -> tuple[MemoryBlobs, int]:
        """A file of about so many bytes, and how many rows it has."""
        cells = {"f0": "x" * self.letters, **{f"f{at}": at / 8 for at in range(1, self.columns)}}
        data = [{**cells, "list": [1]} if self.nested else cells] * self.rows
        text = line(data, correlation="00000000")
        count = max(1, size // len(text))
        content = b"".join(text.replace(b"00000000", b"%08d" % at) for at in range(1, count + 1))
        return stored(INPUTS.container, f"{INPUTS.prefix}2026/03/01/08/a.jsonl", content), count * self.rows

    def v1(self, size: int) -> tuple[MemoryBlobs, int]:
        """The same as CSV, a request for each `rows` rows."""
        names = [f"f{at}" for at in range(self.columns)]
        cells = ["x" * self.letters, *(str(at / 8) for at in range(1, self.columns))]
        row = f"{','.join(cells)},{meta('00000000')}\n"
        count = max(self.rows, size // len(row))
        head = f"{','.join([*names, LAST])}\r\n"
        content = head + "".join(row.replace("00000000", f"{at // self.rows + 1:08}", 1) for at in range(count))
        name = f"{MODELDATA.prefix}m/1/inputs/2026/03/01/inputs.csv"
        return stored(MODELDATA.container, name, content.encode()), count


def stored(container: str, name: str, content: bytes) -> MemoryBlobs:
    """A blob that comes in one large chunk."""
    blobs = MemoryBlobs()
    blobs.stored[container, name] = content
    blobs.reads[name] = lambda: iter([content])
    return blobs


def filled(blobs: MemoryBlobs, staging: Staging) -> Iterator[Aside]:
    """Fill the tables, and what was set aside."""
    asides: list[Aside] = []
    service = V2 if any(container == INPUTS.container for container, _ in blobs.stored) else V1
    list(fill(staging, blobs, select(blobs, service, Selection()), now=NOW, on_aside=asides.append))
    return iter(asides)


def written(blobs: MemoryBlobs, *, memory: str = f"{USUAL_MB}MB") -> tuple[int, int, int]:
    """How many rows a dataset has, how many lines were written of them, and the memory that DuckDB was given."""
    staging = Staging.open(memory=memory)
    try:
        assert not list(filled(blobs, staging))
        made = tables.build(staging, Wanted())
        size = sum(map(len, made.parquet()))
        assert size > 0
        return (
            made.count,
            sum(part.rows for one in staging.collections.values() for part in one.parts),
            staging.megabytes,
        )
    finally:
        staging.close()


@pytest.mark.parametrize(
    "shape",
    [
        Shape(rows=50, columns=20),
        Shape(rows=500, columns=20),
        Shape(rows=10, columns=100),
        Shape(rows=1, columns=3, letters=400_000),
        Shape(rows=1, columns=3, letters=4_000_000),
        Shape(rows=14_000, columns=20),
        Shape(rows=50, columns=20, nested=True),
    ],
    ids=str,
)
def test_lines_of_any_length_take_the_memory_that_short_ones_take(shape: Shape) -> None:
    blobs, rows = shape.v2(MANY // 4 if shape.nested or shape.rows > 1000 else MANY)  # those are read line by line
    count, _, megabytes = written(blobs)
    assert (count, megabytes) == (rows, USUAL_MB)


@pytest.mark.parametrize("shape", [Shape(10, 100), Shape(1, 3, letters=400_000), Shape(10, 1)], ids=str)
def test_so_do_rows_of_csv(shape: Shape) -> None:
    blobs, rows = shape.v1(MANY)
    count, _, megabytes = written(blobs)
    assert (count, megabytes) == (rows, USUAL_MB)


@pytest.mark.parametrize("columns", [200, 600])
def test_memory_rises_with_the_columns_where_they_are_many(columns: int) -> None:
    for blobs, rows in (Shape(10, columns).v2(MANY // 4), Shape(10, columns).v1(MANY // 4)):
        count, typed, megabytes = written(blobs)
        assert (count, typed) == (rows, rows)
        assert USUAL_MB < megabytes <= 2 * USUAL_MB + columns // 2


@settings(max_examples=5, deadline=None)
@given(
    shape=st.builds(
        Shape,
        rows=st.integers(1, 300),
        columns=st.integers(1, 60),
        letters=st.sampled_from([0, 5, 300, 30_000]),
        nested=st.booleans(),
    ),
    v1=st.booleans(),
)
def test_any_shape_fits_into_little_memory(shape: Shape, v1: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    blobs, rows = (shape.v1 if v1 else shape.v2)(3 << 20)
    count, _, megabytes = written(blobs, memory="100MB")
    assert (count, megabytes) == (rows, 100)


def test_what_needs_more_than_there_is_is_an_error_with_a_hint() -> None:
    staging = Staging.open(memory="40MB")
    with pytest.raises(NoRoom) as raised, explained():
        staging.connection.execute("SELECT length(string_agg(repeat('x', 1000000), ',')) FROM range(1000)").fetchall()
    staging.close()
    assert raised.value.message.startswith("the rows need more memory than there is: Out of Memory Error: ")
    assert raised.value.hint == "choose a shorter range, or one collection with --collection"
    assert isinstance(raised.value, MlmonError)


def test_memory_grows_by_half_until_it_is_enough_and_not_for_ever() -> None:
    staging, allowed = Staging.open(), list[int]()

    def never() -> None:
        allowed.append(staging.megabytes)
        raise NoRoom("no")

    with pytest.raises(Failure):
        staging.with_room(never)
    [[limit]] = staging.connection.execute("SELECT current_setting('memory_limit')").fetchall()
    staging.close()
    assert allowed == [128, 192, 288, 432, 648, 972, 1458, 2048]
    assert limit == "1.9 GiB"


def test_who_is_alone_has_nobody_beside() -> None:
    turns, both, seen = Turns(2), Barrier(2), list[str]()

    def beside(taken: str) -> None:
        with turns.shared() if taken == "shared" else turns.alone():
            try:
                both.wait(timeout=0.2)
                seen.append("together")
            except BrokenBarrierError:
                seen.append("by itself")

    for kind in ("shared", "alone"):
        threads = [Thread(target=beside, args=(one,)) for one in ("shared", kind)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == ["together", "together", "by itself", "by itself"]


def test_lines_that_differ_in_their_ids_alone_are_no_second_deliveries() -> None:
    blobs, rows = Shape(rows=1, columns=1, letters=0).v2(4 << 20)
    assert rows > 25_000
    assert written(blobs)[0] == rows


def test_a_line_says_what_it_is() -> None:
    blobs, rows = Shape(rows=2, columns=2).v2(1)
    [content] = blobs.stored.values()
    assert (rows, json.loads(content)["data"]) == (2, [{"f0": "xxx", "f1": 0.125}] * 2)


def test_two_that_need_more_memory_at_the_same_time_share_what_is_added() -> None:
    staging = Staging.open()
    first, together = [True, True], Barrier(2)

    def work(at: int) -> int:
        if first[at]:
            first[at] = False
            together.wait()
            raise NoRoom("no")
        return at

    try:
        with ThreadPoolExecutor(2) as threads:
            assert [*threads.map(lambda at: staging.with_room(lambda: work(at)), range(2))] == [0, 1]
        assert staging.megabytes == USUAL_MB * 3 // 2
    finally:
        staging.close()
