"""Runs a cell for pandas, in an environment of its own that has adlfs: the cell comes in, JSON goes out."""

from __future__ import annotations

import json
import sys
from typing import Any

import pandas as pd


def main() -> None:
    names: dict[str, Any] = {}
    exec(sys.stdin.read(), names)
    frames = {
        name: {"columns": [str(column) for column in frame.columns], "rows": frame.to_numpy(object).tolist()}
        for name, frame in names.items()
        if isinstance(frame, pd.DataFrame)
    }
    json.dump(frames, sys.stdout, default=str)


if __name__ == "__main__":
    main()
