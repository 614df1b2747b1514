"""What Spark's workers do, without Spark: however rows are parted among them, what comes home is the same."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, OUTPUTS, V1, V2, MemoryBlobs
from collected.rows import LAST, line, meta
from drift.same import bits
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.errors import Failure, Unavailable, UsageError
from mlmon.core.model import CollectedRoot, ServiceName
from mlmon.drift.cache import Day, packed, unpacked
from mlmon.drift.days import Days, Reading, read_days
from mlmon.drift.result import Kind
from mlmon.drift.spark import collecting, rows
from mlmon.drift.spark.packing import Found, Rows, home, joined
from mlmon.drift.spark.running import parts_of
from mlmon.drift.spark.session import packaged, session
from mlmon.drift.summary import summary_of_numbers

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
KINDS: dict[str, Kind] = {"age": "number", "city": "category"}
ADDRESS = "https://account.blob.core.windows.net/azureml-blobstore"
FIRST = date(2026, 3, 1)


def task(service: ServiceName, root: CollectedRoot, **more: Any) -> collecting.Task:
    return collecting.Task(service, (root,), "/", ADDRESS, KINDS, None, NOW, **more)


def came_home(parts: Sequence[Any], *, most: int = 0) -> Found:
    """What Spark does between the workers and here: rows of a cell become one."""
    frame = pa.Table.from_batches(parts).to_pandas()
    cells = [joined(cell, most) for _, cell in frame.groupby(["sort", "day", "feature"], sort=False)]
    return home(row for cell in cells for row in cell.to_dict("records"))


def batch(*rows_: tuple[str, bytes]) -> Any:
    return pa.RecordBatch.from_arrays(
        [pa.array([path for path, _ in rows_], pa.string()), pa.array([data for _, data in rows_], pa.binary())],
        names=["path", "content"],
    )


def cells_of(days: Days | Found) -> dict[tuple[date | None, str], Any]:
    return {(day, name): bits(one) for day, each in days.by_day.items() for name, one in each.summaries.items()}


def alone(blobs: MemoryBlobs, service: ServiceName) -> Days:
    selected = [*select(blobs, service, Selection(None, ("inputs",)))]
    return read_days(Reading(blobs, NOW, lambda _: None), selected, KINDS)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_lines_may_be_in_any_part_as_long_as_equal_ones_are_together(data: st.DataObject) -> None:
    row = st.fixed_dictionaries({"age": st.none() | st.integers(0, 3) | st.just("x"), "city": st.sampled_from("ab")})
    texts = data.draw(st.lists(st.lists(row, min_size=1, max_size=2).map(line), max_size=12))
    hours = [data.draw(st.sampled_from(["01/08", "01/09", "02/00"])) for _ in texts]
    part_of = {text: data.draw(st.integers(0, 2)) for text in texts}
    blobs = MemoryBlobs()
    for hour in {*hours}:
        content = b"".join(text for at, text in zip(hours, texts, strict=True) if at == hour)
        blobs.put(INPUTS, f"2026/03/{hour}/a.jsonl", content=content)
    given_ = [
        [
            (f"abfss://c@a.dfs.core.windows.net/{INPUTS.prefix}2026/03/{hour}/a.jsonl", text.rstrip(b"\n"))
            for hour, text in zip(hours, texts, strict=True)
            if part_of[text] == part
        ]
        for part in range(3)
    ]
    wanted = task(V2, INPUTS, at_once=data.draw(st.sampled_from([1, 200, 1 << 20])))
    made = [out for some in given_ for out in collecting.summarized([batch(each) for each in some], wanted)]
    found = came_home(made)
    assert cells_of(found) == cells_of(alone(blobs, V2))
    assert found.left_out == {}


def test_files_of_a_v1_day_stay_together_so_that_a_second_delivery_is_seen() -> None:
    header = f"age,city,{LAST}\n"
    delivery = header + f"30,Bern,{meta('c', 'r', second=1)}\n"
    files = {"m/1/inputs/2026/03/01/a.csv": delivery, "m/1/inputs/2026/03/01/b.csv": delivery}
    files["m/1/inputs/2026/03/02/a.csv"] = delivery
    blobs = MemoryBlobs()
    given_ = []
    for path, content in files.items():
        blobs.put(MODELDATA, path, content=content.encode())
        given_.append((f"file:///{MODELDATA.prefix}{path}", content.encode()))
    made = [*collecting.summarized([batch(each) for each in given_], task(V1, MODELDATA, at_once=1))]
    found = came_home(made)
    assert len(made) == 2  # the first day, and the second
    assert found.by_day[FIRST].summaries["age"].quality.rows == 1
    assert cells_of(found) == cells_of(alone(blobs, V1))


def test_containers_of_one_name_in_several_accounts_are_read_apart() -> None:
    other = replace(INPUTS, container=f"https://other.blob.core.windows.net/{INPUTS.container}")
    blobs = TwoAccounts({V2: (INPUTS, OUTPUTS, other)})
    blobs.put(INPUTS, "2026/03/01/08/a.jsonl", content=line([{"age": 1, "city": "a"}]))
    blobs.put(other, "2026/03/02/08/a.jsonl", content=line([{"age": 2, "city": "b"}]))
    selected = [*select(blobs, V2, Selection(None, ("inputs",)))]
    parts = parts_of(selected, KINDS, roots=blobs.roots(V2), address=blobs.address, now=NOW)
    assert {part.container: (part.uri, part.task.address, part.task.roots) for part in parts} == {
        INPUTS.container: ("abfss://azureml-blobstore@account.dfs.core.windows.net/", ADDRESS, (INPUTS, OUTPUTS)),
        other.container: ("abfss://azureml-blobstore@other.dfs.core.windows.net/", other.container, (other,)),
    }
    content = {one.blob.container: (one.blob.name, blobs.stored[one.blob.container, one.blob.name]) for one in selected}
    given_ = [(part, f"{part.uri}{content[part.container][0]}", content[part.container][1]) for part in parts]
    made = [out for part, path, text in given_ for out in collecting.summarized([batch((path, text))], part.task)]
    assert cells_of(came_home(made)) == cells_of(alone(blobs, V2))


class TwoAccounts(MemoryBlobs):
    """A container of another account than the workspace's own is called by its address."""

    def address(self, container: str) -> str:
        return container if container.startswith("https://") else super().address(container)


def test_what_cannot_be_read_is_counted_by_its_file() -> None:
    pointer = b'{"datainblob": true, "data": "' + ADDRESS.encode() + b'/elsewhere.json"}'
    path = f"wasbs://c@a.blob.core.windows.net/{INPUTS.prefix}2026/03/01/08/a%20b.jsonl"
    growing = f"abfss://c@a/{INPUTS.prefix}2026/11/20/10/a.jsonl"
    lines = [(path, b"{"), (path, b"[]"), (path, b"{ "), (growing, b'{"data": [{"ag'), ("file:/x.jsonl", b"{}")]
    found = came_home([*collecting.summarized([batch(*lines, (path, pointer))], task(V2, INPUTS))])
    name = f"{INPUTS.prefix}2026/03/01/08/a b.jsonl"
    said = {
        "file:/x.jsonl: it is no collected data": 1,
        f"{name}: it is no JSON": 2,
        f"{name}: it is no JSON object": 1,
    }
    assert {what: found.left_out.get(what) for what in said} == said
    [elsewhere] = {*found.left_out} - {*said}
    assert "Spark reads no data but those of the files" in elsewhere


def test_nothing_else_can_be_looked_up_from_a_worker() -> None:
    held = collecting.Held(task(V2, INPUTS), {})
    for ask in (lambda: held.children("c", ""), lambda: held.list("c", ""), lambda: held.asset("a")):
        with pytest.raises(Unavailable):
            ask()
    assert held.roots(V2) == (INPUTS,)
    assert held.address("c") == ADDRESS


@pytest.mark.parametrize(
    ("path", "base", "name"),
    [
        ("file:/data/c/m/1%25%20%23.csv", "/data/c/", "m/1% #.csv"),
        ("file:///data/c/m/x.csv", "/data/c/", "m/x.csv"),
        ("abfss://c@account.dfs.core.windows.net/m/%C3%BC.jsonl", "/", "m/ü.jsonl"),
    ],
)
def test_the_name_of_a_blob_is_read_from_what_spark_calls_its_file(path: str, base: str, name: str) -> None:
    assert collecting.name_of(path, base) == name


def test_rows_without_a_day_are_summarized_as_a_whole() -> None:
    kinds: dict[str, Kind] = {"n": "number"}
    given_ = [
        pa.RecordBatch.from_pydict({"day": pa.array([day], pa.int32()), "n": [value]})
        for day, value in [(rows.NO_DAY, "1.5"), (0, "NA"), (0, "2"), (rows.NO_DAY, "x")]
    ]
    found = came_home([*rows.summarized(given_, rows.Task(("n",), kinds, has_words=True, at_once=1))])
    assert {*found.by_day} == {None, date(1970, 1, 1)}
    assert found.by_day[None].summaries["n"].quality.failures == 1
    assert found.by_day[date(1970, 1, 1)].summaries["n"].quality.nulls == 1


def test_a_day_is_the_same_after_its_way_home() -> None:
    summary = summary_of_numbers(np.array([1.0, 2.5, float("nan")]), nulls=2)
    assert bits(unpacked(packed(Day({"a\ud800": summary}))).summaries["a\ud800"]) == bits(summary)
    sent = Rows()
    sent.add_day(FIRST, Day({"ü": summary}))
    assert cells_of(came_home([sent.batch()])) == {(FIRST, "ü"): bits(summary)}


def test_workers_are_sent_the_package_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(packaged(tmp_path)) as archive:
        names = archive.namelist()
    assert "mlmon/drift/summary.py" in names
    assert all(name.startswith("mlmon/") and name.endswith(".py") for name in names)


def test_without_pyspark_it_is_said_how_it_is_installed() -> None:
    with pytest.raises(UsageError, match="pyspark is not installed") as raised, session("local"):
        pass
    assert raised.value.hint == "install it with: pip install 'mlmon[spark]'"


def test_a_spark_whose_java_is_gone_is_a_failure_and_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, what in gone().items():
        monkeypatch.setitem(sys.modules, name, what)
    with pytest.raises(Failure, match="Answer from Java side is empty"), session("local") as spark:
        spark.read()


def gone() -> dict[str, ModuleType]:
    """A pyspark that starts, whose Java then is ended from outside, as by a machine without memory."""

    class JavaError(Exception):
        pass

    class Builder:
        def __getattr__(self, name: str) -> Callable[..., Builder]:
            return lambda *_: self

        def getOrCreate(self) -> Builder:  # noqa: N802 - as Spark has it
            return self

        def read(self) -> None:
            raise JavaError("Answer from Java side is empty")

        def stop(self) -> None:
            raise ConnectionRefusedError(111, "Connection refused")

    modules = {name: ModuleType(name) for name in ("py4j", "py4j.protocol", "pyspark", "pyspark.errors", "pyspark.sql")}
    vars(modules["py4j.protocol"])["Py4JError"] = JavaError
    vars(modules["pyspark.errors"])["PySparkException"] = JavaError
    vars(modules["pyspark.sql"])["SparkSession"] = SimpleNamespace(builder=Builder())
    return modules
