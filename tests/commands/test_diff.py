"""`mlmon diff`: two files column by column."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pandas as pd

from running import Runner

OLD = "age,city,gone\n31,Bern,1\n64,Genf,2\n40,Bern,3\n45,Bern,3\n"
NEW = "age,city,new\n31,Bern,1\n64,Zug,2\n40,Bern,3\n,Bern,3\n"


def two_files(mlmon: Runner) -> None:
    (mlmon.folder / "old.csv").write_text(OLD)
    (mlmon.folder / "new.csv").write_text(NEW)


def test_people_see_the_worst_statistic_of_each_column(mlmon: Runner) -> None:
    two_files(mlmon)
    outcome = replace(mlmon, width=140)("diff old.csv new.csv", terminal=True)
    assert outcome.code == 0
    assert [" ".join(line.split()) for line in outcome.out.splitlines()] == [
        "4 rows in old.csv, 4 in new.csv",
        "",
        "column change old type new type distance statistic old new relative change",
        "gone removed number - - - - - -",
        "new added - number - - - - -",
        "city values changed category category 0.5 gone_categories_share 0.25 0 -1",
        "age values changed number number 0.166667 third_quartile 45 64 0.422222",
    ]


def test_a_narrow_terminal_keeps_both_sides_and_the_relative_change(mlmon: Runner) -> None:
    two_files(mlmon)
    outcome = replace(mlmon, width=70)("diff old.csv new.csv", terminal=True)
    heads = outcome.out.splitlines()[2].split()
    assert heads == ["column", "change", "statistic", "old", "new", "relative", "change"]
    assert outcome.err == "left out to fit 70 columns: old type, new type, distance (-o json has\n  them)\n"


def test_programs_get_every_statistic(mlmon: Runner) -> None:
    two_files(mlmon)
    rows = json.loads(mlmon("diff old.csv new.csv -o json").out)
    assert rows[0] == {
        "column": None,
        "change": "same",
        "old_type": None,
        "new_type": None,
        "distance": None,
        "statistic": "rows",
        "old": 4,
        "new": 4,
        "relative_change": 0.0,
    }
    age = {row["statistic"]: (row["old"], row["new"]) for row in rows if row["column"] == "age"}
    assert age["mean"] == (45.0, 45.0)
    assert age["missing_share"] == (0.0, 0.25)
    read = [*csv.DictReader(io.StringIO(mlmon("diff old.csv new.csv -o csv").out))]
    assert [row["column"] for row in read] == [row["column"] or "" for row in rows]
    assert list(read[0]) == list(rows[0])


def test_files_may_be_of_two_formats_and_are_the_same_then(mlmon: Runner) -> None:
    (mlmon.folder / "old.csv").write_text(OLD)
    pd.read_csv(mlmon.folder / "old.csv").to_parquet(mlmon.folder / "old.parquet")
    rows = json.loads(mlmon("diff old.csv old.parquet -o json").out)
    assert {row["change"] for row in rows} == {"same"}


def test_a_column_can_be_said_to_hold_categories(mlmon: Runner) -> None:
    two_files(mlmon)
    rows = json.loads(mlmon("diff old.csv new.csv --category age -o json").out)
    assert {(row["old_type"], row["new_type"]) for row in rows if row["column"] == "age"} == {("category", "category")}


def test_a_column_that_neither_has_is_a_usage_error(mlmon: Runner) -> None:
    two_files(mlmon)
    outcome = mlmon("diff old.csv new.csv --number agee")
    assert (outcome.code, outcome.out, outcome.err) == (
        2,
        "",
        "error: there is no column 'agee'\nhint: did you mean 'age'?\n",
    )


def test_a_column_that_one_of_them_has_can_be_named(mlmon: Runner) -> None:
    two_files(mlmon)
    rows = json.loads(mlmon("diff old.csv new.csv --category new -o json").out)
    assert {(row["old_type"], row["new_type"]) for row in rows if row["column"] == "new"} == {(None, "category")}


def test_a_file_that_is_not_there_is_named(mlmon: Runner) -> None:
    two_files(mlmon)
    outcome = mlmon("diff old.csv neww.csv")
    assert outcome.code == 5
    assert outcome.err == (
        f"error: there is no file {str(mlmon.folder / 'neww.csv')!r}\nhint: name a csv, parquet or jsonl file\n"
    )


def test_hostile_names_do_nothing_to_a_terminal(mlmon: Runner) -> None:
    (mlmon.folder / "old.csv").write_text('"\x1b[31mred",a\n1,=1+1\n')
    (mlmon.folder / "new.csv").write_text('"\x1b[31mred",a\n2,<b>\n')
    for more in ("", " -o json", " -o csv", " -o md"):
        outcome = mlmon(f"diff old.csv new.csv{more}", terminal=not more)
        assert outcome.code == 0
        assert "\x1b[31mred" not in outcome.out or more == " -o csv"
