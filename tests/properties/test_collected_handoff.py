"""Laws of handing over: what is printed means exactly the selection, whatever the layout and whatever the names."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, OUTPUTS, V1, V2, MemoryBlobs
from handoff import powerquery, readers
from handoff.local import in_duckdb, in_pandas, on_disk
from handoff.truth import table
from mlmon.collected.handoff import WRITERS, Source, sources
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.model import BlobInfo, ServiceName
from mlmon.core.timerange import TimeRange
from properties.test_collected_layout import STRAY, ranges, v1_paths, v2_paths


def crowded(series: str, files: list[str]) -> st.SearchStrategy[str]:
    """Paths so alike that a pattern for some of them finds others: dates of several depths, and what is no date."""
    month = st.sampled_from(["2024/2", "2024/02", "2024/3", "2024/13"])
    day = st.sampled_from(["", "/1", "/01", "/2", "/29", "/30", "/x", "/"])
    hour = st.sampled_from(["", "", "/0", "/00", "/23", "/24", "/x"])
    return st.builds("{}{}{}{}/{}".format, st.just(series), month, day, hour, st.sampled_from(files))


CROWDED_V1 = crowded("m/1/inputs/", ["x.csv", "x.csv", "y.csv", "y", ".x.csv", "_x.csv", "aml_telemetry.csv"])
CROWDED_V2 = crowded("", ["x.jsonl", "x.jsonl", "y.jsonl", "y", ".x.jsonl", "aml_telemetry.csv"])
LEVEL = st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name not in {".", ".."}
)
CODE = st.sampled_from(
    [
        "'",
        '"',
        '""',
        "#(lf)",
        "#",
        "{0}",
        "[a]",
        "*",
        "?",
        "**",
        "!",
        "a=1",
        ";",
        "--",
        "\n",
        "\r\n",
        "${x}",
        "%00",
        "'''",
    ]
)
NAMES = st.lists(LEVEL | CODE, min_size=1, max_size=3).map("".join).filter(lambda name: name not in {".", ".."})


def handed_over(
    blobs: MemoryBlobs, service: ServiceName, between: TimeRange | None, selection: Selection | None = None
) -> tuple[list[str], list[Source]]:
    """The names that `mlmon ls` shows, and what is handed over, as the command makes it."""
    strays: list[BlobInfo] = []
    meant = selection or Selection(between)
    selected = list(select(blobs, service, meant, on_skip=lambda blob, _: strays.append(blob)))
    return (
        [one.blob.name for one in selected],
        sources(selected, between, address=blobs.address, others=strays),
    )


def matched(blobs: MemoryBlobs, handed: list[Source]) -> list[str]:
    """Every blob, as often as a pattern of its container matches it."""
    return [
        name
        for source in handed
        for pattern in source.patterns
        for container, name in blobs.stored
        if container == source.container and pattern.matches(name)
    ]


@given(st.lists(v1_paths() | STRAY | CROWDED_V1 | CROWDED_V1, max_size=25), st.none() | ranges())
def test_patterns_match_exactly_the_blobs_of_a_v1_selection_each_once(
    paths: list[str], between: TimeRange | None
) -> None:
    blobs = MemoryBlobs().put(MODELDATA, *paths)
    listed, handed = handed_over(blobs, V1, between)
    assert sorted(matched(blobs, handed)) == sorted(listed)


@given(
    st.lists(v2_paths() | STRAY | CROWDED_V2 | CROWDED_V2, max_size=25),
    st.lists(v2_paths(), max_size=5),
    st.none() | ranges(),
)
def test_patterns_match_exactly_the_blobs_of_a_v2_selection_each_once(
    inputs: list[str], outputs: list[str], between: TimeRange | None
) -> None:
    blobs = MemoryBlobs().put(INPUTS, *inputs).put(OUTPUTS, *outputs)
    listed, handed = handed_over(blobs, V2, between)
    assert sorted(matched(blobs, handed)) == sorted(listed)


@given(NAMES, NAMES, NAMES, st.sampled_from(["duckdb", "pandas"]))
@settings(max_examples=40, deadline=None)
def test_no_name_breaks_out_of_python_or_sql_and_what_bears_it_is_read(
    model: str, designation: str, file: str, tool: str
) -> None:
    """The text is run beside files of other names that a pattern could take it for."""
    path = "{}/1/{}/2026/03/01/{}".format
    mine, others = path(model, designation, file), [path("mm", designation, "x"), path("x", "inputs", "x.csv")]
    if tool == "duckdb":
        # on a disk DuckDB takes a backslash for another slash; `mlmon pull` makes no such names
        mine, others = mine.replace("\\", "|"), [other.replace("\\", "|") for other in others]
    blobs = MemoryBlobs().put(MODELDATA, mine, content=b"a\r\n1\n").put(MODELDATA, *others, content=b"a\r\n2\n")
    meant = Selection(model=mine.partition("/")[0])
    if meant.model in {"mm", "x"} or file.casefold() == "aml_telemetry.csv":
        return
    _, handed = handed_over(blobs, V1, None, meant)
    with tempfile.TemporaryDirectory() as folder:
        address = on_disk(Path(folder), blobs)
        selected = select(blobs, V1, meant)
        handed = sources(selected, None, address=address)
        found = (in_duckdb if tool == "duckdb" else in_pandas)(WRITERS[tool](handed))
    assert list(found.values()) == [table({"a": 1})]


@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
@settings(max_examples=10, deadline=None)
def test_power_query_takes_every_name_for_itself(names: list[str]) -> None:
    blobs = MemoryBlobs()
    for name in names:
        blobs.put(MODELDATA, f"{name}/1/{name}/2026/03/01/{name}")
    listed, handed = handed_over(blobs, V1, None)
    [tree] = readers.power_query(WRITERS["powerbi"](handed))
    with tempfile.TemporaryDirectory() as folder:
        on_disk(Path(folder), blobs)
        for (_, name), content in list(blobs.stored.items()):
            (Path(folder) / MODELDATA.container / name).write_bytes(b"name\r\n" + str(listed.index(name)).encode())
            assert content
        told = powerquery.run(
            tree, {("https://account.blob.core.windows.net", MODELDATA.container): Path(folder) / MODELDATA.container}
        )
    tables = [told] if isinstance(told, powerquery.Table) else list(told.values())
    assert sorted(int(row["name"]) for each in tables for row in each.rows) == list(range(len(listed)))


@pytest.mark.parametrize("tool", WRITERS)
@given(name=NAMES)
@settings(max_examples=30)
def test_a_text_has_as_many_lines_whatever_the_name(tool: str, name: str) -> None:
    def lines(model: str) -> int:
        blobs = MemoryBlobs().put(MODELDATA, f"{model}/1/{model}/2026/03/01/x.csv")
        return len(WRITERS[tool](handed_over(blobs, V1, None)[1]).splitlines())

    assert lines(name) == lines("m")
