"""What an install without extras weighs, told from the environment that the suite runs in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import mlmon
from benchmarks.install_size import MOST, closure, on_disk, size_of

HEAVY: Final = {"scikit-learn", "scipy", "lightgbm", "pandas", "pyarrow", "pyspark", "joblib"}
"""What only extras and the suite may bring: a gigabyte of it would still make every test pass."""


def test_an_install_without_extras_stays_within_240_mb() -> None:
    base = closure("mlmon")
    sizes = {name: size_of(each) for name, each in base.items() if name != "mlmon"}
    own, _ = on_disk(Path(mlmon.__file__).parent)  # installed as a link to the sources, which lists no files
    assert {"azure-ai-ml", "duckdb", "numpy"} <= sizes.keys()
    assert min(sizes.values()) > 0, "a distribution without files would weigh nothing"
    assert not HEAVY & sizes.keys()
    assert sum(sizes.values()) + own <= MOST, sorted(sizes.items(), key=lambda each: -each[1])[:5]


def test_an_extra_brings_what_it_is_for_and_only_where_it_is_asked_for() -> None:
    assert closure("mlmon[drift]").keys() - closure("mlmon").keys() >= {"scikit-learn", "scipy"}
