"""The plan of a dataset: no longer than it has to be, and in the order that is promised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, OUTPUTS, MemoryBlobs
from collected.rows import NOW, V2, line
from mlmon.collected.selecting.selection import Selection, select
from mlmon.collected.tables import dataset as tables
from mlmon.collected.tables.dataset import Dataset
from mlmon.collected.tables.filling import fill
from mlmon.collected.tables.plan import Counts, Wanted
from mlmon.collected.tables.staging import Staging

HOUR = "2026/03/01/08/a.jsonl"


@contextmanager
def joined(inputs: list[bytes], outputs: list[bytes], **wanted: Any) -> Iterator[Dataset]:
    blobs = MemoryBlobs().put(INPUTS, HOUR, content=b"".join(inputs)).put(OUTPUTS, HOUR, content=b"".join(outputs))
    staging = Staging.open()
    try:
        assert list(fill(staging, blobs, select(blobs, V2, Selection()), now=NOW, on_aside=print))
        yield tables.build(staging, Wanted(**wanted))
    finally:
        staging.close()


def pairs_of(made: Dataset, *, limit: int | None = None) -> list[tuple[Any, Any]]:
    return [(row["a"], row["p"]) for row in made.rows(limit=limit)]


@pytest.mark.parametrize(("sort", "lines"), [((), 21), (("-request_id",), 21), (("a",), 200)])
def test_the_plan_has_a_line_for_each_request_as_long_as_no_single_row_is_asked_for(
    sort: tuple[str, ...], lines: int
) -> None:
    ins = [line([{"a": 10 * n + at} for at in range(10)], correlation=f"c{n:02}") for n in range(20)]
    outs = [line([{"p": 10 * n + at} for at in range(10)], correlation=f"c{n:02}") for n in range(19)]
    outs.append(line([{"p": 190 + at} for at in range(4)], correlation="c19"))
    with joined(ins, outs, sort=sort) as made:
        assert made.staging.connection.execute("SELECT count(*) FROM plan").fetchall() == [(lines,)]
        assert (made.count, made.found, made.counts) == (200, 200, [Counts(194, 0, 6, 0)])


def test_a_request_of_thousands_of_rows_is_cut_where_so_many_are_asked_for() -> None:
    cells = [{"a": n} for n in range(5_000)]
    with joined([line(cells)], [line([{"p": n} for n in range(4_999)])]) as made:
        pairs = [(n, n) for n in range(4_999)] + [(4_999, None)]
        assert pairs_of(made) == pairs
        for limit in (0, 1, 2_047, 2_048, 3_000, 4_999, 6_000):
            assert pairs_of(made, limit=limit) == pairs[:limit]


Sent = tuple[str | None, int, tuple[int, ...]]


def in_order(inputs: list[Sent], outputs: list[Sent]) -> list[tuple[int | None, int | None]]:
    """The rows as one would sort them: by time, then id, then what was given before what was only answered, then as
    they stand in their files. Those without an id have no partner, and come behind those of the same time."""

    def rows(events: list[Sent]) -> list[tuple[str | None, int, int]]:
        return [(correlation, second, cell) for correlation, second, cells in events for cell in cells]

    left: dict[str, list[int]] = defaultdict(list)
    for correlation, _, cell in rows(outputs):
        if correlation is not None:
            left[correlation].append(cell)
    keyed = []
    for n, (correlation, second, cell) in enumerate(rows(inputs)):
        theirs = left.get(correlation or "")
        keyed.append(
            ((second, correlation is None, correlation or "", 0, n), (cell, theirs.pop(0) if theirs else None))
        )
    alone = {cell for cells in left.values() for cell in cells}
    for n, (correlation, second, cell) in enumerate(rows(outputs)):
        if correlation is None or cell in alone:
            keyed.append(((second, correlation is None, correlation or "", 1, n), (None, cell)))
    return [pair for _, pair in sorted(keyed)]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_rows_come_in_the_order_of_time_id_and_file_whatever_was_joined(data: st.DataObject) -> None:
    counter = iter(range(10_000))

    def drawn() -> list[Sent]:
        of = st.tuples(st.sampled_from(["c1", "c2", "c3", None]), st.integers(0, 2), st.integers(1, 3))
        return [
            (correlation, second, tuple(next(counter) for _ in range(size)))
            for correlation, second, size in data.draw(st.lists(of, min_size=1, max_size=8))
        ]

    inputs, outputs = drawn(), drawn()
    ours, theirs = (
        [
            line([{name: n} for n in cells], correlation=c, id=f"{name}{at}", time=f"2026-03-01T08:00:0{second}Z")
            for at, (c, second, cells) in enumerate(events)
        ]
        for name, events in (("a", inputs), ("p", outputs))
    )
    expected = in_order(inputs, outputs)
    limit = data.draw(st.integers(0, len(expected) + 1))
    with joined(ours, theirs) as made:
        assert pairs_of(made) == expected
        assert pairs_of(made, limit=limit) == expected[:limit]
    matched = [pair for pair in expected if None not in pair]
    with joined(ours, theirs, matched_only=True) as made:
        assert (made.count, pairs_of(made)) == (len(matched), matched)
