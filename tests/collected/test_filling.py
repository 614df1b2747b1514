"""Filling: what DuckDB reads at once is exactly what is read line by line."""

from __future__ import annotations

import gzip
import json
from itertools import groupby
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, OUTPUTS, V1, V2, MemoryBlobs
from collected.rows import LAST, NOW, ZERO
from mlmon.collected.records import Aside, read
from mlmon.collected.selecting.selection import Selection, select
from mlmon.collected.tables import dataset as tables
from mlmon.collected.tables.filling import fill
from mlmon.collected.tables.plan import Wanted
from mlmon.collected.tables.staging import Staging
from mlmon.core.model import ServiceName

Told = tuple[list[tuple[str, str]], list[str], list[tuple[str, int, str]], int]


def told(staging: Staging, asides: list[Aside]) -> Told:
    """Everything that can be seen of a dataset: its columns, rows, what was set aside, and its duplicates."""
    said = sorted((one.source.blob.name, one.line, one.reason) for one in asides)
    if not staging.collections:
        return [], [], said, 0
    made = tables.build(staging, Wanted())
    columns = [(one.name, one.type) for one in made.columns]
    return columns, [repr(row) for row in made.rows()], said, made.duplicates


def at_once(blobs: MemoryBlobs, service: ServiceName) -> Told:
    """The dataset, read as `mlmon dataset` does."""
    staging, asides = Staging.open(), list[Aside]()
    try:
        list(fill(staging, blobs, select(blobs, service, Selection()), now=NOW, on_aside=asides.append))
        return told(staging, asides)
    finally:
        staging.close()


def one_by_one(blobs: MemoryBlobs, service: ServiceName) -> Told:
    """The dataset, every line of it read by `records`."""
    staging, asides = Staging.open(), list[Aside]()
    files = sorted(select(blobs, service, Selection()), key=lambda one: (one.collection, one.start, one.blob.name))
    try:
        for name, found in groupby(files, key=lambda one: one.collection):
            collection = staging.collection(name, v1=not service.deployment)
            for source in found:
                first = staging.next_load()
                for block in read(blobs, [source], now=NOW, on_aside=asides.append):
                    staging.add(collection, block, first=first)
            if collection.parts:
                staging.settle(collection)
            else:
                del staging.collections[name]
        staging.settle_files()
        return told(staging, asides)
    finally:
        staging.close()


NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.integers(-(2**66), 2**66),
    st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1, 2**63, 2**63 - 1, 0.0, -0.0, 1e16, 1e-5, 1.5, 1e300, 5e-324]),
    st.floats(),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    st.text(max_size=4),
    st.sampled_from(["007", "true", "NaN", "1.5", '"', "\\", ","]),
)
SAME = st.lists(
    st.fixed_dictionaries({"a": st.integers(-9, 9), "b": st.floats(-9, 9), "c": st.text("xy,", max_size=3)})
)
ROWS = st.one_of(
    SAME,
    st.lists(st.fixed_dictionaries({"a": NUMBERS, "b": VALUES}), max_size=3),
    st.lists(st.dictionaries(st.sampled_from(["a", "A", "b", "é", "d e", "x'y"]), VALUES, max_size=3), max_size=3),
    st.lists(st.one_of(VALUES, st.lists(VALUES, max_size=2)), max_size=2),
    st.recursive(
        VALUES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
)
TIMES = st.sampled_from(
    [
        "2026-03-01T08:51:30Z",
        "2026-03-01T08:51:30.123456Z",
        "2026-03-01T08:51:30.1+02:00",
        "2026-03-01",
        "20260301T08",
        "",
        7,
    ]
)
ODD_LINES = [
    b"{\n",
    b"\n",
    b" \n",
    b"\xff\n",
    b'{"data":[{"a":1},]}\n',
    b'{"data":[{"a":1 , }]}\n',
    b'{"data":[{"a":1,"a":2}]}\n',
    b'{"data":[{"a":nan}]}\n',
    b'{"data":[{"a":NaN}]}\n',
    b'{"x":nan,"data":[{"a":1}]}\n',
    b'{"data":[{"a":1e400}]}\n',
    b'{"data":[{"a":1e5}, {"a":2E-07}]}\n',
    b'{"data":[{"a":1}],"data":[{"a":2}]}\n',
    b'{"data":[{"a":1},null]}\n',
    b'{"data":[{"a":"\\ud800"}]}\n',
    b'{"data":[{"a":"\\u0000"}]}\n',
    b'{"data":"https://elsewhere/x","datainblob":"true"}\n',
    b'{"data":[{"a":1}]}\x1f\n',
    b'{"data":[{"a":1}]}\r\n',
    b'{"data":\r[{"a":1}]}\n',
    b' {"data" : [ {"a" : 1} ] } \n',
    b"0\n",
]


@st.composite
def v2_lines(draw: st.DrawFn) -> bytes:
    """One line, mostly of a request."""
    if draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(ODD_LINES))
    event: dict[str, Any] = {"data": draw(ROWS)}
    for key, values in (
        ("time", TIMES),
        ("correlationid", st.sampled_from(["c1", "c2", ZERO, ""])),
        ("xrequestid", st.sampled_from(["r1", None])),
        ("modelversion", st.sampled_from(["1", "", 3])),
    ):
        if draw(st.integers(0, 4)):
            event[key] = draw(values)
    return json.dumps(event, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass") + b"\n"


def packed(draw: st.DrawFn, content: bytes) -> bytes:
    """As it is, or cut short, or as gzip."""
    match draw(st.integers(0, 9)):
        case 7:
            return content[:-2]
        case 8:
            return gzip.compress(content)
        case 9:
            return b"\xef\xbb\xbf" + content
        case _:
            return content


@st.composite
def v2_blobs(draw: st.DrawFn) -> MemoryBlobs:
    """Hours of two collections."""
    blobs = MemoryBlobs()
    for root in (INPUTS, OUTPUTS):
        for hour in draw(st.lists(st.sampled_from(["07", "08", "09"]), unique=True)):
            lines = draw(st.lists(v2_lines(), max_size=5))
            blobs.put(root, f"2026/03/01/{hour}/a.jsonl", content=packed(draw, b"".join(lines)))
    return blobs


@given(v2_blobs())
@settings(max_examples=60, deadline=None)
@example(MemoryBlobs().put(INPUTS, "2026/03/01/07/a.jsonl", content=b'{"data":[{"a":0,"b":-0.0}]}\n'))
@example(MemoryBlobs().put(INPUTS, "2026/03/01/07/a.jsonl", content=b'{"data":[{"b":-0.0}]}\n{"data":[{"b":"x"}]}\n'))
@example(MemoryBlobs().put(INPUTS, "2026/03/01/07/a.jsonl", content=b'\n{"data":[{"a":1}]}\n\n\n{"data":[{"a":2}]}\n'))
@example(MemoryBlobs().put(INPUTS, "2026/03/01/07/a.jsonl", content=b'{"data":[{"a":1}]}\n{"data":[{"a":2},]}\n'))
def test_v2_files_are_read_at_once_as_one_by_one(blobs: MemoryBlobs) -> None:
    assert at_once(blobs, V2) == one_by_one(blobs, V2)


CELLS = st.one_of(
    st.sampled_from(["1", "2", "-3", "0.5", "", "x"]),
    st.sampled_from(
        ["007", "-0", "1e5", "1E-7", "nan", "NaN", "inf", "Infinity", "+1", ".5", "5.", " 1", "1_0", "True", "false"]
    ),
    st.sampled_from(
        ["9007199254740993", "9223372036854775808", "1" * 45, '"a,b"', '"a\nb"', '"', "$Timestamp", "é", "\r", "\0"]
    ),
    st.floats().map(repr),
)
FIRST = "$Timestamp,$CorrelationId,$RequestId"


@st.composite
def v1_files(draw: st.DrawFn) -> bytes:
    """A file of either generation, its rows mostly as a collector writes them."""
    width = draw(st.integers(1, 2))
    names = ",".join(["a", "b"][:width])
    kind = draw(st.sampled_from(["first", "last", "bare", "none"]))
    head = {"first": f"{FIRST},{names}\r\n", "last": f"{names},{LAST}\r\n", "bare": f"{names}\r\n", "none": ""}[kind]
    columns = [
        draw(st.sampled_from([st.integers(-9, 9).map(str), st.sampled_from(["0.5", "1.10", "2"]), CELLS]))
        for _ in range(width)
    ]
    lines = [head]
    for _ in range(draw(st.integers(0, 6))):
        if draw(st.integers(0, 12)) == 0:
            lines.append(
                draw(st.sampled_from(["\n", "x\n", "1,2,3,4,5,6,7,8,9,10,11,12\n", head, '"open\n', ",,,,,,,,,\n"]))
            )
        cells = ",".join(draw(one) for one in columns)
        correlation = draw(st.sampled_from(["c1", "c1", "c2", ZERO, ""]))
        time = draw(st.sampled_from(["2026-03-01T08:22:16.507660"] * 5 + ["2026-03-01T08:22:17", "20260301", "no"]))
        request = draw(st.sampled_from(["r1", ZERO]))
        row = {
            "first": f"{time},{correlation},{request},{cells}",
            "last": f"{cells},{correlation},{time},1440,1a2b/rg/ws,churn,m,1,{request}",
        }.get(kind, cells)
        lines.append(row + draw(st.sampled_from(["\n", "\n", "\n", "\r\n"])))
    return packed(draw, "".join(lines).encode("utf-8", "surrogatepass"))


@st.composite
def v1_blobs(draw: st.DrawFn) -> MemoryBlobs:
    """Days of two designations."""
    blobs = MemoryBlobs()
    for designation in ("inputs", "predictions"):
        for day in draw(st.lists(st.sampled_from(["01", "02"]), unique=True)):
            blobs.put(MODELDATA, f"m/1/{designation}/2026/03/{day}/{designation}.csv", content=draw(v1_files()))
    return blobs


@given(v1_blobs())
@settings(max_examples=60, deadline=None)
@example(MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/inputs.csv", content=b"a,b\r\n\n1,2\n\n\n3,4\n"))
@example(  # an empty line has a comma too few, and the row before it one too many
    MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/inputs.csv", content=b"a,b\r\n1,2,\n\n3,4\n")
)
@example(
    MemoryBlobs()
    .put(MODELDATA, "m/1/inputs/2026/03/01/inputs.csv", content=b"a\r\n1.10\n")
    .put(MODELDATA, "m/1/inputs/2026/03/02/inputs.csv", content=b"a\r\nx\n")
)
@example(
    MemoryBlobs().put(
        MODELDATA,
        "m/1/inputs/2026/03/01/inputs.csv",
        content=b"$Timestamp,$CorrelationId,$RequestId,a\r\n" + b"2026-03-01T08:22:16.507660,c1,r1,0\n" * 2,
    )
)
def test_v1_files_are_read_at_once_as_one_by_one(blobs: MemoryBlobs) -> None:
    assert at_once(blobs, V1) == one_by_one(blobs, V1)
