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
from mlmon.collected import layout
from mlmon.collected.handoff import WRITERS, sources
from mlmon.collected.layout import Selection
from mlmon.core.model import CollectedRoot, ServiceName
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

    def made(
        self, name: str, files: dict[str, str], between: TimeRange | None, expected: dict[str, Rows], folder: Path
    ) -> None:
        """The cell for a container of files, on an account whose address is replaced by the folder."""
        root, service = (MODELDATA, V1) if next(iter(files)).endswith(".csv") else (INPUTS, V2)
        blobs = MemoryBlobs().put(root, *files)
        for path, content in files.items():
            place = folder / root.prefix / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode())
        cell = cell_of(blobs, root, service, between)
        account = f"abfss://{root.container}@account.dfs.core.windows.net"
        assert account in cell
        self.cells[name] = cell.replace(account, folder.as_uri())
        self.expected[name] = expected


def cell_of(blobs: MemoryBlobs, root: CollectedRoot, service: ServiceName, between: TimeRange | None) -> str:
    strays: list[Any] = []
    selected = list(layout.select(blobs, service, Selection(between), on_skip=lambda blob, _: strays.append(blob)))
    return WRITERS["databricks"](sources(selected, between, address=blobs.address, others=strays))


def event(data: Any, **more: Any) -> str:
    return json.dumps({"time": "2026-03-01T08:51:30Z", "correlationid": "c", "data": data, **more}) + "\n"


HOSTILE = ["m*", "m?", "[m]", "{m,n}", "m\\", "m,n", "m^", "m n", "m%20", "m'\"", "m#", "m+", "mé", "m$x", "(m)"]


@pytest.fixture
def asked(demo: Runner, tmp_path: Path) -> Asked:
    asked = Asked()
    for at, service in enumerate(["diabetes", "diabetes-v2/blue"]):
        for said in RANGES:
            asked.pulled(demo, service, said, tmp_path / f"{at}{RANGES.index(said)}")
    march = month_range(2026, 3)
    of = "m/1/inputs/2026"
    row = {"time": "2026-03-01T08:51:30Z", "correlationid": "c"}
    asked.made(
        "unpadded dates",
        {f"{of}/3/1/inputs.csv": "a\r\n1\n", f"{of}/3/12/inputs.csv": "a\r\n2\n", f"{of}/4/1/inputs.csv": "a\r\n3\n"},
        march,
        {"inputs": table({"a": 1}, {"a": 2})},
        tmp_path / "unpadded",
    )
    asked.made(
        "an hour of hours",
        {f"{of}/03/01/{hour:02}/inputs.csv": f"a\r\n{hour}\n" for hour in range(24)},
        TimeRange(march.start.replace(hour=9), march.start.replace(hour=11)),
        {"inputs": table({"a": 9}, {"a": 10})},
        tmp_path / "hours",
    )
    asked.made(
        "strays beside the data",
        {f"{of}/03/01/{name}": f"a\r\n{name}\n" for name in ("x.csv", "y.csv", "aml_telemetry.csv")}
        | {f"{of}/03/{day}/x.csv": "a\r\nnone\n" for day in ("32", "x")},
        march,
        {"inputs": table({"a": "x.csv"}, {"a": "y.csv"})},
        tmp_path / "strays",
    )
    asked.made(
        "models with other columns",
        {
            "m/1/inputs/2026/03/01/inputs.csv": "a,b\r\n1,x\n",
            "m/2/inputs/2026/03/01/inputs.csv": "b,a,c\r\ny,2,3\n",
            "n/1/inputs/2026/03/01/inputs.csv": "d\r\n4\n",
        },
        march,
        {"inputs": table({"a": 1, "b": "x"}, {"a": 2, "b": "y", "c": 3}, {"d": 4})},
        tmp_path / "models",
    )
    asked.made(
        "quoted cells",
        {f"{of}/03/01/inputs.csv": 'a,b\r\n"x,""y""",1\n\\,2\n'},
        march,
        {"inputs": table({"a": 'x,"y"', "b": 1}, {"a": "\\", "b": 2})},
        tmp_path / "quoted",
    )
    asked.made(
        "records of other columns, and the last line of an hour that is not over",
        {"2026/03/01/08/a.jsonl": event([{"a": 1}, {"b": "x"}]) + event([{"a": 2}], xrequestid="r") + '{"time": "2026'},
        march,
        {
            "model_inputs": table(
                {**row, "row": 0, "a": 1}, {**row, "row": 1, "b": "x"}, {**row, "xrequestid": "r", "row": 0, "a": 2}
            )
        },
        tmp_path / "records",
    )
    asked.made(
        "payloads",
        {"2026/03/01/08/a.jsonl": event("text") + event({"q": [1]})},
        day_range(march.start.date()),
        {"model_inputs": table({**row, "row": 0, "value": "text"}, {**row, "row": 0, "value": '{"q":[1]}'})},
        tmp_path / "payloads",
    )
    asked.made(
        "lists of values",
        {"2026/03/01/08/a.jsonl": event([1, 2.5])},
        None,
        {"model_inputs": table({**row, "row": 0, "value": 1}, {**row, "row": 1, "value": 2.5})},
        tmp_path / "values",
    )
    for at, model in enumerate(HOSTILE):
        asked.made(
            f"a model called {model}",
            {f"{name}/1/inputs/2026/03/01/inputs.csv": f"a\r\n{at}\n" for name in (model, "mm", "m", "n")},
            march,
            {},
            tmp_path / f"model{at}",
        )
        of_model = MemoryBlobs().put(MODELDATA, f"{model}/1/inputs/2026/03/01/inputs.csv")
        name = f"a model called {model}"
        account = "abfss://modeldata@account.dfs.core.windows.net"
        folder = (tmp_path / f"model{at}").as_uri()
        asked.cells[name] = cell_of(of_model, MODELDATA, V1, march).replace(account, folder)
        asked.expected[name] = {"inputs": table({"a": at})}
        (tmp_path / f"model{at}" / MODELDATA.prefix / "mm/1/inputs/2026/03/01/inputs.csv").write_text("a\r\nwrong\n")
    return asked


def test_spark_finds_every_row_of_every_selection_once(asked: Asked, tmp_path: Path) -> None:
    told = readers.spark(asked.cells, scratch=tmp_path)
    for case, expected in asked.expected.items():
        found = {name: rows_of(frame["columns"], frame["rows"]) for name, frame in told[case].items()}
        assert found == expected, case
