"""`mlmon handoff`: what is printed, and that DuckDB and pandas run it. Spark and Power Query: tests/handoff."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from collected.memory import INPUTS, MODELDATA, MemoryBlobs
from collected.rows import V1, V2, line
from handoff.local import in_duckdb, in_pandas, on_disk
from handoff.truth import Rows, listed, rows_in, table
from mlmon.collected.handoff import WRITERS, sources
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.model import CollectedRoot, Generation
from mlmon.core.timerange import TimeRange, month_range
from running import Runner

RANGES = ["--month 3", "--from 2026-02-27 --to 2026-03-02", "--from 2026-02-27T09:00 --to 2026-02-28T13:00"]


@pytest.mark.parametrize("said", RANGES)
@pytest.mark.parametrize("service", ["diabetes", "diabetes-v2/blue"])
@pytest.mark.parametrize("tool", ["duckdb", "pandas"])
def test_every_row_of_the_selection_is_read_once(
    demo: Runner, tmp_path: Path, tool: str, service: str, said: str
) -> None:
    """Where the data stands; and in a folder that was pulled, where pull's own files are no data."""
    read = in_duckdb if tool == "duckdb" else in_pandas
    text, files = demo(f"handoff {tool} {service} {said}").out, listed(demo, service, said)
    expected = {name: rows_in(paths) for name, paths in files.items()}
    assert read(text) == expected
    demo(f"pull {service} {said} --to-dir {tmp_path}")
    for own in ("inputs.csv", "2026.jsonl"):
        (tmp_path / ".mlmon" / own).write_text("no data\n")
    [container] = {str(path) for path in (demo.folder / "blobs").iterdir() if f"{path}/" in text}
    assert read(text.replace(container, str(tmp_path))) == expected


@pytest.mark.parametrize("tool", ["powerbi", "databricks", "duckdb", "pandas"])
def test_one_collection_alone(demo: Runner, tool: str) -> None:
    out = demo(f"handoff {tool} diabetes --month 3 --collection inputs").out
    assert "predictions" not in out
    assert "inputs" in out


def test_nothing_to_hand_over(demo: Runner) -> None:
    outcome = demo("handoff duckdb diabetes --to 2020-01-01")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err.endswith("no collected blobs of diabetes match\n")


@pytest.mark.parametrize("service", ["diabetes", "diabetes-v2/blue"])
def test_a_text_is_itself_or_json_and_never_rows(demo: Runner, service: str) -> None:
    words = f"handoff duckdb {service} --day 2026-03-01"
    text = demo(words).out
    assert demo(f"{words} -o table").out == text
    assert demo(f"{words} -o json").json["text"] == demo(f"{words} -o jsonl").jsonl[0]["text"] == text
    for name in ("csv", "tsv", "md"):
        assert demo.at(demo.folder, MLMON_OUTPUT=name)(words).out == text  # which is for commands that have rows
        outcome = demo(f"{words} -o {name}")
        assert (outcome.code, outcome.out, outcome.err) == (
            2,
            "",
            f"error: handoff prints a text, and {name} holds rows\nhint: leave -o out, or choose -o json\n",
        )
    assert demo(f"{words} -o parquet").code == 2


@pytest.mark.parametrize("service", ["diabetes", "diabetes-v2/blue"])
def test_duckdb_gets_views_that_leave_nothing_in_a_file(demo: Runner, service: str) -> None:
    made = re.findall(r"CREATE OR REPLACE (.*)VIEW", demo(f"handoff duckdb {service} --day 2026-03-01").out)
    assert set(made) == {"TEMP "}


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
        "], header=True, inferSchema=True, enforceSchema=False, escape='\"')\n"
    )


@pytest.mark.parametrize(
    ("tool", "places"),
    [
        ("powerbi", ['"C:\\a b\\modeldata\\"']),
        ("databricks", ["'file:///C:/a b/modeldata/1a2b/rg/ws/churn/m/1/inputs/2026/03/*/inputs.csv'"]),
        ("duckdb", ["'C:/a b/modeldata/1a2b/rg/ws/churn/m/1/inputs/2026/03/*/inputs.csv'"]),
        ("pandas", ["'C:/a b/modeldata/1a2b/rg/ws/churn/m/1/inputs/2026/03/*/inputs.csv'"]),
    ],
)
def test_a_folder_on_windows_is_written_as_it_is_there(march: MemoryBlobs, tool: str, places: list[str]) -> None:
    selected = list(select(march, V1, Selection()))
    text = WRITERS[tool](sources(selected, None, address=lambda container: f"file:///C:/a%20b/{container}"))
    assert re.findall("[\"'](?:file:///)?C:.*?[\"']", text) == places


def test_what_spark_passes_over_is_said() -> None:
    blobs = MemoryBlobs().put(MODELDATA, *(f"m/1/inputs/2026/03/01/{name}.csv" for name in ("x", "_x")))
    assert written("databricks", blobs, V1, None) == (
        "# the cluster's identity needs Storage Blob Data Reader on the account\n"
        "# Spark passes over files whose names begin with _ or .\n"
        "inputs = spark.read.csv([\n"
        "    'abfss://modeldata@account.dfs.core.windows.net/1a2b/rg/ws/churn/m/1/inputs/2026/03/*/_x.csv',\n"
        "    'abfss://modeldata@account.dfs.core.windows.net/1a2b/rg/ws/churn/m/1/inputs/2026/03/*/x.csv',\n"
        "], header=True, inferSchema=True, enforceSchema=False, escape='\"')\n"
    )


def test_duckdb_reads_the_account(march: MemoryBlobs) -> None:
    assert written("duckdb", march, V1, month_range(2026, 3)) == (
        "INSTALL azure;\n"
        "LOAD azure;\n"
        "-- signs in as az login does; needs Storage Blob Data Reader on the account\n"
        "CREATE SECRET (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME 'account');\n"
        "\n"
        'CREATE OR REPLACE TEMP VIEW "inputs" AS\n'
        "SELECT * FROM read_csv([\n"
        "    'az://account.blob.core.windows.net/modeldata/1a2b/rg/ws/churn/m/1/inputs/2026/03/*/inputs.csv'\n"
        "], union_by_name = true, filename = true, hive_partitioning = false, header = true, strict_mode = false,"
        """ delim = ',', quote = '"', escape = '"');\n"""
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


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize(
    ("tool", "read", "written", "clash"),
    [("duckdb", in_duckdb, compact, "row_1"), ("pandas", in_pandas, lambda value: value, "data.row")],
)
def test_payloads_and_records_of_other_columns_are_rows(
    tmp_path: Path, tool: str, read: Callable[[str], dict[str, Rows]], written: Callable[[Any], Any], clash: str
) -> None:
    lines = [
        line([{"a": 1, "b": None}, {"b": "x", "row": 9}]),
        line([{"a": 2.5}], correlation=None),
        line("text"),
        line({"q": [1]}),
        line([[1, 2], "y", 7]),
        line([]),
        b"\n",
        b'{"time": "2026-03-01T0',
    ]
    blobs = MemoryBlobs().put(INPUTS, "2026/03/01/08/a.jsonl", content=b"".join(lines))
    selected = list(select(blobs, V2, Selection()))
    at = {"time": "2026-03-01T08:51:30Z"}
    ids = {**at, "correlationid": "c1", "xrequestid": "c1"}
    assert read(WRITERS[tool](sources(selected, None, address=on_disk(tmp_path, blobs)))) == {
        "model_inputs": table(
            {**ids, "row": 0, "a": 1},
            {**ids, "row": 1, "b": "x", clash: 9},
            {**at, "row": 0, "a": 2.5},
            {**ids, "row": 0, "value": written("text")},
            # a body's own fields are columns
            {**ids, "row": 0, "q": [1]},
            {**ids, "row": 0, "value": written([1, 2])},
            {**ids, "row": 1, "value": written("y")},
            {**ids, "row": 2, "value": 7},
        )
    }


@pytest.mark.parametrize("content", [line([]), line(None), b"", b"[1]\n"])
def test_files_without_a_row_are_no_error_in_duckdb(tmp_path: Path, content: bytes) -> None:
    blobs = MemoryBlobs().put(INPUTS, "2026/03/01/08/a.jsonl", content=content)
    selected = list(select(blobs, V2, Selection()))
    text = WRITERS["duckdb"](sources(selected, None, address=on_disk(tmp_path, blobs)))
    assert in_duckdb(text) == {"model_inputs": Rows()}


@pytest.mark.parametrize(("tool", "read"), [("duckdb", in_duckdb), ("pandas", in_pandas)])
def test_names_that_are_alike_or_mean_something_there_do_not_clash(
    tmp_path: Path, tool: str, read: Callable[[str], dict[str, Rows]]
) -> None:
    """Collections whose names differ in case or in what no variable can have, and those that the text itself uses."""
    collections = [
        "inputs",
        "Inputs",
        "in.put",
        "in put",
        "pd",
        "json",
        "spark",
        "glob",
        "sorted",
        "open",
        "class",
        "1",
    ]
    blobs = MemoryBlobs()
    for at, name in enumerate([*collections, "inputs_files"]):
        blobs.put(MODELDATA, f"m/1/{name}/2026/03/01/x.csv", content=f"a\r\n{at}\n".encode())
    selected = list(select(blobs, V1, Selection()))
    found = read(WRITERS[tool](sources(selected, None, address=on_disk(tmp_path, blobs))))
    told = [cell for rows in found.values() for row in rows.elements() for _, cell in row]
    assert sorted(told) == [float(at) for at in range(13)]


def test_two_accounts_are_each_signed_in_to_and_their_collections_told_apart() -> None:
    blobs = MemoryBlobs()
    for root in blobs.service_roots[V2]:
        blobs.put(root, "2026/03/01/08/a.jsonl")
    other = CollectedRoot("elsewhere", "x/", Generation.V2, "model_inputs")
    blobs.service_roots[V2] = (*blobs.service_roots[V2], other)
    blobs.put(other, "2026/03/01/08/a.jsonl")
    accounts = {
        INPUTS.container: "https://account.blob.core.windows.net",
        "elsewhere": "https://two.blob.core.chinacloudapi.cn",
    }
    selected = list(select(blobs, V2, Selection()))
    handed = sources(selected, None, address=lambda container: f"{accounts[container]}/{container}")
    sql = WRITERS["duckdb"](handed)
    assert re.findall("^CREATE SECRET.*$", sql, re.MULTILINE) == [
        (
            "CREATE SECRET \"mlmon account\" (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME 'account',"
            " SCOPE 'az://account.blob.core.windows.net/');"
        ),
        (
            "CREATE SECRET \"mlmon two\" (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME 'two',"
            " SCOPE 'az://two.blob.core.chinacloudapi.cn/');"
        ),
    ]
    assert re.findall('VIEW "([a-z_0-9]+)" AS', sql) == [
        "model_inputs_events",
        "model_inputs",
        "model_inputs_2_events",
        "model_inputs_2",
        "model_outputs_events",
        "model_outputs",
    ]
    cell = WRITERS["pandas"](handed)
    assert re.findall("^.*fsspec.filesystem.*$", cell, re.MULTILINE) == [
        "_blobs_0 = fsspec.filesystem(\"abfs\", account_name='account', anon=False)",
        (
            "_blobs_1 = fsspec.filesystem(\"abfs\", account_name='two',"
            " account_host='two.blob.core.chinacloudapi.cn', anon=False)"
        ),
    ]
    assert re.findall(r"(\w+)_files = sorted|(_blobs_\d).glob", cell) == [
        ("model_inputs", ""),
        ("", "_blobs_0"),
        ("model_inputs_2", ""),
        ("", "_blobs_1"),
        ("model_outputs", ""),
        ("", "_blobs_0"),
    ]
    assert re.findall("^model.* =", WRITERS["databricks"](handed), re.MULTILINE) == [
        "model_inputs =",
        "model_inputs_2 =",
        "model_outputs =",
    ]
    assert WRITERS["powerbi"](handed).endswith(
        "[model_inputs = Table0, model_inputs_2 = Table1, model_outputs = Table2]\n"
    )


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
