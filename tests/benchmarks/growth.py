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
            nothing, fetched, again = best_of(asked.rounds, commands, bench.to, bench.work)
        for at, (name, taken) in enumerate((("fetched", fetched), ("again", again))):
            each = per_blob(taken, nothing, count)
            first += [each] if len(first) < 2 else []
            ratios = "".join(f"{value / before:7.2f}" for value, before in zip(each, first[at], strict=True))
            print(f"{count:8}  {name:8}{each[0]:10.3f}{each[1]:15.3f}{each[2]:18.0f}   {ratios}", flush=True)


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


def best_of(rounds: int, commands: Sequence[Command], to: Path, work: Path) -> list[Taken]:
    """The least that a pull of nothing, a pull of everything, and the same once more took of each thing."""
    nothing, everything = commands
    found = [
        (
            clients.run(nothing, to, work),
            clients.run(everything, to, work),
            clients.run(everything, to, work, again=True),
        )
        for _ in range(rounds)
    ]
    return [
        Taken(*(min(getattr(one, part) for one in each) for part in ("wall", "cpu", "memory")))
        for each in zip(*found, strict=True)
    ]


def per_blob(taken: Taken, nothing: Taken, count: int) -> tuple[float, float, float]:
    """Over a pull of nothing: milliseconds and milliseconds of CPU a blob, and megabytes of them all."""
    wall, cpu = ((getattr(taken, part) - getattr(nothing, part)) * 1000 / count for part in ("wall", "cpu"))
    return wall, cpu, (taken.memory - nothing.memory) / 1e6


if __name__ == "__main__":
    main()
