"""The datadrift coefficient: how well a classifier tells the target's rows from the baseline's.

It sees what no feature shows by itself, such as a correlation that turned. Gradient boosting on binned values
(https://scikit-learn.org/stable/modules/ensemble.html#histogram-based-gradient-boosting) is trained on one half of the
rows and asked about the other; the coefficient is the Matthews correlation there (Matthews 1975,
https://doi.org/10.1016/0005-2795(75)90109-9), as Azure Machine Learning's first dataset monitors had it. Both sides are
of one size here, because that correlation is smaller the more unequal they are. What chance can do is found by dealing
the labels of the held-out rows anew (Fisher's permutation test); the classifier is not trained again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mlmon.core.errors import UsageError
from mlmon.drift.copies import kin
from mlmon.drift.keys import Floats, Ints
from mlmon.drift.result import Coefficient

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

ROWS: Final = 10_000
"""So many rows of each side are looked at, at most."""
FEWEST: Final = 100
"""With fewer rows on a side there is nothing to learn from."""
_DRAWS: Final = 999
_LARGEST: Final = 1e307
"""Scikit-learn adds two numbers to find the middle between them."""
_REPEATS: Final = 3
_SHUFFLED: Final = 4_000
"""So many of the held-out rows are enough to see what a feature adds."""
CATEGORIES_TOLD: Final = 250
"""Scikit-learn takes 255 categories a feature; rarer ones are one category."""

Column = Floats | Sequence[str | None]
Sample = Mapping[str, Column]
"""Rows by feature: numbers as floats (NaN where there is none), categories as texts. All columns are of one length."""


@dataclass(frozen=True, slots=True)
class Told:
    """A coefficient, and each feature's share of it (they add up to 1, or are all 0 where nothing tells)."""

    coefficient: Coefficient
    contributions: Mapping[str, float]


def available() -> bool:
    """Whether scikit-learn is installed."""
    from importlib.util import find_spec

    return find_spec("sklearn") is not None


def tell_apart(baseline: Sample, target: Sample, *, seed: int = 0, shares_of_chance: bool = True) -> Told | None:
    """Train on one half, ask about the other. None where a side has fewer than `FEWEST` rows or no feature is common.

    The same rows in the same order and the same seed give the same figures. Contributions take three times as long as
    the coefficient: without `shares_of_chance` there are none where it is no more than chance.

    Raises:
        UsageError: scikit-learn is not installed.
    """
    names = [name for name in baseline if name in target and _alike(baseline[name], target[name])]
    size = min(_length(baseline), _length(target), ROWS)
    if not names or size < FEWEST:
        return None
    random = np.random.default_rng(seed)
    sides = [_rows(sample, names, random, size) for sample in (baseline, target)]
    table, categorical = _encoded(names, sides)
    labels = np.repeat(np.array([0, 1]), size)
    trained, held = _apart(table, random) or _halves(labels, random)
    table[:, np.isnan(table[trained]).all(axis=0)] = 0.0  # scikit-learn finds no bins for nothing
    model = _classifier(categorical, seed)
    truth = labels[held]
    with _one_thread():
        model.fit(table[trained], labels[trained])
        scores = model.predict_proba(table[held])[:, 1]
        found = coefficient_of(scores, truth, random, seed)
        if found.within_chance and not shares_of_chance:
            return Told(found, {})
        some = random.permutation(held.size)[:_SHUFFLED]
        return Told(found, _contributions(model, names, table[held[some]], truth[some], random))


def matthews(truth: Ints, told: Ints) -> float:
    """Matthews correlation of two rows of 0 and 1; 0 where either is constant."""
    right, wrong = truth == told, truth != told
    tp, tn = float(np.sum(right & (told == 1))), float(np.sum(right & (told == 0)))
    fp, fn = float(np.sum(wrong & (told == 1))), float(np.sum(wrong & (told == 0)))
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / float(np.sqrt(margins)) if margins else 0.0


def area(truth: Ints, scores: Floats) -> float:
    """The area under the ROC curve: how often a target's row scores above a baseline's, ties half."""
    return _area(truth, _ranks(scores))


def coefficient_of(scores: Floats, truth: Ints, random: np.random.Generator, seed: int) -> Coefficient:
    """What scores of held-out rows say, and what they would say of labels dealt by chance."""
    told = (scores > 0.5).astype(np.int64)
    mcc, auc = matthews(truth, told), area(truth, scores)
    ranks, ones = _ranks(scores), int(truth.sum())
    correlations, areas = [], []
    for _ in range(_DRAWS):
        dealt = np.zeros_like(truth)
        dealt[random.permutation(truth.size)[:ones]] = 1
        correlations.append(matthews(dealt, told))
        areas.append(_area(dealt, ranks))
    low, high = (float(each) for each in np.quantile(correlations, (0.025, 0.975)))
    reached = sum(each >= auc for each in areas)
    p = (1 + reached) / (1 + _DRAWS) if reached else min(1 / (1 + _DRAWS), _beyond(auc, ranks, ones))
    return Coefficient(mcc, mcc, auc, (low, high), p, len(truth), seed)


def _beyond(auc: float, ranks: Floats, ones: int) -> float:
    """How often chance does as well where no draw did: rank sums are normal, with the variance that ties leave."""
    zeros = ranks.size - ones
    # the mean of `ones` ranks drawn without putting back, over the `zeros` that the area divides by
    variance = float(np.var(ranks, ddof=1)) / ones * (zeros / ranks.size) / zeros**2
    return erfc((auc - 0.5) / sqrt(2 * variance)) / 2 if variance else 1.0


def _ranks(scores: Floats) -> Floats:
    """Each score's place from 1, ties in the middle of theirs."""
    _, where, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[where]
    return ranks


def _area(truth: Ints, ranks: Floats) -> float:
    """Mann and Whitney's rank sum, as a share of what it can be."""
    ones = int(truth.sum())
    return float((truth @ ranks - ones * (ones + 1) / 2) / (ones * (truth.size - ones)))


def _contributions(
    model: HistGradientBoostingClassifier,
    names: Sequence[str],
    held: Floats,
    truth: Ints,
    random: np.random.Generator,
) -> Mapping[str, float]:
    """What the area loses when one feature's values are dealt anew, as shares of all that is lost."""
    whole = area(truth, model.predict_proba(held)[:, 1])
    lost = []
    for at in range(len(names)):
        falls = []
        for _ in range(_REPEATS):
            shuffled = held.copy()
            shuffled[:, at] = random.permutation(shuffled[:, at])
            falls.append(whole - area(truth, model.predict_proba(shuffled)[:, 1]))
        lost.append(max(0.0, float(np.mean(falls))))
    total = sum(lost)
    return {name: each / total if total else 0.0 for name, each in zip(names, lost, strict=True)}


def _classifier(categorical: Sequence[bool], seed: int) -> HistGradientBoostingClassifier:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier  # why here: it takes a second, and is an extra
    except ImportError:
        raise UsageError("the datadrift coefficient needs scikit-learn", hint="pip install 'mlmon[drift]'") from None
    return HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=31, categorical_features=list(categorical), early_stopping=False, random_state=seed
    )


def _one_thread() -> AbstractContextManager[object]:
    """Threads of OpenMP wait by spinning: on a busy machine they cost ten times what they bring."""
    from threadpoolctl import threadpool_limits  # why here: it comes with scikit-learn

    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="openmp")
    return limits


def _rows(sample: Sample, names: Sequence[str], random: np.random.Generator, size: int) -> list[NDArray[Any]]:
    """So many rows, chosen by chance."""
    chosen = random.permutation(_length(sample))[:size]
    return [np.asarray(sample[name], None if _is_number(sample[name]) else object)[chosen] for name in names]


def _encoded(names: Sequence[str], sides: Sequence[Sequence[NDArray[Any]]]) -> tuple[Floats, list[bool]]:
    """Both sides below each other as numbers, and which features are categories."""
    columns, categorical = [], []
    for at in range(len(names)):
        values = np.concatenate([side[at] for side in sides])
        categorical.append(values.dtype == object)
        columns.append(_codes(values) if categorical[-1] else np.clip(values, -_LARGEST, _LARGEST))
    return np.column_stack(columns), categorical


def _codes(values: NDArray[Any]) -> Floats:
    """Categories as small integers, the most frequent ones apart; NaN for none."""
    counts = Counter(values.tolist())  # an array of text would be as wide as the longest one
    counts.pop(None, None)
    known = sorted(counts, key=lambda text: (-counts[text], text))
    codes = {text: float(min(at, CATEGORIES_TOLD)) for at, text in enumerate(known)}
    return np.array([codes.get(value, np.nan) for value in values.tolist()])


def _apart(table: Floats, random: np.random.Generator) -> tuple[Ints, Ints] | None:
    """The places of one half of the rows and of the other, copies in one of them; None where no row is a copy.

    Who scores training data has them on both sides: asked about a row of the target whose like was trained on as the
    baseline's, a classifier is wrong more often than chance. And rows that one side repeats it would know again.
    """
    group = kin(table, random)
    groups = int(group.max()) + 1
    if groups == group.size:
        return None
    rank = random.permutation(groups)[group]
    order = np.argsort(rank, kind="stable")
    past = int(np.searchsorted(rank[order], rank[order[order.size // 2]]))
    return random.permutation(order[:past]), random.permutation(order[past:])


def _halves(labels: Ints, random: np.random.Generator) -> tuple[Ints, Ints]:
    """The places of one half of the rows and of the other, both with as many of each label."""
    first, second = [], []
    for label in (0, 1):
        places = random.permutation(np.flatnonzero(labels == label))
        first.append(places[: places.size // 2])
        second.append(places[places.size // 2 :])
    return np.concatenate(first), np.concatenate(second)


def _is_number(column: Column) -> bool:
    return isinstance(column, np.ndarray) and column.dtype.kind == "f"


def _alike(one: Column, other: Column) -> bool:
    return _is_number(one) == _is_number(other)


def _length(sample: Sample) -> int:
    return len(next(iter(sample.values()), ()))
