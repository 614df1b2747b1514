"""A month of collected data as one parquet file: `python tests/benchmarks/dataset.py [--rows N] [--runs N]`.

mlmon against the notebook that people write with pandas, in turns, each in a process of its own: wall time, CPU time
and peak memory, the best of the runs, and mlmon's as ratios to the notebook's, which writes parquet. mlmon writes csv
and JSON lines too. Both generations; the rows are compared.

The notebook does less: it looks for no duplicates and marks no row without a partner, stops at the first line that
cannot be read, holds all rows in memory, and says nothing of service and model in v2 (in v1 its files name them).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from mlmon.core.model import ServiceName
from mlmon.local.workspace import LocalWorkspace

DAYS = 28
ROWS_A_REQUEST = 10
FEATURES = [f"f{at}" for at in range(8)]
LAST = (
    "$aml_dc_correlation_id,$aml_dc_scoring_timestamp,$aml_dc_boundary,$aml_workspace,"
    "$aml_service_name,$aml_model_name,$aml_model_version,$aml_request_id"
)
NOTEBOOK_V1 = """
import sys
from pathlib import Path
import pandas as pd

def load(designation):
    files = sorted(Path(sys.argv[1]).glob(f"*/*/*/churn/m/1/{designation}/2026/02/*/{designation}.csv"))
    frame = pd.concat((pd.read_csv(file) for file in files), ignore_index=True)
    frame["row"] = frame.groupby("$aml_dc_correlation_id").cumcount()
    return frame

inputs, predictions = load("inputs"), load("predictions")
keys = ["$aml_dc_correlation_id", "row"]
joined = inputs.merge(predictions[[*keys, "score"]], on=keys, how="outer")
joined["time"] = pd.to_datetime(joined["$aml_dc_scoring_timestamp"], utc=True)
joined.sort_values(["time", "$aml_request_id"]).to_parquet(sys.argv[2])
"""
NOTEBOOK_V2 = """
import json
import sys
from pathlib import Path
import pandas as pd

def load(collection):
    rows = []
    for file in sorted(Path(sys.argv[1]).glob(f"modelDataCollector/churn/blue/{collection}/2026/02/*/*/*.jsonl")):
        with open(file) as lines:
            for line in lines:
                event = json.loads(line)
                for at, row in enumerate(event["data"]):
                    ids = {key: event[key] for key in ("time", "correlationid", "xrequestid")}
                    rows.append(ids | {"row": at} | row)
    return pd.DataFrame(rows)

inputs, outputs = load("model_inputs"), load("model_outputs")
keys = ["correlationid", "row"]
joined = inputs.merge(outputs[[*keys, "score"]], on=keys, how="outer")
joined["time"] = pd.to_datetime(joined["time"], utc=True)
joined.sort_values(["time", "xrequestid"]).to_parquet(sys.argv[2])
"""


@dataclass(frozen=True)
class Measured:
    """One run of one process."""

    wall: float
    cpu: float
    peak_mb: float


def main() -> None:
    """Make the data, measure, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "ws")
        workspace = LocalWorkspace.create(folder, name="ws", clock=lambda: datetime.now(UTC))
        script = folder / "score.py"
        script.write_text("def init(): pass\ndef run(raw): return []\n")
        workspace.register(ServiceName("churn"), script=script, model_name="m")
        workspace.register(ServiceName("churn", "blue"), script=script)
        (folder / "mlmon.toml").write_text('workspace = "."\n')
        print(
            f"{given.rows} rows of {len(FEATURES) + 2} features,"
            f" {ROWS_A_REQUEST} a request, load {os.getloadavg()[0]:.1f}"
        )
        print(f"{'':<22}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'wall ratio':>12}")
        for service, notebook, write in (("churn/blue", NOTEBOOK_V2, write_v2), ("churn", NOTEBOOK_V1, write_v1)):
            [root, *_] = workspace.blobs.roots(ServiceName.parse(service))
            container = folder / "blobs" / root.container
            apart(write, container, root.prefix, given.rows)
            compare(folder, container, service=service, notebook=notebook, runs=given.runs)


def compare(folder: Path, container: Path, *, service: str, notebook: str, runs: int) -> None:
    """Run both in turns and print the best of each."""
    ours, theirs = folder / "ours.parquet", folder / "theirs.parquet"
    program = str(Path(sys.executable).with_name("mlmon"))
    mlmon = [program, "dataset", service, "--month", "2026-02", "-q", "-o"]
    measured: dict[str, list[Measured]] = {"parquet": [], "csv": [], "jsonl": [], "pandas": []}
    for _ in range(runs):
        for kind in ("parquet", "csv", "jsonl"):
            measured[kind].append(run([*mlmon, kind], folder, ours.with_suffix(f".{kind}")))
        measured["pandas"].append(run([sys.executable, "-c", notebook, str(container), str(theirs)], folder, None))
    best = {name: min(found, key=lambda one: one.wall) for name, found in measured.items()}
    for name, one in best.items():
        ratio = f"{one.wall / best['pandas'].wall:12.2f}"
        print(f"{service} {name:<{21 - len(service)}}{one.wall:9.2f}{one.cpu:9.2f}{one.peak_mb:9.0f}{ratio}")
    apart(check, ours, theirs)


def run(argv: list[str], folder: Path, out: Path | None) -> Measured:
    """One process, to its end. Exits when it fails."""
    start = time.monotonic()
    with (out or Path(os.devnull)).open("wb") as stdout, subprocess.Popen(argv, cwd=folder, stdout=stdout) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{argv[0]} failed")
    return Measured(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def apart(function: Callable[..., None], *given: object) -> None:
    """Call in a process of its own: one that is started later would count the memory of this one as its own."""
    process = get_context("spawn").Process(target=function, args=given)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


def check(ours: Path, theirs: Path) -> None:
    """See that both found the same rows."""
    import duckdb

    columns = ", ".join([*(f'"{name}"' for name in FEATURES), "n", "colour", "score"])
    for one, other in ((ours, theirs), (theirs, ours)):
        found = (
            duckdb.sql(f"(SELECT {columns} FROM '{one}') EXCEPT ALL (SELECT {columns} FROM '{other}')")
            .limit(1)
            .fetchall()
        )
        if found:
            sys.exit(f"rows differ: {found}")


def requests(rows: int) -> list[tuple[int, int, str]]:
    """Day, hour and id of each request, in order of time."""
    source = random.Random(4)
    count = rows // ROWS_A_REQUEST
    return [
        (at * DAYS // count + 1, at * DAYS * 24 // count % 24, str(uuid.UUID(int=source.getrandbits(128))))
        for at in range(count)
    ]


def features(source: random.Random) -> dict[str, object]:
    """One row."""
    numbers = {name: round(source.gauss(0, 1), 4) for name in FEATURES}
    return {**numbers, "n": source.randrange(100), "colour": source.choice(["red", "green", "blue"])}


def write_v2(container: Path, prefix: str, rows: int) -> None:
    """Files of an hour each, as the sidecar writes them."""
    source = random.Random(2)
    base = container / prefix.rstrip("/").rpartition("/")[0]
    for day, hour, identity in requests(rows):
        inputs = [features(source) for _ in range(ROWS_A_REQUEST)]
        outputs = [{"score": round(source.random(), 4)} for _ in inputs]
        for collection, data in (("model_inputs", inputs), ("model_outputs", outputs)):
            event = {
                "specversion": "1.0",
                "id": str(uuid.UUID(int=source.getrandbits(128))),
                "source": "/subscriptions/x/resourceGroups/y/onlineEndpoints/churn/deployments/blue",
                "type": f"azureml.inference.{collection}",
                "datacontenttype": "application/json",
                "time": f"2026-02-{day:02}T{hour:02}:{source.randrange(60):02}:00Z",
                "data": data,
                "correlationid": identity,
                "xrequestid": identity,
                "modelversion": "default",
                "collectdatatype": "pandas.core.frame.DataFrame",
                "agent": "azureml-ai-monitoring/0.1.0b4",
                "contentrange": "bytes 0-116/117",
            }
            path = base / collection / f"2026/02/{day:02}/{hour:02}/instance.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write(json.dumps(event, separators=(",", ":")) + "\n")


def write_v1(container: Path, prefix: str, rows: int) -> None:
    """A file for each day, as the collector of a web service writes it."""
    source = random.Random(1)
    for designation, names in (("inputs", [*FEATURES, "n", "colour"]), ("predictions", ["score"])):
        for day, hour, identity in requests(rows):
            path = container / f"{prefix}m/1/{designation}/2026/02/{day:02}/{designation}.csv"
            is_new = not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            stamp = f"2026-02-{day:02}T{hour:02}:00:00.507660"
            meta = f"{identity},{stamp},1440,x/local/ws,churn,m,1,{identity}"
            with path.open("a", newline="") as file:
                if is_new:
                    file.write(f"{','.join(names)},{LAST}\r\n")
                for _ in range(ROWS_A_REQUEST):
                    row = features(source) if designation == "inputs" else {"score": round(source.random(), 4)}
                    file.write(f"{','.join(map(str, row.values()))},{meta}\n")


if __name__ == "__main__":
    main()
