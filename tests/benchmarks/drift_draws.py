"""Rows to check drift on: 20 features of many shapes, and what can happen to them. Needs numpy alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np

ROWS: Final = 10_000
CATEGORIES: Final = (2, 5, 10, 50, 200)
RHO: Final = 0.6
"""How `number0` and `number1` correlate."""
Table: TypeAlias = dict[str, Any]


def drawn(random: np.random.Generator, rows: int) -> Table:
    """15 columns of numbers and 5 of categories, of Zipf's frequencies."""
    first = random.normal(size=rows)
    table: Table = {
        "number0": first,
        "number1": RHO * first + np.sqrt(1 - RHO**2) * random.normal(size=rows),
        "number2": random.normal(100, 15, size=rows),
    }
    for at in range(3):
        table[f"lognormal{at}"] = random.lognormal(at, 1, size=rows)
        table[f"gamma{at}"] = random.gamma(at + 1, 2, size=rows)
        table[f"tailed{at}"] = random.standard_t(4, size=rows)
        table[f"uniform{at}"] = random.uniform(0, 10**at, size=rows)
    for count in CATEGORIES:
        table[f"category{count}"] = random.choice(count, size=rows, p=zipf(count)).astype(str)
    return table


def zipf(count: int) -> Any:
    weights = 1 / np.arange(1, count + 1)
    return weights / weights.sum()


def moved(share: float) -> Callable[[Table, np.random.Generator], None]:
    """One feature by a share of its standard deviation, which is 1."""

    def happens(table: Table, random: np.random.Generator) -> None:
        table["number0"] = table["number0"] + share

    return happens


def mixed(table: Table, random: np.random.Generator) -> None:
    """A tenth of the rows have any of ten categories, all as likely."""
    rows = len(table["category10"])
    other = random.integers(0, 10, rows).astype(str)
    table["category10"] = np.where(random.random(rows) < 0.1, other, table["category10"])


def renewed(table: Table, random: np.random.Generator) -> None:
    """One row in fifty has a category that was not there."""
    rows = len(table["category10"])
    table["category10"] = np.where(random.random(rows) < 0.02, "new", table["category10"])


def turned(table: Table, random: np.random.Generator) -> None:
    """Two features correlate the other way round; each by itself is as it was."""
    table["number1"] = -table["number1"]


SHIFTS: Final[Mapping[str, Callable[[Table, np.random.Generator], None]]] = {
    "nothing": lambda table, random: None,
    "mean by 0.5 sd": moved(0.5),
    "mean by 0.2 sd": moved(0.2),
    "mean by 0.1 sd": moved(0.1),
    "10 % of a category mixed": mixed,
    "2 % a new category": renewed,
    "correlation turned": turned,
}
GOALS: Final = (
    ("mean by 0.5 sd", 200),
    ("mean by 0.2 sd", 1_000),
    ("mean by 0.1 sd", 10_000),
    ("10 % of a category mixed", 10_000),
    ("2 % a new category", 10_000),
    ("correlation turned", 10_000),
)
"""What is to be found in 95 of 100 runs, and with how many rows."""


def pair(shift: str, rows: int, seed: int) -> tuple[Table, Table]:
    """A baseline, and a target to which something has happened."""
    random = np.random.default_rng([seed, rows, list(SHIFTS).index(shift)])
    baseline, target = drawn(random, ROWS), drawn(random, rows)
    SHIFTS[shift](target, random)
    return baseline, target
