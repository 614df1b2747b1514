"""Which blobs a selection means, in which order they come, and how little is asked for them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from threading import Event, active_count
from time import monotonic

import pytest

from collected.memory import INPUTS, MODELDATA, OUTPUTS, V1, V2, MemoryBlobs
from mlmon.collected.selecting.covering import PAGE
from mlmon.collected.selecting.layout import CollectedBlob, Reason, same_collection
from mlmon.collected.selecting.selection import Selection, collections, in_time, select
from mlmon.core.errors import NotFound, Unavailable
from mlmon.core.model import BlobInfo, CollectedRoot
from mlmon.core.timerange import TimeRange, day_range, month_range


def between(start: str, end: str) -> TimeRange:
    """`2026-03-01` or `2026-03-01T12:30`, UTC."""
    first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    return TimeRange(first, last)


def chosen(blobs: MemoryBlobs, selection: Selection, *, service=V1, now: datetime | None = None) -> list[str]:
    """The selected names, without the roots."""
    names = [collected.blob.name for collected in select(blobs, service, selection, now=now)]
    for root in (MODELDATA, INPUTS, OUTPUTS):
        names = [name.removeprefix(root.prefix) for name in names]
    return names


def asked(blobs: MemoryBlobs, root: CollectedRoot) -> list[str]:
    """What was asked of storage, without the root; a level that was looked into ends in `?`. Threads ask in any
    order."""
    marks = {"children": "?", "list": ""}
    return sorted(name.removeprefix(root.prefix) + marks[what] for what, name in blobs.calls)


def test_a_range_is_half_open_over_the_end_of_february() -> None:
    days = ["02/26", "02/27", "02/28", "03/01", "03/02", "03/03"]
    blobs = MemoryBlobs().put(MODELDATA, *(f"m/1/inputs/2026/{day}/inputs.csv" for day in days))
    assert chosen(blobs, Selection(between("2026-02-27", "2026-03-02"))) == [
        "m/1/inputs/2026/02/27/inputs.csv",
        "m/1/inputs/2026/02/28/inputs.csv",
        "m/1/inputs/2026/03/01/inputs.csv",
    ]


def test_a_leap_year_has_its_day_and_the_year_turns() -> None:
    blobs = MemoryBlobs().put(INPUTS, *(f"{day}/x" for day in ("2023/12/31", "2024/01/01", "2024/02/29", "2024/03/01")))
    assert chosen(blobs, Selection(month_range(2024, 2)), service=V2) == ["2024/02/29/x"]
    assert chosen(blobs, Selection(between("2023-12-31", "2024-01-02")), service=V2) == [
        "2023/12/31/x",
        "2024/01/01/x",
    ]


def test_a_range_inside_a_day_takes_the_hours_it_touches_and_the_whole_day_s_files() -> None:
    blobs = MemoryBlobs().put(
        MODELDATA,
        "m/1/inputs/2026/03/01/10/x.csv",
        "m/1/inputs/2026/03/01/11/x.csv",
        "m/1/inputs/2026/03/01/12/x.csv",
        "m/1/inputs/2026/03/01/inputs.csv",
        "m/1/inputs/2026/03/02/inputs.csv",
    )
    assert chosen(blobs, Selection(between("2026-03-01T11:30", "2026-03-01T12:00"))) == [
        "m/1/inputs/2026/03/01/11/x.csv",
        "m/1/inputs/2026/03/01/inputs.csv",
    ]
    assert chosen(blobs, Selection(between("2026-03-01T12:00", "2026-03-02T12:00"))) == [
        "m/1/inputs/2026/03/01/12/x.csv",
        "m/1/inputs/2026/03/01/inputs.csv",
        "m/1/inputs/2026/03/02/inputs.csv",
    ]


def test_padded_and_unpadded_dates_come_by_name_and_can_be_put_in_time() -> None:
    paths = ["2026/09/03/x", "2026/10/02/x", "2026/10/2/x", "2026/9/30/x", "2026/9/4/x"]
    blobs = MemoryBlobs().put(INPUTS, *reversed(paths), "2026/10/03/x", "2026/9/2/x", "2026/09/02/x")
    for now in (None, datetime(2026, 10, 3, tzinfo=UTC)):
        found = list(select(blobs, V2, Selection(between("2026-09-03", "2026-10-03")), now=now))
        assert [one.blob.name.removeprefix(INPUTS.prefix) for one in found] == paths
        assert [one.blob.name.removeprefix(INPUTS.prefix) for one in in_time(found)] == [
            "2026/09/03/x",
            "2026/9/4/x",
            "2026/9/30/x",
            "2026/10/02/x",
            "2026/10/2/x",
        ]


def test_collections_are_chosen_by_either_generation_s_name_in_any_case() -> None:
    blobs = MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/a", "m/1/predictions/2026/03/01/b")
    blobs.put(INPUTS, "2026/03/01/a").put(OUTPUTS, "2026/03/01/b")
    for name in ("inputs", "MODEL_INPUTS"):
        assert chosen(blobs, Selection(collections=(name,))) == ["m/1/inputs/2026/03/01/a"]
        assert chosen(blobs, Selection(month_range(2026, 3), (name,)), service=V2) == ["2026/03/01/a"]
    both = Selection(month_range(2026, 3), ("Predictions", "model_inputs"))
    assert chosen(blobs, both) == ["m/1/inputs/2026/03/01/a", "m/1/predictions/2026/03/01/b"]
    assert chosen(blobs, Selection(collections=("labels",))) == []
    assert (same_collection("Inputs", "model_inputs"), same_collection("inputs", "model_outputs")) == (True, False)


def test_model_and_version_narrow_v1_and_match_nothing_in_v2() -> None:
    blobs = MemoryBlobs().put(INPUTS, "2026/03/01/x")
    for series in ("a/1", "a/2", "ab/1", "a/default"):
        blobs.put(MODELDATA, f"{series}/inputs/2026/03/01/x")
    for span in (None, month_range(2026, 3)):
        assert chosen(blobs, Selection(span, model="a")) == [
            f"a/{version}/inputs/2026/03/01/x" for version in ("1", "2", "default")
        ]
        assert chosen(blobs, Selection(span, model_version="1")) == [
            "a/1/inputs/2026/03/01/x",
            "ab/1/inputs/2026/03/01/x",
        ]
        assert chosen(blobs, Selection(span, model="a", model_version="default")) == ["a/default/inputs/2026/03/01/x"]
        assert chosen(blobs, Selection(span, model="a/1")) == []
        assert chosen(blobs, Selection(span, model="a"), service=V2) == []


def test_two_roots_over_the_same_folder_give_each_blob_once() -> None:
    twice = MemoryBlobs(service_roots={V2: (INPUTS, INPUTS)}).put(INPUTS, "2026/03/01/x")
    assert chosen(twice, Selection(), service=V2) == ["2026/03/01/x"]


def test_collections_names_what_there_is_to_choose_from() -> None:
    blobs = MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/a", "m/2/predictions/2026/03/01/b", "n/1/inputs/x")
    assert (collections(blobs, V1), collections(blobs, V2)) == (
        ["inputs", "predictions"],
        ["model_inputs", "model_outputs"],
    )
    assert collections(MemoryBlobs(), V1) == []


def test_an_unknown_service_is_not_found() -> None:
    with pytest.raises(NotFound):
        list(select(MemoryBlobs(service_roots={}), V1, Selection()))


def test_skipping_needs_no_listener() -> None:
    assert chosen(MemoryBlobs().put(INPUTS, "readme", "2026/01/02/x"), Selection(), service=V2) == ["2026/01/02/x"]


def test_series_come_one_after_the_other_and_each_by_name() -> None:
    blobs = MemoryBlobs().put(OUTPUTS, "2026/01/01/a").put(INPUTS, "2026/03/01/b", "2026/02/01/b")
    blobs.put(MODELDATA, "z/1/inputs/2026/01/01/x", "a/1/predictions/2026/02/01/x", "a/1/inputs/2026/03/01/x")
    for span in (None, between("2026-01-01", "2026-04-01")):
        assert chosen(blobs, Selection(span), service=V2) == ["2026/02/01/b", "2026/03/01/b", "2026/01/01/a"]
        assert chosen(blobs, Selection(span)) == [
            "a/1/inputs/2026/03/01/x",
            "a/1/predictions/2026/02/01/x",
            "z/1/inputs/2026/01/01/x",
        ]


def test_what_stands_beside_the_folders_on_the_way_is_judged() -> None:
    blobs = MemoryBlobs().put(
        MODELDATA,
        "readme",
        "m/notes.txt",
        "m/1/x",
        "m/1/inputs/2026/x",
        "m/1/inputs/2026/03/x",
        "m/1/inputs/2026/03/01/x.csv",
        "m/1/inputs/2026/03/01/aml_telemetry.csv",
    )
    skipped: list[tuple[str, Reason]] = []

    def skip(blob: BlobInfo, why: Reason) -> None:
        skipped.append((blob.name.removeprefix(MODELDATA.prefix), why))

    span = between("2026-02-28", "2026-03-03")
    assert len(list(select(blobs, V1, Selection(span), on_skip=skip))) == 1
    assert skipped == [
        ("m/1/inputs/2026/03/01/aml_telemetry.csv", Reason.TELEMETRY),
        ("m/1/inputs/2026/03/x", Reason.DEPTH),
        ("m/1/inputs/2026/x", Reason.DEPTH),
        ("m/1/x", Reason.NO_SERIES),
        ("m/notes.txt", Reason.NO_SERIES),
        ("readme", Reason.NO_SERIES),
    ]


class Endless(MemoryBlobs):
    """A storage whose listings go on for ever, and that knows how far they were read."""

    taken = 0

    def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:
        while True:
            self.taken += 1
            yield BlobInfo(container, f"{prefix}2026/03/01/{self.taken:09}", 1, "", datetime(2026, 3, 1, tzinfo=UTC))


def test_a_listing_without_end_is_a_stream_that_holds_a_few_pages() -> None:
    blobs = Endless()
    threads = active_count()
    with closing(select(blobs, V2, Selection())) as stream:
        for _ in range(20_000):
            next(stream)
        held = sum(1 for each in gc.get_objects() if type(each) in {BlobInfo, CollectedBlob})
        assert held < 15_000
        assert blobs.taken <= 20_000 + 5_000
    assert active_count() <= threads + 8


def test_a_level_with_more_files_than_a_page_is_a_stream_too() -> None:
    files = [f"2026/03/{number:05}.jsonl" for number in range(2 * PAGE)]
    blobs = MemoryBlobs().put(INPUTS, *files, *(f"2026/03/{day:02}/x" for day in (1, 2, 3)))
    found = chosen(blobs, Selection(between("2026-03-02", "2026-04-01"), ("inputs",)), service=V2)
    assert found == sorted([*files, "2026/03/02/x", "2026/03/03/x"])


def test_whoever_stops_early_waits_for_no_listing() -> None:
    answered = Event()

    class Silent(MemoryBlobs):
        def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:
            if prefix == OUTPUTS.prefix:
                answered.wait(60)
            return super().list(container, prefix, start_from=start_from)

    began = monotonic()
    with closing(select(Silent().put(INPUTS, "2026/03/01/x"), V2, Selection())) as stream:
        assert next(stream).collection == "model_inputs"
    assert monotonic() - began < 30
    answered.set()


def test_a_storage_that_fails_in_the_middle_says_so_behind_what_came_before() -> None:
    class Broken(MemoryBlobs):
        def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:
            if prefix == OUTPUTS.prefix:
                raise Unavailable("storage fell silent", hint="try again")
            return super().list(container, prefix, start_from=start_from)

    stream = select(Broken().put(INPUTS, "2026/03/01/x"), V2, Selection())
    assert next(stream).collection == "model_inputs"
    with pytest.raises(Unavailable):
        next(stream)


class TestListing:
    """How often storage is asked: the part that takes hours when it is done wrong."""

    NOW = datetime(2026, 12, 28, 12, tzinfo=UTC)

    @staticmethod
    def years(root: CollectedRoot, *series: str) -> MemoryBlobs:
        blobs = MemoryBlobs()
        for one in series:
            for year in (2024, 2025, 2026):
                for month in range(1, 13):
                    blobs.put(root, *(f"{one}{year}/{month:02}/{day:02}/x" for day in range(1, 29)))
        return blobs

    def test_a_month_is_one_listing_and_a_look_at_its_year(self) -> None:
        blobs = self.years(INPUTS, "")
        assert len(chosen(blobs, Selection(month_range(2026, 3), ("inputs",)), service=V2)) == 28
        assert asked(blobs, INPUTS) == ["2026/03/", "2026/?"]

    def test_a_month_of_a_v1_service_is_one_listing_for_each_designation(self) -> None:
        blobs = self.years(MODELDATA, "m/1/inputs/", "m/1/predictions/")
        assert len(chosen(blobs, Selection(month_range(2026, 3)))) == 56
        assert asked(blobs, MODELDATA) == [
            "?",
            "m/1/?",
            "m/1/inputs/2026/03/",
            "m/1/inputs/2026/3/",
            "m/1/predictions/2026/03/",
            "m/1/predictions/2026/3/",
            "m/?",
        ]

    def test_what_can_be_spelled_in_one_way_only_is_not_looked_for(self) -> None:
        blobs = self.years(MODELDATA, "m/1/inputs/")
        for span, paths in {
            month_range(2026, 10): ["2026/10/"],
            day_range(date(2026, 10, 15)): ["2026/10/15/"],
            day_range(date(2026, 10, 5)): ["2026/10/05/", "2026/10/5/"],
            day_range(date(2026, 3, 5)): ["2026/03/05/", "2026/03/5/", "2026/?"],
            between("2026-10-15T09:00", "2026-10-15T10:00"): ["2026/10/15/?"],
        }.items():
            blobs.calls.clear()
            assert chosen(blobs, Selection(span, ("inputs",), model="m", model_version="1"))
            assert asked(blobs, MODELDATA) == ["m/1/?", *(f"m/1/inputs/{path}" for path in paths)]

    def test_what_is_wanted_is_gone_to_directly(self) -> None:
        blobs = self.years(MODELDATA, "m/1/inputs/", "m/1/predictions/", "m/2/inputs/", "n/1/inputs/")
        wanted = Selection(month_range(2026, 3), ("inputs",), model="m", model_version="1")
        assert len(chosen(blobs, wanted)) == 28
        assert asked(blobs, MODELDATA) == ["m/1/?", "m/1/inputs/2026/03/", "m/1/inputs/2026/3/"]
        blobs.calls.clear()
        assert len(chosen(blobs, Selection(None, ("inputs",), model="m"))) == 2 * 3 * 12 * 28
        assert asked(blobs, MODELDATA) == ["m/1/?", "m/1/inputs/", "m/2/?", "m/2/inputs/", "m/?"]
        blobs.calls.clear()
        assert len(chosen(blobs, Selection(model="m", model_version="2"))) == 3 * 12 * 28
        assert asked(blobs, MODELDATA) == ["m/2/"]

    def test_years_and_months_inside_the_range_are_one_listing_and_so_are_days_to_the_end_of_a_level(self) -> None:
        blobs = self.years(MODELDATA, "m/1/inputs/")
        wanted = Selection(between("2024-11-27", "2026-02-03T00:00"), ("inputs",), model="m", model_version="1")
        assert len(chosen(blobs, wanted)) == 2 + 28 + 28 * 12 + 28 + 2
        assert [each.removeprefix("m/1/inputs/") for each in asked(blobs, MODELDATA)[1:]] == [
            "2024/11/27/",  # and all that follows in the month
            "2024/11/?",
            "2024/12/",
            "2024/?",
            "2025/",
            "2026/01/",
            "2026/02/01/",
            "2026/02/02/",
            "2026/02/?",
            "2026/?",
            "?",
        ]

    def test_a_range_that_reaches_to_now_is_one_listing_of_each_series(self) -> None:
        blobs = self.years(MODELDATA, "m/1/inputs/", "m/1/predictions/")
        week = TimeRange(datetime(2026, 12, 21, 12, tzinfo=UTC), self.NOW)
        assert len(chosen(blobs, Selection(week, model="m", model_version="1"), now=self.NOW)) == 2 * 8
        assert asked(blobs, MODELDATA) == ["m/1/?", "m/1/inputs/2026/12/21/", "m/1/predictions/2026/12/21/"]

    def test_in_v2_the_year_and_the_month_may_hold_files_of_their_own_whatever_they_are_called(self) -> None:
        blobs = self.years(INPUTS, "").put(INPUTS, "2026/!x", "2026/12/!y", "2026/12/z", "2026/z", "2026/11/!n")
        week = TimeRange(datetime(2026, 12, 21, 12, tzinfo=UTC), self.NOW)
        assert chosen(blobs, Selection(week, ("inputs",)), service=V2, now=self.NOW) == [
            "2026/!x",
            "2026/12/!y",
            *(f"2026/12/{day}/x" for day in range(21, 29)),
            "2026/12/z",
            "2026/z",
        ]
        assert asked(blobs, INPUTS) == ["2026/12/21/", "2026/12/?", "2026/?"]

    def test_an_hour_is_its_folder_and_what_stands_above(self) -> None:
        blobs = MemoryBlobs().put(INPUTS, *(f"2026/03/{day:02}/{hour:02}/x" for day in (1, 2) for hour in range(24)))
        hour = between("2026-03-01T09:20", "2026-03-01T10:00")
        assert chosen(blobs, Selection(hour, ("inputs",)), service=V2) == ["2026/03/01/09/x"]
        assert asked(blobs, INPUTS) == ["2026/03/01/09/", "2026/03/01/?", "2026/03/?", "2026/?"]

    def test_everything_is_one_listing_of_each_root(self) -> None:
        blobs = self.years(INPUTS, "")
        assert len(chosen(blobs, Selection(), service=V2)) == 3 * 12 * 28
        assert sorted(blobs.calls) == [("list", INPUTS.prefix), ("list", OUTPUTS.prefix)]
        narrowed = self.years(MODELDATA, "m/1/inputs/")
        assert len(chosen(narrowed, Selection(model="m"))) == 3 * 12 * 28
        assert narrowed.calls == [("list", MODELDATA.prefix + "m/")]

    def test_a_year_written_as_one_file_is_found_by_any_day_of_it(self) -> None:
        blobs = MemoryBlobs().put(INPUTS, "2026/x", "2025/x")
        assert chosen(blobs, Selection(day_range(date(2026, 7, 1))), service=V2) == ["2026/x"]

    def test_a_month_s_own_file_is_found_beside_its_days(self) -> None:
        blobs = MemoryBlobs().put(INPUTS, "2026/07/x", "2026/07/01/x", "2026/07/02/x")
        assert chosen(blobs, Selection(day_range(date(2026, 7, 2))), service=V2) == ["2026/07/02/x", "2026/07/x"]

    def test_a_folder_that_is_no_date_is_not_looked_into(self) -> None:
        blobs = MemoryBlobs().put(INPUTS, "tmp/2026/07/01/x", "2026/13/01/x", "2026/07/01/x")
        assert chosen(blobs, Selection(day_range(date(2026, 7, 1)), ("inputs",)), service=V2) == ["2026/07/01/x"]
        assert asked(blobs, INPUTS) == ["2026/07/01/", "2026/07/?", "2026/?"]
