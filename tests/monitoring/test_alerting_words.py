"""What an alert says, and that nothing which was read from a service can act in it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from drift import reports
from mlmon.drift.result import DriftReport, Verdict
from mlmon.monitoring.alerting.deciding import Known, decide
from mlmon.monitoring.alerting.message import Alert, document, lines, title
from mlmon.monitoring.alerting.slack import blocks
from mlmon.monitoring.alerting.teams import card

ATTACKS = (
    "<!channel> <@U123> <https://evil.example|click>",
    "**bold** [click](https://evil.example) `code`",
    "{{DATE(2026-01-01T00:00:00Z)}} ${secret} <at>everyone</at>",
    "x\r\nBcc: all@example.com\r\n\r\nBody",
    "&lt;!here&gt;",
)


def alert_of(report: DriftReport) -> Alert:
    decision = decide(report, Known(), subject="s", now=reports.MADE, cooldown=timedelta(days=1))
    assert decision.alert
    return decision.alert


def attacked() -> Alert:
    known = reports.with_names(replace(reports.report(days=4, features=5, drifts_on=1), intervals=()), ATTACKS)
    features = tuple(replace(each, verdict=Verdict.DRIFT) for each in known.whole.features)
    return alert_of(replace(known, whole=replace(known.whole, verdict=Verdict.DRIFT, features=features)))


def test_a_message_says_what_when_and_how_much() -> None:
    alert = alert_of(reports.small())
    assert [title(alert), *lines(alert)] == [
        "churn/blue: drift",
        "2026-01-05 to 2026-01-06 UTC: drift; 1076 rows",
        "compared with training.csv (48000 rows)",
        "2 of 4 features drifted:",
        "- income: normalized_wasserstein_distance 0.3309 (threshold 0.1)",
        "- debt_to_income: normalized_wasserstein_distance 0.1815 (threshold 0.1)",
        "datadrift coefficient 0.269 (by chance -0.0598 to 0.0598)",
        "since the last message:",
        "- 2026-01-01 to 2026-01-02 UTC: no drift",
        "- 2026-01-02 to 2026-01-03 UTC: no drift",
        "- 2026-01-03 to 2026-01-04 UTC: drift",
        "- 2026-01-04 to 2026-01-05 UTC: drift",
        "- 2026-01-05 to 2026-01-06 UTC: drift",
    ]


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.NO_DRIFT])
def test_every_verdict_has_words(verdict: Verdict) -> None:
    alert = alert_of(replace(reports.of_verdict(verdict), intervals=()))
    assert title(alert) == f"churn/blue: {verdict}"
    assert str(verdict) in lines(alert)[0]


def test_many_features_are_counted_and_a_few_are_named() -> None:
    known = reports.report(days=1, features=20, drifts_on=0).whole
    all_drifted = tuple(replace(each, verdict=Verdict.DRIFT, effect=1.0, threshold=0.1) for each in known.features)
    whole = replace(known, verdict=Verdict.DRIFT, features=all_drifted, coefficient=None)
    said = lines(alert_of(replace(reports.small(), intervals=(), whole=whole)))
    assert said[2] == "20 of 20 features drifted:"
    assert (len(said), said[-1]) == (14, "and 10 more")


def test_the_document_is_a_contract() -> None:
    made = document(alert_of(replace(reports.small(), intervals=())))
    assert list(made) == [
        "schema_version", "type", "id", "kind", "title", "verdict", "previous_verdict", "service", "collection",
        "baseline", "interval", "intervals", "features_checked", "features_drifted", "features",
        "datadrift_coefficient", "made",
    ]  # fmt: skip
    assert (made["schema_version"], made["type"], made["kind"]) == (1, "mlmon.drift.alert", "change")
    assert made["intervals"] == [{"start": "2026-01-01T00:00:00Z", "end": "2026-01-06T00:00:00Z", "verdict": "drift"}]
    assert made["made"] == "2026-04-01T06:30:00Z"
    features: Any = made["features"]
    keys = ["feature", "verdict", "effect_metric", "effect", "threshold", "p_value", "contribution", "reason"]
    assert [list(each) for each in features] == [keys] * 3
    assert [each["feature"] for each in features] == ["income", "debt_to_income", "country"]


def test_no_column_can_break_a_document_or_a_line() -> None:
    alert = alert_of(replace(reports.hostile(), intervals=()))
    text = json.dumps(document(alert), allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    assert len(text) < 30_000
    for line in [title(alert), *lines(alert)]:
        assert line.isprintable()
        assert len(line) <= 240


def test_slack_gets_plain_text_in_which_nobody_is_mentioned() -> None:
    message: Any = blocks(attacked())
    texts = [message["text"], *(each["text"]["text"] for each in message["blocks"])]
    assert {each["text"]["type"] for each in message["blocks"]} == {"plain_text"}
    assert all("<" not in text and ">" not in text for text in texts)
    assert all(re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", text) for text in texts)
    assert "&lt;!channel&gt; &lt;@U123&gt; &lt;https://evil.example|click&gt;" in texts[2]
    assert "&amp;lt;!here&amp;gt;" in texts[2]
    assert (message["mrkdwn"], message["parse"], message["link_names"]) == (False, "none", False)


def test_slack_s_limits_hold_and_no_escape_is_cut_in_two() -> None:
    known = replace(reports.report(days=1, features=14, drifts_on=0), intervals=())
    bad = replace(
        known.whole,
        verdict=Verdict.DRIFT,
        reason="<" * 5000,
        features=tuple(replace(each, feature="&" * 5000, verdict=Verdict.DRIFT) for each in known.whole.features),
    )
    message: Any = blocks(alert_of(replace(known, service="<" * 400, whole=bad)))
    header, section = (each["text"]["text"] for each in message["blocks"])
    assert (len(header) <= 150, len(section) <= 3000) == (True, True)
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", header + section)


def test_teams_gets_text_without_markdown_functions_or_templates() -> None:
    message: Any = card(attacked())
    content = message["attachments"][0]["content"]
    assert message["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert {block["type"] for block in content["body"]} == {"RichTextBlock"}
    runs = [run for block in content["body"] for run in block["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}
    assert not [run for run in runs if "{{" in run["text"] or "${" in run["text"]]
    assert "entities" not in json.dumps(message)
    assert len(json.dumps(card(alert_of(reports.hostile())), ensure_ascii=False).encode()) < 28_000
