"""False alarms and power: `python tests/benchmarks/drift_simulation.py [--full] [--runs N] [--evidently VENV]`.

A baseline of 10 000 rows and 20 features is checked against targets that differ by chance alone, and against targets to
which something has happened. Counted are the runs in which any feature is significant at 5 %, whatever the size of the
effect, with 95 % intervals (Wilson 1927). The datadrift coefficient counts by itself, at half of that, in fewer runs.
`--full` takes 1 000 runs where nothing happened and 300 where something did; without it a few. With an environment that
has Evidently 0.7 and pandas < 3, its share on the same rows is beside (`--evidently-runs`: it is slow).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Final

import numpy as np
from drift_draws import GOALS, Table, pair

from mlmon.drift import coefficient
from mlmon.drift.checking import check
from mlmon.drift.summary import BASELINE_CAP, CAP, Summary, summary_of_categories, summary_of_numbers

ALPHA: Final = 0.05
SIZES: Final = (200, 1_000, 10_000)
ONLY_TOGETHER: Final = "correlation turned"
"""What no feature shows by itself: the coefficient's part."""


@dataclass(frozen=True)
class Share:
    """How often something happened."""

    found: int
    runs: int

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.found / max(self.runs, 1):6.1f} % ({100 * low:.1f}-{100 * high:.1f}, {self.runs} runs)"

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, of 95 %."""
        n, z = max(self.runs, 1), 1.96
        p = self.found / n
        middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="1 000 runs of each")
    parser.add_argument("--runs", type=int, help="so many runs instead")
    parser.add_argument("--rows", type=lambda text: tuple(int(each) for each in text.split(",")), default=SIZES)
    parser.add_argument("--coefficient-runs", type=int, help="so many with the classifier")
    parser.add_argument("--evidently", type=Path, metavar="VENV")
    parser.add_argument("--evidently-runs", type=int, default=20)
    asked = parser.parse_args()
    runs = asked.runs or (1_000 if asked.full else 40)
    fewer = asked.coefficient_runs if asked.coefficient_runs is not None else (100 if asked.full else 5)
    cases = [("nothing", rows) for rows in asked.rows]
    cases += [(shift, rows) for shift, rows in GOALS if rows in asked.rows]
    beside = f"{'Evidently: any feature':36}half of the features" if asked.evidently else ""
    print(f"{'what happened':28}{'rows':>7}  {'any feature':36}{'coefficient':36}{beside}", flush=True)
    for shift, rows in cases:
        features = alarms(shift, rows, runs if shift == "nothing" else min(runs, 300))
        together = str(coefficient_alarms(shift, rows, fewer)) if fewer else ""
        theirs = evidently(asked.evidently, shift, rows, asked.evidently_runs) if asked.evidently else ""
        print(f"{shift:28}{rows:7}  {features!s:36}{together:36}{theirs}", flush=True)


def alarms(shift: str, rows: int, runs: int, *, first: int = 0) -> Share:
    """The runs in which a feature is significant."""
    found = 0
    for seed in range(first, first + runs):
        baseline, target = pair(shift, rows, seed)
        features = check(summaries(baseline, BASELINE_CAP), summaries(target, CAP))
        found += any(each.p_value is not None and each.p_value < ALPHA for each in features)
    return Share(found, runs)


def coefficient_alarms(shift: str, rows: int, runs: int, *, first: int = 0) -> Share:
    """The runs in which the classifier's area is."""
    found = 0
    for seed in range(first, first + runs):
        told = coefficient.tell_apart(*(sample(side) for side in pair(shift, rows, seed)), seed=seed)
        found += told is not None and told.coefficient.p_value < ALPHA / 2
    return Share(found, runs)


def summaries(table: Table, cap: int) -> dict[str, Summary]:
    return {
        name: summary_of_numbers(column, cap=cap)
        if column.dtype.kind == "f"
        else summary_of_categories(Counter(column.tolist()))
        for name, column in table.items()
    }


def sample(table: Table) -> coefficient.Sample:
    return {name: column if column.dtype.kind == "f" else column.tolist() for name, column in table.items()}


def evidently(venv: Path, shift: str, rows: int, runs: int) -> str:
    """What Evidently says of the same rows: the runs in which any feature has drifted, and those in which half have."""
    program: Sequence[str] = [str(venv / "bin/python"), str(Path(__file__).with_name("drift_evidently.py"))]
    done = subprocess.run([*program, shift, str(rows), str(runs)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"Evidently failed:\n{done.stderr[-3000:]}")
    counted = json.loads(done.stdout.splitlines()[-1])
    return f"{Share(counted['any'], runs)!s:36}{Share(counted['whole'], runs)}"


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
