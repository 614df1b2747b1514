"""What a path says, and which blobs a selection means."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from collected.memory import INPUTS, MODELDATA, OUTPUTS, V1, V2, MemoryBlobs
from mlmon.collected.layout import CollectedBlob, Selection, collections, parse, prefixes, same_collection, select
from mlmon.core.errors import NotFound
from mlmon.core.model import CollectedRoot, Generation
from mlmon.core.timerange import TimeRange, day_range, month_range


def between(start: str, end: str) -> TimeRange:
    """`2026-03-01` or `2026-03-01T12:30`, UTC."""
    first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    return TimeRange(first, last)


def chosen(blobs: MemoryBlobs, selection: Selection, *, service=V1) -> list[str]:
    """The selected names, without the roots."""
    names = [collected.blob.name for collected in select(blobs, service, selection)]
    for root in (MODELDATA, INPUTS, OUTPUTS):
        names = [name.removeprefix(root.prefix) for name in names]
    return names


def read(root: CollectedRoot, path: str) -> CollectedBlob | None:
    blobs = MemoryBlobs().put(root, path)
    return parse(root, V1 if root is MODELDATA else V2, blobs.info(root.container, root.prefix + path))


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ("higgs/2/inputs/2020/08/27/inputs.csv", "2020-08-27", "2020-08-28"),
        ("higgs/2/inputs/2020/8/7/data.csv", "2020-08-07", "2020-08-08"),
        ("higgs/2/inputs/2020/08/27/23/anything at all", "2020-08-27T23:00", "2020-08-28"),
        ("higgs/2/inputs/2020/8/27/3/5", "2020-08-27T03:00", "2020-08-27T04:00"),
        ("higgs/2/inputs/2020/02/29/inputs.csv", "2020-02-29", "2020-03-01"),
        ("higgs/2/inputs/2020/12/31/inputs.csv", "2020-12-31", "2021-01-01"),
    ],
)
def test_a_v1_path_tells_model_version_designation_and_its_stretch_of_time(path: str, start: str, end: str) -> None:
    info = MemoryBlobs().put(MODELDATA, path).info("modeldata", MODELDATA.prefix + path)
    assert parse(MODELDATA, V1, info) == CollectedBlob(
        blob=info,
        service=V1,
        collection="inputs",
        model="higgs",
        model_version="2",
        start=datetime.fromisoformat(start).replace(tzinfo=UTC),
        end=datetime.fromisoformat(end).replace(tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ("2026/a.jsonl", "2026-01-01", "2027-01-01"),
        ("2026/02/a.jsonl", "2026-02-01", "2026-03-01"),
        ("2026/12/a.jsonl", "2026-12-01", "2027-01-01"),
        ("2026/3/1/a.jsonl", "2026-03-01", "2026-03-02"),
        ("2026/03/01/09/a.jsonl", "2026-03-01T09:00", "2026-03-01T10:00"),
        ("2026/03/01/9/5/a.jsonl", "2026-03-01T09:05", "2026-03-01T09:06"),
        ("9999/12/31/23/a.jsonl", "9999-12-31T23:00", "9999-12-31T23:59:59.999999"),
        ("9999/a.jsonl", "9999-01-01", "9999-12-31T23:59:59.999999"),
    ],
)
def test_a_v2_path_tells_its_stretch_of_time_at_every_rolling_rate(path: str, start: str, end: str) -> None:
    info = MemoryBlobs().put(INPUTS, path).info(INPUTS.container, INPUTS.prefix + path)
    assert parse(INPUTS, V2, info) == CollectedBlob(
        blob=info,
        service=V2,
        collection="model_inputs",
        model="",
        model_version="",
        start=datetime.fromisoformat(start).replace(tzinfo=UTC),
        end=datetime.fromisoformat(end).replace(tzinfo=UTC),
    )


NOT_DATA = [
    (MODELDATA, "higgs/2/inputs/2020/08/27/aml_telemetry.csv", "is telemetry of the collector itself"),
    (MODELDATA, "higgs/2/inputs/2020/08/27/", "is a folder marker"),
    (MODELDATA, "higgs/2/readme.txt", "has no model, version and designation in its path"),
    (MODELDATA, "higgs//inputs/2020/08/27/x.csv", "has no model, version and designation in its path"),
    (MODELDATA, "higgs/2/inputs/x.csv", "has no date in its path"),
    (MODELDATA, "higgs/2/inputs/2020/08/x.csv", "has too long or too short a date in its path"),
    (MODELDATA, "higgs/2/inputs/2020/08/27/10/30/x.csv", "has too long or too short a date in its path"),
    (MODELDATA, "higgs/2/inputs/2020/13/01/x.csv", "has '2020/13/01' in its path, which is no date"),
    (MODELDATA, "higgs/2/inputs/2021/02/29/x.csv", "has '2021/02/29' in its path, which is no date"),
    (MODELDATA, "higgs/2/inputs/2020/08/27/24/x.csv", "has '2020/08/27/24' in its path, which is no date"),
    (INPUTS, "x.jsonl", "has no date in its path"),
    (INPUTS, "2026/02/30/x.jsonl", "has '2026/02/30' in its path, which is no date"),
    (INPUTS, "0000/01/x.jsonl", "has '0000/01' in its path, which is no date"),
    (INPUTS, "26/01/x.jsonl", "has '26/01' in its path, which is no date"),
    (INPUTS, "2026/001/x.jsonl", "has '2026/001' in its path, which is no date"),
    (INPUTS, "2026/٠١/x.jsonl", "has '2026/٠١' in its path, which is no date"),
    (INPUTS, "2026//x.jsonl", "has '2026/' in its path, which is no date"),
    (INPUTS, "2026/01/01/00/60/x.jsonl", "has '2026/01/01/00/60' in its path, which is no date"),
    (INPUTS, "2026/01/01/00/00/00/x.jsonl", "has too long or too short a date in its path"),
]


@pytest.mark.parametrize(("root", "path", "reason"), NOT_DATA)
def test_what_is_no_collected_data_is_passed_over_with_its_reason(root: CollectedRoot, path: str, reason: str) -> None:
    blobs = MemoryBlobs().put(root, path)
    skipped = []
    service = V1 if root is MODELDATA else V2
    found = list(select(blobs, service, Selection(), on_skip=lambda blob, why: skipped.append((blob.name, why))))
    assert (found, skipped, read(root, path)) == ([], [(root.prefix + path, reason)], None)


def test_skipping_needs_no_listener() -> None:
    assert chosen(MemoryBlobs().put(INPUTS, "readme", "2026/01/02/x"), Selection(), service=V2) == ["2026/01/02/x"]


def test_a_blob_of_another_root_is_not_this_one_s() -> None:
    blobs = MemoryBlobs().put(OUTPUTS, "2026/01/x.jsonl")
    elsewhere = blobs.info(OUTPUTS.container, OUTPUTS.prefix + "2026/01/x.jsonl")
    assert parse(INPUTS, V2, elsewhere) is None
    other_container = CollectedRoot("elsewhere", OUTPUTS.prefix, Generation.V2, "model_outputs")
    assert parse(other_container, V2, elsewhere) is None


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
        "m/1/inputs/2026/03/01/inputs.csv",
        "m/1/inputs/2026/03/01/11/x.csv",
    ]
    assert chosen(blobs, Selection(between("2026-03-01T12:00", "2026-03-02T12:00"))) == [
        "m/1/inputs/2026/03/01/inputs.csv",
        "m/1/inputs/2026/03/01/12/x.csv",
        "m/1/inputs/2026/03/02/inputs.csv",
    ]


def test_padded_and_unpadded_dates_come_together_in_order_of_time() -> None:
    paths = ["2026/10/2/x", "2026/10/02/x", "2026/9/30/x", "2026/09/03/x", "2026/9/4/x"]
    assert chosen(MemoryBlobs().put(INPUTS, *paths), Selection(between("2026-09-03", "2026-10-03")), service=V2) == [
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


def test_the_day_of_a_blob_is_the_utc_day_its_stretch_begins() -> None:
    found = read(INPUTS, "2026/03/01/23/59/x")
    assert found is not None
    assert found.day == date(2026, 3, 1)


class TestListing:
    """How often storage is asked: the part that takes hours when it is done wrong."""

    @staticmethod
    def years(root: CollectedRoot, *series: str) -> MemoryBlobs:
        blobs = MemoryBlobs()
        for one in series:
            for year in (2024, 2025, 2026):
                for month in range(1, 13):
                    blobs.put(root, *(f"{one}{year}/{month:02}/{day:02}/x" for day in range(1, 29)))
        return blobs

    def test_a_month_is_one_listing(self) -> None:
        blobs = self.years(INPUTS, "")
        assert len(chosen(blobs, Selection(month_range(2026, 3), ("inputs",)), service=V2)) == 28
        assert blobs.calls == [
            ("children", INPUTS.prefix),
            ("children", INPUTS.prefix + "2026/"),
            ("list", INPUTS.prefix + "2026/03/"),
        ]

    def test_a_month_of_a_v1_service_is_one_listing_for_each_designation(self) -> None:
        blobs = self.years(MODELDATA, "m/1/inputs/", "m/1/predictions/")
        assert len(chosen(blobs, Selection(month_range(2026, 3)))) == 56
        assert [prefix for what, prefix in blobs.calls if what == "list"] == [
            MODELDATA.prefix + "m/1/inputs/2026/03/",
            MODELDATA.prefix + "m/1/predictions/2026/03/",
        ]
        assert len(blobs.calls) == 9

    def test_days_of_v1_are_listed_alone_and_years_inside_the_range_as_one(self) -> None:
        blobs = self.years(MODELDATA, "m/1/inputs/")
        assert len(chosen(blobs, Selection(between("2024-11-27", "2026-02-03T00:00")))) == 2 + 28 + 28 * 12 + 28 + 2
        assert [
            prefix.removeprefix(MODELDATA.prefix + "m/1/inputs/") for what, prefix in blobs.calls if what == "list"
        ] == [
            "2024/11/27/",
            "2024/11/28/",
            "2024/12/",
            "2025/",
            "2026/01/",
            "2026/02/01/",
            "2026/02/02/",
        ]

    def test_everything_is_one_listing_of_each_root(self) -> None:
        blobs = self.years(INPUTS, "")
        assert len(chosen(blobs, Selection(), service=V2)) == 3 * 12 * 28
        assert blobs.calls == [("list", INPUTS.prefix), ("list", OUTPUTS.prefix)]
        narrowed = self.years(MODELDATA, "m/1/inputs/")
        assert len(chosen(narrowed, Selection(model="m"))) == 3 * 12 * 28
        assert narrowed.calls == [("list", MODELDATA.prefix + "m/")]

    def test_a_year_written_as_one_file_is_found_by_any_day_of_it(self) -> None:
        blobs = MemoryBlobs().put(INPUTS, "2026/x", "2025/x")
        assert chosen(blobs, Selection(day_range(date(2026, 7, 1))), service=V2) == ["2026/x"]

    def test_a_month_s_own_file_is_found_beside_its_days(self) -> None:
        blobs = MemoryBlobs().put(INPUTS, "2026/07/x", "2026/07/01/x", "2026/07/02/x")
        assert chosen(blobs, Selection(day_range(date(2026, 7, 2))), service=V2) == ["2026/07/x", "2026/07/02/x"]

    def test_a_folder_that_is_no_date_is_not_looked_into(self) -> None:
        blobs = MemoryBlobs().put(INPUTS, "tmp/2026/07/01/x", "2026/13/01/x", "2026/07/01/x")
        found = list(
            prefixes(
                INPUTS.prefix,
                day_range(date(2026, 7, 1)),
                generation=Generation.V2,
                children=lambda prefix: blobs.children(INPUTS.container, prefix),
            )
        )
        assert found == [INPUTS.prefix + "2026/07/"]
