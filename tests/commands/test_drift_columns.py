"""Whatever a column or a file is like: `mlmon drift` has a status for each feature, and reports all others as ever."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from running import Outcome, Runner

ROWS: Final = 90
"""Enough for a verdict, too few for the classifier."""
BESIDE: Final = {"same": "no drift", "moved": "drift"}
"""Two columns that stand beside all others, and what is to be said of them."""

Cells = Sequence[object]


def table(path: Path, columns: dict[str, Cells] | list[tuple[str, Cells]], *, moved: float = 0.0) -> None:
    """A csv file of these columns and of the two that are known."""
    chance = random.Random(3)
    pairs = [*(columns.items() if isinstance(columns, dict) else columns)]
    count = len(pairs[0][1]) if pairs else ROWS
    pairs += [("same", [at % 10 for at in range(count)])]
    pairs += [("moved", [f"{chance.gauss(moved, 1):.4f}" for _ in range(count)])]
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([name for name, _ in pairs])
        rows.writerows(zip(*(cells for _, cells in pairs), strict=True))


def compared(mlmon: Runner, before: Any, after: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """The verdicts of the features but for the two that are known, which are as they have to be; and the document."""
    table(mlmon.folder / "before.csv", before)
    table(mlmon.folder / "after.csv", after, moved=2.0)
    outcome: Outcome = mlmon("drift --baseline before.csv --target after.csv -o json -q")
    assert outcome.code == 0, outcome.err
    document = outcome.json
    verdicts = {each["feature"]: each["verdict"] for each in document["features"]}
    assert {name: verdicts.pop(name) for name in BESIDE} == BESIDE
    return verdicts, document


def cells(of: Callable[[int], object], count: int = ROWS) -> Cells:
    return [of(at) for at in range(count)]


NUMBERS: Final = cells(lambda at: at % 30)


@pytest.mark.parametrize(
    ("before", "after", "verdict", "reason"),
    [
        (cells(lambda _: 5), cells(lambda _: 5), "no drift", ""),
        (cells(lambda _: 5), cells(lambda _: 6), "drift", ""),
        (cells(lambda _: "only"), cells(lambda _: "only"), "no drift", ""),
        (cells(lambda _: "only"), cells(lambda _: "other"), "drift", ""),
        (
            cells(lambda _: ""),
            cells(lambda _: ""),
            "not enough data",
            "0 values in the baseline and 0 in the target are too few to tell",
        ),
        (NUMBERS, cells(lambda _: ""), "drift", "the share of missing values has changed"),
        (cells(lambda _: ""), NUMBERS, "drift", "the share of missing values has changed"),
        (NUMBERS, cells(lambda at: "inf" if at % 3 else at), "drift", "the share of infinite values has changed"),
        (cells(lambda at: at if at % 3 else "-inf"), cells(lambda at: at if at % 3 else "-inf"), "no drift", ""),
        (
            NUMBERS,
            cells(lambda at: "abc" if at % 9 == 0 else at % 30),
            "drift",
            "the share of values of another type has changed",
        ),
        (NUMBERS, cells(lambda _: "abc"), "schema changed", "most of its values are no number any more"),
        (cells(lambda at: "abc" if at % 3 else at % 30), NUMBERS, "drift", ""),
    ],
    ids=[
        "constant",
        "another constant",
        "one word",
        "another word",
        "all null",
        "null now",
        "null before",
        "infinite now",
        "infinite",
        "some words now",
        "words now",
        "some words before",
    ],
)
def test_a_column_of_any_kind_has_a_status(
    mlmon: Runner, before: Cells, after: Cells, verdict: str, reason: str
) -> None:
    _, document = compared(mlmon, {"odd": before}, {"odd": after})
    [odd] = [each for each in document["features"] if each["feature"] == "odd"]
    assert (odd["verdict"], odd["reason"]) == (verdict, reason)


def test_new_missing_and_renamed_columns_are_a_changed_schema(mlmon: Runner) -> None:
    before = {"gone": NUMBERS, "old_name": NUMBERS}
    found, document = compared(mlmon, before, {"new": NUMBERS, "new_name": NUMBERS})
    assert found == dict.fromkeys(("gone", "new", "old_name", "new_name"), "schema changed")
    assert document["verdict"] == "drift"


def test_columns_of_one_name_are_told_apart(mlmon: Runner) -> None:
    before = [("a", NUMBERS), ("a", cells(lambda at: "xyz"[at % 3]))]
    found, document = compared(mlmon, before, before)
    assert found == {"a": "no drift", "a_2": "no drift"}
    assert {each["feature"]: each["kind"] for each in document["features"]}["a_2"] == "category"


def test_a_thousand_columns(mlmon: Runner) -> None:
    names = [f"column {at}" for at in range(1_000)]
    found, _ = compared(mlmon, dict.fromkeys(names, NUMBERS), dict.fromkeys(names, NUMBERS))
    assert found == dict.fromkeys(names, "no drift")


def test_ten_thousand_categories(mlmon: Runner) -> None:
    some = cells(lambda at: f"category {at}", 10_000)
    found, document = compared(mlmon, {"many": some}, {"many": some[:ROWS]})
    assert found == {"many": "no drift"}  # each of its values is as frequent as it was, as far as so few can tell
    [many] = [each for each in document["features"] if each["feature"] == "many"]
    assert many["baseline"]["distinct"] == 10_000


def test_strings_of_a_megabyte(mlmon: Runner) -> None:
    long = cells(lambda at: "ab"[at % 2] * (1_000_000 if at < 4 else 1))
    found, document = compared(mlmon, {"long": long}, {"long": long})
    assert found == {"long": "no drift"}
    assert len(json.dumps(document)) < 100_000


def files(mlmon: Runner, before: str, after: str) -> Outcome:
    (mlmon.folder / "before.csv").write_text(before)
    (mlmon.folder / "after.csv").write_text(after)
    return mlmon("drift --baseline before.csv --target after.csv -o json -q")


MANY: Final = "a,b\n" + "".join(f"{at % 9},{'xyz'[at % 3]}\n" for at in range(ROWS))


@pytest.mark.parametrize(
    ("before", "after", "verdict", "features"),
    [
        ("a,b\n1,x\n", MANY, "not enough data", {"a": "not enough data", "b": "not enough data"}),
        (MANY, "a,b\n1,x\n", "not enough data", {"a": "not enough data", "b": "not enough data"}),
        ("a,b\n1,x\n", "a,b\n1,x\n", "not enough data", {"a": "not enough data", "b": "not enough data"}),
        (MANY, "a,b\n", "no data", {"a": "no data", "b": "no data"}),
        (MANY, "", "no data", {"a": "no data", "b": "no data"}),
    ],
)
def test_files_of_one_row_or_of_none_have_a_verdict(
    mlmon: Runner, before: str, after: str, verdict: str, features: dict[str, str]
) -> None:
    outcome = files(mlmon, before, after)
    assert (outcome.code, outcome.json["verdict"]) == (0, verdict)
    assert {each["feature"]: each["verdict"] for each in outcome.json["features"]} == features


@pytest.mark.parametrize("before", ["", "a,b\n", "\n\n"])
def test_a_baseline_without_rows_is_a_usage_error(mlmon: Runner, before: str) -> None:
    outcome = files(mlmon, before, MANY)
    assert (outcome.code, outcome.out) == (2, "")
    assert json.loads(outcome.err)["message"] == "the baseline 'before.csv' has no rows"
