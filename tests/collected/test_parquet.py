"""Parquet files put together are what one file of all their rows would be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from mlmon.collected.tables.parquet import joined

ROWS = """SELECT n, 'id-' || n AS id, n / 3 AS ratio, n % 2 = 0 AS even, make_timestamp(n * 1000000) AS at,
                 nullif(n % 5, 0) AS gap, n % 3 AS few FROM (SELECT unnest(range({first}, {past})) AS n)"""


def together(folder: Path, sizes: Sequence[int]) -> Path:
    """One file of the rows from 0 on, by way of pieces of these sizes."""
    pieces, first = [], 0
    for at, size in enumerate(sizes):
        pieces.append(folder / f"{at}.parquet")
        query = ROWS.format(first=first, past=first + size)
        duckdb.execute(f"COPY ({query}) TO '{pieces[-1]}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
        first += size
    whole = folder / "whole.parquet"
    whole.write_bytes(b"".join(joined(pieces)))
    assert [*folder.iterdir()] == [whole]
    return whole


@pytest.mark.parametrize(
    "sizes",
    [[0], [1], [5, 0, 7], [0, 3], [3000, 5000, 1], [1] * 40, [50_000, 70_000]],
    ids=lambda sizes: str(sizes)[:20],
)
def test_the_rows_are_those_of_all_pieces_in_order(tmp_path: Path, sizes: list[int]) -> None:
    whole = together(tmp_path, sizes)

    assert duckdb.sql(f"FROM '{whole}'").fetchall() == duckdb.sql(ROWS.format(first=0, past=sum(sizes))).fetchall()
    groups = duckdb.sql(f"SELECT num_rows, num_row_groups FROM parquet_file_metadata('{whole}')").fetchall()
    assert groups == [(sum(sizes), sum(-(-size // 2048) for size in sizes))]


def test_a_row_is_found_by_what_the_file_says_of_its_pages(tmp_path: Path) -> None:
    whole = together(tmp_path, [3000] * 20)

    for n in (0, 2999, 3000, 31_415, 59_999):
        assert duckdb.sql(f"SELECT n FROM '{whole}' WHERE id = 'id-{n}'").fetchall() == [(n,)]
        assert duckdb.sql(f"SELECT id FROM '{whole}' WHERE n = {n}").fetchall() == [(f"id-{n}",)]
    assert duckdb.sql(f"SELECT count(*) FROM parquet_bloom_probe('{whole}', 'few', 7)").fetchall() == [(40,)]


def test_another_reader_reads_it_too(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    whole = together(tmp_path, [10, 3000, 20])

    found = pandas.read_parquet(whole)

    assert found["n"].tolist() == [*range(3030)]
    assert found["id"].tolist() == [f"id-{n}" for n in range(3030)]
    assert found["even"].tolist() == [n % 2 == 0 for n in range(3030)]
