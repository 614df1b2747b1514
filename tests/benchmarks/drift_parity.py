"""Drift figures beside those of others: `python tests/benchmarks/drift_parity.py GOLDEN.jsonl [--data FOLDER]`.

Each line of the file is one figure that another program gives or publishes: `metric`, `inputs`, `expected`, `rtol` and
`atol` (one that is missing is 0). Prints how many mlmon passes and fails, by family and metric, and those that it does
not offer. FOLDER has the tables that NannyML 0.13.1 is bundled with; without it pip fetches that wheel, and nothing of
it is installed. Exits with 1 where a figure fails.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

from mlmon.drift import coefficient, counted, distances, significance
from mlmon.drift.compat import azure_v1, azure_v2
from mlmon.drift.keys import Floats
from mlmon.drift.summary import Categories, Numbers, summary_of_categories, summary_of_numbers

WHEEL: Final = "nannyml==0.13.1"
NAMES: Final = {"car_loan": "synthetic_car_loan", "ma_employment": "employment_MA"}
NO_FEATURES: Final = {
    *("id", "timestamp", "period", "year", "repaid", "employed", "clf_target"),
    *("y_pred", "y_pred_proba", "prediction", "predicted_probability"),
}
NOT_OFFERED: Final = {
    "hellinger_cat": "Hellinger distance",
    "hellinger_doane": "Hellinger distance",
    "hellinger_equalwidth": "Hellinger distance",
    "l_infinity": "L-infinity distance",
    "cramers_v_bias_corrected": "Cramér's V",
    "psi_nosmooth_equalwidth": "PSI without smoothing",
    "wasserstein_over_pooled_range": "Wasserstein distance over the pooled range",
}
TRUTH: Final[Mapping[Any, float]] = {"True": 1.0, "False": 0.0}
Values: TypeAlias = Floats | list[str]
Pair: TypeAlias = tuple[Values, Values]


@dataclass(frozen=True)
class Record:
    """One figure of another program."""

    name: str
    family: str
    metric: str
    inputs: Mapping[str, Any]
    expected: float | list[float]
    rtol: float
    atol: float


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("golden", type=Path)
    parser.add_argument("--data", type=Path, help="a folder with NannyML's bundled tables")
    asked = parser.parse_args()
    records = [record(json.loads(line)) for line in asked.golden.read_text().splitlines() if line.strip()]
    with tempfile.TemporaryDirectory() as folder:
        tables = Tables(asked.data or fetched(Path(folder)))
        failed = report(records, tables)
    return 1 if failed else 0


def report(records: Sequence[Record], tables: Tables) -> int:
    """How many failed."""
    tallies: dict[tuple[str, str], Counter[str]] = {}
    failures = []
    for each in records:
        tally = tallies.setdefault((each.family, each.metric), Counter())
        if each.metric in NOT_OFFERED:
            tally["not offered"] += 1
            continue
        ours = FIGURES[each.metric](each.inputs, tables)
        close = np.allclose(ours, each.expected, rtol=each.rtol, atol=each.atol)
        tally["passed" if close else "failed"] += 1
        if not close:
            failures.append(f"{each.name}: {ours} instead of {each.expected}")
    columns = ("passed", "failed", "not offered")
    print(f"{'family':12}{'metric':34}" + "".join(f"{column:>13}" for column in columns))
    for (family, metric), tally in sorted(tallies.items()):
        note = f"  {NOT_OFFERED[metric]}" if metric in NOT_OFFERED else ""
        print(f"{family:12}{metric:34}" + "".join(f"{tally[column]:13}" for column in columns) + note)
    whole = sum(tallies.values(), Counter())
    print(f"{'all':46}" + "".join(f"{whole[column]:13}" for column in columns))
    print(*failures, sep="\n")
    return whole["failed"]


def record(line: Mapping[str, Any]) -> Record:
    family = str(line["id"]).partition("/")[0]
    tolerances = (float(line.get(name) or 0.0) for name in ("rtol", "atol"))
    return Record(line["id"], family, line["metric"], line["inputs"], line["expected"], *tolerances)


def fetched(folder: Path) -> Path:
    """NannyML's tables, out of its wheel."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", WHEEL, "-d", str(folder)]
    subprocess.run(pip, check=True)
    with zipfile.ZipFile(next(folder.glob("nannyml-*.whl"))) as wheel:
        for name in wheel.namelist():
            if name.startswith("nannyml/datasets/data/"):
                (folder / Path(name).name).write_bytes(wheel.read(name))
    return folder


class Tables:
    """Bundled tables by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = cache(self._load)

    def _load(self, file: str) -> pd.DataFrame:
        path = self._folder / file
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)

    def sides(self, dataset: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The baseline and all of the target of a data set by NannyML's name for it."""
        both = []
        for side in ("reference", "analysis"):
            name = f"{NAMES.get(dataset, dataset)}_{side}"
            both.append(
                self._read(next(f"{name}{end}" for end in (".csv", ".pq") if (self._folder / f"{name}{end}").exists()))
            )
        return both[0], both[1]

    def pair(self, inputs: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The two tables that a record names, in whichever way it does."""
        name = str(inputs["dataset"])
        if "target_file" in inputs:
            first, last = inputs["rows"]
            return self._read(name.removeprefix("nannyml wheel: ")), self._read(inputs["target_file"])[first:last]
        if name.startswith("sklearn"):
            return of_sklearn(name)
        known = ("california_housing", "employment_MA")
        baseline, target = self.sides(next((each for each in known if each in name), "car_loan"))
        if name.startswith("car loan reference first half"):
            return baseline[: len(baseline) // 2], baseline[len(baseline) // 2 :]
        _, _, rows = name.partition("analysis[")
        first, last = (int(part) for part in rows.rstrip("]").split(":")) if rows else (0, len(target))
        return baseline, target[first:last]


def of_sklearn(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two parts of one of scikit-learn's tables."""
    from sklearn import datasets

    bundle = (datasets.load_wine if "wine" in name else datasets.load_iris)(as_frame=True)
    table, label = bundle.data, bundle.target
    if "even vs odd" in name:
        return table[::2], table[1::2]
    of = {"class 0 vs 1,2": ([0], [1, 2]), "class 1 vs 2": ([1], [2]), "class 0 vs 1": ([0], [1])}
    one, other = next(classes for words, classes in of.items() if name.endswith(words))
    return table[label.isin(one)], table[label.isin(other)]


def pair(inputs: Mapping[str, Any], tables: Tables) -> Pair:
    """Both sides' values."""
    if "dataset" in inputs:
        baseline, target = tables.pair(inputs)
        return column(baseline[inputs["column"]]), column(target[inputs["column"]])
    if "gen_seq" in inputs:
        seed, _, _ = str(inputs["gen_seq"]).partition(";")
        made = drawn(seed, inputs["steps"])
        return made[0], made[1]
    if "baseline_counts" in inputs:
        one, other = (Counter(inputs[f"{side}_counts"]).elements() for side in ("baseline", "target"))
        return list(one), list(other)
    one, other = (weighted(inputs[side], inputs.get(f"{side}_weights")) for side in ("baseline", "target"))
    return one, other


def drawn(seed: str, steps: Sequence[str], names: Mapping[str, Any] | None = None) -> list[Values]:
    """What calls of `np.random` draw, one after the other."""
    state = np.random.RandomState()
    called(state, seed, {})
    made = [np.asarray(called(state, step.strip(), names or {})) for step in steps]
    return [each.astype(float) if each.dtype.kind in "if" else [str(value) for value in each] for each in made]


def called(state: np.random.RandomState, text: str, names: Mapping[str, Any]) -> Any:
    """One call, such as `np.random.normal(mean,1,100)`: its arguments are names and plain values, nothing else."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    assert call.func.attr in {"seed", "normal", "choice"}, text
    given = [names[arg.id] if isinstance(arg, ast.Name) else ast.literal_eval(arg) for arg in call.args]
    return getattr(state, call.func.attr)(*given)


def weighted(values: Any, weights: Sequence[int] | None) -> Values:
    if isinstance(values, Mapping):
        seed, _, step = str(values["gen"]).partition(";")
        return drawn(seed, [step], values)[0]
    return np.repeat(np.asarray(values, float), weights if weights else 1)


def column(values: pd.Series[Any]) -> Values:
    if values.dtype.kind in "if":
        return values.to_numpy(float)
    return [str(value) for value in values]


def as_numbers(values: Values) -> Floats:
    """Codes of categories are numbers to Azure's first generation, and so is what is true or false."""
    return np.array([TRUTH.get(value, value) for value in values], float)


def numbers(values: Values) -> Numbers:
    """Exact, whatever its size."""
    assert isinstance(values, np.ndarray)
    return summary_of_numbers(values, cap=values.size)


def summary(values: Values) -> Numbers | Categories:
    return numbers(values) if isinstance(values, np.ndarray) else summary_of_categories(Counter(values))


Figures: TypeAlias = Callable[[Mapping[str, Any], Tables], Any]


def of_pair(figure: Callable[[Values, Values], float]) -> Figures:
    """A figure of two samples, or of each of a record's chunks."""

    def given(inputs: Mapping[str, Any], tables: Tables) -> Any:
        if "chunk_start" not in inputs:
            return figure(*pair(inputs, tables))
        baseline, target = tables.sides(str(inputs["dataset"]).removeprefix("nannyml wheel: "))
        one, other = column(baseline[inputs["column"]]), column(target[inputs["column"]])
        chunks = zip(inputs["chunk_start"], inputs["chunk_end"], strict=True)
        return [figure(one, other[first : last + 1]) for first, last in chunks]

    return given


def azure_counts(one: Values, other: Values) -> counted.Counted:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return azure_v2.counted(one, other)
    return azure_v2.counted_categories(Counter(one), Counter(other))


def chi_squared(one: Values, other: Values) -> tuple[float, float]:
    both = azure_v2.counted_categories(Counter(one), Counter(other))
    return significance.contingency(both.baseline, both.target)


def sample(table: pd.DataFrame, names: Sequence[str]) -> coefficient.Sample:
    return {name: column(table[name]) for name in names}


def coefficient_v1(inputs: Mapping[str, Any], tables: Tables) -> float:
    baseline, target = tables.pair(inputs)
    names = [name for name in baseline if name in target and name not in NO_FEATURES]
    told = azure_v1.tell_apart(sample(baseline, names), sample(target, names))
    return told.coefficient.value if told else float("nan")


def auroc(inputs: Mapping[str, Any], tables: Tables) -> float:
    baseline, target = (sample(side, inputs["columns"]) for side in tables.pair(inputs))
    told = coefficient.tell_apart(baseline, target)
    return told.coefficient.auc if told else float("nan")


FIGURES: Final[Mapping[str, Figures]] = {
    "wasserstein_distance": of_pair(lambda one, other: distances.wasserstein(numbers(one), numbers(other)).value),
    "energy_distance": of_pair(lambda one, other: distances.energy(numbers(one), numbers(other)).value),
    "ks_statistic": of_pair(lambda one, other: distances.kolmogorov_smirnov(numbers(one), numbers(other)).value),
    "js_doane_base2": of_pair(
        lambda one, other: distances.jensen_shannon(summary(one), summary(other), bins=counted.Bins.DOANE).value
    ),
    "jensen_shannon_distance": of_pair(lambda one, other: distances.jensen_shannon_of(azure_counts(one, other)).value),
    "population_stability_index": of_pair(
        lambda one, other: azure_v2.population_stability(azure_counts(one, other), (len(one), len(other)))
    ),
    "normalized_wasserstein_distance": of_pair(azure_v2.normalized_wasserstein),
    "ks_pvalue": of_pair(azure_v2.kolmogorov_smirnov_p),
    "chi2_pvalue_azure": of_pair(lambda one, other: azure_v2.chi_squared_p(azure_counts(one, other))),
    "chi2_pvalue_gof": of_pair(lambda one, other: azure_v2.chi_squared_p(azure_counts(one, other))),
    "chi2_statistic": of_pair(lambda one, other: chi_squared(one, other)[0]),
    "chi2_contingency": of_pair(chi_squared),
    "wasserstein_distance_v1": of_pair(lambda one, other: azure_v1.wasserstein(as_numbers(one), as_numbers(other))),
    "energy_distance_v1": of_pair(lambda one, other: azure_v1.energy(as_numbers(one), as_numbers(other))),
    "datadrift_coefficient": coefficient_v1,
    "classifier_auc": auroc,
}


if __name__ == "__main__":
    sys.exit(main())
