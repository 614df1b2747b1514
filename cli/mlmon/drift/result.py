"""What a drift check found: data alone. The terminal, the page and JSON show the same figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from mlmon.core.timerange import TimeRange

Kind = Literal["number", "category"]


class Verdict(StrEnum):
    """What is said of a feature, an interval or the whole."""

    DRIFT = "drift"
    """The difference is more than chance, and larger than the threshold."""
    NO_DRIFT = "no drift"
    NOT_ENOUGH_DATA = "not enough data"
    """Too few values on one side to tell."""
    NO_DATA = "no data"
    """The target has no rows."""
    STALE = "stale"
    """The newest row is older than what was asked for."""
    SCHEMA_CHANGED = "schema changed"
    """The feature is missing on one side, or is of another type there."""


WASSERSTEIN: Final = "wasserstein_distance"
NORMALIZED_WASSERSTEIN: Final = "normalized_wasserstein_distance"
ENERGY: Final = "energy_distance"
JENSEN_SHANNON: Final = "jensen_shannon_distance"
STABILITY: Final = "population_stability_index"
KOLMOGOROV_SMIRNOV: Final = "two_sample_kolmogorov_smirnov_test"
CHI_SQUARED: Final = "pearsons_chi_squared_test"
NULL_RATE: Final = "null_value_rate"
TYPE_ERROR_RATE: Final = "data_type_error_rate"
OUT_OF_BOUNDS_RATE: Final = "out_of_bounds_rate"
"""The names of the metrics, as Azure Machine Learning's monitors write them."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure. The figure of the values themselves is within `bound` of it; `p_value` where it is a test's."""

    value: float
    bound: float = 0.0
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One side of a feature. `mean` and what follows are None where there is no number to tell it of."""

    rows: int
    nulls: int
    nans: int
    infinities: int
    failures: int
    mean: float | None = None
    deviation: float | None = None
    least: float | None = None
    greatest: float | None = None
    distinct: int | None = None
    """How many different values there are; None where there are more than are told apart."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Both sides in the same bins, as shares of their values.

    A number's bins lie between `edges` (one more than there are bins); a category's are named by `labels`, the largest
    first, the rest together in the last one where there are too many to show. `curves` are both sides' densities at
    evenly spaced points from the first edge to the last, as shares of a bin's width; empty where they were not asked
    for (see `density.with_curves`).
    """

    baseline: tuple[float, ...]
    target: tuple[float, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    curves: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """One feature of an interval.

    `effect` is the metric that `threshold` is about, named by `effect_metric`; `p_value` is adjusted for all features
    of the interval. `contribution` is the feature's share of what the classifier tells both sides apart by, None
    without one; where the classifier does no better than chance it is a share of noise, which is marked. `reason` says
    in words why the verdict is not simply drift or no drift.
    """

    feature: str
    kind: Kind
    verdict: Verdict
    metrics: Mapping[str, Metric]
    effect_metric: str = ""
    effect: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    contribution: float | None = None
    reason: str = ""
    baseline: Profile | None = None
    target: Profile | None = None
    histogram: Histogram | None = None

    @property
    def known_kind(self) -> Kind | None:
        """What it is in the baseline, whose types count; None of a feature that only the target has."""
        return None if self.verdict is Verdict.SCHEMA_CHANGED and self.baseline is None else self.kind

    contribution_within_chance: bool = False

    @property
    def judged(self) -> bool:
        """Whether the verdict is its own: without an effect, "no drift" is only that it was not judged by itself."""
        return self.verdict is not Verdict.NO_DRIFT or self.effect is not None

    @property
    def contributed(self) -> float | None:
        """The contribution where it means something, for people; None without one."""
        return None if self.contribution_within_chance else self.contribution


@dataclass(frozen=True, slots=True)
class Coefficient:
    """How well a classifier tells target from baseline on rows that it was not trained on.

    `value` is the datadrift coefficient: the Matthews correlation, as Azure's first generation had it. `band` is where
    it lies in 95 of 100 cases when labels are dealt by chance; `p_value` how often chance does as well. `rows` are the
    rows that were held out.
    """

    value: float
    mcc: float
    auc: float
    band: tuple[float, float]
    p_value: float
    rows: int
    seed: int

    @property
    def within_chance(self) -> bool:
        """Whether chance gives as much, or the classifier told nothing."""
        return not self.value > self.band[1]


@dataclass(frozen=True, slots=True)
class Interval:
    """What was found in one day, week or month, or in all of the target. `between` is None of a file without times."""

    between: TimeRange | None
    rows: int
    verdict: Verdict
    features: tuple[FeatureDrift, ...]
    coefficient: Coefficient | None = None
    reason: str = ""

    @property
    def drifted(self) -> tuple[FeatureDrift, ...]:
        """The features that drifted."""
        return tuple(each for each in self.features if each.verdict is Verdict.DRIFT)


@dataclass(frozen=True, slots=True)
class Side:
    """What was compared: a file, a data asset, or a range of a service's collected data."""

    name: str
    rows: int
    between: TimeRange | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """How it was computed, so that it can be done again."""

    alpha: float
    correction: str
    thresholds: Mapping[str, float]
    seed: int
    engine: str = "numpy"
    compat: str = ""
    version: str = ""
    coefficient_threshold: float | None = None
    """None without a classifier."""
    notes: tuple[str, ...] = ()
    """What was left out or done otherwise, in whole sentences."""


@dataclass(frozen=True, slots=True)
class DriftReport:
    """The whole answer: all of the target, and its days, weeks or months in order where they were asked for."""

    service: str
    collection: str
    baseline: Side
    target: Side
    whole: Interval
    intervals: tuple[Interval, ...]
    method: Method
    made: datetime

    @property
    def verdict(self) -> Verdict:
        """That of all of the target."""
        return self.whole.verdict
