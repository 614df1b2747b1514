"""A month of collected data as one parquet file: `python tests/benchmarks/dataset.py [--rows N] [--runs N]`.

mlmon against a notebook with pandas that makes the same parquet file, in turns, each in a process of its own: wall
time, CPU time and peak memory, the best of the runs, and the wall time as a ratio to the notebook's. mlmon writes csv
and JSON lines too. Both generations; the files are compared cell by cell, in order.

A second, shorter notebook is what people write first: it looks for no duplicates, marks no row without a partner and
leaves the columns as they are. Both stop at the first line that cannot be read, and hold all rows in memory.
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
SHORT_V1 = """
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
SHORT_V2 = """
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
SAME_V1 = """
import sys
from pathlib import Path
import pandas as pd

META = ["time", "request_id", "correlation_id", "service", "model", "model_version"]
NAMES = {
    "$aml_dc_scoring_timestamp": "time",
    "$aml_request_id": "request_id",
    "$aml_dc_correlation_id": "correlation_id",
    "$aml_service_name": "service",
    "$aml_model_name": "model",
    "$aml_model_version": "model_version",
}
KEYS = ["correlation_id", "row"]
BASE, OTHER = "inputs", "predictions"

def load(designation):
    files = sorted(Path(sys.argv[1]).glob(f"*/*/*/churn/m/1/{designation}/2026/02/*/{designation}.csv"))
    frame = pd.concat((pd.read_csv(file).assign(file=at) for at, file in enumerate(files)), ignore_index=True)
    frame = frame.rename(columns=NAMES).drop(columns=["$aml_dc_boundary", "$aml_workspace"])
    frame["row"] = frame.groupby(["file", "correlation_id"]).cumcount()
    frame = frame.drop_duplicates(["time", *KEYS])
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    return frame.drop(columns="file")
"""
SAME_V2 = """
import json
import sys
from pathlib import Path
import pandas as pd

META = ["time", "request_id", "correlation_id", "service", "model", "model_version"]
KEYS = ["correlation_id", "row"]
BASE, OTHER = "model_inputs", "model_outputs"

def load(collection):
    rows, seen = [], set()
    for file in sorted(Path(sys.argv[1]).glob(f"modelDataCollector/churn/blue/{collection}/2026/02/*/*/*.jsonl")):
        with open(file) as lines:
            for line in lines:
                if line in seen:
                    continue
                seen.add(line)
                event = json.loads(line)
                meta = {
                    "time": event["time"],
                    "request_id": event["xrequestid"],
                    "correlation_id": event["correlationid"],
                    "service": "churn/blue",
                    "model": None,
                    "model_version": event["modelversion"],
                }
                for at, row in enumerate(event["data"]):
                    rows.append(meta | {"row": at} | row)
    frame = pd.DataFrame(rows)
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    return frame
"""
JOINED = """
inputs, outputs = load(BASE), load(OTHER)
joined = inputs.merge(outputs, on=KEYS, how="outer", suffixes=("", "_other"), indicator="match")
for name in META:
    if name not in KEYS:
        joined[name] = joined[name].fillna(joined.pop(f"{name}_other"))
match = {"both": "id", "left_only": f"no {OTHER}", "right_only": f"no {BASE}"}
joined["match"] = joined["match"].astype(str).map(match)
joined = joined.sort_values(["time", "request_id", "row"])
rest = [name for name in joined.columns if name not in (*META, "row", "match")]
joined[[*META, *rest, "match"]].to_parquet(sys.argv[2], index=False)
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
        print(f"{'':<24}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'to pandas':>12}{'to short':>12}")
        for service, notebooks, write in (
            ("churn/blue", (SAME_V2 + JOINED, SHORT_V2), write_v2),
            ("churn", (SAME_V1 + JOINED, SHORT_V1), write_v1),
        ):
            [root, *_] = workspace.blobs.roots(ServiceName.parse(service))
            container = folder / "blobs" / root.container
            apart(write, container, root.prefix, given.rows)
            compare(folder, container, service=service, notebooks=notebooks, runs=given.runs)


def compare(folder: Path, container: Path, *, service: str, notebooks: tuple[str, str], runs: int) -> None:
    """Run all in turns and print the best of each."""
    ours, theirs = folder / "ours.parquet", folder / "theirs.parquet"
    program = str(Path(sys.executable).with_name("mlmon"))
    mlmon = [program, "dataset", service, "--month", "2026-02", "-q", "-o"]
    formats, names = ("parquet", "csv", "jsonl"), ("pandas", "pandas, short")
    measured: dict[str, list[Measured]] = {name: [] for name in (*formats, *names)}
    for _ in range(runs):
        for kind in formats:
            measured[kind].append(run([*mlmon, kind], folder, ours.with_suffix(f".{kind}")))
        for name, notebook in reversed([*zip(names, notebooks, strict=True)]):  # the first one's file stays
            measured[name].append(run([sys.executable, "-c", notebook, str(container), str(theirs)], folder, None))
    best = {name: min(found, key=lambda one: one.wall) for name, found in measured.items()}
    for name, one in best.items():
        ratios = "".join(f"{one.wall / best[other].wall:12.2f}" for other in names)
        shown = f"{one.wall:9.2f}{one.cpu:9.2f}{one.peak_mb:9.0f}{ratios}"
        print(f"{service} {name:<{23 - len(service)}}{shown}", flush=True)
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
    """See that both files have the same columns, and the same cells row by row."""
    import duckdb

    columns, others = ([name for name, *_ in duckdb.sql(f"DESCRIBE FROM '{one}'").fetchall()] for one in (ours, theirs))
    if columns != others:
        sys.exit(f"columns differ: {columns}, {others}")
    pairs = " OR ".join(f'CAST(o."{name}" AS VARCHAR) IS DISTINCT FROM CAST(t."{name}" AS VARCHAR)' for name in columns)
    rows = f"(SELECT 1 AS here, * FROM '{ours}') o POSITIONAL JOIN (SELECT 1 AS here, * FROM '{theirs}') t"
    [[found]] = duckdb.sql(f"SELECT count(*) FROM {rows} WHERE {pairs} OR o.here IS NULL OR t.here IS NULL").fetchall()
    if found:
        sys.exit(f"{found} rows differ")


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
