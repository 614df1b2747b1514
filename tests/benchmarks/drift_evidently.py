"""Evidently on the same rows, in an environment of its own: `VENV/bin/python drift_evidently.py SHIFT ROWS RUNS`.

Needs evidently 0.7 and pandas < 3. Prints, as JSON, the number of runs in which any feature is said to have drifted,
and that in which half of them are (the rule for the whole), with its defaults.
"""

import json
import sys

import pandas as pd
from drift_draws import pair
from evidently import Report
from evidently.presets import DataDriftPreset


def main() -> None:
    shift, rows, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    any_, whole = 0, 0
    for seed in range(runs):
        baseline, target = (pd.DataFrame(side) for side in pair(shift, rows, seed))
        result = Report([DataDriftPreset()]).run(target, baseline).dict()
        [drifted] = [
            each["value"] for each in result["metrics"] if each["metric_name"].startswith("DriftedColumnsCount")
        ]
        any_ += drifted["count"] > 0
        whole += drifted["share"] >= 0.5
    print(json.dumps({"any": any_, "whole": whole}))


main()
