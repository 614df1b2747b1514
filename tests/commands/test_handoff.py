"""`mlmon handoff`: what is printed reads exactly the selection. DuckDB and pandas run it; M and Spark are parsed."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest

from collected.memory import MODELDATA, MemoryBlobs
from collected.rows import V1, V2
from mlmon.collected.handoff import WRITERS, sources
from mlmon.collected.selection import Selection, select
from mlmon.core.timerange import TimeRange, month_range
from running import Runner

RANGES = ["--month 3", "--from 2026-02-27 --to 2026-03-02", "--from 2026-02-27T09:00 --to 2026-02-28T13:00"]


def counts(demo: Runner, service: str, said: str) -> dict[str, int]:
    """Rows of each collection, read by mlmon itself from all the blobs that the selection means."""
    found = {}
    for blob in demo(f"ls {service} {said} -o json").json["blobs"]:
        [path] = (demo.folder / "blobs").glob(f"*/{blob['path']}")
        lines = path.read_text().splitlines()
        rows = len(lines) - 1 if "/" not in service else sum(len(json.loads(line)["data"]) for line in lines)
        found[blob["collection"]] = found.get(blob["collection"], 0) + rows
    return found


@pytest.mark.parametrize("said", RANGES)
@pytest.mark.parametrize("service", ["diabetes", "diabetes-v2/blue"])
def test_duckdb_runs_it_and_finds_every_row(demo: Runner, service: str, said: str) -> None:
    outcome = demo(f"handoff duckdb {service} {said}")
    assert outcome.code == 0
    with duckdb.connect(":memory:") as connection:
        connection.execute(outcome.out)
        found = {}
        for (name,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
            # counted there: rows with a time zone would need pytz to come here
            found[name] = connection.execute(f'SELECT count(COLUMNS(*)) FROM "{name}"').fetchall()[0][0]
    assert found == counts(demo, service, said)


@pytest.mark.parametrize("said", RANGES)
@pytest.mark.parametrize("service", ["diabetes", "diabetes-v2/blue"])
def test_pandas_runs_it_and_finds_every_row(demo: Runner, service: str, said: str) -> None:
    cell: dict[str, Any] = {}
    exec(demo(f"handoff pandas {service} {said}").out, cell)
    frames = {name: len(frame) for name, frame in cell.items() if isinstance(frame, pandas.DataFrame)}
    assert frames == counts(demo, service, said)


@pytest.mark.parametrize("tool", ["powerbi", "databricks", "duckdb", "pandas"])
def test_one_collection_alone(demo: Runner, tool: str) -> None:
    out = demo(f"handoff {tool} diabetes --month 3 --collection inputs").out
    assert "predictions" not in out
    assert "inputs" in out


def test_nothing_to_hand_over(demo: Runner) -> None:
    outcome = demo("handoff duckdb diabetes --to 2020-01-01")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.endswith("no collected blobs of diabetes match\n")


def test_an_unknown_tool(demo: Runner) -> None:
    outcome = demo("handoff panda diabetes")
    assert (outcome.code, outcome.err) == (
        2,
        "error: 'panda' is not a tool that can be handed data\nhint: did you mean 'pandas'?\n",
    )


def written(tool: str, blobs: MemoryBlobs, service: Any, between: TimeRange | None) -> str:
    selected = list(select(blobs, service, Selection(between)))
    return WRITERS[tool](sources(selected, between, address=blobs.address))


@pytest.fixture
def march() -> MemoryBlobs:
    return MemoryBlobs().put(MODELDATA, *(f"m/1/inputs/2026/03/{day:02}/inputs.csv" for day in (1, 2, 31)))


def test_power_bi_reads_the_account(march: MemoryBlobs) -> None:
    assert written("powerbi", march, V1, month_range(2026, 3)) == (
        "let\n"
        '    Source0 = Table.AddColumn(AzureStorage.Blobs("https://account.blob.core.windows.net")'
        '{[Name="modeldata"]}[Data], "Path", each [Name]),\n'
        "    Files0 = Table.SelectRows(Source0, each\n"
        '            (Text.StartsWith([Path], "1a2b/rg/ws/churn/m/1/inputs/2026/03/")'
        ' and Text.EndsWith([Path], "/inputs.csv")'
        ' and List.Count(Text.PositionOf([Path], "/", Occurrence.All)) = 10)),\n'
        "    Table0 = Table.Combine(List.Transform(Files0[Content], each Table.PromoteHeaders(\n"
        '        Csv.Document(_, [Delimiter = ",", Encoding = 65001, QuoteStyle = QuoteStyle.Csv]),'
        " [PromoteAllScalars = true]\n"
        "    )))\n"
        "in\n"
        "    Table0\n"
    )


def test_spark_reads_the_account(march: MemoryBlobs) -> None:
    assert written("databricks", march, V1, month_range(2026, 3)) == (
        "# the cluster's identity needs Storage Blob Data Reader on the account\n"
        "inputs = spark.read.csv([\n"
        "    'abfss://modeldata@account.dfs.core.windows.net/1a2b/rg/ws/churn/m/1/inputs/2026/03/*/inputs.csv',\n"
        "], header=True, inferSchema=True)\n"
    )


def test_duckdb_reads_the_account(march: MemoryBlobs) -> None:
    assert written("duckdb", march, V1, month_range(2026, 3)) == (
        "INSTALL azure;\n"
        "LOAD azure;\n"
        "-- signs in as az login does; needs Storage Blob Data Reader on the account\n"
        "CREATE SECRET (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME 'account');\n"
        "\n"
        'CREATE OR REPLACE VIEW "inputs" AS\n'
        "SELECT * FROM read_csv([\n"
        "    'az://account.blob.core.windows.net/modeldata/1a2b/rg/ws/churn/m/1/inputs/2026/03/*/inputs.csv'\n"
        "], union_by_name = true, filename = true, strict_mode = false, header = true);\n"
        "\n"
        'SELECT * FROM "inputs" LIMIT 10;\n'
    )


HOSTILE = [
    "m'); DROP TABLE x; --",
    'm"); Shell("x"); --',
    "m\\' + __import__('os').system('x') + \\'",
    "m\n-- next\nSELECT 1;",
    'm#(lf)x"#',
    "m*?[a]{b,c}",
    "m\u2028x",
]


class _Spark:
    """Stands for a session: remembers what it is told to read."""

    def __init__(self) -> None:
        self.read = self
        self.paths: list[str] = []

    def csv(self, paths: list[str], **_: Any) -> _Spark:
        self.paths += paths
        return self


def _unescaped_m(literal: str) -> str:
    """What M makes of the inside of a literal."""
    text = literal.replace('""', '"')
    return re.sub(r"#\((#|[0-9A-F]{4})\)", lambda found: "#" if found[1] == "#" else chr(int(found[1], 16)), text)


@pytest.mark.parametrize("model", HOSTILE)
def test_no_name_becomes_code(model: str) -> None:
    blobs = MemoryBlobs().put(MODELDATA, f"{model}/1/inputs/2026/03/01/inputs.csv")
    between = month_range(2026, 3)
    # Python: the cell parses, has the statements it should, and its one path is the name with its patterns escaped
    tree = ast.parse(written("databricks", blobs, V1, between))
    assert [type(one) for one in tree.body] == [ast.Assign]
    spark = _Spark()
    exec(compile(tree, "cell", "exec"), {"spark": spark})
    [path] = spark.paths
    unescaped = re.sub(r"\\(.)", r"\1", path)
    assert unescaped == (
        f"abfss://modeldata@account.dfs.core.windows.net/1a2b/rg/ws/churn/{model}/1/inputs/2026/03/*/inputs.csv"
    )
    kinds = [type(one) for one in ast.parse(written("pandas", blobs, V1, between)).body]
    assert kinds == [ast.Import, ast.Import, ast.Assign, ast.Assign, ast.Assign]
    # SQL: as many statements as without the name, and the literal is the name
    sql = written("duckdb", blobs, V1, between)
    statements = duckdb.extract_statements(sql.partition("CREATE OR REPLACE")[2].join(["CREATE OR REPLACE", ""]))
    assert len(statements) == 2
    inside = re.search(r"read_csv\(\[\n    (.*)\n\]", sql)
    assert inside
    value = duckdb.sql(f"SELECT {inside[1]}").fetchall()[0][0]
    assert re.sub(r"\[(.)\]", r"\1", value).endswith(f"/churn/{model}/1/inputs/2026/03/*/inputs.csv") or "[" in model
    # M: outside literals nothing of the name is left, and inside it is whole
    query = written("powerbi", blobs, V1, between)
    literals = re.findall(r'"((?:[^"]|"")*)"', query)
    assert f"1a2b/rg/ws/churn/{model}/1/inputs/2026/03/" in [_unescaped_m(one) for one in literals]
    plain = written("powerbi", MemoryBlobs().put(MODELDATA, "m/1/inputs/2026/03/01/inputs.csv"), V1, between)
    assert _outside(query) == _outside(plain)


def _outside(query: str) -> str:
    return re.sub(r'"(?:[^"]|"")*"', '""', query)


def test_a_glob_in_a_name_is_no_pattern(tmp_path: Path) -> None:
    for model in ("m*", "mx"):
        (tmp_path / f"1a2b/rg/ws/churn/{model}/1/inputs/2026/03/01").mkdir(parents=True)
        (tmp_path / f"1a2b/rg/ws/churn/{model}/1/inputs/2026/03/01/inputs.csv").write_text(f"a\r\n{model}\n")
    blobs = MemoryBlobs().put(MODELDATA, "m*/1/inputs/2026/03/01/inputs.csv")
    selected = list(select(blobs, V1, Selection()))
    handed = sources(selected, None, address=lambda _: tmp_path.as_uri())
    with duckdb.connect(":memory:") as connection:
        assert [row[0] for row in connection.execute(WRITERS["duckdb"](handed)).fetchall()] == ["m*"]
    cell: dict[str, Any] = {}
    exec(WRITERS["pandas"](handed), cell)
    assert list(cell["inputs"]["a"]) == ["m*"]


def test_no_secret_is_in_it(demo: Runner) -> None:
    for tool in WRITERS:
        out = demo(f"handoff {tool} diabetes-v2/blue --month 3").out
        assert not re.search(r"sig=|AccountKey|SharedAccess|token", out, re.IGNORECASE)


def test_v2_on_azure_is_read_line_by_line() -> None:
    blobs = MemoryBlobs()
    for root in blobs.service_roots[V2]:
        blobs.put(root, "2026/03/01/08/a.jsonl", "2026/03/01/09/b.jsonl")
    found: Mapping[str, str] = {tool: written(tool, blobs, V2, month_range(2026, 3)) for tool in WRITERS}
    pattern = "modelDataCollector/fraud/blue/model_inputs/2026/03/*/*/*.jsonl"
    assert f"az://account.blob.core.windows.net/azureml-blobstore/{pattern}" in found["duckdb"]
    assert f"abfss://azureml-blobstore@account.dfs.core.windows.net/{pattern}" in found["databricks"]
    assert f"'azureml-blobstore/{pattern}'" in found["pandas"]
    assert '[Name="azureml-blobstore"]' in found["powerbi"]
    ast.parse(found["pandas"])
    ast.parse(found["databricks"])
