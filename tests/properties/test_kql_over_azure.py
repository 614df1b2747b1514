"""The law of `traces --where` on Azure: one query for each text, and the rows found are those that contain it."""

from __future__ import annotations

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
from properties.test_kql_texts import contains, texts

SEEDS = range(10, 14)  # 500 texts each
QUARTERS = range(4)
OVER_HTTP = 5  # of each quarter, in both scopes: the rest asks the engine that answers there
MINE = "/subscriptions/s/resourcegroups/g/providers/microsoft.insights/components/mine"


def rows_of(batch: list[str]) -> list[dict[str, Any]]:
    """Every text once as v2 prints it and once as v1 does."""
    v2 = [{"message": f"before {text} after", "itemId": f"v2 {at}"} for at, text in enumerate(batch)]
    v1 = [{"message": "STDOUT", "customDimensions": {"Content": text}} for text in batch]
    named = [{**row, "itemId": f"v1 {at}"} for at, row in enumerate(v1)]
    # a workspace has no itemId, so the role says which row it is
    return [{"timestamp": "2024-03-01T00:00:00Z", "cloud_RoleName": row["itemId"], **row} for row in (*v2, *named)]


def asked(text: str, tables: Tables) -> str:
    return traces_query(where=[text], between=None, limit=None, tables=tables)


def check(table: Table, at: int, batch: list[str]) -> None:
    """Exactly the messages that contain the text, and its own row where the text stands in a bag."""
    found = {str(row.get("cloud_RoleName", row.get("AppRoleName"))) for row in table.records()}
    expected = {f"v2 {other}" for other, text in enumerate(batch) if contains(f"before {text} after", batch[at])}
    assert {name for name in found if name.startswith("v2")} == expected, batch[at]
    assert f"v1 {at}" in found, batch[at]


@pytest.mark.parametrize("quarter", QUARTERS)
@pytest.mark.parametrize("seed", SEEDS)
def test_two_thousand_hostile_texts_find_exactly_the_rows_that_contain_them(
    tmp_path: Path, seed: int, quarter: int
) -> None:
    """In either dialect by turns: a literal is the same in both, and what differs is asked over HTTP below."""
    batch = texts(seed)[quarter::4]
    telemetry = Telemetry(tmp_path, component=lambda: MINE)
    telemetry.extend("traces", rows_of(batch))
    telemetry.extend("traces", rows_of(batch), component="/somebody/elses")
    sides = (
        (Tables(Dialect.CLASSIC), telemetry.of_component(MINE)),
        (Tables(Dialect.WORKSPACE, component=MINE), telemetry.of_workspace("guid")),
    )
    for at, text in enumerate(batch):
        tables, files = sides[at % 2]
        table = run(asked(text, tables), files=files, now=NOW, schema=SCHEMAS[tables.dialect])
        assert len(set(map(str, table.rows))) == len(table.rows)
        check(table, at, batch)


@pytest.mark.parametrize("scope", Scope)
def test_and_so_they_do_over_the_wire_in_both_scopes(tmp_path: Path, scope: Scope) -> None:
    batches = [texts(seed)[quarter::4] for seed in SEEDS for quarter in QUARTERS]
    batch = [text for each in batches for text in each[:OVER_HTTP]]
    with local_azure(tmp_path / "azure") as azure:
        azure.telemetry.extend("traces", rows_of(batch))
        azure.telemetry.extend("traces", rows_of(["other"]), component="/somebody/elses")
        telemetry = connect(azure, tmp_path).telemetry.in_scope(scope)
        for at, text in enumerate(batch):
            check(telemetry.ask(lambda tables, text=text: asked(text, tables)), at, batch)
