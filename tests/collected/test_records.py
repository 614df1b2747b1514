"""Reading collected files: every row once, in order, and what cannot be read set aside where it stood."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, MemoryBlobs
from collected.rows import LAST, NOW, V1, V2, ZERO, blocks_of, line, meta, rows_of
from mlmon.core.errors import Unavailable

DAY = "m/1/inputs/2026/03/01/inputs.csv"
HOUR = "2026/03/01/08/a.jsonl"


def v1(content: bytes, path: str = DAY) -> MemoryBlobs:
    return MemoryBlobs().put(MODELDATA, path, content=content)


def v2(*contents: bytes) -> MemoryBlobs:
    return MemoryBlobs().put(INPUTS, HOUR, content=b"".join(contents))


def asides_of(blobs: MemoryBlobs, service: Any, *, now: datetime = NOW) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in blocks_of(blobs, service, now=now)[1]]


def test_the_first_generation_has_its_own_columns_first() -> None:
    content = (
        b"$Timestamp,$CorrelationId,$RequestId,feat1,feat2\r\n"
        b"2026-11-20T08:22:16.954005,loan-7,00000000-0000-0000-0000-000000000000,1.5,a\n"
        b'2026-11-20T08:22:16.954005,loan-7,r2,2.0,"b,c"\n'
    )
    [block], asides = blocks_of(v1(content), V1)
    assert (rows_of([block]), asides) == ([{"feat1": "1.5", "feat2": "a"}, {"feat1": "2.0", "feat2": "b,c"}], [])
    assert block.times == [datetime(2026, 11, 20, 8, 22, 16, 954005, UTC)] * 2
    assert (block.correlations, block.requests) == (["loan-7", "loan-7"], [None, "r2"])
    assert (block.lines, block.positions, block.first_generation) == ([2, 3], [0, 0], True)


def test_the_second_generation_has_them_last_and_its_line_ends_are_mixed() -> None:
    content = f"feat1,feat2,{LAST}\r\n1.5,a,{meta('c1')}\n2,,{meta('c2', 'r2')}\r\n".encode()
    [block], asides = blocks_of(v1(content), V1)
    assert (rows_of([block]), asides) == ([{"feat1": "1.5", "feat2": "a"}, {"feat1": "2", "feat2": None}], [])
    assert (block.correlations, block.requests) == (["c1", "c2"], [None, "r2"])
    assert not block.first_generation


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"pred\r\n1\n2\n", [{"pred": "1"}, {"pred": "2"}]),
        (b"0\r\n1\n", [{"0": "1"}]),  # a DataFrame's column may be called 0; its header ends otherwise than its rows
        (b"0.5\r\n1.5\r\n", [{"0": "0.5"}, {"0": "1.5"}]),  # an array without names has no header
        (f"3.5,x,{meta('c1')}\r\n".encode(), [{"0": "3.5", "1": "x"}]),
        (f"2026-03-01T00:00:01,c1,{ZERO},3.5\r\n".encode(), [{"0": "3.5"}]),
        (b"a,a,b\r\n1,2,3\n", [{"a": "1", "a_2": "2", "b": "3"}]),
        (b"\xef\xbb\xbfa\r\n1\n", [{"a": "1"}]),
        (b'a,b\r\n"x\r\ny",1\n\n"say ""hi""",2\n', [{"a": "x\r\ny", "b": "1"}, {"a": 'say "hi"', "b": "2"}]),
        (b"", []),
        (b"a,b\r\n", []),
    ],
)
def test_headers_that_are_there_or_not(content: bytes, rows: list[dict[str, str]]) -> None:
    blocks, asides = blocks_of(v1(content), V1)
    assert (rows_of(blocks), asides) == (rows, [])


def test_a_header_in_the_middle_begins_other_columns() -> None:
    content = f"a,{LAST}\r\n1,{meta('c1')}\na,{LAST}\r\n2,{meta('c2')}\na,b,{LAST}\r\n3,4,{meta('c3')}\n".encode()
    blocks, asides = blocks_of(v1(content), V1)
    assert (rows_of(blocks), asides) == ([{"a": "1"}, {"a": "2"}, {"a": "3", "b": "4"}], [])


def test_what_is_wrong_with_a_row_costs_that_row_alone() -> None:
    content = b'a,b\r\n1,2\n1,2,3\n"never closed,4\n\xff,5\n6,7\n8\n9,1'
    blobs = v1(content)
    assert rows_of(blocks_of(blobs, V1)[0]) == [{"a": "1", "b": "2"}, {"a": "6", "b": "7"}]
    assert asides_of(blobs, V1) == [
        (3, "has 3 cells where 2 are expected"),
        (4, "is not CSV"),
        (5, "is not UTF-8"),
        (7, "has 1 cells where 2 are expected"),
        (8, "has no end, so that it may be cut off"),
    ]


def test_a_line_holds_the_rows_of_a_request() -> None:
    blobs = v2(line([{"a": 1, "b": None}, {"a": 2, "b": "x"}]), line([{"a": 1.5, "b": True}], correlation="c2"))
    [block], asides = blocks_of(blobs, V2)
    assert rows_of([block]) == [{"a": 1, "b": None}, {"a": 2, "b": "x"}, {"a": 1.5, "b": True}]
    assert (block.lines, block.positions, asides) == ([1, 1, 2], [0, 1, 0], [])
    assert block.correlations == block.requests == ["c1", "c1", "c2"]
    assert block.times == [datetime(2026, 3, 1, 8, 51, 30, tzinfo=UTC)] * 3


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ([1.5, None], [{"0": 1.5}, {"0": None}]),
        ([[1, 2], [3, 4]], [{"0": 1, "1": 2}, {"0": 3, "1": 4}]),
        ({"data": [[1, 2]]}, [{"0": 1, "1": 2}]),
        ({"input_data": {"columns": ["a", "b"], "index": [0], "data": [[1, 2]]}}, [{"a": 1, "b": 2}]),
        ('{"data": [{"a": 1}]}', [{"a": 1}]),
        ('{"broken', [{"value": '{"broken'}]),
        ("words", [{"value": "words"}]),
        ({"a": 1, "data": [1]}, [{"a": 1, "data": [1]}]),
        ({"a": {"b": [1]}}, [{"a": {"b": [1]}}]),
        (None, [{"value": None}]),
        ([], []),
        ({}, [{}]),
    ],
)
def test_a_payload_may_be_any_json(data: Any, rows: list[dict[str, Any]]) -> None:
    blocks, asides = blocks_of(v2(line(data)), V2)
    assert (rows_of(blocks), asides) == (rows, [])


def test_lines_that_cannot_be_read_are_set_aside_and_the_others_are_not() -> None:
    blobs = v2(
        b"{\n", line([{"a": 1}]), b"[1]\n", b'{"time": 3}\n', b"\xff\n", b"\n", b"[" * 100_000 + b"\n", b'{"data": ['
    )
    assert rows_of(blocks_of(blobs, V2)[0]) == [{"a": 1}]
    assert asides_of(blobs, V2) == [
        (1, "is no JSON"),
        (3, "is no JSON object"),
        (4, "has no data in it"),
        (5, "is not UTF-8"),
        (7, "is no JSON"),
        (8, "breaks off"),
    ]


@pytest.mark.parametrize(("minute", "growing"), [(59, True), (61, False)])
def test_half_a_last_line_is_growing_only_while_its_hour_lasts(*, minute: int, growing: bool) -> None:
    now = datetime(2026, 3, 1, 8 + minute // 60, minute % 60, tzinfo=UTC)
    [aside] = blocks_of(v2(line([{"a": 1}]), b'{"data": ['), V2, now=now)[1]
    assert (aside.line, aside.growing) == (2, growing)


@pytest.mark.parametrize("packed", [gzip.compress, lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:])])
def test_gzip_is_unpacked_whatever_the_file_is_called(packed: Any) -> None:
    blocks, asides = blocks_of(v2(packed(line([{"a": 1}]) * 3)), V2)
    assert (rows_of(blocks), asides) == ([{"a": 1}] * 3, [])


def test_damaged_gzip_is_set_aside() -> None:
    whole = gzip.compress(line([{"a": 1}]))
    assert asides_of(v2(whole[:-4]), V2) == [(0, "is gzip that breaks off")]
    assert asides_of(v2(whole[:12] + b"\xff\xff\xff" + whole[15:]), V2) == [
        (0, "is damaged gzip, and is not read from there on")
    ]


def test_a_file_that_cannot_be_fetched_does_not_stop_the_others() -> None:
    def broken() -> Iterator[bytes]:
        yield line([{"a": 1}])
        raise Unavailable("storage does not answer")

    blobs = v2(line([{"a": 9}]))
    blobs.put(INPUTS, "2026/03/01/09/b.jsonl", content=line([{"a": 2}]))
    blobs.reads[INPUTS.prefix + HOUR] = broken
    blocks, asides = blocks_of(blobs, V2)
    assert rows_of(blocks) == [{"a": 1}, {"a": 2}]
    assert [(one.line, one.reason) for one in asides] == [(0, "could not be read to its end: storage does not answer")]


ACCOUNT = "https://account.blob.core.windows.net"


def test_data_in_a_blob_of_its_own_is_followed() -> None:
    blobs = v2(line(f"{ACCOUNT}/big/of/the%20day.json", datainblob="true"))
    blobs.stored["big", "of/the day.json"] = b'[{"a": 1}, {"a": 2}]'
    blocks, asides = blocks_of(blobs, V2)
    assert (rows_of(blocks), asides) == ([{"a": 1}, {"a": 2}], [])


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://evil.example/big/x.json", "points outside the storage account"),
        ("https://account.blob.core.windows.net.evil.example/big/x.json", "points outside the storage account"),
        ("http://account.blob.core.windows.net/big/x.json", "points outside the storage account"),
        ("file:///etc/passwd", "points outside the storage account"),
        (f"{ACCOUNT}/big/x.json?sig=secret", "points to an address with more in it than a place"),
        (
            "https://me:you@account.blob.core.windows.net/big/x.json",
            "points to an address with more in it than a place",
        ),
        (f"{ACCOUNT}/big/../other/x.json", "points to what is no blob"),
        (f"{ACCOUNT}/big/%2e%2e/x.json", "points to what is no blob"),
        (f"{ACCOUNT}/big", "points to what is no blob"),
        ("https://[", "points to what is no address"),
        (f"{ACCOUNT}/big/of/gone.json", "points to data that is gone"),
        (f"{ACCOUNT}/big/of/words.json", "points to data that is no JSON"),
        ([1], "points to data elsewhere, but not where"),
    ],
)
def test_a_pointer_that_leads_elsewhere_is_refused(url: Any, reason: str) -> None:
    blobs = v2(line(url, datainblob="true"))
    blobs.stored["big", "of/words.json"] = b"words"
    assert asides_of(blobs, V2) == [(1, reason)]


_NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(
    lambda name: "$" not in name
)
_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


def test_a_cell_may_have_lines_without_a_quote_between_its_first_and_last() -> None:
    blocks, asides = blocks_of(v1(f'a,{LAST}\n"one\n\nthree\nfour",{meta("c1")}\n5,{meta("c2")}\n'.encode()), V1)

    assert asides == []
    assert rows_of(blocks) == [{"a": "one\n\nthree\nfour"}, {"a": "5"}]


@given(st.data())
@settings(max_examples=150)
def test_any_csv_comes_back_row_for_row(data: st.DataObject) -> None:
    names = data.draw(st.lists(_NAME, min_size=1, max_size=4, unique=True))
    rows = data.draw(st.lists(st.lists(_CELL, min_size=len(names), max_size=len(names)), max_size=6))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([*names, *LAST.split(",")])
    for at, row in enumerate(rows):
        ending = data.draw(st.sampled_from(["\n", "\r\n"]))
        csv.writer(text, lineterminator=ending).writerow([*row, *meta(f"c{at}").split(",")])
    blocks, asides = blocks_of(v1(text.getvalue().encode()), V1)
    assert asides == []
    assert rows_of(blocks) == [dict(zip(names, (cell or None for cell in row), strict=True)) for row in rows]


_VALUE = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=6)
_ROW = st.dictionaries(st.text(max_size=4), _VALUE | st.lists(_VALUE, max_size=2), max_size=4)


@given(st.lists(st.lists(_ROW, max_size=4), max_size=5))
@settings(max_examples=150)
def test_any_jsonl_comes_back_row_for_row(events: list[list[dict[str, Any]]]) -> None:
    content = b"".join(json.dumps({"data": rows}).encode() + b"\n" for rows in events)
    blocks, asides = blocks_of(v2(content), V2)
    assert asides == []
    assert rows_of(blocks) == [row for rows in events for row in rows]
    places = [(block.lines[at], block.positions[at]) for block in blocks for at in range(len(block))]
    assert places == [(nth, at) for nth, rows in enumerate(events, 1) for at in range(len(rows))]
