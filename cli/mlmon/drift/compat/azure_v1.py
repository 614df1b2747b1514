"""The figures of Azure Machine Learning's first dataset monitors (2019 to 2025), as `--compat azure-v1` gives them.

What they were is told by https://learn.microsoft.com/azure/machine-learning/v1/how-to-monitor-datasets and by the
figures of the packages azureml-datadrift and azureml-core; nothing here is taken from their source. Done as there:

- The datadrift coefficient is the Matthews correlation of LightGBM (https://lightgbm.readthedocs.io) with its defaults,
  0.5 being the line, on the half of the rows that it was not trained on. Sides stay as unequal as they are: the same
  shift gives 0.02 with 10 000 rows against 1 000 and 0.19 with 10 000 against 10 000. It lies between -1 and 1.
- datadrift_contribution is how often trees split by a feature. Those of many values are split by most, drift or none.
- The Wasserstein and energy distance are of values rounded to three decimals, in the feature's own unit: features whose
  values are all smaller than 0.0005 never drift.
- A feature is a category where the baseline has no more different values than one in twenty rows, nor than 100. Other
  texts are left out. Numbers of which 15 of 100 are missing on a side are left out; where fewer are, the classifier is
  given the baseline's mean instead. The distances are of the values that are there.
- Only the whole is judged: drift is a coefficient above the threshold, 0.2 by default, be it chance or not.

AUC, band and p-value beside the coefficient are mlmon's own: they tell whether it is chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mlmon.core.errors import UsageError
from mlmon.drift import distances
from mlmon.drift.checking import DEFAULTS, Options, profile_of
from mlmon.drift.coefficient import Column, Sample, Told, coefficient_of
from mlmon.drift.keys import Floats, Ints
from mlmon.drift.result import ENERGY, WASSERSTEIN, FeatureDrift, Interval, Metric, Verdict
from mlmon.drift.showing import histogram_of
from mlmon.drift.summary import Numbers, Summary, summary_of_categories, summary_of_numbers

if TYPE_CHECKING:
    from lightgbm import LGBMClassifier

SEED: Final = 33
"""That of the later releases; the first ones had none."""
_DECIMALS: Final = 3
_MOST_CATEGORIES: Final = 100
_CATEGORIES_A_ROW: Final = 0.05
_MOST_MISSING: Final = 0.15
_NO_VALUE: Final = "__null__"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Both sides of a feature as the classifier is given them."""

    baseline: Floats
    target: Floats
    category: bool


def available() -> bool:
    """Whether LightGBM and scikit-learn are installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("lightgbm", "sklearn"))


def interval(baseline: Sample, target: Sample, options: Options = DEFAULTS) -> Interval:
    """What such a monitor says of two tables.

    Raises:
        UsageError: LightGBM is not installed.
    """
    rows = _rows(target)
    if not (rows and _rows(baseline)):
        return Interval(None, rows, Verdict.NO_DATA, (), reason="there are no rows to compare")
    told = tell_apart(baseline, target)
    shares = told.contributions if told else {}
    common = [name for name in baseline if name in target and _is_number(baseline[name]) == _is_number(target[name])]
    features = tuple(_feature(name, baseline[name], target[name], shares.get(name)) for name in common)
    if told is None:
        few = "too few rows or no features for a classifier"
        return Interval(None, rows, Verdict.NOT_ENOUGH_DATA, features, reason=few)
    drifted = told.coefficient.value > options.coefficient_threshold
    return Interval(None, rows, Verdict.DRIFT if drifted else Verdict.NO_DRIFT, features, told.coefficient)


def wasserstein(baseline: Floats, target: Floats) -> float:
    """The area between both distributions of the values that are there, rounded to three decimals."""
    return distances.wasserstein(_rounded(baseline), _rounded(target)).value


def energy(baseline: Floats, target: Floats) -> float:
    """The energy distance of the same."""
    return distances.energy(_rounded(baseline), _rounded(target)).value


def tell_apart(baseline: Sample, target: Sample, *, seed: int = SEED) -> Told | None:
    """Train on one half, ask about the other; contributions are shares of all splits. None where nothing can be halved.

    Raises:
        UsageError: LightGBM is not installed.
    """
    prepared = {name: _prepared(baseline[name], target[name]) for name in baseline if name in target}
    features = {name: both for name, both in prepared.items() if both is not None}
    if not features or min(_rows(baseline), _rows(target)) < 2:  # each half needs one of either side
        return None
    table = np.column_stack([np.concatenate((both.baseline, both.target)) for both in features.values()])
    labels = np.repeat(np.array([0, 1]), (_rows(baseline), _rows(target)))
    model, trained, held = _classifier(labels, seed)
    categories = [at for at, both in enumerate(features.values()) if both.category]
    model.fit(table[trained], labels[trained], categorical_feature=categories)
    scores: Floats = np.asarray(model.predict_proba(table[held]))[:, 1]
    splits = np.asarray(model.feature_importances_, np.float64)
    shares = splits / max(float(splits.sum()), 1.0)
    coefficient = coefficient_of(scores, labels[held], np.random.default_rng(seed), seed)
    return Told(coefficient, dict(zip(features, shares.tolist(), strict=True)))


def _classifier(labels: Ints, seed: int) -> tuple[LGBMClassifier, Ints, Ints]:
    """A classifier, and the rows that it is to learn from and to be asked about."""
    try:
        from lightgbm import LGBMClassifier  # why here: an extra, as what follows is
        from sklearn.model_selection import StratifiedShuffleSplit
    except ImportError:
        hint = "pip install 'mlmon[lightgbm]'"
        raise UsageError("the coefficient of Azure's first monitors needs LightGBM", hint=hint) from None
    halves = StratifiedShuffleSplit(n_splits=1, test_size=0.5, random_state=seed)
    trained, held = next(halves.split(np.zeros((labels.size, 1)), labels))
    return LGBMClassifier(n_jobs=1, verbose=-1), trained, held


def _prepared(baseline: Column, target: Column) -> _Prepared | None:
    """None of a feature that is left out."""
    if _is_number(baseline) != _is_number(target):
        return None
    if _is_category(baseline):
        one, other = _codes(baseline, target)
        return _Prepared(one, other, category=True)
    if not (isinstance(baseline, np.ndarray) and isinstance(target, np.ndarray)):
        return None
    missing = [float(np.mean(~np.isfinite(side))) for side in (baseline, target)]
    if max(missing) >= _MOST_MISSING:
        return None
    mean = float(np.mean(baseline[np.isfinite(baseline)]))
    one, other = (np.where(np.isfinite(side), side, mean) for side in (baseline, target))
    return _Prepared(one, other, category=False)


def _is_category(baseline: Column) -> bool:
    values = baseline[np.isfinite(baseline)].tolist() if isinstance(baseline, np.ndarray) else baseline
    distinct = {value for value in values if value is not None}
    return len(distinct) <= min(_CATEGORIES_A_ROW * len(baseline), _MOST_CATEGORIES)


def _codes(baseline: Column, target: Column) -> tuple[Floats, Floats]:
    """Both sides' values as places in their common order."""
    sides = [_named(baseline), _named(target)]
    places = {value: float(at) for at, value in enumerate(sorted({value for side in sides for value in side}))}
    one, other = (np.array([places[value] for value in side]) for side in sides)
    return one, other


def _named(column: Column) -> list[tuple[float, str]]:
    """Numbers by their size, texts by the alphabet."""
    if isinstance(column, np.ndarray):
        return [(value, "") if np.isfinite(value) else (0.0, _NO_VALUE) for value in column.tolist()]
    return [(0.0, _NO_VALUE if value is None else value) for value in column]


def _feature(name: str, baseline: Column, target: Column, share: float | None) -> FeatureDrift:
    one, other = _summary(baseline), _summary(target)
    return FeatureDrift(
        name,
        "number" if isinstance(one, Numbers) else "category",
        Verdict.NO_DRIFT,
        _metrics(baseline, target),
        contribution=share,
        reason="Azure's first monitors judged the whole, not each feature",
        baseline=profile_of(one),
        target=profile_of(other),
        histogram=histogram_of(one, other),
    )


def _metrics(baseline: Column, target: Column) -> Mapping[str, Metric]:
    if not (isinstance(baseline, np.ndarray) and isinstance(target, np.ndarray)):
        return {}
    return {WASSERSTEIN: Metric(wasserstein(baseline, target)), ENERGY: Metric(energy(baseline, target))}


def _rounded(numbers: Floats) -> Numbers:
    rounded = np.around(numbers[np.isfinite(numbers)], _DECIMALS)
    return summary_of_numbers(rounded, cap=max(rounded.size, 1))


def _summary(column: Column) -> Summary:
    if isinstance(column, np.ndarray):
        return summary_of_numbers(column)
    counts: dict[str, int] = {}
    for value in column:
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    return summary_of_categories(counts, nulls=len(column) - sum(counts.values()))


def _is_number(column: Column) -> bool:
    return isinstance(column, np.ndarray)


def _rows(sample: Sample) -> int:
    return len(next(iter(sample.values()), ()))
