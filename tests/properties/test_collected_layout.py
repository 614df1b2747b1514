"""Laws of the path grammar: what is written is read back, and a range finds exactly its blobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, OUTPUTS, V1, V2, MemoryBlobs
from collected.parsed import parse
from mlmon.collected.selecting.covering import Listing, cover
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.model import CollectedRoot, ServiceName
from mlmon.core.timerange import TimeRange

MOMENTS = st.datetimes(datetime(2023, 11, 25), datetime(2024, 3, 5), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is beside it
LEVELS = st.text(st.characters(exclude_characters="/"), min_size=1, max_size=12)
FILES = LEVELS.filter(lambda name: name.casefold() != "aml_telemetry.csv")


@st.composite
def dates(draw: st.DrawFn, *, levels: tuple[int, int]) -> str:
    """A date folder of some depth, each number padded or not."""
    moment = draw(MOMENTS)
    numbers = [moment.month, moment.day, moment.hour, moment.minute][: draw(st.integers(*levels)) - 1]
    return "/".join([str(moment.year), *(f"{number:02}" if draw(st.booleans()) else str(number) for number in numbers)])


@st.composite
def v1_paths(draw: st.DrawFn) -> str:
    """A collected file, or one that stands too high or too low to be."""
    series = draw(st.sampled_from(["m/1/inputs", "m/default/inputs", "m/1/predictions", "n/1/inputs"]))
    return f"{series}/{draw(dates(levels=(2, 5)))}/{draw(FILES)}"


@st.composite
def v2_paths(draw: st.DrawFn) -> str:
    return f"{draw(dates(levels=(1, 5)))}/{draw(FILES)}"


STRAY = st.sampled_from(
    [
        "readme.txt",
        "2024/13/01/x",
        "2024/02/30/x",
        "2024/02/",
        "2024/",
        "2024/!",
        "2024/1",
        "2024/02/0",
        "2024/2/29/!",
        "2024/02/3",
        "tmp/2024/02/01/x",
        "m/1/inputs/2024/2/30/x",
        "m//inputs/2024/2/1/x",
    ]
)


@st.composite
def ranges(draw: st.DrawFn) -> TimeRange:
    """From a moment to years, often at midnight, where the off-by-one errors are."""
    first, last = sorted(draw(st.tuples(MOMENTS, MOMENTS)))
    if draw(st.booleans()):
        first, last = (moment.replace(hour=0, minute=0, second=0, microsecond=0) for moment in (first, last))
    if draw(st.booleans()):
        first = first.replace(day=1)
    return TimeRange(first, last if first < last else first + timedelta(minutes=1))


NOWS = st.none() | MOMENTS
"""The time of asking: a range that reaches to it is listed otherwise than one that does not."""


def reference(blobs: MemoryBlobs, service: ServiceName, wanted: Callable[..., bool]) -> list[str]:
    """Every blob of the container, parsed one by one: by name in each root."""
    return [
        name
        for root in blobs.service_roots[service]
        for container, name in sorted(blobs.stored)
        if (collected := parse(root, service, blobs.info(container, name))) and wanted(collected)
    ]


@given(
    st.lists(v1_paths() | STRAY, max_size=25),
    ranges(),
    st.builds(Selection, collections=st.sampled_from([(), ("inputs",)]), model=st.sampled_from(["", "m"])),
    NOWS,
)
def test_a_range_finds_exactly_its_v1_blobs_in_any_mix_of_layouts(
    paths: list[str], between: TimeRange, narrowed: Selection, now: datetime | None
) -> None:
    blobs = MemoryBlobs().put(MODELDATA, *paths)
    expected = reference(
        blobs,
        V1,
        lambda one: (
            between.overlaps(one.start, one.end)
            and one.collection in (narrowed.collections or (one.collection,))
            and narrowed.model in {"", one.model}
        ),
    )
    selection = replace(narrowed, between=between)
    assert [one.blob.name for one in select(blobs, V1, selection, now=now)] == expected


@given(st.lists(v2_paths() | STRAY, max_size=25), st.lists(v2_paths(), max_size=5), ranges(), NOWS)
def test_a_range_finds_exactly_its_v2_blobs_in_any_mix_of_layouts(
    inputs: list[str], outputs: list[str], between: TimeRange, now: datetime | None
) -> None:
    blobs = MemoryBlobs().put(INPUTS, *inputs).put(OUTPUTS, *outputs)
    expected = reference(blobs, V2, lambda one: between.overlaps(one.start, one.end))
    assert [one.blob.name for one in select(blobs, V2, Selection(between), now=now)] == expected


def spelled(number: int) -> set[str]:
    return {str(number), f"{number:02}"}


AUTUMN = [date(2023, 8, 25) + timedelta(days=later) for later in range(165)]
EVERY_SPELLING = [
    f"{folder}{file}"
    for folder in sorted(
        {
            folder
            for day in AUTUMN
            for month in spelled(day.month)
            for folder in (
                f"{day.year}/",
                f"{day.year}/{month}/",
                *(f"{day.year}/{month}/{number}/" for number in spelled(day.day)),
            )
        }
    )
    for file in ("!", "0", "~")
]
"""Three files in every folder of some months, whose names come before, between and behind those of folders."""
DENSE = {
    V1: MemoryBlobs().put(MODELDATA, *(f"m/1/inputs/{path}" for path in EVERY_SPELLING)),
    V2: MemoryBlobs().put(INPUTS, *EVERY_SPELLING),
}


@given(
    st.sampled_from(AUTUMN),
    st.sampled_from(AUTUMN),
    st.sampled_from([0, 12]),
    st.sampled_from(["now", ""]),
    st.sampled_from([V1, V2]),
)
@settings(max_examples=150, deadline=None)
def test_any_spelling_of_any_day_is_found_whether_the_range_is_over_or_not(
    one: date, other: date, hour: int, ends: str, service: ServiceName
) -> None:
    first, last = sorted([one, other])
    start = datetime.combine(first, time(hour), UTC)
    between = TimeRange(start, datetime.combine(last, time(), UTC) + timedelta(days=1))
    expected = reference(DENSE[service], service, lambda one: between.overlaps(one.start, one.end))
    found = select(DENSE[service], service, Selection(between), now=between.end if ends == "now" else None)
    assert [one.blob.name for one in found] == expected


@given(st.lists(v2_paths() | STRAY, max_size=25))
def test_no_range_finds_everything_and_says_what_it_passed_over(paths: list[str]) -> None:
    blobs = MemoryBlobs().put(INPUTS, *paths)
    skipped: list[str] = []
    found = [one.blob.name for one in select(blobs, V2, Selection(), on_skip=lambda blob, _: skipped.append(blob.name))]
    assert found == reference(blobs, V2, lambda _: True)
    assert sorted(found + skipped) == sorted(name for _, name in blobs.stored)


@given(st.lists(v2_paths() | STRAY, max_size=25), ranges(), NOWS)
def test_the_listings_of_a_range_share_no_blob_and_each_ends_at_a_folder(
    paths: list[str], between: TimeRange, now: datetime | None
) -> None:
    blobs = MemoryBlobs().put(INPUTS, *paths)
    met: list[str] = []
    for step in cover(blobs, INPUTS, INPUTS.prefix, between, now=now):
        if isinstance(step, Listing):
            assert step.prefix.endswith("/")
            assert step.start_from.startswith(step.prefix) or not step.start_from
            listed = blobs.list(INPUTS.container, step.prefix, start_from=step.start_from)
            met += [blob.name for blob in listed]
        else:
            met.append(step.name)
    assert met == sorted(set(met))


HOURS = [datetime(2023, 12, 20, tzinfo=UTC) + timedelta(hours=later) for later in range(24 * 60)]
EVERY_HOUR = {
    V1: MemoryBlobs().put(MODELDATA, *(f"m/1/inputs/{hour:%Y/%m/%d/%H}/x" for hour in HOURS)),
    V2: MemoryBlobs().put(INPUTS, *(f"{hour:%Y/%m/%d/%H}/x" for hour in HOURS)),
}


@given(ranges(), st.sampled_from([V1, V2]))
@settings(max_examples=25, deadline=None)
def test_nothing_but_the_range_is_listed_where_it_is_over(between: TimeRange, service: ServiceName) -> None:
    blobs, root = EVERY_HOUR[service], MODELDATA if service is V1 else INPUTS
    series = f"{root.prefix}m/1/inputs/" if service is V1 else root.prefix
    for step in cover(blobs, root, series, between):
        assert isinstance(step, Listing)
        for blob in blobs.list(root.container, step.prefix, start_from=step.start_from):
            collected = parse(root, service, blob)
            assert collected
            assert between.overlaps(collected.start, collected.end)


DAYS = [datetime(2023, 10, 1, tzinfo=UTC) + timedelta(days=later) for later in range(210)]
EVERY_DAY = (
    MemoryBlobs()
    .put(MODELDATA, *(f"m/1/inputs/{day:%Y/%m/%d}/inputs.csv" for day in DAYS))
    .put(INPUTS, *(f"{day:%Y/%m/%d/%H}/x.jsonl" for day in DAYS))
)


@given(ranges())
@settings(deadline=None)
def test_a_range_costs_at_most_a_listing_a_day_and_a_few(between: TimeRange) -> None:
    blobs = EVERY_DAY
    for service, few in ((V1, 8), (V2, 8)):
        blobs.calls.clear()
        list(select(blobs, service, Selection(between)))
        # a day at either end may be partly in the range, and is then looked into
        assert len(blobs.calls) <= len(list(between.days())) + few
        blobs.calls.clear()
        list(select(blobs, service, Selection(between, ("inputs",)), now=between.end))
        assert len(blobs.calls) <= 4


@given(st.lists(LEVELS, min_size=3, max_size=3), MOMENTS, FILES, st.sampled_from(["{:02}", "{}"]), st.integers(2, 3))
def test_a_v1_path_round_trips(series: list[str], moment: datetime, file: str, written: str, depth: int) -> None:
    numbers = [moment.month, moment.day, moment.hour][:depth]
    path = "/".join([*series, str(moment.year), *(written.format(number) for number in numbers), file])
    start = moment.replace(hour=moment.hour if depth == 3 else 0, minute=0, second=0, microsecond=0)
    end = start + (timedelta(hours=1) if depth == 3 else timedelta(days=1))
    model, version, designation = series
    assert parse_below(MODELDATA, V1, path) == (designation, model, version, start, end)


def parse_below(root: CollectedRoot, service: ServiceName, path: str) -> tuple[object, ...]:
    blobs = MemoryBlobs().put(root, path)
    found = parse(root, service, blobs.info(root.container, root.prefix + path))
    assert found is not None
    return found.collection, found.model, found.model_version, found.start, found.end
