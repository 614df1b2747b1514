"""Application Insights' limits: what is too long is cut, and the row says so."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.model import Json, ServiceName
from mlmon.local.runtime.text import ITEM_LIMIT, MESSAGE_LIMIT, PROPERTY_LIMIT, fitted
from mlmon.local.workspace import LocalWorkspace

PRINTING = "def init(): pass\ndef run(raw_data): print(raw_data)"


@pytest.mark.parametrize(("service", "limit"), [("sums", 8_192), ("ep/blue", 32_768)])
@pytest.mark.parametrize("beyond", [0, 1])
def test_long_prints_are_cut_and_marked(
    service: str, limit: int, beyond: int, workspace: LocalWorkspace, add: Callable[..., ServiceName]
) -> None:
    text = "x" * (limit + beyond)
    workspace.scoring.invoke(add(service, PRINTING), text)
    (file,) = (workspace.folder / "telemetry" / "traces").iterdir()
    row = json.loads(file.read_text())
    dimensions = row["customDimensions"]
    stored = dimensions["Content"] if service == "sums" else row["message"]
    assert stored == "x" * limit
    field = "Content" if service == "sums" else "message"
    assert dimensions.get("truncated") == (f"{field} was {limit + 1} characters" if beyond else None)
    # the log has it all
    assert any(line.endswith(text) for line in workspace.logs.snapshot(ServiceName.parse(service), lines=9).lines)


def test_a_text_of_wide_characters_is_cut_to_the_size_of_an_item() -> None:
    row = json.loads(fitted({"timestamp": "t", "message": "\U0001f600" * 30_000, "customDimensions": {"a": "b"}}))
    assert row == {
        "timestamp": "t",
        "message": "\U0001f600" * 15_000,
        "customDimensions": {"a": "b", "truncated": "message was 30000 characters"},
    }


def test_details_go_when_nothing_else_can() -> None:
    details = [{"line": number, "method": "run"} for number in range(10_000)]
    assert json.loads(fitted({"type": "ValueError", "details": details})) == {
        "type": "ValueError",
        "customDimensions": {},
    }


def test_many_short_texts_are_left_alone() -> None:
    properties: dict[str, Json] = {f"key{number}": "x" * 900 for number in range(100)}
    assert json.loads(fitted({"customDimensions": properties})) == {"customDimensions": properties}


TEXTS = st.text(max_size=20) | st.sampled_from([0, 8_191, 8_192, 8_193, 32_768, 70_000]).map("é".__mul__)


@given(TEXTS, st.dictionaries(st.sampled_from("abcdefghij"), TEXTS))
def test_every_row_is_one_line_within_every_limit(message: str, properties: dict[str, str]) -> None:
    line = fitted({"message": message, "customDimensions": dict(properties)})
    assert "\n" not in line
    assert len(line.encode()) <= ITEM_LIMIT
    row = json.loads(line)
    dimensions = row["customDimensions"]
    mark = dimensions.pop("truncated", "")
    assert len(row["message"]) <= MESSAGE_LIMIT
    assert row["message"] == message[: len(row["message"])]
    assert set(dimensions) == set(properties)
    assert ("message was" in mark) or len(row["message"]) == len(message)
    for key, text in properties.items():
        assert len(dimensions[key]) <= PROPERTY_LIMIT
        assert dimensions[key] == text[: len(dimensions[key])]
        assert (f"{key} was {len(text)} characters" in mark) == (len(dimensions[key]) < len(text))
