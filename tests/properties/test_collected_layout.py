"""Laws of the path grammar: what is written is read back, and a range finds exactly its blobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, OUTPUTS, V1, V2, MemoryBlobs
from mlmon.collected.layout import Selection, parse, select
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
    series = draw(st.sampled_from(["m/1/inputs", "m/default/inputs", "m/1/predictions", "n/1/inputs"]))
    return f"{series}/{draw(dates(levels=(3, 4)))}/{draw(FILES)}"


@st.composite
def v2_paths(draw: st.DrawFn) -> str:
    return f"{draw(dates(levels=(2, 5)))}/{draw(FILES)}"


STRAY = st.sampled_from(
    [
        "readme.txt",
        "2024/13/01/x",
        "2024/02/30/x",
        "2024/02/",
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


def reference(blobs: MemoryBlobs, service: ServiceName, wanted: Callable[..., bool]) -> list[str]:
    """Every blob of the container, parsed one by one."""
    parsed = [parse(root, service, blobs.info(*key)) for root in blobs.service_roots[service] for key in blobs.stored]
    found = {collected.blob.name: collected for collected in parsed if collected and wanted(collected)}
    return [one.blob.name for one in sorted(found.values(), key=lambda one: (one.start, one.blob.name))]


@given(st.lists(v1_paths() | STRAY, max_size=25), ranges(), st.sampled_from(["", "inputs"]), st.sampled_from(["", "m"]))
def test_a_range_finds_exactly_its_v1_blobs_in_any_mix_of_layouts(
    paths: list[str], between: TimeRange, collection: str, model: str
) -> None:
    blobs = MemoryBlobs().put(MODELDATA, *paths)
    selection = Selection(between, (collection,) if collection else (), model)
    expected = reference(
        blobs,
        V1,
        lambda one: (
            between.overlaps(one.start, one.end) and collection in {"", one.collection} and model in {"", one.model}
        ),
    )
    assert [one.blob.name for one in select(blobs, V1, selection)] == expected


@given(st.lists(v2_paths() | STRAY, max_size=25), st.lists(v2_paths(), max_size=5), ranges())
def test_a_range_finds_exactly_its_v2_blobs_in_any_mix_of_layouts(
    inputs: list[str], outputs: list[str], between: TimeRange
) -> None:
    blobs = MemoryBlobs().put(INPUTS, *inputs).put(OUTPUTS, *outputs)
    expected = reference(blobs, V2, lambda one: between.overlaps(one.start, one.end))
    assert [one.blob.name for one in select(blobs, V2, Selection(between))] == expected


@given(st.lists(v2_paths() | STRAY, max_size=25))
def test_no_range_finds_everything_and_says_what_it_passed_over(paths: list[str]) -> None:
    blobs = MemoryBlobs().put(INPUTS, *paths)
    skipped: list[str] = []
    found = [one.blob.name for one in select(blobs, V2, Selection(), on_skip=lambda blob, _: skipped.append(blob.name))]
    assert found == reference(blobs, V2, lambda _: True)
    assert sorted(found + skipped) == sorted(name for _, name in blobs.stored)


@given(ranges())
def test_a_range_costs_at_most_a_listing_a_day_and_a_few(between: TimeRange) -> None:
    blobs = MemoryBlobs()
    day = datetime(2023, 10, 1, tzinfo=UTC)
    while day < datetime(2024, 5, 1, tzinfo=UTC):
        blobs.put(MODELDATA, f"m/1/inputs/{day:%Y/%m/%d}/inputs.csv").put(INPUTS, f"{day:%Y/%m/%d/%H}/x.jsonl")
        day += timedelta(days=1)
    for service, few in ((V1, 8), (V2, 8)):
        blobs.calls.clear()
        list(select(blobs, service, Selection(between)))
        assert len(blobs.calls) <= len(list(between.days())) + few


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
