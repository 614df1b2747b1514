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
        "customDimensions": {"truncated": "details was 288891 characters"},
    }


def test_many_short_texts_are_left_alone() -> None:
    properties: dict[str, Json] = {f"key{number}": "x" * 900 for number in range(100)}
    assert json.loads(fitted({"customDimensions": properties})) == {"customDimensions": properties}


LENGTHS = st.sampled_from([0, 1, 8_191, 8_192, 8_193, 32_768, 32_769, 70_000])


@given(LENGTHS, st.dictionaries(st.sampled_from("abcdefghij"), LENGTHS), st.sampled_from("aé\x00\U0001f600"))
def test_every_row_is_one_line_within_every_limit(length: int, lengths: dict[str, int], letter: str) -> None:
    properties = {key: letter * count for key, count in lengths.items()}
    line = fitted({"message": letter * length, "customDimensions": {**properties}})
    assert "\n" not in line
    assert len(line.encode()) <= ITEM_LIMIT
    row = json.loads(line)
    dimensions = row["customDimensions"]
    mark = dimensions.pop("truncated", "")
    kept = {"message": row["message"], **dimensions}
    assert set(kept) == {"message", *properties}
    assert len(kept["message"]) <= MESSAGE_LIMIT
    assert all(len(dimensions[key]) <= PROPERTY_LIMIT for key in properties)
    assert all(set(text) <= {letter} for text in kept.values())
    before = {"message": length, **lengths}
    cut = {key for key in kept if len(kept[key]) < before[key]}
    assert sorted(mark.split("; ")) == sorted(f"{key} was {before[key]} characters" for key in cut) or (
        not cut and not mark
    )
