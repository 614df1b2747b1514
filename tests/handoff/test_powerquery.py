"""The query for Power BI: Power Query's own parser takes it, and read by its rules it finds exactly the selection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collected.memory import INPUTS, MODELDATA, OUTPUTS, MemoryBlobs
from collected.rows import V1, V2
from handoff import powerquery, readers
from handoff.truth import Rows, listed, rows_in, rows_of
from mlmon.collected.handoff import WRITERS, sources
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.model import CollectedRoot, Generation, ServiceName
from running import Runner

RANGES = ["--month 3", "--from 2026-02-28 --to 2026-03-02", "--from 2026-03-02T08:00 --to 2026-03-02T09:00"]
ACCOUNT = "https://account.blob.core.windows.net"
HOSTILE = [
    'm"',
    'm""',
    "#(lf)",
    "m#(lf)x",
    "#(#)",
    "#",
    '#"m"',
    "{0}",
    "[Name]",
    "m]}",
    'm") or (true',
    "m*",
    "m \\ x",
    "m\n\r\tx",
    "m\u2028x\u0085",
    "ä\U0001f600",
    "each _",
]


def rows_by_collection(value: Any, collections: list[str]) -> dict[str, Rows]:
    tables = {collections[0]: value} if isinstance(value, powerquery.Table) else value
    return {
        name: rows_of(table.columns, [[row[column] for column in table.columns] for row in table.rows])
        for name, table in tables.items()
    }


def test_every_row_of_every_selection_of_the_demo_is_found_once(demo: Runner) -> None:
    lines = [f"{service} {said}" for service in ("diabetes", "diabetes-v2/blue") for said in RANGES]
    trees = readers.power_query(*(demo(f"handoff powerbi {line}").out for line in lines))
    for line, tree in zip(lines, trees, strict=True):
        files = listed(demo, *line.split(" ", 1))
        found = rows_by_collection(powerquery.run(tree, {}), [*files])
        assert found == {name: rows_in(paths) for name, paths in files.items()}, line


def test_it_reads_a_pulled_folder_and_not_what_pull_keeps_there(demo: Runner, tmp_path: Path) -> None:
    demo(f"pull diabetes --month 3 --to-dir {tmp_path}")
    (tmp_path / ".mlmon/inputs.csv").write_text("a\r\nwrong\n")
    query = demo("handoff powerbi diabetes --month 3 --collection inputs").out
    stored = str(demo.folder / "blobs/modeldata")
    [tree] = readers.power_query(query.replace(stored, str(tmp_path)))
    [files] = listed(demo, "diabetes", "--month 3 --collection inputs", below=tmp_path).values()
    assert rows_by_collection(powerquery.run(tree, {}), ["inputs"]) == {"inputs": rows_in(files)}


def under_v1(name: str) -> MemoryBlobs:
    """A web service, its model and a designation, all of one name; and another designation."""
    root = CollectedRoot("c", f"{name}/", Generation.V1)
    paths = [f"{name}/1/{designation}/2026/03/01/{name}.csv" for designation in (name, "other")]
    return MemoryBlobs({ServiceName(name): (root,)}).put(root, *paths, content=b"a\r\n1\n")


def under_v2(name: str) -> MemoryBlobs:
    """A deployment's collection whose name and place are these; and another one."""
    roots = [CollectedRoot("c", f"{name}/{each}/", Generation.V2, each) for each in (name, "other")]
    blobs = MemoryBlobs({ServiceName(name, "blue"): tuple(roots)})
    for root in roots:
        blobs.put(root, "2026/03/01/08/x.jsonl", content=b'{"time": "2026-03-01T08:51:30Z", "data": [{"a": 1}]}\n')
    return blobs


@pytest.mark.parametrize("store", [under_v1, under_v2])
def test_no_name_becomes_code_and_what_bears_it_is_found(tmp_path: Path, store: Callable[[str], MemoryBlobs]) -> None:
    texts = []
    for at, name in enumerate(HOSTILE):
        blobs = store(name)
        for (_, blob), content in blobs.stored.items():
            place = tmp_path / str(at) / blob
            place.parent.mkdir(parents=True)
            place.write_bytes(content)
        [service] = blobs.service_roots
        selected = select(blobs, service, Selection())
        texts.append(WRITERS["powerbi"](sources(selected, None, address=lambda each: f"{ACCOUNT}/{each}")))
    for at, tree in enumerate(readers.power_query(*texts)):
        tables = powerquery.run(tree, {(ACCOUNT, "c"): tmp_path / str(at)})
        found = {name: [float(row["a"]) for row in table.rows] for name, table in tables.items()}
        assert found == {HOSTILE[at]: [1], "other": [1]}


def test_payloads_and_records_of_other_columns_are_rows(tmp_path: Path) -> None:
    lines = (
        b'{"time": "2026-03-01T08:51:30Z", "correlationid": "c", "data": [{"a": 1}, {"b": "x", "row": 9}]}\n'
        b'{"time": "2026-03-01T08:51:31Z", "xrequestid": "r", "data": "text"}\n'
        b'{"time": "2026-03-01T08:51:32Z", "data": [2.5, [3]]}\n\n'
        b'{"time": "2026-'
    )
    blobs = MemoryBlobs().put(INPUTS, "2026/03/01/08/x.jsonl").put(OUTPUTS, "2026/03/01/08/x.jsonl")
    place = tmp_path / INPUTS.prefix / "2026/03/01/08/x.jsonl"
    place.parent.mkdir(parents=True)
    place.write_bytes(lines)
    selected = select(blobs, V2, Selection(None, ("model_inputs",)))
    [tree] = readers.power_query(WRITERS["powerbi"](sources(selected, None, address=blobs.address)))
    table = powerquery.run(tree, {(ACCOUNT, INPUTS.container): tmp_path})
    assert [{name: cell for name, cell in row.items() if cell is not None} for row in table.rows] == [
        {"time": "2026-03-01T08:51:30Z", "correlationid": "c", "row": 0, "a": 1},
        {"time": "2026-03-01T08:51:30Z", "correlationid": "c", "row": 1, "b": "x", "data.row": 9},
        {"time": "2026-03-01T08:51:31Z", "xrequestid": "r", "row": 0, "value": "text"},
        {"time": "2026-03-01T08:51:32Z", "row": 0, "value": 2.5},
        {"time": "2026-03-01T08:51:32Z", "row": 1, "value": [3]},
    ]


def test_collections_that_differ_in_case_alone_have_names_of_their_own() -> None:
    blobs = MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/inputs.csv", "m/1/Inputs/2026/03/01/Inputs.csv")
    selected = select(blobs, V1, Selection())
    query = WRITERS["powerbi"](sources(selected, None, address=blobs.address))
    assert query.endswith("in\n    [Inputs = Table0, inputs_2 = Table1]\n")
    readers.power_query(query)
