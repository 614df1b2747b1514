"""Whatever a person types, the answer is a table or one sentence: never a traceback, never the library's own words."""

from __future__ import annotations

import random
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kql.rows import Rows
from mlmon.core.errors import QueryError
from mlmon.core.model import Table

VALID = (
    'traces | where customDimensions contains "input" | limit 10',
    "traces | where timestamp between (datetime(2024-03-01) .. 3d) and severityLevel >= 2 | project message | take 5",
    "requests | summarize n=count(), failed=countif(success == false), percentile(duration, 95) by bin(timestamp, 5m)",
    "traces | extend d = parse_json(message) | extend x = todouble(d.input[0]) | summarize avg(x), dcount(message)",
    "exceptions | join kind=leftouter (requests | project operation_Id, name) on operation_Id | top 5 by timestamp",
    'let t = 5m; traces | where message matches regex "e.*" or message has "fail" | mv-expand customDimensions | count',
    'union traces, (requests | extend message = name) | parse message with "a=" a:long " " * | distinct a, message',
    'let F = (a:long, b:string = "x") { strcat(a, b) }; print x = F(1) | extend y = split(x, ","), z = dynamic([1])',
    "range i from 1 to 3 step 1 | extend s = iif(i > 1, h'a', @'b') | sort by s | summarize make_list(i), make_set(s)",
    "print a = 1.5 / 0, b = bin(7, 2), c = totimespan('1d') / 1h, d = ```x``` | project-away a | project-rename e = b",
)
WORDS = [word for query in VALID for word in re.findall(r"\w+|\s+|[^\w\s]", query)] + [
    "$left", "null", "long(null)", "..", "!in", "has_any", "*", "[", "]", "{", "}", "\n", "//", ";", "'", '"', "\\",
    "\0",
    "1tick", "0x1G", "1e999", "datetime(9999-99-99)", "toscalar", "materialize", "invoke", "evaluate", "['a b']",
    "é", "😀",
]  # fmt: skip
# what would tell that an error is not in our own words
FOREIGN = re.compile(r"duckdb|SELECT|CAST\(|VARCHAR|BIGINT|Binder|Catalog|Traceback|Context|mlmon:|_s\d|KQL construct")

relaxed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def workspace() -> Rows:
    rows = Rows(Path(tempfile.mkdtemp()))
    rows.write("traces", [{"timestamp": "2024-03-01T00:00:00Z", "message": "a=1 fail", "customDimensions": {"a": [1]}}])
    rows.write("requests", [{"timestamp": "2024-03-01T00:00:00Z", "success": "", "duration": 1.5}])
    return rows


def answered(rows: Rows, kql: str) -> None:
    try:
        assert isinstance(rows.query(kql), Table)
        return
    except QueryError as error:
        message, words = error.message, f"{error.message} {error.hint}"
    for typed in sorted(re.findall(r"\w+", kql), key=len, reverse=True):
        words = words.replace(typed, "")
    assert message
    assert not message.endswith(".")
    assert "\n" not in message.replace(kql, "")
    assert not FOREIGN.search(words)


@given(st.text(max_size=60))
@example("\0")
@example("\ud800")
@example("'\\")
@example("print '\\u12")
@example("let x = ; x")
@example("((((")
@relaxed
def test_any_text(workspace: Rows, text: str) -> None:
    answered(workspace, text)


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
@relaxed
def test_any_words_of_the_language(workspace: Rows, text: str) -> None:
    answered(workspace, text)


@given(st.sampled_from(VALID), st.integers(0, 10**6))
@relaxed
def test_a_query_cut_short_or_changed(workspace: Rows, query: str, seed: int) -> None:
    chance = random.Random(seed)
    tokens = re.findall(r"\w+|\s+|[^\w\s]", query)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(tokens))
        match chance.randrange(4):
            case 0:
                del tokens[at:]
            case 1:
                del tokens[at]
            case 2:
                tokens[at] = chance.choice(WORDS)
            case _:
                tokens.insert(at, chance.choice(WORDS))
        tokens = tokens or [" "]
    answered(workspace, "".join(tokens))
