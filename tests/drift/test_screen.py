"""A drift report on a terminal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift import reports
from mlmon.core.errors import ExitCode
from mlmon.drift.result import DriftReport, Histogram, Verdict
from mlmon.drift.screen import SPARK, faces, spark
from output.screens import Shown, shown

_SMALL = """\
verdict: drift
summary: 3 of 4 features have drifted. income has moved most: by 0.32 standard deviations of the baseline (threshold \
0.1). debt_to_income and country have drifted too. It has lasted since 3 Jan 2026. A classifier tells the target from \
the baseline with an AUC of 0.63 (0.5 is chance).
compared: churn/blue of 1 Jan 2026 to 5 Jan 2026 (5 924 rows) with training.csv (48 000 rows)
datadrift coefficient: 0.27 (chance gives -0.022 to 0.022), AUC 0.63
judged: drift is more than chance (Holm over all tests, one false alarm in 90 checks), and above the threshold

feature         type      verdict   contribution  effect  threshold   p-value  baseline and target
income          number    drift             72 %    0.32        0.1  < 0.0001  __,+##+,____  __.=###=.___
debt_to_income  number    drift             20 %    0.17        0.1  < 0.0001  __,+##+,____  __,+##*-.___
country         category  drift            7.8 %    0.12        0.1  < 0.0001  #=,,..        *-,,,,
age             number    no drift           0 %  0.0074        0.2         1  __,+##+,____  __,+##+,____

day                       days  rows  verdict   drifted
1 Jan 2026 to 2 Jan 2026     2  2225  no drift
3 Jan 2026 to 5 Jan 2026     3  3699  drift     income, debt_to_income

datadrift coefficient by day
 0.3 |                                *
     |
 0.2 |+       +       %       %       +
     |
 0.1 |
     |*
   0 |        *
     |
-0.1 ++-------+-------+-------+-------+-------
 UTC  01-01   01-02   01-03   01-04   01-05
      2026
* coefficient, up to 0.268658   + threshold, up to 0.2   % several at one place
"""


def seen(report: DriftReport, *, tty: bool, width: int = 120) -> Shown:
    return shown(faces(report, plain=not tty), "table", tty=tty, width=width)


def test_all_that_is_seen_through_a_pipe() -> None:
    assert seen(reports.small(), tty=False, width=80).out == _SMALL


def test_a_terminal_has_blocks_and_true_signs() -> None:
    out = seen(reports.small(), tty=True).out

    assert (
        "income          number    drift             72 %    0.32        0.1  < 0.0001  ▁▁▃▆██▆▃▁▁▁▁  ▁▁▂▅███▅▂▁▁▁"
        in out
    )
    assert "(chance gives −0.022 to 0.022)" in out


def test_a_narrow_terminal_keeps_the_verdicts_and_says_what_is_left_out() -> None:
    got = seen(reports.small(), tty=True, width=60)

    assert "income          drift             72 %    0.32" in got.out
    assert got.err == (
        "left out to fit 60 columns: type, threshold, p-value,\n  baseline and target (-o json has them)\n"
    )


def test_without_a_classifier_there_is_neither_contribution_nor_chart() -> None:
    out = seen(reports.without_days(), tty=False).out

    assert "contribution" not in out
    assert "coefficient" not in out
    assert "compared: b.csv" in out


def test_contributions_to_what_is_chance_are_not_shown_and_order_nothing() -> None:
    out = seen(reports.by_chance(), tty=True).out

    assert "datadrift coefficient: 0.01 (no more than chance, which gives −0.1 to 0.1), AUC 0.51\n" in out
    rows = [line.split() for line in out.splitlines() if "number" in line or "category" in line]
    assert [(row[0], row[row.index("drift") + 1]) for row in rows] == [
        ("income", "–"),
        ("debt_to_income", "–"),
        ("country", "–"),
        ("age", "–"),
    ]


def test_each_interval_is_told_also_where_no_classifier_was_asked() -> None:
    report = reports.small()
    without = replace(report, intervals=tuple(replace(each, coefficient=None) for each in report.intervals))
    out = seen(without, tty=False).out

    assert "coefficient by" not in out
    assert out.endswith("3 Jan 2026 to 5 Jan 2026     3  3699  drift     income, debt_to_income\n")


def test_without_data_the_verdict_stands_alone() -> None:
    assert seen(reports.of_verdict(Verdict.NO_DATA), tty=False).out == (
        "verdict: no data\n"
        "summary: No data to compare.\n"
        "compared: churn/blue of 1 Jan 2026 to 2 Jan 2026 (0 rows) with training.csv (48 000 rows)\n"
    )


def test_a_changed_schema_comes_first_and_says_why() -> None:
    out = seen(reports.of_verdict(Verdict.SCHEMA_CHANGED), tty=False).out

    assert "summary: The schema has changed in 2 features. income: the target has no such feature." in out
    assert out.index("schema changed  ") < out.index("no drift")


def test_a_feature_that_only_the_target_has_is_of_no_known_type() -> None:
    known = reports.of_verdict(Verdict.SCHEMA_CHANGED)
    income, *others = known.whole.features
    new = replace(income, feature="added", reason="the baseline has no such feature", baseline=None)
    report = replace(known, whole=replace(known.whole, features=(new, *others)))

    [row] = [line.split() for line in seen(report, tty=False).out.splitlines() if line.startswith("added ")]
    assert row[:4] == ["added", "-", "schema", "changed"]
    features = json.loads(shown(faces(report, plain=True), "json", tty=False).out)["features"]
    assert {each["feature"]: each["kind"] for each in features}["added"] is None


def test_on_a_terminal_sentences_are_broken_at_blanks() -> None:
    head = seen(reports.small(), tty=True, width=80).out.partition("\n\n")[0]

    assert head.splitlines()[:5] == [
        "verdict: drift",
        "summary: 3 of 4 features have drifted. income has moved most: by 0.32 standard",
        "  deviations of the baseline (threshold 0.1). debt_to_income and country have",
        "  drifted too. It has lasted since 3 Jan 2026. A classifier tells the target",
        "  from the baseline with an AUC of 0.63 (0.5 is chance).",
    ]
    assert max(map(len, head.splitlines())) <= 80


def _by(compat: str, report: DriftReport) -> str:
    """What is seen where figures are Azure's: none of chance."""
    features = tuple(replace(each, p_value=None, verdict=Verdict.NO_DRIFT) for each in report.whole.features)
    if compat == "azure-v1":
        features = tuple(replace(each, effect=None, threshold=None) for each in features)
    whole = replace(report.whole, features=features, verdict=Verdict.DRIFT)
    return seen(replace(report, whole=whole, method=replace(report.method, compat=compat)), tty=False).out


def test_formulas_of_azure_are_named_and_say_no_more_than_they_know() -> None:
    first, second = (_by(compat, reports.small()) for compat in ("azure-v1", "azure-v2"))

    assert "summary: The features have drifted, taken together. " in first
    assert "\njudged: as azure-v1 does, by the coefficient alone, be it chance or not\n" in first
    assert "\nfeature         type      contribution  baseline and target\n" in first
    assert "\njudged: as azure-v2 does, by the effect alone, be it chance or not\n" in second
    assert "\nfeature         type      verdict   contribution  effect  threshold  baseline and target\n" in second


def test_hostile_names_do_nothing_to_a_terminal() -> None:
    out = seen(reports.hostile(), tty=True, width=200).out

    assert not set(out) & {"\x00", "\x07", "\x1b", "\x9b", "\u202e", "\u2066", "\u2028"}
    assert r"nul\x00bell\x07escape\x1b[31m\x9bdelete\x7f" in out


def test_programs_get_the_document_and_the_exit_code() -> None:
    got = shown(faces(reports.small(), plain=True, exit_code=ExitCode.DRIFT), "json", tty=False)

    assert got.out.startswith('{\n  "schema_version": 1,\n  "verdict": "drift",')
    assert got.code is ExitCode.DRIFT


def test_markdown_is_a_table_that_people_can_read() -> None:
    report = reports.small()
    first = replace(report.whole.features[0], feature="in|come")
    odd = replace(first, feature="new", verdict=Verdict.SCHEMA_CHANGED, histogram=None, reason="no such feature")
    flag = replace(first, feature="flag", histogram=Histogram((0.5, 0.0, 0.0, 0.5), (0.0, 0.0, 0.0, 1.0)))
    some = replace(report, whole=replace(report.whole, features=(first, odd, flag)))

    head, rule, *rows = shown(faces(some, plain=True), "md", tty=False).out.splitlines()

    assert head == (
        "| feature | kind | verdict | contribution | effect_metric | effect | threshold | p_value | reason "
        "| contribution_within_chance | histogram |"
    )
    assert rule == "| --- | --- | --- | ---: | --- | ---: | ---: | ---: | --- | --- | --- |"
    assert [row.split(" | ")[0] for row in rows] == ["| new", "| flag", r"| in\|come"]
    assert [row.split(" | ")[-1] for row in rows] == [
        " |",
        "▅\u2007\u2007▅ → \u2007\u2007\u2007█ |",
        "▁▁▃▆██▆▃▁▁▁▁ → ▁▁▂▅███▅▂▁▁▁ |",
    ]
    # programs have every figure as before
    assert "metrics" in json.loads(shown(faces(some, plain=True), "jsonl", tty=False).out.splitlines()[0])


@pytest.mark.parametrize("levels", ["_.,-=+*#", "▁▂▃▄▅▆▇█"])
@given(shares=st.lists(st.floats(0, 1), max_size=100))
def test_a_histogram_takes_a_few_cells_and_only_nothing_is_blank(shares: list[float], levels: str) -> None:
    plain = levels.isascii()
    most = max(shares, default=0.0)

    drawn = spark(shares, most, plain=plain)

    assert len(drawn) <= SPARK
    assert (drawn.strip() == "") == (most == 0)
    if most:
        assert levels[-1] in drawn
    if len(shares) <= SPARK:
        assert [cell == " " for cell in drawn] == [share == 0 for share in shares]
    assert set(drawn) <= {*levels, " "}


def test_both_sides_are_drawn_on_one_scale() -> None:
    assert spark([0.1, 0.0, 0.2], 0.8, plain=False) == "▂ ▃"
