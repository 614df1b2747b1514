"""False alarms and power, reduced: `python tests/benchmarks/drift_simulation.py --full` is the whole of it.

Seeds are fixed, and the bounds are such that a right program with other seeds would miss them once in 100 000 times.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from scipy import stats

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    """The benchmark's own functions; it lies beside what it imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        spec = importlib.util.spec_from_file_location("drift_simulation", BENCHMARKS / "drift_simulation.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, "drift_simulation", module)
        spec.loader.exec_module(module)
        return module


@pytest.mark.parametrize("rows", [200, 1_000])
def test_data_that_has_not_drifted_seldom_raises_an_alarm(simulation: ModuleType, rows: int) -> None:
    share = simulation.alarms("nothing", rows, 30)

    assert share.found <= stats.binom.isf(1e-5, 30, 0.065)


@pytest.mark.parametrize(
    ("shift", "rows"),
    [("mean by 0.5 sd", 200), ("mean by 0.2 sd", 1_000), ("10 % of a category mixed", 10_000)],
)
def test_what_has_moved_is_found(simulation: ModuleType, shift: str, rows: int) -> None:
    share = simulation.alarms(shift, rows, 8)

    assert share.found >= stats.binom.ppf(1e-5, 8, 0.95)


def test_a_correlation_that_turned_is_found_by_the_coefficient(simulation: ModuleType) -> None:
    assert simulation.coefficient_alarms("correlation turned", 2_000, 2).found == 2
