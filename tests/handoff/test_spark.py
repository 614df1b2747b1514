"""The cell for Databricks, run by Spark over a folder that was pulled: the rows of the selection, every one, once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from collected.memory import INPUTS, MODELDATA, MemoryBlobs
from collected.rows import V1, V2
from handoff import readers
from handoff.truth import Rows, listed, rows_in, rows_of, table
from mlmon.collected.handoff import WRITERS, sources
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.model import BlobInfo, ServiceName
from mlmon.core.timerange import TimeRange, day_range, month_range
from running import Runner

RANGES = [
    "--month 3",
    "--from 2026-02-28 --to 2026-03-02",
    "--from 2026-03-02T08:00 --to 2026-03-02T09:00",
]


@dataclass
class Asked:
    """Cells to run and what they should find: one session answers all."""

    cells: dict[str, str] = field(default_factory=dict)
    expected: dict[str, dict[str, Rows]] = field(default_factory=dict)

    def pulled(self, demo: Runner, service: str, said: str, folder: Path) -> None:
        """The printed cell, with the address of the container alone replaced by the folder that was pulled."""
        demo(f"pull {service} {said} --to-dir {folder}")
        assert (folder / ".mlmon").is_dir()
        cell = demo(f"handoff databricks {service} {said}").out
        [container] = {path.name for path in (demo.folder / "blobs").iterdir() if f"/{path.name}/" in cell}
        stored = (demo.folder / "blobs" / container).as_uri()
        assert stored in cell
        files = listed(demo, service, said, below=folder)
        self.cells[f"{service} {said}"] = cell.replace(stored, folder.as_uri())
        self.expected[f"{service} {said}"] = {name: rows_in(found) for name, found in files.items()}

    def made(self, case: Case, folder: Path) -> None:
        """The cell for files that a test made, on an account whose address is replaced by the folder."""
        root, service = (INPUTS, V2) if case.is_json else (MODELDATA, V1)
        for path, content in {**case.files, **case.beside}.items():
            place = folder / root.prefix / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode())
        cell = cell_of(MemoryBlobs().put(root, *case.files), service, case.between)
        account = f"abfss://{root.container}@account.dfs.core.windows.net"
        assert account in cell
        self.cells[case.name] = cell.replace(account, folder.as_uri())
        self.expected[case.name] = {"model_inputs" if case.is_json else "inputs": case.rows}


@dataclass(frozen=True)
class Case:
    """Files below a service's root, a range, and the rows it means; `beside` are files that no listing shows."""

    name: str
    files: dict[str, str]
    rows: Rows
    between: TimeRange | None = None
    beside: dict[str, str] = field(default_factory=dict)

    @property
    def is_json(self) -> bool:
        return next(iter(self.files)).endswith(".jsonl")


def cell_of(blobs: MemoryBlobs, service: ServiceName, between: TimeRange | None) -> str:
    strays: list[BlobInfo] = []
    selected = list(select(blobs, service, Selection(between), on_skip=lambda blob, _: strays.append(blob)))
    return WRITERS["databricks"](sources(selected, between, address=blobs.address, others=strays))


def event(data: Any, **more: Any) -> str:
    return json.dumps({"time": "2026-03-01T08:51:30Z", "correlationid": "c", "data": data, **more}) + "\n"


MARCH = month_range(2026, 3)
OF = "m/1/inputs/2026"
HOUR = "2026/03/01/08/a.jsonl"
IDS = {"time": "2026-03-01T08:51:30Z", "correlationid": "c"}
CASES = [
    Case(
        "unpadded dates",
        {f"{OF}/3/1/inputs.csv": "a\r\n1\n", f"{OF}/3/12/inputs.csv": "a\r\n2\n", f"{OF}/4/1/inputs.csv": "a\r\n3\n"},
        table({"a": 1}, {"a": 2}),
        MARCH,
    ),
    Case(
        "two hours of a day",
        {f"{OF}/03/01/{hour:02}/inputs.csv": f"a\r\n{hour}\n" for hour in range(24)},
        table({"a": 9}, {"a": 10}),
        TimeRange(MARCH.start.replace(hour=9), MARCH.start.replace(hour=11)),
    ),
    Case(
        "strays beside the data",
        {f"{OF}/03/01/{name}": f"a\r\n{name}\n" for name in ("x.csv", "y.csv", "aml_telemetry.csv")}
        | {f"{OF}/03/{day}/x.csv": "a\r\nnone\n" for day in ("32", "x")},
        table({"a": "x.csv"}, {"a": "y.csv"}),
        MARCH,
    ),
    Case(
        "models with other columns",
        {
            "m/1/inputs/2026/03/01/inputs.csv": "a,b\r\n1,x\n",
            "m/2/inputs/2026/03/01/inputs.csv": "b,a,c\r\ny,2,3\n",
            "n/1/inputs/2026/03/01/inputs.csv": "d\r\n4\n",
        },
        table({"a": 1, "b": "x"}, {"a": 2, "b": "y", "c": 3}, {"d": 4}),
        MARCH,
    ),
    Case(
        "quoted cells",
        {f"{OF}/03/01/inputs.csv": 'a,b\r\n"x,""y""",1\n\\,2\n'},
        table({"a": 'x,"y"', "b": 1}, {"a": "\\", "b": 2}),
        MARCH,
    ),
    Case(
        "records of other columns, one called as the event's own, and a line that is still being written",
        {HOUR: event([{"a": 1}, {"b": "x", "row": 9}]) + event([{"a": 2}], xrequestid="r") + '{"time": "2026'},
        table(
            {**IDS, "row": 0, "a": 1},
            {**IDS, "row": 1, "b": "x", "data.row": 9},
            {**IDS, "xrequestid": "r", "row": 0, "a": 2},
        ),
        MARCH,
    ),
    Case(
        "payloads",
        {HOUR: event("text") + event({"q": [1]})},
        table({**IDS, "row": 0, "value": "text"}, {**IDS, "row": 0, "value": '{"q":[1]}'}),
        day_range(MARCH.start.date()),
    ),
    Case(
        "lists of values",
        {HOUR: event([1, 2.5])},
        table({**IDS, "row": 0, "value": 1}, {**IDS, "row": 1, "value": 2.5}),
    ),
    *(
        Case(
            f"a model called {model}",
            {f"{model}/1/inputs/2026/03/01/inputs.csv": "a\r\n1\n"},
            table({"a": 1}),
            beside={f"{other}/1/inputs/2026/03/01/inputs.csv": "a\r\nwrong\n" for other in ("m", "mm", "ma", "mb")},
        )
        for model in ("m*?[a]{b,c}", "m?", "[m]", "\\m^", "m %20#+", "mé'\"$(x)", "a=b")
    ),
]


@pytest.fixture
def asked(demo: Runner, tmp_path: Path) -> Asked:
    asked = Asked()
    for service in ("diabetes", "diabetes-v2/blue"):
        for said in RANGES:
            asked.pulled(demo, service, said, tmp_path / f"pulled{len(asked.cells)}")
    for at, case in enumerate(CASES):
        asked.made(case, tmp_path / str(at))
    return asked


def test_spark_finds_every_row_of_every_selection_once(asked: Asked, tmp_path: Path) -> None:
    told = readers.spark(asked.cells, scratch=tmp_path)
    assert len(asked.expected) == 2 * len(RANGES) + len(CASES)
    for case, expected in asked.expected.items():
        found = {name: rows_of(frame["columns"], frame["rows"]) for name, frame in told[case].items()}
        assert found == expected, case
