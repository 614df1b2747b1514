"""`mlmon dataset` on the demo: every scored row once with its prediction, in every format."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from running import Runner

FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
META = ["time", "request_id", "correlation_id", "service", "model", "model_version"]


def scored(demo: Runner, service: str) -> Counter[tuple[Any, ...]]:
    """The rows that a service says it scored in March: (features…, prediction), from its own telemetry."""
    told = demo(f"traces {service} --since 2026-03-01 --until 2026-04-01 --limit 100000 -o jsonl").jsonl
    printed = [json.loads(one["customDimensions"].get("Content") or one["message"]) for one in told]
    return Counter((*row, value) for one in printed for row, value in zip(one["input"], one["output"], strict=True))


@pytest.mark.parametrize(
    ("service", "prediction"), [("diabetes", "progression"), ("diabetes-v2/blue", "model_outputs.0")]
)
def test_every_scored_row_of_march_is_there_once_with_its_prediction(
    demo: Runner, service: str, prediction: str
) -> None:
    outcome = demo(f"dataset {service} --month 3 --matched-only -o jsonl")
    expected = scored(demo, service)
    assert outcome.code == 0
    assert sum(expected.values()) > 500
    assert Counter((*(row[name] for name in FEATURES), row[prediction]) for row in outcome.jsonl) == expected
    assert [(row["time"], row["request_id"]) for row in outcome.jsonl] == sorted(
        (row["time"], row["request_id"]) for row in outcome.jsonl
    )
    assert {row["match"] for row in outcome.jsonl} == {"id"}


def test_the_request_of_a_row_is_the_one_that_scored_it(demo: Runner) -> None:
    told = demo("traces diabetes --since 2026-03-01 --until 2026-03-02 --limit 1000 -o jsonl").jsonl
    sizes = {
        one["customDimensions"]["Request Id"]: len(json.loads(one["customDimensions"]["Content"])["output"])
        for one in told
    }
    rows = demo("dataset diabetes --day 2026-03-01 -o jsonl").jsonl
    assert Counter(row["request_id"] for row in rows) == sizes


def test_parquet_holds_the_same_rows(demo: Runner, tmp_path: Path) -> None:
    outcome = demo("dataset diabetes --month 3 -o parquet")
    (tmp_path / "march.parquet").write_bytes(outcome.data)
    found = duckdb.sql(f"SELECT * REPLACE (epoch_us(time) AS time) FROM '{tmp_path / 'march.parquet'}'")
    rows = demo("dataset diabetes --month 3 -o jsonl").jsonl
    assert found.columns == [*META, *FEATURES, "progression", "match"]
    assert [str(one) for one in found.types[6:17]] == ["DOUBLE"] * 11
    assert [one[1:] for one in found.fetchall()] == [tuple(row.values())[1:] for row in rows]
    kinds = duckdb.sql(f"SELECT time FROM '{tmp_path / 'march.parquet'}'").types
    assert [str(one) for one in kinds] == ["TIMESTAMP WITH TIME ZONE"]


def test_off_a_terminal_it_is_csv(demo: Runner) -> None:
    outcome = demo("dataset diabetes --day 2026-03-01")
    rows = list(csv.DictReader(io.StringIO(outcome.out, newline="")))
    told = demo("dataset diabetes --day 2026-03-01 -o json").json
    assert [list(row.values()) for row in rows] == [[str(cell) for cell in row.values()] for row in told]
    assert outcome.err == (
        "time range: 2026-03-01 to 2026-03-02, UTC\n"
        f"inputs and predictions: {len(told)} matched, 0 without predictions, 0 without inputs\n"
        "0 duplicate rows left out\n"
    )


def test_people_see_the_first_rows(demo: Runner) -> None:
    outcome = demo("dataset diabetes --month 3", terminal=True)
    assert len(outcome.out.splitlines()) == 1 + 20
    assert "the first 20 of " in outcome.err


@pytest.mark.parametrize(("said", "kind"), [("", "parquet"), ("-o csv", "csv"), ("-o jsonl", "jsonl")])
def test_a_file_for_each_day(demo: Runner, tmp_path: Path, said: str, kind: str) -> None:
    outcome = demo(f"dataset diabetes --month 3 --partition day --to-dir {tmp_path / 'X'} {said}")
    assert outcome.code == 0
    files = sorted(
        path.relative_to(tmp_path / "X").as_posix() for path in (tmp_path / "X").rglob("*") if path.is_file()
    )
    assert files == [f"day=2026-03-{day:02}/rows.{kind}" for day in range(1, 32)]
    reader = {"parquet": "read_parquet", "csv": "read_csv", "jsonl": "read_ndjson"}[kind]
    counted = duckdb.sql(f"SELECT count(*) FROM {reader}('{tmp_path / 'X'}/*/rows.{kind}')").fetchall()
    assert counted == [(len(demo("dataset diabetes --month 3 -o jsonl").jsonl),)]


def test_labels_are_joined(demo: Runner, tmp_path: Path) -> None:
    first = demo("dataset diabetes --day 2026-03-01 -o jsonl").jsonl[0]
    (tmp_path / "labels.csv").write_text(f"request_id,truth\n{first['request_id']},140\n")
    outcome = demo(f"dataset diabetes --day 2026-03-01 --with {tmp_path / 'labels.csv'} --on request_id -o jsonl")
    assert {row["truth"] for row in outcome.jsonl if row["request_id"] == first["request_id"]} == {140}
    assert {row["truth"] for row in outcome.jsonl if row["request_id"] != first["request_id"]} == {None}
    assert {row["match"] for row in outcome.jsonl if row["truth"] is None} == {"no labels"}
    met = sum(row["truth"] == 140 for row in outcome.jsonl)
    assert json.loads(outcome.err.splitlines()[-1]) == {
        "level": "info",
        "message": f"labels: {met} rows with a label, {len(outcome.jsonl) - met} without; 0 labels met no row",
    }


def test_labels_that_no_row_has_are_a_warning_and_matched_only_leaves_no_row(demo: Runner, tmp_path: Path) -> None:
    (tmp_path / "ln.csv").write_text("request_id,truth\nnope,1\nnope,2\n,3\n")
    said = f"dataset diabetes --day 2026-03-05 --with {tmp_path / 'ln.csv'} --on request_id"
    outcome = demo(f"{said} --matched-only")
    assert (outcome.code, outcome.out) == (0, f"{','.join([*META, *FEATURES, 'progression', 'truth', 'match'])}\r\n")
    assert outcome.err == (
        "time range: 2026-03-05 to 2026-03-06, UTC\n"
        "inputs and predictions: 33 matched, 0 without predictions, 0 without inputs\n"
        "0 duplicate rows left out\n"
        "warning: ln: 0 rows with a label, 33 without; 1 label met no row\n"
        "ln: 1 label repeats a value and was left out\n"
        "ln: 1 label has no request_id and met no row\n"
        "no rows match\n"
    )
    assert {row["match"] for row in demo(f"{said} -o jsonl").jsonl} == {"no ln"}


def test_what_dataset_prints_joins_as_a_label_whatever_its_column(demo: Runner, tmp_path: Path) -> None:
    rows = demo("dataset diabetes --day 2026-03-05 -o jsonl").jsonl
    for name, change in (("time", str), ("request_id", str.upper), ("age", str), ("progression", float)):
        lines = "".join(f"{change(row[name])},{at}\n" for at, row in enumerate(rows))
        (tmp_path / "labels.csv").write_text(f"{name},truth\n{lines}")
        outcome = demo(f"dataset diabetes --day 2026-03-05 --with {tmp_path / 'labels.csv'} --on {name}")
        assert "labels: 33 rows with a label, 0 without; 0 labels met no row\n" in outcome.err


def test_values_that_can_never_be_equal_are_said(demo: Runner, tmp_path: Path) -> None:
    duckdb.sql(f"COPY (SELECT 7 AS time, 1 AS truth) TO '{tmp_path / 'labels.parquet'}'")
    outcome = demo(f"dataset diabetes --day 2026-03-05 --with {tmp_path / 'labels.parquet'} --on time")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-2:] == [
        "error: 'time' holds times in the dataset and numbers in labels",
        "hint: --on names a column that holds the same in both",
    ]


@pytest.fixture
def without_inputs(churn: Runner) -> Runner:
    """A service whose predictions were collected, and no inputs."""
    folder = churn.folder / "blobs/modeldata/00000000-0000-0000-0000-000000000000/local/ws/churn/churn/1"
    (folder / "predictions/2026/03/01").mkdir(parents=True)
    text = "$Timestamp,$CorrelationId,$RequestId,p\r\n2026-03-01T08:00:00,c1,r1,10\n"
    (folder / "predictions/2026/03/01/data.csv").write_bytes(text.encode())
    return churn


@pytest.mark.parametrize("header", ["", "$Timestamp,$CorrelationId,$RequestId,a\r\n", None])
@pytest.mark.parametrize("chosen", ["", "--collection inputs --collection predictions"])
def test_a_collection_without_rows_is_what_nothing_has_a_partner_in(
    without_inputs: Runner, header: str | None, chosen: str
) -> None:
    if header is not None:
        [there] = without_inputs.folder.glob("blobs/modeldata/*/local/ws/churn/churn/1")
        (there / "inputs/2026/03/01").mkdir(parents=True)
        (there / "inputs/2026/03/01/data.csv").write_bytes(header.encode())
    outcome = without_inputs(f"dataset --month 3 {chosen} -o jsonl")
    assert [(row["p"], row["match"]) for row in outcome.jsonl] == [(10, "no inputs")]
    assert json.loads(outcome.err.splitlines()[-2])["message"] == (
        "inputs and predictions: 0 matched, 0 without predictions, 1 without inputs"
    )
    assert without_inputs(f"dataset --month 3 {chosen} --matched-only -o jsonl").out == ""


def test_one_collection_alone_is_counted(without_inputs: Runner) -> None:
    outcome = without_inputs("dataset --month 3 --collection predictions -q -o csv")
    assert outcome.out == f"{','.join([*META, 'p'])}\r\n2026-03-01T08:00:00Z,r1,c1,churn,churn,1,10\r\n"
    assert without_inputs("dataset --month 3 --collection predictions -o csv").err == (
        "time range: 2026-03-01 to 2026-04-01, UTC\npredictions: 1 row\n0 duplicate rows left out\n"
    )


def test_a_collection_that_does_not_exist_is_said_beside_one_that_does(without_inputs: Runner) -> None:
    outcome = without_inputs("dataset --month 3 --collection predictions --collection prediction -o csv")
    assert [row["match"] for row in csv.DictReader(io.StringIO(outcome.out, newline=""))] == ["no prediction"]
    assert outcome.err.splitlines()[1] == ("warning: churn has no collection 'prediction'; did you mean 'predictions'?")


def test_what_is_counted_is_what_the_range_has(demo: Runner) -> None:
    said = "--from 2026-03-05T07:00:00Z --to 2026-03-05T07:50:00Z"
    outcome = demo(f"dataset diabetes {said} -o jsonl")
    assert len(outcome.jsonl) == 3
    assert json.loads(outcome.err.splitlines()[1])["message"] == (
        "inputs and predictions: 3 matched, 0 without predictions, 0 without inputs"
    )


def test_a_file_for_each_day_is_for_a_spreadsheet_when_asked(demo: Runner, tmp_path: Path) -> None:
    outcome = demo(f"dataset diabetes --day 2026-03-05 --for-spreadsheet --partition day --to-dir {tmp_path / 'X'}")
    assert outcome.code == 0
    assert (tmp_path / "X/day=2026-03-05/rows.csv").read_bytes().decode().splitlines()[1:] == demo(
        "dataset diabetes --day 2026-03-05 --for-spreadsheet"
    ).out.splitlines()[1:]
    refused = demo(
        f"dataset diabetes --day 2026-03-05 --for-spreadsheet -o parquet --partition day --to-dir {tmp_path / 'X'}"
    )
    assert (refused.code, refused.err.splitlines()[0]) == (2, "error: --for-spreadsheet is about csv")
    again = demo(f"dataset diabetes --day 2026-03-05 --partition day --to-dir {tmp_path / 'X'}")
    assert again.err.splitlines()[-1] == (
        "warning: the same days are there in another format too: day=2026-03-05/rows.csv"
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("--with x.csv", "error: --with and --on belong together"),
        ("--partition day", "error: --partition and --to-dir belong together"),
        ("--to-dir x", "error: --partition and --to-dir belong together"),
        ("--for-spreadsheet -o md", "error: --for-spreadsheet is about csv"),
        ("--sort agee", "error: the dataset has no column 'agee' to sort by"),
        ("--datetime agee", "error: the dataset has no column 'agee' that could hold times"),
        ("--partition week --to-dir x", "error: 'week' is not a way to part a dataset"),
        ("--partition day --to-dir mlmon.toml", "error: 'TARGET' is not a folder"),
    ],
)
def test_what_makes_no_sense_is_said(demo: Runner, said: str, message: str) -> None:
    outcome = demo(f"dataset diabetes --day 2026-03-01 {said}")
    assert (outcome.code, outcome.out) == (2, "")
    assert message.replace("TARGET", str(demo.folder / "mlmon.toml")) in outcome.err.splitlines()


def test_nothing_found_is_no_failure(demo: Runner) -> None:
    outcome = demo("dataset diabetes --to 2020-01-01 -o jsonl")
    assert (outcome.code, outcome.out) == (0, "")
    assert "no collected blobs of diabetes match" in outcome.err


def test_without_rows_the_columns_are_known_nevertheless(demo: Runner, tmp_path: Path) -> None:
    assert demo("dataset diabetes --to 2020-01-01 -o csv").out == f"{','.join([*META, 'match'])}\r\n"
    outcome = demo("dataset diabetes --to 2020-01-01 -o parquet")
    assert outcome.code == 0
    (tmp_path / "none.parquet").write_bytes(outcome.data)
    found = duckdb.sql(f"SELECT * FROM '{tmp_path / 'none.parquet'}'")
    assert (found.columns, found.fetchall()) == ([*META, "match"], [])


@pytest.fixture
def damaged(churn: Runner) -> Runner:
    """A service that has collected, with a broken line, one that a spreadsheet would run and a long number."""
    folder = churn.folder / "blobs" / "modeldata"
    for designation, content in (
        ("inputs", "who,id\r\n=1+1,1234567890123456\nx,2\nx\n"),
        ("predictions", "score\r\n1\n2\n"),
    ):
        place = folder / f"00000000-0000-0000-0000-000000000000/local/ws/churn/churn/1/{designation}/2026/03/01"
        place.mkdir(parents=True)
        (place / f"{designation}.csv").write_bytes(content.encode())
    return churn


def test_a_line_that_cannot_be_read_is_named_and_the_exit_code_says_so(damaged: Runner) -> None:
    outcome = damaged("dataset --month 3 -o jsonl")
    assert outcome.code == 7
    assert [(row["who"], row["score"], row["match"]) for row in outcome.jsonl] == [
        ("=1+1", 1, "order"),
        ("x", 2, "order"),
    ]
    place = "00000000-0000-0000-0000-000000000000/local/ws/churn/churn/1/inputs/2026/03/01/inputs.csv"
    assert [json.loads(one)["message"] for one in outcome.err.splitlines()] == [
        "time range: 2026-03-01 to 2026-04-01, UTC",
        f"set aside: {place}:4: it has 1 cells where 2 are expected",
        "inputs and predictions: 2 matched (2 of them by their order), 0 without predictions, 0 without inputs",
        "0 duplicate rows left out",
    ]


def test_a_request_at_the_end_of_the_range_has_its_answer_of_the_next_day(churn: Runner) -> None:
    folder = churn.folder / "blobs/modeldata/00000000-0000-0000-0000-000000000000/local/ws/churn/churn/1"
    head = "$Timestamp,$CorrelationId,$RequestId"
    for path, content in (
        ("inputs/2026/03/01", f"{head},a\r\n2026-03-01T23:59:59.900000,c1,r1,1\n"),
        ("predictions/2026/03/02", f"{head},p\r\n2026-03-02T00:00:00.100000,c1,r1,10\n2026-03-02T01:00:00,c2,r2,20\n"),
        ("inputs/2026/03/02", f"{head},a\r\n2026-03-02T01:00:00,c2,r2,2\n"),
    ):
        (folder / path).mkdir(parents=True)
        (folder / path / "data.csv").write_bytes(content.encode())
    [row] = churn("dataset --day 2026-03-01 -o jsonl").jsonl
    assert (row["time"], row["a"], row["p"], row["match"]) == ("2026-03-01T23:59:59.900000Z", 1, 10, "id")
    [row] = churn("dataset --day 2026-03-02 -o jsonl --matched-only").jsonl
    assert (row["a"], row["p"]) == (2, 20)


def test_a_spreadsheet_runs_nothing_and_rounds_nothing(damaged: Runner) -> None:
    head = ",".join([*META, "who", "id", "score", "match"])
    assert damaged("dataset --month 3 -q").out == (
        f"{head}\r\n,,,churn,churn,1,'=1+1,1234567890123456,1,order\r\n,,,churn,churn,1,x,2,2,order\r\n"
    )
    assert damaged("dataset --month 3 -q --for-spreadsheet").out == (
        f"{head}\r\n,,,churn,churn,1,'=1+1,'1234567890123456,1,order\r\n,,,churn,churn,1,x,2,2,order\r\n"
    )


def test_a_spreadsheet_shows_digits_that_are_text_as_they_are(churn: Runner) -> None:
    folder = churn.folder / "blobs/modeldata/00000000-0000-0000-0000-000000000000/local/ws/churn/churn/1"
    (folder / "inputs/2026/03/01").mkdir(parents=True)
    cells = ["x", "007", "123456789012345678", "1E5", "1.50", "12", "0", "1-2", "5%"]
    (folder / "inputs/2026/03/01/data.csv").write_bytes(("k,a\r\n" + "".join(f"x,{one}\n" for one in cells)).encode())
    rows = csv.DictReader(io.StringIO(churn("dataset --collection inputs --for-spreadsheet").out, newline=""))
    assert [row["a"] for row in rows] == [
        "x", "'007", "'123456789012345678", "'1E5", "'1.50", "12", "0", "1-2", "'5%",
    ]  # fmt: skip


def test_no_temporary_folder_is_left(demo: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for said in ("-o csv", "-o parquet", "-o table", "--sort nothing", f"--partition day --to-dir {tmp_path / 'X'}"):
        demo(f"dataset diabetes --day 2026-03-01 {said}")
    assert [path.name for path in tmp_path.iterdir()] == ["X"]


def test_columns_whose_names_differ_in_case_alone_are_told_apart_also_by_who_does_not_tell_case(churn: Runner) -> None:
    folder = churn.folder / "blobs/modeldata/00000000-0000-0000-0000-000000000000/local/ws/churn/churn/1"
    (folder / "inputs/2026/03/01").mkdir(parents=True)
    text = "$Timestamp,$CorrelationId,$RequestId,Age,age\r\n2026-03-01T08:00:00,c1,r1,1,20\n"
    (folder / "inputs/2026/03/01/data.csv").write_bytes(text.encode())
    [row] = churn("dataset --month 3 --collection inputs -o jsonl").jsonl
    assert [(name, value) for name, value in row.items() if "age" in name.lower()] == [
        ("inputs.Age", 1),
        ("inputs.age_2", 20),
    ]
    table = pq.read_table(io.BytesIO(churn("dataset --month 3 --collection inputs -o parquet").data))
    assert table.select(["inputs.Age", "inputs.age_2"]).to_pylist() == [{"inputs.Age": 1, "inputs.age_2": 20}]
