"""What differs between two tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.drift.diff import Change, Profiled, Statistic, diff
from mlmon.drift.result import Kind
from mlmon.drift.summary import Numbers, Summary, summary_of_categories, summary_of_numbers


def table(**columns: Summary) -> Profiled:
    kinds: dict[str, Kind] = {
        name: "number" if isinstance(one, Numbers) else "category" for name, one in columns.items()
    }
    return Profiled(max((one.quality.rows for one in columns.values()), default=0), kinds, columns)


def numbers(*values: float, nulls: int = 0) -> Summary:
    return summary_of_numbers(np.array(values, np.float64), nulls=nulls)


def test_what_came_and_went_stands_before_what_changed_and_what_did_not() -> None:
    old = table(same=numbers(1, 2), moved=numbers(1, 2), far=numbers(1, 2), gone=numbers(1), typed=numbers(1))
    new = table(
        same=numbers(2, 1),
        moved=numbers(1, 3),
        far=numbers(8, 9),
        typed=summary_of_categories({"a": 1}),
        new=numbers(5),
    )
    assert [(one.name, one.change) for one in diff(old, new)] == [
        ("gone", Change.REMOVED),
        ("new", Change.ADDED),
        ("typed", Change.TYPE),
        ("far", Change.VALUES),
        ("moved", Change.VALUES),
        ("same", Change.NONE),
    ]


def test_each_statistic_stands_side_by_side() -> None:
    [one] = diff(table(a=numbers(1, 2, 3, 4)), table(a=numbers(2, 4, 6, 8, nulls=1)))
    assert one.distance == pytest.approx(0.5)
    assert {each.name: (each.old, each.new) for each in one.statistics} == {
        "missing_share": (0.0, 0.2),
        "failed_share": (0.0, 0.0),
        "distinct": (4.0, 4.0),
        "mean": (2.5, 5.0),
        "standard_deviation": (pytest.approx(1.2909944), pytest.approx(2.5819889)),
        "minimum": (1.0, 2.0),
        "first_quartile": (1.0, 2.0),
        "median": (2.0, 4.0),
        "third_quartile": (3.0, 6.0),
        "maximum": (4.0, 8.0),
    }
    assert one.worst is not None
    assert one.worst.name == "maximum"


def test_new_categories_are_seen_and_so_are_those_that_are_gone() -> None:
    [one] = diff(
        table(a=summary_of_categories({"Bern": 3, "Genf": 1})), table(a=summary_of_categories({"Bern": 1, "Zug": 1}))
    )
    shares = {each.name: (each.old, each.new) for each in one.statistics if "categories" in each.name}
    assert shares == {"gone_categories_share": (0.25, 0.0), "new_categories_share": (0.0, 0.5)}
    assert one.worst is not None
    assert one.worst.name == "new_categories_share"


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [(2.0, 3.0, 0.5), (-2.0, -3.0, -0.5), (-2.0, 2.0, 2.0), (0.0, 1.0, None), (0.0, 0.0, 0.0), (None, 1.0, None)],
)
def test_a_change_is_relative_to_the_size_of_what_was(
    old: float | None, new: float | None, change: float | None
) -> None:
    assert Statistic("mean", old, new).change == change


def test_the_largest_numbers_there_are_have_a_change() -> None:
    assert Statistic("mean", 1.7e308, -1.7e308).change == -2.0


anything = st.lists(st.one_of(st.floats(), st.none()), max_size=20)


@given(anything, anything)
def test_any_two_columns_can_be_compared(old: list[float | None], new: list[float | None]) -> None:
    def summary(values: list[float | None]) -> Summary:
        known = [each for each in values if each is not None]
        return numbers(*known, nulls=len(values) - len(known))

    [one] = diff(table(a=summary(old)), table(a=summary(new)))
    assert one.distance is None or 0 <= one.distance <= 1 + 1e-12
    [alike] = diff(table(a=summary(old)), table(a=summary(old)))
    assert (alike.change, alike.worst) == (Change.NONE, None)


def test_tables_without_columns_have_no_differences() -> None:
    assert diff(table(), table()) == ()


def test_a_column_without_any_value_is_the_same_as_another_without_one_and_differs_from_one_with_some() -> None:
    empty, some = summary_of_categories({}, nulls=3), summary_of_categories({"a": 3})
    assert [one.change for one in diff(table(a=empty), table(a=empty))] == [Change.NONE]
    assert [one.change for one in diff(table(a=empty), table(a=some))] == [Change.VALUES]
    assert [one.change for one in diff(table(a=some), table(a=empty))] == [Change.VALUES]
