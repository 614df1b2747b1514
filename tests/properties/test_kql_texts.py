"""The law of `traces --where`: the rows found are those that contain the text, whatever it is made of."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kql.rows import Rows
from mlmon.core.ports import Dialect, Tables
from mlmon.kql.build import kql_string, traces_query
from mlmon.kql.engine.reading import read

PIECES = [
    '"', "'", "\\", "\\\\", "%", "_", "*", "?", "[", "]", "(", ")", "{", "}", "|", ";", "//", "--", "/*", "`",
    "```", "~~~", "@", "h", "$", "^", ".", "+", "\n", "\r", "\t", "\0", "\x01", "\x07", "\x1b[31m", "\x7f",
    "\x85", "\u2028", "\u2029", "\ufeff", "\u202e", "é", "ß", "ñ", "日本", "😀", "\\u00e9", "\\n", '\\"', "{0}",
    "{}", "$1", "' OR 1=1", '" | take 1', "where", "input", " ", "a", "Z", "0", "\u00a0",
]  # fmt: skip
HOSTILE = 500
BATCH = 50


def texts(seed: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 5))) for _ in range(HOSTILE)]


@pytest.mark.parametrize("seed", range(4))
def test_two_thousand_hostile_texts_find_exactly_the_rows_that_contain_them(tmp_path: Path, seed: int) -> None:
    """Four times 500, in batches, so that each text is looked for among others and the cores share the work."""
    rows = Rows(tmp_path)
    every = texts(seed)
    for start in range(0, HOSTILE, BATCH):
        batch = every[start : start + BATCH]
        messages = [f"before {text} after" for text in batch]
        rows.write("traces", [{"message": message, "itemId": str(at)} for at, message in enumerate(messages)])
        columns = ", ".join(f"c{at} = {condition(text)}" for at, text in enumerate(batch))
        table = rows.query(f"traces | project itemId, {columns}")
        for item, *found in table.rows:
            message = messages[int(str(item))]
            expected = [bool(contains(message, text)) for text in batch]
            assert found == expected, [text for text, a, b in zip(batch, found, expected, strict=True) if a != b]


def condition(text: str) -> str:
    """The condition of the query on the message, as one expression."""
    query = traces_query(where=[text], between=None, limit=1, tables=Tables(Dialect.CLASSIC))
    line = query.split("\n| where ", 1)[1].split("\n| order by ", 1)[0]
    return "(" + line + ")"


def contains(message: str, text: str) -> bool:
    """Whether a message contains the text, or the text as JSON in JSON escapes it."""
    once = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(form, ensure_ascii=ascii_only)[1:-1] for form in once for ascii_only in (True, False)}
    return any(form.lower() in message.lower() for form in {text, *once, *twice})


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
