"""The JSON document of a drift report: every figure, under the keys that programs may rely on."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from drift import reports
from mlmon.drift.document import document
from mlmon.drift.result import Coefficient, DriftReport, FeatureDrift, Interval, Metric, Verdict
from mlmon.output.render import csv_rows, json_document


def parsed(report: DriftReport) -> Any:
    """The document, read by rules that know no NaN."""

    def refused(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(json_document(document(report)), parse_constant=refused)


def test_the_whole_document() -> None:
    between = reports.small().whole.between
    feature = FeatureDrift(
        "income",
        "number",
        Verdict.DRIFT,
        {
            "normalized_wasserstein_distance": Metric(0.5, 0.01),
            "two_sample_kolmogorov_smirnov_test": Metric(0.3, 0, 0.001),
        },
        effect_metric="normalized_wasserstein_distance",
        effect=0.5,
        threshold=0.1,
        p_value=0.002,
        contribution=1.0,
    )
    coefficient = Coefficient(0.4, 0.4, 0.7, (-0.1, 0.1), 0.001, 500, 33)
    known = reports.small()
    interval = Interval(between, 1000, Verdict.DRIFT, (feature,), coefficient)
    method = replace(known.method, thresholds={"income": 0.1})

    told = parsed(replace(known, whole=interval, intervals=(interval,), method=method))

    told_coefficient = {
        "value": 0.4,
        "mcc": 0.4,
        "auc": 0.7,
        "band": [-0.1, 0.1],
        "p_value": 0.001,
        "within_chance": False,
        "rows": 500,
        "seed": 33,
    }
    told_feature = {
        "feature": "income",
        "kind": "number",
        "verdict": "drift",
        "contribution": 1.0,
        "contribution_within_chance": False,
        "effect_metric": "normalized_wasserstein_distance",
        "effect": 0.5,
        "threshold": 0.1,
        "p_value": 0.002,
        "reason": "",
        "metrics": {
            "normalized_wasserstein_distance": {"value": 0.5, "bound": 0.01, "p_value": None},
            "two_sample_kolmogorov_smirnov_test": {"value": 0.3, "bound": 0, "p_value": 0.001},
        },
    }
    whole = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-06T00:00:00Z"}
    assert told == {
        "schema_version": 1,
        "verdict": "drift",
        "reason": "",
        "service": "churn/blue",
        "collection": "model_inputs",
        "made": "2026-04-01T06:30:00Z",
        "baseline": {"name": "training.csv", "rows": 48_000, "start": None, "end": None},
        "target": {"name": "churn/blue", "rows": known.target.rows, **whole},
        "rows": 1000,
        "datadrift_coefficient": told_coefficient,
        "method": {
            "alpha": 1 / 90,
            "correction": "Holm",
            "thresholds": {"income": 0.1},
            "coefficient_threshold": 0.2,
            "seed": 33,
            "engine": "numpy",
            "compat": None,
            "version": "0.1.0",
            "notes": list(known.method.notes),
        },
        "intervals": [
            {
                **whole,
                "verdict": "drift",
                "reason": "",
                "rows": 1000,
                "datadrift_coefficient": told_coefficient,
                "features": [told_feature],
            }
        ],
        "features": [{**told_feature, "baseline": None, "target": None, "histogram": None}],
    }
    assert list(told)[:2] == ["schema_version", "verdict"]


def test_every_figure_of_the_page_is_in_it() -> None:
    known = reports.small()
    told = parsed(known)
    (income,) = [each for each in told["features"] if each["feature"] == "income"]
    (feature,) = [each for each in known.whole.features if each.feature == "income"]

    assert feature.histogram is not None
    assert feature.target is not None
    assert tuple(income["histogram"]["target_curve"]) == feature.histogram.curves[1]
    assert tuple(income["histogram"]["edges"]) == feature.histogram.edges
    assert income["target"]["mean"] == feature.target.mean
    assert set(income["metrics"]) == {
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
    assert [each["verdict"] for each in told["intervals"]] == [each.verdict.value for each in known.intervals]


def test_what_moved_most_comes_first() -> None:
    told = parsed(reports.report())

    assert [each["feature"] for each in told["features"]][:4] == [
        "income",
        "debt_to_income",
        "country",
        "tenure_months",
    ]


def test_a_figure_that_is_no_number_is_null_and_an_infinite_one_a_word() -> None:
    told = parsed(reports.hostile())
    (bad,) = [each for each in told["features"] if each["feature"] == reports.HOSTILE[0]]

    assert (bad["p_value"], bad["contribution"], bad["effect"]) == (None, None, "Infinity")
    assert bad["metrics"]["wasserstein_distance"] == {"value": None, "bound": "Infinity", "p_value": None}
    assert (bad["target"]["mean"], bad["target"]["deviation"]) == ("-Infinity", None)
    assert told["datadrift_coefficient"]["mcc"] is None
    assert told["datadrift_coefficient"]["band"] == [None, "Infinity"]


def test_without_a_classifier_the_coefficient_is_null() -> None:
    told = parsed(reports.without_days())

    assert told["datadrift_coefficient"] is None
    assert told["method"]["coefficient_threshold"] is None
    assert {each["contribution"] for each in told["features"]} == {None}
    assert told["intervals"] == []


def test_each_verdict_has_its_word() -> None:
    assert [parsed(report)["verdict"] for report in reports.every_verdict().values()] == [
        "drift",
        "no drift",
        "not enough data",
        "no data",
        "stale",
        "schema changed",
    ]


def test_formats_of_rows_get_a_row_for_each_feature() -> None:
    rows = document(reports.small()).rows
    assert rows is not None

    head, first, *others = csv_rows(rows.fields, rows.rows)

    assert head.startswith("feature,kind,verdict,contribution,effect_metric,effect,threshold,p_value,reason,metrics")
    assert first.startswith("income,number,drift,")
    assert len(others) == 3


def test_contributions_to_what_is_chance_are_kept_and_marked() -> None:
    told = parsed(reports.by_chance())
    assert told["datadrift_coefficient"]["within_chance"] is True
    assert {each["contribution_within_chance"] for each in told["features"]} == {True}
    assert sum(each["contribution"] for each in told["features"]) == pytest.approx(1.0)
    without = parsed(reports.without_days())
    assert {each["contribution_within_chance"] for each in without["features"]} == {None}


@pytest.mark.parametrize(("value", "chance"), [(0.11, False), (0.1, True), (-0.3, True), (math.nan, True)])
def test_no_more_than_chance_is_also_what_is_worse(value: float, *, chance: bool) -> None:
    assert Coefficient(value, value, 0.5, (-0.1, 0.1), 0.5, 500, 33).within_chance is chance
