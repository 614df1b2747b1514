"""`mlmon query` on Azure: mlmon's own queries in both scopes, and cells of every type in a file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from azured import local_azure, runner
from emulators.azure import LocalAzure
from emulators.faults import answer
from kql.rows import NOW
from kql.shippedrows import all_rows, answers
from mlmon.core.timerange import rfc3339
from running import Runner

OWN = ["exceptions-by-type", "failures", "payload-sizes", "requests-by-hour", "slowest"]


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """Rows of either inference server, and as many of another component in the same workspace."""
    with local_azure(tmp_path_factory.mktemp("azure")) as made:
        made.log_analytics.clock = lambda: NOW
        for table, rows in all_rows().items():
            made.telemetry.extend(table, rows)
            made.telemetry.extend(table, rows, component="/subscriptions/s/resourceGroups/g/components/other")
        yield made


@pytest.fixture
def mlmon(azure: LocalAzure, tmp_path: Path) -> Runner:
    here = runner(azure, tmp_path / "here")
    here.now = NOW
    return here


def in_json(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{key: rfc3339(v) if isinstance(v, datetime) else v for key, v in row.items()} for row in rows]


@pytest.mark.parametrize("scope", ["component", "workspace"])
@pytest.mark.parametrize("name", OWN)
def test_mlmons_own_queries_tell_the_truth_in_either_scope(mlmon: Runner, name: str, scope: str) -> None:
    """Computed without KQL from what really happened; rows of another component count nowhere."""
    outcome = mlmon(f"query --saved {name} --scope {scope} --var since=3d")
    assert (outcome.code, outcome.jsonl) == (0, in_json(answers(name, NOW - timedelta(days=3), NOW)))
    ranged = mlmon(f"query --saved {name} --scope {scope} --from 2024-03-12 --to 2024-03-14")
    start, end = datetime(2024, 3, 12, tzinfo=UTC), datetime(2024, 3, 14, tzinfo=UTC)
    assert ranged.jsonl == in_json(answers(name, start, end))


def test_the_native_columns_would_have_hidden_failures(mlmon: Runner) -> None:
    [told] = mlmon("query --saved requests-by-hour --var since=3d --var every=30d").jsonl
    [native] = mlmon(
        ["query", "requests | where timestamp > ago(3d) | summarize failed = sumif(itemCount, success == false)"]
    ).jsonl
    assert native["failed"] < told["failed"]


def test_what_is_printed_for_the_portal_is_what_was_asked(azure: LocalAzure, mlmon: Runner) -> None:
    printed = mlmon("query --saved failures --scope workspace --var since=3d --print-kql").out
    assert printed.startswith("// The newest 50 failed requests\n")
    assert "AppRequests\n| where _ResourceId =~ " in printed
    pasted = mlmon(["query", printed, "--scope", "workspace"])
    assert pasted.jsonl == mlmon("query --saved failures --var since=3d").jsonl


def test_a_chart_of_azures_answer_is_drawn(mlmon: Runner) -> None:
    out = mlmon("query --saved requests-by-hour --scope workspace --var since=1d", terminal=True).out
    titles = [line for line in out.splitlines() if line in {"requests, failed", "p50Ms, p95Ms"}]
    assert titles == ["requests, failed", "p50Ms, p95Ms"]


def test_a_file_keeps_every_type_of_azures_cells(azure: LocalAzure, mlmon: Runner) -> None:
    """Decimals with all their digits; what is not as its column says makes a column of text."""
    columns = {
        "at": "datetime",
        "took": "timespan",
        "bag": "dynamic",
        "amount": "decimal",
        "huge": "decimal",
        "n": "int",
        "odd": "long",
        "x": "real",
        "id": "guid",
        "none": "decimal",
    }
    digits = "12345678901234567890.123456789"
    cells = [
        ["2026-03-01T12:00:00.1234567Z", "1.02:03:04.5", '{"a":1}', digits, "9" * 39, 7, 1, "NaN", "g", None],
        [None, None, "5", "-0.5", "1", None, "soon", 2, None, None],
    ]
    described = [{"name": name, "type": kind} for name, kind in columns.items()]
    reply = answer({"tables": [{"name": "PrimaryResult", "columns": described, "rows": cells}]})
    with azure.fault(reply, plane="logs"):
        table = pq.read_table(io.BytesIO(mlmon("query traces -o parquet").data))
    assert {field.name: field.type for field in table.schema} == {
        "at": pa.timestamp("us", tz="UTC"),
        "took": pa.float64(),
        "bag": pa.string(),
        "amount": pa.decimal128(38, 9),
        "huge": pa.string(),
        "n": pa.int64(),
        "odd": pa.string(),
        "x": pa.float64(),
        "id": pa.string(),
        "none": pa.decimal128(38, 0),
    }
    first, second = table.to_pylist()
    assert (first["at"], first["took"]) == (datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC), 93784.5)
    assert (first["bag"], first["amount"], first["huge"]) == ('{"a": 1}', Decimal(digits), "9" * 39)
    assert (second["bag"], second["amount"], second["odd"]) == ("5", Decimal("-0.5"), "soon")
