"""The demo: what it makes, how it is made again, and the walk."""

from __future__ import annotations

import json
import shutil
import statistics
from datetime import timedelta
from pathlib import Path

import pytest

from running import NOW, Runner


def test_what_is_in_a_demo(demo: Runner) -> None:
    assert sorted(path.name for path in demo.folder.iterdir() if not path.name.startswith(".")) == [
        "blobs",
        "data",
        "logs",
        "mlmon.toml",
        "rows.json",
        "scripts",
        "telemetry",
        "workspace.toml",
    ]
    assert sum(path.stat().st_blocks * 512 for path in demo.folder.rglob("*")) < 60e6
    assert (demo.folder / "data" / "diabetes.csv").read_text().count("\n") == 1 + 442


def test_both_services_are_on_and_busy(demo: Runner) -> None:
    rows = demo("status -o json").json
    assert [(row["service"], row["generation"], row["collection"], row["insights"]) for row in rows] == [
        ("diabetes", "v1", True, True),
        ("diabetes-v2/blue", "v2", True, True),
    ]
    assert all(row["requests"] > 0 and row["newest_data"].startswith("2026-11-19") for row in rows)


def test_thirteen_months_without_a_gap_and_some_failures(demo: Runner) -> None:
    for service in ("diabetes", "diabetes-v2/blue"):
        listed = demo(f"ls {service} -o json").json
        assert listed["days"] == 396
        assert listed["blobs"][0]["day"] == "2025-10-20"
        assert listed["blobs"][-1]["day"] == "2026-11-19"
    rows = demo(["query", "requests | summarize n=count(), bad=countif(success == false) by cloud_RoleName"]).jsonl
    assert all(0.005 < row["bad"] / row["n"] < 0.04 for row in rows)


def test_two_features_rise_from_the_day_that_the_demo_names(demo: Runner, tmp_path: Path) -> None:
    def means(start: str, end: str) -> dict[str, float]:
        pulled = demo(
            f"pull diabetes-v2 --collection inputs --from {start} --to {end} --to-dir {tmp_path / start} -o json"
        )
        rows = [
            row
            for one in pulled.json
            for line in (tmp_path / start / one["path"]).read_text().splitlines()
            for row in json.loads(line)["data"]
            if isinstance(row, dict) and len(row) == 10
        ]
        return {key: statistics.fmean(row[key] for row in rows) for key in rows[0]}

    before, after = means("2026-06-21", "2026-09-21"), means("2026-09-21", "2026-11-20")
    spread = {"age": 13.1, "bmi": 4.4, "bp": 13.8, "s1": 34.6, "s2": 30.4, "s3": 12.9, "s6": 11.5}
    moved = {key: round((after[key] - before[key]) / by, 1) for key, by in spread.items()}
    assert {key for key, by in moved.items() if by > 0.45} == {"bmi", "bp"}
    assert all(abs(by) < 0.25 for key, by in moved.items() if key not in {"bmi", "bp"})


def test_two_demos_of_one_day_are_alike(demo: Runner, tmp_path: Path) -> None:
    later = Runner(tmp_path, now=NOW + timedelta(hours=5))
    assert later("demo -o json --quiet").code == 0

    def content(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert content(tmp_path / "mlmon-demo") == content(demo.folder)


def test_an_existing_folder_is_refused_unless_forced(demo: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "mlmon-demo"
    folder.mkdir()
    (folder / "mine.txt").write_text("keep")
    mlmon = Runner(tmp_path)
    refused = mlmon("demo")
    assert (refused.code, refused.err) == (
        2,
        f"error: {folder} exists\nhint: --force makes a demo that is there anew; or name another folder\n",
    )
    assert mlmon("demo --force").code == 2  # what is there is no demo
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_forced_it_is_made_anew_and_what_was_in_it_is_gone(demo: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "mlmon-demo"
    mlmon = Runner(tmp_path)
    shutil.copytree(demo.folder, folder)
    (folder / "telemetry" / "stray.jsonl").write_text("{}\n")
    forced = mlmon("demo --force -o json")
    assert forced.code == 0
    assert not (folder / "telemetry" / "stray.jsonl").exists()
    assert forced.json["services"] == ["diabetes", "diabetes-v2/blue"]
    assert forced.json["drift_day"] == "2026-09-21"
    assert forced.json["drifted"] == ["bmi", "bp"]


def test_the_walk_shows_each_command_and_its_output(mlmon: Runner) -> None:
    outcome = mlmon("demo try")
    lines = outcome.out.splitlines()
    commands = [line for line in lines if line.startswith("$ ")]
    assert outcome.code == 0
    assert commands[:9] == [
        "$ cd try",
        "$ mlmon status",
        "$ mlmon disable-collection --yes",
        "$ mlmon enable-collection --yes",
        "$ mlmon logs -n 5",
        "$ mlmon traces --where input --limit 3",
        "$ mlmon query 'requests | summarize requests=count(), failed=countif(success == false) by cloud_RoleName'",
        "$ mlmon ls --day yesterday",
        "$ mlmon pull --month 3",
    ]
    at = lines.index("$ mlmon disable-collection --yes")
    assert lines[at + 1 : at + 4] == ["collection of diabetes is now off", "collection: on -> off", "changed: true"]
    at = lines.index("$ mlmon pull --month 3")
    assert lines[at + 1].startswith("fetched 62 files, ")
    assert all(row["collection"] for row in mlmon.at(mlmon.folder / "try")("status -o json").json)
    assert "error" not in outcome.err
    # what it says comes next does what it says
    at = lines.index("$ mlmon drift --baseline data/diabetes.csv --from 2026-09-21")
    assert lines[at + 1] == "    compares what came since then with the training data: bmi and bp have drifted"
    found = mlmon.at(mlmon.folder / "try")(f"{lines[at].removeprefix('$ mlmon ')} --features age,bmi,bp -o json").json
    assert {each["feature"] for each in found["features"] if each["verdict"] == "drift"} == {"bmi", "bp"}


@pytest.mark.parametrize("failing", ["blocked/demo"])
def test_where_nothing_can_be_made(mlmon: Runner, failing: str) -> None:
    (mlmon.folder / "blocked").write_text("a file")
    outcome = mlmon(f"demo {failing}")
    assert outcome.code == 1
    assert outcome.err.startswith("error: ")
    assert sorted(path.name for path in mlmon.folder.iterdir()) == ["blocked"]


def test_variables_do_not_turn_the_walk_to_another_workspace(churn: Runner) -> None:
    """Its switches would be switched there."""
    before = (churn.folder / "workspace.toml").read_bytes()
    outcome = churn.at(churn.folder.parent, MLMON_WORKSPACE="./ws", MLMON_SERVICE="churn", MLMON_OUTPUT="json")
    assert outcome("demo x -o table").code == 0
    assert (churn.folder / "workspace.toml").read_bytes() == before
