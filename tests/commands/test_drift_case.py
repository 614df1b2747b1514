"""`Age` and `age` are two features in every command about drift, though DuckDB takes them for one name."""

from __future__ import annotations

import json

import pytest

from running import Runner

LINES = [{"Age": 20 + at % 40, "age": 1000 + at % 7, "city": "AB"[at % 2]} for at in range(120)]
MOVED = [{**each, "age": each["age"] + 5} for each in LINES]


@pytest.fixture
def cased(churn: Runner) -> Runner:
    """The same rows as csv and as JSON lines, others in which `age` has moved, and these as collected data of v1."""
    for name, rows in (("train", LINES), ("later", MOVED)):
        (churn.folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
        (churn.folder / f"{name}.csv").write_text(csv_of(rows))
    below = (
        churn.folder / "blobs/modeldata/00000000-0000-0000-0000-000000000000/local/ws/churn/churn/1/inputs/2026/03/01"
    )
    below.mkdir(parents=True)
    head, *rows = csv_of(MOVED).splitlines()
    meta = [f"2026-03-01T08:{at // 60:02}:{at % 60:02},c{at},r{at}" for at in range(len(rows))]
    lines = [f"{one},{row}" for one, row in zip(meta, rows, strict=True)]
    (below / "data.csv").write_text("\n".join([f"$Timestamp,$CorrelationId,$RequestId,{head}", *lines, ""]))
    return churn


def csv_of(rows: list[dict[str, object]]) -> str:
    return "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows), ""])


@pytest.mark.parametrize(
    "sides",
    ["--target later.csv", "--target later.jsonl", "--month 3"],
    ids=["csv", "jsonl", "collected"],
)
@pytest.mark.parametrize("baseline", ["train.csv", "train.jsonl"])
def test_only_the_one_that_moved_has_drifted(cased: Runner, baseline: str, sides: str) -> None:
    document = cased(f"drift --baseline {baseline} {sides} -o json").json
    assert {each["feature"]: each["verdict"] for each in document["features"]} == {
        "age": "drift",
        "Age": "no drift",
        "city": "no drift",
    }


@pytest.mark.parametrize("sides", ["--target later.jsonl", "--month 3"])
@pytest.mark.parametrize("feature", ["age", "Age"])
def test_each_is_explained_by_its_own_values(cased: Runner, sides: str, feature: str) -> None:
    document = cased(f"drift-explain {feature} --baseline train.csv {sides} -o json").json
    assert (document["feature"], document["verdict"]) == (feature, {"age": "drift", "Age": "no drift"}[feature])
    least = {"age": 1000, "Age": 0}[feature]
    own = {feature, f"inputs.{feature}", f"inputs.{feature}_2"}
    shown = [float(value) for row in document["records"] for name, value in row.items() if name in own]
    assert all(least <= value < least + 1000 for value in shown)
    assert len(shown) == len(document["records"])
    assert shown or feature == "Age"


def test_a_difference_of_files_tells_them_apart(cased: Runner) -> None:
    rows = [json.loads(each) for each in cased("diff train.jsonl later.csv -o jsonl").out.splitlines()]
    changed = {each["column"] for each in rows if each["change"] == "values changed" and each.get("column")}
    assert changed == {"age"}
