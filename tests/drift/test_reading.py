"""Files of rows become summaries: every value is counted somewhere, whatever the file's format."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlmon.core.errors import NotFound, UsageError
from mlmon.drift.kinds import category_of, overridden
from mlmon.drift.reading import kinds_of_file, opened, summarize_file
from mlmon.drift.summary import BASELINE_CAP, Categories, Numbers, Quality, Summary, merged, summary_of_numbers


def counted(summary: Summary) -> dict[str, int]:
    assert isinstance(summary, Categories)
    return dict(zip(summary.labels, summary.counts.tolist(), strict=True))


def values(summary: Summary) -> dict[float, int]:
    assert isinstance(summary, Numbers)
    return dict(zip(summary.means.tolist(), summary.counts.tolist(), strict=True))


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


ROWS = [
    {"age": 40, "income": 1.5, "city": "Bern", "member": True, "code": "007"},
    {"age": 31, "income": None, "city": "Genf", "member": False, "code": "12"},
    {"age": 40, "income": -2.25, "city": None, "member": True, "code": "12"},
]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl", "t.jsonl.gz", "t.json", "t.parquet"])
def test_the_same_rows_are_the_same_summaries_in_every_format(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame(ROWS)
    path = tmp_path / name
    if ".csv" in name:
        frame.to_csv(path, index=False)
    elif name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=".jsonl" in name)
    kinds = kinds_of_file(path)
    assert kinds == {
        "age": "number",
        "income": "number",
        "city": "category",
        "member": "category",
        "code": "category",
    }
    found = summarize_file(path, kinds)
    assert values(found["age"]) == {31.0: 1, 40.0: 2}
    assert values(found["income"]) == {-2.25: 1, 1.5: 1}
    assert found["income"].quality == Quality(rows=3, nulls=1)
    assert counted(found["city"]) == {"Bern": 1, "Genf": 1}
    assert found["city"].quality == Quality(rows=3, nulls=1)
    assert counted(found["member"]) == {"true": 2, "false": 1}
    assert counted(found["code"]) == {"007": 1, "12": 2}


def test_whole_numbers_with_two_different_values_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"flag": [0, 1] * 50}).to_parquet(path)
    assert kinds_of_file(path) == {"flag": "number"}


def test_a_single_word_in_the_last_row_makes_a_column_of_texts_categories(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "a,b\n" + "1,1\n" * 30_000 + "x,1\n")
    assert kinds_of_file(path) == {"a": "category", "b": "number"}


def test_a_number_that_begins_late_is_found(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "a,b\n" + ",1\n" * 30_000 + "5,1\n")
    assert kinds_of_file(path) == {"a": "number", "b": "number"}


def test_a_column_of_nulls_alone_is_a_category_without_any(tmp_path: Path) -> None:
    path = written(tmp_path, "t.jsonl", '{"a": null, "b": 1}\n{"b": 2}\n')
    kinds = kinds_of_file(path)
    assert kinds == {"a": "category", "b": "number"}
    assert summarize_file(path, kinds)["a"].quality == Quality(rows=2, nulls=2)


def test_every_value_of_a_number_goes_somewhere(tmp_path: Path) -> None:
    cells = ["1", "", "NaN", "inf", "-inf", "abc", "true", "1e999", "NA", "2.5", "1e-320"]
    path = written(tmp_path, "t.csv", "a,b\n" + "".join(f"{cell},1\n" for cell in cells))
    found = summarize_file(path, {"a": "number"})["a"]
    assert found.quality == Quality(rows=11, nulls=2, nans=1, infinities=3, failures=2)
    assert values(found) == {1e-320: 1, 1.0: 1, 2.5: 1}


def test_numbers_of_json_may_be_nan_and_texts_of_numbers(tmp_path: Path) -> None:
    lines = ['{"a": NaN}', '{"a": Infinity}', '{"a": "7"}', '{"a": true}', '{"a": [1]}', '{"a": 3}', '{"a": null}']
    path = written(tmp_path, "t.jsonl", "\n".join(lines))
    found = summarize_file(path, {"a": "number"})["a"]
    assert found.quality == Quality(rows=7, nulls=1, nans=1, infinities=1, failures=2)
    assert values(found) == {3.0: 1, 7.0: 1}


def test_a_number_can_be_said_to_be_a_category_and_is_the_same_one_in_every_type(tmp_path: Path) -> None:
    kinds = overridden({"a": "number"}, categories=["a"])
    one, other, third = (tmp_path / f"{name}.parquet" for name in "abc")
    pq.write_table(pa.table({"a": pa.array([1, 2, 2], pa.int64())}), one)
    pq.write_table(pa.table({"a": pa.array([1.0, 2.0, 2.0])}), other)
    pq.write_table(pa.table({"a": pa.array(["1", "2.0", "2"])}), third)
    expected = {"1": 1, "2": 2}
    assert [counted(summarize_file(path, kinds)["a"]) for path in (one, other, third)] == [expected] * 3


def test_an_override_of_an_unknown_feature_names_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        overridden({"age": "number"}, categories=["agee"])
    assert (caught.value.message, caught.value.hint) == (
        "there is no column 'agee'",
        "did you mean 'age'?",
    )


def test_nobody_can_say_that_a_feature_is_both() -> None:
    with pytest.raises(UsageError, match="cannot be a number and a category"):
        overridden({"age": "number"}, numbers=["age"], categories=["age"])


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("True", "true"),
        ("FALSE", "false"),
        ("Trueish", "Trueish"),
        ("1.0", "1"),
        ("-0", "0"),
        ("1.50", "1.5"),
        ("007", "007"),
        ("1e3", "1000"),
        ("9007199254740993", "9007199254740993"),
        ("1" * 500, "1" * 500),
        ("", ""),
        ("٣", "٣"),
        ("-", "-"),
    ],
)
def test_a_category_is_known_by_one_text(text: str, category: str) -> None:
    assert category_of(text) == category


def test_all_types_of_parquet_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = {
        "decimal": pa.array([1, 2], pa.int64()).cast(pa.decimal128(22, 2)),
        "small": pa.array([1, None], pa.int8()),
        "half": pa.array(np.array([1.5, np.nan], np.float32)),
        "day": pa.array([date(2026, 3, 1), None]),
        "nested": pa.array([{"a": 1, "b": [1, 2]}, None]),
        "list": pa.array([[1, 2], []]),
        "bytes": pa.array([b"a\x00", b"b"]),
        "word": pa.array(["x", "y"]).dictionary_encode(),
        "none": pa.nulls(2),
    }
    pq.write_table(pa.table(columns), path)
    kinds = kinds_of_file(path)
    assert {name for name, kind in kinds.items() if kind == "number"} == {"decimal", "small", "half"}
    assert [*kinds] == [*columns][: len(kinds)]
    found = summarize_file(path, kinds)
    assert values(found["decimal"]) == {1.0: 1, 2.0: 1}
    assert found["half"].quality == Quality(rows=2, nans=1)
    assert counted(found["day"]) == {"2026-03-01": 1}
    assert counted(found["word"]) == {"x": 1, "y": 1}


def test_a_column_of_another_type_than_in_the_baseline_fails_cell_by_cell(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": pa.array([True, False, None]), "b": pa.array([date(2026, 3, 1)] * 3)}), path)
    found = summarize_file(path, {"a": "number", "b": "number"})
    assert found["a"].quality == Quality(rows=3, nulls=1, failures=2)
    assert found["b"].quality == Quality(rows=3, failures=3)


def test_new_columns_are_counted_and_missing_ones_are_not_there(tmp_path: Path) -> None:
    path = written(tmp_path, "t.csv", "new,a\nx,1\n,2\n")
    found = summarize_file(path, {"a": "number", "gone": "number"})
    assert [*found] == ["new", "a"]
    assert found["new"].quality == Quality(rows=2, nulls=1)
    assert found["new"].count == 0


def test_names_that_are_there_twice_or_differ_in_case_stay_apart(tmp_path: Path) -> None:
    csv = written(tmp_path, "t.csv", "a,A,a,a_2\n1,2,3,4\n")
    assert [*kinds_of_file(csv)] == ["a", "A", "a_3", "a_2"]
    parquet = tmp_path / "t.parquet"
    nested = pa.array([{"a": 1, "x": [{"y": 1}]}])
    pq.write_table(pa.table([pa.array([1]), nested, pa.array([2]), pa.array([3])], names=["a", "n", "A", "a"]), parquet)
    kinds = kinds_of_file(parquet)
    assert kinds == {"a": "number", "n": "category", "A": "number", "a_2": "number"}
    assert values(summarize_file(parquet, kinds)["a_2"]) == {3.0: 1}


def test_hostile_names_are_names(tmp_path: Path) -> None:
    names = ['a"; DROP TABLE given; --', "it's", "<b>", "\x1b[31m", "ünï", " ", "rowid", "n", "g", "c0"]
    path = tmp_path / "t.parquet"
    pd.DataFrame([range(len(names))], columns=names).to_parquet(path)
    assert [*summarize_file(path, kinds_of_file(path))] == names
    line = written(tmp_path, "t.jsonl", json.dumps(dict.fromkeys(names, 1)))
    assert [*summarize_file(line, kinds_of_file(line))] == names
    for file in (path, line):
        with opened(file) as one:
            sample = one.sample(one.kinds())
        assert sample is not None
        assert [*sample.columns] == names


def test_the_numbers_of_rows_that_pandas_writes_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    pd.DataFrame({"a": [1, 2]}).to_csv(path)
    with opened(path) as file:
        assert (file.kinds(), file.left_out, file.rows) == ({"a": "number"}, ("column0",), 2)
    parquet = tmp_path / "t.parquet"
    pd.DataFrame({"a": [1, 2]}, index=[5, 9]).to_parquet(parquet)
    with opened(parquet) as file:
        assert (file.kinds(), file.left_out, file.rows) == ({"a": "number"}, ("__index_level_0__",), 2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_stands_between_cells_is_seen_in_the_first_line(tmp_path: Path, delimiter: str, end: str) -> None:
    lines = [delimiter.join(cells) for cells in (("a", "b"), ("1", '"x,;\ty"'), ("2", '"say ""hi"""'))]
    path = tmp_path / "t.csv"
    path.write_bytes(("\ufeff" + end.join(lines)).encode())
    found = summarize_file(path, kinds_of_file(path))
    assert [*found] == ["a", "b"]
    assert counted(found["b"]) == {"x,;\ty": 1, 'say "hi"': 1}


def test_one_row_is_enough_to_be_read(tmp_path: Path) -> None:
    found = summarize_file(written(tmp_path, "t.csv", "a\n5\n"), {"a": "number"})
    assert values(found["a"]) == {5.0: 1}


@pytest.mark.parametrize(("name", "text"), [("t.csv", ""), ("t.csv", "\n\n"), ("t.jsonl", ""), ("t.jsonl", " \n\n")])
def test_a_file_of_nothing_has_no_features(tmp_path: Path, name: str, text: str) -> None:
    with opened(written(tmp_path, name, text)) as file:
        assert (file.rows, file.kinds(), file.summaries({"a": "number"})) == (0, {}, {})


def test_a_header_alone_has_features_without_rows(tmp_path: Path) -> None:
    with opened(written(tmp_path, "t.csv", "a,b\n")) as file:
        assert (file.rows, file.kinds()) == (0, {"a": "category", "b": "category"})
        assert {name: one.quality for name, one in file.summaries({"a": "number"}).items()} == {
            "a": Quality(),
            "b": Quality(),
        }


def test_texts_of_a_megabyte_are_told_apart(tmp_path: Path) -> None:
    long = "x" * 1_000_000
    path = written(tmp_path, "t.jsonl", "".join(json.dumps({"a": long + end}) + "\n" for end in "abb"))
    found = summarize_file(path, {"a": "category"})["a"]
    assert sorted(found.counts.tolist()) == [1, 2]
    assert all(len(label) == 200 for label in found.labels)


def test_a_thousand_columns_are_a_thousand_features(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({f"f{at}": ["x", "y"] if at % 2 else [1, 2] for at in range(1_000)}).to_parquet(path)
    kinds = kinds_of_file(path)
    assert len(summarize_file(path, kinds)) == 1_000
    assert sum(kind == "number" for kind in kinds.values()) == 500


def bits(summary: Summary) -> tuple[Any, ...]:
    assert isinstance(summary, Numbers)
    arrays = (summary.buckets, summary.counts, *summary.offsets)
    return (summary.level, summary.quality, summary.least, summary.greatest, *(each.tolist() for each in arrays))


@pytest.mark.parametrize("group", [9_000, 250_000, 300_000, 1_200_000])
def test_more_rows_than_are_held_at_once_give_the_summary_of_all(tmp_path: Path, group: int) -> None:
    # at once 262 144 rows are read, or a group of rows where that is larger, but never more than 1 048 576
    numbers = np.random.default_rng(5).lognormal(size=1_200_000)
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": numbers, "b": pa.array(numbers < 1)}), path, row_group_size=group)
    found = summarize_file(path, {"a": "number", "b": "category"}, cap=64)
    assert bits(found["a"]) == bits(summary_of_numbers(numbers, cap=64))
    assert counted(found["b"]) == {"true": int((numbers < 1).sum()), "false": int((numbers >= 1).sum())}


def test_rows_of_a_table_that_are_read_in_turns_give_the_summary_of_all(tmp_path: Path) -> None:
    numbers = np.random.default_rng(6).integers(-500, 500, 300_000)
    path = written(tmp_path, "t.csv", "a\n" + "\n".join(map(str, numbers.tolist())))
    assert bits(summarize_file(path, {"a": "number"})["a"]) == bits(
        summary_of_numbers(numbers.astype(np.float64), cap=BASELINE_CAP)
    )


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_line_longer_than_most_is_read_with_more_memory(tmp_path: Path, name: str) -> None:
    long = ["x" * 3_000_000 + end for end in "abb"]
    lines = ["a", *long] if name == "t.csv" else [json.dumps({"a": text}) for text in long]
    found = summarize_file(written(tmp_path, name, "\n".join(lines)), {"a": "category"})["a"]
    assert sorted(found.counts.tolist()) == [1, 2]


def test_columns_that_need_more_memory_than_most_files_get_it(tmp_path: Path) -> None:
    row = ",".join(["some text that is no number"] * 300)
    path = written(tmp_path, "t.csv", "\n".join([",".join(f"f{at}" for at in range(300)), *[row] * 3_000]))
    with opened(path) as file:
        assert file.table.rows("SELECT current_setting('memory_limit')") == [("488.2 MiB",)]  # 512 million bytes
        found = file.summaries(file.kinds())
    assert {one.count for one in found.values()} == {3_000}


def test_more_categories_than_are_held_at_once_give_the_summary_of_all(tmp_path: Path) -> None:
    texts = [f"user-{at % 60_000}" for at in range(70_000)]
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": texts}).to_parquet(path)
    found = summarize_file(path, {"a": "category"})["a"]
    halves = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for half, some in zip(halves, (texts[:1_000], texts[1_000:]), strict=True):
        pd.DataFrame({"a": some}).to_csv(half, index=False)
    both = merged(summarize_file(half, {"a": "category"})["a"] for half in halves)
    assert isinstance(found, Categories)
    assert isinstance(both, Categories)
    assert (found.level, found.labels, found.shared, found.quality) == (
        both.level,
        both.labels,
        both.shared,
        both.quality,
    )
    assert np.array_equal(found.counts, both.counts)
    assert found.count == 70_000


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.csv", b"a,b\n1,2\n3\n", "'t.csv' cannot be read: line 3 is not like the first"),
        ("t.csv", b"a,b\n1,caf\xe9\n", "'t.csv' cannot be read: "),
        ("t.parquet", b"not parquet at all", "'t.parquet' cannot be read: "),
        ("t.jsonl", b'{"a": 1}\n{"a":\n', "'t.jsonl' cannot be read: "),
        ("t.jsonl", b"[1, 2]\n3\n", "'t.jsonl' cannot be read: "),
        ("t.csv.gz", b"not packed", "'t.csv.gz' cannot be read: "),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "'t.csv.gz' cannot be read: "),
        ("t.xlsx", b"", "'t.xlsx' is no file of rows that can be read"),
        ("t.parquet.gz", b"", "'t.parquet.gz' is no file of rows that can be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_in_one_line(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError) as caught:
        kinds_of_file(tmp_path / name)
    assert caught.value.message.startswith(said)
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_a_file_that_is_not_there_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        kinds_of_file(tmp_path / "t.csv")
    with pytest.raises(UsageError, match="is a folder"):
        kinds_of_file(tmp_path)


def test_a_name_with_signs_of_a_pattern_is_that_file_alone(tmp_path: Path) -> None:
    written(tmp_path, "a1.csv", "x\n1\n")
    assert [*kinds_of_file(written(tmp_path, "a[1]*?'.csv", "y\n1\n"))] == ["y"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r"])
def test_a_name_may_go_on_in_the_next_line_whatever_ends_the_rows(tmp_path: Path, end: str, inside: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(end.join([f'"a{inside}b",c', "1,2", "3,4", ""]).encode())
    with opened(path) as file:
        assert (file.rows, [*file.table.columns]) == (2, [f"a{inside}b", "c"])


def test_of_many_columns_each_is_asked_about(tmp_path: Path) -> None:
    names = [f"c{at}" for at in range(120)]
    cells = ["x" if at % 7 == 0 else str(at) for at in range(120)]
    path = written(tmp_path, "wide.csv", "\n".join([",".join(names), ",".join(cells), ""]))
    assert kinds_of_file(path) == {name: "category" if at % 7 == 0 else "number" for at, name in enumerate(names)}


CASES = [{"Age": 1, "age": 20, "b": "x"}, {"age": 30, "b": "y"}, {"Age": 2}, {"AGE": 9, "age_1": "real"}]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl", "t.jsonl.gz", "t.json", "t.parquet"])
def test_names_that_differ_in_case_alone_are_columns_of_their_own(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    frame = pd.DataFrame(CASES)
    if ".csv" in name:
        frame.to_csv(path, index=False)
    elif name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        text = json.dumps(CASES) if name.endswith(".json") else "\n".join(map(json.dumps, CASES))
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    kinds = kinds_of_file(path)
    found = summarize_file(path, kinds)
    assert [*kinds] == ["Age", "age", "b", "AGE", "age_1"]
    assert [values(found[each]) for each in ("Age", "age", "AGE")] == [{1.0: 1, 2.0: 1}, {20.0: 1, 30.0: 1}, {9.0: 1}]
    assert [counted(found[each]) for each in ("b", "age_1")] == [{"x": 1, "y": 1}, {"real": 1}]


def test_keys_of_json_that_differ_in_case_may_hold_what_a_path_would_mean_something_by(tmp_path: Path) -> None:
    keys = ["a/b~c", "A/b~c", 'q"\\', "$.x[*]", "é", "É", "a' || '"]
    rows = [{key: at for at, key in enumerate(keys)}, {"a/b~c": float("nan"), "A/b~c": None}]
    path = written(tmp_path, "t.jsonl", "\n".join(map(json.dumps, rows)))
    found = summarize_file(path, kinds_of_file(path))
    assert {name: values(one) for name, one in found.items()} == {key: {float(at): 1} for at, key in enumerate(keys)}
    assert found["a/b~c"].quality == Quality(rows=2, nans=1)
    assert found["A/b~c"].quality == Quality(rows=2, nulls=1)


def test_an_empty_name_is_a_column_too_and_what_is_no_object_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "t.jsonl", '{"": 5, "column": 1}\n{}\n')
    assert {name: values(one) for name, one in summarize_file(path, kinds_of_file(path)).items()} == {
        "column0": {5.0: 1},
        "column": {1.0: 1},
    }
    for text in ("[1]", '{"a": 1}\n[{"a": 2}]', "5"):
        with pytest.raises(UsageError, match="expected records"):
            kinds_of_file(written(tmp_path, "t.jsonl", text))


def test_names_that_end_in_numbers_and_do_not_differ_in_case_stay_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, "t.jsonl", '{"s": 1, "s_1": "a", "s_2": null}\n')
    assert kinds_of_file(path) == {"s": "number", "s_1": "category", "s_2": "category"}
