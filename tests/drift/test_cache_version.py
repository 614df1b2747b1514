"""What is kept of collected data is read again by later versions of mlmon: if they would make anything else of the same
files, they must not find it."""

from __future__ import annotations

import io
import json
import random
import zlib
from hashlib import blake2b
from typing import Final

import numpy as np

from collected.memory import INPUTS, MODELDATA, V1, V2, MemoryBlobs
from collected.rows import LAST, line, meta
from drift.test_days import days_of
from mlmon.drift.cache import VERSION, Day, packed
from mlmon.drift.result import Kind

MADE: Final = {2: "380ed491509491bca0066f04daea95cf"}
"""What the files below give, by version. It changes when code of ours, or DuckDB's `hash`, does."""
KINDS: Final[dict[str, Kind]] = {"age": "number", "many": "number", "city": "category", "gone": "number"}


def files() -> tuple[MemoryBlobs, MemoryBlobs]:
    """All that a summary knows of: more values than it tells apart, what is no value, long texts, columns that some
    rows have. Lines are held together and apart, as their values allow."""
    chance = random.Random(6)
    ages = [30, 31.5, -0.0, 5e-324, 1e308, None, "abc", True, "7", "inf", "-Infinity", "NaN", 2**60]
    cities = ["Bern", "", "Ä" * 1_200, "true", True, 1.0, "007", None, "null"]
    rows = [
        {"age": ages[at % len(ages)], "many": chance.gauss(0, 1) * 10 ** (at % 9), "city": cities[at % len(cities)]}
        for at in range(2_400)
    ]
    v2 = MemoryBlobs().put(INPUTS, "2026/03/01/08/a.jsonl", content=line(rows, correlation="a"))
    v2.put(INPUTS, "2026/03/01/09/b.jsonl", content=line([{"age": 1, "new": 2}], correlation="b"))
    v2.put(INPUTS, "2026/03/01/09/d.jsonl", content=line([{"age": 2, "many": 0.5, "city": "x"}], correlation="d"))
    v2.put(INPUTS, "2026/03/01/10/e.jsonl", content=line([{"age": 1, "other": [1]}], correlation="e"))
    v2.put(INPUTS, "2026/03/02/08/c.jsonl", content=line([{"age": 1, "city": "Bern"}], correlation="c"))
    text = f"age,city,extra,{LAST}\n" + "".join(
        f"{cells},{meta('c', str(at), second=at)}\n"
        for at, cells in enumerate(["1.5,Bern,1", "NaN,NaN,", ",,x", "x,True,nan", "inf,1.0,2"])
    )
    return v2, MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/data.csv", content=text.encode())


def content(day: Day) -> bytes:
    """What is kept of a day, without what the format of the file around it adds."""
    with np.load(io.BytesIO(zlib.decompress(packed(day))), allow_pickle=False) as found:
        parts = {name: (str(found[name].dtype), found[name].tobytes().hex()) for name in found.files}
    return json.dumps(parts, sort_keys=True).encode()


def test_whoever_changes_what_is_kept_raises_its_version() -> None:
    made = blake2b(digest_size=16)
    for blobs, service in zip(files(), (V2, V1), strict=True):
        for day in days_of(blobs, service, KINDS, most=500).by_day.values():
            made.update(content(day))
    assert {VERSION: made.hexdigest()}.items() <= MADE.items(), (
        "the same files give something else than before: raise VERSION in mlmon/drift/cache.py, and add what they give"
        " now to MADE; only where VERSION was raised since the last release already, put it in the place of the last"
    )
    assert max(MADE) == VERSION
