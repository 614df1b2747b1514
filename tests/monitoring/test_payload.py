"""The same printed line, as v1 and v2 store it, unfolds to the same parts."""

from __future__ import annotations

import json

import pytest

from mlmon.core.model import Json, Value
from mlmon.monitoring import payload

PRINTED = json.dumps({"input": '{"data": [[1, 2]]}', "output": [3.5], "note": "007"})
UNFOLDED = {"input": {"data": [[1, 2]]}, "output": [3.5], "note": "007"}


def v1(text: Json) -> dict[str, Value]:
    return {"message": "STDOUT", "customDimensions": {"Content": text, "Service Name": "churn"}}


def v2(text: str) -> dict[str, Value]:
    return {"message": text, "customDimensions": {}}


@pytest.mark.parametrize("row", [v1(PRINTED), v1(json.loads(PRINTED)), v2(PRINTED)])
def test_a_printed_object_unfolds(row: dict[str, Value]) -> None:
    assert payload.unfold(row) == UNFOLDED


@pytest.mark.parametrize("text", ["model initialized", "[1, 2]", "{broken", '"text"', "[" * 100_000, ""])
def test_what_is_no_object_stays_text(text: str) -> None:
    assert payload.unfold(v1(text)) is None
    assert payload.text(v1(text)) == payload.text(v2(text)) == text


def test_a_message_that_only_says_stdout_is_itself() -> None:
    assert payload.text({"message": "STDOUT", "customDimensions": {}}) == "STDOUT"
    assert payload.text({}) == ""
