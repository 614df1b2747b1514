"""The newest collected data: found with few listings, and never anything but the newest."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, OUTPUTS, V1, V2, MemoryBlobs
from mlmon.collected.selecting.covering import PAGE
from mlmon.collected.selecting.newest import newest
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.model import ServiceName


def found(blobs: MemoryBlobs, service: ServiceName) -> str | None:
    one = newest(blobs, service)
    return one.blob.name if one else None


def test_a_collection_of_v2_takes_three_listings_however_old_it_is() -> None:
    blobs = MemoryBlobs().put(
        INPUTS, *(f"{year}/{month:02}/01/00/a.jsonl" for year in range(2001, 2027) for month in range(1, 13))
    )
    blobs.put(OUTPUTS, "2020/01/01/00/a.jsonl")
    assert found(blobs, V2) == f"{INPUTS.prefix}2026/12/01/00/a.jsonl"
    assert blobs.calls == [
        ("children", INPUTS.prefix),
        ("children", f"{INPUTS.prefix}2026/"),
        ("list", f"{INPUTS.prefix}2026/12/"),
        ("children", OUTPUTS.prefix),
        ("children", f"{OUTPUTS.prefix}2020/"),
        ("list", f"{OUTPUTS.prefix}2020/01/"),
    ]


def test_folders_that_hold_no_collected_data_are_passed_over() -> None:
    blobs = MemoryBlobs().put(
        INPUTS, "2026/02/28/23/a.jsonl", "2026/3/too/deep/for/a/date.txt", "2026/99/x", "2027/notes.d/x", "zz/2030/x"
    )
    assert found(blobs, V2) == f"{INPUTS.prefix}2026/02/28/23/a.jsonl"


def test_files_directly_in_a_year_or_a_month_count() -> None:
    assert found(MemoryBlobs().put(INPUTS, "2026/a.jsonl"), V2) == f"{INPUTS.prefix}2026/a.jsonl"
    assert found(MemoryBlobs().put(INPUTS, "2026/3/a.jsonl"), V2) == f"{INPUTS.prefix}2026/3/a.jsonl"


def test_nothing_was_ever_collected() -> None:
    assert found(MemoryBlobs(), V1) is None
    blobs = MemoryBlobs()
    assert found(blobs, V2) is None
    assert blobs.calls == [(how, root.prefix) for root in (INPUTS, OUTPUTS) for how in ("children", "list")]


def test_a_v1_service_is_one_listing_as_long_as_a_page_holds_it() -> None:
    days = [f"m/1/{name}/2020/08/{day:02}/{name}.csv" for name in ("inputs", "predictions") for day in range(1, 32)]
    blobs = MemoryBlobs().put(MODELDATA, *days)
    assert found(blobs, V1) == f"{MODELDATA.prefix}m/1/predictions/2020/08/31/predictions.csv"
    assert blobs.calls == [("list", MODELDATA.prefix)]


def test_a_v1_service_with_more_is_gone_down_level_by_level() -> None:
    parts = [f"m/1/inputs/2020/08/27/{number}.csv" for number in range(PAGE)]
    blobs = MemoryBlobs().put(MODELDATA, *parts, "z/2/inputs/2021/9/3/inputs.csv", "m/1/inputs/2020/08/27/telemetry/x")
    assert found(blobs, V1) == f"{MODELDATA.prefix}z/2/inputs/2021/9/3/inputs.csv"
    assert ("list", f"{MODELDATA.prefix}m/1/inputs/") not in blobs.calls


YEARS = st.sampled_from(["2025", "2026", "0", "x"])
PARTS = st.sampled_from(["1", "01", "2", "12", "13", "y"])


def paths_of(levels: int) -> st.SearchStrategy[list[str]]:
    """Paths as one collector writes them, and others: all at one depth, because a collector does not change its own."""
    dates = st.tuples(YEARS, *[PARTS] * (levels - 1))
    return st.lists(dates.map(lambda parts: "/".join([*parts, "f.jsonl"])), unique=True, max_size=12)


@given(st.integers(1, 6).flatmap(paths_of))
@settings(deadline=None)
def test_it_is_the_latest_of_all_that_can_be_selected(paths: list[str]) -> None:
    blobs = MemoryBlobs().put(INPUTS, *paths)
    starts = [one.start for one in select(blobs, V2, Selection())]
    latest = newest(blobs, V2)
    assert (latest.start if latest else None) == max(starts, default=None)
