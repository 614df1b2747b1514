"""Collected data by day: a day gives the same whatever is read with it, and is read once."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, V1, V2, MemoryBlobs
from collected.rows import LAST, line, meta
from drift.same import bits, rows
from mlmon.collected.records import Aside
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.model import ServiceName
from mlmon.core.timerange import TimeRange
from mlmon.drift.cache import Cache
from mlmon.drift.days import Days, Reading, read_days, with_values
from mlmon.drift.kinds import overridden
from mlmon.drift.result import Kind
from mlmon.drift.summary import Categories, Numbers, Quality

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
KINDS: dict[str, Kind] = {"age": "number", "city": "category"}
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
ID = {"age": 1.0, "city": "x"}


def days_of(
    blobs: MemoryBlobs,
    service: ServiceName = V2,
    kinds: dict[str, Kind] | None = KINDS,
    *,
    asides: list[Aside] | None = None,
    collection: str = "inputs",
    **more: Any,
) -> Days:
    selected = list(select(blobs, service, Selection(more.get("between"), (collection,))))
    return read_days(Reading(blobs, NOW, [].append if asides is None else asides.append), selected, kinds, **more)


def all_bits(found: Days) -> dict[str, Any]:
    return {
        day.isoformat(): ({name: bits(one) for name, one in each.summaries.items()}, rows(each.sample))
        for day, each in found.by_day.items()
    }


def counted(found: Days, day: date, name: str) -> dict[str, int]:
    one = found.by_day[day].summaries[name]
    assert isinstance(one, Categories)
    return dict(zip(one.labels, one.counts.tolist(), strict=True))


def read(blobs: MemoryBlobs) -> list[str]:
    """The paths that were read since the last time."""
    found = [name.removeprefix(INPUTS.prefix) for what, name in blobs.calls if what == "read"]
    blobs.calls.clear()
    return found


def two_days() -> MemoryBlobs:
    blobs = MemoryBlobs()
    rows_ = [{"age": 30, "city": "Bern"}, {"age": 31.5, "city": None}]
    blobs.put(INPUTS, "2026/03/01/08/a.jsonl", content=line(rows_, correlation="a"))
    blobs.put(INPUTS, "2026/03/01/09/b.jsonl", content=line([{"age": "abc", "city": "Genf"}], correlation="b"))
    return blobs.put(INPUTS, "2026/03/02/08/c.jsonl", content=line([{"age": None, "new": 1}], correlation="c"))


def test_each_day_has_a_summary_of_each_feature() -> None:
    found = days_of(two_days())
    assert [*found.by_day] == [FIRST, SECOND]
    assert found.by_day[FIRST].summaries["age"].quality == Quality(rows=3, failures=1)
    assert counted(found, FIRST, "city") == {"Bern": 1, "Genf": 1}
    assert found.by_day[SECOND].summaries["age"].quality == Quality(rows=1, nulls=1)
    # the column is not there on that day: the month's share of missing values must know
    assert found.by_day[SECOND].summaries["city"].quality == Quality(rows=1, nulls=1)
    assert found.by_day[SECOND].summaries["new"].quality == Quality(rows=1)
    assert "new" not in found.by_day[FIRST].summaries


def test_the_range_is_the_days_together() -> None:
    found = days_of(two_days())
    whole = found.summaries()
    assert whole["age"].quality == Quality(rows=4, nulls=1, failures=1)
    assert found.summaries([SECOND])["city"].quality == Quality(rows=1, nulls=1)
    assert [*with_values(found.summaries([SECOND]))] == ["new"]


def test_rows_of_v1_are_read_alike() -> None:
    header = f"age,city,{LAST}\n"
    content = header + "".join(
        f"{age},{city},{meta('c', str(at), second=at)}\n"
        for at, (age, city) in enumerate([("1.5", "Bern"), ("NaN", "NaN"), ("", ""), ("x", "True"), ("inf", "007")])
    )
    blobs = MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/data.csv", content=content.encode())
    found = days_of(blobs, V1)
    assert found.by_day[FIRST].summaries["age"].quality == Quality(rows=5, nulls=2, infinities=1, failures=1)
    assert counted(found, FIRST, "city") == {"Bern": 1, "true": 1, "007": 1}


def test_a_missing_number_is_the_same_beside_words_and_without_them() -> None:
    def v1(*cells: str) -> MemoryBlobs:
        lines = [f"{cell},{meta('c', str(at), second=at)}\n" for at, cell in enumerate(cells)]
        text = f"age,{LAST}\n{''.join(lines)}"
        return MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/data.csv", content=text.encode())

    plain, mixed = (days_of(v1("1", "NaN", *more), V1, {"age": "number"}) for more in ((), ("word",)))
    assert plain.by_day[FIRST].summaries["age"].quality == Quality(rows=2, nulls=1)
    assert mixed.by_day[FIRST].summaries["age"].quality == Quality(rows=3, nulls=1, failures=1)


def test_what_was_delivered_twice_on_a_day_counts_once() -> None:
    twice = line([ID], correlation="a")
    blobs = MemoryBlobs().put(INPUTS, "2026/03/01/08/a.jsonl", "2026/03/01/09/b.jsonl", content=twice)
    blobs.put(INPUTS, "2026/03/02/08/a.jsonl", content=twice)
    found = days_of(blobs)
    assert {day: each.summaries["age"].quality.rows for day, each in found.by_day.items()} == {FIRST: 1, SECOND: 1}


def test_what_v1_delivered_twice_on_a_day_counts_once() -> None:
    content = f"age,{LAST}\n5,{meta('c', '1')}\n".encode()
    days = [f"m/1/inputs/2026/03/{day}" for day in ("01/a.csv", "01/b.csv", "02/a.csv")]
    found = days_of(MemoryBlobs().put(MODELDATA, *days, content=content), V1, {"age": "number"})
    assert {day: each.summaries["age"].quality.rows for day, each in found.by_day.items()} == {FIRST: 1, SECOND: 1}


def test_rows_of_a_file_for_a_month_are_of_the_days_of_their_times() -> None:
    lines = [
        line([ID], correlation=str(at), time=f"2026-03-{day:02}T10:00:00Z") for at, day in enumerate((1, 1, 2, 31))
    ]
    strange = [line([ID], correlation="x", time="2027-01-01T00:00:00Z"), line([ID], correlation="y", time=None)]
    blobs = MemoryBlobs().put(INPUTS, "2026/03/rows.jsonl", content=b"".join(lines + strange))
    counts = {day: each.summaries["age"].quality.rows for day, each in days_of(blobs).by_day.items()}
    assert counts == {FIRST: 3, SECOND: 1, date(2026, 3, 31): 2}


def test_only_days_that_are_new_are_read(tmp_path: Path) -> None:
    blobs, cache = two_days(), Cache(tmp_path)
    first = days_of(blobs, cache=cache, most=100)
    assert len(read(blobs)) == 3
    again = days_of(blobs, cache=cache, most=100)
    assert read(blobs) == []
    assert all_bits(again) == all_bits(first)
    assert again.kinds == first.kinds
    blobs.put(INPUTS, "2026/03/03/08/d.jsonl", content=line([ID], correlation="d"))
    assert [*days_of(blobs, cache=cache, most=100).by_day] == [FIRST, SECOND, date(2026, 3, 3)]
    assert read(blobs) == ["2026/03/03/08/d.jsonl"]


def test_a_day_that_grew_is_read_again_and_takes_no_more_room(tmp_path: Path) -> None:
    blobs, cache = two_days(), Cache(tmp_path)
    days_of(blobs, cache=cache)
    kept = sorted((tmp_path / ".mlmon/summaries").iterdir())
    read(blobs)
    blobs.put(INPUTS, "2026/03/02/09/d.jsonl", content=line([ID], correlation="d"))
    found = days_of(blobs, cache=cache)
    assert read(blobs) == ["2026/03/02/08/c.jsonl", "2026/03/02/09/d.jsonl"]
    assert found.by_day[SECOND].summaries["age"].quality.rows == 2
    blobs.put(INPUTS, "2026/03/02/08/c.jsonl", content=line([ID] * 5, correlation="c"))
    assert days_of(blobs, cache=cache).by_day[SECOND].summaries["age"].quality.rows == 6
    assert sorted((tmp_path / ".mlmon/summaries").iterdir()) == kept


def test_other_kinds_or_a_sample_are_another_reading(tmp_path: Path) -> None:
    blobs, cache = two_days(), Cache(tmp_path)
    days_of(blobs, cache=cache)
    for more in ({"kinds": {"age": "category"}}, {"most": 10}):
        read(blobs)
        days_of(blobs, cache=cache, **more)  # type: ignore[arg-type]  # one of two keywords
        assert len(read(blobs)) == 3


@pytest.mark.parametrize("damage", [b"", b"x" * 500, None])
def test_a_damaged_file_is_as_if_not_there(tmp_path: Path, damage: bytes | None) -> None:
    blobs, cache = two_days(), Cache(tmp_path)
    first = days_of(blobs, cache=cache, most=10)
    for path in (tmp_path / ".mlmon/summaries").iterdir():
        whole = path.read_bytes()
        path.write_bytes(whole[:40] + b"\0" + whole[41:] if damage is None else damage)
    read(blobs)
    assert all_bits(days_of(blobs, cache=cache, most=10)) == all_bits(first)
    assert len(read(blobs)) == 3
    days_of(blobs, cache=cache, most=10)
    assert read(blobs) == []


def test_where_nothing_can_be_written_all_is_read_each_time(tmp_path: Path) -> None:
    (tmp_path / ".mlmon").write_text("a file")
    blobs, cache = two_days(), Cache(tmp_path)
    for _ in range(2):
        assert [*days_of(blobs, cache=cache).by_day] == [FIRST, SECOND]
        assert len(read(blobs)) == 3


def test_what_is_kept_is_nobody_elses(tmp_path: Path) -> None:
    days_of(two_days(), cache=Cache(tmp_path))
    assert (tmp_path / ".mlmon/.gitignore").read_text() == "*\n"


def test_a_day_with_a_line_that_cannot_be_read_is_told_of_each_time(tmp_path: Path) -> None:
    blobs, cache = two_days(), Cache(tmp_path)
    blobs.put(INPUTS, "2026/03/01/09/b.jsonl", content=line([ID], correlation="b") + b"no json\n")
    for expected in (3, 2):
        asides: list[Aside] = []
        assert days_of(blobs, cache=cache, asides=asides).by_day[FIRST].summaries["age"].quality.rows == 3
        assert [(one.line, one.reason) for one in asides] == [(2, "is no JSON")]
        assert len(read(blobs)) == expected


def test_a_part_of_a_day_is_not_taken_for_the_day(tmp_path: Path) -> None:
    blobs, cache = MemoryBlobs(), Cache(tmp_path)
    times = ("2026-03-01T08:00:00Z", "2026-03-01T20:00:00Z")
    lines = [line([ID], correlation=time, time=time) for time in times]
    blobs.put(INPUTS, "2026/03/01/rows.jsonl", content=b"".join(lines))
    noon = TimeRange(datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    for between, expected in ((noon, 1), (None, 2), (noon, 1)):
        found = days_of(blobs, between=between, cache=cache)
        assert found.by_day[FIRST].summaries["age"].quality.rows == expected


def test_a_range_until_now_holds_all_of_today(tmp_path: Path) -> None:
    blobs, cache = MemoryBlobs(), Cache(tmp_path)
    blobs.put(INPUTS, "2026/11/20/08/a.jsonl", content=line([ID], time="2026-11-20T08:10:00Z"))
    today = TimeRange(datetime(2026, 11, 20, tzinfo=UTC), NOW)
    days_of(blobs, between=today, cache=cache)
    read(blobs)
    assert days_of(blobs, between=today, cache=cache).by_day[date(2026, 11, 20)].summaries["age"].quality.rows == 1
    assert read(blobs) == []


def test_no_files_are_no_days() -> None:
    assert days_of(MemoryBlobs()) == Days(KINDS, {})


def test_an_earlier_range_can_be_the_baseline_itself(tmp_path: Path) -> None:
    blobs, cache = two_days(), Cache(tmp_path)
    blobs.put(INPUTS, "2026/03/01/09/b.jsonl", content=line([{"age": 7, "city": "Genf"}], correlation="b"))
    found = days_of(blobs, kinds=None, cache=cache)
    assert found.kinds == {"age": "number", "city": "category", "new": "number"}
    read(blobs)
    adjusted = days_of(blobs, kinds=None, cache=cache, adjust=lambda kinds: overridden(kinds, categories=["new"]))
    assert adjusted.kinds == {"age": "number", "city": "category", "new": "category"}
    assert len(read(blobs)) == 3
    assert all_bits(days_of(blobs, kinds=None, cache=cache)) == all_bits(found)
    assert read(blobs) == []


def test_a_sample_holds_the_rows_there_are() -> None:
    found = days_of(two_days(), most=10)
    sample = found.by_day[FIRST].sample
    assert sample is not None
    ages, cities = sample.columns["age"], sample.columns["city"]
    assert isinstance(cities, list)
    pairs = {(str(age), city) for age, city in zip(ages, cities, strict=True)}
    assert pairs == {("30.0", "Bern"), ("31.5", None), ("nan", "Genf")}
    whole = found.sample()
    assert whole is not None
    assert len(whole) == 4


values = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.sampled_from(["a", "b", "1.0", "007", "true", "NaN", "1e5"]),
    st.lists(st.integers(0, 2), max_size=2),
)
records = st.lists(st.dictionaries(st.sampled_from(["age", "city", "new"]), values, min_size=1), min_size=1, max_size=6)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(records, min_size=1, max_size=3), min_size=2, max_size=3))
def test_a_day_does_not_depend_on_what_is_read_with_it(days: list[list[list[dict[str, Any]]]]) -> None:
    together, apart = MemoryBlobs(), []
    for at, lines in enumerate(days):
        one = MemoryBlobs()
        for number, data in enumerate(lines):
            content = line(json.loads(json.dumps(data)), correlation=f"{at}-{number}")
            for blobs in (together, one):
                blobs.put(INPUTS, f"2026/03/{at + 1:02}/{number:02}/rows.jsonl", content=content)
        apart.append(one)
    each: dict[str, Any] = {}
    for one in apart:
        each |= all_bits(days_of(one, most=4))
    assert all_bits(days_of(together, most=4)) == each


def test_names_that_differ_in_case_alone_are_features_of_their_own() -> None:
    """In the lines that are read many at a time, in those that are not (nested values), and in v1's files."""
    plain = [{"Age": 1, "age": 20}, {"Age": 2, "age": 30}]
    odd = [{"age": 40, "AGE": 9, "more": [1]}]
    v2 = MemoryBlobs().put(INPUTS, "2026/03/01/08/a.jsonl", content=line(plain, correlation="a"))
    v2.put(INPUTS, "2026/03/01/09/b.jsonl", content=line(odd, correlation="b"))
    text = f"Age,age,AGE,{LAST}\n"
    for at, cells in enumerate(("1,20,", "2,30,", ",40,9")):
        text += f"{cells},{meta('c', str(at), second=at)}\n"
    v1 = MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/data.csv", content=text.encode())
    for blobs, service in ((v2, V2), (v1, V1)):
        found = days_of(blobs, service, None)
        assert {name: found.kinds[name] for name in ("Age", "age", "AGE")} == dict.fromkeys(
            ("Age", "age", "AGE"), "number"
        )
        seen = {name: one for name, one in found.by_day[FIRST].summaries.items() if isinstance(one, Numbers)}
        assert {name: one.means.tolist() for name, one in seen.items()} == {
            "Age": [1, 2],
            "age": [20, 30, 40],
            "AGE": [9],
        }


@pytest.mark.parametrize("most", [0, 100])
def test_a_baseline_tells_names_by_their_case_too(most: int) -> None:
    blobs = MemoryBlobs().put(INPUTS, "2026/03/01/08/a.jsonl", content=line([{"Age": 1}, {"Age": 2}]))
    found = days_of(blobs, V2, {"age": "number"}, most=most)
    assert {name: one.quality for name, one in found.by_day[FIRST].summaries.items()} == {
        "age": Quality(rows=2, nulls=2),
        "Age": Quality(rows=2),
    }
