"""Loads: lines of many files in one, of which each still knows where it stood."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collected.memory import INPUTS, V2, MemoryBlobs
from mlmon.collected.records.text import Line, Piece
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.selecting.selection import Selection, select
from mlmon.collected.tables.plain import Load

[SOURCE] = select(MemoryBlobs().put(INPUTS, "2026/03/01/08/a.jsonl"), V2, Selection())
PIECES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 900), st.lists(st.binary(max_size=5), min_size=1, max_size=4)),
    min_size=1,
    max_size=40,
)
Written = list[tuple[int, int, list[bytes]]]
"""The file that a piece is of, the number of its first line, and its lines."""


def in_order(drawn: list[tuple[int, int, list[bytes]]]) -> Written:
    """Pieces, some of them of the same file as the one before."""
    file, written = 0, list[tuple[int, int, list[bytes]]]()
    for further, number, lines in drawn:
        file += further
        written.append((file, number, [line.replace(b"\n", b"") + b"\n" for line in lines]))
    return written


def loaded(folder: Path, written: Written, source: CollectedBlob = SOURCE) -> Load:
    load = Load(7, folder / "load")
    for file, number, lines in written:
        load.add(source, Piece(number, b"".join(lines), len(lines)), file=file, cells=1)
    return load


@given(PIECES.map(in_order))
def test_each_line_is_of_the_file_that_it_came_from(written: Written) -> None:
    with TemporaryDirectory() as folder:
        load = loaded(Path(folder), written)
    wanted = [file for file, _, lines in written for _ in lines]
    found = duckdb.sql(f"SELECT {load.files} FROM (SELECT unnest(range(1, {load.count} + 1)) AS line) ORDER BY line")
    assert [file for (file,) in found.fetchall()] == wanted
    assert (load.before, load.count, load.first) == (0, len(wanted), 7)


@given(PIECES.map(in_order), st.data())
def test_one_file_of_a_load_is_a_load_of_the_same_lines_with_the_same_numbers(
    written: Written, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(written) - 1))
    file, number, lines = written[at]
    with TemporaryDirectory() as folder:
        load = loaded(Path(folder), written)
        only = load.only(load.spooled[at])
        numbered = [Line(number + place, line) for place, line in enumerate(lines)]
        assert load.lines(load.spooled[at]) == only.lines(only.spooled[0]) == numbered
        assert load.lines(load.spooled[at], 2) == numbered[:2]
        assert only.path.read_bytes() == b"".join(lines)
        before = sum(len(found) for _, _, found in written[:at])
        assert (only.first, only.before, only.count, only.size) == (7, before, len(lines), len(b"".join(lines)))
        assert only.files == f"({file})::INTEGER"
        only.let_go()
        assert load.path.exists()
        load.let_go()
        assert list(Path(folder).iterdir()) == []


@pytest.mark.parametrize(("pieces", "is_full"), [(499, False), (500, True)])
def test_a_load_of_very_many_files_is_full_before_it_is_large(tmp_path: Path, pieces: int, *, is_full: bool) -> None:
    load = loaded(tmp_path, [(at, 1, [b"x\n"]) for at in range(pieces)])
    assert load.full is is_full
