"""Whose fault an error is: the library's become a sentence, ours stay visible."""

from __future__ import annotations

from typing import Any

import pytest

from mlmon.core.errors import QueryError
from mlmon.kql.engine.faults import translated
from mlmon.kql.engine.guard import Guard
from mlmon.kql.engine.reading import read


def test_a_fault_of_the_library_is_a_refusal() -> None:
    from duckdb_kql.lower import lower

    no_text: Any = None
    with pytest.raises(QueryError) as raised, translated(read("traces")):
        lower(no_text)
    assert raised.value.message == "this query is not supported by the local engine"


def test_a_fault_of_the_guard_is_not_hidden() -> None:
    from duckdb_kql.lower import lower

    no_columns: Any = {"traces": None}
    reading = read("traces | where message == 'x'")
    with pytest.raises(TypeError), translated(reading):
        Guard(no_columns, reading).query(lower(reading.text))
