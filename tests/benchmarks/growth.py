"""How `mlmon pull` grows: `python tests/benchmarks/growth.py [--counts 1000,10000,100000] [--rounds N] [--mlmon FILE]`.

Tiny blobs over TLS with 10 ms before each answer, into an empty folder and once more into the full one. Prints time and
CPU time a blob, over what a pull of nothing takes, and peak memory over it; each as a ratio to the first count too.
The best of the rounds. See transfer.py for what it needs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from transfer import Case, in_memory, prepared

# transfer.py, which lies beside this file, has made these findable
from benchmarks.blobserver import clients, workspace
from benchmarks.blobserver.clients import Command, Taken
from benchmarks.blobserver.containers import Blobs

SIZE = 200


def main() -> None:
    """Measure and print."""
    asked = arguments()
    asked.folder.mkdir(parents=True, exist_ok=True)
    first: list[Sequence[float]] = []
    print(
        f"{'blobs':>8}  {'':8}{'ms a blob':>10}{'CPU ms a blob':>15}{'MB over start-up':>18}   as ratios to the first"
    )
    for count in asked.counts:
        case = Case(Blobs(f"grown{count}", count, SIZE), [])
        with (
            tempfile.TemporaryDirectory(dir=asked.to) as work,
            prepared(Path(work), case, folder=asked.folder) as bench,
        ):
            folder = workspace.settle(bench.work / "here", bench.azure.workspace)
            service = f"{case.blobs.name}/{case.deployment}"
            commands = [
                clients.mlmon(asked.mlmon, [service, "--month", month], folder=folder, environ=bench.azure.environ)
                for month in ("2020-01", "2026-03")
            ]
            clients.run(commands[0], bench.to, bench.work)  # finds out about the workspace, which is then remembered
            found = [each_over(commands, bench.to, bench.work) for _ in range(asked.rounds)]
        for at, name in enumerate(("fetched", "again")):
            best = [min(values) for values in zip(*(per_blob(one[at], count) for one in found), strict=True)]
            first += [best] if len(first) < 2 else []
            ratios = "".join(f"{value / before:7.2f}" for value, before in zip(best, first[at], strict=True))
            print(f"{count:8}  {name:8}{best[0]:10.3f}{best[1]:15.3f}{best[2]:18.0f}   {ratios}", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--counts", type=lambda text: [int(each) for each in text.split(",")])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "mlmon-transfer"))
    parser.add_argument("--to", type=Path, default=in_memory(), help="on which disk is fetched")
    parser.add_argument("--mlmon", type=Path, default=Path(sys.executable).with_name("mlmon"))
    asked = parser.parse_args()
    asked.counts = asked.counts or [1000, 10_000, 100_000]
    asked.mlmon = asked.mlmon.absolute()
    return asked


def each_over(commands: Sequence[Command], to: Path, work: Path) -> tuple[Taken, Taken]:
    """What a pull and the same once more took over a pull of nothing, which is the first command."""
    nothing, everything = commands
    base = clients.run(nothing, to, work)
    fetched = clients.run(everything, to, work)
    again = clients.run(everything, to, work, again=True)
    return over(fetched, base), over(again, base)


def over(one: Taken, base: Taken) -> Taken:
    return Taken(one.wall - base.wall, one.cpu - base.cpu, one.memory - base.memory)


def per_blob(taken: Taken, count: int) -> tuple[float, float, float]:
    """Milliseconds, milliseconds of CPU, and megabytes of them all."""
    return taken.wall * 1000 / count, taken.cpu * 1000 / count, taken.memory / 1e6


if __name__ == "__main__":
    main()
