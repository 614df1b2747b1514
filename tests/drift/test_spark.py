"""Spark and one machine: the same summaries, to the last bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mlmon.core.model import ServiceName
from mlmon.local.workspace import LocalWorkspace
from running import Runner

TESTS = Path(__file__).parent.parent
PACKAGES = TESTS.parent / ".venv-readers/lib"
ROWS = 20_000  # and of the demo a part; by hand a million and the whole: see the script


def pyspark_alone(folder: Path) -> Path:
    """A folder that holds pyspark and what it starts Java with: all else is this environment's."""
    folder.mkdir()
    for name in ("pyspark", "py4j"):
        found = [*PACKAGES.glob(f"python*/site-packages/{name}")]
        if not found:
            pytest.fail("Spark is missing: the README's test command says how .venv-readers is made", pytrace=False)
        (folder / name).symlink_to(found[0])
    return folder


def environment(scratch: Path) -> dict[str, str]:
    home, local = scratch / "home", scratch / "local"
    for each in (home, local):
        each.mkdir()
    path = os.pathsep.join([str(pyspark_alone(scratch / "packages")), str(TESTS)])
    own = {"HOME": str(home), "SPARK_LOCAL_DIRS": str(local), "SPARK_LOCAL_IP": "127.0.0.1", "TMPDIR": str(local)}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, **own}


def odd(folder: Path) -> None:
    """Files such as hostile clients leave: names and lines that are hard to read."""
    name = ServiceName("s", "d")
    workspace = LocalWorkspace.create(folder, name="odd", clock=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    script = folder / "score.py"
    script.write_text("def init():\n    pass\n\n\ndef run(data):\n    return data\n")
    workspace.register(name, script=script, features=["age"])
    root = next(root for root in workspace.blobs.roots(name) if root.collection == "model_inputs")

    def line(*rows: Any, **more: Any) -> bytes:
        return json.dumps({"time": "2026-03-01T23:59:59Z", "correlationid": "c", "data": [*rows], **more}).encode()

    twice = line({"age": 5, "city": "Zürich"})
    files = {
        "2026/03/01/08/a b+#é.jsonl": b"\n".join([twice, line({"age": 1.5}), b"{", b'"\xff"', b"", twice]),
        "2026/03/01/09/b.jsonl": twice + b"\r\n" + line({"age": "7", "new": [1, {"a": 2}]}, modelversion="1") + b"\n",
        "2026/3/1/10/c.jsonl": twice + b"\n" + line({"age": None}, {"age": True, "city": "x\u2028y\ud800"}) + b"\n",
        "2026/03/02/00/d.jsonl": twice + b"\n" + b'{"data": [{"age": NaN, "city": 1.0}, {"age": 1e400}]}\n',
        "2026/03/02/01/e.jsonl": line(data="https://elsewhere.example/x", datainblob=True),
        "2026/04/f.jsonl": line({"age": 9}) + b"\n" + b'{"time": "2026-04-12T00:00:00Z", "data": [{"age": 2}]}',
        "2026/03/02/02/empty.jsonl": b"",
        "2026/03/02/x/stray.jsonl": twice,
    }
    for path, content in files.items():
        place = folder / "blobs" / root.container / root.prefix / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


@pytest.fixture(scope="module")
def told(demo: Runner, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the script says of each case. A session takes seconds to start: one runs them all."""
    scratch = tmp_path_factory.mktemp("spark")
    odd(scratch / "odd")
    ran = subprocess.run(
        [sys.executable, TESTS / "drift/spark_local.py", demo.folder, scratch, str(ROWS)],
        env=environment(scratch),
        cwd=scratch,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    # on a terminal, whatever Spark logs would stand among our own lines
    assert ran.stderr == ""
    return json.loads(ran.stdout)


@pytest.mark.parametrize("case", ["diabetes inputs", "diabetes-v2/blue inputs", "diabetes-v2/blue predictions"])
def test_no_cell_of_the_demo_differs(told: Any, case: str) -> None:
    assert told[case]["differing"] == []
    assert told[case]["cells"] >= 7
    assert told[case]["samples"]


def test_no_cell_of_odd_files_differs_and_what_cannot_be_read_is_said(told: Any) -> None:
    assert told["odd files"]["differing"] == []
    assert told["odd files"]["cells"] > 5
    said = [what for what, count in told["odd files"]["left out"].items() for _ in range(count)]
    assert sorted(said) == told["odd files"]["asides"]


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_no_cell_of_random_rows_in_random_parts_differs(told: Any, ending: str) -> None:
    assert told[ending]["differing"] == []
    assert told[ending]["cells"] == 4 * 7  # three days and all of them
    assert told[ending]["rows"] == 2 * 7 * ROWS


def mlmon_with_spark(demo: Runner, scratch: Path, line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command in a Python that has pyspark."""
    return subprocess.run(
        [sys.executable, "-m", "mlmon", "drift", *line.split()],
        env={**environment(scratch), **more},
        cwd=demo.folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_report_by_spark_is_that_of_one_machine(demo: Runner, tmp_path: Path) -> None:
    line = "diabetes-v2/blue --baseline data/diabetes.csv --from 2026-10-01 --to 2026-10-04 -o json"
    ran = mlmon_with_spark(demo, tmp_path, f"{line} --engine spark --master local[2]")
    assert ran.returncode == 0, ran.stderr
    here, there = demo(f"drift {line}").json, json.loads(ran.stdout)
    assert {one["feature"] for one in there["features"] if one["verdict"] == "drift"} == {"bmi", "bp"}
    assert [key for key in here if there.pop(key) != here[key]] == ["made"]
    assert there == {}


def test_without_java_spark_says_what_it_needs(demo: Runner, tmp_path: Path) -> None:
    python_alone = tmp_path / "bin"
    python_alone.mkdir()
    for tool in ("bash", "dirname", "env", "python3"):
        (python_alone / tool).symlink_to(f"/usr/bin/{tool}")
    line = "--baseline data/diabetes.csv --month 2026-10 --engine spark"
    ran = mlmon_with_spark(demo, tmp_path, line, PATH=str(python_alone), JAVA_HOME=str(tmp_path))
    assert ran.returncode == 2, ran.stderr
    assert "Spark did not start, as without Java\n" in ran.stderr
    assert "it needs Java 17" in ran.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--baseline data/diabetes.csv --engine spark --month 2026-10", "pyspark is not installed"),
        ("--baseline data/diabetes.csv --master local", "--master is for --engine spark"),
        ("--baseline-range 2026-01 --engine spark", "and --baseline-range is for what is read here"),
        ("--baseline a.csv --target b.csv --engine spark", "and --target is for what is read here"),
        ("--baseline a.csv --engine dask", "'dask' is not an engine"),
    ],
)
def test_what_cannot_be_done_by_spark_is_said_before_it_is_started(demo: Runner, line: str, said: str) -> None:
    outcome = demo(f"drift {line}")
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert "hint: " in outcome.err
