"""The law of `traces --where` on Azure: one query for each text, and the rows found are those that contain it."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from azured import connect, local_azure
from emulators.telemetry import Telemetry
from kql.rows import NOW
from mlmon.core.model import Table
from mlmon.core.ports import Dialect, Scope, Tables
from mlmon.kql.build import traces_query
from mlmon.kql.engine import run
from mlmon.kql.schema import SCHEMAS

PIECES = [
    '"', "'", "\\", "\\\\", "%", "_", "*", "?", "[", "]", "(", ")", "{", "}", "|", ";", "//", "--", "/*", "`",
    "```", "~~~", "@", "h", "$", "^", ".", "+", "\n", "\r", "\t", "\0", "\x01", "\x07", "\x1b[31m", "\x7f",
    "\x85", "\u2028", "\u2029", "\ufeff", "\u202e", "é", "ß", "ñ", "日本", "😀", "\\u00e9", "\\n", '\\"', "{0}",
    "{}", "$1", "' OR 1=1", '" | take 1', "where", "input", " ", "a", "Z", "0", "\u00a0",
]  # fmt: skip
PARTS = range(8)  # so that every core has something to do
EACH = 240
OVER_HTTP = 80  # which makes 2000
BATCH = 40  # rows that a text has to be told apart from
MINE = "/subscriptions/s/resourcegroups/g/providers/microsoft.insights/components/mine"


def texts(seed: int, *, count: int) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 3))) for _ in range(count)]


def rows_of(batch: Sequence[str]) -> list[dict[str, Any]]:
    """Every text once as v2 prints it and once as v1 does."""
    v2 = [{"message": f"before {text} after", "itemId": f"v2 {at}"} for at, text in enumerate(batch)]
    v1 = [{"message": "STDOUT", "customDimensions": {"Content": text}} for text in batch]
    named = [{**row, "itemId": f"v1 {at}"} for at, row in enumerate(v1)]
    # a workspace has no itemId, so the role says which row it is
    return [{"timestamp": "2024-03-01T00:00:00Z", "cloud_RoleName": row["itemId"], **row} for row in (*v2, *named)]


def escaped(texts: set[str]) -> set[str]:
    """The texts as JSON escapes them, with and without characters that are not ASCII."""
    return {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for text in texts for ascii_only in (True, False)}


def contains(where: str, forms: set[str]) -> bool:
    return any(form.lower() in where.lower() for form in forms)


def expected(text: str, batch: Sequence[str]) -> set[str]:
    """The rows that hold a text, by the law alone: in the message or in the bag's JSON, as it is or as JSON has it."""
    once = {text} | escaped({text})
    twice = once | escaped(once)
    thrice = twice | escaped(twice)
    messages = [f"before {each} after" for each in batch]
    bags = [json.dumps({"Content": each}, ensure_ascii=False, separators=(",", ":")) for each in batch]
    v2 = {f"v2 {at}" for at, message in enumerate(messages) if contains(message, twice)}
    v1 = {f"v1 {at}" for at, bag in enumerate(bags) if contains(bag, thrice) or contains("STDOUT", twice)}
    return v1 | v2


def asked(text: str, tables: Tables) -> str:
    return traces_query(where=[text], between=None, limit=None, tables=tables)


def found(table: Table) -> list[str]:
    return [str(row.get("cloud_RoleName", row.get("AppRoleName"))) for row in table.records()]


def check(table: Table, text: str, batch: Sequence[str]) -> None:
    """Each row that contains the text once, and no other."""
    assert sorted(found(table)) == sorted(expected(text, batch)), text


@pytest.mark.parametrize("part", PARTS)
def test_two_thousand_hostile_texts_find_exactly_the_rows_that_contain_them(tmp_path: Path, part: int) -> None:
    """In either dialect by turns: a literal is the same in both. The engine is the one that answers over HTTP below."""
    every = texts(part, count=EACH)
    for start in range(0, EACH, BATCH):
        batch = every[start : start + BATCH]
        folder = tmp_path / str(start)
        folder.mkdir()
        telemetry = Telemetry(folder, component=lambda: MINE)
        telemetry.extend("traces", rows_of(batch))
        telemetry.extend("traces", rows_of(batch), component="/somebody/elses")
        sides = (
            (Tables(Dialect.CLASSIC), telemetry.of_component(MINE)),
            (Tables(Dialect.WORKSPACE, component=MINE), telemetry.of_workspace("guid")),
        )
        for at, text in enumerate(batch):
            tables, files = sides[at % 2]
            check(run(asked(text, tables), files=files, now=NOW, schema=SCHEMAS[tables.dialect]), text, batch)


def test_and_so_they_do_over_the_wire_in_both_scopes(tmp_path: Path) -> None:
    batch = texts(len(PARTS), count=OVER_HTTP)
    with local_azure(tmp_path / "azure") as azure:
        azure.telemetry.extend("traces", rows_of(batch))
        azure.telemetry.extend("traces", rows_of(batch), component="/somebody/elses")
        component = connect(azure, tmp_path).telemetry
        sides = [component.in_scope(scope) for scope in Scope]
        for at, text in enumerate(batch):
            check(sides[at % 2].ask(lambda tables, text=text: asked(text, tables)), text, batch)
