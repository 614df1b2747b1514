"""`mlmon drift`, `drift-explain` and `drift-calibrate` on two files, and on the demo's thirteen months."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.receivers import Answer, receiving
from running import Runner

ROWS = 90
"""Enough for a verdict, too few for the classifier: tests of it take their time elsewhere."""
METRICS = {
    "wasserstein_distance",
    "normalized_wasserstein_distance",
    "energy_distance",
    "jensen_shannon_distance",
    "population_stability_index",
    "two_sample_kolmogorov_smirnov_test",
    "null_value_rate",
    "data_type_error_rate",
    "out_of_bounds_rate",
}
BASELINE = "--baseline data/diabetes.csv"


def written(path: Path, *, shift: float = 0.0, cities: str = "ABBCCC", seed: int = 1, rows: int = ROWS) -> Path:
    """Ages that may be shifted by so many standard deviations, and a city."""
    chance = random.Random(seed)
    lines = [f"{40 + 10 * (chance.gauss(0, 1) + shift):.3f},{chance.choice(cities)}" for _ in range(rows)]
    path.write_text("\n".join(["age,city", *lines, ""]))
    return path


@pytest.fixture
def files(mlmon: Runner) -> Runner:
    """Three files and nothing else: what a model was trained on, the like of it, and what has drifted."""
    written(mlmon.folder / "train.csv", seed=1)
    written(mlmon.folder / "same.csv", seed=2)
    written(mlmon.folder / "later.csv", seed=3, shift=1.5)
    return mlmon


@pytest.fixture(scope="module")
def demo_(demo: Runner, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A demo whose state folder these tests may fill."""
    return Runner(shutil.copytree(demo.folder, tmp_path_factory.mktemp("drift") / "mlmon-demo"))


def verdicts(document: Any) -> dict[str, str]:
    return {each["feature"]: each["verdict"] for each in document["features"]}


def drifted(document: Any) -> set[str]:
    return {name for name, verdict in verdicts(document).items() if verdict == "drift"}


def test_two_files_and_nothing_else_are_enough(files: Runner) -> None:
    same = files("drift --baseline train.csv --target same.csv -o json").json
    later = files("drift --baseline train.csv --target later.csv -o json").json
    assert (same["verdict"], later["verdict"]) == ("no drift", "drift")
    assert verdicts(later) == {"age": "drift", "city": "no drift"}
    assert next(iter(later)) == "schema_version"
    [age] = [each for each in later["features"] if each["feature"] == "age"]
    assert set(age["metrics"]) == METRICS
    assert (age["kind"], age["effect_metric"]) == ("number", "normalized_wasserstein_distance")
    assert age["effect"] == age["metrics"]["normalized_wasserstein_distance"]["value"]
    assert age["metrics"]["two_sample_kolmogorov_smirnov_test"]["p_value"] < 1e-6
    assert [later[side]["rows"] for side in ("baseline", "target")] == [ROWS, ROWS]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("--target same.csv", 0),
        ("--target later.csv", 0),
        ("--target same.csv --fail-on-drift --fail-on-no-data", 0),
        ("--target later.csv --fail-on-drift", 3),
        ("--target later.csv --fail-on-no-data", 0),
        ("--target empty.csv --fail-on-drift", 0),
        ("--target empty.csv --fail-on-no-data", 5),
        # a failure is never taken for drift
        ("--target broken.parquet --fail-on-drift --fail-on-no-data", 2),
        ("--target missing.csv --fail-on-drift", 5),
    ],
)
def test_the_verdict_is_an_exit_code_only_where_it_is_asked_for(files: Runner, line: str, code: int) -> None:
    (files.folder / "empty.csv").write_text("age,city\n")
    (files.folder / "broken.parquet").write_text("PAR1 this is no parquet")
    assert files(f"drift --baseline train.csv {line}").code == code


@pytest.mark.parametrize(
    ("options", "settings", "expected"),
    [
        ("", "", "drift"),
        ("--threshold 2", "", "no drift"),
        ("--threshold age=2", "", "no drift"),
        ("--threshold city=2", "", "drift"),
        ("--threshold 2 --threshold age=0.5", "", "drift"),
        ("", "[drift]\nthreshold = 2\n", "no drift"),
        ("", "[drift.features.age]\nthreshold = 2\n", "no drift"),
        ("--threshold age=0.5", "[drift.features.age]\nthreshold = 2\n", "drift"),
        ("--exclude age", "", "no drift"),
        ("--features city", "", "no drift"),
        ("--label age", "", "no drift"),
        ("", '[drift]\nlabel = "age"\n', "no drift"),
    ],
)
def test_what_counts_as_drift_is_said_by_options_else_by_settings(
    files: Runner, options: str, settings: str, expected: str
) -> None:
    (files.folder / "mlmon.toml").write_text(settings)
    assert files(f"drift --baseline train.csv --target later.csv {options} -o json").json["verdict"] == expected


@pytest.mark.parametrize(
    ("settings", "options", "said"),
    [
        ("[drift.features.age]\nthreshold = 1\n[drift.features.city]\nkind = 'category'", "", ""),
        (
            "[drift.features.Aeg]\nthreshold = 1\n",
            "",
            "{file} names 'Aeg', which neither side has\nhint: did you mean 'age'?\n",
        ),
        (
            "[drift]\nlabel = 'citty'\n[drift.features.x]\nkind = 'number'\n[drift.features.aeg]\nthreshold = 1\n",
            "",
            (
                "{file} names 'x', 'aeg' and 'citty', which neither side has\n"
                "hint: did you mean 'age'?\nhint: did you mean 'city'?\n"
            ),
        ),
        ("[drift]\nlabel = 'citty'\n", "--label city", ""),
        ("[drift.features.aeg]\nthreshold = 1\n", "--quiet", ""),
        (
            "".join(f"[drift.features.x{at}]\nthreshold = 1\n" for at in range(9)),
            "",
            "{file} names 'x0', 'x1', 'x2', 'x3', 'x4' and 4 more, which neither side has\n",
        ),
    ],
)
def test_what_settings_name_and_neither_side_has_is_said(files: Runner, settings: str, options: str, said: str) -> None:
    file = files.folder / "mlmon.toml"
    file.write_text(settings)
    outcome = files(f"drift --baseline train.csv --target same.csv {options}")
    assert (outcome.code, outcome.err) == (0, said.format(file=file))


def test_inputs_are_no_mistake_where_predictions_are_checked(demo: Runner, tmp_path: Path) -> None:
    folder = shutil.copytree(demo.folder, tmp_path / "mlmon-demo")
    with (folder / "mlmon.toml").open("a") as file:
        file.write("[drift.features.bmii]\nthreshold = 1\n")
    line = "drift --baseline-range 2026-05 --month 6 --features"
    said = f"{folder / 'mlmon.toml'} names 'bmii', which neither side has\nhint: did you mean 'bmi'?\n"
    assert said in Runner(folder)(f"{line} bmi").err
    assert "bmii" not in Runner(folder)(f"{line} progression --on predictions").err


def test_a_name_may_have_a_comma_in_it(files: Runner) -> None:
    for name in ("train", "later"):
        file = files.folder / f"{name}.csv"
        file.write_text(file.read_text().replace("age,city", '"a,g=e",city'))
    line = "drift --baseline train.csv --target later.csv -o json --threshold"
    assert [files(f"{line} a,g=e={each}").json["verdict"] for each in (2, 1)] == ["no drift", "drift"]


def test_a_feature_is_what_a_person_says_it_is(files: Runner) -> None:
    def kind(options: str) -> Any:
        found = files(f"drift --baseline train.csv --target later.csv {options} -o json").json
        return {each["feature"]: each["kind"] for each in found["features"]}

    assert kind("") == {"age": "number", "city": "category"}
    assert kind("--category age") == {"age": "category", "city": "category"}
    (files.folder / "mlmon.toml").write_text('[drift.features.age]\nkind = "category"\n')
    assert kind("") == {"age": "category", "city": "category"}
    assert kind("--number age") == {"age": "number", "city": "category"}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("drift", "error: what is it to be compared with? no baseline is named"),
        ("drift --baseline a --baseline-range 2026-01", "error: --baseline and --baseline-range cannot be combined"),
        ("drift --baseline train.csv --target same.csv --features aeg", "error: neither side has a feature 'aeg'"),
        ("drift --baseline train.csv --target same.csv --threshold aeg=1", "error: neither side has a feature 'aeg'"),
        ("drift --baseline train.csv --target same.csv --threshold high", "error: 'high' is not a threshold"),
        ("drift --baseline train.csv --target same.csv --threshold age=-1", "error: 'age=-1' is not a threshold"),
        (
            "drift --baseline train.csv --target same.csv --threshold age=1,city=0.2",
            "error: 'age=1,city=0.2' is more than one threshold\nhint: write --threshold age=1 --threshold city=0.2\n",
        ),
        (
            ["drift", "--baseline", "train.csv", "--target", "same.csv", "--threshold", "0.1, my age=2"],
            "error: '0.1, my age=2' is more than one threshold\nhint: write --threshold 0.1 --threshold 'my age=2'\n",
        ),
        (
            "drift --baseline train.csv --target same.csv --threshold age=0,2",
            "error: 'age=0,2' is not a threshold\nhint: write it like 0.1, or age=0.2 for one feature\n",
        ),
        ("drift --baseline train.csv --target same.csv --category aeg", "error: there is no column 'aeg'"),
        (
            "drift --baseline train.csv --target same.csv --month 3",
            "error: a file has no times and is of no service, so --target goes with --baseline FILE alone",
        ),
        ("drift --baseline train.csv --since-last --month 3", "error: --since-last says the range itself"),
        ("drift --baseline train.csv --target same.csv --html nowhere/d.html", "error: there is no folder"),
        ("drift --baseline train.csv --target same.csv --html .", "error: "),
        ("drift --baseline train.csv --target same.csv --html -", "error: a page is not written to stdout"),
        ("drift --baseline empty.csv --target same.csv", "error: the baseline 'empty.csv' has no rows"),
        (
            "drift --baseline train.csv --target same.csv --features age --exclude age",
            "error: no feature is left to compare\nhint: these are left out: age",
        ),
        ("drift --baseline train.csv --target same.csv --label aeg", "error: neither side has a feature 'aeg'"),
        (
            "drift --baseline train.csv --target same.csv --alert-dry-run",
            "error: --alert-dry-run shows what --alert would send, and there is no --alert",
        ),
        ("drift --baseline train.csv --target latin.csv", "error: 'latin.csv' cannot be read: it is not text in UTF-8"),
    ],
)
def test_what_makes_no_sense_is_refused(files: Runner, line: str | list[str], error: str) -> None:
    (files.folder / "empty.csv").write_text("age,city\n")
    (files.folder / "latin.csv").write_bytes(bytes(range(256)) * 20)
    outcome = files(line)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(error)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ("drift = 3", "[drift] in {file} is not a table"),
        ("[drift]\nbasline = 'a'", "[drift] in {file} has an unknown key 'basline'"),
        ("[drift]\nbaseline = 3", "'baseline' in [drift] in {file} is not text"),
        ("[drift]\nthreshold = true", "the threshold of [drift] in {file} is not a number from 0 on"),
        ("[drift]\nthreshold = nan", "the threshold of [drift] in {file} is not a number from 0 on"),
        ("[drift]\nfeatures = 1", "'features' in [drift] in {file} is not a table"),
        ("[drift.features]\nage = 1", "[drift.features.age] in {file} is not a table"),
        ("[drift.features.age]\nkind = 'text'", "the kind of [drift.features.age] in {file} is none"),
    ],
)
def test_settings_that_mean_nothing_are_named(files: Runner, settings: str, error: str) -> None:
    file = files.folder / "mlmon.toml"
    file.write_text(settings)
    outcome = files("drift --baseline train.csv --target same.csv")
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, f"error: {error.format(file=file)}")


def test_without_scikit_learn_everything_but_the_coefficient_is_there(
    files: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)  # how Python itself says that a package is not there
    written(files.folder / "train.csv", rows=300)
    written(files.folder / "later.csv", rows=300, shift=1.5, seed=5)
    outcome = files("drift --baseline train.csv --target later.csv -o json")
    document = outcome.json
    assert (outcome.code, document["verdict"], document["datadrift_coefficient"]) == (0, "drift", None)
    said = "Without scikit-learn there is no datadrift coefficient: pip install 'mlmon[drift]'"
    assert [json.loads(line)["message"] for line in outcome.err.splitlines()] == [said]
    assert document["method"]["notes"] == [f"{said}."]


def test_with_scikit_learn_the_coefficient_and_the_contributions_are_there(files: Runner) -> None:
    written(files.folder / "train.csv", rows=300)
    written(files.folder / "later.csv", rows=300, shift=1.5, seed=5)
    outcome = files("drift --baseline train.csv --target later.csv -o json")
    coefficient = outcome.json["datadrift_coefficient"]
    assert coefficient["mcc"] > 0.4
    assert coefficient["band"][0] < 0 < coefficient["band"][1] < coefficient["mcc"]
    shares = {each["feature"]: each["contribution"] for each in outcome.json["features"]}
    assert list(shares) == ["age", "city"]
    assert shares["age"] > 0.9
    assert (coefficient["within_chance"], outcome.json["features"][0]["contribution_within_chance"]) == (False, False)


def test_contributions_to_what_is_chance_are_kept_for_programs_alone(files: Runner) -> None:
    written(files.folder / "train.csv", rows=150)
    written(files.folder / "same.csv", rows=150, seed=2)
    line = "drift --baseline train.csv --target same.csv"
    document = files(f"{line} -o json").json
    assert document["datadrift_coefficient"]["within_chance"] is True
    assert {each["contribution_within_chance"] for each in document["features"]} == {True}
    assert all(0 <= each["contribution"] <= 1 for each in document["features"])
    seen = files(f"{line} -o table").out
    assert "no more than chance, which gives" in seen
    assert "%" not in seen


def test_the_page_is_written_whole_or_not_at_all(files: Runner) -> None:
    page = files.folder / "drift.html"
    page.write_text("old")
    assert files("drift --baseline train.csv --target missing.csv --html drift.html").code == 5
    assert page.read_text() == "old"
    assert files("drift --baseline train.csv --target later.csv --html drift.html").code == 0
    assert page.read_text().startswith("<!doctype html>")
    assert {path.name for path in files.folder.iterdir()} == {"train.csv", "same.csv", "later.csv", "drift.html"}


def test_before_the_drift_day_there_is_none_and_after_it_the_two_features_of_the_demo(demo_: Runner) -> None:
    for service in ("", "diabetes-v2/blue"):
        before = demo_(f"drift {service} {BASELINE} --month 8 --fail-on-drift -o json")
        after = demo_(f"drift {service} {BASELINE} --month 10 --fail-on-drift -o json")
        assert (before.code, before.json["verdict"], drifted(before.json)) == (0, "no drift", set())
        assert (after.code, after.json["verdict"], drifted(after.json)) == (3, "drift", {"bmi", "bp"})
        assert "progression" not in verdicts(after.json)


def test_each_week_is_told_besides_all_of_the_range(demo_: Runner) -> None:
    found = demo_(f"drift {BASELINE} --from 2026-09-07 --to 2026-10-05 --by week -o json").json
    weeks = [(each["start"][:10], each["end"][:10], each["verdict"]) for each in found["intervals"]]
    assert weeks == [
        ("2026-09-07", "2026-09-14", "no drift"),
        ("2026-09-14", "2026-09-21", "no drift"),
        ("2026-09-21", "2026-09-28", "drift"),
        ("2026-09-28", "2026-10-05", "drift"),
    ]
    assert sum(each["rows"] for each in found["intervals"]) == found["rows"]


def test_an_earlier_range_of_the_service_is_a_baseline_too(demo_: Runner) -> None:
    found = demo_("drift --baseline-range 2026-01 --since 30d -o json").json
    assert (found["baseline"]["start"], found["baseline"]["end"]) == ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    assert drifted(found) == {"bmi", "bp"}
    # what the model answers moves with what it is given
    answers = demo_("drift --baseline-range 2026-01 --since 30d --on predictions -o json").json
    assert (answers["collection"], drifted(answers)) == ("predictions", {"progression"})


def test_missing_data_is_told_from_data_that_stopped_coming(demo_: Runner) -> None:
    def verdict(line: str, *, days_later: int = 0) -> tuple[int, str, str]:
        later = Runner(demo_.folder, now=demo_.now + timedelta(days=days_later))
        outcome = later(f"drift {BASELINE} {line} --fail-on-no-data -o json")
        return outcome.code, outcome.json["verdict"], outcome.json["reason"]

    stale = "the newest row is of 2026-11-19"
    assert verdict("--day 2025-01-01")[:2] == (5, "no data")
    assert verdict("--from 2026-12-01", days_later=20) == (5, "stale", stale)
    # drift in what there is is still drift
    assert verdict("--month 11", days_later=10)[:2] == (0, "drift")
    quiet = "--exclude bmi,bp --month 11"
    assert verdict(quiet, days_later=5) == (5, "stale", stale)
    assert verdict(quiet, days_later=2)[:2] == (0, "no drift")
    assert verdict(f"{quiet} --stale-after 7d", days_later=5)[:2] == (0, "no drift")


def test_on_a_schedule_each_day_is_checked_once(demo: Runner, tmp_path: Path) -> None:
    folder = shutil.copytree(demo.folder, tmp_path / "mlmon-demo")
    line = f"drift {BASELINE} --since-last --by day --fail-on-drift -o json"

    def days(at: datetime) -> tuple[int, list[str]]:
        outcome = Runner(folder, now=at)(line)
        return outcome.code, [each["start"][:10] for each in outcome.json.get("intervals", [])]

    first = datetime(2026, 11, 15, 6, tzinfo=UTC)
    assert days(first) == (3, [f"2026-11-{day:02}" for day in range(8, 15)])
    again = Runner(folder, now=first)(line)
    assert (again.code, again.json) == (
        0,
        {
            "schema_version": 1,
            "verdict": None,
            "reason": "nothing new: no day has ended since the last check",
            "features": [],
        },
    )
    rows = Runner(folder, now=first)(f"{line.removesuffix('json')}csv").out
    [head] = rows.splitlines()
    assert head.startswith("feature,kind,verdict,contribution,")
    assert days(first + timedelta(days=2)) == (3, ["2026-11-15", "2026-11-16"])
    # another baseline is another check
    assert Runner(folder, now=first)("drift --baseline-range 2026-01 --since-last -o json").json["verdict"] == "drift"
    # days without data yet are looked at again
    ahead = datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert days(ahead) == (3, [f"2026-11-{day}" for day in range(17, 22)])
    assert days(ahead) == (0, ["2026-11-20", "2026-11-21"])


@pytest.mark.parametrize(
    "remembered", ["9999-12-31", "9999-12-30", "2026-11-15", "no day", 99999999, 1e308, None, [[]], {"day": 1}]
)
def test_a_last_day_that_cannot_be_one_is_as_if_not_known(demo: Runner, tmp_path: Path, remembered: object) -> None:
    folder = shutil.copytree(demo.folder, tmp_path / "mlmon-demo")
    run = Runner(folder, now=datetime(2026, 11, 15, 6, tzinfo=UTC))
    line = f"drift {BASELINE} --since-last --features bmi -o json"
    first = run(line).json
    state = folder / ".mlmon/discovered.json"
    document = json.loads(state.read_text())
    [checked] = [each for key, each in document["known"].items() if key.startswith("drift ")]
    assert checked.popitem()[1] == "2026-11-14"
    state.write_text(state.read_text().replace('"2026-11-14"', json.dumps(remembered)))
    again = run(line).json
    assert again["target"] == first["target"]
    assert again["target"]["start"] == "2026-11-08T00:00:00Z"


def test_a_feature_is_explained_by_the_records_that_moved_it(demo_: Runner) -> None:
    line = f"drift-explain bmi {BASELINE} --month 10 --rows 5"
    document = demo_(f"{line} -o json").json
    assert (document["feature"], document["verdict"], document["threshold"]) == ("bmi", "drift", 0.1)
    assert sum(each["baseline_share"] for each in document["distribution"]) == pytest.approx(1)
    assert sum(each["target_share"] for each in document["distribution"]) == pytest.approx(1)
    records = document["records"]
    assert len(records) == 5
    asked = demo_("dataset --month 10 -o jsonl").jsonl
    for record in records:
        assert record["target_share"] > record["baseline_share"]
        [same] = [row for row in asked if (row["time"], row["request_id"]) == (record["time"], record["request_id"])
                  and row["bmi"] == record["bmi"] and row["age"] == record["age"]]  # fmt: skip
        assert record["progression"] == same["progression"]
    table = list(csv.DictReader(io.StringIO(demo_(f"{line} -o csv").out)))
    assert [row["request_id"] for row in table] == [record["request_id"] for record in records]
    seen = demo_(line, terminal=True).out
    assert all(title in seen for title in ("baseline, %", "target, %", records[0]["request_id"][:8]))


def test_records_of_a_file_are_explained_by_what_is_in_them(files: Runner) -> None:
    records = files("drift-explain age --baseline train.csv --target later.csv --rows 3 -o jsonl").jsonl
    assert [set(each) for each in records] == [{"age", "baseline_share", "target_share", "city"}] * 3
    known = [line.split(",")[0] for line in (files.folder / "later.csv").read_text().splitlines()[1:]]
    assert all(f"{float(each['age']):.3f}" in known for each in records)
    seen = files("drift-explain age --baseline train.csv --target later.csv --rows 3").out
    assert "\ncompared: later.csv (90 rows) with train.csv (90 rows)\n" in seen
    outcome = files("drift-explain agee --baseline train.csv --target later.csv")
    assert (outcome.code, outcome.err.splitlines()) == (
        2,
        ["error: neither side has a feature 'agee'", "hint: did you mean 'age'?"],
    )


def test_a_feature_without_data_is_explained_by_why(demo_: Runner) -> None:
    outcome = demo_(f"drift-explain bmi {BASELINE} --day 2025-01-01")
    assert outcome.out == (
        "feature: bmi\nverdict: no data\n"
        "compared: diabetes of 1 Jan 2025 (0 rows) with diabetes.csv (442 rows)\neffect: -\nthreshold: 0.1\n"
    )
    assert outcome.err.splitlines()[-1] == "there is no record to show"


def test_thresholds_are_proposed_and_can_be_pasted(files: Runner) -> None:
    proposed = files(f"drift-calibrate --baseline train.csv --rows {ROWS} -o json").json
    assert [each["feature"] for each in proposed] == ["age", "city"]
    assert all(0 < each["usual"] < each["threshold"] < 1 for each in proposed)
    seen = files(f"drift-calibrate --baseline train.csv --rows {ROWS}").out
    pasted = seen[seen.index("[drift") :]
    assert tomllib.loads(pasted)["drift"]["features"] == {
        each["feature"]: {"threshold": each["threshold"]} for each in proposed
    }
    (files.folder / "mlmon.toml").write_text(pasted)
    found = files("drift --baseline train.csv --target same.csv -o json").json
    assert found["method"]["thresholds"] == {each["feature"]: each["threshold"] for each in proposed}
    assert found["verdict"] == "no drift"
    more = files(f"drift-calibrate --baseline train.csv --rows {100 * ROWS} -o json").json
    assert all(after["threshold"] < before["threshold"] for before, after in zip(proposed, more, strict=True))


def test_the_label_is_the_last_column_that_only_the_baseline_has(demo: Runner, tmp_path: Path) -> None:
    folder = shutil.copytree(demo.folder, tmp_path / "mlmon-demo")
    (folder / "mlmon.toml").write_text('workspace = "."\nservice = "diabetes"\n')
    line = f"drift {BASELINE} --month 8 --quiet"
    outcome = Runner(folder)(f"drift {BASELINE} --month 8 -o json")
    said = [json.loads(each)["message"] for each in outcome.err.splitlines()]
    assert (
        "'progression' is taken for the label: it is in the baseline alone"
        " (--label NAME names another, --features progression compares it)"
    ) in said
    assert (outcome.json["verdict"], len(verdicts(outcome.json))) == ("no drift", 10)
    # a column that is missing elsewhere is a changed schema
    rows = [row.split(",") for row in (folder / "data/diabetes.csv").read_text().split()]
    (folder / "other.csv").write_text("\n".join(",".join([row[-1], *row[:-1]]) for row in rows))
    changed = Runner(folder)(f"{line.replace('data/diabetes.csv', 'other.csv')} -o json").json
    assert (changed["verdict"], verdicts(changed)["progression"]) == ("schema changed", "schema changed")
    named = Runner(folder)(f"{line.replace('data/diabetes.csv', 'other.csv')} --label progression -o json").json
    assert named["verdict"] == "no drift"


def test_columns_that_hardly_a_row_has_are_left_out_and_named(demo_: Runner) -> None:
    """Now and then a client of the demo's v2 deployment sends rows that are a measurement short: they have no names."""
    found = demo_(f"drift diabetes-v2/blue {BASELINE} --month 7 -o json").json
    assert found["verdict"] == "no drift"
    assert found["method"]["notes"] == [
        "Not compared, because the baseline lacks them and few rows have them: 0, 1, 2, 3, 4, 5, 6, 7, 8."
    ]


@pytest.mark.parametrize("generation", ["azure-v1", "azure-v2"])
def test_figures_can_be_those_of_azure(files: Runner, generation: str) -> None:
    written(files.folder / "train.csv", rows=300)
    written(files.folder / "later.csv", rows=300, shift=1.5, seed=5)
    found = files(f"drift --baseline train.csv --target later.csv --compat {generation} -o json --quiet").json
    assert (found["verdict"], found["method"]["compat"], found["method"]["correction"]) == ("drift", generation, "none")
    assert (found["datadrift_coefficient"] is None) == (generation == "azure-v2")


def test_a_change_is_told_once_and_a_failed_message_neither_hides_drift_nor_loses_days(
    demo: Runner, tmp_path: Path
) -> None:
    folder = shutil.copytree(demo.folder, tmp_path / "mlmon-demo")
    line = f"drift {BASELINE} --since-last --by day --fail-on-drift --alert slack"
    with receiving(Answer(400, body="no_service")) as server:
        runner = Runner(folder, {"MLMON_ALERT_SLACK_URL": server.url()})
        failed = runner(line)
        assert (failed.code, "error: the alert was not delivered by slack" in failed.err) == (3, True)
        tried = runner(f"{line} --alert-dry-run")
        assert (tried.code, len(server.posted), "alert slack: would send" in tried.err) == (3, 1, True)
        told = runner(line)
        assert (told.code, len(server.posted), "alert slack: sent" in told.err) == (3, 2, True)
        again = runner(line)
        assert (again.code, len(server.posted), again.out) == (0, 2, "")
    assert "s3cr3t" not in "".join(one.err + one.out for one in (failed, tried, told, again))


def test_what_the_model_answers_is_compared_though_it_is_called_as_the_label_is(demo_: Runner) -> None:
    line = "-o json --on predictions --month"
    before, after = (demo_(f"drift --baseline-range 2026-01 {line} {month}").json for month in ("3", "10"))
    assert (verdicts(before), verdicts(after)) == ({"progression": "no drift"}, {"progression": "drift"})
    known = demo_(f"drift {BASELINE} {line} 10").json
    assert verdicts(known) == {"progression": "drift"}
    asked = "age, sex, bmi, bp, s1, s2, s3, s4, s5, s6"
    assert f"Not compared, because predictions lack them: {asked}." in known["method"]["notes"]
    numbered = demo_(f"drift diabetes-v2/blue {BASELINE} {line} 10").json
    why = "The baseline has no column that was predicted (0): --baseline-range compares with earlier predictions."
    assert (numbered["verdict"], why in numbered["method"]["notes"]) == ("schema changed", True)
    proposed = demo_("drift-calibrate --baseline-range 2026-01 --on predictions -o json").json
    assert [each["feature"] for each in proposed] == ["progression"]


def test_columns_without_any_value_can_be_compared_as_files(files: Runner) -> None:
    for name in ("old.csv", "new.csv"):
        (files.folder / name).write_text("a,b\n1,\n2,\n")
    outcome = files("diff old.csv new.csv -o jsonl")
    assert {json.loads(each)["change"] for each in outcome.out.splitlines()} == {"same"}
