"""Texts of `traces --where`: a literal means its text, wherever and however a service has written it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kql.rows import Rows
from mlmon.core.ports import Dialect, Tables
from mlmon.kql.build import kql_string, traces_query
from mlmon.kql.engine.reading import read


def payloads(text: str) -> list[Any]:
    """What a scoring script may print that holds the text."""
    return [
        text,
        json.dumps({"input": text}),
        json.dumps({"input": text}, ensure_ascii=False),
        json.dumps({"outer": json.dumps({"input": text})}),
        json.dumps({"outer": json.dumps({"input": text}, ensure_ascii=False)}),
    ]


SPOKEN = [
    'say "hi"',
    "C:\\temp\\new",
    "caf\u00e9 \u65e5",
    "line\nbreak",
    'all "\\\n\u00e9\U0001f600',
    "plain",
    '"',
    "\\",
]


@pytest.mark.parametrize("text", SPOKEN)
def test_the_same_text_finds_the_same_rows_in_v1_and_v2(tmp_path: Path, text: str) -> None:
    rows = Rows(tmp_path)
    printed = [*payloads(text), "something else", json.dumps({"input": "something else"})]
    v1 = [
        {"message": "STDOUT", "customDimensions": {"Content": p}, "itemId": f"v1 {at}"} for at, p in enumerate(printed)
    ]
    v2 = [{"message": p, "customDimensions": {}, "itemId": f"v2 {at}"} for at, p in enumerate(printed)]
    rows.write("traces", [*v1, *v2])
    query = traces_query(where=[text], between=None, limit=100, tail="| project itemId", tables=Tables(Dialect.CLASSIC))
    found = sorted(str(row[0]) for row in rows.query(query).rows)
    wanted = [at for at, p in enumerate(printed) if at < 5 or text in p]
    assert [item for item in found if item.startswith("v2")] == [f"v2 {at}" for at in wanted]
    assert {f"v1 {at}" for at in wanted} <= set(found)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=300, deadline=None)
def test_a_literal_means_its_text(text: str) -> None:
    """Read back by the library's lexer and our decoding of literals, as Kusto's own lexer would."""
    reading = read(f"print x = {kql_string(text)} | take 1")
    start = reading.text.index('"')
    inner = reading.text[start + 1 : reading.text.rindex('"')]
    decoded = inner.replace("\\\\", "\0\0").replace('\\"', '"').replace("\\n", "\n").replace("\\r", "\r")
    assert decoded.replace("\\t", "\t").replace("\0\0", "\\") == text or "\0" in text
    assert reading.text.endswith(" | take 1")


def test_service_names_and_texts_together(tmp_path: Path) -> None:
    rows = Rows(tmp_path)
    name = 'svc "x" \\ | take 1'
    bag = {"Service Name": name}
    rows.write(
        "traces",
        [
            {"timestamp": "2024-03-01T00:00:00Z", "cloud_RoleName": name, "message": "a one"},
            {"timestamp": "2024-03-02T00:00:00Z", "customDimensions": bag, "message": "A two"},
            {"timestamp": "2024-03-03T00:00:00Z", "cloud_RoleName": "other", "message": "a three"},
            {"timestamp": "2024-03-04T00:00:00Z", "cloud_RoleName": name, "message": "nothing"},
        ],
    )
    query = traces_query(
        service=[name],
        where=["a", "O"],
        between=None,
        limit=5,
        tail="| project message",
        tables=Tables(Dialect.CLASSIC),
    )
    assert rows.query(query).rows == (("A two",), ("a one",))
