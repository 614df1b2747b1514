"""How fast drift is checked: `python tests/benchmarks/drift_speed.py [--evidently VENV] [--full] [--only PART...]`.

`beside`: two files of 100 000 rows and 20 features, by mlmon and by Evidently's DataDriftPreset, in turns, each in a
process of its own that starts, reads the files, compares and writes JSON. Wall and CPU time, peak memory, the best of
the runs; both must find the same effects. VENV has evidently 0.7, pandas < 3 and pyarrow. `growth`: mlmon on two files
of 10 000 to 1 000 000 rows each, with `--full` of 10 000 000. `days`: 90 days that a deployment collected, day by day,
when they are read for the first time and (once) when they are known, and then all of them as one.

mlmon is measured twice: as it is installed without extras, which computes what Evidently does and more, and with
scikit-learn, by which it also tells both sides apart by a classifier: each day's too, and 90 of them take minutes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from blobserver.clients import Command, Taken, run
from drift_draws import Table, drawn

from mlmon.drift.result import JENSEN_SHANNON

if TYPE_CHECKING:
    import numpy as np

ROWS: Final = 100_000
GROWTH: Final = (10_000, 100_000, 1_000_000)
FULL: Final = 10_000_000
NOTHING: Final = 100
"""So few rows take what starting takes."""
CHUNK: Final = 500_000
FORMATS: Final = ("parquet", "csv")
MOVED: Final = {"number0": 0.5}
"""What happened to the target, in standard deviations."""
DAYS: Final = 90
FIRST: Final = date(2026, 1, 1)
ROWS_A_LINE: Final = 100

WITHOUT_EXTRAS: Final = "import sys; sys.modules['sklearn'] = None; from mlmon.__main__ import run; sys.exit(run())"
MLMON: Final[Mapping[str, Sequence[str]]] = {
    "mlmon": (sys.executable, "-c", WITHOUT_EXTRAS),
    "mlmon[drift]": (str(Path(sys.executable).with_name("mlmon")),),
}
EVIDENTLY: Final = """
import sys
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset

read = pd.read_parquet if sys.argv[1].endswith(".parquet") else pd.read_csv
baseline, target = read(sys.argv[1]), read(sys.argv[2])
print(Report([DataDriftPreset()]).run(target, baseline).json())
"""


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="mlmon-speed-") as made:
        work = Path(made)
        for name, part in (("beside", beside), ("growth", growth), ("days", days)):
            if name in asked.only:
                print(f"\n{name}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
                part(work, asked)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--evidently", type=lambda text: Path(text).absolute(), metavar="VENV")
    parser.add_argument("--full", action="store_true", help=f"up to {FULL} rows")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=ROWS, help="of each file beside Evidently")
    parser.add_argument("--day-rows", type=int, default=5_000, help="of each collected day")
    parser.add_argument("--only", nargs="+", choices=("beside", "growth", "days"), default=("beside", "growth", "days"))
    return parser.parse_args()


def beside(work: Path, asked: argparse.Namespace) -> None:
    """mlmon and Evidently on the same files; ratios are Evidently's time to mlmon's, and mlmon's memory to its."""
    print(f"{asked.rows} + {asked.rows} rows x 20{'':22}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}   wall   CPU memory")
    files = pair_of_files(work, asked.rows)
    for kind in FORMATS:
        baseline, target = (str(path) for path in files[kind])
        commands = {name: checking(line, baseline, target, work / name) for name, line in MLMON.items()}
        if asked.evidently:
            line = [str(asked.evidently / "bin/python"), "-c", EVIDENTLY, baseline, target]
            commands["Evidently"] = into(work / "Evidently", line)
        best = best_of(asked.runs, commands, work)
        for name, taken in best.items():
            figures = f"{kind:8} {name:32}{shown(taken)}"
            print(figures + (ratios(taken, best["Evidently"]) if "Evidently" in best else ""), flush=True)
        if asked.evidently:
            see_same_effects(work, asked.rows)


def growth(work: Path, asked: argparse.Namespace) -> None:
    """Two files of the same size, larger and larger. A row is one of either file; over what a few rows take."""
    print(f"{'rows':>9}  {'':22}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'us a row':>10}{'CPU us a row':>14}")
    started: dict[str, Taken] = {}
    for rows in (NOTHING, *GROWTH, *([FULL] if asked.full else [])):
        files = pair_of_files(work, rows)
        commands = {
            f"{kind:8}{name}": checking(line, *map(str, files[kind]), work / "out")
            for kind in FORMATS
            for name, line in MLMON.items()
        }
        for name, taken in best_of(asked.runs if rows < FULL else 1, commands, work).items():
            less = started.setdefault(name, taken)
            each = [(getattr(taken, part) - getattr(less, part)) * 1e6 / (2 * rows) for part in ("wall", "cpu")]
            print(f"{rows:9}  {name:22}{shown(taken)}{each[0]:10.2f}{each[1]:14.2f}", flush=True)
        for path in (*files["parquet"], *files["csv"]):
            path.unlink()


def days(work: Path, asked: argparse.Namespace) -> None:
    """Collected days through the command: read for the first time, and known."""
    folder = work / "ws"
    apart(collect, folder, asked.day_rows)
    rows = DAYS * asked.day_rows
    print(f"{DAYS} days x {asked.day_rows} rows x 20{'':22}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    for name, line in MLMON.items():
        past = FIRST + timedelta(days=DAYS)
        command = [*line, "drift", "churn/blue", "--baseline", "baseline.parquet", "-q", "-o", "json"]
        command += ["--from", f"{FIRST}", "--to", f"{past}"]
        by_day = [*command, "--by", "day"]
        for what, words in (("first", by_day), ("known, by day", by_day), ("known, as one", command)):
            runs = asked.runs if what == "known, as one" else 1
            [taken] = best_of(runs, {what: into(work / "out", words, folder=folder)}, work).values()
            see_whole(work / "out", rows, intervals=DAYS if words is by_day else 0)
            print(f"{name:14}{what:34}{shown(taken)}", flush=True)


def checking(line: Sequence[str], baseline: str, target: str, out: Path) -> Command:
    return into(out, [*line, "drift", "--baseline", baseline, "--target", target, "-q", "-o", "json"])


def into(out: Path, line: Sequence[str], *, folder: Path = Path("/")) -> Command:
    """A command whose answer is kept; the shell makes way for it, so that it is not measured."""
    return Command(["/bin/sh", "-c", f'exec "$@" > {out}', "sh", *line], folder=folder)


def best_of(runs: int, commands: Mapping[str, Command], work: Path) -> dict[str, Taken]:
    """In turns; the least that each took of each thing."""
    found: dict[str, list[Taken]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(run(command, work / "scratch", work))
    return {
        name: Taken(*(min(getattr(one, part) for one in each) for part in ("wall", "cpu", "memory")))
        for name, each in found.items()
    }


def shown(taken: Taken) -> str:
    return f"{taken.wall:9.2f}{taken.cpu:9.2f}{taken.memory / 1e6:9.0f}"


def ratios(taken: Taken, theirs: Taken) -> str:
    return f"{theirs.wall / taken.wall:7.1f}{theirs.cpu / taken.cpu:6.1f}{taken.memory / theirs.memory:7.2f}"


def see_same_effects(work: Path, rows: int) -> None:
    """Both name the same features, and give the same distances but for mlmon's bound. Exits where they do not.

    Evidently divides by the standard deviation of n, mlmon by that of n - 1; its Jensen-Shannon distance is in nats,
    mlmon's in bits.
    """
    ours, theirs = json.loads((work / "mlmon").read_text()), json.loads((work / "Evidently").read_text())
    found = {
        each["config"]["column"]: (each["value"], each["value"] >= each["config"]["threshold"])
        for each in theirs["metrics"]
        if each["metric_name"].startswith("ValueDrift")
    }
    for each in ours["features"]:
        value, is_drift = found.pop(each["feature"])
        value /= math.sqrt(math.log(2)) if each["effect_metric"] == JENSEN_SHANNON else 1
        metric = each["metrics"][each["effect_metric"]]
        if abs(metric["value"] - value) > metric["bound"] + value / rows:
            sys.exit(f"{each['feature']}: mlmon says {metric}, Evidently {value}")
        if (each["verdict"] == "drift") is not is_drift:
            sys.exit(f"{each['feature']}: mlmon says {each['verdict']}, which Evidently does not")
    if found:
        sys.exit(f"mlmon does not say anything of {[*found]}")


def see_whole(out: Path, rows: int, *, intervals: int) -> None:
    """Every row has been counted, and every day is there. Exits where that is not so."""
    said = json.loads(out.read_text())
    if said["rows"] != rows or len(said["intervals"]) != intervals:
        sys.exit(f"{said['rows']} rows and {len(said['intervals'])} intervals instead of {rows} and {intervals}")


def apart(function: Callable[..., None], *given: object) -> None:
    """Call in a process of its own: the memory of making rows is nobody's to count."""
    process = get_context("spawn").Process(target=function, args=given)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


def pair_of_files(work: Path, rows: int) -> dict[str, list[Path]]:
    """Baseline and target, as files of each format."""
    made = {kind: [work / f"{side}{rows}.{kind}" for side in ("baseline", "target")] for kind in FORMATS}
    for at, moved in enumerate(({}, MOVED)):
        apart(write, rows, at, moved, [made[kind][at] for kind in FORMATS])
    return made


def write(rows: int, seed: int, moved: Mapping[str, float], paths: Sequence[Path]) -> None:
    """The same rows to each path, by the end of its name."""
    import duckdb
    import numpy as np

    random = np.random.default_rng([seed, rows])
    with tempfile.TemporaryDirectory(dir=paths[0].parent) as held:
        connection = duckdb.connect(str(Path(held, "rows.duckdb")))
        for at, chunk in enumerate(chunks(random, rows)):
            chunk |= {name: chunk[name] + by for name, by in moved.items()}
            connection.register("chunk", chunk)
            connection.execute("INSERT INTO rows FROM chunk" if at else "CREATE TABLE rows AS FROM chunk")
        for path in paths:
            connection.execute(f"COPY rows TO '{path}'")


def chunks(random: np.random.Generator, rows: int) -> Iterator[Table]:
    for first in range(0, rows, CHUNK):
        yield lettered(drawn(random, min(CHUNK, rows - first)))


def lettered(table: Table) -> Table:
    """Categories that look like numbers would be read as such, by both."""
    import numpy as np

    return {
        name: column if column.dtype.kind == "f" else np.char.add("c", column).astype(object)
        for name, column in table.items()
    }


def collect(folder: Path, rows: int) -> None:
    """A workspace with a deployment that has collected so many rows each day, and the baseline beside it."""
    import numpy as np

    from mlmon.core.model import ServiceName
    from mlmon.local.workspace import LocalWorkspace

    workspace = LocalWorkspace.create(folder, name="ws", clock=lambda: datetime.now(UTC))
    script = folder / "score.py"
    script.write_text("def init(): pass\ndef run(raw): return []\n")
    service = ServiceName("churn", "blue")
    workspace.register(service, script=script)
    (folder / "mlmon.toml").write_text('workspace = "."\n')
    [root, *_] = workspace.blobs.roots(service)
    base = folder / "blobs" / root.container / root.prefix.rstrip("/").rpartition("/")[0] / "model_inputs"
    random = np.random.default_rng(7)
    for at in range(DAYS):
        day = FIRST + timedelta(days=at)
        path = base / f"{day:%Y/%m/%d}/08/instance.jsonl"
        path.parent.mkdir(parents=True)
        with path.open("w") as file:
            file.writelines(lines(lettered(drawn(random, rows)), day))
    write(10_000, 8, {}, [folder / "baseline.parquet"])


def lines(table: Table, day: date) -> Iterator[str]:
    """Requests of many rows each, as the sidecar writes them."""
    columns: dict[str, list[Any]] = {name: column.tolist() for name, column in table.items()}
    data = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for at in range(0, len(data), ROWS_A_LINE):
        event = {
            "specversion": "1.0",
            "id": f"{day}-{at}",
            "source": "/subscriptions/x/resourceGroups/y/onlineEndpoints/churn/deployments/blue",
            "type": "azureml.inference.model_inputs",
            "datacontenttype": "application/json",
            "time": f"{day}T08:{at // ROWS_A_LINE % 60:02}:00Z",
            "data": data[at : at + ROWS_A_LINE],
            "correlationid": f"{day}-{at}",
            "xrequestid": f"{day}-{at}",
            "modelversion": "default",
            "collectdatatype": "pandas.core.frame.DataFrame",
            "agent": "azureml-ai-monitoring/0.1.0b4",
            "contentrange": "bytes 0-116/117",
        }
        yield json.dumps(event, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    main()
